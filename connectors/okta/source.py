"""The Okta source: reads users, groups with their members, and assignments of one application."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterable, Sequence

from connectors.errors import SourceError
from connectors.okta import check, find, groups
from connectors.okta.app_users import AppUsers
from connectors.okta.assignments import app_groups, group_assignment, group_assignment_id
from connectors.okta.backoff import Backoff
from connectors.okta.client import OktaClient
from connectors.okta.failure import Failure
from connectors.okta.oddities import Odd, Oddities, known_id
from connectors.okta.pager import walk
from connectors.okta.proof import prove
from connectors.okta.settings import OktaSettings
from connectors.okta.users import LISTS, source_user, user
from connectors.okta.window import window
from syncd.core.model import Finding, Json, Kind, Membership, Page, Record, Removal, Snapshot, SourceUser, Stream

#: Groups in a row whose members cannot be read: then it is not the groups.
FAILING_GROUPS = 5

#: Ids of the users that the mirror holds as live, for telling a deleted user from one that a list did not show.
Known = Callable[[], Iterable[str]]


class OktaSource:
    """One organisation, one application. Every round reads everything (`watermark` is None).

    Absence proves nothing at Okta by itself, so the stream "users" is not full where the users come from assignments
    (who is no longer assigned still exists), nor where `known` allows to ask for the missing ones by id: deleted users
    are then Removals. Only with scope "all" and without `known` is it full.

    `Page.unknown`, on the last page, holds the ids of what could not be told and keeps its last known state: groups
    (their members) in "groups", users in "users", assignments in "assignments". `warnings` says each in words.
    """

    def __init__(self, client: OktaClient, *, known: Known | None = None, clock: Callable[[], float]) -> None:
        self.name = client.settings.name
        self._client, self._known = client, known
        self._oddities = Oddities()
        self._app_users = AppUsers(client, self._oddities, clock=clock)

    @property
    def requests(self) -> int:
        """HTTP requests sent so far, those for access tokens included."""
        return self._client.requests

    @property
    def throttled(self) -> int:
        """How many of them Okta answered with 429."""
        return self._client.throttled

    @property
    def warnings(self) -> list[str]:
        """Records that were set aside since the source was opened, each in a sentence; at most 200 are told."""
        return self._oddities.warnings

    async def read(self, stream: Stream, watermark: str | None = None) -> AsyncIterator[Page]:
        """One round of a stream, always from the beginning. Raises SourceError."""
        pages = {"users": self._users, "groups": self._groups, "assignments": self._assignments}[stream]
        try:
            async with contextlib.aclosing(pages()) as given:
                async for page in given:
                    yield page
        except Failure as failure:
            raise failure.as_source_error(self.name, stream) from failure

    async def find(self, kind: Kind, name: str) -> Sequence[Snapshot]:
        """Users with this id, login or e-mail, or groups with this id or name, as they are now. Raises SourceError."""
        try:
            return await find.find(self._client, kind, name)
        except Failure as failure:
            raise failure.as_source_error(self.name, f"the {kind} {name}") from failure

    async def check(self) -> Sequence[Finding]:
        return await check.check(self._client)

    async def close(self) -> None:
        await self._client.close()

    # --- users

    async def _users(self) -> AsyncGenerator[Page, None]:
        everyone = self._client.settings.scope == "all"
        seen: set[str] = set()
        unknown: set[str] = set()
        async with contextlib.aclosing(self._every_user() if everyone else self._assigned_users()) as pages:
            async for users, odd in pages:
                seen.update(one.id for one in users)
                unknown |= odd
                yield Page(stream="users", records=users, full=everyone and self._known is None)
        missing = set() if self._known is None else set(self._known()) - seen - unknown
        proven = await prove(self._client, self._oddities, missing)
        yield Page(
            stream="users",
            records=tuple(one for one in proven if isinstance(one, SourceUser)),
            removals=tuple(one for one in proven if isinstance(one, Removal)),
            full=everyone and self._known is None,
            last=True,
            unknown=frozenset(unknown - seen),
        )

    async def _assigned_users(self) -> AsyncGenerator[tuple[tuple[SourceUser, ...], frozenset[str]], None]:
        async with contextlib.aclosing(self._app_users.pages("users")) as pages:
            async for page in pages:
                yield page.users, page.unknown_users

    async def _every_user(self) -> AsyncGenerator[tuple[tuple[SourceUser, ...], frozenset[str]], None]:
        """The plain list, then the deactivated. Who is on both changed meanwhile, or the index lags: asked by id."""
        earlier: set[str] = set()
        for first in LISTS:
            seen: set[str] = set()
            async for records in walk(self._client, first, step="users"):
                fresh = [one for one in records if (id_ := known_id(one)) is None or id_ not in seen]
                seen.update(id_ for one in fresh if (id_ := known_id(one)) is not None)
                yield self._sorted_out(
                    [await user(self._client, one["id"]) if known_id(one) in earlier else one for one in fresh]
                )
            earlier |= seen

    def _sorted_out(self, records: list[Json]) -> tuple[tuple[SourceUser, ...], frozenset[str]]:
        users: list[SourceUser] = []
        unknown: set[str] = set()
        for record in records:
            try:
                users.append(source_user(record, deactivate_suspended=self._client.settings.deactivate_suspended))
            except Odd as odd:
                unknown |= self._set_aside("user", record, odd)
        return tuple(users), frozenset(unknown)

    def _set_aside(self, what: str, record: Json, odd: Odd) -> set[str]:
        id_ = known_id(record)
        self._oddities.note(what, id_, str(odd))
        return set() if id_ is None else {id_}

    # --- groups

    async def _groups(self) -> AsyncGenerator[Page, None]:
        seen: set[str] = set()
        unknown: set[str] = set()
        wanted: list[str] = []
        async for page in groups.every_group(self._client):
            records: list[Record] = []
            for record in page:
                try:
                    group = groups.source_group(record)
                    if group.id in seen:
                        continue
                    seen.add(group.id)
                    records.append(group)
                    if groups.wanted(self._client, record):
                        wanted.append(group.id)
                except Odd as odd:
                    unknown |= self._set_aside("group", record, odd)
            yield Page(stream="groups", records=tuple(records))
        async with contextlib.aclosing(self._members(wanted, unknown)) as given:
            async for members in given:
                yield Page(stream="groups", records=members)
        yield Page(stream="groups", records=(), last=True, unknown=frozenset(unknown))

    async def _members(self, group_ids: list[str], unknown: set[str]) -> AsyncGenerator[tuple[Membership, ...], None]:
        """Memberships of these groups; a group whose members cannot be read goes to `unknown`, and stops no other."""
        failing = 0
        walks = window(
            group_ids,
            lambda group_id: groups.members(self._client, group_id),
            width=self._client.settings.concurrency,
        )
        async with contextlib.aclosing(walks):  # or its walks would go on behind a caller that gave up
            async for group_id, page in walks:
                if isinstance(page, Failure | SourceError):
                    failing += 1
                    hopeless = isinstance(page, Failure) and page.status == 401
                    if hopeless or failing >= FAILING_GROUPS:
                        raise page
                    self._oddities.note("members of group", group_id, str(page))
                    unknown.add(group_id)
                elif isinstance(page, Exception):
                    raise page
                elif page is None:
                    failing = 0
                else:
                    yield self._memberships(group_id, page, unknown)

    def _memberships(self, group_id: str, page: list[Json], unknown: set[str]) -> tuple[Membership, ...]:
        found: dict[str, Membership] = {}
        for record in page:
            try:
                member = groups.membership(group_id, record)
            except Odd as odd:
                self._oddities.note("members of group", group_id, str(odd))
                unknown.add(group_id)
                continue
            if member is not None:
                found[member.member_id] = member
        return tuple(found.values())

    # --- assignments

    async def _assignments(self) -> AsyncGenerator[Page, None]:
        unknown: set[str] = set()
        seen: set[str] = set()
        async with contextlib.aclosing(self._app_users.pages("assignments")) as pages:
            async for page in pages:
                unknown |= page.unknown_assignments
                yield Page(stream="assignments", records=page.assignments)
        async for records in app_groups(self._client):
            rows: list[Record] = []
            for record in records:
                try:
                    assignment = group_assignment(record)
                    if assignment.id not in seen:
                        seen.add(assignment.id)
                        rows.append(assignment)
                except Odd as odd:
                    unknown |= {group_assignment_id(id_) for id_ in self._set_aside("group assignment", record, odd)}
            yield Page(stream="assignments", records=tuple(rows))
        yield Page(stream="assignments", records=(), last=True, unknown=frozenset(unknown))


def open_source(
    settings: OktaSettings,
    *,
    known: Known | None = None,
    backoff: Backoff | None = None,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
) -> OktaSource:
    """The source that these settings describe; nothing is sent yet. Raises NotConfigured."""
    client = OktaClient(settings, backoff=backoff, clock=clock, sleep=sleep)
    return OktaSource(client, known=known, clock=clock)
