"""The Okta source: reads users, groups with their members, and assignments of one application."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence

from connectors.okta import check, find
from connectors.okta.app_users import AppUsers
from connectors.okta.assignment_stream import AssignmentStream
from connectors.okta.backoff import Backoff
from connectors.okta.client import OktaClient
from connectors.okta.failure import Failure
from connectors.okta.group_stream import GroupStream
from connectors.okta.mirrored import Mirrored, NothingMirrored
from connectors.okta.oddities import Oddities
from connectors.okta.settings import OktaSettings
from connectors.okta.starting import start
from connectors.okta.system_log import SystemLog
from connectors.okta.user_stream import UserStream
from syncd.core.model import Finding, Kind, Page, Snapshot, Stream


class OktaSource:
    """One organisation, one application. Users and groups are read from a watermark on, assignments always whole.

    An idle round costs two requests for the application's users and groups (500 and 200 a page), one for the groups
    that changed, one for the System Log, and with scope "all" one for the users that changed.

    `Page.unknown`, on the last page, holds the ids of what could not be told and keeps its last known state: groups
    (their members) in "groups", users in "users", assignments in "assignments". `warnings` says each in words.
    """

    def __init__(
        self,
        client: OktaClient,
        *,
        mirrored: Mirrored | None = None,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], float] = time.time,
    ) -> None:
        self.name = client.settings.name
        self._now = now
        self._client = client
        self._oddities = Oddities()
        self._log = SystemLog(client)
        app_users = AppUsers(client, self._oddities, clock=clock)
        known = mirrored or NothingMirrored()
        self._users = UserStream(client, self._oddities, app_users, known)
        self._groups = GroupStream(client, self._oddities, known)
        self._assignments = AssignmentStream(client, self._oddities, app_users, known)

    @property
    def in_turn(self) -> bool:
        """Each stream tells for itself what the mirror lacks."""
        return False

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

    async def read(self, stream: Stream, watermark: str | None = None) -> AsyncGenerator[Page, None]:
        """One round of a stream: everything without a watermark that serves (see starting.py). Raises SourceError."""
        try:
            async with contextlib.aclosing(self._pages(stream, watermark)) as given:
                async for page in given:
                    yield page
        except Failure as failure:
            raise failure.as_source_error(self.name, stream) from failure

    async def _pages(self, stream: Stream, watermark: str | None) -> AsyncGenerator[Page, None]:
        match stream:
            case "users":
                pages = self._users.pages(await start(self._client, self._log, watermark))
            case "groups":
                pages = self._groups.pages(await start(self._client, self._log, watermark))
            case "assignments":
                pages = self._assignments.pages()
        async with contextlib.aclosing(pages):
            async for page in pages:
                yield page

    async def find(self, kind: Kind, name: str) -> Sequence[Snapshot]:
        """Users with this id, login or e-mail, or groups with this id or name, as they are now. Raises SourceError."""
        try:
            return await find.find(self._client, kind, name)
        except Failure as failure:
            raise failure.as_source_error(self.name, f"the {kind} {name}") from failure

    async def check(self) -> Sequence[Finding]:
        return await check.check(self._client, now=self._now)

    async def close(self) -> None:
        await self._client.close()


def open_source(
    settings: OktaSettings,
    *,
    mirrored: Mirrored | None = None,
    backoff: Backoff | None = None,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    now: Callable[[], float] = time.time,
) -> OktaSource:
    """The source that these settings describe; nothing is sent yet. Raises NotConfigured.

    `mirrored`: what the caller keeps of it; without, nobody and nothing is ever missing from a list. `clock` gives
    seconds that only ever grow, `now` this machine's time of day, which `check` compares with Okta's.
    """
    client = OktaClient(settings, backoff=backoff, clock=clock, sleep=sleep)
    return OktaSource(client, mirrored=mirrored, clock=clock, now=now)
