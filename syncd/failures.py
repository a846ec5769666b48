"""When a failed object is tried again: soon at first, then ever more rarely, daily in the end, and never given up."""

from __future__ import annotations

from datetime import datetime, timedelta

from state.pending import LONGEST_PAUSE, Wait
from syncd.core.model import Json, Kind

STEPS = (*(timedelta(minutes=m) for m in (5, 15, 60, 180, 360, 720)), LONGEST_PAUSE)


def failed(
    kind: Kind, source_id: str, error: Json, *, now: datetime, before: Wait | None, permanent: bool = False
) -> Wait:
    """The memory of one more failure. `permanent`: it will hardly change by itself, so try daily from the start."""
    attempts = (before.attempts if before else 0) + 1
    step = STEPS[-1] if permanent else STEPS[min(attempts, len(STEPS)) - 1]
    return Wait(
        kind=kind,
        source_id=source_id,
        reason="failed",
        since=before.since if before else now,
        due_at=now + step,
        attempts=attempts,
        detail=error,
    )


def again(kind: Kind, source_id: str, *, now: datetime) -> Wait:
    """To be looked at in the next round: nothing has failed, but its plan was made on what has changed since."""
    return Wait(kind=kind, source_id=source_id, reason="again", since=now, due_at=now)
