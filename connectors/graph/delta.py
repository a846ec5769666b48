"""One round of a stream that Graph tells by changes: from a watermark where there is one, else from the start."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import dataclass, replace

from connectors.errors import Incomplete, NotConfigured
from connectors.graph.fault import Fault
from connectors.graph.pager import GraphPage, walk
from connectors.graph.settings import GraphSettings
from connectors.graph.transport import Round, Transport
from connectors.graph.watermark import Watermark, parse_watermark, select_text
from syncd.core.model import Json, Page, Record, Removal, SourceUser, Stream


@dataclass(frozen=True, kw_only=True, slots=True)
class Reading:
    """What a page of objects says, or a part of it: each object or membership once, the last word winning."""

    records: tuple[Record, ...]
    removals: tuple[Removal, ...]
    unknown: frozenset[str] = frozenset()


@dataclass(frozen=True, kw_only=True, slots=True)
class DeltaStream:
    """What is particular to users or groups."""

    stream: Stream
    path: str  #: "/users/delta"
    permission: str
    select: frozenset[str]
    #: from the objects of a page, and whether the round is full, to what they say, in order; never an empty list
    read: Callable[[list[dict[str, Json]], bool], list[Reading]]
    once: str | None = None  #: a property that only the first record of an object carries, however often it comes
    assigned: bool = False  #: only what is assigned is kept (connectors/graph/assigned.py)

    @property
    def first(self) -> str:
        """The path that begins a round."""
        return f"{self.path}?$select={select_text(self.select)}"

    @property
    def key(self) -> str:
        """What a watermark must have been made for, to serve this stream."""
        return f"{'assigned ' if self.assigned else ''}{select_text(self.select)}"


async def read_delta(
    transport: Transport, settings: GraphSettings, stream: DeltaStream, watermark: str | None
) -> AsyncGenerator[Page, None]:
    """Pages of one round; a token that Graph no longer knows turns the round into a full one, of this stream alone.

    If that happens after pages of a delta round were given, the full pages follow a page with `anew`. If a full
    round itself loses its place, Incomplete is raised: what its pages mentioned might have gone since, and only a
    round from the start can tell. A full page replaces what is known of an object (absent is null), any other merges
    (absent keeps, null clears): so what a full round tells again of a user, without the manager that it told before,
    comes on a page of its own that is not full. The link that Graph's 410 names is not followed.
    """
    mark = parse_watermark(watermark)
    if mark is not None and mark.serves(settings, stream.key, transport.now()):
        try:
            async with aclosing(delta_pages(transport, settings, stream, mark.link, full=False)) as pages:
                async for page in pages:
                    yield page
            return
        except Fault as error:
            if not error.resync and error.status != 404:
                raise unfinished(transport, stream, error, by_changes=True) from error
        yield Page(stream=stream.stream, records=(), anew=True)
    given = False
    try:
        async with aclosing(delta_pages(transport, settings, stream, stream.first, full=True)) as pages:
            async for page in pages:
                given = True
                yield page
    except Fault as error:
        if not given and error.status in (400, 501):
            raise NotConfigured(
                source=transport.source, detail=f"Microsoft Graph refuses to read {stream.stream} like this: {error}"
            ) from error
        raise unfinished(transport, stream, error) from error


def unfinished(transport: Transport, stream: DeltaStream, error: Fault, *, by_changes: bool = False) -> Incomplete:
    """What a refusal in the middle of a round comes to."""
    detail = f"{error}; if it stays so, run: syncd sync --full" if by_changes else str(error)
    return Incomplete(source=transport.source, step=stream.stream, detail=detail)


async def delta_pages(
    transport: Transport, settings: GraphSettings, stream: DeltaStream, first: str, *, full: bool
) -> AsyncGenerator[Page, None]:
    """The pages of one chain of links. Raises Fault for a refusal, and SourceError."""
    calls = Round(transport, step=stream.stream, permission=stream.permission, low=full)

    def mark(page: GraphPage) -> str | None:
        if page.delta_link is None:
            return None
        return Watermark(link=page.delta_link, select=stream.key, tenant=settings.tenant_id, at=transport.now()).text

    told = _Told(stream.once) if full and stream.once is not None and stream.once in stream.select else None
    async with aclosing(walk(calls, first, delta=True)) as pages:
        async for page in pages:
            try:
                *early, final = stream.read(page.items, full)
            except (KeyError, TypeError, AttributeError) as error:
                raise calls.incomplete("an object whose changes cannot be read") from error
            for said in early:
                for part, whole in _parts(said, told, full=full):
                    yield _page(stream, part, full=whole)
            *repeated, (said, _) = _parts(final, told, full=full)
            for part, _ in repeated:
                yield _page(stream, part, full=False)
            yield _page(stream, said, full=full, last=page.last, watermark=mark(page))


class _Told:
    """Which users of a full round came with the property that is told once; ids as hashes, 64 bytes each."""

    def __init__(self, once: str) -> None:
        self._once = once
        self._ids: set[int] = set()

    def again(self, said: Reading) -> tuple[SourceUser, ...]:
        """Those told before with the property, and now without; for them `enabled` counts only where it is told."""
        self._ids.difference_update(hash(removal.id) for removal in said.removals)
        users = [record for record in said.records if isinstance(record, SourceUser)]
        repeated = tuple(user for user in users if hash(user.id) in self._ids and self._once not in user.attributes)
        self._ids.update(hash(user.id) for user in users if user.attributes.get(self._once) is not None)
        return tuple(user if "accountEnabled" in user.attributes else replace(user, enabled=None) for user in repeated)


def _parts(said: Reading, told: _Told | None, *, full: bool) -> list[tuple[Reading, bool]]:
    """A reading in the parts that are pages of their own, each with whether it replaces; the last has what is new."""
    repeated = told.again(said) if told is not None else ()
    if not repeated:
        return [(said, full)]
    ids = {user.id for user in repeated}
    fresh = tuple(record for record in said.records if not (isinstance(record, SourceUser) and record.id in ids))
    return [(Reading(records=repeated, removals=()), False), (replace(said, records=fresh), full)]


def _page(stream: DeltaStream, said: Reading, *, full: bool, last: bool = False, watermark: str | None = None) -> Page:
    return Page(
        stream=stream.stream,
        records=said.records,
        removals=said.removals,
        full=full,
        last=last,
        watermark=watermark,
        unknown=said.unknown,
    )
