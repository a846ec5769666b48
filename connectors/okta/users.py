"""Okta users as source users."""

from __future__ import annotations

from urllib.parse import quote, urlencode

from connectors.okta.client import OktaClient
from connectors.okta.oddities import Odd, identifier
from syncd.core.model import Json, SourceUser

#: Whether a user with this status may sign in (Okta API documentation, "User status"). RECOVERY, PASSWORD_EXPIRED and
#: LOCKED_OUT come and go with sign-ins and must not reach a target; SUSPENDED is decided by the settings.
ENABLED = {
    "STAGED": True,
    "PROVISIONED": True,
    "ACTIVE": True,
    "RECOVERY": True,
    "PASSWORD_EXPIRED": True,
    "LOCKED_OUT": True,
    "SUSPENDED": True,
    "DEPROVISIONED": False,
}

#: The plain list leaves DEPROVISIONED users out, a filter shows them.
LISTS = ("/api/v1/users?limit=200", "/api/v1/users?filter=status+eq+%22DEPROVISIONED%22&limit=200")

_LEFT_OUT = frozenset({"credentials", "_links", "_embedded"})


def enabled(record: Json, *, deactivate_suspended: bool) -> bool:
    """By status; a deactivation that is under way counts as done. Raises Odd for a status that nobody knows."""
    status = record.get("status")
    if record.get("transitioningToStatus") == "DEPROVISIONED":
        return False
    if status == "SUSPENDED" and deactivate_suspended:
        return False
    if not isinstance(status, str) or status not in ENABLED:
        raise Odd(f"unknown status {str(status)[:40]!r}")
    return ENABLED[status]


def source_user(record: Json, *, deactivate_suspended: bool) -> SourceUser:
    """One raw user. Attributes: all of Okta's but `credentials` and `_links`. Raises Odd."""
    id_ = identifier(record)
    may_sign_in = enabled(record, deactivate_suspended=deactivate_suspended)
    if not isinstance(record.get("profile"), dict):
        raise Odd("no profile")
    attributes = {key: value for key, value in record.items() if key not in _LEFT_OUT}
    # Said even where it is absent: an earlier transition must not outlive itself where records are merged.
    attributes.setdefault("transitioningToStatus", None)
    return SourceUser(id=id_, attributes=attributes, enabled=may_sign_in)


async def user(client: OktaClient, id_or_login: str) -> Json:
    """One raw user as it is this moment, whatever its status. Raises Failure, `gone` where there is none."""
    return (await client.get(f"/api/v1/users/{quote(id_or_login, safe='')}")).data


def changing(record: Json) -> bool:
    """Whether a change of status is under way, whose end Okta does not promise to show as an update."""
    return isinstance(record, dict) and bool(record.get("transitioningToStatus"))


def changed_since(since: str) -> str:
    """The list of users that changed at or after this time; deactivated ones are among them."""
    return "/api/v1/users?" + urlencode({"filter": f'lastUpdated ge "{since}"', "limit": 200})
