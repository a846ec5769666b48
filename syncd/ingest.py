"""Reading a source into the mirror: its streams side by side, each to its end or not at all.

Whatever could not be finished is said, and removes nothing. An empty answer where there was a directory is asked for a
second time before it is believed; then the guard looks at what it would remove.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from functools import partial
from typing import NamedTuple

from connectors import Source
from connectors.errors import SourceError
from state.errors import Busy
from state.store import Store
from syncd.clock import Clock
from syncd.core.errors import SyncdError
from syncd.core.model import STREAMS, Membership, Stream
from syncd.heartbeat import kept
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
    lease = f"source:{source.name}"
    await _wait_for_lease(store, lease, clock)
    asked = source.requests
    async with kept(store, lease, clock.now):
        await _streams(store, source, clock, result, progress=progress, full=full)
    result.requests = source.requests - asked
    result.warnings += [{"code": "OddRecord", "message": text, "name": None} for text in source.warnings]
    log.info(Event.SOURCE_READ, source=source.name, complete=result.complete, **result.data)
    return result


async def _streams(
    store: Store, source: Source, clock: Clock, result: Reading, *, progress: Progress, full: bool
) -> None:
    """All streams side by side, unless they build on each other. What ends one (the lease is gone, the state DB is) ends
    the others before it is raised."""
    if source.in_turn:
        for stream in IN_TURN:
            await _stream(store, source, stream, clock, result, progress=progress, full=full)
        return
    try:
        async with asyncio.TaskGroup() as group:
            for stream in STREAMS:
                group.create_task(_stream(store, source, stream, clock, result, progress=progress, full=full))
    except BaseExceptionGroup as several:
        raise several.exceptions[0] from None


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


async def _stream(
    store: Store, source: Source, stream: Stream, clock: Clock, result: Reading, *, progress: Progress, full: bool
) -> None:
    try:
        look = partial(_round, store, source, stream, clock, result, progress=progress)
        if (emptied := await look(full=full, believe_empty=False)) is not None:
            log.warning(Event.SOURCE_EMPTY, source=source.name, stream=stream, had=emptied.had)
            if await look(full=True, believe_empty=True) is not None:
                text = f"{source.name} lists no {emptied.what} any more (there were {emptied.had:,}), twice in a row"
                result.warnings.append({"code": "EmptySource", "message": text, "name": None})
    except SourceError as error:
        result.complete = False
        result.errors.append(error)
        result.warnings.append({"code": type(error).__name__, "message": str(error), "name": None})
        log.error(Event.SOURCE_INCOMPLETE, source=source.name, stream=stream, error=str(error))


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


async def _round(
    store: Store,
    source: Source,
    stream: Stream,
    clock: Clock,
    result: Reading,
    *,
    progress: Progress,
    full: bool,
    believe_empty: bool,
) -> _Emptied | None:
    """One round of one stream. If it was to bring everything and came out empty, what it emptied; unless that is to be
    believed, nothing is swept then."""
    watermark = None if full else store.mirror.watermark(source.name, stream)
    current = store.mirror.begin(source.name, stream)
    told, of_users = 0, 0
    emptied: _Emptied | None = None
    work = f"reading {stream}"
    # As many as the last time, where everything is read again; how much has changed nobody knows beforehand.
    known = store.mirror.counts(source.name)[stream] if progress.watched and watermark is None else 0
    progress.begin(work, known or None)
    async for page in source.read(stream, watermark):
        new = sum(not isinstance(one, Membership) for one in page.records)
        told += new
        of_users += sum(getattr(one, "principal_kind", None) == "user" for one in page.records)
        if page.last and page.full and not (of_users if stream == "assignments" else told):
            emptied = await asyncio.to_thread(_emptied, store, source.name, stream, told)
            if emptied is not None and not believe_empty:
                return emptied
        # In a thread: SQLite would hold up the other streams' answers, and PostgreSQL is a network away.
        await asyncio.to_thread(store.mirror.store, current, page, now=clock.now())
        progress.advance(work, new)
        store.leases.renew(f"source:{source.name}", now=clock.now())
        if page.unknown:
            few = ", ".join(sorted(page.unknown)[:5])
            what = "groups, or their members," if stream == "groups" else stream
            text = f"{len(page.unknown)} {what} could not be read and stay as they are: {few}"
            result.warnings.append({"code": "Unknown", "message": text, "name": None})
    progress.end(work)
    setattr(result, stream, told)
    return emptied
