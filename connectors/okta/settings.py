"""What the Okta source is told: which organisation, which credential, which application."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal, NoReturn
from urllib.parse import urlsplit

from connectors.errors import NotConfigured
from syncd.core.exchange import Observer, unobserved
from syncd.core.model import Json
from syncd.core.secret import Secret

#: What every read asks for; nothing that writes.
SCOPES = ("okta.users.read", "okta.groups.read", "okta.apps.read")

#: For the System Log, which makes deletions known at once; everything works without it.
LOGS_SCOPE = "okta.logs.read"


@dataclass(frozen=True, kw_only=True, slots=True)
class OAuth:
    """An Okta API service application: client credentials with a signed assertion (private_key_jwt, RFC 7523)."""

    client_id: str
    private_key: Secret  #: RSA, as PEM or as JWK text; the SDK signs with RS256
    key_id: str | None = None
    scopes: tuple[str, ...] = SCOPES
    optional_scopes: tuple[str, ...] = ()  #: asked for as well; where they are not granted it goes without them
    dpop: bool = False  #: the application demands DPoP (RFC 9449)


@dataclass(frozen=True, kw_only=True, slots=True)
class OktaSettings:
    """Settings of one Okta source. Raises NotConfigured for what cannot work."""

    name: str  #: the key in config.toml
    org_url: str  #: "https://acme.okta.com"; plain http only for loopback hosts
    credential: Secret | OAuth  #: an API token (SSWS), or a service application
    app_id: str  #: the application whose assignments count: "0oa…"
    #: assigned: users come embedded in the application's users · all: every user of the organisation
    scope: Literal["assigned", "all"] = "assigned"
    #: whose members are read: told by the raw group; None: every group's
    group_selection: Callable[[Mapping[str, Json]], bool] | None = None
    selection_key: str = ""  #: another text for another `group_selection`: its groups are then all read anew
    assigned_groups_only: bool = False  #: only groups that are assigned to the application are read at all
    deactivate_suspended: bool = (
        False  #: SUSPENDED counts as disabled; Okta's own provisioning leaves such users active
    )
    system_log: bool = True  #: poll the System Log; what may not be read there is found by full reads
    ca_file: str | None = None  #: a PEM file with the authorities to trust instead of the system's
    concurrency: int = 4  #: requests in flight; Okta's limit for one token is 17 to 37
    timeout_s: float = 60.0  #: for one attempt, from connecting to the last byte
    max_body_bytes: int = 32 * 2**20  #: a page of 500 users with long profiles has about 2 MB
    observe: Observer = field(default=unobserved, repr=False, compare=False)  #: is told of each request

    def __post_init__(self) -> None:
        try:
            parts = urlsplit(self.org_url)
            parts.port  # noqa: B018 - looked at for its ValueError
        except ValueError:
            self._refuse("org_url is no address at all")
        if "@" in parts.netloc:
            self._refuse("org_url holds a user name or password; give the address alone")
        if parts.scheme not in {"https", "http"} or not parts.hostname:
            self._refuse(f'org_url {self.org_url!r} is no address like "https://acme.okta.com"')
        if parts.path.strip("/") or parts.query or parts.fragment:
            self._refuse(f"org_url {self.org_url!r} has a path; give the address alone")
        if parts.scheme == "http" and not is_loopback(parts.hostname or ""):
            self._refuse(f"org_url {self.org_url!r} is plain http, which is allowed for loopback hosts only")
        if "-admin." in (parts.hostname or ""):
            self._refuse(f"org_url {self.org_url!r} is the address of the admin console; leave -admin out")

    @property
    def origin(self) -> str:
        """Scheme, host and port, without a slash at the end: the one place where the credential is sent."""
        parts = urlsplit(self.org_url)
        return f"{parts.scheme}://{parts.netloc}"

    def _refuse(self, detail: str) -> NoReturn:
        raise NotConfigured(source=self.name, detail=detail)


def is_loopback(host: str) -> bool:
    """Whether this host is this machine."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
