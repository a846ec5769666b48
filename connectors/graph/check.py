"""Whether a source can be read: sign-in, each permission by name, each attribute, the enterprise application."""

from __future__ import annotations

from collections.abc import Iterable

from connectors.errors import AccessDenied, NotConfigured, SourceError
from connectors.graph.assignments import PERMISSION, service_principal
from connectors.graph.fault import Fault, SignInRefused
from connectors.graph.settings import GraphSettings
from connectors.graph.transport import Round, Transport
from connectors.graph.watermark import select_text
from syncd.core.model import Finding

#: A person waits.
_WAITING_S = 30.0

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
            found.append(await self._application())
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
            return Finding(ok=False, what=what, detail=error.detail, remedy="Try again in some minutes.")
        return Finding(ok=True, what=what)

    async def _application(self) -> Finding:
        calls = Round(self._transport, step="assignments", permission=PERMISSION, waiting_s=_WAITING_S)
        what = f"Graph: assignments can be read ({PERMISSION})"
        try:
            application = await service_principal(calls, self._settings)
            await calls.get(f"/servicePrincipals/{application.id}/appRoleAssignedTo?$top=999")
        except AccessDenied as error:
            return Finding(ok=False, what=what, detail=error.detail, remedy=error.remedy)
        except NotConfigured as error:
            remedy = "Correct service_principal_id or app_id in config.toml."
            return Finding(ok=False, what=what, detail=error.detail, remedy=remedy)
        except SourceError as error:
            return Finding(ok=False, what=what, detail=error.detail, remedy="Try again in some minutes.")
        except Fault as error:
            return Finding(ok=False, what=what, detail=str(error), remedy="Try again in some minutes.")
        state = "" if application.enabled else "; it is disabled for sign-in"
        return Finding(ok=True, what=what, detail=f"enterprise application {application.display_name}{state}")


def _sign_in(error: AccessDenied) -> SignInRefused | None:
    """What is wrong with the sign-in itself, None where it is a permission that lacks."""
    cause = error.__cause__
    if isinstance(cause, SignInRefused):
        return cause
    return SignInRefused(str(cause)) if isinstance(cause, Fault) and cause.status == 401 else None
