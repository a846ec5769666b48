"""Several walks at once, a bounded number of them, and their pages in order of arrival."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Callable, Iterable
from typing import TypeVar

K = TypeVar("K")
V = TypeVar("V")


async def window(
    keys: Iterable[K], walk: Callable[[K], AsyncGenerator[V, None]], *, width: int
) -> AsyncGenerator[tuple[K, V | Exception | None], None]:
    """(key, page) for each page of each walk, then (key, None) at its end or (key, error) where it broke.

    Errors are handed over as values, so that one broken walk stops none. At most `width` walks are under way, and none
    runs further ahead than one page.
    """
    left = iter(keys)
    out: asyncio.Queue[tuple[K, V | BaseException | None] | None] = asyncio.Queue(maxsize=1)

    async def worker() -> None:
        for key in left:
            try:
                async with contextlib.aclosing(walk(key)) as pages:
                    async for page in pages:
                        await out.put((key, page))
            except asyncio.CancelledError:
                raise
            except BaseException as error:  # a value for whoever asked: were it lost here, they would wait for ever
                await out.put((key, error))
            else:
                await out.put((key, None))
        await out.put(None)

    workers = [asyncio.create_task(worker()) for _ in range(width)]
    try:
        running = len(workers)
        while running:
            arrived = await out.get()
            if arrived is None:
                running -= 1
                continue
            key, told = arrived
            if isinstance(told, BaseException) and not isinstance(told, Exception):
                raise told
            yield key, told
    finally:
        for task in workers:
            task.cancel()
        await asyncio.gather(*workers, return_exceptions=True)
