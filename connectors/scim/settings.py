"""How to reach one SCIM target: address, credentials, pace."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from yarl import URL

from connectors.errors import Misconfigured
from syncd import __version__
from syncd.core.exchange import Observer, unobserved
from syncd.core.secret import Secret

DialectName = Literal["rfc7644", "entra", "entra-2020", "okta-put", "okta-patch"]

#: Behaviour options of Microsoft Entra that products show as a part of their tenant URL (Microsoft Entra
#: documentation, "Known issues and resolutions with SCIM 2.0 protocol compliance"). They speak to the client and are
#: not sent on.
FLAGS: Mapping[str, DialectName] = {
    "aadoptscim062020": "entra-2020",
    "azureadscimpatch062020": "entra-2020",
    "azureadscimpatch2017": "entra",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class BearerToken:
    """A fixed token, as most products hand out."""

    token: Secret


@dataclass(frozen=True, kw_only=True, slots=True)
class Basic:
    """HTTP Basic authentication (RFC 7617)."""

    username: str
    password: Secret


@dataclass(frozen=True, kw_only=True, slots=True)
class OAuthClientCredentials:
    """A token fetched, and renewed, by client credentials (RFC 6749 section 4.4)."""

    token_url: str
    client_id: str
    client_secret: Secret
    scope: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class NoAuth:
    """No credentials at all: for a service behind a client certificate, or on loopback."""


Auth = BearerToken | Basic | OAuthClientCredentials | NoAuth


@dataclass(frozen=True, kw_only=True, slots=True)
class ScimSettings:
    """One target of the configuration, with its secrets opened."""

    name: str  #: the key in config.toml
    url: str  #: the tenant URL as the product shows it, flag and all
    auth: Auth
    profile: str = "generic"  #: a built-in profile, or the path of a TOML file
    dialect: DialectName | None = None  #: None: the profile's, else the flag's, else rfc7644
    rate: float | None = None  #: requests per second at most
    concurrency: int = 8  #: requests in flight at most
    ca_file: Path | None = None  #: PEM of further authorities to trust
    client_certificate: Path | None = None  #: PEM with certificate and key
    headers: Mapping[str, str | Secret] = field(default_factory=dict)
    timeout_s: float = 30.0  #: for one request
    attempts: int = 5  #: of one request, the first included
    patience_s: float = 120.0  #: waiting in all that one request may do between its attempts
    body_limit_bytes: int = 16 * 1024 * 1024  #: of one answer, decompressed
    user_agent: str = f"syncd/{__version__}"
    observe: Observer = field(default=unobserved, repr=False, compare=False)  #: is told of each request


@dataclass(frozen=True, kw_only=True, slots=True)
class TenantUrl:
    """A tenant URL taken apart: where requests go, and the dialect that its flag asks for."""

    base: URL  #: without query and without a slash at its end
    query: tuple[tuple[str, str], ...] = ()  #: what else was in the query: sent with every request
    dialect: DialectName | None = None


def is_loopback(host: str | None) -> bool:
    """Whether a host of a URL is this machine: the only place where plain http is allowed."""
    if host is None:
        return False
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def secure_url(text: str, *, target: str, key: str) -> URL:
    """The parsed URL. Raises Misconfigured unless it is https, or http on loopback, without user name or fragment."""
    try:
        url = URL(text.strip())
        host, scheme = url.host, url.scheme.lower()
    except ValueError as error:
        raise Misconfigured(target=target, detail=f"{key} is no URL: {error}") from None
    if not host or scheme not in ("https", "http"):
        raise Misconfigured(target=target, detail=f"{key} must be an https URL with a host")
    if scheme == "http" and not is_loopback(host):
        raise Misconfigured(target=target, detail=f"{key} uses plain http; that is allowed for loopback only")
    if url.user is not None or url.password is not None or url.fragment:
        raise Misconfigured(target=target, detail=f"{key} must not hold credentials or a fragment")
    return url


def tenant_url(settings: ScimSettings) -> TenantUrl:
    """Where requests go, and what the URL's flag says. Raises Misconfigured for an unsafe or broken URL."""
    url = secure_url(settings.url, target=settings.name, key="url")
    dialect: DialectName | None = None
    query: list[tuple[str, str]] = []
    for key, value in url.query.items():
        if (flag := FLAGS.get(key.lower())) is not None:
            dialect = flag
        else:
            query.append((key, value))
    base = url.with_query(None)
    return TenantUrl(base=URL(str(base).rstrip("/"), encoded=True), query=tuple(query), dialect=dialect)
