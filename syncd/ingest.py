"""Reading a source into the mirror: its streams side by side, each to its end or not at all.

Whatever could not be finished is said, and removes nothing. An empty answer where there was a directory is asked for a
second time before it is believed; then the guard looks at what it would remove.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import NamedTuple

from connectors import Source
from connectors.errors import SourceError
from state.errors import Busy
from state.store import Store
from syncd.core.errors import SyncdError
from syncd.core.model import STREAMS, Stream
from syncd.heartbeat import kept
from syncd.observe.logs import Event, log

WAIT_FOR_READER_S = 600
_EMPTY_MATTERS: tuple[Stream, ...] = ("users", "groups", "assignments")


class Clock(NamedTuple):
    """Time as the daemon sees it; tests put their own in."""

    now: Callable[[], datetime]
    sleep: Callable[[float], Awaitable[None]]


@dataclass(kw_only=True, slots=True)
class Reading:
    """What one reading of a source brought."""

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


async def ingest(store: Store, source: Source, clock: Clock, *, full: bool = False) -> Reading:
    """Bring the mirror of a source up to date. `full`: read everything although a watermark is known."""
    result = Reading()
    lease = f"source:{source.name}"
    await _wait_for_lease(store, lease, clock)
    asked = source.requests
    async with kept(store, lease, clock.now):
        await _streams(store, source, clock, result, full=full)
    result.requests = source.requests - asked
    result.warnings += [{"code": "OddRecord", "message": text, "name": None} for text in source.warnings]
    counts = await asyncio.to_thread(store.mirror.counts, source.name)
    result.users, result.groups, result.assignments = counts["users"], counts["groups"], counts["assignments"]
    log.info(Event.SOURCE_READ, source=source.name, complete=result.complete, **result.data)
    return result


async def _streams(store: Store, source: Source, clock: Clock, result: Reading, *, full: bool) -> None:
    """All streams side by side. What ends one (the lease is gone, the state DB is) ends the others before it is raised."""
    try:
        async with asyncio.TaskGroup() as group:
            for stream in STREAMS:
                group.create_task(_stream(store, source, stream, clock, result, full=full))
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


async def _stream(store: Store, source: Source, stream: Stream, clock: Clock, result: Reading, *, full: bool) -> None:
    try:
        had, what = await asyncio.to_thread(_had, store, source.name, stream)
        look = partial(_round, store, source, stream, clock, result, users_only=what != stream)
        if not await look(full=full, believe_empty=not had) and had:
            log.warning(Event.SOURCE_EMPTY, source=source.name, stream=stream, had=had)
            if not await look(full=True, believe_empty=True):
                text = f"{source.name} lists no {what} any more (there were {had:,}), twice in a row"
                result.warnings.append({"code": "EmptySource", "message": text, "name": None})
    except SourceError as error:
        result.complete = False
        result.errors.append(error)
        result.warnings.append({"code": type(error).__name__, "message": str(error), "name": None})
        log.error(Event.SOURCE_INCOMPLETE, source=source.name, stream=stream, error=str(error))


def _had(store: Store, source: str, stream: Stream) -> tuple[int, str]:
    """How many the mirror holds of what a stream must not lose unasked, and what they are.

    A source may list the groups of an application apart, so that an answer without any user does not come out empty as
    a whole: where several users are assigned themselves, it is their rows that count.
    """
    if stream == "assignments" and (direct := store.mirror.assigned_users(source)) > 1:
        return direct, "assignments of users"
    return store.mirror.counts(source)[stream], stream


async def _round(
    store: Store,
    source: Source,
    stream: Stream,
    clock: Clock,
    result: Reading,
    *,
    full: bool,
    believe_empty: bool,
    users_only: bool,
) -> bool:
    """One round of one stream. False if it was to bring everything and came out empty; unless that is to be believed,
    nothing is swept then. `users_only`: what is not of users does not count."""
    watermark = None if full else store.mirror.watermark(source.name, stream)
    current = store.mirror.begin(source.name, stream)
    records, empty = 0, False
    async for page in source.read(stream, watermark):
        records += sum(not users_only or getattr(one, "principal_kind", "user") == "user" for one in page.records)
        empty = page.last and page.full and not records
        if empty and not believe_empty:
            return False
        # In a thread: SQLite would hold up the other streams' answers, and PostgreSQL is a network away.
        await asyncio.to_thread(store.mirror.store, current, page, now=clock.now())
        store.leases.renew(f"source:{source.name}", now=clock.now())
        if page.unknown:
            few = ", ".join(sorted(page.unknown)[:5])
            what = "groups, or their members," if stream == "groups" else stream
            text = f"{len(page.unknown)} {what} could not be read and stay as they are: {few}"
            result.warnings.append({"code": "Unknown", "message": text, "name": None})
    return not empty
