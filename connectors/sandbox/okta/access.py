"""Who may call the organisation: API tokens (SSWS), service applications with private keys, and their access tokens.

Source: Okta API documentation, "OAuth 2.0 scopes", "Implement OAuth for Okta with a service app", "API token management".
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from connectors.sandbox.clock import Clock
from connectors.sandbox.okta.dpop import Proofs
from connectors.sandbox.okta.errors import bad_token, forbidden
from connectors.sandbox.okta.exchange import Request

READ_SCOPES = (
    "okta.users.read",
    "okta.groups.read",
    "okta.apps.read",
    "okta.logs.read",
    "okta.schemas.read",
    "okta.profileMappings.read",
    "okta.userTypes.read",
)
_IDLE = timedelta(days=30).total_seconds()


@dataclass(frozen=True, kw_only=True, slots=True)
class ServiceApp:
    """An OAuth service application of the organisation."""

    client_id: str
    public_keys: tuple[tuple[str | None, str], ...]  #: key id and PEM
    granted: frozenset[str] = frozenset(READ_SCOPES)
    administrator: bool = True  #: has an administrator role; without one every call is refused
    dpop: bool = False  #: must prove possession of a key (RFC 9449)


@dataclass(frozen=True, kw_only=True, slots=True)
class AccessToken:
    """One issued token; its text is not kept."""

    client_id: str
    scopes: frozenset[str]
    expires: float
    thumbprint: str | None = None  #: of the DPoP key it is bound to


@dataclass(frozen=True, kw_only=True, slots=True)
class Principal:
    """Who sends a request, for rate limits."""

    id: str
    scopes: frozenset[str] | None  #: None: everything, as an API token of a super administrator has


class Access:
    """The credentials of one organisation."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._api_tokens: dict[str, float] = {}  # hash of the token -> last used
        self._issued: dict[str, AccessToken] = {}
        self._count = 0
        self.services: dict[str, ServiceApp] = {}
        self.proofs = Proofs(clock)
        self.used_assertions: dict[str, float] = {}
        self.token_lifetime_s = 3600

    def add_api_token(self, token: str) -> None:
        """Let this SSWS token in. It ends after 30 days without use."""
        self._api_tokens[_hash(token)] = self._clock.time()

    def revoke_api_token(self, token: str) -> None:
        """End an SSWS token."""
        self._api_tokens.pop(_hash(token), None)

    def add_service(
        self,
        client_id: str,
        public_key: str,
        *,
        key_id: str | None = None,
        granted: Iterable[str] = READ_SCOPES,
        administrator: bool = True,
        dpop: bool = False,
    ) -> ServiceApp:
        """Register a service application with its public key in PEM; again with another key: that one too."""
        known = self.services.get(client_id)
        service = ServiceApp(
            client_id=client_id,
            public_keys=(*(known.public_keys if known else ()), (key_id, public_key)),
            granted=frozenset(granted),
            administrator=administrator,
            dpop=dpop,
        )
        self.services[client_id] = service
        return service

    def issue(self, service: ServiceApp, scopes: frozenset[str], thumbprint: str | None) -> str:
        """A new access token, told once. It lives `token_lifetime_s`."""
        self._count += 1
        text = f"sandbox.{self._count}.{hashlib.sha256(f'{service.client_id} {self._count}'.encode()).hexdigest()[:40]}"
        self._issued[_hash(text)] = AccessToken(
            client_id=service.client_id,
            scopes=scopes,
            expires=self._clock.time() + self.token_lifetime_s,
            thumbprint=thumbprint,
        )
        return text

    def revoke_access_tokens(self) -> int:
        """End every access token that was issued; gives their number."""
        count = len(self._issued)
        self._issued.clear()
        return count

    @property
    def issued(self) -> int:
        """Access tokens issued so far."""
        return self._count

    def admit(self, request: Request, *, lenient_ssws: bool) -> Principal:
        """Who sends this request. OktaError E0000011 for wrong, expired or missing credentials."""
        header = request.headers.get("authorization", "")
        scheme, _, credential = header.partition(" ")
        if lenient_ssws and not credential and header.startswith("SSWS"):
            scheme, credential = "SSWS", header.removeprefix("SSWS")
        if scheme == "SSWS" and credential:
            return self._by_api_token(credential)
        if scheme in {"Bearer", "DPoP"} and credential:
            return self._by_access_token(scheme, credential, request)
        raise bad_token()

    def _by_api_token(self, credential: str) -> Principal:
        digest, now = _hash(credential), self._clock.time()
        used = next((at for known, at in self._api_tokens.items() if hmac.compare_digest(known, digest)), None)
        if used is None or now - used > _IDLE:
            raise bad_token()
        self._api_tokens[digest] = now
        return Principal(id=f"ssws {digest[:12]}", scopes=None)

    def _by_access_token(self, scheme: str, credential: str, request: Request) -> Principal:
        token = self._issued.get(_hash(credential))
        refusal = bad_token(**{"www-authenticate": f'{scheme} error="invalid_token"'})
        if token is None or token.expires <= self._clock.time() or (scheme == "DPoP") is not bool(token.thumbprint):
            raise refusal
        if token.thumbprint and not self.proofs.covers(request, credential, token.thumbprint):
            raise bad_token(**{"www-authenticate": 'DPoP error="invalid_dpop_proof"'})
        service = self.services.get(token.client_id)
        if service is None:
            raise refusal
        if not service.administrator:
            raise forbidden("the service application has no administrator role")
        return Principal(id=f"oauth {token.client_id}", scopes=token.scopes)


def require(principal: Principal, scopes: tuple[str, ...]) -> None:
    """Check the scopes that an endpoint needs, all of them. OktaError E0000006 names what is missing."""
    missing = [] if principal.scopes is None else [scope for scope in scopes if scope not in principal.scopes]
    if missing:
        challenge = f'Bearer error="insufficient_scope", scope="{" ".join(missing)}"'
        raise forbidden(f"scope missing: {' '.join(missing)}", **{"www-authenticate": challenge})


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
