"""An organisation in the sandbox, an Okta source that reads it over HTTP, and what a whole round gave."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from connectors.okta.settings import OktaSettings
from connectors.okta.source import OktaSource, open_source
from connectors.sandbox.clock import Clock
from connectors.sandbox.emulator import Emulator
from connectors.sandbox.journal import Entry
from connectors.sandbox.okta.directory import OktaDirectory
from connectors.sandbox.okta.service import okta_app
from connectors.sandbox.okta.user import User
from connectors.sandbox.serve import serve
from syncd.core.model import Assignment, Json, Kind, Membership, Removal, SourceGroup, SourceUser, Stream
from syncd.core.secret import Secret

TOKEN = "sandbox-api-token"


@dataclass(kw_only=True)
class Held:
    """What somebody keeps of the organisation, as far as a source asks."""

    users: Collection[str] = ()
    groups: Collection[str] = ()
    assignments: Collection[str] = ()

    def ids(self, stream: Stream) -> Iterable[str]:
        return {"users": self.users, "groups": self.groups, "assignments": self.assignments}[stream]

    def among(self, kind: Kind, ids: Iterable[str]) -> Collection[str]:
        return set(ids) & set(self.users if kind == "user" else self.groups)


@dataclass(kw_only=True)
class Read:
    """All pages of one round."""

    users: list[SourceUser] = field(default_factory=list)
    groups: list[SourceGroup] = field(default_factory=list)
    memberships: list[Membership] = field(default_factory=list)
    assignments: list[Assignment] = field(default_factory=list)
    removals: list[Removal] = field(default_factory=list)
    unknown: set[str] = field(default_factory=set)
    whole: set[str] = field(default_factory=set)
    full: bool = True
    complete: bool = False
    watermark: str | None = None

    @property
    def logins(self) -> list[str]:
        return [user.attributes["profile"]["login"] for user in self.users]

    @property
    def members(self) -> dict[str, set[str]]:
        found: dict[str, set[str]] = {group.id: set() for group in self.groups}
        for one in self.memberships:
            found.setdefault(one.group_id, set()).add(one.member_id)
        return found

    @property
    def principals(self) -> list[str]:
        return [one.principal_id for one in self.assignments if one.principal_kind == "user"]


class World:
    """One organisation behind one server. Waits of the source move the sandbox's clock and cost no time."""

    def __init__(self, directory: OktaDirectory, emulator: Emulator, url: str) -> None:
        self.directory, self.emulator, self.url = directory, emulator, url
        self.clock = directory.clock
        self.app = directory.create_app("TestMu")
        self.sleeps: list[float] = []
        self.skew = 0.0  #: our clock less Okta's
        directory.access.add_api_token(TOKEN)
        self.settings = OktaSettings(
            name="acme",
            org_url=url,
            credential=Secret(TOKEN),
            app_id=self.app.id,
            timeout_s=10.0,
            system_log=False,  # where a test does not ask for it: it costs requests, which are counted here
        )
        self._open: list[OktaSource] = []

    def source(self, *, held: Held | None = None, **changes: Any) -> OktaSource:
        """A source of this organisation, with changed settings."""
        opened = open_source(
            replace(self.settings, **changes),
            mirrored=held,
            clock=lambda: self.clock.time() + self.skew,
            sleep=self.sleep,
            now=lambda: self.clock.time() + self.skew,
        )
        self._open.append(opened)
        return opened

    async def sleep(self, seconds: float) -> None:
        self.sleeps.append(seconds)
        self.clock.advance(seconds)

    async def close(self) -> None:
        for one in self._open:
            await one.close()

    async def read(
        self, stream: Stream, source: OktaSource | None = None, *, since: Read | None = None, **changes: Any
    ) -> Read:
        """One whole round, from the end of an earlier one where that is given."""
        read = Read()
        async for page in (source or self.source(**changes)).read(stream, since.watermark if since else None):
            assert not read.complete, "a page after the last one"
            assert page.stream == stream
            for record in page.records:
                kind = {
                    SourceUser: read.users,
                    SourceGroup: read.groups,
                    Membership: read.memberships,
                    Assignment: read.assignments,
                }[type(record)]
                kind.append(record)  # type: ignore[arg-type]
            read.removals += page.removals
            read.unknown |= page.unknown
            read.whole |= page.whole
            read.full = read.full and page.full
            read.complete = page.last
            assert page.last or page.watermark is None
            read.watermark = page.watermark
        assert read.complete
        return read

    def people(self, count: int, *, assigned: bool = True, prefix: str = "user") -> list[User]:
        """New active users, each assigned directly where wanted."""
        made = [
            self.directory.create_user(
                {"login": f"{prefix}{n:04}@acme.example", "firstName": f"Kim{n}", "lastName": "Bérg", "badge": n}
            )
            for n in range(count)
        ]
        if assigned:
            for user in made:
                self.directory.assign_user(self.app.id, user.id)
        return made

    def options(self, **switches: Json) -> None:
        self.directory.set_options(switches)

    def fault(self, action: Mapping[str, Json], *, times: int | None = 1, **match: Json) -> None:
        self.emulator.faults.add({"match": match, "times": times, "action": dict(action)})

    def requests(self, part: str = "") -> list[Entry]:
        """What the service was asked, of which the path or query contains the part."""
        return [entry for entry in self.emulator.journal if part in f"{entry.path}?{entry.query}"]

    def forget(self) -> None:
        self.emulator.journal.clear()
        self.emulator.faults.clear()
        self.sleeps.clear()


@contextmanager
def organisation(clock: Clock | None = None) -> Iterator[World]:
    """An empty organisation with one application, "TestMu"."""
    directory = OktaDirectory(clock=clock or Clock())
    emulator = okta_app(directory)
    with serve({"okta": emulator}) as served:
        yield World(directory, emulator, served["okta"])
