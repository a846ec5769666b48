"""One record that makes no sense costs that record alone, and says so."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from connectors.errors import Incomplete
from syncd.core.model import Json
from tests.contract.okta_world import World, organisation


@pytest.fixture
async def world() -> AsyncIterator[World]:
    with organisation() as made:
        yield made
        await made.close()


async def test_okta_unknown_user_status_quarantined(world: World) -> None:
    users = world.people(10, assigned=False)
    world.fault({"first": {"set": {"status": "HIBERNATED"}}}, path=r"/api/v1/users\?limit")
    source = world.source(scope="all")
    read = await world.read("users", source)
    assert read.logins == [user.login for user in users[1:]]
    assert read.unknown == {users[0].id}
    assert source.warnings == [f"user {users[0].id}: unknown status 'HIBERNATED'; its last known state is kept"]


@pytest.mark.parametrize(
    "edit",
    [
        {"set": {"status": "HIBERNATED"}},
        {"set": {"status": None}},
        {"remove": ["profile"]},
        {"remove": ["id"]},
        {"set": {"id": 7}},
        {"set": {"profile": "none"}},
    ],
)
async def test_okta_odd_record_does_not_poison_page(world: World, edit: Json) -> None:
    users = world.people(200, assigned=False)
    world.fault({"first": edit}, path=r"/api/v1/users\?limit")
    source = world.source(scope="all")
    read = await world.read("users", source)
    assert read.logins == [user.login for user in users[1:]]
    assert len(source.warnings) == 1


@pytest.mark.parametrize(
    "profile",
    [
        {"login": "bob"},
        {"login": "x@acme.example", "firstName": ""},
        {"login": "x@acme.example", "firstName": "x" * 60},
        {"login": "x@acme.example", "countryCode": "USA"},
    ],
)
async def test_values_that_the_sdk_s_models_refuse_are_read_as_they_are(world: World, profile: Json) -> None:
    world.people(5, assigned=False)
    world.fault(
        {"first": {"set": {"profile": profile, "credentials": {"provider": {"type": "QUANTUM"}}}}},
        path=r"/api/v1/users\?limit",
    )
    source = world.source(scope="all")
    read = await world.read("users", source)
    assert len(read.users) == 5
    assert read.users[0].attributes["profile"] == profile
    assert source.warnings == []


async def test_half_a_surrogate_pair_costs_one_record(world: World) -> None:
    users = world.people(3, assigned=False)
    page = b'[{"id":"00uX","status":"ACTIVE","profile":{"login":"\\ud800"}},{"id":"%b","status":"ACTIVE","profile":{"login":"b"}}]'
    world.fault({"status": 200, "body": (page % users[0].id.encode()).decode()}, path=r"/api/v1/users\?limit")
    read = await world.read("users", scope="all")
    assert read.logins == ["b"]
    assert read.unknown == {"00uX"}


async def test_okta_unknown_fields_ignored_not_fatal(world: World) -> None:
    user = world.people(2)[0]
    world.fault({"first": {"set": {"quantum": {"spin": [1]}, "rank": 9}}}, path="/users?", times=None)
    read = await world.read("users")
    assert len(read.users) == 2
    assert read.users[0].id == user.id
    assert len((await world.read("assignments")).principals) == 2


async def test_okta_custom_attributes_preserved(world: World) -> None:
    profile = {
        "login": "kim@acme.example",
        "email": "kim@acme.example",
        "badgeColour": "blue",
        "level": 7,
        "ratio": 1.5,
        "remote": False,
        "sites": ["OSL", "BER"],
        "codes": [1, 2],
        "middleName": None,
        "nickName": "",
        "家": "東京",
    }
    user = world.directory.create_user(profile)
    world.directory.assign_user(world.app.id, user.id)
    for scope in ("assigned", "all"):
        read = await world.read("users", scope=scope)
        assert read.users[0].attributes["profile"] == profile


async def test_okta_app_with_unknown_feature_reads(world: World) -> None:
    world.options(unknown_feature=True)
    findings = await world.source().check()
    assert all(finding.ok for finding in findings), findings


async def test_okta_app_user_unknown_status_keeps_state(world: World) -> None:
    users = world.people(5)
    world.directory.set_app_user(world.app.id, users[2].id, status="HIBERNATED")
    source = world.source()
    read = await world.read("assignments", source)
    assert read.principals == [user.id for user in users if user is not users[2]]
    assert read.unknown == {f"user:{users[2].id}"}
    assert source.warnings == [
        f"assignment of user {users[2].id}: unknown assignment status 'HIBERNATED'; its last known state is kept"
    ]


async def test_an_odd_group_is_unknown_and_the_others_are_read(world: World) -> None:
    for n in range(3):
        world.directory.create_group(f"Group {n}")
    world.fault({"first": {"set": {"profile": {}}}}, path=r"/api/v1/groups\?")
    read = await world.read("groups")
    assert [group.attributes["profile"]["name"] for group in read.groups] == ["Group 0", "Group 1", "Group 2"]
    assert read.unknown == {world.directory.everyone_id}


async def test_an_odd_member_makes_that_group_unknown(world: World) -> None:
    users = world.people(3)
    group = world.directory.create_group("Sales")
    for user in users:
        world.directory.add_member(group.id, user.id)
    world.fault({"first": {"remove": ["id"]}}, path=f"/groups/{group.id}/users")
    read = await world.read("groups")
    assert read.unknown == {group.id}
    assert read.members[group.id] == {user.id for user in users[1:]}


async def test_a_user_that_the_answer_does_not_embed_is_asked_for(world: World) -> None:
    users = world.people(3)
    world.fault({"first": {"remove": ["_embedded"]}}, path="/users?")
    read = await world.read("users")
    assert read.logins == [user.login for user in users]
    assert len(world.requests(f"/api/v1/users/{users[0].id}")) == 1


async def test_okta_answer_of_a_thousand_brackets_ends_the_round_with_an_error(world: World) -> None:
    world.people(3, assigned=False)
    world.fault({"status": 200, "body": "[" * 100_000}, path=r"/api/v1/users\?limit", times=None)
    with pytest.raises(Incomplete):
        await world.read("users", world.source(scope="all"))
