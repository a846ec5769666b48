"""Held changes: shown with their reasons, and let go by an approval that names exactly these, until a time."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from state.journal import Row
from syncd.core.errors import SyncdError
from syncd.core.model import Json
from syncd.report.result import row_data
from syncd.runtime import Runtime


@dataclass(kw_only=True, eq=False)
class NothingToApprove(SyncdError):
    """Job {job} has no held changes under checksum {checksum}; nothing was changed. To see what is held now: syncd held --job {job}"""

    job: str
    checksum: str


@dataclass(kw_only=True, eq=False)
class NotApprovable(SyncdError):
    """Job {job}: what {checksum} holds are conflicts, which no approval frees; nothing was changed. To see both sides of each: syncd held --job {job}"""

    job: str
    checksum: str


@dataclass(kw_only=True, eq=False)
class Outdated(SyncdError):
    """Job {job} has another plan by now ({newest}), so {checksum} is outdated; nothing was changed. Look again: syncd held --job {job}"""

    job: str
    checksum: str
    newest: str


def held(runtime: Runtime, jobs: Iterable[str] = ()) -> list[dict[str, Json]]:
    """Per job: the held changes of its newest plan, how many of them an approval can let go, and under which checksum."""
    rows = []
    for name in runtime.job_names(jobs):
        newest = runtime.store.journal.newest(name)
        some = _held(runtime, newest[0]) if newest else []
        rows.append(
            {
                "job": name,
                "checksum": newest[1] if newest and some else None,
                "approvable": sum(row.guarded for row in some),
                "changes": [row_data(row) for row in some],
            }
        )
    return rows


def approve(runtime: Runtime, job: str, checksum: str, *, lasting: timedelta = timedelta(hours=24)) -> int:
    """Let the held changes of this plan go in the next cycle, as long as `lasting`. Returns how many it frees.

    Raises NothingToApprove, NotApprovable where only conflicts are held, and Outdated where a newer plan holds something
    else.
    """
    (name,) = runtime.job_names([job])
    journal = runtime.store.journal
    found = journal.latest_with(name, checksum)
    waiting = _held(runtime, found[0]) if found else []
    if found is None or not waiting:
        raise NothingToApprove(job=name, checksum=checksum)
    rows = [row for row in waiting if row.guarded]
    if not rows:
        raise NotApprovable(job=name, checksum=checksum)
    newest = journal.newest(name)
    if newest is not None and newest[1] != found[1]:
        now_held = {row.key for row in _held(runtime, newest[0])}
        if not {row.key for row in rows} <= now_held:
            raise Outdated(job=name, checksum=checksum, newest=newest[1])
    journal.approve(name, found[1], [row.key for row in rows], until=runtime.clock.now() + lasting)
    return len(rows)


def _held(runtime: Runtime, plan: str) -> list[Row]:
    return list(runtime.store.journal.rows(plan, statuses=("held",), shown=True))
