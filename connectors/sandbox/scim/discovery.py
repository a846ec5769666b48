"""What the server says of itself: /ServiceProviderConfig, /ResourceTypes and /Schemas (RFC 7644 section 4)."""

from __future__ import annotations

from connectors.sandbox.scim.error import ScimError
from connectors.sandbox.scim.quirks import Quirks
from connectors.sandbox.scim.representation import ENDPOINTS, RESOURCE_TYPES
from connectors.sandbox.scim.search import LIST_SCHEMA
from syncd.core.model import Json

BULK_BYTES = 4_000_000

_CONFIG_SCHEMA = "urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig"
_RESOURCE_TYPE_SCHEMA = "urn:ietf:params:scim:schemas:core:2.0:ResourceType"


def service_provider_config(quirks: Quirks, base: str) -> dict[str, Json]:
    """RFC 7643 section 5: what is supported, as far as this server owns up to it."""
    paging = {"pagination": {"cursor": True, "index": False}} if quirks.cursor else {}
    return {
        "schemas": [_CONFIG_SCHEMA],
        "documentationUri": "https://www.rfc-editor.org/rfc/rfc7644",
        "patch": {"supported": quirks.announces_patch},
        "bulk": {
            "supported": quirks.announces_bulk,
            "maxOperations": quirks.bulk_operations,
            "maxPayloadSize": BULK_BYTES,
        },
        "filter": {"supported": quirks.announces_filter, "maxResults": quirks.max_page},
        "changePassword": {"supported": True},
        "sort": {"supported": True},
        **paging,
        "etag": {"supported": quirks.etag != "absent"},
        "authenticationSchemes": [
            {
                "type": "oauthbearertoken",
                "name": "OAuth Bearer Token",
                "description": "A bearer token in the Authorization header",
                "specUri": "https://www.rfc-editor.org/rfc/rfc6750",
                "primary": True,
            }
        ],
        "meta": {"resourceType": "ServiceProviderConfig", "location": f"{base}/ServiceProviderConfig"},
    }


def resource_types(quirks: Quirks, base: str) -> list[dict[str, Json]]:
    """RFC 7643 section 6."""
    kinds = [kind for kind in ENDPOINTS if kind == "user" or quirks.groups != "absent"]
    return [
        {
            "schemas": [_RESOURCE_TYPE_SCHEMA],
            "id": RESOURCE_TYPES[kind],
            "name": RESOURCE_TYPES[kind],
            "description": quirks.catalogue.core[kind].description,
            "endpoint": f"/{ENDPOINTS[kind]}",
            "schema": quirks.catalogue.core[kind].id,
            "schemaExtensions": [
                {"schema": each.id, "required": each.required} for each in quirks.catalogue.extensions(kind)
            ],
            "meta": {"resourceType": "ResourceType", "location": f"{base}/ResourceTypes/{RESOURCE_TYPES[kind]}"},
        }
        for kind in kinds
    ]


def schemas(quirks: Quirks, base: str) -> list[dict[str, Json]]:
    """RFC 7643 section 7."""
    return [
        {**each.data, "meta": {"resourceType": "Schema", "location": f"{base}/Schemas/{each.id}"}}
        for each in quirks.catalogue.schemas
        if each.extends == "user" or quirks.groups != "absent"
    ]


def discovered(name: str, item: str | None, quirks: Quirks, base: str) -> Json:
    """The body of one discovery endpoint. Raises ScimError (404)."""
    if name == "ServiceProviderConfig":
        return service_provider_config(quirks, base)
    items = resource_types(quirks, base) if name == "ResourceTypes" else schemas(quirks, base)
    if item is not None:
        for each in items:
            if each["id"].lower() == item.lower():
                return each
        raise ScimError(status=404, detail=f"{name} has no {item}")
    if quirks.bare_arrays:
        return items
    return {
        "schemas": [LIST_SCHEMA],
        "totalResults": len(items),
        "startIndex": 1,
        "itemsPerPage": len(items),
        "Resources": items,
    }
