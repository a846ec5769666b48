"""Signing in with each kind of credential, at a login service on this machine, over TLS that is verified."""

from __future__ import annotations

import datetime
import ipaddress
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from urllib.parse import parse_qsl

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from connectors.errors import AccessDenied, Incomplete
from connectors.graph.settings import Certificate, ClientSecret, ManagedIdentity, WorkloadIdentity
from connectors.graph.transport import Limits
from connectors.sandbox import serve
from syncd.core.secret import Secret
from tests.contract.graph_world import TOKEN, World, tenant

TENANT = "11111111-0000-4000-8000-000000000001"
CLIENT = "22222222-0000-4000-8000-000000000002"
CLIENT_SECRET = "a-client-secret-of-the-app"


@pytest.fixture(scope="module")
def pem(tmp_path_factory) -> Path:
    """Key and self-signed certificate of 127.0.0.1, in one file."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    file = tmp_path_factory.mktemp("tls") / "both.pem"
    file.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        + certificate.public_bytes(serialization.Encoding.PEM)
    )
    return file


class Login:
    """The two endpoints of a login service, and of a machine's managed identity; `asked` is what came in."""

    def __init__(self) -> None:
        self.asked: list[dict[str, str]] = []
        self.url = ""
        self.refuses = False
        self.down = 0
        self.app = Starlette(
            routes=[
                Route("/{tenant}/v2.0/.well-known/openid-configuration", self.discover),
                Route("/{tenant}/oauth2/v2.0/token", self.token, methods=["POST"]),
            ]
        )

    async def discover(self, request: Request) -> JSONResponse:
        base = f"{self.url}/{request.path_params['tenant']}"
        return JSONResponse(
            {
                "token_endpoint": f"{base}/oauth2/v2.0/token",
                "authorization_endpoint": f"{base}/oauth2/v2.0/authorize",
                "issuer": f"{base}/v2.0",
            }
        )

    async def token(self, request: Request) -> JSONResponse:
        self.asked.append({"tenant": request.path_params["tenant"], **dict(parse_qsl((await request.body()).decode()))})
        if self.down:
            self.down -= 1
            return JSONResponse({"error": "temporarily_unavailable"}, status_code=503)
        if self.refuses:
            error = {"error": "invalid_client", "error_description": "AADSTS7000215: Invalid client secret provided."}
            return JSONResponse(error, status_code=401)
        return JSONResponse({"token_type": "Bearer", "expires_in": 3599, "access_token": TOKEN})


@pytest.fixture
def login(pem) -> Iterator[Login]:
    service = Login()
    certificate = serve.Certificate(certificate_file=str(pem), key_file=str(pem))
    with serve.serve({"login": service.app}, certificate=certificate) as served:
        service.url = served["login"]
        yield service


@pytest.fixture
def world(pem) -> Iterator[World]:
    with tenant(certificate=serve.Certificate(certificate_file=str(pem), key_file=str(pem))) as made:
        yield made


async def read(world: World, signing, login: Login, pem: Path | None, **options) -> None:
    world.settings = replace(
        world.settings, credential=signing, client_id=CLIENT, authority=login.url, ca_file=pem, **options
    )
    source = world.source(limits=Limits(attempts=2, attempt_s=20.0))
    try:
        await world.mirror.read(source, "users")
    finally:
        await source.close()


async def test_a_client_secret_signs_in_at_the_configured_authority(world, login, pem):
    await read(world, ClientSecret(secret=Secret(CLIENT_SECRET)), login, pem)
    assert world.same_users()
    (asked,) = login.asked
    assert asked["tenant"] == TENANT
    assert asked["client_id"] == CLIENT
    assert asked["client_secret"] == CLIENT_SECRET
    assert asked["scope"] == "https://graph.microsoft.com/.default"


async def test_a_certificate_signs_in_without_leaving_its_key(world, login, pem):
    await read(world, Certificate(pem=Secret(pem.read_text())), login, pem)
    assert world.same_users()
    (asked,) = login.asked
    assert asked["client_assertion"].count(".") == 2
    assert "client_secret" not in asked
    assert "PRIVATE KEY" not in str(asked)


async def test_a_workload_identity_signs_in_with_its_federated_token(world, login, pem, tmp_path, monkeypatch):
    (tmp_path / "token").write_text("federated-token-of-the-pod")
    monkeypatch.setenv("AZURE_FEDERATED_TOKEN_FILE", str(tmp_path / "token"))
    await read(world, WorkloadIdentity(), login, pem)
    assert world.same_users()
    assert login.asked[0]["client_assertion"] == "federated-token-of-the-pod"


async def test_a_managed_identity_asks_its_machine(world, login, pem, monkeypatch):
    asked = []

    async def identity(request: Request) -> JSONResponse:
        asked.append({**request.query_params, "header": request.headers["x-identity-header"]})
        return JSONResponse(
            {"access_token": TOKEN, "expires_on": "4102444800", "token_type": "Bearer", "resource": "r"}
        )

    with serve.serve({"msi": Starlette(routes=[Route("/msi/token", identity)])}) as machine:
        monkeypatch.setenv("IDENTITY_ENDPOINT", f"{machine['msi']}/msi/token")
        monkeypatch.setenv("IDENTITY_HEADER", "header-of-the-machine")
        await read(world, ManagedIdentity(), login, pem)
    assert world.same_users()
    assert asked[0]["resource"] == "https://graph.microsoft.com"
    assert asked[0]["client_id"] == CLIENT
    assert asked[0]["header"] == "header-of-the-machine"
    assert login.asked == []


async def test_a_wrong_secret_is_the_operators_turn_and_is_not_repeated(world, login, pem):
    login.refuses = True
    with pytest.raises(AccessDenied, match="AADSTS7000215") as caught:
        await read(world, ClientSecret(secret=Secret(CLIENT_SECRET)), login, pem)
    assert CLIENT_SECRET not in str(caught.value)
    assert len(login.asked) == 1
    assert world.requests() == []


async def test_a_login_service_that_is_down_is_asked_again(world, login, pem):
    login.down = 1
    await read(world, ClientSecret(secret=Secret(CLIENT_SECRET)), login, pem)
    assert world.same_users()
    assert len(login.asked) == 2


async def test_a_certificate_that_nobody_vouches_for_gets_no_request(world, login, pem):
    with pytest.raises(Incomplete, match="CERTIFICATE_VERIFY_FAILED"):
        await read(world, ClientSecret(secret=Secret(CLIENT_SECRET)), login, None)
    assert login.asked == []
    assert world.requests() == []
