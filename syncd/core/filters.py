"""Scoping filters: clauses joined with AND, lists of clauses with OR (comparisons.py has what a clause compares with).

A clause is false when the attribute is null or empty, IS NULL excepted, so NOT EQUALS is not the negation of EQUALS. Of
several values one is enough; the negated operators must hold for all. A clause may be an expression in place of these:
it holds where that gives true. What cannot be told raises FilterError: then the scope is unknown, not "out".
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from syncd.core.comparisons import COMPARISONS
from syncd.core.entry import Entry
from syncd.core.errors import SyncdError
from syncd.core.expression import (
    EvaluationContext,
    Expression,
    ExpressionError,
    Ignored,
    IgnoreObject,
    compile_expression,
    render,
)
from syncd.core.model import Json
from syncd.core.operators import OPERATORS, moment, operator_name, relative
from syncd.core.redaction import shown_expression
from syncd.core.schema import is_empty
from syncd.core.source_attribute import Accessor

__all__ = ["OPERATORS", "Clause", "FilterError", "Filters", "compile_filters", "holds", "moment", "operator_name"]


_A_SECOND = timedelta(seconds=1)


@dataclass(kw_only=True, eq=False)
class FilterError(SyncdError):
    """Filter {clause}: {detail}. Correct it in config.toml, then run: syncd check"""

    clause: str
    detail: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Clause:
    """One condition as configured: an attribute with an operator in the spelling of OPERATORS, or an expression."""

    attribute: str = ""
    operator: str = ""
    value: Json = None
    expression: str | None = None

    def __str__(self) -> str:
        if self.expression is not None:
            return shown_expression(self.expression)
        shown = "" if self.value is None else f' "{self.value}"' if isinstance(self.value, str) else f" {self.value}"
        return f"{self.attribute} {self.operator}{shown}"

    @property
    def attributes(self) -> frozenset[str]:
        """The source attributes that it names."""
        if self.expression is not None:
            return compile_expression(self.expression).attributes
        return frozenset([self.attribute])

    @property
    def uses_clock(self) -> bool:
        """Whether an expression asks what time it is: when its answer changes cannot be told beforehand."""
        return self.expression is not None and compile_expression(self.expression).uses_clock

    @property
    def ahead(self) -> timedelta | None:
        """How far from now the time lies that it compares with; None where it compares with none, or a fixed one."""
        dated = self.expression is None and OPERATORS[self.operator].dated
        return relative(self.value) if dated else None


#: says whether a clause holds for an entry, and what it saw; raises FilterError
_Test = Callable[[Entry, EvaluationContext], tuple[bool, Json]]


@dataclass(frozen=True, kw_only=True, slots=True)
class Filters:
    """Compiled filters of one kind of object. None configured: everything passes."""

    lists: tuple[tuple[tuple[Clause, _Test], ...], ...] = ()
    #: attributes that are compared with a time relative to now, and how far from now
    dated: tuple[tuple[Accessor, timedelta], ...] = ()

    @property
    def uses_clock(self) -> bool:
        """Whether it may let an object in or out that stays as it is, at a time that cannot be told beforehand."""
        return any(clause.uses_clock for clauses in self.lists for clause, _ in clauses)

    def next_turn(self, entry: Entry, now: datetime) -> datetime | None:
        """The first time after now at which a clause with a relative time may answer otherwise for this entry as it is;
        None: never again. A second late, as a comparison turns just after the moment itself."""
        turns: list[datetime] = []
        for accessor, ahead in self.dated:
            seen = accessor(entry)
            for value in seen if isinstance(seen, (list, tuple)) else [seen]:
                with contextlib.suppress(OverflowError):  # in no year that there is
                    if (at := moment(value)) is not None and (turn := at - ahead + _A_SECOND) > now:
                        turns.append(turn.astimezone(UTC))
        return min(turns, default=None)

    def refused(self, entry: Entry, context: EvaluationContext | None = None) -> tuple[str, Json] | None:
        """None if the entry passes; else (the first clause that failed in each list, joined with OR; what was seen).

        Raises FilterError when the answer hangs on a clause that cannot be told, such as a pattern that takes too long
        on a value: then the scope is unknown, not "out".
        """
        around = context or EvaluationContext()
        failed: list[tuple[str, Json]] = []
        unknown: FilterError | None = None
        for clauses in self.lists:
            try:
                found = _first_failed(clauses, entry, around)
            except FilterError as error:
                unknown = error
                continue
            if found is None:
                return None
            failed.append(found)
        if unknown is not None:
            raise unknown
        return (" OR ".join(clause for clause, _ in failed), failed[0][1]) if failed else None


def _first_failed(
    clauses: Sequence[tuple[Clause, _Test]], entry: Entry, context: EvaluationContext
) -> tuple[str, Json] | None:
    """The first clause that does not hold, and what it saw; None if all hold. A clause that fails outweighs one that
    cannot be told: only without one FilterError is raised."""
    unknown: FilterError | None = None
    for clause, test in clauses:
        try:
            passes, seen = test(entry, context)
        except FilterError as error:
            unknown = error
            continue
        if not passes:
            return str(clause), seen
    if unknown is not None:
        raise unknown
    return None


def holds(clause: Clause, seen: Json, *, now: datetime | None = None) -> bool:
    """Whether one clause holds for a value; of several values one is enough (all for the negated operators).

    Raises FilterError when a pattern takes too long.
    """
    values = [value for value in (seen if isinstance(seen, (list, tuple)) else [seen]) if not is_empty(value)]
    if clause.operator == "IS NULL":
        return not values
    if not values:
        return False
    wanted, compare = clause.value, COMPARISONS[clause.operator]
    if OPERATORS[clause.operator].dated and (ahead := relative(wanted)) is not None:
        wanted = (now or datetime.now(UTC)) + ahead
    every = all if clause.operator.startswith("NOT ") else any
    try:
        return every(compare(value, wanted) for value in values)
    except TimeoutError:
        raise FilterError(clause=str(clause), detail="the pattern takes too long on a value") from None


def compile_filters(lists: Sequence[Sequence[Clause]], resolve: Callable[[str], Accessor]) -> Filters:
    """Compile configured filters; `resolve` gives the accessor of an attribute's name. Raises ExpressionError."""
    dated = [(resolve(c.attribute), c.ahead) for clauses in lists for c in clauses if c.ahead is not None]
    return Filters(
        lists=tuple(tuple((clause, _compile(clause, resolve)) for clause in clauses) for clauses in lists),
        dated=tuple((accessor, ahead) for accessor, ahead in dated if ahead is not None),
    )


def _compile(clause: Clause, resolve: Callable[[str], Accessor]) -> _Test:
    if clause.expression is not None:
        expression = compile_expression(clause.expression)
        return _of_expression(clause, expression, {name: resolve(name) for name in expression.attributes})
    accessor = resolve(clause.attribute)

    def test(entry: Entry, context: EvaluationContext) -> tuple[bool, Json]:
        seen = accessor(entry)
        return holds(clause, seen, now=context.now()), seen

    return test


def _of_expression(clause: Clause, expression: Expression, reads: Mapping[str, Accessor]) -> _Test:
    def test(entry: Entry, context: EvaluationContext) -> tuple[bool, Json]:
        try:
            found = expression.evaluate({name: read(entry) for name, read in reads.items()}, context)
        except ExpressionError as error:
            raise FilterError(clause=str(clause), detail=f"column {error.column}: {error.message}") from None
        except IgnoreObject:
            raise FilterError(clause=str(clause), detail="it says IgnoreObjectFlow") from None
        if isinstance(found, Ignored):
            raise FilterError(clause=str(clause), detail="it says IgnoreAttributeFlow, which is neither yes nor no")
        values = found if isinstance(found, list) else [found]
        passes = len(values) == 1 and str(render(values[0])).lower() == "true"
        return passes, None if expression.redacts else found

    return test
