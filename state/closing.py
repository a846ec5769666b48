"""Closing rows of a plan: how they ended and all that is remembered because of it, some hundred rows at a time.

Each statement takes all the rows that it is for: one after the other they would cost more than the requests that they
are about.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa

from state.approvals import use_up
from state.engine import parts
from state.links import drop_links_to, drop_members, put_links, put_members
from state.log import write_log
from state.pending import clear_waits, put_waits
from state.row import Closing
from state.tables import changes
from syncd.core.model import Kind

#: made once: building a statement costs more than carrying it out
_CLOSE = (
    changes.update()
    .where(changes.c.plan == sa.bindparam("of_plan"), changes.c.key == sa.bindparam("of_key"))
    .values(status=sa.bindparam("to_status"), error=sa.bindparam("with_error"), changed_at=sa.bindparam("at"))
)
_CLOSE_WELL = (
    changes.update()
    .where(changes.c.plan == sa.bindparam("of_plan"), changes.c.key.in_(sa.bindparam("keys", expanding=True)))
    .values(status=sa.bindparam("to_status"), error=None, changed_at=sa.bindparam("at"))
)


def close_rows(c: sa.Connection, plan: str, job: str, closings: Sequence[Closing], *, now: datetime) -> None:
    """Write all of it inside the caller's transaction.

    Links that go are dropped before others are written: an id at the target may pass from one object to another.
    """
    if not closings:
        return
    _write_ends(c, plan, closings, now)
    gone: dict[Kind, dict[str, str]] = defaultdict(dict)
    over: dict[tuple[Kind, tuple[str, ...]], list[str]] = defaultdict(list)
    for one in closings:
        change = one.row.change
        if one.unlink:
            gone[change.kind][change.source_id] = change.target_id or ""
        if one.done_with:
            over[change.kind, tuple(one.done_with)].append(change.source_id)
    for kind, places in gone.items():
        drop_links_to(c, job, kind, places)
    put_links(c, [(one.target, one.link) for one in closings if one.link is not None])
    put_members(c, job, [(one.row.change.source_id, one.members_in) for one in closings if one.members_in])
    for one in closings:
        if one.members_out:
            drop_members(c, job, one.row.change.source_id, one.members_out)
    for (kind, reasons), ids in over.items():
        clear_waits(c, job, kind, ids, reasons)
    put_waits(c, job, [wait for one in closings for wait in one.waits])
    use_up(c, job, [one.row.key for one in closings if one.status == "done"])
    write_log(c, [one.entry for one in closings if one.entry is not None])


def _write_ends(c: sa.Connection, plan: str, closings: Sequence[Closing], now: datetime) -> None:
    well: dict[str, list[str]] = defaultdict(list)
    others: list[dict[str, object]] = []
    for one in closings:
        if one.error is None:
            well[one.status].append(one.row.key)
        else:
            at = one.row.changed_at if one.row.status == one.status == "sent" else now  # it was sent when it was
            ended = {"of_key": one.row.key, "to_status": one.status, "with_error": one.error}
            others.append({"of_plan": plan, "at": at, **ended})
    for status, keys in well.items():
        for part in parts(keys):
            c.execute(_CLOSE_WELL, {"of_plan": plan, "keys": part, "to_status": status, "at": now})
    if others:
        c.execute(_CLOSE, others)
