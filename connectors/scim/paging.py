"""Every object of one kind, page by page, each once (RFC 7644 section 3.4.2.4).

Seen on real services: a first page of 20 whatever was asked; startIndex and count ignored; a page past the end that
shows the first items again; an error for `count`; an error past the end; an order that changes between pages; totals
that are wrong. So an end is believed only when no new object comes, and a list that repeats itself before its total is
reached has not come to its end. A page that gives some objects once more has left out others, as pages are by position:
the list is walked again, until its total is reached or two walks bring nothing new.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import NoReturn

from connectors.errors import Unusable
from connectors.scim.answer import Answer
from connectors.scim.service import Service, observed, resources, total_results
from syncd.core.change import Observed
from syncd.core.model import Kind

_MOST_PAGES = 1_000_000
_BARREN_PAGES = 3
_BARREN_WALKS = 2
_MOST_WALKS = 20
_REFUSES_COUNT = "refuses count in a list request"


@dataclass(kw_only=True, slots=True)
class _Walk:
    """One walk over the list, from its first page to its end."""

    seen: set[str] = field(default_factory=set)
    total: int | None = None
    shifted: bool = False  #: some page gave new objects and old ones


async def every(service: Service, kind: Kind, *, members: bool = False) -> AsyncIterator[Observed]:
    """Each object once. Raises TargetError where the list does not come to its end."""
    given: set[str] = set()
    barren = 0
    for _ in range(_MOST_WALKS):
        before, walk = len(given), _Walk()
        async for one in _once(service, kind, walk, members=members):
            if one.id not in given:
                given.add(one.id)
                yield one
        if not walk.shifted or walk.total is None or len(given) >= walk.total:
            return
        barren = barren + 1 if len(given) == before else 0
        if barren >= _BARREN_WALKS:
            return  # it is the total that is wrong
    _incomplete(service, kind, len(given), walk.total)


async def _once(service: Service, kind: Kind, walk: _Walk, *, members: bool) -> AsyncIterator[Observed]:
    """What one walk finds, each object once."""
    count = min(max(1, service.knowledge.facts.max_results), 1000)
    seen = walk.seen
    start, largest, total = 1, 0, None
    empty = repeated = 0  #: pages in a row
    gap = False  #: a page came after an empty one
    for _ in range(_MOST_PAGES):
        answer = await page_from(service, kind, start, count, members=members)
        page = resources(answer) if answer.ok else None
        if page is None:
            if start > 1 and total is not None and len(seen) >= total and answer.status in (400, 404, 416):
                return
            service.refuse(answer, f"list of {kind}s from {start}", kind)
        said = total_results(answer)
        walk.total = total = said if said is not None else total
        whole = total is None or len(seen) >= total
        if not page:
            empty += 1
            if whole or empty >= _BARREN_PAGES or (total is not None and start > total):
                if gap and not whole:
                    _incomplete(service, kind, len(seen), total)
                return
            start += largest or count
            continue
        gap, empty = gap or empty > 0, 0
        fresh = 0
        for resource in page:
            one = observed(resource)
            if one is not None and one.id not in seen:
                seen.add(one.id)
                fresh += 1
                yield one
        walk.shifted = walk.shifted or 0 < fresh < len(page)
        whole = total is None or len(seen) >= total
        if not fresh:
            if whole:
                return
            repeated += 1
            if repeated >= _BARREN_PAGES or (total is not None and start > total):
                _incomplete(service, kind, len(seen), total)
        else:
            repeated = 0
            if total is not None and whole and len(page) < largest:
                return
        largest = max(largest, len(page))
        start += len(page)
    _incomplete(service, kind, len(seen), total)


async def page_from(service: Service, kind: Kind, start: int, count: int, *, members: bool = False) -> Answer:
    """The answer to one list request; without `count` where the target was seen to refuse it."""
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


def _incomplete(service: Service, kind: Kind, seen: int, total: int | None) -> NoReturn:
    raise Unusable(
        target=service.name,
        detail=f"the list of {kind}s repeats itself or stops: {seen} of {total if total is not None else 'unknown'} seen",
    )
