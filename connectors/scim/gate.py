"""How many requests may be in flight: a number that finds itself."""

from __future__ import annotations

import asyncio
from collections import deque


class Gate:
    """A semaphore whose size halves when the target is overloaded and grows by one while a full round goes well.

    (Additive increase, multiplicative decrease, as in TCP: a target that hashes a password for each new account takes
    a handful of requests a second, another one thousands.)
    """

    def __init__(self, maximum: int) -> None:
        self.maximum = max(1, maximum)
        self.size = self.maximum
        self.in_flight = 0
        self._good = 0
        self._waiting: deque[asyncio.Future[None]] = deque()

    async def enter(self) -> None:
        if self.in_flight < self.size and not self._waiting:
            self.in_flight += 1
            return
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self.in_flight -= 1
                self._admit()
            else:
                self._waiting.remove(turn)
            raise

    def leave(self, *, overloaded: bool = False) -> None:
        self.in_flight -= 1
        if overloaded:
            self.size = max(1, self.size // 2)
            self._good = 0
        elif self.size < self.maximum:
            self._good += 1
            if self._good >= self.size:
                self.size += 1
                self._good = 0
        self._admit()

    def _admit(self) -> None:
        while self._waiting and self.in_flight < self.size:
            turn = self._waiting.popleft()
            if not turn.done():
                self.in_flight += 1
                turn.set_result(None)
