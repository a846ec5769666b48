"""Walking a list from its first page to its last. Only a page without a next link is the last one.

Okta API documentation, "Pagination": the `after` cursor is opaque, pages may be short or empty in the middle.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from urllib.parse import parse_qsl, urlencode, urlsplit

from connectors.errors import Incomplete
from connectors.okta.client import Answer, OktaClient
from connectors.okta.failure import CURSOR_EXPIRED, Failure
from syncd.core.model import Json

PAGE_CAP = 100_000  #: twenty million users; a longer chain is a fault
RESTARTS = 3
SMALLEST_LIMIT = 25


async def walk(client: OktaClient, first: str, *, step: str) -> AsyncGenerator[list[Json], None]:
    """Yields the records of each page, in order, until the list's end.

    An expired cursor starts the walk over (Okta's advice for E0000029), so that records come again: the caller tells
    them by their ids. A page that times out at Okta (500) is asked for in smaller parts. Raises Failure, and Incomplete
    where the chain of links repeats itself, never ends or is no list.
    """
    link: str | None = first
    seen: set[str] = set()
    restarts = 0
    while link is not None:
        if link in seen or len(seen) >= PAGE_CAP:
            detail = "the list repeats itself" if link in seen else f"more than {PAGE_CAP} pages"
            raise Incomplete(source=client.settings.name, step=step, detail=detail)
        seen.add(link)
        try:
            answer, limit = await _page(client, link)
        except Failure as failure:
            if failure.code != CURSOR_EXPIRED or link == first or restarts == RESTARTS:
                raise
            restarts += 1
            link, seen = first, set()
            continue
        if not isinstance(answer.data, list):
            detail = f"an answer that is no list of {step}"
            raise Incomplete(source=client.settings.name, step=step, detail=detail)
        if answer.next is None and "Link" not in answer.headers and len(answer.data) >= (_limit(link) or PAGE_CAP):
            # Okta links every page of these lists, the last one to itself: something on the way dropped the header.
            raise Incomplete(source=client.settings.name, step=step, detail="a full page without a Link header")
        yield answer.data
        link = answer.next
        if limit is not None and link is not None:
            first, link = _with_limit(first, limit), _with_limit(link, limit)


async def _page(client: OktaClient, link: str) -> tuple[Answer, int | None]:
    """One page, and the smaller limit that it took to get it; None: the first one did."""
    smaller: int | None = None
    while True:
        half = (_limit(link) or 0) // 2
        try:
            return await client.get(link, attempts_at_500=2 if half >= SMALLEST_LIMIT else None), smaller
        except Failure as failure:
            if failure.status != 500 or half < SMALLEST_LIMIT:
                raise
            # Administrators of single groups see lists time out with 500 at full page size.
            smaller, link = half, _with_limit(link, half)


def _limit(link: str) -> int | None:
    value = dict(parse_qsl(urlsplit(link).query)).get("limit", "")
    return int(value) if value.isdecimal() else None


def _with_limit(link: str, limit: int) -> str:
    parts = urlsplit(link)
    query = [(k, str(limit) if k == "limit" else v) for k, v in parse_qsl(parts.query, keep_blank_values=True)]
    return f"{parts.path}?{urlencode(query)}"
