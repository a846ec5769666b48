"""The operations of a PATCH (RFC 7644 section 3.5.2) for what differs, in the words of a dialect. Pure.

Differences come as units: what can only be taken or refused together is one unit, so that a refused PATCH can be sent
again in parts.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from connectors.scim.dialects import Dialect
from syncd.core.attributes import AttributePath, assemble, parse_path, place, read
from syncd.core.model import Json, Kind

PATCH_SCHEMA = "urn:ietf:params:scim:api:messages:2.0:PatchOp"


@dataclass(frozen=True, kw_only=True, slots=True)
class Unit:
    """One operation and the paths that it writes."""

    paths: tuple[str, ...]
    op: str  #: add, replace, remove
    path: str | None
    value: Json = None
    simple: bool = False  #: one single-valued attribute without a filter: may share an operation without a path
    other: Unit | None = None  #: the same, worded otherwise, for a service that refuses the first wording


def is_empty(value: Json) -> bool:
    """Whether a value means that there is nothing: None, or a list or object without content."""
    return not value and (value is None or value in ([], {}))


def current_values(before: Mapping[str, Json], wrote: Mapping[str, Json]) -> dict[str, Json]:
    """What the target is believed to hold now: what was last written, corrected by what was seen."""
    return {**wrote, **before}


def is_manager(path: AttributePath) -> bool:
    return path.attribute.lower() == "manager" and path.key is None and (path.sub or "value").lower() == "value"


def units(after: Mapping[str, Json], current: Mapping[str, Json], kind: Kind, dialect: Dialect) -> list[Unit]:
    """The units that bring `current` to `after`, in the order of `after`.

    A filter path works only where its element exists; otherwise the element is added whole, which every service seen
    understands (a path on an absent element is answered 400 noTarget by some). Paths of one new element share it.
    An element goes as a whole once nothing of ours is left in it.
    """
    holder = _holder(after, current, kind)
    found: list[Unit] = []
    done: set[AttributePath] = set()
    for text, value in after.items():
        path = parse_path(text)
        if path.key is not None:
            element = replace(path, sub=None)
            present = read(holder, element) is not None
            if is_empty(value):
                found.extend(
                    replace(unit, path=_filtered(parse_path(unit.path or ""), dialect))
                    for unit in _removal(text, present, after, current, done)
                )
            elif present:
                op = "add" if read(holder, path) is None else "replace"
                whole = _whole_element(text, path, value)
                found.append(
                    Unit(
                        paths=(text,),
                        op=op,
                        path=_filtered(path, dialect),
                        value=_worded(value, path, dialect),
                        other=whole,
                    )
                )
            elif element not in done:
                done.add(element)
                found.extend(_new_element(element, after, dialect))
        elif is_empty(value):
            if text in current and is_empty(current[text]):
                continue
            found.append(Unit(paths=(text,), op="remove", path=str(path)))
        elif is_manager(path):
            found.append(_manager(text, value, path, is_empty(current.get(text)), dialect))
        else:
            op = "add" if is_empty(current.get(text)) else "replace"
            worded = _worded(value, path, dialect)
            simple = not isinstance(value, (list, Mapping))
            unit = Unit(paths=(text,), op=op, path=str(path), value=worded, simple=simple)
            if isinstance(value, bool):
                unit = replace(unit, other=replace(unit, value=value if dialect.text_booleans else str(value)))
            found.append(unit)
    return found


def _holder(after: Mapping[str, Json], current: Mapping[str, Json], kind: Kind) -> Mapping[str, Json]:
    """The resource as far as paths with an element ask about it: often not at all."""
    asked = {path.attribute.lower() for path in map(parse_path, after) if path.key is not None}
    if not asked:
        return {}
    there = {text: value for text, value in current.items() if not is_empty(value)}
    return assemble({text: value for text, value in there.items() if parse_path(text).attribute.lower() in asked}, kind)


def _removal(
    text: str,
    present: bool,
    after: Mapping[str, Json],
    current: Mapping[str, Json],
    done: set[AttributePath],
) -> Iterable[Unit]:
    path = parse_path(text)
    element = replace(path, sub=None)
    if not present and any(replace(parse_path(other), sub=None) == element for other in current):
        return
    siblings = [other for other in {**current, **after} if other != text]
    survives = any(
        replace(parse_path(other), sub=None) == element and not is_empty(after.get(other, current.get(other)))
        for other in siblings
    )
    if survives and path.sub is not None:
        yield Unit(paths=(text,), op="remove", path=str(path))
    elif element not in done:
        done.add(element)
        gone = tuple(p for p in after if replace(parse_path(p), sub=None) == element and is_empty(after[p]))
        yield Unit(paths=gone, op="remove", path=str(element))


def _new_element(element: AttributePath, after: Mapping[str, Json], dialect: Dialect) -> Iterable[Unit]:
    parts = [
        (text, path, value)
        for text, value in after.items()
        if not is_empty(value) and replace(path := parse_path(text), sub=None) == element
    ]
    if dialect.absent_element == "path":
        for text, path, value in parts:
            other = _whole_element(text, path, value)
            worded = _worded(value, path, dialect)
            yield Unit(paths=(text,), op="add", path=_filtered(path, dialect), value=worded, other=other)
        return
    base: dict[str, Json] = {}
    for _, path, value in parts:
        place(base, path, value)
    paths = tuple(text for text, _, _ in parts)
    yield Unit(paths=paths, op="add", path=_attribute(element), value=base[element.attribute])


def _whole_element(text: str, path: AttributePath, value: Json) -> Unit:
    base: dict[str, Json] = {}
    place(base, path, value)
    return Unit(paths=(text,), op="add", path=_attribute(path), value=base[path.attribute])


def _filtered(path: AttributePath, dialect: Dialect) -> str:
    """The path with its element filter in the dialect's words: `primary` is a Boolean (RFC 7643 section 2.4), which
    Entra writes as a text."""
    element = path.element
    if path.key is None or path.key.lower() != "primary" or not isinstance(element, bool):
        return str(path)
    return str(replace(path, value=str(element) if dialect.text_primary else element))


def _attribute(path: AttributePath) -> str:
    return f"{path.schema}:{path.attribute}" if path.schema else path.attribute


def _manager(text: str, value: Json, path: AttributePath, absent: bool, dialect: Dialect) -> Unit:
    name = _attribute(path)
    plain = value.get("value") if isinstance(value, Mapping) else value
    op = "add" if absent else "replace"
    id_alone = Unit(paths=(text,), op=op, path=name, value=plain)
    complex_value = Unit(paths=(text,), op=op, path=name, value={"value": plain})
    if dialect.text_manager:
        return replace(id_alone, other=complex_value)
    return replace(complex_value, other=id_alone)


def _worded(value: Json, path: AttributePath, dialect: Dialect) -> Json:
    if isinstance(value, bool):
        return str(value) if dialect.text_booleans else value
    if dialect.text_roles and path.attribute.lower() == "roles" and path.key is None and isinstance(value, list):
        return [
            {"value": json.dumps(role, separators=(",", ":"))} if isinstance(role, Mapping) else role for role in value
        ]
    return value


def operations(
    parts: Iterable[Unit], dialect: Dialect, *, paths_only: bool = False, group_id: str | None = None
) -> list[dict[str, Json]]:
    """The `Operations` of these units.

    With dotted keys, two or more simple attributes share one operation without a path; `active` and all others stay on
    their own, before it. With `paths_only` each has its path whatever the dialect says: for a service that was seen to
    ignore operations without one. A `group_id` is repeated in the value of an operation without a path, as Okta does.
    """
    single: list[dict[str, Json]] = []
    shared: dict[str, list[Unit]] = {"add": [], "replace": []}
    for unit in parts:
        name = (unit.path or "").lower()
        dotted = dialect.pathless == "dotted" and name != "active"
        if unit.simple and not paths_only and (dotted or dialect.pathless == "always"):
            shared["replace" if dialect.pathless == "always" else unit.op].append(unit)
        else:
            single.append(_operation(unit, dialect))
    for op, members in shared.items():
        if dialect.pathless == "dotted" and len(members) == 1:
            single.append(_operation(members[0], dialect))
        elif dialect.pathless == "dotted" and members:
            single.append({"op": op_word(op, dialect), "value": {str(u.path): u.value for u in members}})
        elif members:
            body = assemble({str(unit.path): unit.value for unit in members}, "user")
            del body["schemas"]
            single.append({"op": op_word(op, dialect), "value": body if group_id is None else {"id": group_id, **body}})
    return single


def op_word(op: str, dialect: Dialect) -> str:
    return op.capitalize() if dialect.capitals else op


def _operation(unit: Unit, dialect: Dialect) -> dict[str, Json]:
    body: dict[str, Json] = {"op": op_word(unit.op, dialect)}
    if unit.path is not None:
        body["path"] = unit.path
    if unit.op != "remove" or unit.value is not None:
        body["value"] = unit.value
    return body
