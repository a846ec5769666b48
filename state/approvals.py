"""Which held changes an administrator let go: by the checksum that was looked at, for each change once, until a time."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

import sqlalchemy as sa

from state.engine import parts, put, reading
from state.tables import approvals, plans


class Approvals:
    """Owner of the table approvals: the part of the journal that looks at sealed plans."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine

    def latest_with(self, job: str, checksum: str) -> tuple[str, str] | None:
        """(plan id, whole checksum) of the newest plan of a cycle with this checksum, of which eight digits will do."""
        digits = checksum.removeprefix("sha256:")
        if len(digits) < 8 or not all(c in "0123456789abcdef" for c in digits):
            return None
        with reading(self._engine) as c:
            where = _of_cycles(job) & plans.c.checksum.startswith(f"sha256:{digits}")
            row = c.execute(
                sa.select(plans.c.id, plans.c.checksum).where(where).order_by(plans.c.created_at.desc()).limit(1)
            ).first()
        return (row.id, row.checksum) if row else None

    def newest(self, job: str) -> tuple[str, str] | None:
        """(plan id, checksum) of the newest sealed plan of a job's cycles, dry runs included."""
        with reading(self._engine) as c:
            where = _of_cycles(job) & plans.c.checksum.is_not(None)
            row = c.execute(
                sa.select(plans.c.id, plans.c.checksum).where(where).order_by(plans.c.created_at.desc()).limit(1)
            ).first()
        return (row.id, row.checksum) if row else None

    def approve(self, job: str, checksum: str, keys: Iterable[str], *, until: datetime) -> None:
        with self._engine.begin() as c:
            for part in parts(dict.fromkeys(keys)):
                put(c, approvals, [{"job": job, "key": key, "checksum": checksum, "until": until} for key in part])

    def approved(self, job: str, *, now: datetime) -> set[str]:
        """Keys of changes that an administrator let go, and whose time is not over."""
        with reading(self._engine) as c:
            where = (approvals.c.job == job) & (approvals.c.until > now)
            return set(c.scalars(sa.select(approvals.c.key).where(where)))


def _of_cycles(job: str) -> sa.ColumnElement[bool]:
    """What is looked at on demand is one object: such a plan says nothing of what else is held."""
    return (plans.c.job == job) & plans.c.seq.is_not(None)


_USE_UP = approvals.delete().where(
    approvals.c.job == sa.bindparam("of_job"), approvals.c.key.in_(sa.bindparam("keys", expanding=True))
)


def use_up(c: sa.Connection, job: str, keys: Iterable[str]) -> None:
    """An approval holds once: in the transaction that closes its change as done, it goes."""
    for part in parts(keys):
        c.execute(_USE_UP, {"of_job": job, "keys": part})
