"""A lease that is kept for as long as its work lasts, however long a page, a listing or a plan takes."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime

from state.errors import StateError, TakenOver
from state.leases import LEASE
from state.store import Store

#: three chances before it runs out
BEAT_S = LEASE.total_seconds() / 3


@asynccontextmanager
async def kept(store: Store, name: str, now: Callable[[], datetime]) -> AsyncIterator[None]:
    """Hold a lease that was taken, renew it until the work ends, then give it back.

    When somebody else has taken it over, renewing ends; the work learns of it at its own next renewal, before it writes.
    """
    beat = asyncio.create_task(_renew(store, name, now))
    try:
        yield
    finally:
        beat.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await beat
        store.leases.give_back(name)


async def _renew(store: Store, name: str, now: Callable[[], datetime]) -> None:
    # Real time, whatever clock the work goes by: this is about others who look at theirs.
    with contextlib.suppress(TakenOver):
        while True:
            await asyncio.sleep(BEAT_S)
            with contextlib.suppress(StateError):  # a state DB that is locked for long: the next beat tries again
                await asyncio.to_thread(store.leases.renew, name, now=now())
