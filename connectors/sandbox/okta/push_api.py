"""`/api/v1/apps/{appId}/group-push/mappings`. Source: Okta API documentation, "Group Push Mappings"."""

from __future__ import annotations

from collections.abc import Iterator

import orjson

from connectors.sandbox.okta.directory import OktaDirectory
from connectors.sandbox.okta.errors import invalid, not_found
from connectors.sandbox.okta.exchange import Reply, Request, reply
from connectors.sandbox.okta.listing import listed
from connectors.sandbox.okta.push import PUSH_STATUSES, GroupPushMapping
from connectors.sandbox.okta.timestamp import comparable


def list_pushes(directory: OktaDirectory, request: Request, app_id: str) -> Reply:
    """A page of mappings, by source group, status or time of the last change (on or after)."""
    _known(directory, app_id)
    params = request.params
    status, source = params.get("status"), params.get("sourceGroupId")
    if status is not None and status not in PUSH_STATUSES:
        raise invalid("status", f"must be one of {', '.join(PUSH_STATUSES)}")
    try:
        since = comparable(params["lastUpdated"]) if "lastUpdated" in params else ""
    except ValueError:
        raise invalid("lastUpdated", "must be a time") from None

    def rows(after: str) -> Iterator[tuple[str, GroupPushMapping]]:
        for push in directory.pushes.values():
            wanted = status in (None, push.status) and source in (None, push.source_group_id)
            if push.app_id == app_id and push.id > after and wanted and push.last_updated >= since:
                yield push.id, push

    return listed(
        directory, request, rows, lambda push: orjson.dumps(push.json(request.origin)), default=100, maximum=1000
    )


def create_push(directory: OktaDirectory, request: Request, app_id: str) -> Reply:
    """Push a group: to an existing group of the target, or to one of a given name, which is made where there is none."""
    _known(directory, app_id)
    body = request.json()
    source = body.get("sourceGroupId")
    if source not in directory.groups:
        raise invalid("sourceGroupId", "must be the id of a group")
    target, name = body.get("targetGroupId"), body.get("targetGroupName")
    if (target is None) is (name is None):
        raise invalid("targetGroupId", "exactly one of targetGroupId and targetGroupName is required")
    if target is None:
        theirs = (g for g in directory.groups.values() if g.source_id == app_id and g.name == name)
        group = next(theirs, None) or directory.create_group(str(name), type="APP_GROUP", source_id=app_id)
        target = group.id
    elif target not in directory.groups:
        raise invalid("targetGroupId", "must be the id of a group of the application")
    status = body.get("status", "ACTIVE")
    if status not in {"ACTIVE", "INACTIVE"}:
        raise invalid("status", "must be ACTIVE or INACTIVE")
    try:
        push = directory.create_push(app_id, source, target_group_id=target, status=status)
    except ValueError as error:
        raise invalid("sourceGroupId", str(error)) from error
    return reply(push.json(request.origin), 201)


def get_push(directory: OktaDirectory, request: Request, app_id: str, push_id: str) -> Reply:
    """One mapping."""
    return reply(_found(directory, app_id, push_id).json(request.origin))


def update_push(directory: OktaDirectory, request: Request, app_id: str, push_id: str) -> Reply:
    """Pause or resume; resuming pushes at once."""
    push = _found(directory, app_id, push_id)
    status = request.json().get("status")
    if status not in {"ACTIVE", "INACTIVE"}:
        raise invalid("status", "must be ACTIVE or INACTIVE")
    return reply(directory.set_push(push.id, status).json(request.origin))


def delete_push(directory: OktaDirectory, request: Request, app_id: str, push_id: str) -> Reply:
    """Forget a mapping that is INACTIVE or ERROR, with its target group where `deleteTargetGroup` says so."""
    push = _found(directory, app_id, push_id)
    try:
        directory.delete_push(push.id)
    except ValueError as error:
        raise invalid("status", str(error)) from error
    if request.params.get("deleteTargetGroup") == "true" and push.target_group_id in directory.groups:
        directory.delete_group(push.target_group_id)
    return Reply(status=204)


def _known(directory: OktaDirectory, app_id: str) -> None:
    if app_id not in directory.apps:
        raise not_found(app_id, "AppInstance")


def _found(directory: OktaDirectory, app_id: str, push_id: str) -> GroupPushMapping:
    _known(directory, app_id)
    push = directory.pushes.get(push_id)
    if push is None or push.app_id != app_id:
        raise not_found(push_id, "GroupPushMapping")
    return push
