"""Finding the accounts that are there already: by filter for a few objects, from one listing of the target for many.

A server's filter may be ignored or cost it a pass over all its accounts; one listing replaces thousands of them.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Mapping, Sequence

from connectors import Target
from connectors.errors import Unusable
from state.listing import Listing
from syncd.core.attributes import parse_path, read
from syncd.core.change import Observed
from syncd.core.mapping import Desired
from syncd.core.model import Json, Kind

#: letter case counts in these (RFC 7643 section 3.1), and in no other attribute that people are found by
_CASE_EXACT = frozenset({"id", "externalid"})
#: from so many objects on, the target is listed instead of asked for each
LIST_FROM = 50
#: objects that a listing brings with one request, at least with most products
PAGE = 100


def match_key(path: str, value: Json) -> str:
    """What two values of a match attribute have in common when they mean the same object."""
    return str(value) if path.lower() in _CASE_EXACT else str(value).casefold()


class Matcher:
    """Matches one kind of object of one job, for the length of one plan."""

    def __init__(
        self, target: Target, kind: Kind, match: Sequence[str], *, listing: bool, unique: Sequence[str] = ()
    ) -> None:
        self._target, self._kind, self._match = target, kind, match
        self._indexed = tuple(dict.fromkeys((*match, *unique)))
        self._lists = listing
        self._listing: Listing | None = None

    def close(self) -> None:
        if self._listing is not None:
            self._listing.close()

    async def find(self, wishes: Mapping[str, Desired]) -> dict[str, list[Observed]]:
        """Matches by source id. The first match attribute with a hit decides; the others are not tried."""
        if (listing := await self._listed()) is not None:
            return {id_: self._look_up(listing, wish) for id_, wish in wishes.items()}
        asking = [asyncio.create_task(self.ask(wish)) for wish in wishes.values()]
        try:
            return dict(zip(wishes, await asyncio.gather(*asking), strict=True))
        finally:  # where one failed, nobody waits for the others
            for task in asking:
                task.cancel()

    async def by_id(self, target_ids: Mapping[str, str]) -> dict[str, Observed]:
        """Objects of the target by our keys, from the listing; what it lacks is asked for once more before it counts
        as gone: a listing may be a moment old, or hide some."""
        listing = await self._listed()
        found: dict[str, Observed] = {}
        for key, target_id in target_ids.items():
            observed = listing.get(target_id) if listing is not None else None
            if observed is not None or (observed := await self._target.get(self._kind, target_id)) is not None:
                found[key] = observed
        return found

    async def find_or_left(self, wishes: Mapping[str, Desired], left: Mapping[str, str]) -> dict[str, list[Observed]]:
        """Matches by source id, where an earlier integration left its own links at the source: {source id: target id}.

        Of several matches the one with that id is meant. Where nothing matches, the object with that id is: what names
        it may have changed since. A match with another id stands, as the link may be to another service.
        """
        found = await self.find(wishes)
        ids = {id_: left[id_] for id_ in wishes.keys() & left.keys() if not found[id_]}
        for id_, some in found.items():
            found[id_] = [one for one in some if one.id == left.get(id_)] or some
        for id_, target_id in sorted(ids.items()):
            with contextlib.suppress(Unusable):  # an id that this service cannot even read is none of its own
                found[id_] = list((await self.by_id({id_: target_id})).values())
        return found

    async def ask(self, wish: Desired) -> list[Observed]:
        """Ask the target itself about one object."""
        for path in self._match:
            if (value := wish.values.get(path)) not in (None, "") and (
                found := await self._target.find(self._kind, {path: value})
            ):
                return list(found)
        return []

    async def in_use(self, path: str, value: Json) -> bool:
        """Whether some object of the target has this value."""
        if self._listing is not None and path in self._indexed:
            return self._listing.has(path, match_key(path, value))
        return bool(await self._target.find(self._kind, {path: value}))

    async def _listed(self) -> Listing | None:
        """The target's objects; None where they are asked for one by one."""
        if self._lists and self._listing is None:
            listing = Listing()
            try:
                await self._list(listing)
            except BaseException:
                listing.close()  # half a listing would say of the others that they are gone
                raise
            self._listing = listing
        return self._listing

    async def _list(self, listing: Listing) -> None:
        paths = [(text, parse_path(text)) for text in self._indexed]
        some: list[tuple[Observed, list[tuple[str, str]]]] = []
        async for observed in self._target.list(self._kind):
            values = ((text, read(observed.resource, path)) for text, path in paths)
            some.append((observed, [(text, match_key(text, v)) for text, v in values if v not in (None, "")]))
            if len(some) == PAGE:
                listing.add(some)
                some = []
        listing.add(some)

    def _look_up(self, listing: Listing, wish: Desired) -> list[Observed]:
        for text in self._match:
            value = wish.values.get(text)
            if value not in (None, "") and (found := listing.found(text, match_key(text, value))):
                return found
        return []
