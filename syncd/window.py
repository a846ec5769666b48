"""Rows of one stage on their way to the target: a bounded number at a time, durable before and after.

The intents of some rows share one commit, made before the first of them leaves; the answers of a tenth of a second
share another. Meanwhile others are under way, so nobody waits for the slowest, and no transaction is open during a request.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass

from state.row import Row
from syncd.core.change import Link, Outcome

#: rows whose intents share one commit
TOGETHER = 100
#: rows that are sent and not yet closed: what a killed process leaves to be looked up
MOST = 200
_ENOUGH = 64  #: answers that need not wait for others
#: how long an answer waits for others: each commit costs what some twenty answers cost
_GATHER_S = 0.1


@dataclass(frozen=True, kw_only=True, slots=True)
class Sent:
    """A row whose intent is durable, and the link that it goes by."""

    row: Row
    link: Link | None


class Window:
    """Carries the rows of one stage out by three verbs of its owner.

    `mark` makes intents durable and gives the rows that may be sent; `send` never raises for what an Outcome can say;
    `close` makes answers durable. Only one of `mark` and `close` is at work at a time. Used once.
    """

    def __init__(
        self,
        *,
        mark: Callable[[Sequence[Row]], Awaitable[Sequence[Sent]]],
        send: Callable[[Sent], Awaitable[Outcome]],
        close: Callable[[Sequence[tuple[Sent, Outcome]]], Awaitable[None]],
    ) -> None:
        self._mark, self._send, self._close = mark, send, close
        self._sending: set[asyncio.Task[None]] = set()
        self._answered: list[tuple[Sent, Outcome]] = []
        self._failure: BaseException | None = None
        self._wanted = 1  #: answers that are worth waking up for
        self._news = asyncio.Event()

    async def run(self, batches: Iterable[Sequence[Row]], *, over: Callable[[], bool]) -> None:
        """All of them, unless it is `over` before: then no further row begins, and those on their way are finished.

        When `mark` or `close` fails, what is on its way is finished and closed, as far as that can be done. Cancelled,
        it leaves everything as it is: what was sent is settled later.
        """
        try:
            rest = iter(batches)
            while rows := await asyncio.to_thread(next, rest, ()):  # others are under way while it is read
                while len(self._sending) + len(self._answered) > MOST - len(rows):
                    await self._close_some()
                if over():
                    break
                for sent in await self._mark(rows):
                    task = asyncio.create_task(self._carry_out(sent))
                    self._sending.add(task)
                    task.add_done_callback(self._ended)
            while self._sending or self._answered:
                await self._close_some()
        except Exception:
            if self._failure is None:
                await asyncio.gather(*self._sending, return_exceptions=True)
                if self._answered:
                    await self._close(self._answered)
            raise
        finally:
            for task in self._sending:
                task.cancel()

    async def _carry_out(self, sent: Sent) -> None:
        outcome = await self._send(sent)
        self._answered.append((sent, outcome))

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._sending.discard(task)
        if not task.cancelled() and (failure := task.exception()) is not None:
            self._failure = failure
        if len(self._answered) >= self._wanted or not self._sending or self._failure is not None:
            self._news.set()

    async def _close_some(self) -> None:
        """Close the answers that are there; where there are few, wait a moment for others."""
        await self._until(1)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_GATHER_S):
                await self._until(_ENOUGH)
        answered, self._answered = self._answered, []
        if answered:
            await self._close(answered)

    async def _until(self, wanted: int) -> None:
        """So many answers are there, or no more come. Raises what a sending raised."""
        while self._sending and len(self._answered) < wanted and self._failure is None:
            self._wanted = wanted
            self._news.clear()
            await self._news.wait()
        if self._failure is not None:
            raise self._failure
