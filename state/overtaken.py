"""Rows of a plan whose objects another plan has in hand, or has sent members to since: on demand beside a cycle, or the other
way round.

Work on demand claims the user, not the groups, so both may add the same member; and there are services that keep one twice.
Its claim may have run out, or gone with its process, before anybody has looked up what it sent.
"""

from __future__ import annotations

from collections.abc import Sequence, Set
from datetime import timedelta

import sqlalchemy as sa

from state.engine import parts
from state.row import Row
from state.tables import changes, plans
from syncd.core.change import Action

_OF_MEMBERS = [int(action) for action in Action if action.of_members]
LONGEST_PLAN = timedelta(days=1)  #: no plan is made so long before it is carried out


def overtaken(c: sa.Connection, plan: str, rows: Sequence[Row]) -> set[str]:
    """Keys of rows of members that were worked out before another plan's requests for the same group had an end, and of rows
    whose own object work on demand has requests under way for. Two cycles of a job never run side by side, so of two
    plans one is on demand."""
    mine = c.execute(sa.select(plans.c.job, plans.c.seq, plans.c.created_at).where(plans.c.id == plan)).one()
    if mine.seq is None and not any(row.change.action.of_members for row in rows):
        return set()
    theirs = (plans.c.job == mine.job) & (plans.c.id != plan) & (plans.c.created_at > mine.created_at - LONGEST_PLAN)
    if mine.seq is not None:
        theirs &= plans.c.seq.is_(None)
    others = list(c.scalars(sa.select(plans.c.id).where(theirs, plans.c.status.in_(["applying", "done", "unsettled"]))))
    if not others:
        return set()
    under_way = (changes.c.status == "sent") & (plans.c.status == "applying")
    # A plan that was made later ended its rows later, whatever the clock said that was put back meanwhile.
    since = (changes.c.changed_at > mine.created_at) | (plans.c.created_at > mine.created_at)
    ended = changes.c.status.in_(["sent", "done", "failed"]) & since
    groups: set[str] = set()
    in_hand: set[tuple[str, str]] = set()
    for part in parts(others):
        groups.update(
            c.scalars(
                sa.select(changes.c.source_id)
                .join(plans, plans.c.id == changes.c.plan)
                .where(
                    changes.c.plan.in_(part),
                    changes.c.kind == "group",
                    changes.c.action.in_(_OF_MEMBERS),
                    under_way | ended,
                )
            )
        )
        if mine.seq is not None:
            objects = sa.select(changes.c.kind, changes.c.source_id).join(plans, plans.c.id == changes.c.plan)
            in_hand.update((kind, id_) for kind, id_ in c.execute(objects.where(changes.c.plan.in_(part), under_way)))
    return {row.key for row in rows if _is_of(row, groups, in_hand)}


def _is_of(row: Row, groups: Set[str], in_hand: Set[tuple[str, str]]) -> bool:
    change = row.change
    return (change.kind, change.source_id) in in_hand or (change.action.of_members and change.source_id in groups)
