"""Okta groups and their members. Names are not unique across sources: the id is the key."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from urllib.parse import quote

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


def membership(group_id: str, record: Json) -> Membership | None:
    """One listed member; None for a deactivated user, whom Okta may or may not list. Raises Odd."""
    id_ = identifier(record)
    if "DEPROVISIONED" in (record.get("status"), record.get("transitioningToStatus")):
        return None
    return Membership(group_id=group_id, member_id=id_)


def wanted(client: OktaClient, record: Mapping[str, Json]) -> bool:
    """Whether the members of this raw group are read."""
    selection = client.settings.group_selection
    return selection is None or selection(record)


async def every_group(client: OktaClient) -> AsyncGenerator[list[Json], None]:
    """Raw groups in pages of 200: the organisation's, or only those assigned to the application."""
    if not client.settings.assigned_groups_only:
        async for page in walk(client, "/api/v1/groups?limit=200", step="groups"):
            yield page
        return
    async for page in app_groups(client, embedded=True):
        found = [await _embedded(client, record) for record in page]
        yield [group for group in found if group is not None]


async def _embedded(client: OktaClient, record: Json) -> Json:
    """The group inside an assignment; asked for by its id where the answer leaves it out, None where it is gone."""
    group = (record.get("_embedded") or {}).get("group") if isinstance(record, dict) else None
    id_ = known_id(record)
    if isinstance(group, dict) or id_ is None:
        return group if isinstance(group, dict) else record
    try:
        return (await client.get(f"/api/v1/groups/{quote(id_, safe='')}")).data
    except Failure as failure:
        if not failure.gone:
            raise
        return None


async def members(client: OktaClient, group_id: str) -> AsyncGenerator[list[Json], None]:
    """Raw members of one group in pages of 200 (Okta's advice; a thousand is the most)."""
    first = f"/api/v1/groups/{quote(group_id, safe='')}/users?limit=200"
    async for page in walk(client, first, step=f"the members of group {group_id}"):
        yield page
