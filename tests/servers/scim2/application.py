"""The ASGI application of scim2-server with a bearer check, and with the schemas of this directory registered."""

from __future__ import annotations

import hmac
import json
import os
import secrets
from pathlib import Path

from scim2_models import ResourceType, Schema, SchemaExtension, ScimProvider, UnauthorizedException
from scim2_server.applications.asgi import ASGIApplication
from scim2_server.memory import AsyncInMemoryStorage
from scim2_server.requests import ScimRequest
from scim2_server.service import ScimService
from scim2_server.testserver.application import BEARER_TOKEN_SCHEME
from scim2_server.utils import (
    load_default_resource_types,
    load_default_schemas,
    load_default_service_provider_config,
)

EXTENSIONS = json.loads(Path(__file__).with_name("extensions.json").read_text())


class BearerTokenApplication(ASGIApplication):
    """Refuses every request without the token of the environment variable SCIM_TOKEN."""

    token = os.environ.get("SCIM_TOKEN", "")

    def check_auth(self, request: ScimRequest) -> None:
        scheme, _, token = (request.header("Authorization") or "").partition(" ")
        if scheme.lower() != "bearer" or not hmac.compare_digest(token, self.token):
            raise UnauthorizedException


def resource_types() -> list[ResourceType]:
    """User and Group, each with the extensions that name it."""
    types = list(load_default_resource_types().values())
    for resource_type in types:
        resource_type.schema_extensions = [
            *(resource_type.schema_extensions or []),
            *(
                SchemaExtension(schema_=schema["id"], required=False)
                for schema in EXTENSIONS
                if schema["name"].startswith(resource_type.name)
            ),
        ]
    return types


def application() -> BearerTokenApplication:
    config = load_default_service_provider_config()
    config.authentication_schemes = [*(config.authentication_schemes or []), BEARER_TOKEN_SCHEME]
    schemas = [*load_default_schemas().values(), *(Schema.model_validate(schema) for schema in EXTENSIONS)]
    provider = ScimProvider.from_discovery(schemas, resource_types(), config=config)
    service = ScimService(provider, secret=secrets.token_urlsafe(32))
    return BearerTokenApplication(AsyncInMemoryStorage(), provider, service)
