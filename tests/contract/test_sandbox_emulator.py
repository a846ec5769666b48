"""What the sandbox's services have in common, over real connections: faults, control API, gzip, ports."""

from __future__ import annotations

import gzip
import socket
import ssl
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from connectors.sandbox.clock import Clock
from connectors.sandbox.emulator import Control, Emulator, emulator
from connectors.sandbox.serve import Certificate, serve

START = datetime(2026, 1, 31, 12, 0, tzinfo=UTC)


class Counter:
    """A service that counts what it carried out."""

    def __init__(self) -> None:
        self.handled = 0

    async def page(self, request: Request) -> JSONResponse:
        self.handled += 1
        return JSONResponse({"value": [{"id": str(n)} for n in range(200)]})

    async def crash(self, request: Request) -> JSONResponse:
        raise RuntimeError("a bug")


@pytest.fixture
def service() -> Counter:
    return Counter()


@pytest.fixture
def app(service: Counter) -> Emulator:
    routes = [Route("/page", service.page, methods=["GET", "POST"]), Route("/crash", service.crash)]
    return emulator(routes, control=Control(), clock=Clock(START))


@pytest.fixture
def client(app: Emulator) -> Iterator[httpx.Client]:
    with serve({"one": app}) as served, httpx.Client(base_url=served["one"]) as client:
        yield client


def fault(client: httpx.Client, action: dict, **rule: object) -> None:
    client.post("/_emu/faults", json={"action": action, **rule}).raise_for_status()


@pytest.mark.parametrize("reset", [True, False])
@pytest.mark.parametrize("drop", ["before", "answer", "body"])
def test_a_dropped_connection_is_seen_by_the_client_and_the_journal(client, app, service, drop, reset):
    fault(client, {"drop": drop, "reset": reset})
    with pytest.raises((httpx.RemoteProtocolError, httpx.ReadError)):
        client.get("/page")
    assert service.handled == (0 if drop == "before" else 1)
    assert [(entry.status, entry.fault) for entry in app.journal] == [(0, "drop+reset")]
    assert client.get("/page").status_code == 200


def test_truncated_json_with_the_right_length_is_a_whole_answer_and_no_json(client):
    fault(client, {"truncate": 0.5})
    with pytest.raises(ValueError, match=r"Unterminated|Expecting"):
        client.get("/page").json()
    fault(client, {"truncate": 40, "length": "wrong"})
    with pytest.raises(httpx.RemoteProtocolError, match="received 40 bytes"):
        client.get("/page")


def test_corrupt_gzip_does_not_decode(client):
    fault(client, {"corrupt_gzip": True})
    with pytest.raises(httpx.DecodingError):
        client.get("/page")


def test_retry_after_is_seconds_a_date_or_missing(client):
    for given, expected in ((7, "7"), ("date:30", "Sat, 31 Jan 2026 12:00:30 GMT"), (None, None)):
        fault(client, {"status": 429, "retry_after": given})
        answer = client.get("/page")
        assert (answer.status_code, answer.headers.get("retry-after")) == (429, expected)


def test_a_service_may_carry_out_and_still_answer_500(client, service):
    fault(client, {"status": 500, "applied": True})
    assert client.get("/page").status_code == 500
    assert service.handled == 1
    fault(client, {"status": 500})
    assert client.get("/page").status_code == 500
    assert service.handled == 1


@pytest.mark.parametrize("status", [200, 502])
def test_html_comes_with_any_status(client, status):
    fault(client, {"html": status})
    answer = client.get("/page")
    assert (answer.status_code, answer.headers["content-type"]) == (status, "text/html; charset=utf-8")
    assert answer.text.startswith("<!DOCTYPE html>")


def test_redirects_lead_to_the_same_or_another_place(client):
    fault(client, {"redirect": "same", "status": 307})
    answer = client.get("/page?a=%2B")
    assert (answer.status_code, answer.headers["location"]) == (307, "/page?a=%2B")
    fault(client, {"redirect": "http://127.0.0.2:9/elsewhere"})
    answer = client.get("/page")
    assert (answer.status_code, answer.headers["location"]) == (302, "http://127.0.0.2:9/elsewhere")


def test_records_headers_and_bodies_are_edited(client):
    fault(client, {"first": {"set": {"id": None, "more": 1}}})
    assert client.get("/page").json()["value"][:2] == [{"id": None, "more": 1}, {"id": "1"}]
    fault(client, {"edit": {"remove": ["value"]}, "add_headers": {"X-More": "1"}, "strip_headers": ["content-type"]})
    answer = client.get("/page")
    assert (answer.json(), answer.headers["x-more"], "content-type" in answer.headers) == ({}, "1", False)
    fault(client, {"replace": []})
    assert client.get("/page").json() == []


def test_a_delay_waits_and_then_goes_on(client):
    fault(client, {"delay_s": 0.15})
    with pytest.raises(httpx.ReadTimeout):
        client.get("/page", timeout=0.05)
    fault(client, {"delay_s": 0.05})
    assert client.get("/page").status_code == 200


def test_rules_count_their_matches(client):
    fault(client, {"status": 503}, match={"method": "GET", "path": r"/page\?n=", "nth": 2, "every": 2}, times=2)
    statuses = [client.get(f"/page?n={n}").status_code for n in range(8)]
    assert statuses == [200, 503, 200, 503, 200, 200, 200, 200]
    assert client.post("/page?n=1").status_code == 200
    (rule,) = client.get("/_emu/faults").json()["faults"]
    assert rule["hit"] == 2
    fault(client, {"status": 500}, times=None)
    fault(client, {"status": 504}, match={"body": "unlucky"})
    assert {client.get("/page").status_code for _ in range(5)} == {500}
    client.delete("/_emu/faults")
    assert client.get("/page").status_code == 200
    fault(client, {"status": 504}, match={"body": "unlucky"})
    assert [client.post("/page", content=text).status_code for text in ("lucky you", "unlucky you")] == [200, 504]


@pytest.mark.parametrize(
    "rule",
    [
        {"action": {"explode": True}},
        {"action": {"status": 7}},
        {"action": {}, "times": 0},
        {"match": {"path": "("}, "action": {"status": 500}},
        {},
    ],
)
def test_a_rule_that_makes_no_sense_is_refused_whole(client, rule):
    good = {"action": {"status": 500}}
    assert client.post("/_emu/faults", json=[good, rule]).status_code == 400
    assert client.get("/page").status_code == 200


def test_answers_are_compressed_when_asked_and_large(client):
    large = client.get("/page")
    assert large.headers["content-encoding"] == "gzip"
    plain = client.get("/page", headers={"accept-encoding": "identity"})
    assert "content-encoding" not in plain.headers
    assert plain.json() == large.json()
    with client.stream("GET", "/page") as raw:
        assert gzip.decompress(b"".join(raw.iter_raw())) == plain.content
    assert "content-encoding" not in client.get("/_emu/state").headers


def test_date_and_journal_follow_the_clock(client, app):
    assert client.get("/page").headers["date"] == "Sat, 31 Jan 2026 12:00:00 GMT"
    assert client.post("/_emu/clock", json={"advance_s": 3600}).json() == {"now": "2026-01-31T13:00:00+00:00"}
    assert client.get("/page").headers["date"] == "Sat, 31 Jan 2026 13:00:00 GMT"
    assert [entry.at for entry in app.journal] == [START.timestamp(), START.timestamp() + 3600]


def test_a_crash_of_the_service_is_a_500_and_the_connection_lives(client):
    assert client.get("/crash").status_code == 500
    assert client.get("/page").status_code == 200


def test_controls_that_a_service_lacks_are_refused(client):
    for name in ("reset", "quirks"):
        assert client.post(f"/_emu/{name}", json={}).status_code == 400
    assert client.post("/_emu/mutate", json={"op": "x"}).status_code == 400
    assert client.get("/_emu/nosuch").status_code == 404
    assert client.post("/_emu/faults", content="{").status_code == 400
    assert client.get("/_emu/state").json() == {}


def test_every_service_has_a_port_of_its_own_and_frees_it_afterwards():
    apps = {name: emulator([], control=Control()) for name in ("graph", "okta", "scim")}
    with serve(apps) as served:
        assert len(set(served.urls.values())) == 3
        for name in apps:
            assert httpx.get(f"{served[name]}/nothing").status_code == 404
        port = int(served["graph"].rpartition(":")[2])
        with pytest.raises(OSError, match="in use"):
            serve(apps, port=port)
    with socket.socket() as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind(("127.0.0.1", port))


def test_tls_is_served_from_a_certificate_of_ones_own(app, tmp_path):
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "sandbox")])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(datetime.now(UTC) - timedelta(days=1))
        .not_valid_after(datetime.now(UTC) + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    cert_file, key_file = tmp_path / "cert.pem", tmp_path / "key.pem"
    cert_file.write_bytes(certificate.public_bytes(Encoding.PEM))
    key_file.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    context = ssl.create_default_context(cafile=str(cert_file))
    files = Certificate(certificate_file=str(cert_file), key_file=str(key_file))
    with serve({"one": app}, certificate=files) as served, httpx.Client(verify=context) as client:
        assert served["one"].startswith("https://127.0.0.1:")
        assert client.get(f"{served['one']}/page").status_code == 200
        with pytest.raises(httpx.ConnectError):
            httpx.get(f"{served['one']}/page")
