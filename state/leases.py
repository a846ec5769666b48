"""One writer per job: a lease row says who, and until when. Objects that on-demand work has in hand are claimed."""

from __future__ import annotations

import os
import socket
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

import sqlalchemy as sa

from state.engine import reading
from state.errors import Busy, TakenOver
from state.tables import claims, leases
from syncd.core.model import Kind

LEASE = timedelta(seconds=60)  #: how long a killed process on another host blocks
CLAIM = timedelta(minutes=5)


def process_mark(pid: int) -> str | None:
    """ "pid:start time" of a running process, so that a recycled pid is not taken for the old one; None if gone."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        try:
            os.kill(pid, 0)
        except OSError:
            return None
        return f"{pid}:"  # no /proc here: the pid alone must do
    return f"{pid}:{stat.rpartition(')')[2].split()[19]}"


class Leases:
    """Owner of the tables leases and claims."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine
        self.owner = uuid.uuid4().hex
        self._host = socket.gethostname()
        self._process = process_mark(os.getpid()) or str(os.getpid())

    def take(self, job: str, *, now: datetime) -> None:
        """Take or renew the lease of a job. Raises Busy while another process holds it."""
        with self._engine.begin() as c:
            row = c.execute(sa.select(leases).where(leases.c.job == job).with_for_update()).first()
            values = {"owner": self.owner, "host": self._host, "process": self._process, "until": now + LEASE}
            if row is None:
                c.execute(leases.insert().values(job=job, **values))
            elif row.owner == self.owner or row.until <= now or self._dead(row.host, row.process):
                c.execute(leases.update().where(leases.c.job == job).values(**values))
            else:
                raise Busy(job=job, owner=f"process {row.process.partition(':')[0]} on {row.host}")

    def _dead(self, host: str, process: str) -> bool:
        return host == self._host and process_mark(int(process.partition(":")[0])) != process

    def renew(self, job: str, *, now: datetime) -> None:
        """Extend our lease. Raises TakenOver when it is no longer ours: then nothing more may be written."""
        with self._engine.begin() as c:
            where = (leases.c.job == job) & (leases.c.owner == self.owner)
            if not c.execute(leases.update().where(where).values(until=now + LEASE)).rowcount:
                raise TakenOver(job=job)

    def give_back(self, job: str) -> None:
        with self._engine.begin() as c:
            c.execute(leases.delete().where(leases.c.job == job, leases.c.owner == self.owner))

    def holder(self, job: str, *, now: datetime) -> str | None:
        """Who works on a job at this moment, in words; None: nobody."""
        with reading(self._engine) as c:
            row = c.execute(sa.select(leases).where(leases.c.job == job)).first()
        if row is None or row.until <= now or self._dead(row.host, row.process):
            return None
        return f"process {row.process.partition(':')[0]} on {row.host}"

    @contextmanager
    def claim(self, job: str, kind: Kind, source_id: str, *, now: datetime) -> Iterator[None]:
        """Have one object to ourselves for a while. Raises Busy while another on-demand call has it."""
        key = (claims.c.job == job) & (claims.c.kind == kind) & (claims.c.source_id == source_id)
        with self._engine.begin() as c:
            c.execute(claims.delete().where(key & (claims.c.until <= now)))
            if c.execute(sa.select(claims.c.owner).where(key)).first():
                raise Busy(job=job, owner="another on-demand call for the same object")
            values = {"job": job, "kind": kind, "source_id": source_id}
            c.execute(claims.insert().values(owner=self.owner, until=now + CLAIM, **values))
        try:
            yield
        finally:
            with self._engine.begin() as c:
                c.execute(claims.delete().where(key & (claims.c.owner == self.owner)))
