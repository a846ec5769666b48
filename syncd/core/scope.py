"""Whether an object is in a job's scope, and the clause that decided. Only OUT may lead to a removal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Literal

import regex

from syncd.core.comparisons import REGEX_TIME_LIMIT_S
from syncd.core.entry import Entry
from syncd.core.expression import EvaluationContext
from syncd.core.filters import FilterError, Filters
from syncd.core.model import Assignment, Json, State


class Scope(Enum):
    """In, out, or not known: what could not be read is never "out"."""

    IN = "in"
    OUT = "out"
    UNKNOWN = "unknown"


@dataclass(frozen=True, kw_only=True, slots=True)
class Verdict:
    """The decision on one object."""

    scope: Scope
    clause: str  #: in words: 'assigned through group Staff', 'department EQUALS "Sales"'
    saw: Json = None  #: the value that decided

    def __str__(self) -> str:
        saw = "" if self.saw is None else f" (it is {self.saw!r})"
        if self.saw is None and self.clause.startswith("filter "):
            saw = " (it has no value)"
        return f"{self.scope.value}: {self.clause}{saw}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Paths:
    """How an object is assigned to the application: directly, and through which groups."""

    direct: Sequence[Assignment] = ()
    through: Mapping[str, Sequence[Assignment]] = field(default_factory=dict)  #: by the group's name and id in words

    @property
    def rows(self) -> list[Assignment]:
        return [*self.direct, *(row for rows in self.through.values() for row in rows)]

    @property
    def roles(self) -> tuple[str, ...]:
        """The app roles of all paths, each once, in a stable order."""
        return tuple(sorted({row.role for row in self.rows if row.role}))


@dataclass(frozen=True, kw_only=True, slots=True)
class Selector:
    """Picks groups by name, as Okta's group push does: one condition is enough."""

    names: frozenset[str] = frozenset()
    prefixes: tuple[str, ...] = ()
    patterns: tuple[str, ...] = ()  #: regular expressions that are found in the name

    def __bool__(self) -> bool:
        return bool(self.names or self.prefixes or self.patterns)

    def picks(self, name: str) -> str | None:
        """The condition that picks a group of this name, in words; None if none does.

        Raises FilterError when none of the others picks it and a pattern takes too long.
        """
        if name in self.names:
            return f"selected by name {name!r}"
        for prefix in self.prefixes:
            if name.startswith(prefix):
                return f"selected by prefix {prefix!r}"
        unknown: FilterError | None = None
        for pattern in self.patterns:
            try:
                if regex.search(pattern, name, timeout=REGEX_TIME_LIMIT_S):
                    return f"selected by regex {pattern!r}"
            except TimeoutError:
                unknown = FilterError(clause=f"select regex {pattern}", detail="the pattern takes too long")
        if unknown is not None:
            raise unknown
        return None


@dataclass(frozen=True, kw_only=True, slots=True)
class ScopeRules:
    """A job's rules for one kind of object."""

    scope: Literal["assigned", "all"]
    filters: Filters
    select: Selector = field(default_factory=Selector)
    select_needs_assignment: bool = True  #: Graph: `select` narrows what is assigned; Okta: it picks out of all groups


def decide(
    rules: ScopeRules, entry: Entry, *, state: State, paths: Paths, name: str, context: EvaluationContext | None = None
) -> Verdict:
    """The verdict on an object that was read. `context`: what time it is, for filters that ask."""
    if state == "gone":
        return Verdict(scope=Scope.OUT, clause="deleted at the source")
    if state == "soft":
        return Verdict(scope=Scope.OUT, clause="in the source's recycle bin")
    selecting = entry.kind == "group" and bool(rules.select)
    assigned = _assigned(rules, entry, paths)
    if assigned is None and (not selecting or rules.select_needs_assignment):
        return Verdict(scope=Scope.OUT, clause=f"{entry.kind} is not assigned to the application")
    try:
        picked = rules.select.picks(name) if selecting else None
        if selecting and picked is None:
            return Verdict(scope=Scope.OUT, clause="not selected by groups.select", saw=name)
        refused = rules.filters.refused(entry, context)
    except FilterError as error:
        return Verdict(scope=Scope.UNKNOWN, clause=str(error))
    if refused is not None:
        return Verdict(scope=Scope.OUT, clause=f"filter {refused[0]}", saw=refused[1])
    return Verdict(scope=Scope.IN, clause=picked or assigned or "")


def _assigned(rules: ScopeRules, entry: Entry, paths: Paths) -> str | None:
    if rules.scope == "all":
        return "everybody is in scope" if entry.kind == "user" else "every group is in scope"
    if paths.direct:
        through = next((row.through for row in paths.direct if row.through), None)
        return f"assigned through group {through}" if through else "assigned directly"
    return f"assigned through group {min(paths.through)}" if paths.through else None
