"""The token endpoint of the organisation's authorization server: client_credentials with private_key_jwt.

Source: RFC 7523, RFC 9449; Okta API documentation, "Build a JWT for client authentication". Errors are OAuth's
(`error`, `error_description`), not the API's.
"""

from __future__ import annotations

from urllib.parse import parse_qsl

import jwt

from connectors.sandbox.clock import Clock
from connectors.sandbox.okta.access import Access, ServiceApp
from connectors.sandbox.okta.exchange import Reply, Request, reply

PATH = "/oauth2/v1/token"
_ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_ALGORITHMS = ["RS256", "RS384", "RS512", "ES256", "ES384", "ES512"]
_MAXIMUM_LIFETIME_S = 3600
_SEEN = 100_000


def token(access: Access, clock: Clock, request: Request) -> Reply:
    """Answer one token request."""
    form = dict(parse_qsl(request.body.decode("utf-8", errors="replace")))
    if request.method != "POST":
        return _refusal(405, "invalid_request", "The token endpoint takes POST.")
    if form.get("grant_type") != "client_credentials":
        return _refusal(400, "unsupported_grant_type", "The grant type must be client_credentials.")
    service = _client(access, clock, request, form)
    if isinstance(service, str):
        return _refusal(401, "invalid_client", service)
    scopes = form.get("scope", "").split()
    if not scopes:
        return _refusal(400, "invalid_scope", "The client has not requested any scope.")
    ungranted = [scope for scope in scopes if scope not in service.granted]
    if ungranted:
        return _refusal(400, "invalid_scope", f"Scopes not granted to the client: {' '.join(ungranted)}")
    thumbprint = None
    if service.dpop or "dpop" in request.headers:
        proof = access.proofs.read(request)
        if proof is None:
            return _refusal(400, "invalid_dpop_proof", "The DPoP proof JWT header is missing or wrong.")
        if proof.nonce != access.proofs.nonce:
            nonce = {"dpop-nonce": access.proofs.nonce}
            return _refusal(400, "use_dpop_nonce", "Authorization server requires nonce in DPoP proof.", nonce)
        thumbprint = proof.thumbprint
    issued = access.issue(service, frozenset(scopes), thumbprint)
    return reply(
        {
            "token_type": "DPoP" if thumbprint else "Bearer",
            "expires_in": access.token_lifetime_s,
            "access_token": issued,
            "scope": " ".join(scopes),
        }
    )


def _client(access: Access, clock: Clock, request: Request, form: dict[str, str]) -> ServiceApp | str:
    """The client that the assertion proves, or what is wrong with it."""
    if form.get("client_assertion_type") != _ASSERTION:
        return "The client_assertion_type is missing or unknown."
    text = form.get("client_assertion", "")
    try:
        key_id = jwt.get_unverified_header(text).get("kid")
        named = jwt.decode(text, options={"verify_signature": False}).get("iss")
    except jwt.PyJWTError:
        return "The client_assertion is no JWT."
    service = access.services.get(str(named))
    if service is None:
        return f"Invalid value for 'client_id' parameter: {named}"
    claims = None
    for known_id, public_key in service.public_keys:
        if key_id is None or known_id is None or known_id == key_id:
            try:
                # Times are checked below, by the sandbox's clock.
                options: jwt.types.Options = {"verify_exp": False, "verify_iat": False, "verify_nbf": False}
                claims = jwt.decode(
                    text, public_key, algorithms=_ALGORITHMS, audience=f"{request.origin}{PATH}", options=options
                )
            except jwt.InvalidAudienceError:
                return "The audience claim for client_assertion must be the token endpoint."
            except jwt.PyJWTError:
                continue
    if claims is None:
        return "The client_assertion signature is invalid."
    return _timely(access, clock, service, claims) or service


def _timely(access: Access, clock: Clock, service: ServiceApp, claims: dict[str, object]) -> str | None:
    """What is wrong with the claims of an assertion whose signature is right; uses up its id."""
    now, expires, jti = clock.time(), claims.get("exp"), claims.get("jti")
    if claims.get("sub") != service.client_id:
        return "The subject claim for client_assertion must be the client id."
    if not isinstance(expires, int | float) or expires <= now:
        return "The client_assertion token has expired."
    if expires > now + _MAXIMUM_LIFETIME_S + 5:
        return "The client_assertion token may live one hour at most."
    if jti is not None:
        if str(jti) in access.used_assertions:
            return "The client_assertion token has been used before."
        access.used_assertions[str(jti)] = now
        while len(access.used_assertions) > _SEEN:
            del access.used_assertions[next(iter(access.used_assertions))]
    return None


def _refusal(status: int, error: str, description: str, headers: dict[str, str] | None = None) -> Reply:
    return reply({"error": error, "error_description": description}, status, headers)
