"""Whether the daemon is of use: its state DB answers, and no job has gone without success for too long."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy.exc import SQLAlchemyError

from state.errors import StateError
from state.jobs import JobState
from syncd.config.schedule import Schedule

if TYPE_CHECKING:
    from syncd.runtime import Runtime

#: how many intervals may pass without success, and how much time at the least
MISSED = 3
PATIENCE = timedelta(hours=1)
#: what counts as the interval of a cron schedule, which may rest over night
CRON = timedelta(hours=8)


def staleness(memory: JobState, schedule: Schedule, *, now: datetime) -> str | None:
    """A sentence that says since when no cycle of a job went well, if that is too long; None before its first cycle."""
    last = memory.last
    if not last:
        return None
    success = last.get("success")
    limit = max(MISSED * (schedule.every or CRON), PATIENCE)
    if success is not None and now - datetime.fromisoformat(success) <= limit:
        return None
    since = success[:16].replace("T", " ") + " UTC" if success else "the beginning"
    return f"no cycle went well since {since}"


def impediments(runtime: Runtime) -> Iterator[str]:
    """Why the daemon is not ready, a line each; none: it is. A paused job is nobody's fault."""
    now = runtime.clock.now()
    try:
        for name, said in runtime.settings.jobs.items():
            memory = runtime.store.jobs.get(name)
            if not memory.paused and (stale := staleness(memory, said.schedule, now=now)) is not None:
                yield f"job {name}: {stale}"
    except (StateError, SQLAlchemyError) as error:
        # Its text names the database's address, which is no business of whoever may ask.
        yield f"the state DB does not answer ({type(error).__name__})"
