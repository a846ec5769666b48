"""Who is assigned to the application: its app users and its groups, as assignments."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterable, Mapping
from urllib.parse import quote

from connectors.okta.client import OktaClient
from connectors.okta.oddities import Odd, identifier
from connectors.okta.pager import walk
from syncd.core.model import Assignment, Json

#: What the status of an app user says about its assignment (Okta API documentation, "Application user properties").
ASSIGNED = frozenset({"ACTIVE", "PROVISIONED", "STAGED", "IMPORTED", "MATCHED", "IMPLICIT", "APPROVED", "PENDING"})
NOT_ASSIGNED = frozenset({"DEPROVISIONED", "REVOKED", "UNASSIGNED", "INACTIVE", "SUSPENDED"})


def app_path(app_id: str, *below: str) -> str:
    """/api/v1/apps/{id}/…, each part escaped."""
    return "/".join(("/api/v1/apps", quote(app_id, safe=""), *(quote(part, safe="") for part in below)))


_USER, _GROUP = "user:", "group:"


def user_assignment_id(user_id: str) -> str:
    return _USER + user_id


def group_assignment_id(group_id: str) -> str:
    return _GROUP + group_id


def assigned_ids(rows: Iterable[str]) -> tuple[set[str], set[str]]:
    """The users and the groups of these ids of rows."""
    ids = list(rows)
    return (
        {row.removeprefix(_USER) for row in ids if row.startswith(_USER)},
        {row.removeprefix(_GROUP) for row in ids if row.startswith(_GROUP)},
    )


def user_assignment(record: Json) -> Assignment | None:
    """One app user; None where its status says that it is not assigned. Raises Odd, also for an unknown status."""
    id_ = identifier(record)
    status = str(record.get("status"))
    if status in NOT_ASSIGNED:
        return None
    if status not in ASSIGNED:
        raise Odd(f"unknown assignment status {status[:40]!r}")
    profile = _object(record, "profile")
    attributes = {
        "profile": profile,
        "userName": _object(record, "credentials").get("userName"),
        "externalId": record.get("externalId"),
        "status": status,
        "syncState": record.get("syncState"),
        "scope": record.get("scope"),
    }
    return Assignment(
        id=user_assignment_id(id_),
        principal_id=id_,
        principal_kind="user",
        role=role(profile),
        attributes=attributes,
        through=_through(record),
    )


def group_assignment(record: Json) -> Assignment:
    """One group of the application. Raises Odd."""
    id_ = identifier(record)
    profile = _object(record, "profile")
    return Assignment(
        id=group_assignment_id(id_),
        principal_id=id_,
        principal_kind="group",
        role=role(profile),
        attributes={"profile": profile, "priority": record.get("priority")},
    )


def role(profile: Mapping[str, Json]) -> str | None:
    """The role in an app profile: `role`, or the first of `roles`; Okta has no app roles of its own."""
    roles = profile.get("roles")
    for found in (profile.get("role"), *(roles if isinstance(roles, list) else ())):
        if isinstance(found, str) and found:
            return found
    return None


async def app_groups(client: OktaClient, *, embedded: bool = False) -> AsyncGenerator[list[Json], None]:
    """Raw group assignments in pages of 200, with the whole group embedded where wanted."""
    first = app_path(client.settings.app_id, "groups") + ("?expand=group" if embedded else "?") + "&limit=200"
    async for page in walk(client, first.replace("?&", "?"), step="group assignments"):
        yield page


def _object(record: Mapping[str, Json], key: str) -> dict[str, Json]:
    value = record.get(key)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise Odd(f"{key} is no object")
    return value


def _through(record: Mapping[str, Json]) -> str | None:
    """'Sales (00g7)' for an assignment that a group gives."""
    if record.get("scope") != "GROUP":
        return None
    link = _object(_object(record, "_links"), "group")
    href, name = link.get("href"), link.get("name")
    group_id = href.partition("?")[0].rpartition("/")[2] if isinstance(href, str) else ""
    return f"{name} ({group_id})" if isinstance(name, str) and name else group_id or None
