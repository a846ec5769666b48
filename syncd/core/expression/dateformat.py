"""The custom and standard date formats of .NET, invariant culture: reading a text by one, and writing an instant.

Source: .NET documentation, "Custom date and time format strings" and "Standard date and time format strings".
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from syncd.core.expression.errors import Fault
from syncd.core.expression.instants import moved, offset
from syncd.core.expression.values import shown

_MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")

_STANDARD = {
    "d": "MM/dd/yyyy",
    "D": "dddd, dd MMMM yyyy",
    "f": "dddd, dd MMMM yyyy HH:mm",
    "F": "dddd, dd MMMM yyyy HH:mm:ss",
    "g": "MM/dd/yyyy HH:mm",
    "G": "MM/dd/yyyy HH:mm:ss",
    "m": "MMMM dd",
    "M": "MMMM dd",
    "o": "yyyy'-'MM'-'dd'T'HH':'mm':'ss'.'fffffffK",
    "O": "yyyy'-'MM'-'dd'T'HH':'mm':'ss'.'fffffffK",
    "r": "ddd, dd MMM yyyy HH':'mm':'ss 'GMT'",
    "R": "ddd, dd MMM yyyy HH':'mm':'ss 'GMT'",
    "s": "yyyy'-'MM'-'dd'T'HH':'mm':'ss",
    "t": "HH:mm",
    "T": "HH:mm:ss",
    "u": "yyyy'-'MM'-'dd HH':'mm':'ss'Z'",
    "y": "yyyy MMMM",
    "Y": "yyyy MMMM",
}

_TOKEN = re.compile(r"d+|f+|F+|h+|H+|K|m+|M+|s+|t+|y+|z+|g+|'[^']*'|\"[^\"]*\"|\\[\s\S]|%|[\s\S]")


@dataclass(frozen=True, slots=True)
class DateFormat:
    """One format, taken apart: specifiers are runs of one letter, everything else is literal."""

    text: str
    tokens: tuple[tuple[str, str], ...]  #: (specifier, "") or ("", literal)
    pattern: re.Pattern[str]

    def read(self, text: str, *, blanks: bool = True) -> datetime:
        """The instant in UTC; an offset read is applied, without one it is UTC. Raises Fault.

        `blanks`: leading and trailing white space of the text is ignored. A two-digit year lies in 1950-2049. A format
        without month or day means January and the first; it must have a year.
        """
        found = self.pattern.fullmatch(text.strip() if blanks else text)
        if found is None:
            raise Fault(f"{shown(text)} does not have the form {shown(self.text)}")
        part = {name: value for name, value in found.groupdict().items() if value is not None}
        if "year" not in part:
            raise Fault(f"the form {shown(self.text)} has no year")
        year = int(part["year"])
        if len(part["year"]) <= 2:
            year += 2000 if year < 50 else 1900
        hour, half = int(part.get("hour", 0)), part.get("half", "").lower()
        if half:
            if not 1 <= hour <= 12:
                raise Fault(f"{shown(text)} has no hour from 1 to 12 before its {half.upper()}")
            hour = hour % 12 + (12 if half[0] == "p" else 0)
        fraction = part.get("fraction", "").ljust(6, "0")[:6]
        minute, second = int(part.get("minute", 0)), int(part.get("second", 0))
        try:
            at = datetime(year, _month(part), int(part.get("day", 1)), hour, minute, second, int(fraction), tzinfo=UTC)
        except (ValueError, OverflowError):
            raise Fault(f"{shown(text)} is no date") from None
        return moved(at, -_distance(part.get("zone")))

    def write(self, at: datetime) -> str:
        """The text of an instant, in UTC."""
        return "".join(literal or _WRITERS[name[0]](at, len(name)) for name, literal in self.tokens)


def _month(part: dict[str, str]) -> int:
    if (name := part.get("monthname")) is not None:
        return next(n for n, full in enumerate(_MONTHS, 1) if full[:3].lower() == name[:3].lower())
    return int(part.get("month", 1))


def _distance(zone: str | None) -> timedelta:
    if zone is None or zone in ("Z", "z", ""):
        return timedelta()
    hours, _, minutes = zone[1:].partition(":")
    if not minutes and len(hours) == 4:
        hours, minutes = hours[:2], hours[2:]
    return offset(f"{zone[0]}{int(hours):02d}:{int(minutes or 0):02d}")


@lru_cache(maxsize=512)
def date_format(text: str) -> DateFormat:
    """Raises Fault for an empty format, one over 200 characters and an open quote."""
    if not text or len(text) > 200:
        raise Fault("a date format has 1 to 200 characters")
    source = _STANDARD.get(text, text) if len(text) == 1 else text
    tokens: list[tuple[str, str]] = []
    pattern, seen = "", set[str]()
    for found in _TOKEN.finditer(source):
        part = found[0]
        if part in ("'", '"', "\\"):
            raise Fault(f"the date format {shown(text)} has an open quote or a \\ at its end")
        if part == "%":
            continue
        if part[0] in _READERS and not (len(part) == 1 and part[0] == "g"):
            tokens.append((part, ""))
            pattern += _reader(part, seen)
            continue
        literal = part[1:-1] if part[0] in "'\"" else part[1:] if part[0] == "\\" else part
        if literal:
            tokens.append(("", literal))
            pattern += re.escape(literal)
    return DateFormat(text, tuple(tokens), re.compile(pattern, re.IGNORECASE | re.ASCII))


def _reader(token: str, seen: set[str]) -> str:
    name, pattern = _READERS[token[0]](len(token))
    if not name:
        return pattern
    if name in seen:
        return f"(?P={name})"
    seen.add(name)
    return f"(?P<{name}>{pattern})"


def _digits(length: int) -> str:
    return "[0-9]{1,2}" if length == 1 else "[0-9]{2}"


_MONTH_NAMES = {3: "|".join(name[:3] for name in _MONTHS), 4: "|".join(_MONTHS)}
_DAY_NAMES = {3: "|".join(name[:3] for name in _DAYS), 4: "|".join(_DAYS)}
_ZONES = {1: "[+-][0-9]{1,2}", 2: "[+-][0-9]{2}", 3: "[+-][0-9]{2}:?[0-9]{2}"}

#: specifier letter → its length → (name of the part, pattern)
_READERS: dict[str, Callable[[int], tuple[str, str]]] = {
    "d": lambda n: ("day", _digits(n)) if n < 3 else ("", f"(?:{_DAY_NAMES[min(n, 4)]})"),
    "M": lambda n: ("month", _digits(n)) if n < 3 else ("monthname", _MONTH_NAMES[min(n, 4)]),
    "y": lambda n: ("year", "[0-9]{1,2}" if n == 1 else f"[0-9]{{{n}}}"),
    "h": lambda n: ("hour", _digits(n)),
    "H": lambda n: ("hour", _digits(n)),
    "m": lambda n: ("minute", _digits(n)),
    "s": lambda n: ("second", _digits(n)),
    "f": lambda n: ("fraction", f"[0-9]{{{n}}}"),
    "F": lambda n: ("fraction", f"[0-9]{{0,{n}}}"),
    "t": lambda n: ("half", "[AP]" if n == 1 else "AM|PM"),
    "z": lambda n: ("zone", _ZONES[min(n, 3)]),
    "K": lambda n: ("zone", "Z|[+-][0-9]{2}:?[0-9]{2}|"),
    "g": lambda n: ("", "(?:A\\.D\\.|AD)"),
}


def _fraction(at: datetime, length: int) -> str:
    return f"{at.microsecond:06d}".ljust(length, "0")[:length]


_WRITERS: dict[str, Callable[[datetime, int], str]] = {
    "d": lambda at, n: f"{at.day:0{min(n, 2)}d}" if n < 3 else _DAYS[at.weekday()][: 3 if n == 3 else None],
    "M": lambda at, n: f"{at.month:0{min(n, 2)}d}" if n < 3 else _MONTHS[at.month - 1][: 3 if n == 3 else None],
    "y": lambda at, n: f"{at.year % 100:0{n}d}" if n < 3 else f"{at.year:0{n}d}",
    "h": lambda at, n: f"{at.hour % 12 or 12:0{min(n, 2)}d}",
    "H": lambda at, n: f"{at.hour:0{min(n, 2)}d}",
    "m": lambda at, n: f"{at.minute:0{min(n, 2)}d}",
    "s": lambda at, n: f"{at.second:0{min(n, 2)}d}",
    "f": _fraction,
    "F": lambda at, n: _fraction(at, n).rstrip("0"),
    "t": lambda at, n: ("AM" if at.hour < 12 else "PM")[: min(n, 2)],
    "z": lambda at, n: "+0" if n == 1 else "+00" if n == 2 else "+00:00",
    "K": lambda at, n: "Z",
    "g": lambda at, n: "A.D.",
}
