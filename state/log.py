"""The provisioning log: one entry a change that was tried, held or skipped, kept for the configured time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime

import sqlalchemy as sa

from state.engine import reading
from state.tables import log
from syncd.core.model import Json, Kind


@dataclass(frozen=True, kw_only=True, slots=True)
class LogEntry:
    """One line of the log, with the field names that `syncd log -o json` shows."""

    time: datetime
    job: str
    cycle: str
    change: str
    action: str  #: create, update, adopt, reactivate, deactivate, delete, add_members, remove_members, staged_delete
    status: str  #: success, failure, skipped, warning
    kind: Kind
    source_id: str
    target_id: str | None
    name: str
    steps: list[Json]
    modified: list[Json]
    error: Json = None


@dataclass(frozen=True, kw_only=True, slots=True)
class CycleTally:
    """How much one cycle changed."""

    cycle: str
    time: datetime  #: of its first entry
    counts: Mapping[tuple[str, str], int]  #: entries by (action, status)


_NAMES = tuple(field.name for field in fields(LogEntry))


#: entries, counted from the newest, among which the last cycles are looked for
_LOOKED_AT = 100_000


class Log:
    """Owner of the table log."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine

    def entries(
        self,
        *,
        jobs: Sequence[str] = (),
        user: str | None = None,
        status: str | None = None,
        since: datetime | None = None,
    ) -> Iterator[LogEntry]:
        """Entries, oldest first. `user`: a name (letter case aside) or a source or target id."""
        return (entry for _, entry in self.numbered(jobs=jobs, user=user, status=status, since=since))

    def numbered(
        self,
        *,
        jobs: Sequence[str] = (),
        user: str | None = None,
        status: str | None = None,
        since: datetime | None = None,
        after: int = 0,
    ) -> Iterator[tuple[int, LogEntry]]:
        """The same with the numbers of the entries, from behind the number `after` on."""
        query = sa.select(log)
        if jobs:
            query = query.where(log.c.job.in_(list(jobs)))
        if status is not None:
            query = query.where(log.c.status == status)
        if since is not None:
            query = query.where(log.c.time >= since)
        # The databases differ in what they fold beyond ASCII: then every entry is looked at here.
        plain = user is None or user.isascii()
        if user is not None and plain:
            same_name = sa.func.lower(log.c.name) == user.lower()
            query = query.where(same_name | (log.c.source_id == user) | (log.c.target_id == user))
        last = after
        while True:
            with reading(self._engine) as c:
                rows = c.execute(query.where(log.c.id > last).order_by(log.c.id).limit(1000)).mappings().all()
            if not rows:
                return
            last = rows[-1]["id"]
            for row in rows:
                entry = LogEntry(**{key: value for key, value in row.items() if key != "id"})
                if plain or _is(entry, user or ""):
                    yield row["id"], entry

    def removed(self, job: str, kind: Kind, *, since: datetime) -> int:
        """How many objects this job deactivated or deleted since then, each counted once."""
        where = (log.c.job == job) & (log.c.time >= since) & (log.c.kind == kind)
        where &= log.c.action.in_(["deactivate", "delete"]) & (log.c.status == "success")
        with reading(self._engine) as c:
            return c.scalar(sa.select(sa.func.count(log.c.source_id.distinct())).where(where)) or 0

    def newest(self, job: str, source_id: str, *, count: int) -> list[LogEntry]:
        """The last entries of one object, newest first."""
        where = (log.c.job == job) & (log.c.source_id == source_id)
        with reading(self._engine) as c:
            rows = c.execute(sa.select(log).where(where).order_by(log.c.id.desc()).limit(count)).mappings()
            return [LogEntry(**{key: value for key, value in row.items() if key != "id"}) for row in rows]

    def cycles(self, job: str, *, count: int) -> list[CycleTally]:
        """The last cycles that changed something or tried to, oldest first. It looks back a bounded number of entries."""
        newest = sa.select(sa.func.max(log.c.id)).scalar_subquery()
        recent = (log.c.job == job) & (log.c.id > newest - _LOOKED_AT) & log.c.status.in_(["success", "failure"])
        last = sa.func.max(log.c.id)
        columns = (log.c.cycle, log.c.action, log.c.status)
        with reading(self._engine) as c:
            few = sa.select(log.c.cycle).where(recent).group_by(log.c.cycle).order_by(last.desc()).limit(count)
            cycles = list(c.scalars(few))[::-1]
            of_them = recent & log.c.cycle.in_(cycles)
            tallies = sa.select(*columns, sa.func.count(), sa.func.min(log.c.time)).where(of_them).group_by(*columns)
            rows = c.execute(tallies).all()
        return [
            CycleTally(
                cycle=cycle,
                time=min(time for name, _, _, _, time in rows if name == cycle),
                counts={(action, status): number for name, action, status, number, _ in rows if name == cycle},
            )
            for cycle in cycles
        ]

    def drop_before(self, time: datetime) -> int:
        """Forget what is older than the retention. Returns how many entries."""
        with self._engine.begin() as c:
            return c.execute(log.delete().where(log.c.time < time)).rowcount


def _is(entry: LogEntry, user: str) -> bool:
    return user in (entry.source_id, entry.target_id) or entry.name.casefold() == user.casefold()


def write_log(c: sa.Connection, entries: Sequence[LogEntry]) -> None:
    """Append entries inside somebody else's transaction."""
    if entries:
        c.execute(log.insert(), [{name: getattr(entry, name) for name in _NAMES} for entry in entries])
