"""Durations in config.toml: a whole number and one unit, `30s` to `3650d`."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Annotated, Any

from pydantic import BeforeValidator, WithJsonSchema

from syncd.config.faults import kind_of, shown
from syncd.config.section import Wrong

FORM = "write a whole number and s, m, h, d or w, such as 30s, 5m, 1h or 30d"
LONGEST = timedelta(days=3650)

_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}
_DURATION = re.compile(r"(?P<number>\d{1,9})\s?(?P<unit>[smhdw])", re.ASCII)


def parse_duration(text: str) -> timedelta | None:
    """The duration, None where the text is none; zero up to ten years."""
    found = _DURATION.fullmatch(text.strip())
    if found is None:
        return None
    seconds = int(found["number"]) * _SECONDS[found["unit"]]
    return timedelta(seconds=seconds) if seconds <= LONGEST.total_seconds() else None


def _duration(value: Any) -> timedelta:
    span = parse_duration(value) if isinstance(value, str) else None
    if span is None:
        raise Wrong(shown(value) if isinstance(value, str) else kind_of(value), FORM).error()
    return span


def _positive(value: Any) -> timedelta:
    span = _duration(value)
    if not span:
        raise Wrong(shown(value), f"it must be longer than nothing; {FORM}").error()
    return span


def _or_never(value: Any) -> timedelta | None:
    if value == "never":
        return None
    if isinstance(value, str) and parse_duration(value) is not None:
        return parse_duration(value)
    raise Wrong(shown(value) if isinstance(value, str) else kind_of(value), f"{FORM}, or never").error()


def _seconds(value: Any) -> timedelta:
    if isinstance(value, str):
        return _positive(value)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value <= 3600:
        right = "write seconds, more than 0 and at most 3600, or a duration such as 30s"
        raise Wrong(shown(value), right).error()
    return timedelta(seconds=value)


_PATTERN = {"type": "string", "pattern": r"^[0-9]{1,9} ?[smhdw]$", "examples": ["30s", "5m", "1h", "30d"]}

#: Longer than nothing.
Duration = Annotated[timedelta, BeforeValidator(_positive), WithJsonSchema(_PATTERN)]
#: None: never.
DurationOrNever = Annotated[
    timedelta | None, BeforeValidator(_or_never), WithJsonSchema({"anyOf": [{"const": "never"}, _PATTERN]})
]
#: A number of seconds, or a duration.
Seconds = Annotated[
    timedelta,
    BeforeValidator(_seconds),
    WithJsonSchema({"anyOf": [{"type": "number", "exclusiveMinimum": 0, "maximum": 3600}, _PATTERN]}),
]
