"""Who reads: API tokens, service applications with a key, DPoP; and what is said when Okta refuses."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from urllib.parse import parse_qs

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from jwcrypto.jwk import JWK

from connectors.errors import AccessDenied, NotConfigured
from connectors.okta.settings import SCOPES, OAuth
from connectors.okta.source import open_source
from connectors.sandbox.journal import reduced
from syncd.core.secret import Secret
from tests.contract.okta_world import TOKEN, Held, World, organisation

CLIENT = "0oaservice0000000001"


@pytest.fixture
async def world() -> AsyncIterator[World]:
    with organisation() as made:
        made.people(7)
        made.options(page_size=2)
        yield made
        await made.close()


@pytest.fixture(scope="module")
def key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def pem(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) -> str:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()


def public(key: rsa.RSAPrivateKey) -> str:
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    return key.public_key().public_bytes(serialization.Encoding.PEM, form).decode()


def oauth(key: rsa.RSAPrivateKey, **more: object) -> OAuth:
    return replace(OAuth(client_id=CLIENT, private_key=Secret(pem(key)), key_id="k1"), **more)  # type: ignore[arg-type]


async def test_okta_ssws_header_has_space(world: World) -> None:
    await world.read("users")
    assert {entry.headers["authorization"] for entry in world.requests()} == {reduced(f"SSWS {TOKEN}")}
    assert all(entry.headers["user-agent"].startswith("okta-sdk-python/") for entry in world.requests())


async def test_okta_token_request_form_and_assertion(world: World, key: rsa.RSAPrivateKey) -> None:
    world.directory.access.add_service(CLIENT, public(key), key_id="k1")
    source = world.source(credential=oauth(key))
    await world.read("users", source)
    world.directory.access.revoke_access_tokens()
    await world.read("users", source)
    forms = [parse_qs(entry.body.decode()) for entry in world.requests("/oauth2/v1/token")]
    assert len(forms) == 2
    jtis = set()
    for form in forms:
        assert form["grant_type"] == ["client_credentials"]
        assert form["scope"] == [" ".join(SCOPES)]
        assert form["client_assertion_type"] == ["urn:ietf:params:oauth:client-assertion-type:jwt-bearer"]
        assertion = form["client_assertion"][0]
        assert jwt.get_unverified_header(assertion)["kid"] == "k1"
        claims = jwt.decode(assertion, public(key), algorithms=["RS256"], audience=f"{world.url}/oauth2/v1/token")
        assert claims["iss"] == claims["sub"] == CLIENT
        jtis.add(claims["jti"])
    assert len(jtis) == 2
    assert all("authorization" not in entry.headers for entry in world.requests("/oauth2/v1/token"))


@pytest.mark.parametrize("form", ["pem", "jwk"])
async def test_okta_token_reused_and_renewed_early(world: World, key: rsa.RSAPrivateKey, form: str) -> None:
    world.directory.access.add_service(CLIENT, public(key), key_id="k1")
    text = pem(key) if form == "pem" else JWK.from_pem(pem(key).encode()).export_private()
    source = world.source(credential=OAuth(client_id=CLIENT, private_key=Secret(text), key_id="k1"))
    for stream in ("users", "groups", "assignments"):
        await world.read(stream, source)
    assert len(world.requests("/oauth2/v1/token")) == 1
    world.options(token_lifetime_s=290)  # shorter than the five minutes that a token is renewed ahead
    world.directory.access.revoke_access_tokens()
    await world.read("groups", source)
    assert len(world.requests("/oauth2/v1/token")) > 2
    assert [entry.status for entry in world.requests()].count(401) == 1


async def test_okta_revoked_token_reauthenticates_once(world: World, key: rsa.RSAPrivateKey) -> None:
    world.directory.access.add_service(CLIENT, public(key), key_id="k1")
    source = world.source(credential=oauth(key))
    world.fault({"transform": "revoke_tokens"}, path="/users?", nth=2)
    assert len((await world.read("users", source)).users) == 7
    assert len(world.requests("/oauth2/v1/token")) == 2
    world.fault({"status": 401}, path="/groups", times=None)
    with pytest.raises(AccessDenied, match="E0000011"):
        await world.read("groups", source)
    assert len(world.requests("/api/v1/groups")) == 2


async def test_okta_ungranted_scope_reported_by_name(world: World, key: rsa.RSAPrivateKey) -> None:
    world.directory.access.add_service(
        CLIENT, public(key), key_id="k1", granted=["okta.users.read", "okta.groups.read"]
    )
    with pytest.raises(AccessDenied) as refused:
        await world.read("users", credential=oauth(key))
    assert "okta.apps.read" in str(refused.value)
    assert "invalid_scope" in str(refused.value)
    with pytest.raises(AccessDenied, match=r"Grant the scope okta\.apps\.read"):
        await world.read("users", credential=oauth(key, scopes=("okta.users.read", "okta.groups.read")))


async def test_okta_dpop_nonce_handshake(world: World, key: rsa.RSAPrivateKey) -> None:
    world.directory.access.add_service(CLIENT, public(key), key_id="k1", dpop=True)
    assert len((await world.read("users", credential=oauth(key, dpop=True))).users) == 7
    api = world.requests("/api/v1/")
    assert all(entry.headers["authorization"].startswith("DPoP ") and entry.headers["dpop"] for entry in api)
    assertions = [parse_qs(entry.body.decode())["client_assertion"][0] for entry in world.requests("/oauth2")]
    assert len(assertions) == len(set(assertions)) >= 2


@pytest.mark.parametrize(("status", "code"), [(401, "E0000011"), (403, "E0000006")])
@pytest.mark.parametrize("page", [1, 2])
async def test_okta_401_403_stop_without_removals(world: World, status: int, code: str, page: int) -> None:
    world.fault({"status": status}, path="/users?", nth=page, times=None)
    with pytest.raises(AccessDenied, match=code):
        await world.read("users", held=Held(users=["00uabsent00000000001"]))
    assert not world.requests("00uabsent")


async def test_a_wrong_api_token_says_what_to_do(world: World) -> None:
    with pytest.raises(AccessDenied) as refused:
        await world.read("users", credential=Secret("wrong"))
    assert str(refused.value).endswith(
        "Give a valid token: an API token ends after 30 days without use, and with its owner's account."
        " Then run: syncd check"
    )
    assert len(world.requests()) == 1


async def test_a_wrong_key_says_what_to_check(world: World, key: rsa.RSAPrivateKey) -> None:
    other = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    world.directory.access.add_service(CLIENT, public(other), key_id="k1")
    with pytest.raises(AccessDenied, match=r"invalid_client.*Check client_id, private_key and key_id"):
        await world.read("users", credential=oauth(key))
    assert len(world.requests()) == 1


async def test_a_throttled_token_endpoint_is_waited_for(world: World, key: rsa.RSAPrivateKey) -> None:
    world.directory.access.add_service(CLIENT, public(key), key_id="k1")
    world.fault({"status": 429}, path="/oauth2", times=2)
    world.fault({"status": 503}, path="/oauth2", times=1)
    world.fault({"drop": "before"}, path="/oauth2", times=1)
    assert len((await world.read("users", credential=oauth(key))).users) == 7
    assert len(world.sleeps) == 4


@pytest.mark.parametrize("body", [[], "text", 7, {"token_type": "Bearer"}])
async def test_a_token_answer_of_no_use_is_a_refusal_not_a_crash(
    world: World, key: rsa.RSAPrivateKey, body: object
) -> None:
    world.fault({"replace": body}, path="/oauth2", times=None)
    with pytest.raises(AccessDenied):
        await world.read("users", credential=oauth(key))


@pytest.mark.parametrize(
    "text", ["", "rubbish", "{}", '{"kty": "RSA"}', "-----BEGIN PRIVATE KEY-----\nAAAA\n", "/etc/hosts"]
)
def test_a_key_of_no_use_is_a_configuration_error_that_does_not_show_it(world: World, text: str) -> None:
    with pytest.raises(NotConfigured, match="private_key is no RSA private key") as refused:
        world.source(credential=OAuth(client_id=CLIENT, private_key=Secret(text)))
    assert refused.value.__cause__ is None
    assert not text or text not in str(refused.value)


def test_an_elliptic_key_is_refused_at_the_start(world: World) -> None:
    curve = ec.generate_private_key(ec.SECP256R1())
    with pytest.raises(NotConfigured, match="no RSA private key"):
        world.source(credential=OAuth(client_id=CLIENT, private_key=Secret(pem(curve))))


async def test_okta_secrets_never_logged(
    world: World, key: rsa.RSAPrivateKey, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    world.directory.access.add_service(CLIENT, public(key), key_id="k1")
    with_key, with_token = world.source(credential=oauth(key)), world.source()
    for source in (with_key, with_token):
        world.fault({"drop": "before"}, path="/users?", times=1)
        await world.read("users", source)
        world.fault({"status": 403}, path="/groups", times=1)
        with pytest.raises(AccessDenied) as refused:
            await world.read("groups", source)
        assert TOKEN not in repr(vars(refused.value)) + repr(vars(refused.value.__cause__))
        assert TOKEN not in repr(source) + str(source.warnings)
    secrets = [TOKEN, "PRIVATE KEY", "sandbox.1.", "client_assertion=", "eyJ"]
    text = "\n".join(record.getMessage() + str(record.exc_text) for record in caplog.records)
    assert not [secret for secret in secrets if secret in text]


async def test_okta_config_isolated_from_env_and_yaml(
    world: World, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    hostile = "okta:\n  client:\n    orgUrl: https://evil.example\n    token: stolen\n    proxy: {host: evil.example, port: 1}\n"
    (tmp_path / "okta.yaml").write_text(hostile)
    (tmp_path / ".okta").mkdir()
    (tmp_path / ".okta" / "okta.yaml").write_text(hostile)
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login evil password evil\n")
    (tmp_path / ".netrc").chmod(0o600)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("OKTA_CLIENT_ORGURL", "https://evil.example")
    monkeypatch.setenv("OKTA_CLIENT_TOKEN", "stolen")
    monkeypatch.setenv("OKTA_CLIENT_AUTHORIZATIONMODE", "Bearer")
    monkeypatch.setenv("OKTA_CLIENT_RATELIMIT_MAXRETRIES", "9")
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    assert len((await world.read("users")).users) == 7
    assert {entry.headers["authorization"] for entry in world.requests()} == {reduced(f"SSWS {TOKEN}")}


def test_okta_http_org_url_only_in_sandbox_mode(world: World) -> None:
    with pytest.raises(NotConfigured, match="loopback hosts only"):
        replace(world.settings, org_url="http://acme.okta.com")
    open_source(replace(world.settings, org_url="https://acme.okta.com"))


async def test_check_names_each_permission(world: World, key: rsa.RSAPrivateKey) -> None:
    assert [finding.what for finding in await world.source().check() if finding.ok] == [
        "Okta: users can be read",
        "Okta: groups can be read",
        f"Okta: the application {world.app.id} can be read",
        "Okta: its assigned users can be read",
        "Okta: its assigned groups can be read",
        "Okta: throttling",
        "Okta: clock",
    ]
    world.directory.access.add_service(CLIENT, public(key), key_id="k1")
    findings = await world.source(credential=oauth(key, scopes=("okta.users.read",))).check()
    assert [finding.ok for finding in findings[:5]] == [True, False, False, False, False]
    assert "okta.groups.read" in findings[1].remedy
    assert "okta.apps.read" in findings[2].remedy


async def test_check_says_when_the_application_does_not_exist(world: World) -> None:
    findings = await world.source(app_id="0oanone").check()
    assert [finding.ok for finding in findings[:5]] == [True, True, False, False, False]
    assert "app_id" in findings[2].remedy
    with pytest.raises(NotConfigured, match="the application of app_id does not exist"):
        await world.read("users", app_id="0oanone")


async def test_check_stops_at_a_refused_credential_and_never_raises(world: World) -> None:
    findings = await world.source(credential=Secret("wrong")).check()
    assert [finding.ok for finding in findings if finding.what != "Okta: clock"] == [False]
    assert "E0000011" in findings[0].detail
    dead = await world.source(org_url="http://127.0.0.1:9").check()
    assert [finding.ok for finding in dead] == [False]
    assert "org_url" in dead[0].remedy


async def test_check_says_what_the_log_s_absence_costs_and_who_may_read_it(world: World) -> None:
    findings = {one.what: one for one in await world.source(system_log=True).check()}
    assert findings["Okta: the System Log can be read"].remedy == ""
    world.fault({"status": 403}, path="/api/v1/logs", times=None)
    refused = {one.what: one for one in await world.source(system_log=True).check()}
    finding = refused["Okta: the System Log can be read"]
    assert finding.ok
    assert "full cycles" in finding.detail
    assert "okta.logs.read" in finding.remedy


@pytest.mark.parametrize(("plan", "words"), [("free", "free class"), ("workforce", "workforce class")])
async def test_check_tells_the_throttling_class(world: World, plan: str, words: str) -> None:
    world.options(plan=plan)
    (finding,) = [one for one in await world.source().check() if one.what == "Okta: throttling"]
    assert words in finding.detail
    assert "requests a minute" in finding.detail


@pytest.mark.parametrize(
    ("skew", "ok", "side"), [(0.0, True, "same"), (200.0, True, "ahead"), (-400.0, False, "behind")]
)
async def test_check_tells_how_the_clocks_differ_and_when_that_matters(
    world: World, key: rsa.RSAPrivateKey, skew: float, ok: bool, side: str
) -> None:
    world.directory.access.add_service(CLIENT, public(key), key_id="k1")
    world.skew = skew
    for credential, expected in ((oauth(key), ok), (Secret(TOKEN), True)):
        (finding,) = [one for one in await world.source(credential=credential).check() if one.what == "Okta: clock"]
        assert finding.ok is expected
        assert side in finding.detail
        assert bool(finding.remedy) is (abs(skew) > 60)
