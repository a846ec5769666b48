"""Time that passes when somebody sleeps: waits of minutes take no time in a test."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

from connectors.scim.timing import Timing


class QuickTime:
    def __init__(self) -> None:
        self.elapsed_s = 0.0
        self.slept: list[float] = []
        self.start = datetime(2026, 1, 1, tzinfo=UTC)

    @property
    def timing(self) -> Timing:
        return Timing(now=self.now, monotonic=lambda: self.elapsed_s, sleep=self.sleep, random=lambda: 0.5)

    def now(self) -> datetime:
        return self.start + timedelta(seconds=self.elapsed_s)

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.elapsed_s += max(0.0, seconds)
        await asyncio.sleep(0)
