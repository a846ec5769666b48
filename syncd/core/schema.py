"""Types of SCIM attributes (RFC 7643 sections 4, 7 and 8.7), and values brought to them.

What a target's own /Schemas say wins over the RFC; an attribute that neither knows takes what it is given.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from syncd.core.attributes import AttributePath, parse_path
from syncd.core.expression import render
from syncd.core.model import Json

Type = Literal["string", "boolean", "integer", "decimal", "dateTime", "reference", "binary", "complex"]


@dataclass(frozen=True, kw_only=True, slots=True)
class AttributeType:
    """What a target attribute holds."""

    type: Type = "string"
    multi: bool = False  #: a list
    case_exact: bool = False


class NotConvertible(ValueError):
    """A value that has no form of the target attribute's type; the message says which was expected."""


_BOOLEAN = AttributeType(type="boolean")
_REFERENCE = AttributeType(type="reference", case_exact=True)
_COMPLEX_LIST = AttributeType(type="complex", multi=True)
_LISTS = "emails phonenumbers ims photos addresses groups entitlements roles x509certificates members"
_CORE: Mapping[str, AttributeType] = {
    "active": _BOOLEAN,
    "profileurl": _REFERENCE,
    "externalid": AttributeType(case_exact=True),
    **dict.fromkeys(_LISTS.split(), _COMPLEX_LIST),
}
_SUB: Mapping[str, AttributeType] = {"primary": _BOOLEAN, "$ref": _REFERENCE}


def attribute_type(path: str, known: Mapping[str, AttributeType] | None = None) -> AttributeType:
    """The type under a path. `known`: what the target announces, by path without element filter, in lower case."""
    parsed = parse_path(path)
    bare = AttributePath(parsed.attribute, parsed.schema, sub=parsed.sub)
    if known and (found := known.get(str(bare).lower())):
        return found
    if parsed.sub:
        return _SUB.get(parsed.sub.lower(), AttributeType())
    if parsed.key is not None:
        return AttributeType()
    return AttributeType() if parsed.schema else _CORE.get(parsed.attribute.lower(), AttributeType())


def convert(value: Json, type_: AttributeType) -> Json:
    """The value as the target's type wants it. Raises NotConvertible. Lists are put in order, twins dropped."""
    if type_.multi:
        items = value if isinstance(value, list) else [value]
        found = [_element(item, type_) for item in items]
        unique = {render_key(item): item for item in found}
        return [unique[key] for key in sorted(unique)]
    if isinstance(value, list):
        if len(value) != 1:
            raise NotConvertible(f"{len(value)} values for a single-valued attribute")
        return convert(value[0], type_)
    return _single(value, type_)


def _element(item: Json, type_: AttributeType) -> Json:
    if type_.type == "complex":
        return item if isinstance(item, Mapping) else {"value": _text(item)}
    return _single(item, type_)


def _single(value: Json, type_: AttributeType) -> Json:
    match type_.type:
        case "boolean":
            return _boolean(value)
        case "integer" | "decimal":
            return _number(value, whole=type_.type == "integer")
        case "dateTime":
            return _date(value)
        case "complex" if isinstance(value, Mapping):
            return dict(value)
        case _:
            return _text(value)


def _boolean(value: Json) -> bool:
    if isinstance(value, bool):
        return value
    low = _text(value).strip().lower()
    if low in ("true", "1", "yes"):
        return True
    if low in ("false", "0", "no"):
        return False
    raise NotConvertible(f"{_text(value)!r} is no Boolean (True or False expected)")


def _number(value: Json, *, whole: bool) -> int | float:
    try:
        return int(_text(value)) if whole else float(_text(value))
    except ValueError:
        raise NotConvertible(f"{_text(value)!r} is no {'integer' if whole else 'number'}") from None


def _date(value: Json) -> str:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    text = _text(value)
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise NotConvertible(f"{text!r} is no date and time (2026-01-31T08:00:00Z expected)") from None
    return _date(found if found.tzinfo else found.replace(tzinfo=UTC))


def _text(value: Json) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, (bool, int, float, datetime)):
        return str(render(value))
    raise NotConvertible(f"a {type(value).__name__} for a text")


def render_key(value: Json) -> str:
    """Text by which values of any type compare and sort."""
    if isinstance(value, Mapping):
        return "{" + ",".join(f"{k}:{render_key(v)}" for k, v in sorted(value.items())) + "}"
    return f"{type(value).__name__}:{value}"
