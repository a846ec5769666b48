"""On demand: one user or group, as Okta has it now; and rounds that agree with each other."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from connectors.errors import Incomplete
from syncd.core.model import Kind, SourceUser
from tests.contract.okta_world import World, organisation


@pytest.fixture
async def world() -> AsyncIterator[World]:
    with organisation() as made:
        yield made
        await made.close()


async def test_a_user_is_found_by_id_login_and_e_mail_with_groups_and_assignment(world: World) -> None:
    user = world.directory.create_user({"login": "kim@acme.example", "email": "k.berg@acme.example"})
    world.people(3)
    group = world.directory.create_group("Sales")
    world.directory.add_member(group.id, user.id)
    world.directory.assign_group(world.app.id, group.id)
    for name in (user.id, "KIM@acme.example", "K.Berg@acme.example"):
        found = await world.source().find("user", name)
        assert len(found) == 1, name
        assert found[0].object.id == user.id
        assert {one.group_id for one in found[0].memberships} == {group.id, world.directory.everyone_id}
        assert [one.id for one in found[0].assignments] == [f"user:{user.id}"]
    assert await world.source().find("user", "nobody@acme.example") == []


async def test_a_deactivated_user_is_found_disabled_unassigned_and_in_its_groups(world: World) -> None:
    user = world.people(1)[0]
    group = world.directory.create_group("Sales")
    world.directory.add_member(group.id, user.id)
    world.directory.set_status(user.id, "DEPROVISIONED")
    found = (await world.source().find("user", user.login))[0]
    assert isinstance(found.object, SourceUser)
    assert (found.object.enabled, found.assignments) == (False, ())
    assert {one.group_id for one in found.memberships} == {group.id, world.directory.everyone_id}


@pytest.mark.parametrize("kind", ["user", "group"])
async def test_null_in_place_of_an_answer_does_not_mean_that_nothing_is_assigned(world: World, kind: Kind) -> None:
    user, group = world.people(1)[0], world.directory.create_group("Sales")
    world.directory.assign_group(world.app.id, group.id)
    one = user if kind == "user" else group
    lookup = f"/apps/{world.app.id}/{kind}s/{one.id}"
    world.fault({"replace": None}, path=lookup)
    (found,) = await world.source().find(kind, one.id)
    assert [row.id for row in found.assignments] == [f"{kind}:{one.id}"]
    assert len(world.requests(lookup)) == 2
    world.fault({"replace": None}, path=lookup, times=None)
    with pytest.raises(Incomplete, match="null"):
        await world.source().find(kind, one.id)


@pytest.mark.parametrize("kind", ["user", "group"])
async def test_null_in_place_of_an_answer_does_not_mean_that_there_is_nobody(world: World, kind: Kind) -> None:
    one = world.people(1)[0] if kind == "user" else world.directory.create_group("Sales")
    world.fault({"replace": None}, path=f"/{kind}s/{one.id}", times=None)
    with pytest.raises(Incomplete, match="null"):
        await world.source().find(kind, one.id)


@pytest.mark.parametrize("name", ['a"b', "back\\slash", "Sales/EMEA", "Søm & Co", "a or b", "x eq y", "50%"])
async def test_any_group_name_is_found_whatever_is_in_it(world: World, name: str) -> None:
    group = world.directory.create_group(name)
    user = world.people(1)[0]
    world.directory.add_member(group.id, user.id)
    world.directory.assign_group(world.app.id, group.id)
    found = await world.source().find("group", name)
    assert [one.object.id for one in found] == [group.id]
    assert [one.member_id for one in found[0].memberships] == [user.id]
    assert [one.id for one in found[0].assignments] == [f"group:{group.id}"]


async def test_okta_membership_change_seen_via_group(world: World) -> None:
    user = world.people(1)[0]
    group = world.directory.create_group("Sales")
    before = (await world.read("users")).users[0].attributes["lastUpdated"]
    world.clock.advance(60)
    world.directory.add_member(group.id, user.id)
    assert (await world.read("users")).users[0].attributes["lastUpdated"] == before
    assert (await world.read("groups")).members[group.id] == {user.id}


async def test_two_rounds_over_an_unchanged_organisation_are_equal(world: World) -> None:
    users = world.people(12)
    group = world.directory.create_group("Sales")
    for user in users:
        world.directory.add_member(group.id, user.id)
    world.directory.assign_group(world.app.id, group.id)
    world.options(page_size=5)
    for stream in ("users", "groups", "assignments"):
        first, second = await world.read(stream), await world.read(stream)  # type: ignore[arg-type]
        for part in ("users", "groups", "assignments"):
            assert getattr(first, part) == getattr(second, part)
        assert set(first.memberships) == set(second.memberships)
