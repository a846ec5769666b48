"""TLS: verified against the system's authorities, or those of ca_file; never skipped."""

from __future__ import annotations

import datetime
import ipaddress
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from connectors.errors import Incomplete
from connectors.sandbox.clock import Clock
from connectors.sandbox.okta.directory import OktaDirectory
from connectors.sandbox.okta.service import okta_app
from connectors.sandbox.serve import Certificate, serve
from tests.contract.okta_world import World


def self_signed(directory: Path, address: str) -> Certificate:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "sandbox")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(minutes=5))
        .not_valid_after(now + datetime.timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(address))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    (directory / "cert.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    (directory / "key.pem").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return Certificate(certificate_file=str(directory / "cert.pem"), key_file=str(directory / "key.pem"))


@pytest.fixture(params=["127.0.0.1", "127.0.0.9"])
async def world(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[World]:
    """An organisation over TLS; its certificate is for this address."""
    directory = OktaDirectory(clock=Clock())
    emulator = okta_app(directory)
    with serve({"okta": emulator}, certificate=self_signed(tmp_path, request.param)) as served:
        made = World(directory, emulator, served["okta"])
        made.people(3)
        yield made
        await made.close()


async def test_only_a_certificate_of_a_known_authority_for_this_very_host_is_accepted(
    world: World, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    assert world.url.startswith("https://")
    with pytest.raises(Incomplete, match="its certificate is not trusted"):
        await world.read("users")
    if "127.0.0.1" in request.node.callspec.params["world"]:
        assert len((await world.read("users", ca_file=str(tmp_path / "cert.pem"))).users) == 3
    else:
        with pytest.raises(Incomplete, match="its certificate is not trusted"):
            await world.read("users", ca_file=str(tmp_path / "cert.pem"))
        assert world.requests() == []
