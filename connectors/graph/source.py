"""Microsoft Graph as a source: fulfils `connectors.Source`."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from connectors.errors import NotConfigured
from connectors.graph.assigned import InView, read_assigned
from connectors.graph.assignments import KnownAssignments, read_assignments
from connectors.graph.check import Checker
from connectors.graph.delta import read_delta
from connectors.graph.fault import printable
from connectors.graph.find import Finder
from connectors.graph.groups import group_stream
from connectors.graph.missing_groups import KnownGroups, looked_up
from connectors.graph.recycle_bin import KnownUsers, proven
from connectors.graph.settings import GraphSettings
from connectors.graph.transport import Limits, Sleep, Transport, Wire
from connectors.graph.users import user_stream
from syncd.core.model import Finding, Kind, Page, Snapshot, Stream

if TYPE_CHECKING:
    from azure.core.credentials_async import AsyncTokenCredential


class GraphSource:
    """One tenant, read through the SDK's authenticated transport. Streams may be read side by side."""

    def __init__(
        self,
        settings: GraphSettings,
        transport: Transport,
        *,
        known_users: KnownUsers | None = None,
        known_groups: KnownGroups | None = None,
        known_assignments: KnownAssignments | None = None,
        in_view: InView | None = None,
    ) -> None:
        self.name = settings.name
        self._settings = settings
        self._transport = transport
        self._known_users = known_users
        self._known_groups = known_groups
        self._known_assignments = known_assignments
        self._in_view = in_view if settings.assigned_only else None

    @property
    def in_turn(self) -> bool:
        """Where only what is assigned is read, who that is must be known before."""
        return self._in_view is not None

    @property
    def requests(self) -> int:
        """HTTP requests sent so far, attempts counted one by one."""
        return self._transport.requests

    async def read(self, stream: Stream, watermark: str | None) -> AsyncGenerator[Page, None]:
        """One round of a stream: users and groups by delta query, assignments always whole.

        Without a usable watermark (none, older than six days, other properties or tenant, or one that Graph no longer
        knows) the round is full; a few of its pages may say `full=False`: they add to what earlier ones told. What a
        full round lacks is looked for in another way before it counts as gone, where the source was told what is
        known. Raises SourceError.
        """
        match stream:
            case "users":
                pages = self._read("user", watermark)
                if self._known_users is not None:
                    pages = proven(pages, self._transport, self._settings, self._known_users)
            case "groups":
                pages = self._read("group", watermark)
                if self._known_groups is not None:
                    pages = looked_up(pages, self._transport, self._settings, self._known_groups)
            case "assignments":
                pages = read_assignments(self._transport, self._settings, self._known_assignments)
        async with aclosing(pages):
            async for page in pages:
                yield page

    def _read(self, kind: Kind, watermark: str | None) -> AsyncGenerator[Page, None]:
        transport, settings = self._transport, self._settings
        if self._in_view is not None:
            return read_assigned(transport, settings, kind, watermark, self._in_view)
        return read_delta(
            transport, settings, user_stream(settings) if kind == "user" else group_stream(settings), watermark
        )

    @property
    def warnings(self) -> Sequence[str]:
        """None: Graph's records are typed by the service, and an odd page ends its round."""
        return ()

    async def find(self, kind: Kind, name: str) -> Sequence[Snapshot]:
        """By object id, user principal name or mail, or a group's display name; also in the recycle bin."""
        return await Finder(self._transport, self._settings, kind).find(name)

    async def check(self) -> Sequence[Finding]:
        return await Checker(self._transport, self._settings).check()

    async def close(self) -> None:
        """Close connections and credential; a later call opens new ones."""
        await self._transport.close()


def open_source(
    settings: GraphSettings,
    *,
    known_users: KnownUsers | None = None,
    known_groups: KnownGroups | None = None,
    known_assignments: KnownAssignments | None = None,
    in_view: InView | None = None,
    limits: Limits | None = None,
    credential: Callable[[], AsyncTokenCredential] | None = None,
    sleep: Sleep = asyncio.sleep,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
    monotonic: Callable[[], float] = time.monotonic,
    jitter: Callable[[], float] = random.random,
) -> GraphSource:
    """A source that connects, and imports the SDK, with its first request. `credential` stands in for the settings'.

    `known_users`, `known_groups` and `known_assignments` tell what the mirror holds; they are called when a round has been
    read, and only where it may remove something. `in_view` is needed where the settings say `assigned_only`.
    """
    bounds = limits or Limits()

    def connect() -> Wire:
        from connectors.graph.credentials import make_credential  # noqa: PLC0415 - half a second, only where used
        from connectors.graph.wire import Wire as SdkWire  # noqa: PLC0415 - likewise

        try:
            signed = credential() if credential else make_credential(settings)
            return SdkWire(settings, signed, body_bytes=bounds.body_bytes)
        except (ValueError, OSError) as error:
            raise NotConfigured(
                source=settings.name, detail=f"the credential or ca_file cannot be used: {printable(str(error))}"
            ) from error

    transport = Transport(
        connect,
        source=settings.name,
        root=settings.root,
        limits=bounds,
        sleep=sleep,
        now=now,
        monotonic=monotonic,
        jitter=jitter,
        observe=settings.observe,
    )
    return GraphSource(
        settings,
        transport,
        known_users=known_users,
        known_groups=known_groups,
        known_assignments=known_assignments,
        in_view=in_view,
    )
