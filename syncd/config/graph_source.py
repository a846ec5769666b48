"""The tables [sources.<name>] of kind "graph": a Microsoft Entra tenant, read through Microsoft Graph."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Literal

from pydantic import Field

from syncd.config.address import RootUrl, is_loopback_url
from syncd.config.faults import ADD
from syncd.config.identifier import EntraId, TenantId
from syncd.config.secret_reference import SecretLine, SecretText
from syncd.config.section import Section, Wrong, given
from syncd.core.model import Json

CREDENTIALS = ("client_secret", "certificate", "managed_identity", "workload_identity")
_ALL = "client_secret, certificate, managed_identity or workload_identity"


class GraphSource(Section):
    """A Microsoft Entra tenant. Application permissions: User.Read.All, GroupMember.Read.All, Application.Read.All."""

    kind: Literal["graph"] = Field(description="The kind of source: graph or okta")
    tenant_id: TenantId | None = Field(
        default=None,
        description="The tenant's id, or one of its domains. Not needed with managed_identity, workload_identity or "
        "access_token",
    )
    client_id: EntraId | None = Field(
        default=None,
        description="Application (client) id of syncd's app registration; with managed_identity that of a "
        "user-assigned identity. Not needed with workload_identity or access_token",
    )
    client_secret: SecretLine | None = Field(default=None, description="A client secret of the app registration")
    certificate: SecretText | None = Field(
        default=None, description="Certificate and private key of the app registration, in PEM form"
    )
    managed_identity: bool = Field(default=False, description="true: the managed identity of this Azure machine")
    workload_identity: bool = Field(
        default=False, description="true: the federated token that Kubernetes gives (AZURE_FEDERATED_TOKEN_FILE)"
    )
    access_token: SecretLine | None = Field(
        default=None, description="A ready token; for loopback endpoints only, such as the sandbox"
    )
    cloud: Literal["global", "usgov", "usgov-dod", "china"] = Field(
        default="global", description="The national cloud; it sets endpoint and authority"
    )
    endpoint: RootUrl | None = Field(
        default=None, description="Another root of the Graph API, with its version; plain http only for loopback"
    )
    authority: RootUrl | None = Field(default=None, description="Another login authority; plain http only for loopback")
    service_principal_id: EntraId | None = Field(
        default=None,
        description="Object id of the enterprise application (service principal) whose assignments count; needed for "
        'scope "assigned", unless app_id is given',
    )
    app_id: EntraId | None = Field(
        default=None, description="Application id of that enterprise application, in place of service_principal_id"
    )

    reads: Literal["all", "assigned"] = Field(
        default="all",
        description='"assigned": only what is assigned to the application, where every job of this source has scope '
        '"assigned"; for a tenant that is large beside it. "all": the whole tenant',
    )

    @classmethod
    def relations(cls, raw: Mapping[str, Json]) -> Iterable[Wrong]:
        kinds = given(raw, *CREDENTIALS)
        ready = "access_token" in raw
        if len(kinds) > 1:
            yield Wrong(f"{len(kinds)} credentials ({', '.join(kinds)})", f"give exactly one of {_ALL}")
        if not kinds and not ready:
            yield Wrong("no credential", f"give exactly one of {_ALL}", ADD)
        if kinds and kinds[0] in ("client_secret", "certificate") and not ready:
            for key in ("tenant_id", "client_id"):
                if key not in raw:
                    yield Wrong("missing", f"{kinds[0]} needs {key}", ADD, key=key)
        if ready and not is_loopback_url(str(raw.get("endpoint", ""))):
            yield Wrong(
                "a ready token for an endpoint that is not loopback",
                f"a ready token is for a loopback endpoint alone; give {_ALL}",
                key="access_token",
            )
        if "service_principal_id" in raw and "app_id" in raw:
            yield Wrong(
                "two ways to name the application (service_principal_id, app_id)",
                "give exactly one of them",
                key="app_id",
            )
