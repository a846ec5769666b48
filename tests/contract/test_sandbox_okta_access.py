"""The sandbox's Okta says no as Okta does: credentials and scopes."""

from __future__ import annotations

import base64
import hashlib
import time
import uuid
from collections.abc import AsyncIterator
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from connectors.sandbox.okta.access import READ_SCOPES
from tests.contract.okta_org import START, TOKEN, Org, org

CLIENT = "0oaservice0000000001"
_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
PRIVATE = _KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
PUBLIC = _KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


@pytest.fixture
async def acme() -> AsyncIterator[Org]:
    async with org() as one:
        yield one


def assertion(acme: Org, *, key: Any = PRIVATE, algorithm: str = "RS256", **changes: Any) -> str:
    now = acme.clock.time()
    claims = {
        "iss": CLIENT,
        "sub": CLIENT,
        "aud": f"{acme.url}/oauth2/v1/token",
        "iat": now,
        "exp": now + 3000,
        "jti": str(uuid.uuid4()),
        **changes,
    }
    return jwt.encode(claims, key, algorithm=algorithm)


async def ask_token(
    acme: Org, scope: str = "okta.users.read", *, given: str | None = None, headers: Any = None, **form: str
) -> tuple[int, dict[str, Any], Any]:
    """Status, body and headers of a token request."""
    data = {
        "grant_type": "client_credentials",
        "scope": scope,
        "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        "client_assertion": given or assertion(acme),
        **form,
    }
    async with acme.session.post(f"{acme.url}/oauth2/v1/token", data=data, headers=headers) as response:
        assert response.headers["content-type"] == "application/json"
        return response.status, await response.json(), response.headers


async def with_token(acme: Org, token: str, path: str = "/api/v1/users", scheme: str = "Bearer") -> Any:
    return await acme.send("GET", path, headers={"authorization": f"{scheme} {token}"})


# -- API tokens ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("header", ["", "SSWS wrong", f"SSWS{TOKEN}", f"Bearer {TOKEN}", "Basic eDp5", TOKEN])
async def test_wrong_credentials_are_refused_everywhere(acme: Org, header: str) -> None:
    for path in ("/api/v1/users", "/api/v1/groups/x", "/api/v1/undocumented"):
        refused = await acme.send("GET", path, headers={"authorization": header})
        assert (refused.status, refused.code) == (401, "E0000011")
        assert TOKEN not in str(refused)


async def test_the_space_behind_ssws_is_optional_by_option_only(acme: Org) -> None:
    acme.directory.set_options({"lenient_ssws": True})
    assert (await acme.send("GET", "/api/v1/users", headers={"authorization": f"SSWS{TOKEN}"})).status == 200
    assert (await acme.send("GET", "/api/v1/users", headers={"authorization": "SSWSwrong"})).status == 401


async def test_an_api_token_ends_after_thirty_idle_days(acme: Org) -> None:
    for _ in range(3):
        acme.clock.advance(20 * 86_400)
        assert (await acme.get("/api/v1/users")).status == 200
    acme.clock.advance(31 * 86_400)
    assert (await acme.get("/api/v1/users")).code == "E0000011"


# -- OAuth ---------------------------------------------------------------------------------------------------------


async def test_the_sdk_gets_a_token_and_reads_with_it(acme: Org, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OKTA_TESTING_TESTINGDISABLEHTTPSCHECK", "true")
    from okta.client import Client

    acme.people(3)
    acme.clock.advance(max(0.0, time.time() - acme.clock.time()))  # the SDK signs with the machine's time
    acme.directory.access.add_service(CLIENT, PUBLIC, key_id="key-1")
    settings = {
        "orgUrl": acme.url,
        "authorizationMode": "PrivateKey",
        "clientId": CLIENT,
        "scopes": ["okta.users.read", "okta.groups.read"],
        "privateKey": PRIVATE,
        "kid": "key-1",
    }
    async with Client(settings) as client:
        executor = client.get_request_executor()
        for path in ("/api/v1/users", "/api/v1/groups"):
            request, error = await executor.create_request("GET", path)
            assert error is None
            _, response, _, _ = await executor.fire_request(request)
            assert response.status == 200
    tokens = [entry for entry in acme.emulator.journal if entry.path == "/oauth2/v1/token"]
    assert len(tokens) == 1
    assert b"client_assertion=" in tokens[0].body


async def test_the_sdk_proves_possession_of_its_key_after_the_nonce(acme: Org, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OKTA_TESTING_TESTINGDISABLEHTTPSCHECK", "true")
    from okta.client import Client

    acme.clock.advance(max(0.0, time.time() - acme.clock.time()))
    acme.directory.access.add_service(CLIENT, PUBLIC, dpop=True)
    settings = {
        "orgUrl": acme.url,
        "authorizationMode": "PrivateKey",
        "clientId": CLIENT,
        "scopes": ["okta.users.read"],
        "privateKey": PRIVATE,
        "dpopEnabled": True,
    }
    async with Client(settings) as client:
        executor = client.get_request_executor()
        request, error = await executor.create_request("GET", "/api/v1/users?limit=2")
        assert error is None
        _, response, text, _ = await executor.fire_request(request)
        assert response.status == 200, text
    statuses = [entry.status for entry in acme.emulator.journal if entry.path == "/oauth2/v1/token"]
    assert statuses == [400, 200]
    assert (
        [entry for entry in acme.emulator.journal if "dpop" in entry.headers][-1]
        .headers["authorization"]
        .startswith("DPoP ")
    )


async def test_token_answer_and_its_expiry(acme: Org) -> None:
    acme.directory.access.add_service(CLIENT, PUBLIC)
    acme.directory.set_options({"token_lifetime_s": 600})
    status, body, _ = await ask_token(acme, "okta.users.read okta.groups.read")
    assert (status, body["token_type"], body["expires_in"]) == (200, "Bearer", 600)
    assert body["scope"] == "okta.users.read okta.groups.read"
    assert (await with_token(acme, body["access_token"])).status == 200
    acme.clock.advance(601)
    refused = await with_token(acme, body["access_token"])
    assert (refused.status, refused.code) == (401, "E0000011")
    assert refused.headers["www-authenticate"] == 'Bearer error="invalid_token"'


@pytest.mark.parametrize(
    "changes",
    [
        {"aud": "https://elsewhere.example/oauth2/v1/token"},
        {"exp": START.timestamp() - 1},
        {"exp": START.timestamp() + 7200},
        {"sub": "0oasomebodyelse00000"},
        {"iss": "0oaunknown0000000000", "sub": "0oaunknown0000000000"},
    ],
)
async def test_wrong_assertions_are_an_invalid_client(acme: Org, changes: dict[str, Any]) -> None:
    acme.directory.access.add_service(CLIENT, PUBLIC)
    status, body, _ = await ask_token(acme, given=assertion(acme, **changes))
    assert (status, body["error"]) == (401, "invalid_client")
    assert "access_token" not in body


async def test_another_key_an_unsigned_assertion_and_a_used_one_are_an_invalid_client(acme: Org) -> None:
    acme.directory.access.add_service(CLIENT, PUBLIC)
    other = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    claims = {"iss": CLIENT, "sub": CLIENT, "aud": f"{acme.url}/oauth2/v1/token", "exp": acme.clock.time() + 60}
    once = assertion(acme)
    assert (await ask_token(acme, given=once))[0] == 200
    for given in (assertion(acme, key=other), jwt.encode(claims, None, algorithm="none"), "rubbish", once):
        status, body, _ = await ask_token(acme, given=given)
        assert (status, body["error"]) == (401, "invalid_client")


async def test_an_elliptic_curve_key_is_as_good(acme: Org) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    acme.directory.access.add_service(CLIENT, public)
    assert (await ask_token(acme, given=assertion(acme, key=key, algorithm="ES256")))[0] == 200


async def test_one_scope_that_is_not_granted_fails_the_whole_request(acme: Org) -> None:
    acme.directory.access.add_service(CLIENT, PUBLIC, granted=["okta.users.read"])
    status, body, _ = await ask_token(acme, "okta.users.read okta.logs.read")
    assert (status, body["error"]) == (400, "invalid_scope")
    assert "okta.logs.read" in body["error_description"]
    assert (await ask_token(acme, ""))[1]["error"] == "invalid_scope"
    assert (await ask_token(acme, grant_type="password"))[1]["error"] == "unsupported_grant_type"


async def test_each_endpoint_needs_its_scope_and_the_refusal_names_it(acme: Org) -> None:
    app = acme.directory.create_app("TestMu")
    acme.directory.access.add_service(CLIENT, PUBLIC)
    needed = {
        "/api/v1/users": "okta.users.read",
        f"/api/v1/apps/{app.id}/users": "okta.apps.read",
        f"/api/v1/apps/{app.id}/groups": "okta.apps.read",
        "/api/v1/groups": "okta.groups.read",
        "/api/v1/logs": "okta.logs.read",
        "/api/v1/mappings": "okta.profileMappings.read",
        "/api/v1/meta/types/user": "okta.userTypes.read",
        "/api/v1/meta/schemas/user/default": "okta.schemas.read",
    }
    for path, scope in needed.items():
        _, body, _ = await ask_token(acme, scope)
        assert (await with_token(acme, body["access_token"], path)).status == 200
        _, body, _ = await ask_token(acme, " ".join(set(READ_SCOPES) - {scope}))
        refused = await with_token(acme, body["access_token"], path)
        assert (refused.status, refused.code) == (403, "E0000006")
        assert scope in refused.headers["www-authenticate"]
    _, body, _ = await ask_token(acme, "okta.apps.read")
    refused = await with_token(acme, body["access_token"], f"/api/v1/apps/{app.id}/group-push/mappings")
    assert (refused.status, "okta.groups.read" in refused.headers["www-authenticate"]) == (403, True)


async def test_a_service_without_administrator_role_is_refused(acme: Org) -> None:
    acme.directory.access.add_service(CLIENT, PUBLIC, administrator=False)
    _, body, _ = await ask_token(acme)
    assert (await with_token(acme, body["access_token"])).code == "E0000006"


async def test_a_token_revoked_amid_a_scan_is_refused_and_a_new_one_goes_on(acme: Org) -> None:
    acme.people(4)
    acme.directory.access.add_service(CLIENT, PUBLIC)
    await acme.fault({"transform": "revoke_tokens"}, endpoint="users", page=1)
    _, body, _ = await ask_token(acme)
    first = await with_token(acme, body["access_token"], "/api/v1/users?limit=2")
    assert len(first.json) == 2
    assert (await with_token(acme, body["access_token"], first.links["next"])).status == 401
    _, body, _ = await ask_token(acme)
    assert len((await with_token(acme, body["access_token"], first.links["next"])).json) == 2


def proof(key: ec.EllipticCurvePrivateKey, method: str, url: str, at: float, **claims: Any) -> str:
    jwk = jwt.algorithms.ECAlgorithm.to_jwk(key.public_key(), as_dict=True)
    head = {"typ": "dpop+jwt", "jwk": jwk}
    return jwt.encode(
        {"htm": method, "htu": url, "iat": int(at), "jti": str(uuid.uuid4()), **claims},
        key,
        algorithm="ES256",
        headers=head,
    )


async def test_proof_of_possession_step_by_step(acme: Org) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    acme.directory.access.add_service(CLIENT, PUBLIC, dpop=True)
    url, now = f"{acme.url}/oauth2/v1/token", acme.clock.time()
    status, body, _ = await ask_token(acme)
    assert (status, body["error"]) == (400, "invalid_dpop_proof")
    used = assertion(acme)
    status, body, headers = await ask_token(acme, given=used, headers={"DPoP": proof(key, "POST", url, now)})
    assert (status, body["error"]) == (400, "use_dpop_nonce")
    nonce = headers["dpop-nonce"]
    good = {"DPoP": proof(key, "POST", url, now, nonce=nonce)}
    assert (await ask_token(acme, given=used, headers=good))[1]["error"] == "invalid_client"  # the refusal used it up
    status, body, _ = await ask_token(acme, headers={"DPoP": proof(key, "POST", url, now, nonce=nonce)})
    assert (status, body["token_type"]) == (200, "DPoP")

    token, users = body["access_token"], f"{acme.url}/api/v1/users"
    ath = base64.urlsafe_b64encode(hashlib.sha256(token.encode()).digest()).decode().rstrip("=")
    thief = ec.generate_private_key(ec.SECP256R1())
    right = proof(key, "GET", users, now, ath=ath)
    for shown, expected in (
        (right, 200),
        (right, 401),  # each proof is good once
        (proof(key, "GET", users, now), 401),
        (proof(key, "GET", users, now - 900, ath=ath), 401),
        (proof(key, "GET", f"{users}?limit=5", now, ath=ath), 401),
        (proof(key, "POST", users, now, ath=ath), 401),
        (proof(thief, "GET", users, now, ath=ath), 401),
    ):
        headers = {"authorization": f"DPoP {token}", "DPoP": shown}
        assert (await acme.send("GET", "/api/v1/users?limit=5", headers=headers)).status == expected
    assert (await with_token(acme, token)).status == 401
