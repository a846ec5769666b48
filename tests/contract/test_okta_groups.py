"""Okta groups and their members."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from connectors.errors import AccessDenied
from tests.contract.okta_world import World, organisation


@pytest.fixture
async def world() -> AsyncIterator[World]:
    with organisation() as made:
        yield made
        await made.close()


async def test_okta_duplicate_group_names_keyed_by_id(world: World) -> None:
    users = world.people(2)
    groups = [
        world.directory.create_group("Sales"),
        world.directory.create_group("Sales", type="APP_GROUP", source_id="0oaad"),
    ]
    for group, user in zip(groups, users, strict=True):
        world.directory.add_member(group.id, user.id)
    read = await world.read("groups")
    for group, user in zip(groups, users, strict=True):
        assert read.members[group.id] == {user.id}
    found = await world.source().find("group", "sales")
    assert {one.object.id for one in found} == {group.id for group in groups}


async def test_okta_app_group_and_builtin_group_handled(world: World) -> None:
    world.people(2)
    app_group = world.directory.create_group("Sales", type="APP_GROUP", source_id="0oaad")
    read = await world.read("groups", group_selection=lambda raw: raw["type"] != "BUILT_IN")
    types = {group.attributes["type"] for group in read.groups}
    assert types == {"BUILT_IN", "APP_GROUP"}
    assert {group.id: group.attributes.get("source") for group in read.groups}[app_group.id] == {"id": "0oaad"}
    assert read.members[world.directory.everyone_id] == set()
    assert not world.requests(f"/groups/{world.directory.everyone_id}/users")
    assert len((await world.read("groups")).members[world.directory.everyone_id]) == 2


@pytest.mark.parametrize("listed", [True, False])
async def test_a_deactivated_user_stays_the_member_that_okta_says_it_is(world: World, listed: bool) -> None:
    users = world.people(3)
    group = world.directory.create_group("Sales")
    for user in users:
        world.directory.add_member(group.id, user.id)
    world.directory.set_status(users[0].id, "DEPROVISIONED")
    world.options(deprovisioned_members=listed)
    expected = {user.id for user in (users if listed else users[1:])}
    assert (await world.read("groups")).members[group.id] == expected


async def test_okta_group_rename_keeps_target_group(world: World) -> None:
    group = world.directory.create_group("Sales")
    world.directory.update_group(group.id, {"name": "Sales EMEA"})
    read = await world.read("groups")
    assert {one.id: one.attributes["profile"]["name"] for one in read.groups}[group.id] == "Sales EMEA"


async def test_only_assigned_groups_are_read_where_only_they_count(world: World) -> None:
    users = world.people(7)
    wanted = [world.directory.create_group(f"Sales {n}") for n in range(3)]
    other = world.directory.create_group("Other")
    for group in (*wanted, other):
        for user in users:
            world.directory.add_member(group.id, user.id)
    for group in wanted:
        world.directory.assign_group(world.app.id, group.id)
    read = await world.read("groups", assigned_groups_only=True)
    assert read.members == {group.id: {user.id for user in users} for group in wanted}
    assert not world.requests(other.id)


async def test_large_groups_are_read_in_pages_and_each_member_once(world: World) -> None:
    users = world.people(450)
    groups = [world.directory.create_group(f"Group {n}") for n in range(3)]
    for group in groups:
        for user in users:
            world.directory.add_member(group.id, user.id)
    read = await world.read("groups")
    assert len(read.memberships) == 3 * 450 + 450  # Everyone, too
    for group in groups:
        assert read.members[group.id] == {user.id for user in users}


async def test_a_group_whose_members_cannot_be_read_is_unknown_and_stops_no_other(world: World) -> None:
    users = world.people(3)
    groups = [world.directory.create_group(f"Group {n}") for n in range(6)]
    for group in groups:
        for user in users:
            world.directory.add_member(group.id, user.id)
    world.fault({"status": 403}, path=f"/groups/{groups[2].id}/users", times=None)
    source = world.source()
    read = await world.read("groups", source)
    assert read.unknown == {groups[2].id}
    assert read.members[groups[2].id] == set()
    assert all(len(read.members[group.id]) == 3 for group in groups if group is not groups[2])
    assert len(source.warnings) == 1
    assert groups[2].id in source.warnings[0]


async def test_no_group_s_members_may_be_read_is_a_refusal(world: World) -> None:
    for n in range(12):
        world.directory.create_group(f"Group {n}")
    world.fault({"status": 403}, path="/groups/[^/]+/users", times=None)
    with pytest.raises(AccessDenied, match=r"okta\.groups\.read"):
        await world.read("groups")
    assert len(world.requests("/users?")) < 12


async def test_a_group_deleted_while_it_is_read_is_unknown(world: World) -> None:
    group = world.directory.create_group("Sales")
    world.fault({"status": 404}, path=f"/groups/{group.id}/users", times=None)
    read = await world.read("groups")
    assert read.unknown == {group.id}
