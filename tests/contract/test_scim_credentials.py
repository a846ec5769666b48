"""How a SCIM target proves who it is: bearer, Basic, OAuth client credentials, client certificates; and whom it trusts."""

from __future__ import annotations

import asyncio
import base64
import datetime
import ipaddress
import json
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from starlette.applications import Starlette
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from connectors.errors import Misconfigured, Unauthorized, Unreachable
from connectors.sandbox.scim import scim_app
from connectors.sandbox.serve import Certificate, serve
from connectors.scim.settings import Auth, Basic, BearerToken, NoAuth, OAuthClientCredentials, ScimSettings
from connectors.scim.target import ScimTarget, open_target
from syncd.core.secret import Secret
from tests.contract.quick_time import QuickTime

NOBODY = {"schemas": ["urn:ietf:params:scim:api:messages:2.0:ListResponse"], "totalResults": 0, "Resources": []}


async def in_parts(body: bytes) -> AsyncIterator[bytes]:
    """As over a network: long tokens do not come in one packet."""
    yield body[:20]
    await asyncio.sleep(0.01)
    yield body[20:]


class Service:
    """A token service and a SCIM service that takes its tokens."""

    def __init__(self) -> None:
        self.valid: set[str] = set()
        self.issued = 0
        self.asked: list[dict[str, str]] = []
        self.seen: list[str] = []
        self.headers: list[Headers] = []  #: of requests to the SCIM service
        self.token_headers: list[Headers] = []
        self.life_s: Any = 3600
        self.refuse_basic = False
        self.useless = False
        self.padding = 0  #: characters in the token's answer that nobody needs
        self.status = 200
        self.secret = "s3cret/with:signs"

    async def token(self, request: Request) -> Response:
        self.token_headers.append(request.headers)
        form = dict(parse_qsl((await request.body()).decode()))
        self.asked.append({**form, "authorization": request.headers.get("authorization", "")})
        expected = base64.b64encode(b"client%20one:s3cret%2Fwith%3Asigns").decode()
        by_header = request.headers.get("authorization") == f"Basic {expected}" and not self.refuse_basic
        by_body = form.get("client_id") == "client one" and form.get("client_secret") == self.secret
        if self.status != 200:
            return Response(status_code=self.status)
        if not (by_header or by_body):
            return JSONResponse({"error": "invalid_client", "error_description": self.secret}, status_code=401)
        self.issued += 1
        self.valid = set() if self.useless else {f"token-{self.issued}"}
        body = {"access_token": f"token-{self.issued}", "expires_in": self.life_s, "padding": "x" * self.padding}
        return StreamingResponse(in_parts(json.dumps(body).encode()))

    async def scim(self, request: Request) -> Response:
        given = request.headers.get("authorization", "")
        self.seen.append(given)
        self.headers.append(request.headers)
        if given.removeprefix("Bearer ") not in self.valid:
            return JSONResponse({"detail": f"no good: {given}"}, status_code=401)
        return JSONResponse(NOBODY)

    @property
    def app(self) -> Starlette:
        return Starlette(routes=[Route("/token", self.token, methods=["POST"]), Route("/scim/{rest:path}", self.scim)])


@pytest.fixture
def service() -> Service:
    return Service()


@pytest.fixture
def url(service: Service) -> Iterator[str]:
    with serve({"s": service.app}) as served:
        yield served["s"]


@pytest.fixture
def time() -> QuickTime:
    return QuickTime()


@pytest.fixture
async def target(url: str, time: QuickTime) -> AsyncIterator[ScimTarget]:
    auth = OAuthClientCredentials(
        token_url=f"{url}/token", client_id="client one", client_secret=Secret("s3cret/with:signs"), scope="scim"
    )
    target = open_target(ScimSettings(name="t", url=f"{url}/scim", auth=auth), None, write=True, timing=time.timing)
    yield target
    await target.close()


async def look(target: ScimTarget) -> None:
    assert await target.find("user", {"userName": "nobody"}) == ()


async def test_one_token_serves_many_requests_and_is_renewed_before_it_ends(
    target: ScimTarget, service: Service, time: QuickTime
) -> None:
    await look(target)
    await look(target)
    assert service.issued == 1
    assert service.asked[0]["grant_type"] == "client_credentials"
    assert service.asked[0]["scope"] == "scim"
    time.elapsed_s += 3600 - 59
    await look(target)
    assert service.issued == 2


async def test_an_answer_without_end_of_the_token_service_is_cut_off(target: ScimTarget, service: Service) -> None:
    service.padding = 300_000
    with pytest.raises(Unreachable, match="token service: an answer over 262144 bytes"):
        await look(target)
    assert len(service.asked) == 1


async def test_a_token_that_was_revoked_is_renewed_once(target: ScimTarget, service: Service) -> None:
    await look(target)
    service.valid = set()
    await look(target)
    assert service.issued == 2


async def test_a_target_that_refuses_every_token_is_asked_twice_and_no_more(
    target: ScimTarget, service: Service
) -> None:
    service.useless = True
    with pytest.raises(Unauthorized) as caught:
        await look(target)
    assert service.seen == ["Bearer token-1", "Bearer token-2"]
    assert "token-" not in str(caught.value)


async def test_a_token_service_without_basic_gets_the_secret_in_the_body(target: ScimTarget, service: Service) -> None:
    service.refuse_basic = True
    await look(target)
    assert len(service.asked) == 2


async def test_a_wrong_client_secret_is_told_without_showing_it(url: str, service: Service) -> None:
    auth = OAuthClientCredentials(token_url=f"{url}/token", client_id="x", client_secret=Secret("s3cret/with:signs"))
    service.secret = "another"
    target = open_target(
        ScimSettings(name="t", url=f"{url}/scim", auth=auth), None, write=False, timing=QuickTime().timing
    )
    try:
        with pytest.raises(Unauthorized, match="the token service gave no token: invalid_client") as caught:
            await look(target)
    finally:
        await target.close()
    assert "s3cret" not in repr(caught.value)
    assert service.seen == []


async def test_a_token_service_that_is_down_is_tried_again_and_then_told(target: ScimTarget, service: Service) -> None:
    service.status = 503
    with pytest.raises(Unreachable, match="token service: status 503"):
        await look(target)
    assert len(service.asked) == 5


@pytest.mark.parametrize("token_url", ["http://login.example/token", "login", "https://u:p@login.example/"])
def test_an_unsafe_token_url_is_refused(token_url: str) -> None:
    auth = OAuthClientCredentials(token_url=token_url, client_id="x", client_secret=Secret("y"))
    with pytest.raises(Misconfigured, match=r"oauth\.token_url"):
        open_target(ScimSettings(name="t", url="https://x.example", auth=auth), None, write=False)


async def test_basic_and_own_headers_are_sent(url: str, service: Service) -> None:
    settings = ScimSettings(
        name="t",
        url=f"{url}/scim",
        auth=Basic(username="jürgen", password=Secret("pä:ss")),
        headers={"X-Key": Secret("key-1")},
    )
    target = open_target(settings, None, write=False, timing=QuickTime().timing)
    try:
        with pytest.raises(Unauthorized):
            await look(target)
    finally:
        await target.close()
    assert service.seen[0] == "Basic " + base64.b64encode("jürgen:pä:ss".encode()).decode()


@pytest.mark.parametrize("way", ["token", "oauth", "none"])
async def test_configured_headers_are_sent_once_in_place_of_ours_and_to_the_target_alone(
    url: str, service: Service, way: str
) -> None:
    service.valid |= {"t0ken", ""}
    ways: dict[str, Auth] = {
        "token": BearerToken(token=Secret("t0ken")),
        "oauth": OAuthClientCredentials(
            token_url=f"{url}/token", client_id="client one", client_secret=Secret(service.secret)
        ),
        "none": NoAuth(),
    }
    own = {"user-agent": "ours/1", "accept": "application/json", "X-Key": Secret("key-1")}
    settings = ScimSettings(name="t", url=f"{url}/scim", auth=ways[way], headers=own)
    target = open_target(settings, None, write=False)
    try:
        await look(target)
    finally:
        await target.close()
    for headers in service.headers:
        assert [headers.getlist(name) for name in ("User-Agent", "Accept", "X-Key")] == [
            ["ours/1"],
            ["application/json"],
            ["key-1"],
        ]
    assert not any("x-key" in headers for headers in service.token_headers)


async def test_no_credentials_send_no_header(url: str, service: Service) -> None:
    service.valid = {""}
    target = open_target(ScimSettings(name="t", url=f"{url}/scim", auth=NoAuth()), None, write=False)
    try:
        await look(target)
    finally:
        await target.close()
    assert set(service.seen) == {""}


def certificate(directory: Path) -> Certificate:
    """A certificate for 127.0.0.1 that only itself vouches for."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    certificate_file, key_file = directory / "certificate.pem", directory / "key.pem"
    certificate_file.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    key_file.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return Certificate(certificate_file=str(certificate_file), key_file=str(key_file))


async def test_a_certificate_is_trusted_only_where_its_authority_is_configured(tmp_path: Path) -> None:
    files = certificate(tmp_path)
    with serve({"scim": scim_app(token="tls-token")}, certificate=files) as served:
        base = {"name": "t", "url": f"{served['scim']}/scim", "auth": BearerToken(token=Secret("tls-token"))}
        time = QuickTime()
        stranger = open_target(ScimSettings(**base), None, write=False, timing=time.timing)  # type: ignore[arg-type]
        friend = open_target(
            ScimSettings(**base, ca_file=Path(files.certificate_file)),  # type: ignore[arg-type]
            None,
            write=False,
        )
        try:
            with pytest.raises(Unreachable, match="certificate is not trusted"):
                await look(stranger)
            assert time.slept == []
            await look(friend)
        finally:
            await stranger.close()
            await friend.close()


def test_a_missing_certificate_file_is_a_matter_of_configuration(tmp_path: Path) -> None:
    settings = ScimSettings(name="t", url="https://x.example", auth=NoAuth(), ca_file=tmp_path / "none.pem")
    with pytest.raises(Misconfigured, match="ca_file or client_certificate cannot be read"):
        open_target(settings, None, write=False)
