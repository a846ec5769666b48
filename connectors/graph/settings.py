"""What one Microsoft Graph source needs to know before it is opened."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from syncd.core.exchange import Observer, unobserved
from syncd.core.secret import Secret

CloudName = Literal["global", "usgov", "usgov-dod", "china"]

#: The hosts for which plain http and a ready token are allowed.
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})

#: Always selected: names for people, and whether the account may sign in.
USER_ATTRIBUTES = frozenset({"id", "accountEnabled", "displayName", "mail", "userPrincipalName"})
#: `visibility` tells a group whose membership is hidden from one without members.
GROUP_ATTRIBUTES = frozenset({"id", "displayName", "visibility"})


@dataclass(frozen=True, kw_only=True, slots=True)
class Cloud:
    """One national cloud (Microsoft Graph documentation, "National cloud deployments")."""

    graph: str  #: root of the service, without a version
    authority: str  #: host of the login service


CLOUDS: Mapping[CloudName, Cloud] = {
    "global": Cloud(graph="https://graph.microsoft.com", authority="login.microsoftonline.com"),
    "usgov": Cloud(graph="https://graph.microsoft.us", authority="login.microsoftonline.us"),
    "usgov-dod": Cloud(graph="https://dod-graph.microsoft.us", authority="login.microsoftonline.us"),
    "china": Cloud(graph="https://microsoftgraph.chinacloudapi.cn", authority="login.chinacloudapi.cn"),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class ClientSecret:
    """A secret of the app registration."""

    secret: Secret


@dataclass(frozen=True, kw_only=True, slots=True)
class Certificate:
    """A certificate of the app registration with its private key, as PEM text."""

    pem: Secret
    password: Secret | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class ManagedIdentity:
    """The identity of the machine; a user-assigned one is named by the source's `client_id`."""


@dataclass(frozen=True, kw_only=True, slots=True)
class WorkloadIdentity:
    """A federated token from the file that AZURE_FEDERATED_TOKEN_FILE names (Kubernetes)."""


@dataclass(frozen=True, kw_only=True, slots=True)
class AccessToken:
    """A ready token, for services on this machine alone."""

    token: Secret


Credential = ClientSecret | Certificate | ManagedIdentity | WorkloadIdentity | AccessToken


@dataclass(frozen=True, kw_only=True, slots=True)
class GraphSettings:
    """One tenant, the application that reads it and the enterprise application whose assignments count.

    Raises ValueError for an endpoint that is neither https nor on this machine, for a ready token that would leave
    this machine, and for an authority that is not https.
    """

    name: str  #: the key in config.toml
    credential: Credential
    tenant_id: str = ""
    client_id: str = ""
    cloud: CloudName = "global"
    endpoint: str | None = None  #: another Graph root with its version: "http://127.0.0.1:8080/v1.0"
    authority: str | None = None  #: another login service; host or https URL
    service_principal_id: str | None = None  #: object id of the enterprise application
    app_id: str | None = None  #: or its application id
    user_attributes: frozenset[str] = frozenset()  #: Graph property names beside USER_ATTRIBUTES; `manager` is one
    group_attributes: frozenset[str] = frozenset()  #: beside GROUP_ATTRIBUTES
    assigned_only: bool = False  #: read what is assigned, and not the tenant
    nested_groups: bool = False  #: with `assigned_only`: groups inside assigned groups are read as well
    ca_file: Path | None = None  #: certificates to trust beside the system's
    observe: Observer = field(default=unobserved, repr=False, compare=False)  #: is told of each request

    def __post_init__(self) -> None:
        parts = urlsplit(self.root)
        host = parts.hostname or ""
        if parts.username or parts.password or parts.query or parts.fragment or not host:
            raise ValueError(f"{self.root} is no Graph root; write for example https://graph.microsoft.com/v1.0")
        if parts.scheme != "https" and not (parts.scheme == "http" and host in LOOPBACK):
            raise ValueError(f"{self.root} must be https; plain http is for this machine alone")
        if isinstance(self.credential, AccessToken) and host not in LOOPBACK:
            raise ValueError("a ready access token is for an endpoint on this machine alone")
        if self.authority and "://" in self.authority and not self.authority.startswith("https://"):
            raise ValueError(f"authority {self.authority} must be https")

    @property
    def root(self) -> str:
        """The URL before every path, without a slash at its end."""
        return (self.endpoint or f"{CLOUDS[self.cloud].graph}/v1.0").rstrip("/")

    @property
    def host(self) -> str:
        """The one host that may get a token."""
        return urlsplit(self.root).hostname or ""

    @property
    def scope(self) -> str:
        """What a token is asked for: the cloud's own Graph, also behind another endpoint."""
        return f"{CLOUDS[self.cloud].graph}/.default"

    @property
    def user_select(self) -> frozenset[str]:
        return USER_ATTRIBUTES | self.user_attributes

    @property
    def group_select(self) -> frozenset[str]:
        return GROUP_ATTRIBUTES | self.group_attributes | {"members"}
