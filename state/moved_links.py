"""Rows of a plan whose object's link has moved since they were planned: somebody else has dealt with it meanwhile."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from state.engine import parts
from state.row import Row
from state.tables import links
from syncd.core.change import Action
from syncd.core.model import Kind

#: on an older link these would write over, or double, what somebody else did meanwhile
_NEEDS_SAME_LINK = frozenset(
    {Action.CREATE, Action.ADOPT, Action.REACTIVATE, Action.UPDATE, Action.DEACTIVATE, Action.DELETE}
)
_REVS = sa.select(links.c.source_id, links.c.rev).where(
    links.c.job == sa.bindparam("of_job"),
    links.c.kind == sa.bindparam("of_kind"),
    links.c.source_id.in_(sa.bindparam("ids", expanding=True)),
)


def moved(c: sa.Connection, job: str, kind: Kind, rows: Sequence[Row]) -> set[str]:
    """Keys of rows that need the link they were planned on, and that is another one by now."""
    found: set[str] = set()
    for part in parts(row for row in rows if row.change.action in _NEEDS_SAME_LINK):
        ids = [row.change.source_id for row in part]
        revs: dict[str, int] = dict(c.execute(_REVS, {"of_job": job, "of_kind": kind, "ids": ids}).all())
        found |= {row.key for row in part if revs.get(row.change.source_id) != row.rev}
    return found
