"""Okta groups and their members. Names are not unique across sources: the id is the key."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from urllib.parse import quote, urlencode

from connectors.okta.assignments import app_groups
from connectors.okta.client import OktaClient
from connectors.okta.failure import Failure
from connectors.okta.oddities import Odd, identifier, known_id
from connectors.okta.pager import walk
from syncd.core.model import Json, Membership, SourceGroup

_LEFT_OUT = frozenset({"_links", "_embedded"})


def source_group(record: Json) -> SourceGroup:
    """One raw group; attributes: all of Okta's but `_links`. Raises Odd."""
    id_ = identifier(record)
    profile = record.get("profile")
    if not isinstance(profile, dict) or not isinstance(profile.get("name"), str) or not profile["name"]:
        raise Odd("no name")
    return SourceGroup(id=id_, attributes={key: value for key, value in record.items() if key not in _LEFT_OUT})


def membership(group_id: str, record: Json) -> Membership:
    """One listed member. Raises Odd.

    Okta may list users whom it deactivated, and they stay members: their return moves no time of the group. Who of the
    members has an account at a target is for the job to say.
    """
    return Membership(group_id=group_id, member_id=identifier(record))


def wanted(client: OktaClient, record: Mapping[str, Json]) -> bool:
    """Whether the members of this raw group are read."""
    selection = client.settings.group_selection
    return selection is None or selection(record)


def builtin(record: Mapping[str, Json]) -> bool:
    """Everyone and its like: their members come and go without moving `lastMembershipUpdated`."""
    return record.get("type") == "BUILT_IN"


def stamp(record: Mapping[str, Json]) -> str:
    """When the group and its members last changed, by its own account; "" where it does not say."""
    times = (record.get("lastUpdated"), record.get("lastMembershipUpdated"))
    return "|".join(times) if all(isinstance(one, str) for one in times) else ""  # type: ignore[arg-type]


async def every_group(client: OktaClient) -> AsyncGenerator[list[Json], None]:
    """Raw groups in pages of 200: the organisation's, or only those assigned to the application."""
    if not client.settings.assigned_groups_only:
        async for page in walk(client, "/api/v1/groups?limit=200", step="groups"):
            yield page
        return
    async for page in app_groups(client, embedded=True):
        found = [await _embedded(client, record) for record in page]
        yield [group for group in found if group is not None]


async def changed_groups(client: OktaClient, since: str) -> AsyncGenerator[list[Json], None]:
    """Raw groups of the organisation that changed, or whose members did, after this time."""
    query = {"filter": f'lastUpdated gt "{since}" or lastMembershipUpdated gt "{since}"', "limit": 200}
    async for page in walk(client, f"/api/v1/groups?{urlencode(query)}", step="groups"):
        yield page


async def group(client: OktaClient, group_id: str) -> Json:
    """One raw group as it is this moment; None where Okta says that there is none. Raises Failure."""
    try:
        return (await client.get(f"/api/v1/groups/{quote(group_id, safe='')}")).data
    except Failure as failure:
        if not failure.gone:
            raise
        return None


async def _embedded(client: OktaClient, record: Json) -> Json:
    """The group inside an assignment; asked for by its id where the answer leaves it out, None where it is gone."""
    embedded = (record.get("_embedded") or {}).get("group") if isinstance(record, dict) else None
    id_ = known_id(record)
    if isinstance(embedded, dict) or id_ is None:
        return embedded if isinstance(embedded, dict) else record
    return await group(client, id_)


async def members(client: OktaClient, group_id: str) -> AsyncGenerator[list[Json], None]:
    """Raw members of one group in pages of 200 (Okta's advice; a thousand is the most)."""
    first = f"/api/v1/groups/{quote(group_id, safe='')}/users?limit=200"
    async for page in walk(client, first, step=f"the members of group {group_id}"):
        yield page


async def groups_of(client: OktaClient, user_id: str) -> AsyncGenerator[list[Json], None]:
    """Raw groups of one user, in pages of 200."""
    first = f"/api/v1/users/{quote(user_id, safe='')}/groups?limit=200"
    async for page in walk(client, first, step=f"the groups of user {user_id}"):
        yield page
