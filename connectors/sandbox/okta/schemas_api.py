"""`/api/v1/meta/…` and `/api/v1/mappings`: schemas, user types, profile mappings.

Source: Okta API documentation, "Schemas", "User Types", "Profile Mappings".
"""

from __future__ import annotations

import orjson

from connectors.sandbox.okta.directory import OktaDirectory
from connectors.sandbox.okta.errors import not_found
from connectors.sandbox.okta.exchange import Reply, Request, reply
from connectors.sandbox.okta.listing import listed


def get_user_schema(directory: OktaDirectory, request: Request, schema_id: str) -> Reply:
    """The schema of the one user type."""
    if schema_id not in {"default", directory.user_schema.id}:
        raise not_found(schema_id, "UserSchema")
    return reply(directory.user_schema.json(request.origin, f"user/{directory.user_schema.id}"))


def get_app_schema(directory: OktaDirectory, request: Request, app_id: str) -> Reply:
    """The schema of an application's user profile."""
    assigned = directory.apps.get(app_id)
    if assigned is None:
        raise not_found(app_id, "AppInstance")
    return reply(assigned.schema.json(request.origin, f"apps/{app_id}/default"))


def list_user_types(directory: OktaDirectory, request: Request) -> Reply:
    """The one user type, `user`."""
    api = f"{request.origin}/api/v1/meta"
    return reply(
        [
            {
                "id": directory.user_type_id,
                "name": "user",
                "displayName": "User",
                "description": "Okta user profile template with default permission settings",
                "default": True,
                "created": directory.founded,
                "createdBy": "sprsandbox0000000001",
                "lastUpdated": directory.founded,
                "lastUpdatedBy": "sprsandbox0000000001",
                "_links": {
                    "schema": {"href": f"{api}/schemas/user/{directory.user_schema.id}", "method": "GET"},
                    "self": {"href": f"{api}/types/user/{directory.user_type_id}", "method": "GET"},
                },
            }
        ]
    )


def list_mappings(directory: OktaDirectory, request: Request) -> Reply:
    """A page of mappings, without their rows."""
    source, target = request.params.get("sourceId"), request.params.get("targetId")
    mappings = [
        assigned.mapping
        for assigned in directory.apps.values()
        if source in (None, assigned.mapping.source_id) and target in (None, assigned.mapping.target_id)
    ]
    return listed(
        directory,
        request,
        lambda after: ((mapping.id, mapping) for mapping in mappings if mapping.id > after),
        lambda mapping: orjson.dumps(mapping.json(request.origin, whole=False)),
        default=20,
        maximum=200,
    )


def get_mapping(directory: OktaDirectory, request: Request, mapping_id: str) -> Reply:
    """One mapping with its rows."""
    for assigned in directory.apps.values():
        if assigned.mapping.id == mapping_id:
            return reply(assigned.mapping.json(request.origin, whole=True))
    raise not_found(mapping_id, "ProfileMapping")
