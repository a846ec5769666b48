"""Signals for one-shot work: the first lets the changes in hand end and begins no other, the second ends the process."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager

SIGNALS = (signal.SIGTERM, signal.SIGINT)


@contextmanager
def stopping_on_signals(told: Callable[[], None]) -> Iterator[asyncio.Event]:
    """An event that SIGTERM or SIGINT sets; `told` is called then. Inside a running loop of the main thread.

    From the first signal on both have their usual effect, which is to end the process at once: the journal is made for it.
    """
    loop, stopping = asyncio.get_running_loop(), asyncio.Event()

    def first() -> None:
        for number in SIGNALS:
            loop.remove_signal_handler(number)
            signal.signal(number, signal.SIG_DFL)
        stopping.set()
        told()

    for number in SIGNALS:
        loop.add_signal_handler(number, first)
    try:
        yield stopping
    finally:
        if not stopping.is_set():
            for number in SIGNALS:
                loop.remove_signal_handler(number)
