"""A resource as the service has it, with our attributes over it: the body of a PUT. Pure.

A PUT replaces everything (RFC 7644 section 3.5.1), so what is not ours is sent back as it came.
"""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy

from connectors.scim.patch import is_empty, is_manager
from syncd.core.attributes import CORE_SCHEMAS, AttributePath, parse_path, place, read
from syncd.core.model import Json, Kind

#: Set by the service alone (RFC 7643 sections 3.1 and 4.1.2): sent back, strict services refuse them.
_READ_ONLY: Mapping[Kind, tuple[str, ...]] = {"user": ("meta", "groups"), "group": ("meta",)}


def unkeyed(resource: Mapping[str, Json], values: Mapping[str, Json]) -> frozenset[str]:
    """Attributes of which we wrote an element by its `type` (or another key), and that show elements without any.

    Services were seen that keep one address and drop its type: there, a second element is not beside the first one but
    lost.
    """
    found: set[str] = set()
    for text, value in values.items():
        path = parse_path(text)
        shown = read(resource, AttributePath(path.attribute, path.schema, None, None, None))
        if path.key is None or is_empty(value) or not isinstance(shown, list) or not shown:
            continue
        if all(isinstance(one, Mapping) and path.key.lower() not in {key.lower() for key in one} for one in shown):
            found.add(path.attribute.lower())
    return frozenset(found)


def overlay(
    resource: Mapping[str, Json],
    values: Mapping[str, Json],
    kind: Kind,
    *,
    plain: frozenset[str] = frozenset(),
    current: Mapping[str, Json] | None = None,
) -> dict[str, Json]:
    """A new resource: `resource` with these values under these paths; None takes away.

    `plain`: attributes whose elements carry no key there (`unkeyed`). The element that holds the `current` value of a
    path is taken for it, else the primary or first one where no other path claims it.
    """
    body = {k: deepcopy(v) for k, v in resource.items() if k.lower() not in _READ_ONLY[kind]}
    schemas = body.get("schemas")
    body["schemas"] = list(schemas) if isinstance(schemas, list) else [CORE_SCHEMAS[kind]]
    for name in plain:
        _give_keys(body, name, values, current or {})
    for text, value in values.items():
        path = _as_spelled(body, parse_path(text))
        holder = body
        if path.schema:
            known = {str(s).lower() for s in body["schemas"]}
            if is_empty(value) and path.schema not in body:
                continue
            if path.schema.lower() not in known:
                body["schemas"].append(path.schema)
            part = body.get(path.schema)
            if not isinstance(part, dict):
                part = body[path.schema] = {}
            holder = part
            path = _as_spelled(holder, path)
        if is_empty(value):
            _take_away(holder, path)
        else:
            _put(holder, path, value)
    return body


def _give_keys(body: dict[str, Json], name: str, values: Mapping[str, Json], current: Mapping[str, Json]) -> None:
    """Write the keys of our paths into the elements that stand for them."""
    shown = body.get(_spelled(body, name))
    left = [one for one in shown if isinstance(one, dict)] if isinstance(shown, list) else []
    ours: dict[tuple[str, Json], list[AttributePath]] = {}
    for text in {**current, **values}:
        if (path := parse_path(text)).attribute.lower() == name and path.key is not None and path.schema is None:
            ours.setdefault((path.key, path.element), []).append(path)
    for (key, element), paths in list(ours.items()):
        had = {path.sub or "value": current.get(str(path)) for path in paths}
        holder = next((one for one in left if any(v and one.get(sub) == v for sub, v in had.items())), None)
        if holder is not None:
            holder[key] = element
            left.remove(holder)
            del ours[key, element]
    left.sort(key=lambda one: one.get("primary") is not True)
    wanted = [at for at, paths in ours.items() if any(not is_empty(values.get(str(path))) for path in paths)]
    for (key, element), holder in zip(wanted, left, strict=False):
        holder[key] = element


def _as_spelled(holder: Mapping[str, Json], path: AttributePath) -> AttributePath:
    """The path with the letter case that the service uses for its keys."""
    names = {key.lower(): key for key in holder}
    schema = names.get(path.schema.lower(), path.schema) if path.schema else None
    attribute = names.get(path.attribute.lower(), path.attribute)
    sub = path.sub
    value = holder.get(attribute)
    if sub and isinstance(value, Mapping):
        sub = _spelled(value, sub)
    return AttributePath(attribute, schema, path.key, path.value, sub)


def _spelled(holder: Mapping[str, Json], name: str) -> str:
    return next((key for key in holder if key.lower() == name.lower()), name)


def _element(holder: Mapping[str, Json], path: AttributePath) -> Json:
    return read(holder, AttributePath(path.attribute, None, path.key, path.value, None))


def _put(holder: dict[str, Json], path: AttributePath, value: Json) -> None:
    if path.key is not None:
        elements = holder.get(path.attribute)
        if not isinstance(elements, list):
            holder[path.attribute] = []
        element = _element(holder, path)
        if isinstance(element, dict):
            if path.sub is None and isinstance(value, Mapping):
                element.update(value)
            else:
                element[_spelled(element, path.sub or "value")] = value
            return
    elif path.sub is not None and not isinstance(holder.get(path.attribute), dict):
        holder[path.attribute] = {}
    if is_manager(path):
        holder[path.attribute] = dict(value) if isinstance(value, Mapping) else {"value": value}
        return
    place(holder, path, value)


def _take_away(holder: dict[str, Json], path: AttributePath) -> None:
    value = holder.get(path.attribute)
    if path.key is not None:
        element = _element(holder, path)
        if not isinstance(element, dict) or not isinstance(value, list):
            return
        if path.sub is not None:
            element.pop(_spelled(element, path.sub), None)
        rest = {k for k, v in element.items() if v is not None} - {_spelled(element, path.key), "type", "primary"}
        if path.sub is None or not rest:
            holder[path.attribute] = [e for e in value if e is not element]
    elif path.sub is not None and not is_manager(path):
        if isinstance(value, dict):
            value.pop(path.sub, None)
    else:
        holder.pop(path.attribute, None)
