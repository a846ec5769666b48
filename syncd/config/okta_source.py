"""The tables [sources.<name>] of kind "okta": an Okta organisation."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field

from syncd.config.address import OriginUrl
from syncd.config.faults import ADD, shown
from syncd.config.identifier import OktaId, Text
from syncd.config.secret_reference import SecretLine, SecretText
from syncd.config.section import Section, Wrong
from syncd.core.model import Json

_WAYS = "token, or client_id with private_key"


def _not_the_console(url: Any) -> Any:
    """The admin console has a host name of its own, which the API does not answer on (Okta documentation)."""
    for domain in ("okta.com", "oktapreview.com", "okta-emea.com"):
        if f"-admin.{domain}" in url:
            raise Wrong(
                f"{shown(url)} is the admin console", f"write {shown(url.replace(f'-admin.{domain}', f'.{domain}'))}"
            ).error()
    return url


class OktaSource(Section):
    """An Okta organisation. Scopes of a service app: okta.users.read, okta.groups.read, okta.apps.read, and
    okta.logs.read for the System Log where it is granted."""

    kind: Literal["okta"] = Field(description="The kind of source: graph or okta")
    org_url: Annotated[OriginUrl, AfterValidator(_not_the_console)] = Field(
        description="URL of the organisation, such as https://acme.okta.com; plain http only for loopback"
    )
    token: SecretLine | None = Field(default=None, description="An API token (SSWS) of a read-only administrator")
    client_id: OktaId | None = Field(default=None, description="Client id of an API service app; with private_key")
    private_key: SecretText | None = Field(
        default=None, description="Private key of the service app, in PEM form or as a JSON Web Key"
    )
    key_id: Text | None = Field(
        default=None, description="Key id (kid) of the private key, where the service app has several keys"
    )
    app_id: OktaId | None = Field(
        default=None, description='Id of the application whose assignments count; needed for scope "assigned"'
    )

    deactivate_suspended: bool = Field(
        default=False,
        description="Whether a suspended user counts as disabled; Okta's own provisioning keeps it active",
    )
    system_log: bool = Field(
        default=True,
        description="Whether to poll the System Log, which makes deletions known at once (okta.logs.read); without it full cycles find them",
    )

    @classmethod
    def relations(cls, raw: Mapping[str, Json]) -> Iterable[Wrong]:
        service = [key for key in ("client_id", "private_key", "key_id") if key in raw]
        if "token" in raw and service:
            yield Wrong(f"two credentials (token, {', '.join(service)})", f"give exactly one: {_WAYS}")
        elif "token" not in raw and not service:
            yield Wrong("no credential", f"give exactly one: {_WAYS}", ADD)
        elif service:
            for key, other in (("client_id", "private_key"), ("private_key", "client_id")):
                if key not in raw:
                    has = other if other in raw else "key_id"
                    yield Wrong("missing", f"{has} needs {key}", ADD, key=key)
