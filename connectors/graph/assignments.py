"""Assignments to the enterprise application: who has it, in which app role."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterable, Mapping
from contextlib import aclosing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from urllib.parse import quote

from connectors.errors import Incomplete, NotConfigured
from connectors.graph.confirmation import Confirmation, confirm
from connectors.graph.fault import Fault
from connectors.graph.pager import walk
from connectors.graph.settings import GraphSettings
from connectors.graph.transport import Round, Transport
from syncd.core.model import Assignment, Json, Kind, Page

PERMISSION = "Application.Read.All"
#: The rows that the mirror holds.
KnownAssignments = Callable[[], Iterable[Assignment]]

PRINCIPALS: Mapping[Json, Kind] = {"User": "user", "Group": "group"}

#: How old a row is that nobody here knows, before it is asked for: an ended one may be listed for a while.
_OLD = timedelta(hours=1)
_NEW = datetime.max.replace(tzinfo=UTC)

_SELECT = "id,appId,displayName,accountEnabled,appRoleAssignmentRequired,appRoles"


@dataclass(frozen=True, kw_only=True, slots=True)
class ServicePrincipal:
    """The enterprise application in this tenant."""

    id: str
    display_name: str
    enabled: bool
    roles: Mapping[str, str]  #: app role id → its value, or its display name where it has none

    def role(self, app_role_id: Json) -> str | None:
        """The role's name. None for the all-zero id, which means "assigned without a role", and for a role deleted since.

        A disabled role keeps its name: it can no longer be given, but whoever has it still has it.
        """
        return self.roles.get(app_role_id) if isinstance(app_role_id, str) else None


async def service_principal(calls: Round, settings: GraphSettings) -> ServicePrincipal:
    """Finds the enterprise application by object id or application id. Raises NotConfigured where there is none."""
    if settings.service_principal_id:
        path, named = f"/servicePrincipals/{quote(settings.service_principal_id, safe='')}", "service_principal_id"
    elif settings.app_id:
        path, named = f"/servicePrincipals(appId='{quote(settings.app_id, safe='')}')", "app_id"
    else:
        raise NotConfigured(source=settings.name, detail="neither service_principal_id nor app_id is given")
    try:
        found = await calls.get(f"{path}?$select={_SELECT}")
    except Fault as error:
        if error.status in (400, 404):
            value = settings.service_principal_id or settings.app_id
            raise NotConfigured(
                source=settings.name,
                detail=f'no enterprise application has the {named} "{value}" ({error.status} {error.code})',
            ) from error
        raise calls.incomplete(str(error)) from error
    try:
        roles = {role["id"]: role.get("value") or role.get("displayName") for role in found.get("appRoles") or ()}
        return ServicePrincipal(
            id=str(found["id"]),
            display_name=str(found.get("displayName") or ""),
            enabled=found.get("accountEnabled") is not False,
            roles={role_id: str(name) for role_id, name in roles.items() if name},
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise calls.incomplete("an answer that is no service principal") from error


async def read_assignments(
    transport: Transport, settings: GraphSettings, known: KnownAssignments | None = None
) -> AsyncGenerator[Page, None]:
    """Every assignment of users and groups; always a full round, since Graph tells no changes of them.

    `known`: the rows that were there before. Those that the listing lacks are confirmed before the round says that they
    have gone: by the principals' own lists, whose rows come as `unknown` and so stay, or, where that way is closed, by
    a second whole listing. So is a row that is not among the known and yet not new: listings of several replicas may
    show in turns what has ended and that it has. Where neither is the case, nothing more is sent; nor where the listing
    was wholly empty, which its reader takes up: the rows of one principal say nothing of an application that seems to
    have none. Raises SourceError.
    """
    calls = Round(transport, step="assignments", permission=PERMISSION, low=True)
    application = await service_principal(calls, settings)
    before = await asyncio.to_thread(_hashes, known) if known is not None else set()
    listed = _Listed(before=before, old=transport.now() - _OLD)
    last: tuple[Assignment, ...] = ()
    try:
        async with aclosing(_listing(calls, application, listed)) as pages:
            async for rows, more in pages:
                last = rows
                if more:
                    yield Page(stream="assignments", records=rows)
        missing = await asyncio.to_thread(_missing, known, listed) if known is not None and listed.seen else []
        asked = [*missing, *listed.back]
        said = await confirm(calls, application.id, asked, listed.seen) if asked else Confirmation()
        if said is not None:
            others = tuple(row for row in (assignment(one, application, calls) for one in said.others) if row)
            back = tuple(row for row in listed.back if row.id in said.still)
            unknown = said.still - {row.id for row in back}
            yield Page(stream="assignments", records=(*last, *others, *back), last=True, unknown=unknown)
            return
        yield Page(stream="assignments", records=last)
        listed.seen.difference_update(row.id for row in listed.back)
        listed.before.clear()
        async with aclosing(_listing(calls, application, listed)) as pages:
            async for rows, more in pages:
                yield Page(stream="assignments", records=rows, last=not more)
    except Fault as error:
        raise Incomplete(source=settings.name, step="assignments", detail=str(error)) from error


@dataclass(kw_only=True, slots=True)
class _Listed:
    """What a listing has shown so far, beside what was known before it."""

    before: set[int]  #: hashes of the ids that were known; none: whatever is listed is believed
    old: datetime  #: when a row must have been made, or before, not to be new
    seen: set[str] = field(default_factory=set)
    back: list[Assignment] = field(default_factory=list)  #: rows that are neither known nor new

    def returns(self, row: dict[str, Json]) -> bool:
        return bool(self.before) and hash(row["id"]) not in self.before and _made(row) < self.old


async def _listing(
    calls: Round, application: ServicePrincipal, listed: _Listed
) -> AsyncGenerator[tuple[tuple[Assignment, ...], bool], None]:
    """Pages of rows that were not seen before, each with whether more follow; what it gives counts as seen. Rows that
    are neither known nor new are kept back.

    `$top=999` is on the first request because without it rows were seen to be missing. Rows of service principals are
    left out.
    """
    first = f"/servicePrincipals/{quote(application.id, safe='')}/appRoleAssignedTo?$top=999"
    async with aclosing(walk(calls, first, delta=False)) as pages:
        async for page in pages:
            rows = [row for row in page.items if row["id"] not in listed.seen]
            listed.seen.update(row["id"] for row in rows)
            found: list[Assignment] = []
            for row in rows:
                if (one := assignment(row, application, calls)) is not None:
                    (listed.back if listed.returns(row) else found).append(one)
            yield tuple(found), not page.last


def _made(row: dict[str, Json]) -> datetime:
    """When the row was made; a row that does not say so is new."""
    try:
        made = datetime.fromisoformat(row["createdDateTime"])
    except (KeyError, TypeError, ValueError):
        return _NEW
    return made if made.tzinfo is not None else _NEW


def _hashes(known: KnownAssignments) -> set[int]:
    return {hash(row.id) for row in known()}


def _missing(known: KnownAssignments, listed: _Listed) -> list[Assignment]:
    if sum(hash(id_) in listed.before for id_ in listed.seen) == len(listed.before):
        return []
    return [row for row in known() if row.id not in listed.seen]


def assignment(row: dict[str, Json], application: ServicePrincipal, calls: Round) -> Assignment | None:
    """One row; None for a principal that is neither user nor group. Raises Incomplete for a row without principal."""
    principal = row.get("principalId")
    if not isinstance(principal, str) or not principal:
        raise calls.incomplete("an assignment without a principal")
    kind = PRINCIPALS.get(row.get("principalType"))
    if kind is None:
        return None
    return Assignment(
        id=row["id"], principal_id=principal, principal_kind=kind, role=application.role(row.get("appRoleId"))
    )
