"""What is remembered of each job: how far it has taken the mirror in, and how its last cycle went."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from state.engine import put_new, reading
from state.tables import jobs
from syncd.core.model import Json


@dataclass(frozen=True, kw_only=True, slots=True)
class JobState:
    """One job's memory."""

    name: str
    seq: int = 0  #: the mirror's number up to which the last plan went
    config: str | None = None  #: digest of what decides about scope and mapping; another one means: look at everything
    paused: bool = False
    full_at: datetime | None = None
    steady_since: datetime | None = None  #: since when there is nothing left to do
    next_at: datetime | None = None
    restart: str | None = None  #: "full" or "links": asked for by an administrator, done in the next cycle
    last: Json = None  #: the last cycle: {"cycle", "started", "seconds", "result", "counts", "error"}
    quarantine: Json = None


class Jobs:
    """Owner of the table jobs."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine

    def get(self, name: str) -> JobState:
        """The job's memory; that of a new job where there is none."""
        with reading(self._engine) as c:
            row = c.execute(sa.select(jobs).where(jobs.c.name == name)).mappings().first()
        return JobState(**row) if row else JobState(name=name)

    def update(self, name: str, **values: object) -> None:
        with self._engine.begin() as c:
            update_job(c, name, **values)


def update_job(c: sa.Connection, name: str, **values: object) -> None:
    """Set fields of a job's memory inside a transaction of somebody else."""
    put_new(c, jobs, {"name": name, "seq": 0, "paused": False})
    if values:
        c.execute(jobs.update().where(jobs.c.name == name).values(**values))
