"""Groups that a full round did not show, and that are there all the same.

A full round lists what lives, so a group that is missing has gone; but a list may be short, and a deleted group takes
its members' access along. So whoever is missing is asked for by id before the round says that it has gone.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterable
from contextlib import aclosing
from dataclasses import replace

from connectors.errors import Incomplete
from connectors.graph.by_ids import by_ids
from connectors.graph.fault import Fault
from connectors.graph.settings import GraphSettings
from connectors.graph.transport import Round, Transport
from connectors.graph.users import without_annotations
from syncd.core.model import Page, SourceGroup, State

#: Ids of the groups that the mirror holds, each with what it is there.
KnownGroups = Callable[[], Iterable[tuple[str, State]]]


async def looked_up(
    pages: AsyncGenerator[Page, None], transport: Transport, settings: GraphSettings, known: KnownGroups
) -> AsyncGenerator[Page, None]:
    """The pages of a round of groups; a full one ends with those that it left out although they exist.

    They come as records, on a page that is not full, and as `unknown`: their members stay as they were, since nobody told
    any. Whoever is not found by id is left to the end of the round. Nothing is sent for a round by changes, nor where the
    round showed, or said to be deleted, all that are known to live, nor where it showed no group at all: then it is the
    listing as a whole that is in doubt, which its reader takes up. Raises SourceError.
    """
    told: set[int] = set()  # hashes, 64 bytes each: of every group in the tenant
    shown = False
    async with aclosing(pages):
        async for page in pages:
            if page.full:
                groups = [one.id for one in page.records if isinstance(one, SourceGroup)]
                shown = shown or bool(groups)
                told.update(map(hash, [*groups, *page.unknown]))
                told.update(hash(removal.id) for removal in page.removals if removal.kind == "group")
            if not (page.last and page.full) or not shown:
                yield page
                continue
            missing = await asyncio.to_thread(_missing, known, told)
            found = await _found(transport, settings, missing) if missing else ()
            if found:
                yield Page(stream="groups", records=found, full=False)
            yield replace(page, unknown=page.unknown | {group.id for group in found})


def _missing(known: KnownGroups, told: set[int]) -> list[str]:
    return [id_ for id_, state in known() if state == "live" and hash(id_) not in told]


async def _found(transport: Transport, settings: GraphSettings, ids: list[str]) -> tuple[SourceGroup, ...]:
    """Those of the groups that exist, by id."""
    calls = Round(transport, step="missing groups", permission="GroupMember.Read.All", low=True)
    wanted, select = set(ids), settings.group_select - {"members"}
    try:
        items = [item async for some in by_ids(calls, "group", select, ids) for item in some if item["id"] in wanted]
    except Fault as error:
        raise Incomplete(source=settings.name, step="missing groups", detail=str(error)) from error
    found = {item["id"]: SourceGroup(id=item["id"], attributes=without_annotations(item)) for item in items}
    return tuple(found.values())
