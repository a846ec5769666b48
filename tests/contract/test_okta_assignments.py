"""Who is assigned to the application, with which profile and through which group."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from connectors.sandbox.okta.schema import Attribute
from tests.contract.okta_world import World, organisation


@pytest.fixture
async def world() -> AsyncIterator[World]:
    with organisation() as made:
        yield made
        await made.close()


async def test_okta_app_user_status_matrix(world: World) -> None:
    assigned = ["ACTIVE", "PROVISIONED", "STAGED", "IMPORTED", "MATCHED", "IMPLICIT", "APPROVED", "PENDING"]
    not_assigned = ["DEPROVISIONED", "REVOKED", "UNASSIGNED", "INACTIVE", "SUSPENDED"]
    users = world.people(len(assigned + not_assigned))
    for status, user in zip(assigned + not_assigned, users, strict=True):
        world.directory.set_app_user(world.app.id, user.id, status=status)
    read = await world.read("assignments")
    assert [one.attributes["status"] for one in read.assignments] == assigned
    assert read.unknown == set()
    assert read.full


async def test_okta_username_from_app_credentials(world: World) -> None:
    world.directory.set_app(world.app.id, user_name_template='${fn:substringBefore(source.login, "@")}')
    world.people(1)
    read = await world.read("assignments")
    assert read.assignments[0].attributes["userName"] == "user0000"


async def test_okta_external_id_adopted(world: World) -> None:
    user = world.people(1)[0]
    world.directory.set_app_user(world.app.id, user.id, external_id="scim-7f31")
    assert (await world.read("assignments")).assignments[0].attributes["externalId"] == "scim-7f31"


async def test_okta_group_scope_profile_and_priority(world: World) -> None:
    world.directory.set_attribute(Attribute(name="role", title="Role", scope="NONE"), app=world.app.id)
    user = world.people(1, assigned=False)[0]
    sales, staff = world.directory.create_group("Sales"), world.directory.create_group("Staff")
    for group, role in ((sales, "editor"), (staff, "reader")):
        world.directory.add_member(group.id, user.id)
        world.directory.assign_group(world.app.id, group.id, {"role": role})
    read = await world.read("assignments")
    by_id = {one.id: one for one in read.assignments}
    assert by_id[f"user:{user.id}"].role == "editor"
    assert by_id[f"user:{user.id}"].through == f"Sales ({sales.id})"
    assert by_id[f"group:{staff.id}"].attributes == {"profile": {"role": "reader"}, "priority": 1}
    assert by_id[f"group:{staff.id}"].principal_kind == "group"
    world.directory.assign_group(world.app.id, staff.id, priority=0)
    world.directory.assign_group(world.app.id, sales.id, priority=1)
    read = await world.read("assignments")
    assert {one.id: one for one in read.assignments}[f"user:{user.id}"].role == "reader"


async def test_okta_direct_to_group_assignment_no_flap(world: World) -> None:
    user = world.people(1)[0]
    group = world.directory.create_group("Sales")
    world.directory.add_member(group.id, user.id)
    world.directory.assign_group(world.app.id, group.id)
    before = await world.read("assignments")
    world.directory.unassign_user(world.app.id, user.id)
    after = await world.read("assignments")
    assert before.principals == after.principals == [user.id]
    assert [one.id for one in before.assignments] == [one.id for one in after.assignments]
    assert after.assignments[0].through == f"Sales ({group.id})"


async def test_okta_unassign_deactivates_after_complete_scan(world: World) -> None:
    users = world.people(3)
    world.directory.unassign_user(world.app.id, users[1].id)
    read = await world.read("assignments")
    assert read.full
    assert read.principals == [users[0].id, users[2].id]


async def test_okta_rehire_keeps_scim_id(world: World) -> None:
    user = world.people(1)[0]
    before = (await world.read("assignments")).assignments[0]
    world.directory.unassign_user(world.app.id, user.id)
    assert (await world.read("assignments")).principals == []
    world.directory.assign_user(world.app.id, user.id)
    after = (await world.read("assignments")).assignments[0]
    assert (before.id, before.attributes["externalId"]) == (after.id, after.attributes["externalId"])
