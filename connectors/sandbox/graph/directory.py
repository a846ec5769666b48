"""The sandbox's Entra directory: every mutation that a test, the demo or a person may make."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from connectors.sandbox.graph.entity import ZERO_ROLE, AppRoleAssignment, Device, Entity, Group, ServicePrincipal, User
from connectors.sandbox.graph.store import Store
from syncd.core.model import Json

#: "If you delete a user, it can be restored within 30 days" (Microsoft Entra documentation)
BIN_S = 30 * 86_400


class GraphDirectory(Store):
    """One tenant. Every mutation is logged for delta, is safe beside a running service, and gives back an id.

    A user is named by object id or user principal name, a group by object id or display name. Raises KeyError for
    one that does not exist, ValueError for a mutation that makes no sense.
    """

    # Users

    def create_user(self, *, object_id: str | None = None, **properties: Json) -> str:
        """A new user. Without userPrincipalName it gets one of its own."""
        with self.lock:
            user = User(
                id=self.free_id(object_id),
                created=self.clock.time(),
                number=len(self.users),
                domain=self.domain,
                values={},
            )
            manager = properties.pop("manager", None)
            properties.setdefault("userPrincipalName", f"user{user.number}@{self.domain}")
            properties.setdefault("displayName", str(properties["userPrincipalName"]).partition("@")[0])
            properties.setdefault("accountEnabled", True)
            properties.setdefault("userType", "Member")
            user.values.update(properties)
            self.users.append(user)
            self.by_id[user.id] = user
            self.write("created", user)
            if manager is not None:
                self.set_manager(user.id, manager)
            return user.id

    def update_user(self, user: str, **properties: Json) -> str:
        """Set properties; None clears one."""
        with self.lock:
            return self.set_properties(self.user(user), properties)

    def clear_properties(self, name: str, properties: Iterable[str]) -> str:
        """Clear properties of a user or group."""
        with self.lock:
            return self.set_properties(self.entity(name), dict.fromkeys(properties))

    def disable_user(self, user: str) -> str:
        """Block from sign-in."""
        return self.update_user(user, accountEnabled=False)

    def enable_user(self, user: str) -> str:
        """Let sign in again."""
        return self.update_user(user, accountEnabled=True)

    def set_manager(self, user: str, manager: str | None) -> str:
        """Set, change or (None) clear the manager."""
        with self.lock:
            found, new = self.user(user), None if manager is None else self.entity(manager)
            if found.manager is new:
                return found.id
            if found.manager is not None:
                self.write("unlinked", found, navigation="manager", other=found.manager)
            if new is not None:
                self.write("linked", found, navigation="manager", other=new)
            found.manager = new
            return found.id

    def delete(self, name: str) -> str:
        """Delete a user or group: into the bin for 30 days, or for good where `group_hard_delete` says so."""
        with self.lock:
            found = self.entity(name)
            if not found.live:
                raise ValueError(f"{name} is already deleted")
            found.deleted = self.clock.time()
            self.write("deleted", found)
            for group in self._groups_of(found) if not self.quirks.silent_member_removal else ():
                self.write("unlinked", group, navigation="members", other=found)
            self._end_assignments(found)
            self.bin[found.id] = found
            unified = isinstance(found, Group) and "Unified" in (found.values.get("groupTypes") or ())
            if isinstance(found, Group) and not unified and self.quirks.group_hard_delete:
                self.purge(found.id)
            return found.id

    def restore(self, name: str) -> str:
        """Bring back from the bin, memberships and assignments included."""
        with self.lock:
            found = self.bin.pop(self.entity(name).id, None)
            if found is None:
                raise ValueError(f"{name} is not in the bin")
            found.deleted = None
            self.write("restored", found)
            for row in self.assignments:
                if row.principal is found and row.suspended:
                    row.ended, row.suspended = None, False
            for group in self._groups_of(found) if not self.quirks.silent_member_return else ():
                self.write("linked", group, navigation="members", other=found)
            return found.id

    def purge(self, name: str) -> str:
        """Delete for good, from the bin or at once."""
        with self.lock:
            found = self.entity(name)
            if found.purged:
                raise ValueError(f"{name} is already gone")
            if found.live:
                found.deleted = self.clock.time()
                self._end_assignments(found)
            found.purged = True
            self.bin.pop(found.id, None)
            self.write("purged", found)
            return found.id

    def empty_bin(self) -> None:
        """Purge whom the bin has kept for 30 days."""
        with self.lock:
            over = self.clock.time() - BIN_S
            while self.bin:
                oldest = next(iter(self.bin.values()))
                if oldest.deleted is None or oldest.deleted > over:
                    break
                self.purge(oldest.id)

    # Groups

    def create_group(
        self, name: str, *, members: Iterable[str] = (), object_id: str | None = None, **properties: Json
    ) -> str:
        """A new security group, with members by name."""
        with self.lock:
            joining = [self.entity(member) for member in members]
            group = Group(
                id=self.free_id(object_id),
                created=self.clock.time(),
                hidden=properties.get("visibility") == "HiddenMembership",
            )
            group.values = {
                "displayName": name,
                "mailNickname": "".join(c for c in name if c.isalnum()) or "group",
                "mailEnabled": False,
                "securityEnabled": True,
                "groupTypes": [],
                **properties,
            }
            self.groups.append(group)
            self.by_id[group.id] = group
            self.write("created", group)
            self._join(group, joining)
            return group.id

    def update_group(self, group: str, **properties: Json) -> str:
        """Set properties; None clears one."""
        with self.lock:
            return self.set_properties(self.group(group), properties)

    def rename_group(self, group: str, name: str) -> str:
        """Another display name, the same object."""
        return self.update_group(group, displayName=name)

    def add_members(self, group: str, *members: str) -> str:
        """Make objects direct members; who is one already stays it."""
        with self.lock:
            found = self.group(group)
            self._join(found, [self.entity(member) for member in members])
            return found.id

    def remove_members(self, group: str, *members: str) -> str:
        """End direct memberships."""
        with self.lock:
            found = self.group(group)
            for member in members:
                other = self.entity(member)
                if found.remove(other):
                    self.write("unlinked", found, navigation="members", other=other)
            return found.id

    def add_device(self, name: str) -> str:
        """A device, which may be a member of groups."""
        with self.lock:
            device = Device(id=self.new_id(), created=self.clock.time(), values={"displayName": name})
            self.others.append(device)
            self.by_id[device.id] = device
            return device.id

    # Applications

    def create_application(
        self,
        name: str,
        *,
        roles: Sequence[Mapping[str, Json]] = (),
        object_id: str | None = None,
        app_id: str | None = None,
    ) -> str:
        """A new enterprise application with app roles, each at least {"displayName", "value"}."""
        with self.lock:
            principal = ServicePrincipal(id=self.free_id(object_id), created=self.clock.time())
            principal.values = {
                "appId": app_id or self.new_id(),
                "displayName": name,
                "appDisplayName": name,
                "accountEnabled": True,
                "appRoleAssignmentRequired": True,
                "servicePrincipalType": "Application",
                "tags": ["WindowsAzureActiveDirectoryIntegratedApp"],
                "appRoles": [self._role(role) for role in roles],
            }
            self.principals.append(principal)
            self.by_id[principal.id] = principal
            self.write("created", principal)
            return principal.id

    def edit_app_roles(self, roles: Sequence[Mapping[str, Json]], *, application: str | None = None) -> str:
        """Replace the app roles: give an `id` to keep a role under another name, `isEnabled` false to disable it."""
        with self.lock:
            return self.set_properties(
                self.application_named(application), {"appRoles": [self._role(role) for role in roles]}
            )

    def assign(self, principal: str, *, role: str | None = None, application: str | None = None) -> str:
        """Assign a user, group or service principal; `role` by id, value or display name. Gives the row's id."""
        with self.lock:
            resource, who = self.application_named(application), self.entity(principal)
            role_id = ZERO_ROLE if role is None else self._role_id(resource, role)
            for row in self.assignments:
                if row.principal is who and row.resource is resource and row.role_id == role_id and row.ended is None:
                    raise ValueError(f"{principal} is already assigned with this role")
            row = AppRoleAssignment(
                id=f"{self.ids.getrandbits(250):063x}",
                principal=who,
                resource=resource,
                role_id=role_id,
                created=self.clock.time(),
            )
            self.assignments.append(row)
            return row.id

    def unassign(self, principal: str, *, role: str | None = None, application: str | None = None) -> int:
        """End the principal's assignments: all, or the one with this role. Gives how many ended."""
        with self.lock:
            resource, who = self.application_named(application), self.entity(principal)
            role_id = None if role is None else self._role_id(resource, role)
            ended = 0
            for row in self.assignments:
                if (
                    row.principal is who
                    and row.resource is resource
                    and row.ended is None
                    and role_id in {None, row.role_id}
                ):
                    row.ended = self.clock.time()
                    ended += 1
            return ended

    def reset_stream(self, stream: str) -> int:
        """Make every delta token of this stream ("users", "groups", ...) void: the service answers 410."""
        with self.lock:
            self.generations[stream] += 1
            return self.generations[stream]

    # Inside

    def _join(self, group: Group, members: Iterable[Entity]) -> None:
        for member in members:
            if group.add(member):
                self.write("linked", group, navigation="members", other=member)

    def _groups_of(self, member: Entity) -> list[Group]:
        return [group for group in self.groups if group.live and member in group]

    def _end_assignments(self, principal: Entity) -> None:
        for row in self.assignments:
            if row.principal is principal and row.ended is None:
                row.ended, row.suspended = self.clock.time(), True

    def _role(self, role: Mapping[str, Json]) -> dict[str, Json]:
        return {
            "allowedMemberTypes": ["User"],
            "description": role.get("description") or role.get("displayName"),
            "displayName": role.get("displayName") or role.get("value"),
            "id": role.get("id") or self.new_id(),
            "isEnabled": role.get("isEnabled", True),
            "origin": "Application",
            "value": role.get("value"),
        }

    def _role_id(self, resource: ServicePrincipal, role: str) -> str:
        for known in resource.roles:
            if role in {known["id"], known["value"], known["displayName"]}:
                return str(known["id"])
        if role == ZERO_ROLE:
            return role
        raise KeyError(f"the application has no role {role}")
