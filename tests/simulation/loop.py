"""An event loop that never waits: time moves on when nobody has anything to do, and connections stay in memory.

Everything runs in one thread in an order that the seed decides, so a run can be had again. Timeouts and back-offs of
hours take no time. Where nothing is left that could ever happen, the work hangs, and that is an error.
"""

from __future__ import annotations

import asyncio
import random
import selectors
import socket
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from connectors.sandbox.clock import Clock
from tests.simulation.network import Network
from tests.simulation.process import Process, current

_BEGIN = datetime(2026, 1, 5, 8, tzinfo=UTC)
_MOST_TURNS = 400_000


class Hang(Exception):
    """The work waits for something that never comes, or never ends."""


class VirtualClock(Clock):
    """The time of everybody: the loop moves it, and so does `advance`."""

    def __init__(self) -> None:
        super().__init__(_BEGIN)
        self.seconds = 0.0

    def now(self) -> datetime:
        return _BEGIN + timedelta(seconds=self.seconds)

    def time(self) -> float:
        return self.now().timestamp()

    def advance(self, seconds: float) -> None:
        self.seconds += seconds


class _NoWaiting(selectors.SelectSelector):
    def __init__(self, clock: VirtualClock) -> None:
        super().__init__()
        self._clock = clock

    def select(self, timeout: float | None = None) -> list[Any]:
        if timeout is None:
            raise Hang("nothing is left that could happen")
        self._clock.seconds += timeout
        return []


class VirtualLoop(asyncio.SelectorEventLoop):
    """One episode of a history. Each turn is a moment at which the present process may die."""

    def __init__(self, clock: VirtualClock, network: Network, draw: random.Random) -> None:
        self._clock, self._network, self._draw = clock, network, draw
        self._addresses: dict[int, int] = {}
        self._turns = 0
        self.processes: list[Process] = []
        super().__init__(_NoWaiting(clock))
        self.set_exception_handler(lambda *_: None)  # what a killed process leaves behind is told to nobody

    def time(self) -> float:
        return self._clock.seconds

    def _run_once(self) -> None:
        self._turns += 1
        if self._turns > _MOST_TURNS:
            raise Hang(f"not at an end after {_MOST_TURNS:,} turns")
        for process in self.processes:
            process.turn()
        super()._run_once()  # type: ignore[misc]  # the one place that every turn passes

    def run_in_executor(self, executor: Any, func: Callable[..., Any], *args: Any) -> asyncio.Future[Any]:
        """A thread's work is done at once; that it has ended is known a little later, when others have gone on."""
        future = self.create_future()

        def tell(setter: Callable[[Any], None], value: Any) -> None:
            if not future.done():
                setter(value)

        try:
            done = func(*args)
        except BaseException as error:
            self.call_later(self._draw.random() / 100, tell, future.set_exception, error)
        else:
            self.call_later(self._draw.random() / 100, tell, future.set_result, done)
        return future

    async def sock_connect(self, sock: socket.socket, address: Any) -> None:
        self._addresses[sock.fileno()] = address[1]

    async def create_connection(self, protocol_factory: Any, host: Any = None, port: Any = None, **more: Any) -> Any:
        sock = more.get("sock")
        if sock is not None:
            port = self._addresses.pop(sock.fileno())
            sock.close()
        await asyncio.sleep(self._draw.random() / 100)
        return self._network.connect(self, int(port), protocol_factory, current.get())
