"""Types of SCIM attributes (RFC 7643 sections 2.3, 4, 7 and 8.7), and values brought to them.

What a target's own /Schemas says wins over the RFC; an attribute that neither knows takes what it is given.
"""

from __future__ import annotations

import base64
import binascii
import math
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal

from syncd.core.attribute_type import AttributeType
from syncd.core.attributes import parse_path
from syncd.core.expression import render
from syncd.core.model import Json
from syncd.core.standard_attributes import STANDARD

__all__ = ["AttributeType", "NotConvertible", "attribute_type", "convert", "is_empty"]

_ANY = AttributeType(type="any")
_NUMBER = re.compile(r"[+-]?[0-9]{1,40}(\.[0-9]{1,40})?([eE][+-]?[0-9]{1,3})?", re.ASCII)
_BASE64 = re.compile(r"[A-Za-z0-9+/_-]*={0,2}", re.ASCII)
_WHOLE = range(-(2**63), 2**63)  #: RFC 7159 section 6: beyond 64 bits no two services agree on a number
#: What an expression's date reads as once it is text: Microsoft Entra documentation, rendered form of a date.
_RENDERED_DATE = "%m/%d/%Y %I:%M:%S %p"


class NotConvertible(ValueError):
    """A value that has no form of the target attribute's type; the message says which was expected."""


def is_empty(value: Json) -> bool:
    """Null, the empty text, and a list or an object with nothing else in it."""
    if value is None or value == "":
        return True
    return isinstance(value, (list, tuple, dict)) and all(is_empty(each) for each in value)


def attribute_type(path: str, known: Mapping[str, AttributeType] | None = None) -> AttributeType:
    """The type under a path. `known`: what the target announces, by path without element filter, in lower case.

    `active` stays a Boolean and a manager an id, whatever is announced: syncd itself goes by them.
    """
    bare = parse_path(path).written.bare
    standard = STANDARD.get(bare)
    if bare == "active" or known is None or (found := known.get(bare.lower())) is None:
        return standard or _ANY
    return standard if standard and found.type == "complex" and standard.type == "string" else found


def convert(value: Json, type_: AttributeType) -> Json:
    """The value as the target's type wants it; None where nothing is in it. Raises NotConvertible.

    Lists lose their empty values and twins, and are put in order: their order means nothing (RFC 7643 section 2.4).
    """
    if isinstance(value, (list, tuple)):
        items = [item for item in value if not is_empty(item)]
        if not type_.multi and type_.type != "any":
            if len(items) > 1:
                raise NotConvertible(f"{len(items)} values, one is expected; take one with Item, or Join them")
            return _single(items[0], type_) if items else None
    elif type_.multi:
        items = [] if is_empty(value) else [value]
    else:
        return None if is_empty(value) else _single(value, type_)
    unique = {_sort_key(found): found for found in (_element(item, type_) for item in items)}
    return [unique[key] for key in sorted(unique)] or None


def _element(item: Json, type_: AttributeType) -> Json:
    if type_.type == "complex" and not isinstance(item, Mapping):
        return {"value": _text(item)}
    return _single(item, type_)


def _single(value: Json, type_: AttributeType) -> Json:
    match type_.type:
        case "boolean":
            return _boolean(value)
        case "integer" | "decimal":
            return _number(value, whole=type_.type == "integer")
        case "dateTime":
            return _date(value)
        case "binary":
            return _binary(value)
        case "reference":
            return _reference(value)
        case "complex":
            if isinstance(value, Mapping):
                return dict(value)
            raise NotConvertible(f"{_text(value)!r} is one value, parts are expected; write one as attribute.part")
        case "any":
            return _any(value)
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
    raise NotConvertible(f"{_text(value)!r} is no Boolean (True or False is expected)")


def _number(value: Json, *, whole: bool) -> int | float:
    text = _text(value).strip()
    wanted = "a whole number" if whole else "a number"
    if _NUMBER.fullmatch(text) is None:
        raise NotConvertible(f"{text!r} is no number ({wanted} is expected)")
    found = Decimal(text)
    if whole:
        if found.adjusted() > 20 or found != found.to_integral_value() or int(found) not in _WHOLE:
            raise NotConvertible(f"{text!r} is no whole number of 64 bits ({wanted} is expected)")
        return int(found)
    if math.isinf(float(found)):
        raise NotConvertible(f"{text!r} is too large ({wanted} is expected)")
    return float(found)


def _date(value: Json) -> str:
    if not isinstance(value, datetime):
        text = _text(value).strip()
        try:
            value = datetime.fromisoformat(text)
        except ValueError:
            try:
                value = datetime.strptime(text, _RENDERED_DATE).replace(tzinfo=UTC)
            except ValueError:
                raise NotConvertible(f"{text!r} is no date and time (2026-01-31T08:00:00Z is expected)") from None
    try:
        at = value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
    except (OverflowError, ValueError):
        raise NotConvertible("the date lies outside the years 1 to 9999") from None
    return str(at.isoformat()).replace("+00:00", "Z")


def _binary(value: Json) -> str:
    """Base64 (RFC 7643 section 2.3.6)."""
    text = _text(value)
    try:
        if _BASE64.fullmatch(text) is None:
            raise ValueError
        base64.b64decode(text, altchars=b"-_" if {"-", "_"} & set(text) else None, validate=True)
    except (binascii.Error, ValueError):
        raise NotConvertible("the value is no base64 (which is expected; ConvertToBase64 makes it)") from None
    return text


def _reference(value: Json) -> str:
    """A URI, or the id of a resource (RFC 7643 section 2.3.7)."""
    text = _text(value).strip()
    if any(c.isspace() or not c.isprintable() for c in text):
        raise NotConvertible(f"{text!r} is no reference (a URI without spaces is expected)")
    return text


def _any(value: Json) -> Json:
    if isinstance(value, datetime):
        return _date(value)
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, bool):
        return value
    if isinstance(value, int) and value in _WHOLE:
        return value
    return value if isinstance(value, float) and math.isfinite(value) else _text(value)


def _text(value: Json) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, Mapping):
        raise NotConvertible("a value with parts, one text is expected; read one of its parts")
    if isinstance(value, (list, tuple)):
        raise NotConvertible("a list in a list, one text is expected")
    return str(render(value))


def _sort_key(value: Json) -> str:
    """Text by which values of any type compare and sort."""
    if isinstance(value, Mapping):
        return "{" + ",".join(f"{k}:{_sort_key(v)}" for k, v in sorted(value.items())) + "}"
    return f"{type(value).__name__}:{value}"
