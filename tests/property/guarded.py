"""Whether a cycle did what the guard lets, by the rows of its plans and what had been approved before it."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from state.row import Row
from syncd.core.change import Action

REMOVALS = (Action.DEACTIVATE, Action.DELETE)


def removals(rows: Iterable[Row], kind: str) -> list[Row]:
    return [row for row in rows if row.change.action in REMOVALS and row.change.kind == kind]


def the_guard_holds(rows: Collection[Row], approved: Collection[str], *, limit: int) -> None:
    """No more than the limit goes without an approval, nothing does once the limit is passed, and what was approved is
    held no more."""
    for kind in ("user", "group"):
        some = removals(rows, kind)
        free = [row.key for row in some if row.status in ("done", "failed") and row.key not in approved]
        over = len({row.key for row in some if row.status in ("done", "failed", "held")}) > limit
        assert len(free) <= (0 if over else limit), (kind, free)
    stuck = [row.change for row in rows if row.status == "held" and row.guarded and row.key in approved]
    assert not stuck, stuck
