"""Whether a source can be read: sign-in, each permission by name, each attribute, the enterprise application; and what
a cycle will meet there: the clock, the throttling class."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from urllib.parse import quote

from connectors.errors import AccessDenied, NotConfigured, SourceError
from connectors.graph.assignments import PERMISSION, PRINCIPALS, service_principal
from connectors.graph.fault import Fault, SignInRefused, printable
from connectors.graph.settings import GraphSettings
from connectors.graph.transport import Round, Transport
from connectors.graph.watermark import select_text
from syncd.core.model import Finding

#: A person waits.
_WAITING_S = 30.0

#: From here on the clock is worth a word.
_SKEW_S = 60.0

_DIRECTORY = "Directory.Read.All"
_LATER = "Try again in some minutes."

#: Users below which a tenant is of a class, and the class's resource units in 10 seconds for one application.
_CLASSES = ((50, "S", 3_500), (501, "M", 5_000), (sys.maxsize, "L", 8_000))

_CREDENTIALS = "Correct tenant_id, client_id and the credential in config.toml."


class Checker:
    """Tries each thing that a cycle will do, with the smallest request that does it."""

    def __init__(self, transport: Transport, settings: GraphSettings) -> None:
        self._transport = transport
        self._settings = settings

    async def check(self) -> list[Finding]:
        """One finding a capability, the sign-in first; without it nothing else is tried."""
        settings = self._settings
        users = await self._stream("users", "User.Read.All", settings.user_select, navigation="manager")
        if isinstance(users, SignInRefused):
            return [Finding(ok=False, what="Graph: sign-in", detail=str(users), remedy=_CREDENTIALS)]
        groups = await self._stream("groups", "GroupMember.Read.All", settings.group_select, navigation="members")
        found = [Finding(ok=True, what="Graph: sign-in"), users]
        if isinstance(groups, Finding):
            found.append(groups)
        if settings.service_principal_id or settings.app_id:
            found += await self._application()
        if users.ok:
            found += [await self._deleted(), await self._throttling()]
        if (skew_s := self._transport.skew_s) is not None:
            found.append(clock_finding(skew_s))
        return found

    async def _stream(
        self, stream: str, permission: str, select: Iterable[str], *, navigation: str
    ) -> Finding | SignInRefused:
        """Both ways in which a stream is read; the list also refuses property names that do not exist."""
        calls = Round(self._transport, step=stream, permission=permission, waiting_s=_WAITING_S)
        what = f"Graph: {stream} can be read ({permission})"
        try:
            await calls.get(f"/{stream}?$select={select_text(set(select) - {navigation})}&$top=1")
            await calls.get(f"/{stream}/delta?$select={select_text(select)}&$deltatoken=latest")
        except AccessDenied as error:
            if refused := _sign_in(error):
                return refused
            return Finding(ok=False, what=what, detail=error.detail, remedy=error.remedy)
        except Fault as error:
            remedy = "Correct the source attributes of the mappings: Graph names the one that it does not know."
            return Finding(ok=False, what=what, detail=str(error), remedy=remedy)
        except SourceError as error:
            return Finding(ok=False, what=what, detail=error.detail, remedy=_LATER)
        return Finding(ok=True, what=what)

    async def _application(self) -> list[Finding]:
        calls = Round(self._transport, step="assignments", permission=PERMISSION, waiting_s=_WAITING_S)
        what = f"Graph: assignments can be read ({PERMISSION})"
        try:
            application = await service_principal(calls, self._settings)
            listed = await calls.get(f"/servicePrincipals/{application.id}/appRoleAssignedTo?$top=999")
        except AccessDenied as error:
            return [Finding(ok=False, what=what, detail=error.detail, remedy=error.remedy)]
        except NotConfigured as error:
            remedy = "Correct service_principal_id or app_id in config.toml."
            return [Finding(ok=False, what=what, detail=error.detail, remedy=remedy)]
        except SourceError as error:
            return [Finding(ok=False, what=what, detail=error.detail, remedy=_LATER)]
        except Fault as error:
            return [Finding(ok=False, what=what, detail=str(error), remedy=_LATER)]
        state = "" if application.enabled else "; it is disabled for sign-in"
        found = [Finding(ok=True, what=what, detail=f"enterprise application {application.display_name}{state}")]
        rows = listed.get("value") if isinstance(listed, dict) else None
        principals = [(PRINCIPALS.get(row.get("principalType")), row.get("principalId")) for row in rows or ()]
        for kind, id_ in (one for one in principals if one[0] is not None and isinstance(one[1], str)):
            found.append(await self._confirmation(f"/{kind}s/{quote(id_, safe='')}/appRoleAssignments"))
            break
        return found

    async def _confirmation(self, path: str) -> Finding:
        """Whether a principal's own assignments can be read: convenient, not needed."""
        calls = Round(self._transport, step="assignments of one user", permission=_DIRECTORY, waiting_s=_WAITING_S)
        what = "Graph: an unassignment can be confirmed"
        try:
            await calls.get(f"{path}?$top=1")
        except (SourceError, Fault) as error:
            said = error.detail if isinstance(error, AccessDenied) else str(error)
            detail = f"by reading the whole list a second time, since the user's own is refused: {said}"
            return Finding(ok=True, what=what, detail=detail, remedy=f"{_DIRECTORY} would save that; it is not needed.")
        return Finding(ok=True, what=what, detail="at the user or group that lost it")

    async def _deleted(self) -> Finding:
        calls = Round(self._transport, step="deleted users", permission="User.Read.All", waiting_s=_WAITING_S)
        what = "Graph: deleted users can be read (User.Read.All)"
        try:
            await calls.get("/directory/deletedItems/microsoft.graph.user?$select=id&$top=1")
        except AccessDenied as error:
            return Finding(ok=False, what=what, detail=error.detail, remedy=error.remedy)
        except (SourceError, Fault) as error:
            return Finding(ok=False, what=what, detail=str(error), remedy=_LATER)
        return Finding(ok=True, what=what)

    async def _throttling(self) -> Finding:
        """The tenant's class, which goes by the number of its users; counting them is an advanced query."""
        calls = Round(self._transport, step="users", permission="User.Read.All", waiting_s=_WAITING_S)
        what = "Graph: throttling"
        try:
            counted = await calls.get("/users?$select=id&$top=1&$count=true", {"ConsistencyLevel": "eventual"})
            return throttling_finding(int(counted["@odata.count"]), self._transport.load)
        except (SourceError, Fault, KeyError, TypeError, ValueError) as error:
            return Finding(ok=True, what=what, detail=f"the class is not known: {printable(str(error))}")


def throttling_finding(users: int, load: float | None) -> Finding:
    """The class of a tenant of so many users; not ok where the limit has been reached (`load` 1.0 or more).

    Source: Microsoft Graph documentation, "Microsoft Graph service-specific throttling limits", Identity and access.
    """
    name, units = next((name, units) for below, name, units in _CLASSES if users < below)
    detail = f"class {name}: {units:,} resource units in 10 seconds, shared by the whole application ({users:,} users)"
    if load is None:
        return Finding(ok=True, what="Graph: throttling", detail=detail)
    said = f"{detail}; {load:.0%} of the limit is in use now"
    remedy = "Something else uses the application's quota: give syncd an app registration of its own."
    return Finding(ok=load < 1.0, what="Graph: throttling", detail=said, remedy=remedy if load >= 0.8 else "")


def clock_finding(skew_s: float) -> Finding:
    """How this machine's clock stands to Graph's; sign-in assertions are refused from five minutes on."""
    side = "ahead of" if skew_s > 0 else "behind"
    if abs(skew_s) < 2:
        return Finding(ok=True, what="Graph: clock", detail="the same as Graph's")
    detail = f"this machine is {abs(skew_s):,.0f} seconds {side} Graph"
    remedy = "" if abs(skew_s) < _SKEW_S else "Synchronise this machine's clock (timedatectl set-ntp true)."
    return Finding(ok=abs(skew_s) < 300, what="Graph: clock", detail=detail, remedy=remedy)


def _sign_in(error: AccessDenied) -> SignInRefused | None:
    """What is wrong with the sign-in itself, None where it is a permission that lacks."""
    cause = error.__cause__
    if isinstance(cause, SignInRefused):
        return cause
    return SignInRefused(str(cause)) if isinstance(cause, Fault) and cause.status == 401 else None
