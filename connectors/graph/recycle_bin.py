"""What became of users whom a full round did not show: deleted, deleted for good, or there after all.

A full round lists who lives, so whoever is missing has gone; but a list may be short, and gone for good is another
thing than deleted, which can be undone for 30 days. So the recycle bin is read, and who is in neither is asked for by id.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterable
from contextlib import aclosing
from dataclasses import dataclass, replace

from connectors.errors import Incomplete
from connectors.graph.by_ids import by_ids
from connectors.graph.fault import Fault
from connectors.graph.pager import walk
from connectors.graph.settings import GraphSettings
from connectors.graph.transport import Round, Transport
from connectors.graph.users import user_of
from syncd.core.model import Page, Removal, SourceUser, State

#: Ids of the users that the mirror holds, each with what it is there: "live" or "soft".
KnownUsers = Callable[[], Iterable[tuple[str, State]]]


async def proven(
    pages: AsyncGenerator[Page, None], transport: Transport, settings: GraphSettings, known: KnownUsers
) -> AsyncGenerator[Page, None]:
    """The pages of a round of users; a full one ends with what became of those that it did not show.

    Who is in the recycle bin is removed as restorable; who is neither there nor found by id is gone; who is found comes
    as a record (on a page that is not full, since the manager is not asked for again). Nothing is sent for a round by
    changes, nor where the round showed all that are known, nor where it showed nobody: then it is the listing as a
    whole that is in doubt, which its reader takes up. Raises SourceError.
    """
    shown: set[int] = set()  # hashes, 64 bytes each: of everybody in the tenant
    async with aclosing(pages):
        async for page in pages:
            if page.full:
                shown.update(hash(one.id) for one in page.records if isinstance(one, SourceUser))
            if not (page.last and page.full) or not shown:
                yield page
                continue
            missing = await asyncio.to_thread(lambda: {i: state for i, state in known() if hash(i) not in shown})
            if not missing:
                yield page
                continue
            calls = Round(transport, step="deleted users", permission="User.Read.All", low=True)
            try:
                said = await _whereabouts(calls, settings, missing)
            except Fault as error:
                raise Incomplete(source=settings.name, step="deleted users", detail=str(error)) from error
            if said.found:
                yield Page(stream="users", records=said.found, full=False)
            yield replace(page, removals=(*page.removals, *said.removals))


@dataclass(frozen=True, kw_only=True, slots=True)
class _Whereabouts:
    found: tuple[SourceUser, ...]
    removals: tuple[Removal, ...]


async def _whereabouts(calls: Round, settings: GraphSettings, missing: dict[str, State]) -> _Whereabouts:
    binned: set[str] = set()
    link = "/directory/deletedItems/microsoft.graph.user?$select=id&$top=999"
    async with aclosing(walk(calls, link, delta=False)) as pages:
        async for page in pages:
            binned.update(item["id"] for item in page.items if item["id"] in missing)
    asked = [id_ for id_ in missing if id_ not in binned]
    items = [item async for some in by_ids(calls, "user", settings.user_select - {"manager"}, asked) for item in some]
    found = {item["id"]: user_of(item) for item in items if item["id"] in missing}
    soft = [Removal(kind="user", id=id_, state="soft") for id_ in sorted(binned) if missing[id_] == "live"]
    gone = [Removal(kind="user", id=id_) for id_ in asked if id_ not in found]
    return _Whereabouts(found=tuple(found.values()), removals=(*soft, *gone))
