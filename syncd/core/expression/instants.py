"""Date texts as instants, and Windows FILETIME."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from syncd.core.expression.errors import Fault

_ZONE = r"(?P<zone>Z|z|[+-][0-9]{2}:?[0-9]{2})?"
_ISO = re.compile(
    r"(?P<year>[0-9]{4})-(?P<month>[0-9]{1,2})-(?P<day>[0-9]{1,2})"
    r"(?:[Tt ]\s*(?P<hour>[0-9]{1,2}):(?P<minute>[0-9]{2})(?::(?P<second>[0-9]{2})(?:[.,](?P<fraction>[0-9]{1,9}))?)?)?"
    r"\s*" + _ZONE
)
_INVARIANT = re.compile(
    r"(?P<month>[0-9]{1,2})/(?P<day>[0-9]{1,2})/(?P<year>[0-9]{4})"
    r"(?:\s+(?P<hour>[0-9]{1,2}):(?P<minute>[0-9]{2})(?::(?P<second>[0-9]{2})(?:\.(?P<fraction>[0-9]{1,9}))?)?"
    r"(?:\s*(?P<half>[AaPp])[Mm])?)?\s*" + _ZONE
)
_FILETIME_EPOCH = datetime(1601, 1, 1, tzinfo=UTC)


def read_instant(text: str) -> datetime | None:
    """The instant in UTC that a text names, None where it names none; without an offset it is read as UTC.

    Read are: yyyy-MM-dd, with an offset or without; ISO 8601 date-times with T or a blank, with Z, an offset or
    neither; and the rendered form M/d/yyyy h:mm:ss tt. Fractions of a second are cut to microseconds.
    """
    found = _ISO.fullmatch(text.strip()) or _INVARIANT.fullmatch(text.strip())
    if found is None:
        return None
    part = found.groupdict()
    hour = int(part["hour"] or 0)
    if half := part.get("half"):
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + (12 if half in "Pp" else 0)
    try:
        at = datetime(
            int(part["year"]),
            int(part["month"]),
            int(part["day"]),
            hour,
            int(part["minute"] or 0),
            int(part["second"] or 0),
            int((part["fraction"] or "").ljust(6, "0")[:6]),
            tzinfo=UTC,
        )
        return at - offset(part["zone"])
    except (ValueError, OverflowError):
        return None


def offset(zone: str | None) -> timedelta:
    """The distance from UTC that "+02:00", "-0730", "Z" or nothing means."""
    if zone is None or zone in "Zz":
        return timedelta()
    digits = zone[1:].replace(":", "")
    distance = timedelta(hours=int(digits[:2]), minutes=int(digits[2:] or 0))
    return -distance if zone[0] == "-" else distance


def moved(at: datetime, distance: timedelta) -> datetime:
    """That much later. Raises Fault at the ends of the calendar."""
    try:
        return at + distance
    except OverflowError:
        raise Fault("the date lies outside the years 1 to 9999") from None


def filetime(at: datetime) -> int:
    """Units of 100 ns since 1601-01-01 00:00 UTC."""
    return (at - _FILETIME_EPOCH) // timedelta(microseconds=1) * 10


def from_filetime(units: int) -> datetime:
    """The instant, cut to microseconds. Raises Fault for one before 1601 or after 9999."""
    if units < 0:
        raise Fault("a FILETIME is not negative")
    try:
        return _FILETIME_EPOCH + timedelta(microseconds=units // 10)
    except OverflowError:
        raise Fault("the date lies outside the years 1601 to 9999") from None
