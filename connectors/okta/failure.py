"""A request to Okta that failed, and which error of the connectors it becomes."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from connectors.errors import AccessDenied, Incomplete, NotConfigured, SourceError
from syncd.core.model import Json

#: Okta's error codes that decide something (Okta API documentation, "Okta error codes").
CURSOR_EXPIRED = "E0000029"
WINDOW_PASSED = "E0000053"  #: of the System Log: further back than it can tell
NOT_FOUND = "E0000007"

_NAMED = re.compile(r'\bscope="([\w. ]+)"')

_SCOPES = {
    "users": "okta.users.read",
    "groups": "okta.groups.read",
    "apps": "okta.apps.read",
    "logs": "okta.logs.read",
}


@dataclass(kw_only=True, eq=False)
class Failure(Exception):
    """Why there is no answer to one request. `status` 0: there was none at all, or none that can be believed."""

    path: str  #: with query, which holds no secret
    status: int = 0
    code: str = ""  #: Okta's errorCode, or `error` of the token endpoint
    summary: str = ""
    error_id: str = ""  #: for Okta's support
    of_token: bool = False  #: the access token could not be had
    transient: bool = False
    attempts: int = 1
    generation: int = 0  #: of the access token that was refused
    headers: dict[str, str] = field(default_factory=dict, repr=False)

    def __str__(self) -> str:
        words = [f"HTTP {self.status}"] if self.status else []
        words += [word for word in (self.code, self.summary[:300]) if word]
        words += [f"error id {self.error_id}"] if self.error_id else []
        return " ".join(words) + (f" after {self.attempts} attempts" if self.attempts > 1 else "")

    @property
    def gone(self) -> bool:
        """Okta says that the thing does not exist, which is more than a 404 of some proxy."""
        return self.status == 404 and self.code == NOT_FOUND

    def as_source_error(self, source: str, step: str) -> SourceError:
        """The error for reading `step`: whose turn it is follows from the status."""
        if self.of_token and not self.transient:
            return AccessDenied(source=source, step="the access token", detail=str(self), remedy=self._token_remedy())
        match self.status:
            case 401:
                remedy = (
                    "Give a valid token: an API token ends after 30 days without use, and with its owner's account."
                )
                return AccessDenied(source=source, step=step, detail=str(self), remedy=remedy)
            case 403:
                remedy = (
                    f"Grant the scope {self.scope} to the service application and give it an administrator role that can"
                    " read this (Read-Only Administrator, or a custom role), or use an API token of an administrator who"
                    " can."
                )
                return AccessDenied(source=source, step=step, detail=str(self), remedy=remedy)
            case 404 if self.code == NOT_FOUND and self.path.startswith("/api/v1/apps/"):
                return NotConfigured(source=source, detail=f"the application of app_id does not exist ({self})")
        return Incomplete(source=source, step=step, detail=str(self))

    @property
    def scope(self) -> str:
        """The OAuth scope that this request lacks: the one that Okta names, else the one of its path (RFC 6750)."""
        challenge = next((text for name, text in self.headers.items() if name.lower() == "www-authenticate"), "")
        if named := _NAMED.search(challenge):
            return named[1]
        parts = self.path.split("?", 1)[0].split("/")
        return _SCOPES.get(parts[3] if len(parts) > 3 else "", "okta.users.read")

    def _token_remedy(self) -> str:
        if self.code == "invalid_scope":
            return "A super administrator must grant the service application the scopes that config.toml asks for."
        return "Check client_id, private_key and key_id, and that this machine's clock is right."


def error_facts(body: Json) -> tuple[str, str, str]:
    """code, summary and id of an error body: Okta's five fields, or `error` and `error_description` (RFC 6749)."""
    if not isinstance(body, dict):
        return "", "", ""

    def text(*names: str) -> str:
        return next((value for name in names if isinstance(value := body.get(name), str)), "")

    return text("errorCode", "error"), text("errorSummary", "error_description"), text("errorId")
