"""The operators of scoping filters: Entra's, made unambiguous, and some beyond.

Texts compare with regard to letter case, numbers as numbers, Booleans in any spelling of true and false. Regular
expressions must match the whole value, and have a time limit.
LESS_THAN, LESS_THAN_OR_EQUALS, IN, NOT IN, STARTS_WITH, BEFORE and AFTER (times in ISO 8601, or relative to now) go
beyond Entra.
Source: Microsoft Entra documentation, "Scoping users or groups to be provisioned with scoping filters".
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import regex

from syncd.core.expression import render
from syncd.core.model import Json

_NUMBER = re.compile(r"\s*[+-]?[0-9]{1,40}(\.[0-9]{1,40})?\s*", re.ASCII)
_RELATIVE = re.compile(r"([+-][0-9]{1,5})([mhdw])", re.ASCII)
_UNITS = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}
REGEX_TIME_LIMIT_S = 0.25


@dataclass(frozen=True, kw_only=True, slots=True)
class Operator:
    """How one operator is used: whether it takes a value, and its test of (seen, wanted), both as text or number."""

    test: Callable[[Json, Json], bool]
    takes_value: bool = True
    numeric: bool = False  #: its value must be a number
    pattern: bool = False  #: its value is a regular expression
    dated: bool = False  #: its value must be a date or a time (ISO 8601), or a time relative to now
    several: bool = False  #: its value is a list


def _number(value: Json) -> Decimal | None:
    """The number that a value is or reads as; exact, however long."""
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        value = str(render(value))
    return Decimal(value.strip()) if isinstance(value, str) and _NUMBER.fullmatch(value) else None


def _equals(seen: Json, wanted: Json) -> bool:
    if isinstance(seen, bool) or isinstance(wanted, bool):
        return str(render(seen)).lower() == str(render(wanted)).lower()
    if isinstance(wanted, (int, float)) and (number := _number(wanted)) is not None:
        return _number(seen) == number
    return bool(render(seen) == render(wanted))


def _compare(test: Callable[[Decimal, Decimal], bool]) -> Callable[[Json, Json], bool]:
    def holds(seen: Json, wanted: Json) -> bool:
        left, right = _number(seen), _number(wanted)
        return left is not None and right is not None and test(left, right)

    return holds


def moment(value: Json) -> datetime | None:
    """The time that a value in ISO 8601 gives: a date alone begins at midnight, and UTC is meant where no zone is said."""
    if not isinstance(value, str):
        return None
    try:
        found = datetime.fromisoformat(value.strip())
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def relative(value: Json) -> timedelta | None:
    """How far from now a value such as "-30d", "+12h" or "now" lies; None for anything else."""
    if not isinstance(value, str):
        return None
    if value.strip().lower() == "now":
        return timedelta()
    found = _RELATIVE.fullmatch(value.strip())
    return int(found[1]) * _UNITS[found[2]] if found else None


def _compare_times(test: Callable[[datetime, datetime], bool]) -> Callable[[Json, Json], bool]:
    def holds(seen: Json, wanted: Json) -> bool:
        left, right = moment(seen), wanted if isinstance(wanted, datetime) else moment(wanted)
        return left is not None and right is not None and test(left, right)

    return holds


def _matches(seen: Json, wanted: Json) -> bool:
    return regex.fullmatch(str(wanted), str(render(seen)), timeout=REGEX_TIME_LIMIT_S) is not None


def _is(word: str) -> Callable[[Json, Json], bool]:
    return lambda seen, wanted: str(render(seen)).lower() == word


OPERATORS: Mapping[str, Operator] = {
    "EQUALS": Operator(test=_equals),
    "NOT EQUALS": Operator(test=lambda seen, wanted: not _equals(seen, wanted)),
    "IS TRUE": Operator(test=_is("true"), takes_value=False),
    "IS FALSE": Operator(test=_is("false"), takes_value=False),
    "IS NULL": Operator(test=lambda seen, wanted: False, takes_value=False),
    "IS NOT NULL": Operator(test=lambda seen, wanted: True, takes_value=False),
    "REGEX MATCH": Operator(test=_matches, pattern=True),
    "NOT REGEX MATCH": Operator(test=lambda seen, wanted: not _matches(seen, wanted), pattern=True),
    "GREATER_THAN": Operator(test=_compare(lambda a, b: a > b), numeric=True),
    "GREATER_THAN_OR_EQUALS": Operator(test=_compare(lambda a, b: a >= b), numeric=True),
    "LESS_THAN": Operator(test=_compare(lambda a, b: a < b), numeric=True),
    "LESS_THAN_OR_EQUALS": Operator(test=_compare(lambda a, b: a <= b), numeric=True),
    "BEFORE": Operator(test=_compare_times(lambda a, b: a < b), dated=True),
    "AFTER": Operator(test=_compare_times(lambda a, b: a > b), dated=True),
    "IN": Operator(test=lambda seen, wanted: any(_equals(seen, one) for one in wanted), several=True),
    "NOT IN": Operator(test=lambda seen, wanted: not any(_equals(seen, one) for one in wanted), several=True),
    "STARTS_WITH": Operator(test=lambda seen, wanted: str(render(seen)).startswith(str(render(wanted)))),
    "INCLUDES": Operator(test=lambda seen, wanted: str(render(wanted)) in str(render(seen))),
    "ENDS_WITH": Operator(test=lambda seen, wanted: str(render(seen)).endswith(str(render(wanted)))),
}


def operator_name(text: str) -> str | None:
    """The operator that a configuration names: letter case aside, space and underscore alike; None if there is none."""
    wanted = "_".join(text.upper().replace("_", " ").split())
    return next((name for name in OPERATORS if name.replace(" ", "_") == wanted), None)
