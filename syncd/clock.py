"""Time as the daemon sees it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import NamedTuple


class Clock(NamedTuple):
    """What time it is, and a way to wait; tests put their own in."""

    now: Callable[[], datetime]
    sleep: Callable[[float], Awaitable[None]]


async def _sleep(seconds: float) -> None:
    import asyncio  # noqa: PLC0415 - whoever waits has it loaded; a command that only looks does without

    await asyncio.sleep(seconds)


SYSTEM_CLOCK = Clock(now=lambda: datetime.now(UTC), sleep=_sleep)
