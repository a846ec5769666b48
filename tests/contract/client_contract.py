"""What every HTTP client of ours does when a service says that it is too much. Inherited by one class a service."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

import pytest

from connectors.sandbox.journal import Entry

TASKS = 4


@dataclass(frozen=True, kw_only=True)
class Caller:
    """A client of a service whose clock moves only when the client waits."""

    ask: Callable[
        [int], Awaitable[Any]
    ]  #: something that costs a request or more; the number tells one task's from another's
    refuse: Callable[[dict[str, Any]], None]  #: the next request is answered with this action
    answered: Callable[[], Sequence[Entry]]


class ClientContract:
    """A subclass gives `caller` (a fixture) and what its service allows one caller."""

    limit: int = 0  #: requests that the service allows one principal in `window_s`; the half of them is ours
    window_s: float = 60.0

    @pytest.fixture
    def caller(self) -> Caller:
        raise NotImplementedError

    @pytest.mark.parametrize(("told", "least", "most"), [(7, 7.0, 9.0), ("date:20", 19.0, 22.0), (None, 0.2, 31.0)])
    async def test_429_waits_as_told_and_stays_under_half_the_limit(
        self, caller: Caller, told: Any, least: float, most: float
    ) -> None:
        await caller.ask(0)  # what is asked once alone, as discovery, is over
        caller.refuse({"status": 429} | ({} if told is None else {"retry_after": told}))
        before = len(caller.answered())
        for _ in range(3):
            await asyncio.gather(*(caller.ask(task) for task in range(TASKS)))
        entries = list(caller.answered())[before:]
        (refused,) = [entry for entry in entries if entry.status == 429]
        # Who was under way already when the refusal came could not know of it.
        later = [entry for entry in entries if entry.n > refused.n + TASKS - 1]
        assert {entry.status for entry in later} <= {200, 204, 404}
        waited = min(entry.at for entry in later) - refused.at
        assert least <= waited <= most * TASKS, "each task's own wait moves the one clock"
        for _ in range(10):
            await asyncio.gather(*(caller.ask(task) for task in range(TASKS)))
        times = sorted(entry.at for entry in caller.answered())
        assert len(times) > 40
        self.assert_paced(times)

    def assert_paced(self, times: Sequence[float]) -> None:
        """Never more than half of what is allowed in a window, which begins with its first request."""
        began, used = times[0], 0
        for at in times:
            if at - began >= self.window_s - 0.001:  # the journal rounds
                began, used = at, 0
            used += 1
            assert used <= self.limit // 2, f"more than {self.limit // 2} requests in {self.window_s} s"
