"""How many requests may be in flight: a number that finds itself."""

from __future__ import annotations

import asyncio
from collections import deque

_FIRST = 4


class Gate:
    """A semaphore that begins small, grows by one while a full round goes well, and halves on overload.

    (Additive increase, multiplicative decrease, as in TCP: a target that hashes a password for each new account takes
    a handful of requests a second, another one thousands.) A round in which answers became slow takes one away.
    """

    def __init__(self, maximum: int) -> None:
        self.maximum = max(1, maximum)
        self.size = min(_FIRST, self.maximum)
        self.in_flight = 0
        self._good = 0
        self._slow = 0
        self._waiting: deque[asyncio.Future[None]] = deque()

    def enter_at_once(self) -> bool:
        """Take a place if one is free and nobody waits."""
        if self.in_flight >= self.size or self._waiting:
            return False
        self.in_flight += 1
        return True

    async def enter(self) -> None:
        if self.enter_at_once():
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

    def leave(self, *, overloaded: bool = False, slow: bool = False) -> None:
        """A place is free again. `overloaded`: the target refused or gave up; `slow`: it takes longer than it did."""
        self.in_flight -= 1
        if overloaded:
            self._resize(max(1, self.size // 2))
        elif slow:
            self._slow += 1
            if self._slow >= self.size:
                self._resize(max(1, self.size - 1))
        else:
            self._good += 1
            self._slow = max(0, self._slow - 1)
            if self._good >= self.size < self.maximum:
                self._resize(self.size + 1)
        if self._waiting:
            self._admit()

    def give_back(self) -> None:
        """A place was not used after all: that says nothing about the target."""
        self.in_flight -= 1
        self._admit()

    def _resize(self, size: int) -> None:
        self.size, self._good, self._slow = size, 0, 0

    def _admit(self) -> None:
        while self._waiting and self.in_flight < self.size:
            turn = self._waiting.popleft()
            if not turn.done():
                self.in_flight += 1
                turn.set_result(None)
