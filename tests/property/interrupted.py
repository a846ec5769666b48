"""A source that says what it is told to, a mirror that writes down what it was given, and what may come in between."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

import sqlalchemy as sa

from connectors.errors import Incomplete
from state.errors import StateError
from state.leases import LEASE, Leases, reader_of
from state.mirror import Mirror, Round
from state.store import Store
from syncd.clock import SYSTEM_CLOCK, Clock
from syncd.core.errors import SyncdError
from syncd.core.model import Finding, Kind, Page, Snapshot, Stream
from syncd.ingest import ingest

How = Literal["none", "source", "cancel", "disk", "taken over"]


@dataclass(frozen=True, kw_only=True)
class Interruption:
    """How a reading is cut short: at the page, the turn of the event loop or the transaction with this number."""

    how: How
    at: int
    stream: Stream


@dataclass(kw_only=True)
class Written:
    """What one round of one stream was to the mirror."""

    round: Round
    pages: list[Page] = field(default_factory=list)


class Recording(Mirror):
    """A mirror that remembers, in order, what it began and what it has stored."""

    def __init__(self, engine: sa.Engine) -> None:
        super().__init__(engine)
        self.calls: list[Round | tuple[Round, Page]] = []
        self.full: set[Round] = set()  #: rounds from the start
        self.before: list[Any] = []  #: called before each transaction

    def begin(
        self, source: str, stream: Stream, *, full: bool = False, now: datetime | None = None, leased_by: str = ""
    ) -> Round:
        made = super().begin(source, stream, full=full, now=now, leased_by=leased_by)
        self.calls.append(made)
        self.full |= {made} if full else set()
        return made

    def store(self, reading_round: Round, *pages: Page, now: datetime, leased_by: str = "") -> int:
        for step in self.before:
            step()
        changed = super().store(reading_round, *pages, now=now, leased_by=leased_by)
        self.calls += [(reading_round, page) for page in pages]
        return changed

    def written(self) -> Mapping[Stream, Sequence[Written]]:
        """The rounds of each stream, each with the pages that are stored."""
        found: dict[Stream, list[Written]] = defaultdict(list)
        for call in self.calls:
            if isinstance(call, Round):
                found[call.stream].append(Written(round=call))
            else:
                (mine,) = [one for one in found[call[0].stream] if one.round == call[0]]
                mine.pages.append(call[1])
        return found


class Saying:
    """A source that says these pages, and where it is asked for all of a stream once more, that there is nothing."""

    requests = 0
    warnings: Sequence[str] = ()
    in_turn = False

    def __init__(self, name: str, pages: Mapping[Stream, Sequence[Page]], interruption: Interruption) -> None:
        self.name = name
        self._pages, self._interruption = pages, interruption
        #: rounds of each stream as they were said; a full page behind those that are not begins another
        self.said: dict[Stream, list[list[Page]]] = defaultdict(list)

    async def read(self, stream: Stream, watermark: str | None) -> AsyncGenerator[Page, None]:
        said, full = self.said[stream], False
        pages = self._pages[stream] if not said else [Page(stream=stream, records=(), last=True)]
        said.append([])
        for number, page in enumerate(pages):
            cut = self._interruption
            if (cut.how, cut.stream, cut.at) == ("source", stream, number):
                raise Incomplete(source=self.name, step=stream, detail="gone")
            if page.full and not full and said[-1]:
                said.append([])
            full = full or page.full
            said[-1].append(page)
            yield page

    async def find(self, kind: Kind, name: str) -> Sequence[Snapshot]:
        return ()

    async def check(self) -> Sequence[Finding]:
        return ()

    async def close(self) -> None:
        return


def run(store: Store, mirror: Recording, source: Saying, interruption: Interruption, now: datetime) -> list[object]:
    """One reading with this interruption, in a loop of its own, which waits for its threads; gives what asyncio tells."""
    noise: list[object] = []

    async def reading() -> None:
        asyncio.get_running_loop().set_exception_handler(lambda _, context: noise.append(context))
        task = asyncio.create_task(ingest(store, source, Clock(now=lambda: now, sleep=SYSTEM_CLOCK.sleep)))
        if interruption.how == "cancel":
            for _ in range(10 * interruption.at):
                await asyncio.sleep(0)
            task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        if not task.cancelled() and (error := task.exception()) is not None and not isinstance(error, SyncdError):
            raise error

    count = 0

    def strike() -> None:
        nonlocal count
        count += 1
        if count - 1 == interruption.at:
            if interruption.how == "disk":
                raise StateError(url="", detail="database or disk is full")
            if interruption.how == "taken over":
                Leases(store.engine).take(reader_of(source.name), now=now + 2 * LEASE)

    mirror.before[:] = [strike]
    asyncio.run(reading())
    mirror.before.clear()
    return noise
