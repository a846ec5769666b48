"""Who may read what: bearer tokens with sets of application permissions.

Source: Microsoft Graph documentation, "Microsoft Graph permissions reference"; RFC 6750 for the challenge.
"""

from __future__ import annotations

import base64
from collections.abc import Collection, Mapping
from typing import Literal

from connectors.sandbox.graph.fault import GraphError, denied
from connectors.sandbox.graph.quirks import Quirks

Data = Literal["users", "groups", "applications", "deleted groups", "hidden membership"]

#: any one of these opens the data
_OPENERS: Mapping[Data, frozenset[str]] = {
    "users": frozenset({"User.Read.All", "User.ReadWrite.All", "Directory.Read.All", "Directory.ReadWrite.All"}),
    "groups": frozenset(
        {
            "GroupMember.Read.All",
            "Group.Read.All",
            "Group.ReadWrite.All",
            "Directory.Read.All",
            "Directory.ReadWrite.All",
        }
    ),
    "applications": frozenset(
        {"Application.Read.All", "Application.ReadWrite.All", "Directory.Read.All", "Directory.ReadWrite.All"}
    ),
    "deleted groups": frozenset({"Group.Read.All", "Group.ReadWrite.All", "Directory.Read.All"}),
    "hidden membership": frozenset({"Member.Read.Hidden"}),
}
EVERYTHING = frozenset(
    {
        "User.Read.All",
        "GroupMember.Read.All",
        "Group.Read.All",
        "Application.Read.All",
        "Member.Read.Hidden",
        "Directory.Read.All",
    }
)

#: what a client that supports continuous access evaluation hands on to the token endpoint
_CLAIMS = base64.b64encode(b'{"access_token":{"nbf":{"essential":true,"value":"1704067200"}}}').decode()


class Access:
    """The tokens that the service knows; at the start one, "sandbox", that may read everything."""

    def __init__(self, quirks: Quirks) -> None:
        self._quirks = quirks
        self.reset()

    def reset(self) -> None:
        """Back to the one token."""
        self._tokens: dict[str, frozenset[str]] = {"sandbox": EVERYTHING}
        self._challenged: set[str] = set()

    def grant(self, token: str, permissions: Collection[str]) -> None:
        """Let a token read what these permissions open; no permissions: the token is known and may nothing."""
        self._tokens[token] = frozenset(permissions)

    def revoke(self, token: str) -> None:
        """Make a token unknown. Raises KeyError if it is."""
        del self._tokens[token]

    def challenge(self) -> None:
        """Challenge every token once more (continuous access evaluation)."""
        self._challenged.clear()

    def permissions(self, authorization: str | None) -> frozenset[str]:
        """What the bearer of this Authorization header may. Raises GraphError 401."""
        scheme, _, token = (authorization or "").partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise _unauthenticated("Access token is empty.")
        granted = self._tokens.get(token, EVERYTHING if self._quirks.any_token else None)
        if granted is None:
            raise _unauthenticated("IDX14100: the access token is not known.")
        if self._quirks.claims_challenge and token not in self._challenged:
            self._challenged.add(token)
            raise _unauthenticated(
                "Continuous access evaluation resulted in challenge with result: InteractionRequired.",
                f'Bearer realm="", authorization_uri="https://login.microsoftonline.com/common/oauth2/authorize", client_id="00000003-0000-0000-c000-000000000000", error="insufficient_claims", claims="{_CLAIMS}"',
            )
        return granted


def opens(permissions: Collection[str], data: Data) -> bool:
    """Whether one of the permissions opens the data."""
    return not _OPENERS[data].isdisjoint(permissions)


def require(permissions: Collection[str], data: Data) -> None:
    """Raises GraphError 403 where `opens` says no."""
    if not opens(permissions, data):
        raise denied()


def _unauthenticated(message: str, challenge: str = "") -> GraphError:
    challenge = (
        challenge or 'Bearer realm="", authorization_uri="https://login.microsoftonline.com/common/oauth2/authorize"'
    )
    return GraphError(401, "InvalidAuthenticationToken", message, {"www-authenticate": challenge})
