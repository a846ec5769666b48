"""On demand: what Okta says now of one user or group, read by id and never from an index that lags."""

from __future__ import annotations

from urllib.parse import quote, urlencode

from connectors.errors import Incomplete
from connectors.okta import groups
from connectors.okta.assignments import app_path, group_assignment, user_assignment
from connectors.okta.client import OktaClient
from connectors.okta.failure import Failure
from connectors.okta.oddities import Odd, identifier
from connectors.okta.pager import walk
from connectors.okta.users import source_user
from syncd.core.model import Assignment, Json, Kind, Membership, Snapshot

#: More namesakes than anyone looks at.
_NAMESAKES = 20


async def find(client: OktaClient, kind: Kind, name: str) -> list[Snapshot]:
    """Raises Failure, and Incomplete for a record that makes no sense: here it is the one that was asked for."""
    try:
        if kind == "user":
            return [await _user(client, record) for record in await _users_named(client, name)]
        return [await _group(client, record) for record in await _groups_named(client, name)]
    except Odd as odd:
        raise Incomplete(source=client.settings.name, step=f"the {kind} {name}", detail=str(odd)) from odd


async def _users_named(client: OktaClient, name: str) -> list[Json]:
    """By id or login, else by e-mail; logins are unique, e-mail addresses need not be."""
    if "/" not in name and (record := await _or_none(client, f"/api/v1/users/{quote(name, safe='')}")) is not None:
        return [record]
    query = urlencode({"filter": f"profile.email eq {_literal(name)}", "limit": 200})
    ids = await _ids(client, f"/api/v1/users?{query}")
    found = [await _or_none(client, f"/api/v1/users/{quote(id_, safe='')}") for id_ in ids]
    low = name.casefold()
    return [one for one in found if one is not None and str(one["profile"].get("email", "")).casefold() == low]


async def _groups_named(client: OktaClient, name: str) -> list[Json]:
    if "/" not in name and (record := await _or_none(client, f"/api/v1/groups/{quote(name, safe='')}")) is not None:
        return [record]
    query = urlencode({"search": f"profile.name eq {_literal(name)}", "limit": 200})
    ids = await _ids(client, f"/api/v1/groups?{query}")
    found = [await _or_none(client, f"/api/v1/groups/{quote(id_, safe='')}") for id_ in ids]
    low = name.casefold()
    return [one for one in found if one is not None and str(one["profile"].get("name", "")).casefold() == low]


async def _user(client: OktaClient, record: Json) -> Snapshot:
    found = source_user(record, deactivate_suspended=client.settings.deactivate_suspended)
    memberships: dict[str, Membership] = {}
    async for page in groups.groups_of(client, found.id):
        for group in page:
            if groups.wanted(client, group):
                id_ = identifier(group)
                memberships[id_] = Membership(group_id=id_, member_id=found.id)
    app_user = await _or_none(client, app_path(client.settings.app_id, "users", found.id))
    assignment = None if app_user is None else user_assignment(app_user)
    return Snapshot(
        kind="user",
        object=found,
        memberships=tuple(memberships.values()),
        assignments=() if assignment is None else (assignment,),
    )


async def _group(client: OktaClient, record: Json) -> Snapshot:
    found = groups.source_group(record)
    memberships: dict[str, Membership] = {}
    if groups.wanted(client, record):
        async for page in groups.members(client, found.id):
            for member in (groups.membership(found.id, one) for one in page):
                memberships[member.member_id] = member
    row = await _or_none(client, app_path(client.settings.app_id, "groups", found.id))
    assignments: tuple[Assignment, ...] = () if row is None else (group_assignment(row),)
    return Snapshot(kind="group", object=found, memberships=tuple(memberships.values()), assignments=assignments)


async def _or_none(client: OktaClient, path: str) -> Json:
    try:
        return (await client.get(path)).data
    except Failure as failure:
        if not failure.gone:
            raise
        return None


async def _ids(client: OktaClient, first: str) -> list[str]:
    async for page in walk(client, first, step="a search"):
        return [identifier(record) for record in page[:_NAMESAKES]]
    return []


def _literal(text: str) -> str:
    """A string in Okta's filter language, which no name can end."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
