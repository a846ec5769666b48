"""The guard: holds removals over a limit and accounts over the licence, and lets the rest of the plan go.

It never raises. What it holds waits for `syncd approve`, which frees exactly the reviewed rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from syncd.core.model import Kind

_OBJECTS = {"user": "users", "group": "groups"}


@dataclass(frozen=True, kw_only=True, slots=True)
class DeletionLimit:
    """How many deactivations and deletions of one kind one cycle may do."""

    count: int = 500
    percent: float = 10.0  #: 0 to 100, of the kind's active links
    minimum: int = 10  #: below so many active links the percentage does not count
    window: timedelta | None = None  #: what was removed in this time before a cycle counts with what the cycle removes
    spent: bool = False  #: this cycle has removed already what it may: nothing beyond that goes without an approval

    def tripped(self, removals: int, active: int) -> str | None:
        """The limit that is passed, in words; None if none is. All of them, and more than one, always passes it."""
        if removals > 1 and removals >= active:
            return "all of them"
        if removals > self.count:
            return f"limit {self.count}"
        if active >= self.minimum and 100 * removals > self.percent * active:
            return f"limit {self.percent:g} %"
        return "found after this cycle's removals were counted" if self.spent and removals else None


@dataclass(frozen=True, kw_only=True, slots=True)
class Guards:
    """A job's limits."""

    deletions: DeletionLimit = field(default_factory=DeletionLimit)
    max_active_users: int | None = None  #: the seats of the target's licence
    protect: frozenset[str] = frozenset()  #: names that are never deactivated, never deleted; folded

    def protects(self, names: Sequence[str]) -> bool:
        return any(name.casefold() in self.protect for name in names)


def removals_held(kind: Kind, removals: int, active: int, limit: str, *, earlier: int = 0) -> str:
    """The sentence for removals that are held. `earlier`: how many the limit's window saw before; `active`: with these."""
    share = f"{100 * (removals + earlier) / active:.1f} %, " if active else ""
    if earlier:
        return (
            f"{removals:,} linked {_OBJECTS[kind]} would be deactivated or deleted after {earlier:,} within "
            f"guards.deletions.window, of {active:,} ({share}{limit}); none of these was sent, the rest went on"
        )
    return (
        f"{removals:,} of {active:,} linked {_OBJECTS[kind]} would be deactivated or deleted ({share}{limit}); "
        "none of these was sent, the rest went on"
    )


def seats_held(over: int, active: int, seats: int) -> str:
    """The sentence for accounts that find no seat."""
    return f"no seat: {active:,} of {seats:,} seats are taken, and {over:,} more accounts would need one"


def emptied_held(groups: int) -> str:
    """The sentence for removals that would leave groups without a member."""
    return f"{groups:,} {'group' if groups == 1 else 'groups'} would lose every member; none of these was removed"
