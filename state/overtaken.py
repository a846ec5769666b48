"""Member rows of a plan to whose group another plan has sent members since: on demand beside a cycle, or the other way round.

Work on demand claims the user, not the groups, so both may add the same member; and there are services that keep one twice.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import sqlalchemy as sa

from state.engine import parts
from state.row import Row
from state.tables import changes, plans
from syncd.core.change import Action

_OF_MEMBERS = [int(action) for action in Action if action.of_members]
LONGEST = timedelta(days=1)  #: no plan is made so long before it is carried out


def overtaken(c: sa.Connection, plan: str, rows: Sequence[Row]) -> set[str]:
    """Keys of the rows that were worked out before another plan's requests for the same group had an end. Two cycles of a
    job never run side by side, so of two plans one is on demand."""
    some = [row for row in rows if row.change.action.of_members]
    if not some:
        return set()
    mine = c.execute(sa.select(plans.c.job, plans.c.seq, plans.c.created_at).where(plans.c.id == plan)).one()
    theirs = (plans.c.job == mine.job) & (plans.c.id != plan) & (plans.c.created_at > mine.created_at - LONGEST)
    if mine.seq is not None:
        theirs &= plans.c.seq.is_(None)
    others = list(c.scalars(sa.select(plans.c.id).where(theirs, plans.c.status.in_(["applying", "done", "unsettled"]))))
    under_way = (changes.c.status == "sent") & (plans.c.status == "applying")
    ended = changes.c.status.in_(["sent", "done", "failed"]) & (changes.c.changed_at > mine.created_at)
    groups: set[str] = set()
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
    return {row.key for row in some if row.change.source_id in groups}
