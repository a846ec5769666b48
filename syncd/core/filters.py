"""Scoping filters: clauses joined with AND, lists of clauses with OR. Operators are Entra's, made unambiguous.

A clause is false when the attribute is null or empty, IS NULL excepted, so NOT EQUALS is not the negation of EQUALS.
Texts compare with regard to letter case, numbers as numbers, Booleans in any spelling of true and false. Regular
expressions must match the whole value, and have a time limit. Of several values one is enough; the negated operators
must hold for all.
LESS_THAN, LESS_THAN_OR_EQUALS, IN, NOT IN, STARTS_WITH, BEFORE and AFTER (times in ISO 8601) go beyond Entra.
Source: Microsoft Entra documentation, "Scoping users or groups to be provisioned with scoping filters".
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal

import regex

from syncd.core.entry import Entry
from syncd.core.errors import SyncdError
from syncd.core.expression import render
from syncd.core.model import Json
from syncd.core.schema import is_empty
from syncd.core.source_attribute import Accessor

_NUMBER = re.compile(r"\s*[+-]?[0-9]{1,40}(\.[0-9]{1,40})?\s*", re.ASCII)
REGEX_TIME_LIMIT_S = 0.25


@dataclass(kw_only=True, eq=False)
class FilterError(SyncdError):
    """Filter {clause}: {detail}. Correct the pattern in config.toml, then run: syncd check"""

    clause: str
    detail: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Clause:
    """One condition as configured; `operator` in the spelling of OPERATORS."""

    attribute: str
    operator: str
    value: Json = None

    def __str__(self) -> str:
        shown = "" if self.value is None else f' "{self.value}"' if isinstance(self.value, str) else f" {self.value}"
        return f"{self.attribute} {self.operator}{shown}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Operator:
    """How one operator is used: whether it takes a value, and its test of (seen, wanted), both as text or number."""

    test: Callable[[Json, Json], bool]
    takes_value: bool = True
    numeric: bool = False  #: its value must be a number
    pattern: bool = False  #: its value is a regular expression
    dated: bool = False  #: its value must be a date or a time, ISO 8601
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


def _compare_times(test: Callable[[datetime, datetime], bool]) -> Callable[[Json, Json], bool]:
    def holds(seen: Json, wanted: Json) -> bool:
        left, right = moment(seen), moment(wanted)
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


@dataclass(frozen=True, kw_only=True, slots=True)
class Filters:
    """Compiled filters of one kind of object. None configured: everything passes."""

    lists: tuple[tuple[tuple[Clause, Operator, Accessor], ...], ...] = ()

    def refused(self, entry: Entry) -> tuple[str, Json] | None:
        """None if the entry passes; else (the first clause that failed in each list, joined with OR; what was seen).

        Raises FilterError when the answer hangs on a pattern that takes too long on a value: then the scope is
        unknown, not "out".
        """
        failed: list[tuple[str, Json]] = []
        unknown: FilterError | None = None
        for clauses in self.lists:
            try:
                found = _first_failed(clauses, entry)
            except FilterError as error:
                unknown = error
                continue
            if found is None:
                return None
            failed.append(found)
        if unknown is not None:
            raise unknown
        return (" OR ".join(clause for clause, _ in failed), failed[0][1]) if failed else None


def _first_failed(clauses: Sequence[tuple[Clause, Operator, Accessor]], entry: Entry) -> tuple[str, Json] | None:
    """The first clause that does not hold, and what it saw; None if all hold. A clause that fails outweighs one that
    cannot be told: only without one FilterError is raised."""
    unknown: FilterError | None = None
    for clause, how, accessor in clauses:
        seen = accessor(entry)
        try:
            if not holds(clause, how, seen):
                return str(clause), seen
        except FilterError as error:
            unknown = error
    if unknown is not None:
        raise unknown
    return None


def holds(clause: Clause, how: Operator, seen: Json) -> bool:
    """Whether one clause holds for a value; of several values one is enough (all for the negated operators).

    Raises FilterError when a pattern takes too long.
    """
    values = [value for value in (seen if isinstance(seen, (list, tuple)) else [seen]) if not is_empty(value)]
    if clause.operator == "IS NULL":
        return not values
    if not values:
        return False
    every = all if clause.operator.startswith("NOT ") else any
    try:
        return every(how.test(value, clause.value) for value in values)
    except TimeoutError:
        raise FilterError(clause=str(clause), detail="the pattern takes too long on a value") from None


def compile_filters(lists: Sequence[Sequence[Clause]], resolve: Callable[[str], Accessor]) -> Filters:
    """Compile configured filters; `resolve` gives the accessor of an attribute's name."""
    return Filters(
        lists=tuple(
            tuple((clause, OPERATORS[clause.operator], resolve(clause.attribute)) for clause in clauses)
            for clauses in lists
        )
    )
