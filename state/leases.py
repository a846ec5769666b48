"""One writer per job: a lease row says who, and until when. Objects that on-demand work has in hand are claimed."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

import sqlalchemy as sa

from state.engine import put_new, reading
from state.errors import Busy, TakenOver
from state.process import Process, spoken_of
from state.tables import changes, claims, leases, plans
from syncd.core.model import Kind

LEASE = timedelta(seconds=60)  #: how long a killed process on another host blocks
CLAIM = timedelta(minutes=5)
_KEEP = (
    leases.update()
    .where(leases.c.job == sa.bindparam("of_job"), leases.c.owner == sa.bindparam("of_owner"))
    .values(until=sa.bindparam("to"))
)


class Leases:
    """Owner of the tables leases and claims."""

    def __init__(self, engine: sa.Engine, process: Process | None = None) -> None:
        self._engine = engine
        self.owner = uuid.uuid4().hex
        self._me = process or Process.this()

    def take(self, job: str, *, now: datetime) -> None:
        """Take or renew the lease of a job. Raises Busy while another process holds it."""
        with self._engine.begin() as c:
            values = {"owner": self.owner, "host": self._me.host, "process": self._me.mark, "until": now + LEASE}
            put_new(c, leases, {"job": job, **values})
            row = c.execute(sa.select(leases).where(leases.c.job == job).with_for_update()).one()
            if row.owner != self.owner and self._holds(row, now):
                raise Busy(job=job, owner=spoken_of(row.host, row.process))
            c.execute(leases.update().where(leases.c.job == job).values(**values))

    def renew(self, job: str, *, now: datetime) -> None:
        """Extend our lease. Raises TakenOver when it is no longer ours: then nothing more may be written."""
        with self._engine.begin() as c:
            keep_lease(c, job, self.owner, now=now)

    def give_back(self, job: str) -> None:
        """End our lease; one that is no longer ours stays as it is."""
        with self._engine.begin() as c:
            c.execute(leases.delete().where(leases.c.job == job, leases.c.owner == self.owner))

    def worker(self, job: str, *, now: datetime) -> str | None:
        """Who holds the lease of a job, in words; None: nobody, or we ourselves."""
        with reading(self._engine) as c:
            row = c.execute(sa.select(leases).where(leases.c.job == job)).first()
        if row is None or row.owner == self.owner or not self._holds(row, now):
            return None
        return spoken_of(row.host, row.process)

    def _holds(self, row: sa.Row[tuple[object, ...]], now: datetime) -> bool:
        return row.until > now and not self._me.knows_dead(row.host, row.process)

    @contextmanager
    def claim(self, job: str, kind: Kind, source_id: str, *, now: datetime) -> Iterator[None]:
        """Have one object to ourselves for a while.

        Raises Busy while another on-demand call has it, and while a request for it is under way in a running cycle.
        """
        mine = {"job": job, "kind": kind, "source_id": source_id}
        key = sa.and_(*(claims.c[name] == value for name, value in mine.items()))
        values = {"owner": self.owner, "host": self._me.host, "process": self._me.mark, "until": now + CLAIM}
        with self._engine.begin() as c:
            # The lease's row is locked by whoever marks requests as sent, so each of us sees what the other did.
            lease = c.execute(sa.select(leases).where(leases.c.job == job).with_for_update()).first()
            if lease is not None and self._holds(lease, now) and c.execute(_in_hand(job, kind, source_id)).first():
                raise Busy(job=job, owner=spoken_of(lease.host, lease.process))
            put_new(c, claims, {**mine, **values})
            row = c.execute(sa.select(claims).where(key).with_for_update()).one()
            if row.owner != self.owner and self._holds(row, now):
                raise Busy(
                    job=job, owner=f"another on-demand call for the same object ({spoken_of(row.host, row.process)})"
                )
            c.execute(claims.update().where(key).values(**values))
        try:
            yield
        finally:
            with self._engine.begin() as c:
                c.execute(claims.delete().where(key & (claims.c.owner == self.owner)))

    def release_dead(self, job: str) -> None:
        """End the claims that processes of this host left when they were killed: what they sent can be looked up now."""
        mine = sa.select(claims).where(claims.c.job == job)
        with reading(self._engine) as c:
            dead = [row for row in c.execute(mine) if self._me.knows_dead(row.host, row.process)]
        if dead:
            with self._engine.begin() as c:
                for row in dead:
                    same = (claims.c.kind == row.kind) & (claims.c.source_id == row.source_id)
                    c.execute(claims.delete().where(claims.c.job == job, same, claims.c.owner == row.owner))


def reader_of(source: str) -> str:
    """The name of the lease that the one reader of a source holds."""
    return f"source:{source}"


def keep_lease(c: sa.Connection, job: str, owner: str, *, now: datetime) -> None:
    """Extend a lease inside a transaction, which then holds its row. Raises TakenOver when it is no longer theirs."""
    if not c.execute(_KEEP, {"of_job": job, "of_owner": owner, "to": now + LEASE}).rowcount:
        raise TakenOver(job=job)


def lock_job(c: sa.Connection, job: str) -> None:
    """Inside a transaction that marks requests as sent: nobody claims an object of this job meanwhile."""
    c.execute(sa.select(leases.c.job).where(leases.c.job == job).with_for_update())


def _in_hand(job: str, kind: Kind, source_id: str) -> sa.Select[tuple[str]]:
    sent = (changes.c.plan == plans.c.id) & (changes.c.status == "sent")
    sent &= (changes.c.kind == kind) & (changes.c.source_id == source_id)
    return sa.select(plans.c.id).where(plans.c.job == job, plans.c.status == "applying", sent)
