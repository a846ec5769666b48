"""Quarantine: a job that fails as a whole is tried ever more rarely, says so, and heals by itself.

Reasons: the source or the target refuses the credentials (at once), or most of a cycle's changes fail. Nothing is ever
given up: the longest pause is a day. `syncd sync` runs a job whatever its quarantine.
Compare: Microsoft Entra documentation, "Application provisioning in quarantine status".
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

Reason = Literal["credentials", "failing"]

PAUSES = tuple(timedelta(minutes=m) for m in (30, 60, 120, 240, 480, 1440))
#: a cycle with fewer failures says nothing about the job as a whole
LEAST_FAILURES = 20
#: percent of the tried changes
MOST_FAILING = 40.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Quarantine:
    """A job's quarantine."""

    reason: Reason
    detail: str  #: in words, with the next command
    since: datetime
    attempts: int  #: cycles that found it still broken
    next_attempt: datetime

    def rests(self, now: datetime) -> bool:
        """Whether the next attempt is still to come; one so far off is that of a clock which was put back since."""
        return now < self.next_attempt <= now + 2 * PAUSES[-1]


def judge(
    before: Quarantine | None, *, refused: str | None, failed: int, done: int, detail: str, now: datetime
) -> Quarantine | None:
    """The quarantine after a cycle; None for a healthy job. `refused`: the words of an error about credentials."""
    if refused is not None:
        reason: Reason = "credentials"
        detail = refused
    elif failed >= LEAST_FAILURES and 100 * failed > MOST_FAILING * (failed + done):
        reason = "failing"
    else:
        return None
    attempts = before.attempts + 1 if before and before.reason == reason else 1
    pause = PAUSES[min(attempts, len(PAUSES)) - 1]
    since = before.since if before and before.reason == reason else now
    return Quarantine(reason=reason, detail=detail, since=since, attempts=attempts, next_attempt=now + pause)
