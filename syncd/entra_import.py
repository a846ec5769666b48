"""An exported schema of Entra in the words of config.toml, and a line for all that has no such words.

Nothing that is lost may widen the scope: a filter with a clause that cannot be carried over is left out as a whole, and
where no filter remains, one that lets nobody in takes its place.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import orjson
from pydantic import ValidationError

from syncd.config.faults import one_line, shortened
from syncd.config.filters import Clause
from syncd.config.mapping import MappingRow, attribute_path, path_key
from syncd.config.wording import fault
from syncd.core.entra_schema import (
    FLOWS,
    EntraClause,
    EntraFilter,
    EntraObjectMapping,
    EntraRow,
    EntraSchema,
    NotASchema,
    read_schema,
)
from syncd.core.errors import SyncdError
from syncd.core.expression import compile_expression
from syncd.core.filters import OPERATORS
from syncd.core.model import Json, Kind
from syncd.core.vocabulary import UnknownAttribute, vocabulary

SIZE_LIMIT_BYTES = 16 * 1024 * 1024

#: Nobody lacks an object id.
NOBODY: Mapping[str, Json] = {"attribute": "objectId", "operator": "IS NULL"}
_ACTIONS: Mapping[Kind, Mapping[str, tuple[str, ...]]] = {
    "user": {"Add": ("create",), "Update": ("update", "deactivate"), "Delete": ("delete",)},
    "group": {"Add": ("create",), "Update": ("update",), "Delete": ("delete",)},
}
_KINDS: Mapping[str, Kind] = {"user": "user", "group": "group"}
_DEFAULT_MATCH: Mapping[Kind, str] = {"user": "userName", "group": "displayName"}
_ENTRA = ("azure active directory", "microsoft entra id", "azureactivedirectory")
#: Flow types that have no counterpart, and why a row of that kind is not simply written always.
_NO_FLOW = {
    "MultiValueAddOnly": "values that go away would be removed here, which MultiValueAddOnly never does",
    "ValueAddOnly": "values that go away would be removed here, which ValueAddOnly never does",
}


@dataclass(kw_only=True, eq=False)
class EntraSchemaError(SyncdError):
    """{file}: {detail}. Export the schema anew (GET /servicePrincipals/ID/synchronization/jobs/JOB/schema), then run: syncd init --from-entra-schema FILE"""

    file: str
    detail: str


@dataclass(frozen=True, kw_only=True, slots=True)
class ImportedObjects:
    """Users or groups: the keys of [jobs.NAME.users] or [jobs.NAME.groups]. Rows and clauses are as the file has them."""

    enabled: bool = True  #: groups alone can be switched off
    actions: tuple[str, ...] = ()
    match: tuple[str, ...] = ()
    mappings: tuple[Mapping[str, Json], ...] = ()
    filters: tuple[tuple[Mapping[str, Json], ...], ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Imported:
    """What came over, and what did not: one line each."""

    users: ImportedObjects
    groups: ImportedObjects
    notes: tuple[str, ...]


def load_entra_schema(path: Path) -> EntraSchema:
    """The schema in a JSON file of at most 16 MiB; - is standard input. Raises EntraSchemaError."""
    name = one_line(str(path))
    try:
        if str(path) == "-":
            content = sys.stdin.buffer.read(SIZE_LIMIT_BYTES + 1)
        elif path.exists() and not path.is_file():
            raise EntraSchemaError(file=name, detail="it is no regular file")
        else:
            with path.open("rb") as file:
                content = file.read(SIZE_LIMIT_BYTES + 1)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "not a usable path"
        raise EntraSchemaError(file=name, detail=f"the file cannot be read ({reason})") from None
    if len(content) > SIZE_LIMIT_BYTES:
        raise EntraSchemaError(file=name, detail=f"it is larger than {SIZE_LIMIT_BYTES} bytes; no schema is") from None
    try:
        # PowerShell's redirection writes UTF-16 with a byte order mark.
        utf16 = content.startswith((b"\xff\xfe", b"\xfe\xff"))
        return read_schema(orjson.loads(content.decode("utf-16" if utf16 else "utf-8-sig")))
    except UnicodeDecodeError:
        raise EntraSchemaError(file=name, detail="it is no JSON: it is not UTF-8 text") from None
    except orjson.JSONDecodeError as error:
        raise EntraSchemaError(file=name, detail=f"it is no JSON: {error}") from None
    except NotASchema as error:
        raise EntraSchemaError(file=name, detail=one_line(str(error))) from None


def carry_over(schema: EntraSchema, *, file: str = "the file") -> Imported:
    """The users and groups of a schema. Raises EntraSchemaError where it maps neither out of Entra."""
    notes: list[str] = []
    chosen: dict[Kind, EntraObjectMapping] = {}
    for mapping in schema.mappings:
        kind = _KINDS.get(mapping.source_object.lower())
        name = f"object mapping {_shown(mapping.name or mapping.source_object)}"
        if mapping.target_directory.lower() in _ENTRA:
            notes.append(f"{name}: it flows into Entra; syncd reads from it and never writes to it")
        elif kind is None:
            notes.append(f"{name}: syncd brings users and groups, not objects of type {_shown(mapping.source_object)}")
        elif kind in chosen and (chosen[kind].enabled or not mapping.enabled):
            notes.append(f"{name}: there is another mapping of {kind}s before it, and a job has one")
        else:
            if kind in chosen:
                notes.append(f"object mapping {_shown(chosen[kind].name)}: it is disabled, and another one is enabled")
            chosen[kind] = mapping
    if not chosen:
        raise EntraSchemaError(file=file, detail="it maps neither users nor groups out of Entra")
    users = _Carrier(kind="user", notes=notes).objects(chosen.get("user"))
    groups = _Carrier(kind="group", notes=notes).objects(chosen.get("group"))
    return Imported(users=users, groups=groups, notes=tuple(map(one_line, notes)))


@dataclass(frozen=True, kw_only=True)
class _Carrier:
    """Carries one object mapping over; what does not fit goes to the notes."""

    kind: Kind
    notes: list[str] = field(default_factory=list)

    def objects(self, mapping: EntraObjectMapping | None) -> ImportedObjects:
        if mapping is None or (self.kind == "user" and not mapping.enabled):
            why = "has no mapping" if mapping is None else "has a disabled mapping"
            self._note(f"the schema {why} of {self.kind}s, so none are provisioned")
        if mapping is None:
            every = tuple(action for flow in FLOWS for action in _ACTIONS[self.kind][flow])
            return ImportedObjects(enabled=False, actions=every if self.kind == "group" else ())
        carried = [(row, each) for row in mapping.rows if (each := self._row(row)) is not None]
        rows = list(self._without_twins(carried))
        if mapping.rows and not rows:
            self._note("no row could be carried over: without any the default mapping holds")
        return ImportedObjects(
            enabled=mapping.enabled,
            actions=self._actions(mapping) if mapping.enabled or self.kind == "group" else (),
            match=self._match(rows),
            mappings=tuple(row for _, row in rows),
            filters=tuple(self._filters(mapping)),
        )

    # --- rows -------------------------------------------------------------------------------------------------------

    def _row(self, row: EntraRow) -> dict[str, Json] | None:
        """One row of mappings; None where it cannot be one."""
        made = self._value(row)
        if made is None:
            return None
        if self.kind == "group" and str(made["target"]).lower() == "members" and made.get("source") != "members":
            return self._lost(row, "memberships come from the attribute members alone")
        if row.flow_type in _NO_FLOW:
            return self._lost(row, _NO_FLOW[row.flow_type])
        if row.flow_type in ("ObjectAddOnly", "AttributeAddOnly"):
            made["apply"] = "on-create"
        elif row.flow_type != "Always":
            return self._lost(row, f"the flow type {_shown(row.flow_type)} is not known")
        if row.flow_type == "AttributeAddOnly":
            self._about(row, "AttributeAddOnly has become on-create: it is not written where the target lacks it later")
        if row.flow_behavior.lower() == "flowalways":
            self._about(row, "FlowAlways is not needed: what differs is written, what is right is left alone")
        if row.default and row.source is not None:
            if made.get("source") in ("manager", "members"):
                self._about(row, "its default is left out: a reference has none")
            elif "constant" not in made:
                made["default"] = row.default
        try:
            checked = MappingRow.model_validate(made)
            self._known_attributes(made)
        except ValidationError as error:
            return self._lost(row, "; ".join(fault("", each).message for each in error.errors(include_url=False)))
        except UnknownAttribute as unknown:
            return self._lost(row, f"Graph's {self.kind}s have no attribute {_shown(unknown.name)}; {unknown.hint}")
        return made | {"target": checked.target}

    def _value(self, row: EntraRow) -> dict[str, Json] | None:
        """Target, and one of source, constant and expression."""
        source = row.source
        if source is None:
            if not row.default:
                return self._lost(row, "it has neither a source nor a default")
            self._about(row, "it has a default and no source: it has become a constant, written on creation")
            return {"target": row.target, "constant": row.default, "apply": "on-create"}
        if source.problem is not None:
            return self._lost(row, source.problem)
        if source.type == "Constant" and not source.text:
            return self._lost(row, "its constant is empty")
        key = {"Attribute": "source", "Constant": "constant", "Function": "expression"}[source.type]
        return {"target": row.target, key: source.text}

    def _known_attributes(self, row: Mapping[str, Json]) -> None:
        """Raises UnknownAttribute."""
        known = vocabulary("graph", self.kind)
        expression = row.get("expression")
        names = compile_expression(expression).attributes if expression else {row["source"]} if "source" in row else ()
        for name in sorted(names):
            known.resolve(name)

    def _without_twins(
        self, rows: Sequence[tuple[EntraRow, dict[str, Json]]]
    ) -> Iterator[tuple[EntraRow, dict[str, Json]]]:
        written: set[tuple[Json, ...]] = set()
        for row, made in rows:
            key = path_key(attribute_path(made["target"]))
            if key in written:
                self._lost(row, "another row before it writes the same attribute")
            else:
                written.add(key)
                yield row, made

    def _match(self, rows: Sequence[tuple[EntraRow, Mapping[str, Json]]]) -> tuple[str, ...]:
        """The targets with a matching priority, the lowest number first."""
        found: list[tuple[int, str]] = []
        usable: list[str] = []
        for row, made in rows:
            expression, target = made.get("expression"), str(made["target"])
            if expression and compile_expression(expression).selects_unique:
                if row.matching_priority > 0:
                    self._about(
                        row, "objects cannot be matched by a SelectUniqueValue, which gives another value later"
                    )
                continue
            usable.append(target)
            if row.matching_priority > 0:
                found.append((row.matching_priority, target))
        if found:
            return tuple(target for _, target in sorted(found, key=lambda each: each[0]))
        if not usable:
            return ()
        usual = _DEFAULT_MATCH[self.kind]
        target = usual if usual in usable else usable[0]
        self._note(f"no row that was carried over has a matching priority; {self.kind}s are matched by {target}")
        return (target,)

    # --- actions and filters ------------------------------------------------------------------------------------------

    def _actions(self, mapping: EntraObjectMapping) -> tuple[str, ...]:
        for flow in mapping.flows:
            if flow not in FLOWS and flow.lower() != "none":
                self._note(f"the flow type {_shown(flow)} of objects is not known")
        words = _ACTIONS[self.kind]
        return tuple(action for flow in FLOWS if flow in mapping.flows for action in words[flow])

    def _filters(self, mapping: EntraObjectMapping) -> Iterator[tuple[Mapping[str, Json], ...]]:
        for key in mapping.further_filters:
            self._note(
                f"scope.{key}: experimental at Microsoft and not available here; nobody is in scope until {_SEE}"
            )
        found = [each for each in mapping.filters if each.clauses]
        if found and len(found) < len(mapping.filters):
            self._note("scope: a filter without clauses lets everybody in at Entra; here it is left out")
        made = [clauses for each in found if (clauses := self._filter(each)) is not None]
        if mapping.further_filters or (found and not made):
            if not mapping.further_filters:
                self._note(f"scope: no filter could be carried over; nobody is in scope until {_SEE}")
            yield (NOBODY,)
        else:
            yield from made

    def _filter(self, group: EntraFilter) -> tuple[Mapping[str, Json], ...] | None:
        clauses: list[Mapping[str, Json]] = []
        for clause in group.clauses:
            made = self._clause(clause)
            if isinstance(made, str):
                said = " ".join([clause.attribute, clause.operator, *clause.values])
                self._note(f"filter {_shown(group.name)}: clause {_shown(said)}: {made}; the filter is left out")
                return None
            clauses.append(made)
        return tuple(clauses)

    def _clause(self, clause: EntraClause) -> Mapping[str, Json] | str:
        """The clause, or why it cannot be one."""
        operator = _operator(clause.operator)
        how = OPERATORS.get(operator)
        if how is not None and how.takes_value and len(clause.values) > 1:
            return f"{len(clause.values)} values, where {operator} takes one"
        made: dict[str, Json] = {"attribute": clause.attribute, "operator": operator}
        if clause.values and (how is None or how.takes_value):
            made["value"] = clause.values[0]
        try:
            Clause.model_validate(made)
            vocabulary("graph", self.kind).resolve(clause.attribute)
        except ValidationError as error:
            return "; ".join(fault("", each).message for each in error.errors(include_url=False))
        except UnknownAttribute as unknown:
            return f"Graph's {self.kind}s have no attribute {_shown(unknown.name)}; {unknown.hint}"
        return made

    # --- notes ------------------------------------------------------------------------------------------------------

    def _note(self, text: str) -> None:
        self.notes.append(f"{self.kind}s: {text}")

    def _about(self, row: EntraRow, text: str) -> None:
        self._note(f"{_shown(row.target)}: {text}")

    def _lost(self, row: EntraRow, why: str) -> None:
        # A constant may be a password.
        told = row.source is not None and row.source.text and row.source.type != "Constant"
        self._note(
            f"{_shown(row.target)}{f' ← {_shown(row.source.text)}' if row.source and told else ''}: left out: {why}"
        )


_SEE = "you have replaced the filter objectId IS NULL"


def _operator(name: str) -> str:
    """The operator in our spelling, also for names written in one word, such as NotEquals; else as it is."""
    folded = name.replace(" ", "").replace("_", "").upper()
    return next((known for known in OPERATORS if known.replace(" ", "").replace("_", "") == folded), name)


def _shown(text: str) -> str:
    return shortened(" ".join(text.split()), 100) or "(no name)"
