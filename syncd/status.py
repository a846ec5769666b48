"""`syncd status`: how each job stands, from the state DB alone."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

from state.glance import Glance, glance_at_file, glance_through
from syncd.chosen_jobs import chosen_jobs
from syncd.clock import SYSTEM_CLOCK, Clock
from syncd.config import Settings
from syncd.core.model import Json
from syncd.own_profiles import own_profiles

_SQLITE = "sqlite:///"


def status(settings: Settings, jobs: Iterable[str] = (), *, clock: Clock = SYSTEM_CLOCK) -> list[dict[str, Json]]:
    """The contract's object for each job, with what else is worth knowing: links, who is at work, the target's ways.

    A state DB that is not there is made. Raises UnknownJob, ProfileError and StateError.
    """
    own_profiles(settings)
    glance = _look(settings, clock.now())
    rows: list[dict[str, Json]] = []
    for name in chosen_jobs(settings, jobs):
        said, memory = settings.jobs[name], glance.jobs.get(name, {})
        learned_at, facts = glance.learned.get(said.target, (None, None))
        last = memory.get("last")
        rows.append(
            {
                "job": name,
                "source": said.source,
                "target": said.target,
                "schedule": str(said.schedule),
                "last_cycle": last,
                "next_cycle": _text(memory.get("next_at")),
                "counts": (last or {}).get("counts"),
                "links": {
                    f"{kind}s": {
                        "active": glance.links.get((name, kind, True), 0),
                        "inactive": glance.links.get((name, kind, False), 0),
                    }
                    for kind in ("user", "group")
                },
                "held": glance.waits.get((name, "held"), 0),
                "failing": glance.waits.get((name, "failed"), 0),
                "quarantine": memory.get("quarantine"),
                "paused": memory.get("paused", False),
                "steady_since": _text(memory.get("steady_since")),
                "working": glance.workers.get(name),
                "learned": list((facts or {}).get("learned", ())),
                "learned_at": _text(learned_at),
            }
        )
    return rows


def _look(settings: Settings, now: datetime) -> Glance:
    place, at_file, path = settings.state.url.partition(_SQLITE)
    if not place and at_file and (glance := glance_at_file(Path(path.partition("?")[0]), now=now)) is not None:
        return glance
    from syncd.runtime import open_store  # noqa: PLC0415 - with SQLAlchemy, which takes as long to load as all the rest

    store = open_store(settings)
    try:
        return glance_through(store, now=now)
    finally:
        store.close()


def _text(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat().replace("+00:00", "Z")
