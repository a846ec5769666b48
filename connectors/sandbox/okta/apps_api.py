"""`/api/v1/apps/{appId}`: the application, its users and its groups.

Source: Okta API documentation, "Applications", "Application Users", "Application Groups".
"""

from __future__ import annotations

from collections.abc import Iterator

import orjson

from connectors.sandbox.okta.app import AppGroup, AppUser
from connectors.sandbox.okta.assignments import Assignments
from connectors.sandbox.okta.directory import OktaDirectory
from connectors.sandbox.okta.errors import not_found
from connectors.sandbox.okta.exchange import Reply, Request, reply
from connectors.sandbox.okta.listing import listed
from syncd.core.model import Json


def list_apps(directory: OktaDirectory, request: Request) -> Reply:
    """A page of applications."""
    unknown = directory.options.unknown_feature
    return listed(
        directory,
        request,
        lambda after: ((app_id, assigned.app) for app_id, assigned in directory.apps.items() if app_id > after),
        lambda app: orjson.dumps(app.json(request.origin, unknown_feature=unknown)),
        default=20,
        maximum=200,
    )


def get_app(directory: OktaDirectory, request: Request, app_id: str) -> Reply:
    """One application."""
    app = _found(directory, app_id).app
    return reply(app.json(request.origin, unknown_feature=directory.options.unknown_feature))


def list_app_users(directory: OktaDirectory, request: Request, app_id: str) -> Reply:
    """A page of an application's users; `expand=user` embeds the Okta user."""
    assigned = _found(directory, app_id)
    start = request.params.get("q", "").lower()

    def rows(after: str) -> Iterator[tuple[str, AppUser]]:
        for row in assigned.after(after):
            if not start or _starts(directory, row, start):
                yield row.id, row

    return listed(
        directory, request, rows, lambda row: _app_user(directory, request, assigned, row), default=50, maximum=500
    )


def get_app_user(directory: OktaDirectory, request: Request, app_id: str, user_id: str) -> Reply:
    """One user of an application."""
    assigned = _found(directory, app_id)
    row = assigned.get(user_id)
    if row is None:
        raise not_found(user_id, "AppUser")
    return Reply(body=_app_user(directory, request, assigned, row))


def list_app_groups(directory: OktaDirectory, request: Request, app_id: str) -> Reply:
    """A page of an application's groups, the highest priority first."""
    assigned = _found(directory, app_id)
    start, expand = request.params.get("q", "").lower(), request.params.get("expand")

    def rows(after: str) -> Iterator[tuple[str, AppGroup]]:
        for row in assigned.by_priority():
            key = f"{row.priority:06d} {row.id}"
            if key > after and directory.groups[row.id].name.lower().startswith(start):
                yield key, row

    def render(row: AppGroup) -> bytes:
        data: dict[str, Json] = row.json(request.origin, assigned.app.id)
        if expand == "group":
            data["_embedded"] = {"group": directory.groups[row.id].json(request.origin)}
        elif expand == "metadata":
            data["_embedded"] = {"metadata": {"credentials": {}, "profile": {}}}
        return orjson.dumps(data)

    return listed(directory, request, rows, render, default=20, maximum=200, minimum=20)


def get_app_group(directory: OktaDirectory, request: Request, app_id: str, group_id: str) -> Reply:
    """The assignment of one group."""
    assigned = _found(directory, app_id)
    row = assigned.groups.get(group_id)
    if row is None:
        raise not_found(group_id, "ApplicationGroupAssignment")
    return reply(row.json(request.origin, assigned.app.id))


def _found(directory: OktaDirectory, app_id: str) -> Assignments:
    assigned = directory.apps.get(app_id)
    if assigned is None:
        raise not_found(app_id, "AppInstance")
    return assigned


def _app_user(directory: OktaDirectory, request: Request, assigned: Assignments, row: AppUser) -> bytes:
    user = directory.users.get(row.id) if request.params.get("expand") == "user" else None
    group = directory.groups.get(row.group_id) if row.group_id else None
    return row.json(request.origin, assigned.app.id, group, user.json(request.origin) if user else None)


def _starts(directory: OktaDirectory, row: AppUser, start: str) -> bool:
    user = directory.users.get(row.id)
    profile = user.profile if user else {}
    names = (row.user_name, profile.get("firstName"), profile.get("lastName"), profile.get("email"))
    return any(str(name or "").lower().startswith(start) for name in names)
