"""A tenant in the sandbox, a Graph source that reads it over HTTP, and the truth to compare with."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from connectors.graph.settings import AccessToken, GraphSettings
from connectors.graph.source import GraphSource, open_source
from connectors.graph.transport import Limits
from connectors.sandbox.clock import Clock
from connectors.sandbox.emulator import Emulator
from connectors.sandbox.graph.app import graph_app
from connectors.sandbox.graph.directory import GraphDirectory
from connectors.sandbox.graph.entity import Group, User
from connectors.sandbox.graph.generate import Tenant, generate
from connectors.sandbox.graph.properties import ever_set
from connectors.sandbox.journal import Entry
from connectors.sandbox.serve import Certificate, serve
from syncd.core.model import Json
from syncd.core.secret import Secret
from tests.contract.graph_mirror import Edge, Mirror

TOKEN = "sandbox"
OWN = ("credential", "jitter", "now", "monotonic", "known_users", "known_groups", "known_assignments", "in_view")
PROFILE = frozenset({"manager", "department", "mobilePhone", "jobTitle", "onPremisesExtensionAttributes"})


class World:
    """One tenant behind one server. Waits of the source move the sandbox's clock and cost no time."""

    def __init__(self, directory: GraphDirectory, emulator: Emulator, url: str) -> None:
        self.directory = directory
        self.quirks = directory.quirks
        self.clock = directory.clock
        self.emulator = emulator
        self.url = url
        self.root = f"{url}/v1.0"
        self.sleeps: list[float] = []
        self.mirror = Mirror()
        self.settings = GraphSettings(
            name="contoso",
            tenant_id="11111111-0000-4000-8000-000000000001",
            credential=AccessToken(token=Secret(TOKEN)),
            endpoint=self.root,
            user_attributes=PROFILE,
            group_attributes=frozenset({"description"}),
        )
        if directory.principals:
            self.settings = replace(self.settings, service_principal_id=directory.application.id)

    def source(self, *, limits: Limits | None = None, **options: Any) -> GraphSource:
        """A source of this tenant; options that `open_source` takes go there, the others change the settings."""
        own = {key: options.pop(key) for key in OWN if key in options}
        given: dict[str, Any] = {
            "now": self.clock.now,
            "monotonic": self.clock.time,
            "jitter": lambda: 1.0,
            "sleep": self.sleep,
        }
        # The sandbox is slow to nothing: what waits is a test's fault and shall end soon.
        return open_source(
            replace(self.settings, **options), limits=limits or Limits(attempt_s=10.0), **{**given, **own}
        )

    async def sleep(self, seconds: float) -> None:
        self.sleeps.append(seconds)
        self.clock.advance(seconds)

    def fault(self, action: Mapping[str, Json], *, times: int | None = 1, **match: Json) -> None:
        self.emulator.faults.add({"match": match, "times": times, "action": dict(action)})

    def requests(self, part: str = "") -> list[Entry]:
        """What the service was asked, of which the path or query contains the part."""
        return [entry for entry in self.emulator.journal if part in f"{entry.path}?{entry.query}"]

    def forget(self) -> None:
        self.emulator.journal.clear()
        self.emulator.faults.clear()
        self.sleeps.clear()

    # The truth

    @property
    def users(self) -> dict[str, dict[str, Json]]:
        """Everyone alive, with what is selected and has a value."""
        select = self.settings.user_select - {"manager"}
        return {user.id: self._values(user, select) for user in self.directory.users if user.live}

    @property
    def groups(self) -> dict[str, dict[str, Json]]:
        select = self.settings.group_select - {"members"}
        return {group.id: self._values(group, select) for group in self.directory.groups if group.live}

    @property
    def edges(self) -> set[Edge]:
        return {
            (group.id, member.id, "user" if isinstance(member, User) else "group")
            for group in self.directory.groups
            if group.live
            for member in group.members()
            if isinstance(member, User | Group)
        }

    @staticmethod
    def _values(entity: User | Group, select: frozenset[str]) -> dict[str, Json]:
        values = {key: value for key, value in ever_set(entity, select).items() if value is not None}
        if isinstance(entity, User) and entity.manager is not None and entity.manager.live:
            values["manager"] = entity.manager.id
        return values

    def same_users(self) -> bool:
        """Whether the mirror holds the truth; for a message that says what differs, compare the parts."""
        seen = {key: {k: v for k, v in value.items() if v is not None} for key, value in self.mirror.users.items()}
        assert seen == self.users
        return True

    def same_groups(self) -> bool:
        seen = {key: {k: v for k, v in value.items() if v is not None} for key, value in self.mirror.groups.items()}
        assert seen == self.groups
        assert self.mirror.edges == self.edges
        return True


@contextmanager
def tenant(*, certificate: Certificate | None = None, **size: Any) -> Iterator[World]:
    """A generated tenant, over TLS where a certificate is given; `users=0` gives an empty one with its application."""
    clock = Clock()
    directory = GraphDirectory(clock=clock)
    generate(directory, Tenant(**{"users": 60, **size}))
    emulator = graph_app(directory)
    with serve({"graph": emulator}, certificate=certificate) as served:
        yield World(directory, emulator, served["graph"])
