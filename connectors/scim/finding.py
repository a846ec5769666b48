"""Look-up by a match attribute. What comes back is compared with what was asked, always.

Two of ten services seen ignore every filter and answer with everybody; others compare with the wrong attribute, or by
letter case. Taking the first hit would write to the wrong person.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence

from connectors.scim.answer import Answer
from connectors.scim.paging import every, first_page
from connectors.scim.patch import is_empty
from connectors.scim.service import Service, observed, resources
from syncd.core.attributes import AttributePath, parse_path, quote, read
from syncd.core.change import Observed
from syncd.core.model import Json, Kind

#: Compared exactly (RFC 7643 section 3.1); everything else without regard to case.
_CASE_EXACT = frozenset({"id", "externalid"})
_INDEX_LIFE_S = 60.0
_SAMPLE = 100
#: Some services do not read the escapes of a filter's string (RFC 7159 section 7): finding nothing then says nothing.
_ESCAPED = frozenset('"\\')


class Finder:
    """Finds by filter, and by the whole list where the filter cannot be trusted.

    The list is kept as an index of ids for a minute, so that a service without filters is listed once for a batch of
    look-ups, and not once for each.
    """

    def __init__(self, service: Service) -> None:
        self._service = service
        self._indexes: dict[tuple[Kind, str], tuple[float, dict[Json, list[str]]]] = {}
        self._doubted: set[Kind] = set()
        self._probed: dict[tuple[Kind, str], float] = {}
        self._probing = asyncio.Lock()

    def doubt(self, kind: Kind) -> None:
        """A create was refused as a duplicate: a look-up that finds nothing is no longer believed."""
        self._doubted.add(kind)
        self.forget(kind)

    def forget(self, kind: Kind) -> None:
        """Objects of this kind came or went: an index of them is outdated."""
        if not self._indexes:
            return
        for key in [key for key in self._indexes if key[0] == kind]:
            del self._indexes[key]

    async def find(self, kind: Kind, match: Mapping[str, Json]) -> Sequence[Observed]:
        """Every object whose attribute equals the value. Raises TargetError."""
        return tuple(await self._find(kind, match))

    async def _find(self, kind: Kind, match: Mapping[str, Json]) -> Sequence[Observed]:
        ((text, value),) = match.items()
        if is_empty(value) or value == "":
            return ()
        path = parse_path(text)
        filterable = self._service.profile.kind(kind).filterable
        if str(path) in self._service.knowledge.facts.unfilterable or (
            filterable is not None and str(path) not in filterable
        ):
            return await self._by_list(kind, path, value)
        found = await self._by_filter(kind, path, value)
        if found is None:
            return await self._by_list(kind, path, value)
        if not found and isinstance(value, str) and value != value.lower() and not _exact(path):
            found = await self._by_filter(kind, path, value.lower())
        if not found and (kind in self._doubted or _ESCAPED & set(str(value)) or not await self._finds(kind, path)):
            return await self._by_list(kind, path, value)
        return found or ()

    async def _by_filter(self, kind: Kind, path: AttributePath, value: Json) -> list[Observed] | None:
        """The verified hits; None where the filter does not work."""
        service = self._service
        window = [("startIndex", "1"), ("count", "100")] if service.dialect.find_window else []
        query = [("filter", f"{path} eq {quote(value)}"), *window]
        answer = await service.fetch(service.list_path(kind, query))
        page = resources(answer) if answer.ok else None
        if page is None:
            return self._refused(kind, path, answer)
        hits: dict[str, Observed] = {}
        others = 0
        for resource in page:
            one = observed(resource)
            if one is not None and matches(resource, path, value):
                hits[one.id] = one
            elif not _near(resource, path, value):
                others += 1
        if others:
            self._unfilterable(kind, path, "is ignored")
            return None
        return list(hits.values())

    async def _finds(self, kind: Kind, path: AttributePath) -> bool:
        """Whether "nothing found" may be believed: an object that the list shows is looked up by its own value.

        Tried before the first belief, and again after a minute while the target holds nothing to try it with. What came
        of it is remembered for good.
        """
        service, proof = self._service, f"a filter on {path} finds {kind}s"
        async with self._probing:
            if service.knowledge.has(proof):
                return True
            if str(path) in service.knowledge.facts.unfilterable:
                return False
            now = service.reader.timing.monotonic()
            last = self._probed.get((kind, str(path)))
            if last is not None and now - last < _INDEX_LIFE_S:
                return True
            self._probed[kind, str(path)] = now
            answer = await first_page(service, kind, _SAMPLE)
            page = (resources(answer) if answer.ok else None) or ()
            usable = [resource for resource in page if _can_prove(resource, path)]
            usable.sort(key=lambda resource: not _distinct(resource, path))
            for resource in usable[:1]:
                one = observed(resource)
                hits = await self._by_filter(kind, path, read(resource, path))
                if hits is None or one is None:
                    return False
                if any(hit.id == one.id for hit in hits):
                    if _distinct(resource, path):
                        service.knowledge.learn(proof)
                    return True
                if await service.inspect(kind, one.id) is not None:
                    self._unfilterable(kind, path, "does not find what is there")
                    return False
            return True

    def _refused(self, kind: Kind, path: AttributePath, answer: Answer) -> list[Observed] | None:
        known = self._service.profile.words(kind, answer.status, answer.words)
        if known is not None and known.absent:
            return []
        if answer.status == 404 and answer.speaks_scim:
            return []
        if answer.status in (400, 422, 500, 501):
            if answer.status != 500 and ((answer.scim_type or "").lower() == "invalidfilter" or answer.status == 501):
                self._unfilterable(kind, path, "is refused")
            return None
        return self._service.refuse(answer, f"look-up by {path}", kind)

    def _unfilterable(self, kind: Kind, path: AttributePath, how: str) -> None:
        facts = self._service.knowledge.facts
        self._service.knowledge.learn(
            f"a filter on {path} {how}: {kind}s are listed instead", unfilterable=facts.unfilterable | {str(path)}
        )

    async def _by_list(self, kind: Kind, path: AttributePath, value: Json) -> list[Observed]:
        now = self._service.reader.timing.monotonic()
        made, index = self._indexes.get((kind, str(path)), (0.0, None))
        if index is None or now - made > _INDEX_LIFE_S:
            index = {}
            async for one in every(self._service, kind):
                if not is_empty(seen := read(one.resource, path)):
                    index.setdefault(_key(seen, path), []).append(one.id)
            self._indexes[kind, str(path)] = (now, index)
        found: list[Observed] = []
        for identifier in index.get(_key(value, path), ()):
            seen_now = await self._service.inspect(kind, identifier)
            if seen_now is not None and matches(seen_now.resource, path, value):
                found.append(seen_now)
        return found


def matches(resource: Mapping[str, Json], path: AttributePath, value: Json) -> bool:
    """Whether the resource really has this value under this path."""
    seen = read(resource, path)
    return not is_empty(seen) and _key(seen, path) == _key(value, path)


def _can_prove(resource: Mapping[str, Json], path: AttributePath) -> bool:
    value = read(resource, path)
    return isinstance(value, str) and bool(value) and not _ESCAPED & set(value) and observed(resource) is not None


def _distinct(resource: Mapping[str, Json], path: AttributePath) -> bool:
    """Whether the value is no e-mail address of the same object: a service may compare any filter with that."""
    emails = resource.get("emails")
    addresses = [e.get("value") for e in emails if isinstance(e, Mapping)] if isinstance(emails, list) else []
    return path.attribute.lower() == "emails" or str(read(resource, path)).casefold() not in {
        str(address).casefold() for address in addresses
    }


def _near(resource: Mapping[str, Json], path: AttributePath, value: Json) -> bool:
    """A service may compare without regard to case where we do not: no sign that it ignores the filter."""
    return str(read(resource, path)).casefold() == str(value).casefold()


def _exact(path: AttributePath) -> bool:
    return path.attribute.lower() in _CASE_EXACT and path.schema is None


def _key(value: Json, path: AttributePath) -> Json:
    text = str(value) if isinstance(value, (str, int, float)) else repr(value)
    return text if _exact(path) else text.casefold()
