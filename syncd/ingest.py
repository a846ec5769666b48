"""Reading a source into the mirror: its streams side by side, each to its end or not at all.

Whatever could not be finished is said, and removes nothing. An empty answer where there was a directory is asked for a
second time before it is believed; then the guard looks at what it would remove.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import NamedTuple

from connectors import Source
from connectors.errors import SourceError
from state.errors import Busy
from state.leases import reader_of
from state.store import Store
from syncd.clock import Clock
from syncd.core.errors import SyncdError
from syncd.core.model import STREAMS, Membership, Stream
from syncd.heartbeat import kept
from syncd.intake import Intake
from syncd.observe.logs import Event, log
from syncd.progress import UNWATCHED, Progress

WAIT_FOR_READER_S = 600
IN_TURN: tuple[Stream, ...] = ("assignments", "groups", "users")


@dataclass(kw_only=True, slots=True)
class Reading:
    """What one reading of a source brought: records that it told of, all of them or those that changed."""

    users: int = 0
    groups: int = 0
    assignments: int = 0
    requests: int = 0
    complete: bool = True
    errors: list[SyncdError] = field(default_factory=list)
    warnings: list[dict[str, str | None]] = field(default_factory=list)

    @property
    def data(self) -> dict[str, int]:
        """The report's `read`."""
        return {
            "users": self.users,
            "groups": self.groups,
            "assignments": self.assignments,
            "requests": self.requests,
        }


async def ingest(
    store: Store, source: Source, clock: Clock, *, full: bool = False, progress: Progress = UNWATCHED
) -> Reading:
    """Bring the mirror of a source up to date. `full`: read everything although a watermark is known."""
    result = Reading()
    lease = reader_of(source.name)
    await _wait_for_lease(store, lease, clock)
    asked = source.requests
    async with kept(store, lease, clock.now):
        intake = Intake(store, clock, ahead=not source.in_turn)
        await _Reader(store, source, intake, result, progress).streams(full=full)
    result.requests = source.requests - asked
    result.warnings += [{"code": "OddRecord", "message": text, "name": None} for text in source.warnings]
    log.info(Event.SOURCE_READ, source=source.name, complete=result.complete, **result.data)
    return result


async def _wait_for_lease(store: Store, lease: str, clock: Clock) -> None:
    """One reader per source: a second round in between would take the first one's marks for its own."""
    for _ in range(WAIT_FOR_READER_S):
        try:
            store.leases.take(lease, now=clock.now())
        except Busy:
            await clock.sleep(1)
        else:
            return
    store.leases.take(lease, now=clock.now())


class _Emptied(NamedTuple):
    """What a round was to bring everything of, and brought nothing of."""

    had: int  #: how many the mirror holds
    what: str


def _emptied(store: Store, source: str, stream: Stream, records: int) -> _Emptied | None:
    """What the mirror holds and must not lose unasked, of a round that brought none of it. It looks at every row.

    A source may list the groups of an application apart, so that an answer without any user does not come out empty as
    a whole: where several users are assigned themselves, it is their rows that count.
    """
    if stream == "assignments" and (direct := store.mirror.assigned_users(source)) > 1:
        return _Emptied(direct, "assignments of users")
    had = 0 if records else store.mirror.counts(source)[stream]
    return _Emptied(had, stream) if had else None


class _Reader:
    """Reads the streams of one source."""

    def __init__(self, store: Store, source: Source, intake: Intake, result: Reading, progress: Progress) -> None:
        self._store, self._source, self._intake, self._result, self._progress = store, source, intake, result, progress

    async def streams(self, *, full: bool) -> None:
        """All of them side by side, unless they build on each other. What ends one (the lease is gone, the state DB is)
        ends the others before it is raised."""
        if self._source.in_turn:
            for stream in IN_TURN:
                await self._stream(stream, full=full)
            return
        try:
            async with asyncio.TaskGroup() as group:
                for stream in STREAMS:
                    group.create_task(self._stream(stream, full=full))
        except BaseExceptionGroup as several:
            raise several.exceptions[0] from None

    async def _stream(self, stream: Stream, *, full: bool) -> None:
        name, result = self._source.name, self._result
        try:
            if (emptied := await self._round(stream, full=full, believe_empty=False)) is not None:
                log.warning(Event.SOURCE_EMPTY, source=name, stream=stream, had=emptied.had)
                if await self._round(stream, full=True, believe_empty=True) is not None:
                    text = f"{name} lists no {emptied.what} any more (there were {emptied.had:,}), twice in a row"
                    result.warnings.append({"code": "EmptySource", "message": text, "name": None})
        except SourceError as error:
            result.complete = False
            result.errors.append(error)
            result.warnings.append({"code": type(error).__name__, "message": str(error), "name": None})
            log.error(Event.SOURCE_INCOMPLETE, source=name, stream=stream, error=str(error))

    async def _round(self, stream: Stream, *, full: bool, believe_empty: bool) -> _Emptied | None:
        """One round of one stream. If it was to bring everything and came out empty, what it emptied; unless that is to
        be believed, nothing is swept then."""
        mirror, name, progress = self._store.mirror, self._source.name, self._progress
        watermark = None if full else mirror.watermark(name, stream)
        current = await self._intake.begin(name, stream, full=watermark is None)
        told, of_users = 0, 0
        emptied: _Emptied | None = None
        work = f"reading {stream}"
        # As many as the last time, where everything is read again; how much has changed nobody knows beforehand.
        known = mirror.counts(name)[stream] if progress.watched and watermark is None else 0
        progress.begin(work, known or None)
        async with aclosing(self._source.read(stream, watermark)) as pages, self._intake.of(current) as lots:
            async for page in pages:
                if page.anew:
                    # What was told before counts as mentioned by the round that broke off, and not by this one.
                    await lots.anew()
                    told, of_users = 0, 0
                new = sum(not isinstance(one, Membership) for one in page.records)
                told += new
                of_users += sum(getattr(one, "principal_kind", None) == "user" for one in page.records)
                if page.last and page.full and not (of_users if stream == "assignments" else told):
                    emptied = await asyncio.to_thread(_emptied, self._store, name, stream, told)
                    if emptied is not None and not believe_empty:
                        return emptied
                await lots.put(page)
                progress.advance(work, new)
                if page.unknown:
                    self._say_unknown(stream, page.unknown)
        progress.end(work)
        setattr(self._result, stream, told)
        return emptied

    def _say_unknown(self, stream: Stream, ids: Collection[str]) -> None:
        few = ", ".join(sorted(ids)[:5])
        what = "groups, or their members," if stream == "groups" else stream
        text = f"{len(ids)} {what} could not be read and stay as they are: {few}"
        self._result.warnings.append({"code": "Unknown", "message": text, "name": None})
