"""`/api/v1/groups`: list, one, the users of one. Source: Okta API documentation, "Groups"."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator

import orjson

from connectors.sandbox.okta.directory import OktaDirectory
from connectors.sandbox.okta.errors import not_found
from connectors.sandbox.okta.exchange import Reply, Request, reply
from connectors.sandbox.okta.group import Group
from connectors.sandbox.okta.listing import chosen, in_order, listed
from connectors.sandbox.okta.query import GROUP_FILTER, GROUP_SEARCH
from connectors.sandbox.okta.user import User
from syncd.core.model import Json


def list_groups(directory: OktaDirectory, request: Request) -> Reply:
    """A page of groups of all three types; `q` matches the beginning of names."""
    predicate = chosen(request, search=GROUP_SEARCH, filter_=GROUP_FILTER)
    start = request.params.get("q", "").lower()

    def matching() -> Iterator[Group]:
        for group in directory.groups.values():
            hidden = group.type == "BUILT_IN" and directory.options.group_admin_only
            if (
                not hidden
                and group.name.lower().startswith(start)
                and (predicate is None or predicate(group.attribute))
            ):
                yield group

    if "sortBy" in request.params and "search" in request.params:
        rows = in_order(matching(), request, Group.attribute, lambda group: group.id, GROUP_SEARCH)
    else:

        def rows(after: str) -> Iterator[tuple[str, Group]]:
            return ((group.id, group) for group in matching() if group.id > after)

    stats = request.params.get("expand") == "stats"
    return listed(
        directory,
        request,
        rows,
        lambda group: orjson.dumps(_shown(directory, request, group, stats=stats)),
        default=200,
        maximum=10_000,
    )


def get_group(directory: OktaDirectory, request: Request, group_id: str) -> Reply:
    """One group."""
    return reply(_shown(directory, request, _found(directory, group_id), stats=False))


def list_group_users(directory: OktaDirectory, request: Request, group_id: str) -> Reply:
    """The users in a group, as full objects; whether deactivated ones are among them is an option."""
    group = _found(directory, group_id)
    ids = directory.member_ids(group.id)

    def rows(after: str) -> Iterator[tuple[str, User]]:
        for at in range(bisect_right(ids, after), len(ids)):
            user = directory.users.get(ids[at])
            if user and (user.status != "DEPROVISIONED" or directory.options.deprovisioned_members):
                yield user.id, user

    return listed(directory, request, rows, lambda user: user.json(request.origin), default=1000, maximum=1000)


def _found(directory: OktaDirectory, group_id: str) -> Group:
    group = directory.groups.get(group_id)
    if group is None or (group.type == "BUILT_IN" and directory.options.group_admin_only):
        raise not_found(group_id, "UserGroup")
    return group


def _shown(directory: OktaDirectory, request: Request, group: Group, *, stats: bool) -> dict[str, Json]:
    data = group.json(request.origin)
    if stats:
        data["_embedded"] = {
            "stats": {
                "usersCount": len(directory.member_ids(group.id)),
                "appsCount": sum(group.id in assigned.groups for assigned in directory.apps.values()),
                "groupPushMappingsCount": sum(p.source_group_id == group.id for p in directory.pushes.values()),
                "hasAdminPrivilege": False,
            }
        }
    return data
