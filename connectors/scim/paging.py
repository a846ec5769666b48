"""Every object of one kind, page by page, each once: by index (RFC 7644 section 3.4.2.4) or by cursor (RFC 9865).

Seen on real services: a first page of 20 whatever was asked; startIndex and count ignored; a page past the end that
shows the first items again; an error for `count`; an error past the end; an order that changes between pages; totals
that are wrong. So an end is believed only when no new object comes, and a list that repeats itself before its total is
reached has not come to its end.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from hashlib import blake2b
from typing import NoReturn

from connectors.errors import Unusable
from connectors.scim.answer import Answer
from connectors.scim.service import Service, observed, resources, total_results
from syncd.core.change import Observed
from syncd.core.model import Json, Kind

_MOST_PAGES = 1_000_000
_BARREN = 3
#: of one list. In an order that changes at random, each misses about a third of what is left.
_MOST_WALKS = 16
_BARREN_WALKS = 6
_REFUSES_COUNT = "refuses count in a list request"


@dataclass(kw_only=True, slots=True)
class _Walk:
    """One way through the pages of a list, and what the ways before it have seen."""

    seen: set[bytes]  #: by any way: digests of ids
    shown: set[bytes]  #: by this one
    total: int | None = None
    again: bool = False  #: something was shown twice

    @property
    def whole(self) -> bool:
        return self.total is None or len(self.seen) >= self.total

    def take(self, page: list[Mapping[str, Json]]) -> tuple[list[Observed], bool]:
        """The objects of a page that no way has seen before, and whether this way shows any for the first time."""
        new: list[Observed] = []
        fresh = False
        for resource in page:
            if (one := observed(resource)) is None:
                continue
            # A million ids take twice the memory of their digests, of which no two are alike by chance.
            digest = blake2b(one.id.encode("utf-8", "surrogatepass"), digest_size=12).digest()
            if digest in self.shown:
                self.again = True
                continue
            fresh = True
            if digest not in self.seen:
                new.append(one)
            self.shown.add(digest)
            self.seen.add(digest)
        return new, fresh


async def every(service: Service, kind: Kind, *, members: bool = False) -> AsyncIterator[Observed]:
    """Each object once. Raises TargetError where the list does not come to its end.

    Where pages repeat each other and the total is not reached, their order changes: what was missed is looked for on
    further ways through the list, as long as they show something new.
    """
    seen: set[bytes] = set()
    barren = 0  #: ways in a row
    for number in range(_MOST_WALKS):
        # The first way has shown what was seen at all: one set does, as a target may have a million of them.
        walk, before = _Walk(seen=seen, shown=set() if number else seen), len(seen)
        pages = _by_cursor if service.knowledge.facts.cursor else _by_index
        async for one in pages(service, kind, walk, members=members):
            yield one
        if walk.whole or not walk.again:
            return
        barren = barren + 1 if len(seen) == before else 0
        if barren == _BARREN_WALKS:
            return  # it is the total that is wrong: one who is there would be missed so often one time in seven hundred
    _incomplete(service, kind, len(seen), walk.total)


async def _by_index(service: Service, kind: Kind, walk: _Walk, *, members: bool) -> AsyncIterator[Observed]:
    count = _count(service)
    start, largest = 1, 0
    empty = repeated = 0  #: pages in a row
    gap = False  #: a page came after an empty one
    for _ in range(_MOST_PAGES):
        answer = await page_from(service, kind, start, count, members=members)
        page = resources(answer) if answer.ok else None
        if page is None:
            if start > 1 and walk.total is not None and walk.whole and answer.status in (400, 404, 416):
                return
            service.refuse(answer, f"list of {kind}s from {start}", kind)
        said = total_results(answer)
        walk.total = said if said is not None else walk.total
        past_end = walk.total is not None and start > walk.total
        if not page:
            empty += 1
            if walk.whole or empty >= _BARREN or past_end:
                if gap and not walk.whole:
                    _incomplete(service, kind, len(walk.seen), walk.total)
                return
            start += largest or count
            continue
        gap, empty = gap or empty > 0, 0
        new, fresh = walk.take(page)
        for one in new:
            yield one
        if not fresh:
            if walk.whole:
                return
            repeated += 1
            if repeated >= _BARREN or past_end:
                _incomplete(service, kind, len(walk.seen), walk.total)
        else:
            repeated = 0
            if walk.total is not None and walk.whole and len(page) < largest:
                return
        largest = max(largest, len(page))
        start += len(page)
    _incomplete(service, kind, len(walk.seen), walk.total)


async def _by_cursor(service: Service, kind: Kind, walk: _Walk, *, members: bool) -> AsyncIterator[Observed]:
    """RFC 9865: the first request has an empty cursor, each further one that of the answer before it."""
    cursor, used = "", set[str]()
    while cursor not in used:
        used.add(cursor)
        query = [("cursor", cursor), ("count", str(_count(service)))]
        answer = await service.fetch(service.list_path(kind, query, members=members))
        page = resources(answer) if answer.ok else None
        if page is None:
            service.refuse(answer, f"list of {kind}s at cursor {cursor or 'none'}", kind)
        for one in walk.take(page)[0]:
            yield one
        following = answer.body.get("nextCursor") if isinstance(answer.body, Mapping) else None
        if not isinstance(following, str) or not following:
            return
        cursor = following
    _incomplete(service, kind, len(walk.seen), walk.total)


def _count(service: Service) -> int:
    return min(max(1, service.knowledge.facts.max_results), 1000)


async def page_from(service: Service, kind: Kind, start: int, count: int, *, members: bool = False) -> Answer:
    """The answer to one list request by index; without `count` where the target was seen to refuse it."""
    known = service.knowledge.has(_REFUSES_COUNT)
    begin = [("startIndex", str(start))]
    query = begin if known else [*begin, ("count", str(count))]
    answer = await service.fetch(service.list_path(kind, query, members=members))
    if not known and start == 1 and answer.status in (400, 413, 422, 500):
        plain = await service.fetch(service.list_path(kind, begin, members=members))
        if plain.ok:
            service.knowledge.learn(_REFUSES_COUNT)
            return plain
    return answer


async def first_page(service: Service, kind: Kind, count: int) -> Answer:
    """The answer to a request for the first objects of the list."""
    if service.knowledge.facts.cursor:
        return await service.fetch(service.list_path(kind, [("cursor", ""), ("count", str(count))]))
    return await page_from(service, kind, 1, count)


def _incomplete(service: Service, kind: Kind, seen: int, total: int | None) -> NoReturn:
    raise Unusable(
        target=service.name,
        detail=f"the list of {kind}s repeats itself or stops: {seen} of {total if total is not None else 'unknown'} seen",
    )
