"""One job, compiled: everything about it that does not change between two cycles."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from syncd.core.diff import Policy
from syncd.core.guard import Guards
from syncd.core.mapping import ObjectMapping
from syncd.core.model import Kind
from syncd.core.scope import ScopeRules
from syncd.core.vocabulary import SourceKind


@dataclass(frozen=True, kw_only=True, slots=True)
class KindRules:
    """What a job does with its users, or with its groups."""

    mapping: ObjectMapping
    scope: ScopeRules
    policy: Policy
    attributes: frozenset[str] = frozenset()  #: every source attribute that a row or a filter names
    needs_groups: bool = False  #: some row or filter asks for the names of a user's groups


@dataclass(frozen=True, kw_only=True, slots=True)
class Job:
    """A source, a target, and the rules between them."""

    name: str
    source: str
    source_kind: SourceKind
    target: str
    kinds: Mapping[Kind, KindRules]  #: "group" is missing where groups are off
    guards: Guards
    nested_groups: bool
    drift: str  #: report, repair, ignore
    refusal: Callable[[Kind, str], str | None]  #: why the product does not take an update of a path; None: it does
    digest: str  #: of all that decides about scope and mapping: another one means that everything is looked at again
    default_domain: str | None = None
    precedence: int = 0  #: on one target, of those without a link the job with the higher one has an account

    @property
    def uses_clock(self) -> bool:
        """Some filter asks for the time in an expression: who is in scope may change although nothing changed, and nobody
        can say when."""
        return any(rules.scope.filters.uses_clock for rules in self.kinds.values())
