"""Pages of a source on their way into the mirror, in their order: the next are read while some are stored."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from state.mirror import Round
from state.store import Store
from syncd.clock import Clock
from syncd.core.model import Page, Stream

#: records that share a transaction, less those of the page that makes them so many; one such lot is stored while the next
#: is read, so each stream has two of them in memory at most
TOGETHER = 1_000


class Intake:
    """Takes in the pages that one source gives. The reader's lease is kept in the transaction that stores them.

    One lot is stored at a time, whichever stream it is of: several would only wait for each other in the state DB.
    `ahead`: False where the source looks into the mirror while it reads, so that each page is there before the next.
    """

    def __init__(self, store: Store, clock: Clock, *, ahead: bool) -> None:
        self._store, self._clock, self._ahead = store, clock, ahead
        self._turn = asyncio.Lock()

    @asynccontextmanager
    async def of(self, reading: Round) -> AsyncIterator[Lots]:
        """For the pages of one round. At the end all of them are stored, also where reading broke off; cancelled, what
        is not stored by then is left. Raises TakenOver when the source has passed to another reader."""
        lots = Lots(self, reading, together=TOGETHER if self._ahead else 1)
        try:
            yield lots
        except Exception:
            await lots.end()
            raise
        except BaseException:
            lots.leave()
            raise
        await lots.end()

    async def begin(self, source: str, stream: Stream, *, full: bool = False) -> Round:
        """Begin a round of one stream, from the start if it is to be `full`. Raises TakenOver when the source has passed to
        another reader: what that one has begun must not be refused because of us."""
        async with self._turn:
            owner, now = self._store.leases.owner, self._clock.now()
            begin = self._store.mirror.begin
            return await asyncio.to_thread(begin, source, stream, full=full, now=now, leased_by=owner)

    async def store(self, reading: Round, pages: list[Page]) -> None:
        """In a thread: SQLite would hold up the other streams' answers, and PostgreSQL is a network away."""
        async with self._turn:
            owner, now = self._store.leases.owner, self._clock.now()
            await asyncio.to_thread(self._store.mirror.store, reading, *pages, now=now, leased_by=owner)


class Lots:
    """The pages of one round, in lots of some records."""

    def __init__(self, intake: Intake, reading: Round, *, together: int) -> None:
        self._intake, self._reading, self._together = intake, reading, together
        self._pages: list[Page] = []
        self._records = 0
        self._storing: asyncio.Task[None] | None = None

    async def put(self, page: Page) -> None:
        """Take in the next page. Raises what storing an earlier one raised."""
        self._pages.append(page)
        self._records += len(page.records) + len(page.removals) + 1  # pages without any must not pile up either
        if self._records >= self._together or (self._storing is not None and self._storing.done()):
            await self._stored()
        if self._records >= self._together:
            pages, self._pages, self._records = self._pages, [], 0
            self._storing = asyncio.create_task(self._intake.store(self._reading, pages))
            self._storing.add_done_callback(_heard)
            if self._together == 1:
                await self._stored()

    async def anew(self) -> None:
        """What was put belongs to a round that ends here unfinished; what follows is a new one, from the start."""
        await self.end()
        self._reading = await self._intake.begin(self._reading.source, self._reading.stream, full=True)

    async def end(self) -> None:
        """Store the rest, unless something before it could not be stored."""
        await self._stored()
        if self._pages:
            pages, self._pages, self._records = self._pages, [], 0
            await self._intake.store(self._reading, pages)

    def leave(self) -> None:
        """Store no more than what is being stored."""
        if self._storing is not None:
            self._storing.cancel()

    async def _stored(self) -> None:
        if self._storing is not None:
            storing, self._storing = self._storing, None
            try:
                await storing
            except Exception:
                # Their last page would say that all before it is there: a watermark for what was never stored, or a
                # sweep of whoever was mentioned in vain.
                self._pages.clear()
                raise


def _heard(storing: asyncio.Task[None]) -> None:
    """What a lot fails with is raised for the next page; asyncio is not to tell of it where there is none."""
    if not storing.cancelled():
        storing.exception()
