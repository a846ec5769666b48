"""Reading what is assigned, and not the tenant: a directory of any size costs what the application's people cost.

A round from the start takes the place in the changes first, then reads the assigned groups with their members, and by id
the people who are assigned or in such a group; what changes meanwhile is told by the next round. A later round
follows the tenant's changes, keeps those of whom the mirror knows, and fetches whoever has come into view since. Whom
the mirror knows is asked for as long as it is known: out of scope is not deleted, and must be told apart.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Collection, Container, Iterable
from contextlib import aclosing
from dataclasses import replace
from typing import Protocol

from connectors.graph.batch import SIZE, Part, read_batch
from connectors.graph.by_ids import IDS, by_ids
from connectors.graph.delta import DeltaStream, delta_pages, unfinished
from connectors.graph.fault import Fault
from connectors.graph.groups import group_stream, read_groups
from connectors.graph.pager import walk
from connectors.graph.settings import GraphSettings
from connectors.graph.transport import Round, Transport
from connectors.graph.users import user_of, user_stream
from connectors.graph.watermark import Watermark, parse_watermark
from syncd.core.model import Json, Kind, Membership, Page, Record, Removal, SourceUser

_TOP = 999
#: Users on a page of users/delta, as reported; and requests by id that are too few for a look at the tenant's size.
_PAGE = 200
_FEW = 20


class InView(Protocol):
    """What the mirror holds of this source; each answer is of the moment."""

    def known(self, kind: Kind) -> Iterable[str]:
        """Who is live, or may come back."""
        ...

    def among(self, kind: Kind, ids: Iterable[str]) -> Collection[str]:
        """Those of these who are known."""
        ...

    def members(self, group_id: str) -> Collection[str]:
        """Users who are direct members of a group."""
        ...

    def needed(self, kind: Kind, *, lacking: bool) -> Iterable[str]:
        """Principals of assignments and members of groups; with `lacking` those of them who are not known."""
        ...


async def read_assigned(
    transport: Transport, settings: GraphSettings, kind: Kind, watermark: str | None, view: InView
) -> AsyncGenerator[Page, None]:
    """A round of the stream of users, or of groups with their members.

    To be read in this order, each when the one before is in the mirror: assignments, groups, users. Raises SourceError.
    """
    stream = user_stream(settings) if kind == "user" else group_stream(settings)
    reader = _Reader(transport, settings, stream, kind, view)
    mark = parse_watermark(watermark)
    if mark is not None and mark.serves(settings, stream.key, transport.now()):
        try:
            async with aclosing(reader.changes(mark.link)) as pages:
                async for page in pages:
                    yield page
            return
        except Fault as error:
            if not error.resync and error.status != 404:
                raise unfinished(transport, stream, error, by_changes=True) from error
        yield Page(stream=stream.stream, records=(), anew=True)
    try:
        async with aclosing(reader.everything()) as pages:
            async for page in pages:
                yield page
    except Fault as error:
        raise unfinished(transport, stream, error) from error


class _Reader:
    def __init__(
        self, transport: Transport, settings: GraphSettings, stream: DeltaStream, kind: Kind, view: InView
    ) -> None:
        self._transport, self._settings, self._stream, self._kind, self._view = transport, settings, stream, kind, view

    async def changes(self, link: str) -> AsyncGenerator[Page, None]:
        """What the tenant tells of those in view, then everything of those who came into view."""
        watermark: str | None = None
        async with aclosing(delta_pages(self._transport, self._settings, self._stream, link, full=False)) as pages:
            async for page in pages:
                watermark = page.watermark
                yield await asyncio.to_thread(self._of_known, replace(page, last=False, watermark=None))
        lacking = await asyncio.to_thread(lambda: list(self._view.needed(self._kind, lacking=True)))
        async for page in self._fetched(lacking, full=False):
            yield page
        yield Page(stream=self._stream.stream, records=(), full=False, last=True, watermark=watermark)

    async def everything(self) -> AsyncGenerator[Page, None]:
        """Those needed and those known: whoever is not found is for the caller to judge."""
        ids = await asyncio.to_thread(
            lambda: dict.fromkeys([*self._view.needed(self._kind, lacking=False), *self._view.known(self._kind)])
        )
        if self._kind == "user" and await self._walk_costs_less(len(ids)):
            chain = delta_pages(self._transport, self._settings, self._stream, self._stream.first, full=True)
            async with aclosing(chain) as pages:
                async for page in pages:
                    yield _of(page, ids)
            return
        watermark = await self._place()
        async for page in self._fetched(list(ids), full=True):
            yield page
        yield Page(stream=self._stream.stream, records=(), last=True, watermark=watermark)

    async def _walk_costs_less(self, wanted: int) -> bool:
        """Whether so many users, asked for by id, take more requests than all users of the tenant, page by page."""
        asked = -(-wanted // IDS) + (-(-wanted // SIZE) if "manager" in self._settings.user_select else 0)
        if asked <= _FEW:
            return False
        calls = self._calls(low=True)
        try:
            counted = await calls.get("/users?$select=id&$top=1&$count=true", {"ConsistencyLevel": "eventual"})
            return int(counted["@odata.count"]) / _PAGE < asked
        except (Fault, KeyError, TypeError, ValueError):
            return False

    async def _place(self) -> str:
        """The watermark of now. Source: Microsoft Graph documentation, "Use delta query", "Synchronize from now"."""
        calls = self._calls(low=True)
        link = ""
        async with aclosing(walk(calls, f"{self._stream.first}&$deltatoken=latest", delta=True)) as pages:
            async for page in pages:
                link = page.delta_link or link
        at, tenant = self._transport.now(), self._settings.tenant_id
        return Watermark(link=link, select=self._stream.key, tenant=tenant, at=at).text

    def _calls(self, *, low: bool) -> Round:
        return Round(self._transport, step=self._stream.stream, permission=self._stream.permission, low=low)

    def _of_known(self, page: Page) -> Page:
        told = [*page.records, *page.removals]
        return _of(page, self._view.among(self._kind, {_subject(one) for one in told}))

    def _fetched(self, ids: list[str], *, full: bool) -> AsyncGenerator[Page, None]:
        calls = self._calls(low=full)
        return self._users(calls, ids, full=full) if self._kind == "user" else self._groups(calls, ids, full=full)

    # --- users

    async def _users(self, calls: Round, ids: list[str], *, full: bool) -> AsyncGenerator[Page, None]:
        select = self._settings.user_select
        async with aclosing(by_ids(calls, "user", select - {"manager"}, ids)) as parts:
            async for items in parts:
                users = [user_of(item) for item in items]
                if "manager" in select and users:
                    users = await self._with_managers(calls, users)
                yield Page(stream="users", records=tuple(users), full=full)

    async def _with_managers(self, calls: Round, users: list[SourceUser]) -> list[SourceUser]:
        """No list gives ids of managers, so each is asked for, twenty in a request; 404 means that there is none."""
        parts = await read_batch(calls, [f"/users/{user.id}/manager?$select=id" for user in users])
        found: list[SourceUser] = []
        for user, part in zip(users, parts, strict=True):
            if part.status not in (200, 404):
                raise calls.incomplete(f"a manager could not be read ({part.status})")
            manager = part.body.get("id") if part.status == 200 and isinstance(part.body, dict) else None
            found.append(replace(user, attributes={**user.attributes, "manager": manager}))
        return found

    # --- groups

    async def _groups(self, calls: Round, ids: list[str], *, full: bool) -> AsyncGenerator[Page, None]:
        """Groups with their direct members; where nested groups count, those inside as well, each once."""
        seen = set(ids)
        while ids:
            inner: dict[str, None] = {}
            for at in range(0, len(ids), IDS):
                async for page in self._some_groups(calls, ids[at : at + IDS], full=full):
                    inner |= dict.fromkeys(
                        one.member_id
                        for one in page.records
                        if isinstance(one, Membership) and one.member_kind == "group" and one.member_id not in seen
                    )
                    yield page
            ids = [] if not self._settings.nested_groups else await asyncio.to_thread(self._new, inner, full)
            seen.update(ids)

    def _new(self, inner: dict[str, None], full: bool) -> list[str]:
        known = () if full else self._view.among("group", inner)
        return [id_ for id_ in inner if id_ not in known]

    async def _some_groups(self, calls: Round, ids: list[str], *, full: bool) -> AsyncGenerator[Page, None]:
        select = self._settings.group_select - {"members"}
        items = [item async for some in by_ids(calls, "group", select, ids) for item in some]
        if not items:
            return
        parts = await read_batch(calls, [_members_of(item["id"]) for item in items])
        records: list[Record] = []
        unknown: set[str] = set()
        for item, part in zip(items, parts, strict=True):
            members = await self._members(calls, part)
            if full and members is not None:
                members += await self._overlooked(calls, item["id"], members)
            hidden = item.get("visibility") == "HiddenMembership" and not members
            if members is None or hidden:
                unknown.add(item["id"])
            (said,) = read_groups([{**item, "members@delta": members or []}], False)
            records += said.records
        whole = frozenset() if full else frozenset(item["id"] for item in items) - unknown
        yield Page(stream="groups", records=tuple(records), full=full, unknown=frozenset(unknown), whole=whole)

    async def _overlooked(self, calls: Round, group_id: str, members: list[Json]) -> list[Json]:
        """Members whom one list lacks and a second one has: lists come from replicas, which may be of another moment."""
        listed = {one["id"] for one in members}
        if all(id_ in listed for id_ in await asyncio.to_thread(self._view.members, group_id)):
            return []
        try:
            async with aclosing(walk(calls, _members_of(group_id), delta=False)) as pages:
                return [one async for page in pages for one in page.items if one["id"] not in listed]
        except Fault as error:
            if error.status != 404:
                raise
            return []

    async def _members(self, calls: Round, part: Part) -> list[Json] | None:
        """Members of every kind; None where they may not be read. A group that is gone by now has none."""
        if part.status == 403:
            return None
        if part.status == 404:
            return []
        if part.status != 200 or not isinstance(part.body, dict) or not isinstance(part.body.get("value"), list):
            raise calls.incomplete(f"the members of a group could not be read ({part.status})")
        members = list(part.body["value"])
        following = part.body.get("@odata.nextLink")
        if isinstance(following, str):
            async with aclosing(walk(calls, following, delta=False)) as pages:
                async for page in pages:
                    members += page.items
        if not all(isinstance(one, dict) and isinstance(one.get("id"), str) for one in members):
            raise calls.incomplete("a member that has no id")
        return members


def _members_of(group_id: str) -> str:
    """Not cast to users: a cast goes to an index that lags, and leaves out the groups inside."""
    return f"/groups/{group_id}/members?$select=id&$top={_TOP}"


def _of(page: Page, ids: Container[str]) -> Page:
    """What a page says of these."""
    return replace(
        page,
        records=tuple(one for one in page.records if _subject(one) in ids),
        removals=tuple(one for one in page.removals if _subject(one) in ids),
        unknown=frozenset(id_ for id_ in page.unknown if id_ in ids),
    )


def _subject(one: Record | Removal) -> str:
    """Whose news it is: of a membership, the group's."""
    if isinstance(one, Membership):
        return one.group_id
    return one.id
