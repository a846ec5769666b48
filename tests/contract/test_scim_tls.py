"""A SCIM target over TLS: a client certificate where the service asks for one, and nobody trusted who was not named."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import web

from connectors.errors import Misconfigured, Unreachable
from connectors.scim.settings import NoAuth, ScimSettings
from connectors.scim.target import open_target
from tests.contract.quick_time import QuickTime
from tests.contract.test_scim_credentials import certificate

PEER = web.AppKey("peer", list[str])


def both(directory: Path, name: str) -> Path:
    """Certificate and key in one file, as client_certificate wants them."""
    (directory / name).mkdir()
    made = certificate(directory / name)
    file = directory / name / "both.pem"
    file.write_text(Path(made.certificate_file).read_text() + Path(made.key_file).read_text())
    return file


class Service:
    """Answers only to who shows the client's certificate."""

    def __init__(self, server: Path, client: Path) -> None:
        self.context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=client)
        self.context.load_cert_chain(server)
        self.context.verify_mode = ssl.CERT_REQUIRED
        self.peers: list[str] = []
        self.url = ""

    async def answer(self, request: web.Request) -> web.Response:
        assert request.transport is not None
        shown = request.transport.get_extra_info("peercert")
        self.peers.append(dict(pair[0] for pair in shown["subject"])["commonName"])
        return web.json_response({"totalResults": 0, "Resources": []})


@pytest.fixture
async def service(tmp_path: Path) -> AsyncIterator[Service]:
    made = Service(both(tmp_path, "server"), both(tmp_path, "client"))
    app = web.Application()
    app.router.add_route("*", "/{tail:.*}", made.answer)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=made.context)
    await site.start()
    made.url = f"https://127.0.0.1:{runner.addresses[0][1]}/scim"
    yield made
    await runner.cleanup()


async def found(service: Service, **files: Path) -> int:
    settings = ScimSettings(name="t", url=service.url, auth=NoAuth(), **files)  # type: ignore[arg-type]  # the files alone
    target = open_target(settings, None, write=False, timing=QuickTime().timing)
    try:
        return len(await target.find("user", {"userName": "jane"}))
    finally:
        await target.close()


async def test_a_client_certificate_is_shown_to_a_service_that_asks_for_one(service: Service, tmp_path: Path) -> None:
    files = {"ca_file": tmp_path / "server/certificate.pem", "client_certificate": tmp_path / "client/both.pem"}
    assert await found(service, **files) == 0
    assert set(service.peers) == {"127.0.0.1"}


@pytest.mark.parametrize("shown", [None, "server/both.pem"], ids=["no certificate", "a stranger's"])
async def test_without_the_right_client_certificate_nothing_is_answered(
    service: Service, tmp_path: Path, shown: str | None
) -> None:
    files = {"ca_file": tmp_path / "server/certificate.pem"}
    with pytest.raises(Unreachable):
        await found(service, **files, **({"client_certificate": tmp_path / shown} if shown else {}))
    assert service.peers == []


async def test_a_configured_authority_takes_the_place_of_all_others(service: Service, tmp_path: Path) -> None:
    files = {"ca_file": tmp_path / "client/certificate.pem", "client_certificate": tmp_path / "client/both.pem"}
    with pytest.raises(Unreachable, match="certificate is not trusted"):
        await found(service, **files)
    assert service.peers == []


@pytest.mark.parametrize("content", ["", "no PEM", "certificate alone"])
async def test_a_client_certificate_that_cannot_be_used_is_a_matter_of_configuration(
    tmp_path: Path, content: str
) -> None:
    file = tmp_path / "client.pem"
    file.write_text(Path(certificate(tmp_path).certificate_file).read_text() if content.startswith("cert") else content)
    settings = ScimSettings(name="t", url="https://x.example", auth=NoAuth(), client_certificate=file)
    with pytest.raises(Misconfigured, match="ca_file or client_certificate cannot be read"):
        open_target(settings, None, write=False)
