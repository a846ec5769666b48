"""The things in the sandbox's directory: users, groups, service principals and what else may be a member."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

from connectors.sandbox.people import Person
from syncd.core.model import Json

ZERO_ROLE = "00000000-0000-0000-0000-000000000000"  #: assigned without a role


@dataclass(slots=True, eq=False, kw_only=True)
class Entity:
    """Anything with an object id. Compared by identity: there is one Python object for each directory object."""

    odata_type: ClassVar[str] = "#microsoft.graph.directoryObject"
    collection: ClassVar[str] = "directoryObjects"

    id: str
    values: dict[str, Json] = field(default_factory=dict)  #: properties that were set; None: cleared
    created: float = 0.0  #: seconds since 1970
    deleted: float | None = None  #: soft-deleted at, or purged at
    purged: bool = False

    @property
    def live(self) -> bool:
        return self.deleted is None

    @property
    def reason(self) -> str:
        """What delta says in `@removed`: "changed" can be restored, "deleted" is gone."""
        return "deleted" if self.purged else "changed"


@dataclass(slots=True, eq=False, kw_only=True)
class User(Entity):
    """A user. What `values` does not say is derived from the person, so that a million of them fit into memory."""

    odata_type: ClassVar[str] = "#microsoft.graph.user"
    collection: ClassVar[str] = "users"

    person: Person | None = None
    number: int = 0
    domain: str = ""
    guest: bool = False
    enabled: bool = True
    manager: Entity | None = None


@dataclass(slots=True, eq=False, kw_only=True)
class Group(Entity):
    """A group. `order` only grows: a removed member leaves None, so that a page's position stays true."""

    odata_type: ClassVar[str] = "#microsoft.graph.group"
    collection: ClassVar[str] = "groups"

    order: list[Entity | None] = field(default_factory=list)
    hidden: bool = False  #: membership is shown only to who has Member.Read.Hidden
    _places: dict[Entity, int] | None = None

    def add(self, member: Entity) -> bool:
        """Make it a member; False if it was one."""
        places = self._indexed()
        if member in places:
            return False
        places[member] = len(self.order)
        self.order.append(member)
        return True

    def remove(self, member: Entity) -> bool:
        """End the membership; False if there was none."""
        place = self._indexed().pop(member, None)
        if place is None:
            return False
        self.order[place] = None
        return True

    def __contains__(self, member: Entity) -> bool:
        return member in (self.order if self._places is None else self._places)

    def members(self) -> list[Entity]:
        """Those who exist, in order of joining."""
        return [member for member in self.order if member is not None and member.live]

    def _indexed(self) -> dict[Entity, int]:
        # Built when the group first changes: most of a big tenant's groups never do.
        if self._places is None:
            self._places = {member: place for place, member in enumerate(self.order) if member is not None}
        return self._places


@dataclass(slots=True, eq=False, kw_only=True)
class ServicePrincipal(Entity):
    """An enterprise application with its app roles (in `values`)."""

    odata_type: ClassVar[str] = "#microsoft.graph.servicePrincipal"
    collection: ClassVar[str] = "servicePrincipals"

    @property
    def roles(self) -> list[dict[str, Json]]:
        """The app roles, as Graph shows them."""
        return list(self.values.get("appRoles") or ())


@dataclass(slots=True, eq=False, kw_only=True)
class Device(Entity):
    """A device: may be a member, is nobody."""

    odata_type: ClassVar[str] = "#microsoft.graph.device"
    collection: ClassVar[str] = "devices"


@dataclass(slots=True, eq=False, kw_only=True)
class Contact(Entity):
    """An organisational contact: may be a member or a manager, has no account."""

    odata_type: ClassVar[str] = "#microsoft.graph.orgContact"
    collection: ClassVar[str] = "contacts"


@dataclass(slots=True, eq=False, kw_only=True)
class AppRoleAssignment:
    """One row of `appRoleAssignedTo`. It stays after its end, so that a lagging replica can still show it."""

    id: str
    principal: Entity
    resource: ServicePrincipal
    role_id: str = ZERO_ROLE
    created: float = 0.0
    ended: float | None = None
    suspended: bool = False  #: ended with the principal's deletion, and comes back if that is restored


#: the `types` of getByIds
TYPES: dict[str, type[Entity]] = {
    "user": User,
    "group": Group,
    "servicePrincipal": ServicePrincipal,
    "device": Device,
    "orgContact": Contact,
}
