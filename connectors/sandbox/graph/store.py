"""What the sandbox's directory holds: objects by id, edges, assignments, the bin and the change log."""

from __future__ import annotations

import random
import threading
from collections.abc import Iterable, Mapping
from typing import TypeVar

from connectors.sandbox.clock import Clock
from connectors.sandbox.graph.changelog import Change, ChangeLog, Kind
from connectors.sandbox.graph.entity import AppRoleAssignment, Entity, Group, ServicePrincipal, User
from connectors.sandbox.graph.properties import value
from connectors.sandbox.graph.quirks import Quirks
from syncd.core.model import Json

E = TypeVar("E", bound=Entity)


class Store:
    """The objects of one tenant, and how to find them. Raises KeyError for what does not exist."""

    def __init__(
        self,
        *,
        clock: Clock | None = None,
        quirks: Quirks | None = None,
        domain: str = "contoso.example",
        seed: int = 0,
    ) -> None:
        self.clock = clock or Clock()
        self.quirks = quirks or Quirks()
        self.lock = threading.RLock()
        self.clear(domain=domain, seed=seed)

    def clear(self, *, domain: str = "contoso.example", seed: int = 0) -> None:
        """An empty tenant."""
        with self.lock:
            self.domain = domain
            self.seed = seed
            self.ids = random.Random(f"ids {seed}")  # noqa: S311 - reproducible ids, no secret
            self.users: list[User] = []
            self.groups: list[Group] = []
            self.principals: list[ServicePrincipal] = []
            self.others: list[Entity] = []
            self.by_id: dict[str, Entity] = {}
            self.assignments: list[AppRoleAssignment] = []
            self.bin: dict[str, Entity] = {}  # soft-deleted, the oldest first
            self.log = ChangeLog()
            self.generations = {"users": 0, "groups": 0, "servicePrincipals": 0}

    def new_id(self) -> str:
        """A fresh object id, the next of this seed."""
        h = f"{self.ids.getrandbits(120):030x}"
        return f"{h[:8]}-{h[8:12]}-4{h[12:15]}-8{h[15:18]}-{h[18:]}"

    def user(self, name: str) -> User:
        """By object id or user principal name, deleted ones by id only."""
        found = self.by_id.get(name)
        if found is None:
            wanted = name.casefold()
            found = next(
                (u for u in self.users if u.live and str(value(u, "userPrincipalName")).casefold() == wanted), None
            )
        return _of(User, found, name)

    def group(self, name: str) -> Group:
        """By object id or display name."""
        found = self.by_id.get(name)
        if found is None:
            found = next((g for g in self.groups if g.live and g.values.get("displayName") == name), None)
        return _of(Group, found, name)

    def entity(self, name: str) -> Entity:
        """Anything, by object id; a user or group also by its name."""
        if name in self.by_id:
            return self.by_id[name]
        try:
            return self.group(name)
        except KeyError:
            return self.user(name)

    @property
    def application(self) -> ServicePrincipal:
        """The first service principal: the application that the tenant provisions."""
        if not self.principals:
            raise KeyError("the directory has no service principal")
        return self.principals[0]

    def application_named(self, name: str | None) -> ServicePrincipal:
        if name is None:
            return self.application
        found = self.by_id.get(name) or next(
            (p for p in self.principals if name in {p.values["appId"], p.values["displayName"]}), None
        )
        return _of(ServicePrincipal, found, name)

    def write(
        self,
        kind: Kind,
        entity: Entity,
        *,
        navigation: str = "",
        other: Entity | None = None,
        properties: Iterable[str] = (),
    ) -> None:
        self.log.append(
            Change(
                self.clock.time(), kind, entity, properties=frozenset(properties), navigation=navigation, other=other
            )
        )

    def set_properties(self, entity: Entity, properties: Mapping[str, Json]) -> str:
        changed = {name: new for name, new in properties.items() if value(entity, name) != new}
        entity.values.update(changed)
        if isinstance(entity, Group) and "visibility" in changed:
            entity.hidden = changed["visibility"] == "HiddenMembership"
        if changed:
            self.write("set", entity, properties=changed)
        return entity.id

    def free_id(self, object_id: str | None) -> str:
        if object_id is not None and object_id in self.by_id:
            raise ValueError(f"{object_id} exists already")
        return object_id or self.new_id()


def _of(kind: type[E], found: Entity | None, name: str) -> E:
    if not isinstance(found, kind):
        raise KeyError(f"no {kind.__name__} {name}")
    return found
