"""The sandbox's clock: every service reads its time here, so that a test can move a week in no time."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta


class Clock:
    """Time as a service sees it.

    Without `start` it follows the machine's clock, plus whatever was advanced. With `start` (an aware datetime) it
    stands still there and only `advance` moves it, which makes answers reproducible.
    """

    def __init__(self, start: datetime | None = None) -> None:
        if start is not None and start.tzinfo is None:
            raise ValueError("the clock's start needs a time zone")
        self._start = start.astimezone(UTC) if start else None
        self._ahead = timedelta()

    def now(self) -> datetime:
        """The present, as an aware UTC datetime."""
        return (self._start or datetime.now(UTC)) + self._ahead

    def time(self) -> float:
        """The present in seconds since 1970."""
        if self._start is None:
            return time.time() + self._ahead.total_seconds()
        return self.now().timestamp()

    def advance(self, seconds: float) -> None:
        """Move on. Going back is refused with ValueError: tokens and windows would come to life again."""
        if seconds < 0:
            raise ValueError("the clock only goes forward")
        self._ahead += timedelta(seconds=seconds)
