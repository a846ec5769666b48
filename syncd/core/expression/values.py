"""The values of expressions, and how each reads as text, number, truth or list.

Values are None, str, bool, int, float, datetime (an instant, UTC) and lists; complex values (dicts) pass through.
An absent attribute is null (None). A multi-valued attribute without values is null as well; one with exactly one
value may stand where a single value is asked for. Rendered forms: Microsoft Entra documentation, "Reference for
writing expressions for attribute mappings".
"""

from __future__ import annotations

import base64
import json
import math
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from syncd.core.expression.errors import Fault

Value = Any  # None, str, bool, int, float, datetime, list, or a dict that passes through

#: Characters in one text that a function may build.
TEXT_LIMIT = 1_000_000

_NUMBER = re.compile(r"\s*([+-]?[0-9]{1,40}(?:\.[0-9]{1,40})?|&[Hh][0-9A-Fa-f]{1,16})\s*")


def render(value: Value) -> Value:
    """The value as text, or a list of texts: `True`, decimal digits, `M/d/yyyy h:mm:ss tt` in UTC; None stays None.

    A complex value reads as JSON, bytes as base64. Never raises for a value that JSON or a directory can give.
    """
    if value is None or type(value) is str:
        return value
    if isinstance(value, (list, tuple, set, frozenset)):
        return [render(each) for each in value if each is not None]
    return rendered(value)


def rendered(value: Value) -> str:
    """The text of one value that is neither None nor a list."""
    if isinstance(value, str):
        return str(value)
    if isinstance(value, bool):
        return "True" if value else "False"
    if isinstance(value, int):
        return str(value) if -(2**63) <= value < 2**64 else format(Decimal(value), "f")
    if isinstance(value, float):
        return _decimal(value)
    if isinstance(value, datetime):
        return instant_text(value)
    if isinstance(value, (bytes, bytearray)):
        return base64.b64encode(value).decode("ascii")
    if isinstance(value, Mapping):
        return json.dumps(dict(value), ensure_ascii=False, separators=(",", ":"), default=str, skipkeys=True)
    return str(value)


def _decimal(value: float) -> str:
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    text = format(Decimal(repr(value)), "f")
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if text == "-0" else text


def instant_text(value: datetime) -> str:
    """`3/16/2020 7:00:00 AM`: UTC, invariant culture, no leading zeros in month, day and hour."""
    try:
        at = utc(value)
    except Fault:  # the first or last hours of the calendar: as it was written
        at = value
    half = "AM" if at.hour < 12 else "PM"
    return f"{at.month}/{at.day}/{at.year:04d} {at.hour % 12 or 12}:{at.minute:02d}:{at.second:02d} {half}"


def utc(value: datetime) -> datetime:
    """The same instant in UTC; a time without a zone is UTC. Raises Fault at the ends of the calendar."""
    if value.tzinfo is None:
        return value.replace(tzinfo=UTC)
    try:
        return value.astimezone(UTC)
    except (OverflowError, ValueError):
        raise Fault("the date lies outside the years 1 to 9999") from None


def single(value: Value) -> Value:
    """The one value of a list of one, None of an empty list, anything else as it is. Raises Fault for several."""
    if isinstance(value, (list, tuple, set, frozenset)):
        values = [each for each in value if each is not None]
        if len(values) > 1:
            raise Fault(
                f"a single value is needed here, and this is a list of {len(values)}; take one with Item, or Join them"
            )
        return values[0] if values else None
    return value


def text(value: Value) -> str | None:
    """A single value in its rendered form; None for null. Raises Fault for a list of several, or a complex value."""
    if value is None or type(value) is str:
        return value
    value = single(value)
    if value is None:
        return None
    if isinstance(value, (Mapping, list, tuple)):
        raise Fault("a text is needed here, and this is a complex value")
    return rendered(value)


def number(value: Value) -> int | float | None:
    """A number, or a text that reads as one (decimal or &H hexadecimal); None for anything else."""
    if isinstance(value, bool):
        return None
    if isinstance(value, (int, float)):
        return value
    if isinstance(value, str) and (found := _NUMBER.fullmatch(value)) is not None:
        digits = found[1]
        if digits[0] == "&":
            return int(digits[2:], 16)
        return float(digits) if "." in digits else int(digits)
    return None


def integer(value: Value, name: str) -> int:
    """A whole number for the parameter of that name. Raises Fault for null and for anything that reads as no integer."""
    found = value if type(value) is int else number(single(value))
    if isinstance(found, int) and not isinstance(found, bool):
        if not -(2**63) <= found < 2**63:
            raise Fault(f"{name} is outside the range of 64 bits")
        return found
    if isinstance(found, float) and found.is_integer() and abs(found) < 2**53:
        return int(found)
    given = "not given" if value is None else f"{shown(value)}"
    raise Fault(f"{name} must be a whole number and is {given}")


def truth(value: Value) -> bool:
    """True for true, the text `True`, a number other than zero and a text that reads as one; False for all else.

    A list of one value counts as that value. Never raises.
    """
    if value is True or value is False:
        return value
    if isinstance(value, (list, tuple)) and len(value) == 1:
        value = value[0]
    if isinstance(value, str):
        return value == "True" or bool(number(value))
    return bool(value) if isinstance(value, (bool, int, float)) else False


def listed(value: Value) -> list[Value]:
    """The values of a multi-valued attribute in order; a single value is a list of one, null a list of none."""
    if value is None:
        return []
    if isinstance(value, (list, tuple, set, frozenset)):
        return [each for each in value if each is not None]
    return [value]


def is_null(value: Value) -> bool:
    return value is None or (isinstance(value, (list, tuple, set, frozenset)) and not any(v is not None for v in value))


def is_empty(value: Value) -> bool:
    """True for null, the empty text, and a list of nothing but these."""
    if value is None or value == "":
        return True
    return isinstance(value, (list, tuple, set, frozenset)) and all(is_empty(each) for each in value)


def bounded(length: int) -> None:
    """Raises Fault when a text of that many characters would be too long to build."""
    if length > TEXT_LIMIT:
        raise Fault(f"the result would have {length:,} characters; the limit is {TEXT_LIMIT:,}")


def shown(value: Value) -> str:
    """A value for a message, in quotes and cut short."""
    found = value if isinstance(value, str) else str(render(value))
    return f'"{found}"' if len(found) <= 40 else f'"{found[:37]}…"'
