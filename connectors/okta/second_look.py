"""What a list did not show although it should have: asked for by id, or looked for in a second list.

Okta's pages may shift under a reader, so that a record falls between two of them. A few missing ones are asked for one
by one; many would cost as many requests, so then the whole list is read once more. Who is on neither is gone.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable, Collection
from dataclasses import dataclass, field

from connectors.okta import groups
from connectors.okta.assignments import app_groups, app_path
from connectors.okta.client import OktaClient
from connectors.okta.failure import Failure
from connectors.okta.oddities import known_id
from connectors.okta.pager import walk
from syncd.core.model import Json

#: Asked for one by one; more, and the list is read again.
FEW = 10


@dataclass(kw_only=True, slots=True)
class SecondLook:
    """What became of them: raw records of those that are there after all, and the ids of the others."""

    records: list[Json] = field(default_factory=list)
    gone: set[str] = field(default_factory=set)


async def missing_groups(client: OktaClient, missing: Collection[str]) -> SecondLook:
    """Groups of the organisation, or of the application where only those count. Raises Failure and Incomplete."""

    async def one(id_: str) -> Json:
        if client.settings.assigned_groups_only and await _or_none(client, "groups", id_) is None:
            return None
        return await groups.group(client, id_)

    return await _look(missing, one, groups.every_group(client))


async def missing_app_users(client: OktaClient, missing: Collection[str]) -> SecondLook:
    """The application's users, by user id. Raises Failure and Incomplete."""
    first = app_path(client.settings.app_id, "users") + "?limit=500"
    return await _look(missing, lambda id_: _or_none(client, "users", id_), walk(client, first, step="assignments"))


async def missing_app_groups(client: OktaClient, missing: Collection[str]) -> SecondLook:
    """The application's groups, by group id. Raises Failure and Incomplete."""
    return await _look(missing, lambda id_: _or_none(client, "groups", id_), app_groups(client))


async def _look(
    missing: Collection[str],
    one: Callable[[str], Awaitable[Json]],
    pages: AsyncGenerator[list[Json], None],
) -> SecondLook:
    found = SecondLook()
    if len(missing) <= FEW:
        for id_ in sorted(missing):
            record = await one(id_)
            if record is None:
                found.gone.add(id_)
            else:
                found.records.append(record)
        await pages.aclose()
        return found
    left = set(missing)
    async for page in pages:
        for record in page:
            name = known_id(record)
            if name in left:
                left.discard(name)
                found.records.append(record)
    found.gone = left
    return found


async def _or_none(client: OktaClient, what: str, id_: str) -> Json:
    try:
        return (await client.get(app_path(client.settings.app_id, what, id_))).data
    except Failure as failure:
        if not failure.gone:
            raise
        return None
