"""What Graph says now about one user or group, for work on demand."""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import quote

from connectors.errors import AccessDenied
from connectors.graph.assignments import PERMISSION, assignment, service_principal
from connectors.graph.fault import Fault
from connectors.graph.pager import walk
from connectors.graph.settings import GraphSettings
from connectors.graph.transport import Round, Transport
from connectors.graph.users import user_attributes
from connectors.graph.watermark import select_text
from syncd.core.model import Assignment, Json, Kind, Membership, Snapshot, SourceGroup, SourceUser, State

_OBJECT_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)

#: A person waits for the answer: throttling may cost a minute, not half an hour.
_WAITING_S = 60.0

#: A cast is an advanced query, which needs this header and $count (Graph documentation, "Advanced query capabilities").
_ADVANCED: Mapping[str, str] = {"ConsistencyLevel": "eventual"}


class Finder:
    """One look-up: by object id, by user principal name or mail, by a group's display name."""

    def __init__(self, transport: Transport, settings: GraphSettings, kind: Kind) -> None:
        self._settings = settings
        self._kind = kind
        self._plural = "users" if kind == "user" else "groups"
        permission = "User.Read.All" if kind == "user" else "GroupMember.Read.All"
        self._calls = Round(transport, step=f"one {kind}", permission=permission, waiting_s=_WAITING_S)
        # Documented for "List a user's direct memberships"; many tenants answer with GroupMember.Read.All already.
        needed = "Directory.Read.All" if kind == "user" else "GroupMember.Read.All"
        self._members = Round(transport, step=f"memberships of one {kind}", permission=needed, waiting_s=_WAITING_S)
        self._rows = Round(transport, step=f"assignments of one {kind}", permission=PERMISSION, waiting_s=_WAITING_S)
        names = settings.user_select - {"manager"} if kind == "user" else settings.group_select - {"members"}
        self._select = select_text(names)

    async def find(self, name: str) -> list[Snapshot]:
        """Every object with that name; soft-deleted ones only where no living one has it. Raises SourceError."""
        try:
            if items := await self._living(name):
                return [await self._snapshot(item) for item in items]
            return [self._deleted_snapshot(item) for item in await self._deleted(name)]
        except Fault as error:
            raise self._calls.incomplete(str(error)) from error

    async def _living(self, name: str) -> list[dict[str, Json]]:
        if _OBJECT_ID.fullmatch(name):
            found = await self._optional(f"/{self._plural}/{name}?$select={self._select}")
            return [] if found is None else [found]
        names = ("userPrincipalName", "mail") if self._kind == "user" else ("displayName",)
        text = name.replace("'", "''")
        condition = quote(" or ".join(f"{attribute} eq '{text}'" for attribute in names), safe="'")
        return await self._all(self._calls, f"/{self._plural}?$filter={condition}&$select={self._select}&$top=999")

    async def _deleted(self, name: str) -> list[dict[str, Json]]:
        cast = f"microsoft.graph.{self._kind}"
        try:
            items = await self._all(self._calls, f"/directory/deletedItems/{cast}?$select={self._select}&$top=999")
        except AccessDenied:
            # The recycle bin of groups needs Group.Read.All, which nothing else here does.
            if self._kind == "group":
                return []
            raise
        wanted = name.casefold()
        if self._kind == "user":
            for item in items:
                item["userPrincipalName"] = original_name(item)
        attributes = ("id", "userPrincipalName", "mail") if self._kind == "user" else ("id", "displayName")
        return [item for item in items if any(str(item.get(a) or "").casefold() == wanted for a in attributes)]

    async def _snapshot(self, item: dict[str, Json]) -> Snapshot:
        object_id = item["id"]
        if self._kind == "user" and "manager" in self._settings.user_select:
            manager = await self._optional(f"/users/{object_id}/manager?$select=id")
            item["manager"] = manager.get("id") if manager else None
        memberships = await (self._groups_of(object_id) if self._kind == "user" else self._members_of(object_id))
        return self._said(item, "live", memberships, await self._assignments(object_id))

    def _deleted_snapshot(self, item: dict[str, Json]) -> Snapshot:
        return self._said(item, "soft", (), ())

    def _said(
        self,
        item: dict[str, Json],
        state: State,
        memberships: tuple[Membership, ...],
        assignments: tuple[Assignment, ...],
    ) -> Snapshot:
        attributes = user_attributes(item)
        found: SourceUser | SourceGroup
        if self._kind == "user":
            enabled = attributes.get("accountEnabled", True) is not False
            found = SourceUser(id=item["id"], attributes=attributes, enabled=enabled)
        else:
            found = SourceGroup(id=item["id"], attributes=attributes)
        return Snapshot(kind=self._kind, object=found, state=state, memberships=memberships, assignments=assignments)

    async def _groups_of(self, user_id: str) -> tuple[Membership, ...]:
        """Direct groups. Without a cast, hence not from the search index, which lags."""
        items = await self._all(self._members, f"/users/{user_id}/memberOf?$select=id&$top=999")
        groups = [item["id"] for item in items if item.get("@odata.type") == "#microsoft.graph.group"]
        return tuple(Membership(group_id=group_id, member_id=user_id) for group_id in groups)

    async def _members_of(self, group_id: str) -> tuple[Membership, ...]:
        found: list[Membership] = []
        kinds: tuple[Kind, ...] = ("user", "group")
        for kind in kinds:
            link = f"/groups/{group_id}/members/microsoft.graph.{kind}?$select=id&$top=999&$count=true"
            items = await self._all(self._members, link, _ADVANCED)
            found += [Membership(group_id=group_id, member_id=item["id"], member_kind=kind) for item in items]
        return tuple(found)

    async def _assignments(self, object_id: str) -> tuple[Assignment, ...]:
        """Rows of this object at our application alone: unfiltered, its own list was seen to end early at 999 rows.

        Where the application may not read that list, which takes Directory.Read.All, the application's list serves.
        """
        if not (self._settings.service_principal_id or self._settings.app_id):
            return ()
        application = await service_principal(self._rows, self._settings)
        condition = quote(f"resourceId eq {application.id}", safe="")
        try:
            rows = await self._all(
                self._rows, f"/{self._plural}/{object_id}/appRoleAssignments?$filter={condition}&$top=999"
            )
        except AccessDenied:
            everyone = f"/servicePrincipals/{quote(application.id, safe='')}/appRoleAssignedTo?$top=999"
            rows = [row for row in await self._all(self._rows, everyone) if row.get("principalId") == object_id]
        found = [assignment(row, application, self._rows) for row in rows]
        return tuple(row for row in found if row is not None)

    async def _all(self, calls: Round, link: str, headers: Mapping[str, str] | None = None) -> list[dict[str, Json]]:
        items: list[dict[str, Json]] = []
        async for page in walk(calls, link, delta=False, headers=headers):
            items.extend(page.items)
        return items

    async def _optional(self, link: str) -> dict[str, Json] | None:
        """One object; None where Graph says 404."""
        try:
            found = await self._calls.get(link)
        except Fault as error:
            if error.status == 404:
                return None
            raise
        if not isinstance(found, dict) or not isinstance(found.get("id"), str):
            raise self._calls.incomplete("an object without id")
        return found


def original_name(item: Mapping[str, Json]) -> Json:
    """The user principal name before the deletion: Graph puts the object id, without hyphens, in front of it."""
    name = item.get("userPrincipalName")
    prefix = str(item["id"]).replace("-", "").casefold()
    return name[len(prefix) :] if isinstance(name, str) and name.casefold().startswith(prefix) else name
