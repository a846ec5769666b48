"""An Okta user, kept as ready JSON parts so that a page is a join of bytes.

Shape: Okta API documentation, "Users".
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Literal, get_args

import orjson

from syncd.core.model import Json

Status = Literal[
    "STAGED", "PROVISIONED", "ACTIVE", "RECOVERY", "PASSWORD_EXPIRED", "LOCKED_OUT", "SUSPENDED", "DEPROVISIONED"
]
STATUSES: tuple[str, ...] = get_args(Status)


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class User:
    """One user. Times are Okta's texts; a change makes a new User, so that an old one is a snapshot."""

    id: str
    type_id: str
    packed: bytes  #: the profile as JSON
    status: Status = "ACTIVE"
    created: str
    activated: str | None = None
    status_changed: str | None = None
    last_login: str | None = None
    last_updated: str
    password_changed: str | None = None
    transitioning_to: Status | None = None
    provider: str = "OKTA"

    @property
    def profile(self) -> dict[str, Json]:
        """The profile, parsed anew each time: change it by `OktaDirectory.update_user`."""
        profile: dict[str, Json] = orjson.loads(self.packed)
        return profile

    @property
    def login(self) -> str:
        return str(self.profile["login"])

    @property
    def display_name(self) -> str:
        """First and last name, as the System Log shows a user."""
        profile = self.profile
        return f"{profile.get('firstName') or ''} {profile.get('lastName') or ''}".strip()

    def json(self, org_url: str, omit: frozenset[str] = frozenset()) -> bytes:
        """The user as Okta sends it. `omit`: the values of the media type parameter okta-response."""
        return _json(self, org_url.encode(), omit)

    def data(self, org_url: str) -> dict[str, Json]:
        """The same as a dict."""
        data: dict[str, Json] = orjson.loads(self.json(org_url))
        return data

    def attribute(self, path: str) -> Json:
        """The value that a search expression names: `status`, `type.id`, `profile.department`."""
        if path.startswith("profile."):
            return self.profile.get(path[8:])
        return getattr(self, _FIELDS[path]) if path in _FIELDS else None


_FIELDS = {
    "id": "id",
    "status": "status",
    "created": "created",
    "activated": "activated",
    "statusChanged": "status_changed",
    "lastUpdated": "last_updated",
    "type.id": "type_id",
}


@lru_cache(maxsize=32_768)
def _json(user: User, org_url: bytes, omit: frozenset[str]) -> bytes:
    parts = [
        b'{"id":"%b","status":"%b","created":"%b","activated":%b,"statusChanged":%b,"lastLogin":%b,'
        b'"lastUpdated":"%b","passwordChanged":%b,"type":{"id":"%b"},"profile":%b'
        % (
            user.id.encode(),
            user.status.encode(),
            user.created.encode(),
            _text(user.activated),
            _text(user.status_changed),
            _text(user.last_login),
            user.last_updated.encode(),
            _text(user.password_changed),
            user.type_id.encode(),
            user.packed,
        )
    ]
    if "omitCredentials" not in omit:
        provider = user.provider.encode()
        parts.append(
            b',"credentials":{"emails":[{"value":%b,"status":"VERIFIED","type":"PRIMARY"}],'
            b'"provider":{"type":"%b","name":"%b"}}' % (_email(user), provider, provider)
        )
    if user.transitioning_to and "omitTransitioningToStatus" not in omit:
        parts.append(b',"transitioningToStatus":"%b"' % user.transitioning_to.encode())
    href = b"%b/api/v1/users/%b" % (org_url, user.id.encode())
    parts.append(b',"_links":{"self":{"href":"%b"}' % href)
    if "omitCredentialsLinks" not in omit and user.status == "ACTIVE":
        parts.append(b',"changePassword":{"href":"%b/credentials/change_password","method":"POST"}' % href)
    parts.append(b"}}")
    return b"".join(parts)


def _email(user: User) -> bytes:
    """The e-mail address as JSON; cut out of the profile, which is much faster than parsing it."""
    before, _, behind = user.packed.partition(b'"email":"')
    text, _, _ = behind.partition(b'"')
    if not text or b"\\" in text or b"{" in before[1:]:
        return orjson.dumps(user.profile.get("email"))
    return b'"%b"' % text


def _text(value: str | None) -> bytes:
    return b"null" if value is None else b'"%b"' % value.encode()
