"""Pages of Graph up to the last one, and nothing that merely looks like the last one."""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from connectors.graph.transport import Round, is_address, same_origin
from syncd.core.model import Json

NEXT = "@odata.nextLink"
DELTA = "@odata.deltaLink"

#: Turns of the event loop in which a request gets onto its way, before the caller works on the page at hand; without
#: them it would leave only when the caller waits for something.
TURNS = 8

#: How often the same objects may come on a page of one chain, and how many pages in a row may be empty.
REPEATS = 3
EMPTY_PAGES = 1_000

#: Ids become parts of paths: no slash, nothing that a path gives a meaning, and not "." or "..".
_ID = re.compile(r"(?!\.{1,2}$)[A-Za-z0-9._~:@=+-]{1,256}")


@dataclass(frozen=True, kw_only=True, slots=True)
class GraphPage:
    """One page as Graph gave it: objects with their annotations, each with an id."""

    items: list[dict[str, Json]]
    last: bool
    delta_link: str | None = None  #: on the last page of a delta round


async def walk(
    calls: Round, first: str, *, delta: bool, headers: Mapping[str, str] | None = None
) -> AsyncGenerator[GraphPage, None]:
    """Every page of one chain: a delta round ends with a deltaLink, a plain list with a page without nextLink.

    While the caller works on a page, the next one is on its way; never more than one request of a chain is. Raises
    Incomplete for a chain that breaks, loops, leaves the host or does not end, and for a page that is none.
    Source: Microsoft Graph documentation, "Use delta query" and "Paging".
    """
    seen, progress = {first}, _Progress()
    coming: asyncio.Task[Any] = asyncio.create_task(calls.get(first, headers))
    try:
        while True:
            page, following = _read(calls, await coming, delta=delta)
            if not progress.made(page.items):
                raise calls.incomplete("the pages say the same again and again")
            if following is not None:
                if not same_origin(following, calls.transport.root):
                    raise calls.incomplete("a next link leads to another host, which got no request")
                if following in seen:
                    raise calls.incomplete("the pages go round in a circle")
                if len(seen) >= calls.transport.limits.pages:
                    raise calls.incomplete(f"no end after {len(seen)} pages")
                seen.add(following)
                coming = asyncio.create_task(calls.get(following, headers))
                for _ in range(TURNS):
                    await asyncio.sleep(0)
            yield page
            if page.last:
                return
    finally:
        coming.cancel()
        await asyncio.gather(coming, return_exceptions=True)


class _Progress:
    """Notices a chain whose links are ever new while its pages are not: such chains of groups/delta were reported.

    A page that comes again now and then is a legal replay.
    """

    def __init__(self) -> None:
        self._pages: Counter[int] = Counter()
        self._empty = 0

    def made(self, items: list[dict[str, Json]]) -> bool:
        if not items:
            self._empty += 1
            return self._empty <= EMPTY_PAGES
        self._empty = 0
        page = hash((len(items), orjson.dumps(items[0]), orjson.dumps(items[-1])))
        self._pages[page] += 1
        return self._pages[page] <= REPEATS


def is_id(text: str) -> bool:
    """Whether a text can be the id of an object: an id of Graph is a GUID, that of a row a few characters more."""
    return _ID.fullmatch(text) is not None


def _read(calls: Round, body: Json, *, delta: bool) -> tuple[GraphPage, str | None]:
    items = body.get("value") if isinstance(body, dict) else None
    if not isinstance(items, list):
        raise calls.incomplete("a page without its list of objects")
    for item in items:
        if not isinstance(item, dict) or not isinstance(item.get("id"), str) or not item["id"]:
            raise calls.incomplete("a page with an object that has no id")
        if not is_id(item["id"]):
            raise calls.incomplete("a page with an object whose id is none of Graph's")
    following, end = body.get(NEXT), body.get(DELTA)
    if not isinstance(following, str | None) or not isinstance(end, str | None):
        raise calls.incomplete("a page whose link is no text")
    if not all(is_address(link) for link in (following, end) if link is not None):
        raise calls.incomplete("a page whose link is no address")
    if not delta:
        return GraphPage(items=items, last=following is None), following
    if (following is None) == (end is None):
        raise calls.incomplete("a page with both or neither of nextLink and deltaLink")
    return GraphPage(items=items, last=end is not None, delta_link=end), following
