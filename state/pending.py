"""Work that is put off: failed objects, held ones, references whose other end is missing, graces before a delete.

A plan consumes its job's sequence number, so what it leaves undone is remembered here, or nobody would look again.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from state.engine import parts, put, reading
from state.tables import changes, pending, worklist
from syncd.core.model import Json, Kind

#: nothing that failed is tried more rarely
LONGEST_PAUSE = timedelta(days=1)
#: failed: at its next try · held: until approved · reference: until `wants` is linked · grace: until a delete is due
#: again: planned, never tried (a killed process, an old plan) · turn: until a filter may answer otherwise by the time
REASONS = ("failed", "held", "reference", "grace", "again", "turn")


@dataclass(frozen=True, kw_only=True, slots=True)
class Wait:
    """One object that a later plan must look at again, and from when."""

    kind: Kind
    source_id: str
    reason: str
    since: datetime
    due_at: datetime
    wants: str | None = None
    attempts: int = 0
    detail: Json = None


class Pending:
    """Owner of the table pending."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine

    def of(self, job: str, reason: str, ids: Iterable[tuple[Kind, str]] | None = None) -> list[Wait]:
        """What waits for this reason, oldest first; of these objects where `ids` is given."""
        mine = (pending.c.job == job) & (pending.c.reason == reason)
        some = [mine]
        if ids is not None:
            by_kind: dict[Kind, list[str]] = {"user": [], "group": []}
            for kind, id_ in ids:
                by_kind[kind].append(id_)
            some = [
                mine & (pending.c.kind == kind) & pending.c.source_id.in_(part)
                for kind, those in by_kind.items()
                for part in parts(those)
            ]
        found: list[Wait] = []
        with reading(self._engine) as c:
            for where in some:
                rows = c.execute(sa.select(pending).where(where)).mappings()
                found += [Wait(**{key: value for key, value in row.items() if key != "job"}) for row in rows]
        return sorted(found, key=lambda wait: (wait.since, wait.source_id))

    def count(self, job: str, reason: str) -> int:
        with reading(self._engine) as c:
            where = (pending.c.job == job) & (pending.c.reason == reason)
            return c.scalar(sa.select(sa.func.count()).select_from(pending).where(where)) or 0

    def next_due(self, job: str) -> datetime | None:
        """When the first failed object may be tried again."""
        with reading(self._engine) as c:
            where = (pending.c.job == job) & (pending.c.reason == "failed")
            due: datetime | None = c.scalar(sa.select(sa.func.min(pending.c.due_at)).where(where))
            return due

    def put(self, job: str, waits: Iterable[Wait]) -> None:
        with self._engine.begin() as c:
            put_waits(c, job, waits)

    def clear(self, job: str, kind: Kind, source_id: str, reasons: Sequence[str] = REASONS) -> None:
        with self._engine.begin() as c:
            clear_waits(c, job, kind, [source_id], reasons)

    def make_due(self, job: str, *, now: datetime, source_id: str | None = None) -> int:
        """Failing objects are due at once. Returns how many."""
        with self._engine.begin() as c:
            where = (pending.c.job == job) & (pending.c.reason == "failed")
            if source_id is not None:
                where &= pending.c.source_id == source_id
            return c.execute(pending.update().where(where).values(due_at=now)).rowcount


def put_waits(c: sa.Connection, job: str, waits: Iterable[Wait]) -> None:
    """Remember waits inside somebody else's transaction; a later one for the same reason replaces the earlier."""
    for part in parts({(wait.kind, wait.source_id, wait.reason): wait for wait in waits}.values()):
        put(c, pending, [{"job": job, **asdict(wait)} for wait in part])


_CLEAR = pending.delete().where(
    pending.c.job == sa.bindparam("of_job"),
    pending.c.kind == sa.bindparam("of_kind"),
    pending.c.source_id.in_(sa.bindparam("ids", expanding=True)),
    pending.c.reason.in_(sa.bindparam("reasons", expanding=True)),
)


def clear_waits(c: sa.Connection, job: str, kind: Kind, source_ids: Iterable[str], reasons: Sequence[str]) -> None:
    """These objects no longer wait for these reasons, inside somebody else's transaction."""
    for part in parts(source_ids):
        c.execute(_CLEAR, {"of_job": job, "of_kind": kind, "ids": part, "reasons": list(reasons)})


def clear_looked_at(c: sa.Connection, plan: str, job: str, *, on_demand: bool) -> None:
    """What a plan has looked at waits no longer, and its work list is done; a failure waits until its row is closed. What
    is held is not sent, so it does not fail any more."""
    same = (worklist.c.plan == plan) & (worklist.c.source_id == pending.c.source_id)
    looked_at = sa.exists().where(same, worklist.c.kind == pending.c.kind)
    resolved = sa.exists().where(same, worklist.c.kind == "reference")
    has_row = sa.exists().where(
        changes.c.plan == plan,
        changes.c.kind == pending.c.kind,
        changes.c.source_id == pending.c.source_id,
        changes.c.status != "held",
    )
    mine = pending.c.job == job
    if on_demand:  # of a user's groups only its own memberships were looked at
        users = sa.exists().where(worklist.c.plan == plan, worklist.c.kind == "user")
        mine &= (pending.c.kind == "user") | ~users
    c.execute(pending.delete().where(mine, pending.c.reason.in_(["held", "again", "grace", "turn"]), looked_at))
    c.execute(pending.delete().where(mine, pending.c.reason == "reference", looked_at | resolved))
    c.execute(pending.delete().where(mine, pending.c.reason == "failed", looked_at, ~has_row))
    c.execute(worklist.delete().where(worklist.c.plan == plan))
