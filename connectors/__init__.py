"""The two protocols that connectors fulfil: `Source` is read, `Target` is written. Errors: connectors/errors.py."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from typing import Protocol

from syncd.core.change import Change, Observed, Outcome, Request, TargetFacts
from syncd.core.model import Finding, Json, Kind, Page, Snapshot, Stream


class Source(Protocol):
    """A directory that is read and never written."""

    @property
    def name(self) -> str:
        """The key in config.toml."""
        ...

    @property
    def requests(self) -> int:
        """HTTP requests sent so far."""
        ...

    @property
    def warnings(self) -> Sequence[str]:
        """Records that were set aside since the source was opened, each in a sentence."""
        ...

    @property
    def in_turn(self) -> bool:
        """Whether its streams build on each other: assignments, then groups, then users, each with the one before in
        the mirror. Otherwise they may be read side by side."""
        ...

    def read(self, stream: Stream, watermark: str | None) -> AsyncGenerator[Page, None]:
        """Pages of one round, the last one with `last` set. Without a watermark: everything.

        Raises SourceError as soon as the round cannot be finished; pages already given stay true.
        """
        ...

    async def find(self, kind: Kind, name: str) -> Sequence[Snapshot]:
        """What the source says now of the objects with this id, login, e-mail or group name. Raises SourceError."""
        ...

    async def check(self) -> Sequence[Finding]:
        """Try credentials and each permission; never raises for what a Finding can say."""
        ...

    async def close(self) -> None: ...


class Target(Protocol):
    """A SCIM 2.0 service. Opened for a dry run it has no way to write (`send` raises ReadOnly)."""

    @property
    def name(self) -> str:
        """The key in config.toml."""
        ...

    @property
    def requests(self) -> int:
        """HTTP requests sent so far."""
        ...

    @property
    def facts(self) -> TargetFacts:
        """What is known of the service; better after any call. The caller keeps it in the state DB."""
        ...

    @property
    def member_names(self) -> bool:
        """Whether it is told the names of the members that a group gets, beside their ids (`Change.called`)."""
        ...

    async def find(self, kind: Kind, match: Mapping[str, Json]) -> Sequence[Observed]:
        """Objects whose attribute equals the value: `match` has one path. Verified against the answer, never trusted."""
        ...

    async def get(self, kind: Kind, target_id: str, *, members: bool = False) -> Observed | None:
        """One object, None when it is gone."""
        ...

    def list(self, kind: Kind, *, members: bool = False) -> AsyncIterator[Observed]:
        """Every object once. Raises TargetError when the list did not come to its end."""
        ...

    def preview(self, change: Change, wrote: Mapping[str, Json]) -> Sequence[Request]:
        """The requests that `send` would make for this change: pure. `wrote`: what the link says is there now."""
        ...

    async def send(self, change: Change, wrote: Mapping[str, Json]) -> Outcome:
        """Carry out one change; never raises for what an Outcome can say."""
        ...

    async def check(self) -> Sequence[Finding]: ...

    async def close(self) -> None: ...
