"""Demonstrating proof of possession: the checks of a DPoP proof at the token endpoint and at the API.

Source: RFC 9449; Okta API documentation, "Configure OAuth 2.0 Demonstrating Proof-of-Possession".
"""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass

import jwt
import orjson

from connectors.sandbox.clock import Clock
from connectors.sandbox.okta.exchange import Request

_MAXIMUM_AGE_S = 300
_SEEN = 10_000


@dataclass(frozen=True, kw_only=True, slots=True)
class Proof:
    """A proof whose signature, address and method are right."""

    thumbprint: str
    nonce: str | None
    token_hash: str | None


class Proofs:
    """Checks proofs; each may be used once."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._seen: dict[str, float] = {}

    @property
    def nonce(self) -> str:
        """The nonce of the present five minutes."""
        return hashlib.sha256(f"dpop {int(self._clock.time() // _MAXIMUM_AGE_S)}".encode()).hexdigest()[:24]

    def read(self, request: Request) -> Proof | None:
        """The proof in the header `DPoP`, None where it is missing or wrong."""
        text = request.headers.get("dpop", "")
        try:
            head = jwt.get_unverified_header(text)
            key = jwt.PyJWK.from_dict(head["jwk"])
            algorithms = ["RS256", "RS384", "RS512", "ES256", "ES384", "ES512"]
            claims = jwt.decode(text, key, algorithms=algorithms, options={"verify_iat": False, "verify_exp": False})
            address = f"{request.origin}{request.path}"
            fresh = abs(self._clock.time() - float(claims["iat"])) <= _MAXIMUM_AGE_S
            once = self._once(str(claims["jti"]))
            right = (head.get("typ"), claims["htm"], claims["htu"]) == ("dpop+jwt", request.method, address)
            thumbprint = _thumbprint(head["jwk"])
        except (jwt.PyJWTError, KeyError, ValueError, TypeError):
            return None
        if not (right and fresh and once):
            return None
        return Proof(thumbprint=thumbprint, nonce=claims.get("nonce"), token_hash=claims.get("ath"))

    def covers(self, request: Request, token: str, thumbprint: str) -> bool:
        """Whether the request proves that its sender holds the key that the token is bound to."""
        proof = self.read(request)
        digest = base64.urlsafe_b64encode(hashlib.sha256(token.encode()).digest()).decode().rstrip("=")
        return proof is not None and proof.thumbprint == thumbprint and proof.token_hash == digest

    def _once(self, proof_id: str) -> bool:
        if proof_id in self._seen:
            return False
        self._seen[proof_id] = self._clock.time()
        while len(self._seen) > _SEEN:
            del self._seen[next(iter(self._seen))]
        return True


def _thumbprint(key: dict[str, str]) -> str:
    """RFC 7638 section 3: the hash of the key's required members."""
    members = ("e", "kty", "n") if key["kty"] == "RSA" else ("crv", "kty", "x", "y")
    packed = orjson.dumps({name: key[name] for name in members})
    return base64.urlsafe_b64encode(hashlib.sha256(packed).digest()).decode().rstrip("=")
