"""attributeMappings of Entra as rows of mappings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from pydantic import ValidationError

from syncd.config.mapping import MappingRow, attribute_path, path_key, selects_unique
from syncd.core.entra_schema import EntraRow
from syncd.core.expression import compile_expression
from syncd.core.model import Json, Kind
from syncd.core.vocabulary import UnknownAttribute, vocabulary
from syncd.entra_import.notes import Lost, Notes, quoted

#: A row as config.toml has it.
Row = Mapping[str, Json]

_DEFAULT_MATCH: Mapping[Kind, str] = {"user": "userName", "group": "displayName"}
_ORIGINS = {"Attribute": "source", "Constant": "constant", "Function": "expression"}
#: Flow types without a counterpart. To write such a row always would take values away that are to stay.
_ADD_ONLY = ("MultiValueAddOnly", "ValueAddOnly")


def carry_rows(rows: Sequence[EntraRow], notes: Notes) -> tuple[tuple[Row, ...], tuple[str, ...]]:
    """The rows that could be carried over, each one valid in config.toml, and the match attributes among their targets."""
    carried = list(_without_twins(rows, notes))
    if rows and not carried:
        notes.add("no row could be carried over: without any the default mapping holds")
    return tuple(made for _, made in carried), _match(carried, notes)


def _without_twins(rows: Sequence[EntraRow], notes: Notes) -> Iterator[tuple[EntraRow, Row]]:
    written: set[tuple[Json, ...]] = set()
    for row in rows:
        try:
            made = _row(row, notes)
            key = path_key(attribute_path(made["target"]))
            if key in written:
                raise Lost("another row before it writes the same attribute")
        except Lost as lost:
            notes.lost(row, lost)
        else:
            written.add(key)
            yield row, made


def _row(row: EntraRow, notes: Notes) -> Row:
    """One row. Raises Lost."""
    made = _value(row, notes)
    reference = made.get("source") in ("manager", "members")
    if notes.kind == "group" and row.target.strip().lower() == "members" and made.get("source") != "members":
        raise Lost("memberships come from the attribute members alone")
    made |= _flow(row, notes)
    if selects_unique(made.get("expression")) and "apply" not in made:
        notes.about(row, "SelectUniqueValue is asked on creation alone: it has become on-create")
        made["apply"] = "on-create"
    if row.default and row.source is not None:
        if reference:
            notes.about(row, "its default is left out: a reference has none")
        elif row.target.strip().lower() == "password":
            notes.about(row, "its default is left out: a password in clear (not shown here)")
        elif "constant" not in made:
            made["default"] = row.default
    try:
        target = MappingRow.model_validate(made).target
        known = vocabulary("graph", notes.kind)
        for name in sorted(_names(made)):
            known.resolve(name)
    except (ValidationError, UnknownAttribute) as error:
        raise notes.refused(error) from None
    return made | {"target": target}


def _value(row: EntraRow, notes: Notes) -> dict[str, Json]:
    """Target, and one of source, constant and expression."""
    source = row.source
    if source is None:
        if not row.default:
            raise Lost("it has neither a source nor a default")
        notes.about(row, "it has a default and no source: it has become a constant, written on creation")
        return {"target": row.target, "constant": row.default, "apply": "on-create"}
    if source.problem is not None:
        raise Lost(source.problem)
    if source.type == "Constant" and not source.text:
        raise Lost("its constant is empty")
    return {"target": row.target, _ORIGINS[source.type]: source.text}


def _flow(row: EntraRow, notes: Notes) -> dict[str, Json]:
    """What flowType and flowBehavior make of a row (Microsoft Graph documentation, "attributeMapping")."""
    if row.flow_behavior.lower() == "flowalways":
        notes.about(row, "FlowAlways is not needed: what differs is written, what is right is left alone")
    match row.flow_type:
        case "Always":
            return {}
        case "ObjectAddOnly":
            return {"apply": "on-create"}
        case "AttributeAddOnly":
            notes.about(row, "AttributeAddOnly has become on-create: what the target loses later is not written again")
            return {"apply": "on-create"}
        case other if other in _ADD_ONLY:
            raise Lost(f"values that go away would be removed, which {other} never does")
        case other:
            raise Lost(f"the flow type {quoted(other)} is not known")


def _names(row: Row) -> frozenset[str]:
    if (expression := row.get("expression")) is not None:
        return compile_expression(expression).attributes
    return frozenset({row["source"]} if "source" in row else ())


def _match(rows: Sequence[tuple[EntraRow, Row]], notes: Notes) -> tuple[str, ...]:
    """The targets with a matching priority, the lowest number first; else the usual one."""
    found: list[tuple[int, str]] = []
    usable: list[str] = []
    for row, made in rows:
        expression = made.get("expression")
        if expression is not None and compile_expression(expression).selects_unique:
            if row.matching_priority > 0:
                notes.about(row, "nobody can be matched by a SelectUniqueValue, which gives another value later")
            continue
        usable.append(made["target"])
        if row.matching_priority > 0:
            found.append((row.matching_priority, made["target"]))
    if found:
        return tuple(target for _, target in sorted(found, key=lambda each: each[0]))
    if not usable:
        return ()
    usual = _DEFAULT_MATCH[notes.kind]
    target = usual if usual in usable else usable[0]
    notes.add(f"no row that was carried over has a matching priority; they are matched by {target}")
    return (target,)
