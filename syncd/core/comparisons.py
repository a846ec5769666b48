"""What the operators of scoping filters do with a value: Entra's, made unambiguous, and some beyond (operators.py).

Texts compare with regard to letter case, numbers as numbers, Booleans in any spelling of true and false. Regular
expressions must match the whole value, and have a time limit.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import Decimal

import regex

from syncd.core.expression import render
from syncd.core.model import Json
from syncd.core.operators import moment

#: (seen, wanted), both as text or number → whether it holds
Comparison = Callable[[Json, Json], bool]

_NUMBER = re.compile(r"\s*[+-]?[0-9]{1,40}(\.[0-9]{1,40})?\s*", re.ASCII)
REGEX_TIME_LIMIT_S = 0.25


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


def _compare(test: Callable[[Decimal, Decimal], bool]) -> Comparison:
    def holds(seen: Json, wanted: Json) -> bool:
        left, right = _number(seen), _number(wanted)
        return left is not None and right is not None and test(left, right)

    return holds


def _compare_times(test: Callable[[datetime, datetime], bool]) -> Comparison:
    def holds(seen: Json, wanted: Json) -> bool:
        left, right = moment(seen), wanted if isinstance(wanted, datetime) else moment(wanted)
        return left is not None and right is not None and test(left, right)

    return holds


def _matches(seen: Json, wanted: Json) -> bool:
    return regex.fullmatch(str(wanted), str(render(seen)), timeout=REGEX_TIME_LIMIT_S) is not None


def _is(word: str) -> Comparison:
    return lambda seen, wanted: str(render(seen)).lower() == word


COMPARISONS: Mapping[str, Comparison] = {
    "EQUALS": _equals,
    "NOT EQUALS": lambda seen, wanted: not _equals(seen, wanted),
    "IS TRUE": _is("true"),
    "IS FALSE": _is("false"),
    "IS NULL": lambda seen, wanted: False,
    "IS NOT NULL": lambda seen, wanted: True,
    "REGEX MATCH": _matches,
    "NOT REGEX MATCH": lambda seen, wanted: not _matches(seen, wanted),
    "GREATER_THAN": _compare(lambda a, b: a > b),
    "GREATER_THAN_OR_EQUALS": _compare(lambda a, b: a >= b),
    "LESS_THAN": _compare(lambda a, b: a < b),
    "LESS_THAN_OR_EQUALS": _compare(lambda a, b: a <= b),
    "BEFORE": _compare_times(lambda a, b: a < b),
    "AFTER": _compare_times(lambda a, b: a > b),
    "IN": lambda seen, wanted: any(_equals(seen, one) for one in wanted),
    "NOT IN": lambda seen, wanted: not any(_equals(seen, one) for one in wanted),
    "STARTS_WITH": lambda seen, wanted: str(render(seen)).startswith(str(render(wanted))),
    "INCLUDES": lambda seen, wanted: str(render(wanted)) in str(render(seen)),
    "ENDS_WITH": lambda seen, wanted: str(render(seen)).endswith(str(render(wanted))),
}
