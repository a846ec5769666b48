"""Rows of a plan whose object's link has moved since they were planned: somebody else has dealt with it meanwhile, or it is
gone."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from state.engine import parts
from state.in_hand import adopted
from state.row import Row
from state.tables import links, targets
from syncd.core.change import Action
from syncd.core.model import Kind

#: on an older link these would write over, or double, what somebody else did meanwhile
_NEEDS_SAME_LINK = frozenset(
    {Action.CREATE, Action.ADOPT, Action.REACTIVATE, Action.UPDATE, Action.DEACTIVATE, Action.DELETE}
)
_LINKS = sa.select(links.c.source_id, links.c.rev, links.c.target_id).where(
    links.c.job == sa.bindparam("of_job"),
    links.c.kind == sa.bindparam("of_kind"),
    links.c.source_id.in_(sa.bindparam("ids", expanding=True)),
)
_OF_OTHERS = sa.select(links.c.target_id).where(
    links.c.target == sa.bindparam("of_target"),
    links.c.kind == sa.bindparam("of_kind"),
    links.c.target_id.in_(sa.bindparam("ids", expanding=True)),
    links.c.job != sa.bindparam("of_job"),
)


def moved(c: sa.Connection, job: str, kind: Kind, rows: Sequence[Row]) -> set[str]:
    """Keys of rows that need the link they were planned on, and that is another one by now. A link that was dropped and
    made anew begins with the first revision again, so it counts where it leads to, too. Members and references need no
    more than that: an earlier stage of the same plan may have written to the link."""
    found: set[str] = set()
    for part in parts(rows):
        ids = [row.change.source_id for row in part]
        now = {one.source_id: one for one in c.execute(_LINKS, {"of_job": job, "of_kind": kind, "ids": ids})}
        found |= {row.key for row in part if _is_other(row, now.get(row.change.source_id))}
    return found


def taken(
    c: sa.Connection, job: str, target: str, rows: Sequence[Row], *, others: Collection[str], now: datetime
) -> set[str]:
    """Keys of rows that adopt an account to which another job has a link by now, or which one of the `others` on the target
    is adopting: it must not be written to."""
    found: set[str] = set()
    adopting = [row for row in rows if row.change.action is Action.ADOPT]
    if adopting and others:  # of two jobs that look at the same moment one would else not see the other
        c.execute(sa.select(targets.c.name).where(targets.c.name == target).with_for_update())
    for kind in dict.fromkeys(row.change.kind for row in adopting):
        of_kind = [row for row in adopting if row.change.kind == kind]
        for part in parts(of_kind):
            ids = [row.change.target_id or "" for row in part]
            theirs = set(c.scalars(_OF_OTHERS, {"of_target": target, "of_kind": kind, "of_job": job, "ids": ids}))
            theirs |= adopted(c, others, kind, ids, now=now)
            found |= {row.key for row in part if row.change.target_id in theirs}
    return found


def _is_other(row: Row, link: Any) -> bool:
    change = row.change
    if link is None:
        return row.rev is not None or change.action not in _NEEDS_SAME_LINK
    if change.action in _NEEDS_SAME_LINK and link.rev != row.rev:
        return True
    # An adoption leads to another account than a link to one that is gone.
    other = change.target_id is not None and change.target_id != link.target_id
    return other and change.action is not Action.ADOPT
