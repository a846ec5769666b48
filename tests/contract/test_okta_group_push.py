"""Group push of Okta's own: what of it a check tells, so that it can be taken over."""

from __future__ import annotations

import tomllib
from collections.abc import AsyncIterator

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from connectors.okta.group_push import group_push
from connectors.okta.settings import OAuth
from syncd.core.model import Finding
from syncd.core.secret import Secret
from tests.contract.okta_world import World, organisation


@pytest.fixture
async def world() -> AsyncIterator[World]:
    with organisation() as made:
        yield made
        await made.close()


async def told(world: World, **changes: object) -> list[Finding]:
    return [one for one in await world.source(**changes).check() if one.what == "Okta: group push"]


async def test_okta_group_push_import_maps_groups(world: World) -> None:
    assert await told(world) == []
    for name in ("Sales", 'Søm "EMEA"'):
        group = world.directory.create_group(name)
        world.directory.create_push(world.app.id, group.id, target_group_id=f"00gtarget{len(name)}")
    found = await group_push(world.source()._client)
    assert found.active == {"Sales": "00gtarget5", 'Søm "EMEA"': "00gtarget10"}
    assert tomllib.loads(f"select = {found.select}") == {"select": [{"name": "Sales"}, {"name": 'Søm "EMEA"'}]}
    (finding,) = await told(world)
    assert found.select in finding.remedy
    assert "2 groups are pushed by Okta itself" in finding.detail


async def test_okta_group_push_inactive_and_error_reported(world: World) -> None:
    for name, status, error in (("Staff", "INACTIVE", ""), ("Sales", "ERROR", "No such group at the target")):
        group = world.directory.create_group(name)
        push = world.directory.create_push(world.app.id, group.id, target_group_id="00gtarget")
        world.directory.set_push(push.id, status, error)  # type: ignore[arg-type]
    (finding,) = await told(world)
    assert "Staff (INACTIVE)" in finding.detail
    assert "Sales (No such group at the target)" in finding.detail
    assert "select" not in finding.remedy


async def test_okta_group_push_paging_and_missing_scope(world: World) -> None:
    names = {f"Group {n}" for n in range(1_050)}
    for name in sorted(names):
        group = world.directory.create_group(name)
        world.directory.create_push(world.app.id, group.id, target_group_id="00gtarget")
    found = await group_push(world.source()._client)
    assert found.active.keys() == names
    assert len(world.requests("/group-push/mappings")) == 2
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    public = key.public_key().public_bytes(serialization.Encoding.PEM, form).decode()
    world.directory.access.add_service("0oaservice", public, key_id="k1")
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()
    scopes = ("okta.users.read", "okta.apps.read")
    credential = OAuth(client_id="0oaservice", private_key=Secret(pem), key_id="k1", scopes=scopes)
    (finding,) = await told(world, credential=credential)
    assert "okta.groups.read" in finding.remedy
