"""Rounds that start where an earlier one ended: what they ask for, what they notice, and what they cost."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import orjson
import pytest

from connectors.errors import Incomplete
from connectors.sandbox.clock import Clock
from connectors.sandbox.okta.schema import Attribute
from syncd.core.model import Removal, Stream
from tests.contract.okta_mirror import mirror
from tests.contract.okta_world import Held, World, organisation

START = datetime(2026, 3, 2, 11, 15, tzinfo=UTC)


@pytest.fixture
async def world() -> AsyncIterator[World]:
    with organisation(Clock(START)) as made:
        yield made
        await made.close()


def since_of(query: str) -> str:
    """The time in a filter of a request."""
    return parse_qs(query)["filter"][0].split('"')[1]


async def test_okta_watermark_from_first_page_date_with_overlap(world: World) -> None:
    users = world.people(12, assigned=False)
    world.options(page_size=5)
    world.clock.advance(3600)
    source = world.source(scope="all")
    watermark, began = None, world.clock.now()
    async for page in source.read("users", None):
        if page.records and page.records[0].id == users[5].id:
            world.directory.update_user(users[0].id, {"title": "changed behind the reader"})
        world.clock.advance(200)
        watermark = page.watermark
    assert watermark is not None
    assert datetime.fromisoformat(orjson.loads(watermark)["began"]) == began
    world.forget()
    found = [user async for page in source.read("users", watermark) for user in page.records]
    assert [user.id for user in found] == [users[0].id]
    (asked,) = world.requests("/api/v1/users?")
    assert since_of(asked.query) == f"{began - timedelta(minutes=5):%Y-%m-%dT%H:%M:%S}.000Z"


@pytest.mark.parametrize("skew", [-600.0, 600.0])
async def test_a_watermark_has_okta_s_time_whatever_this_machine_s_clock_says(world: World, skew: float) -> None:
    world.people(2, assigned=False)
    world.skew = skew
    for stream in ("users", "groups"):
        read = await world.read(stream, scope="all")  # type: ignore[arg-type]
        assert read.watermark is not None
        began = datetime.fromisoformat(orjson.loads(read.watermark)["began"])
        assert abs(began - world.clock.now()) <= timedelta(seconds=1)


async def test_users_are_asked_for_by_time_and_the_deactivated_are_among_them(world: World) -> None:
    users = world.people(30, assigned=False)
    world.clock.advance(3600)
    first = await world.read("users", scope="all")
    world.clock.advance(3600)
    world.directory.update_user(users[3].id, {"title": "Lead"})
    world.directory.set_status(users[4].id, "DEPROVISIONED")
    world.directory.sign_in(users[5].id)
    world.forget()
    second = await world.read("users", since=first, scope="all")
    assert {user.id: user.enabled for user in second.users} == {users[3].id: True, users[4].id: False}
    assert not second.full
    assert len(world.requests()) == 1


async def test_okta_index_lag_tolerated(world: World) -> None:
    user = world.people(3, assigned=False)[0]
    world.clock.advance(3600)
    first = await world.read("users", scope="all")
    world.clock.advance(3600)
    world.options(index_delay_s=30)
    world.directory.update_user(user.id, {"title": "Lead"})
    second = await world.read("users", since=first, scope="all")
    assert second.users == []
    world.clock.advance(40)
    assert [one.id for one in (await world.read("users", since=second, scope="all")).users] == [user.id]
    # The log names what the index does not show yet.
    world.clock.advance(3600)
    third = await world.read("users", scope="all", system_log=True)
    world.directory.update_user(user.id, {"title": "Boss"})
    heard = await world.read("users", since=third, scope="all", system_log=True)
    assert [one.attributes["profile"]["title"] for one in heard.users] == ["Boss"]


async def test_okta_membership_change_seen_via_group(world: World) -> None:
    users = world.people(3)
    groups = [world.directory.create_group(f"Team {n}") for n in range(5)]
    for group in groups:
        for user in users[:2]:
            world.directory.add_member(group.id, user.id)
    world.clock.advance(3600)
    first = await world.read("groups")
    world.clock.advance(3600)
    before = users[2].last_updated
    world.directory.add_member(groups[1].id, users[2].id)
    world.directory.remove_member(groups[1].id, users[0].id)
    world.forget()
    second = await world.read("groups", since=first)
    assert world.directory.user(users[2].id).last_updated == before
    assert second.members[groups[1].id] == {users[1].id, users[2].id}
    assert second.whole >= {groups[1].id}
    members = {entry.path for entry in world.requests("/users?")}
    everyone = f"/api/v1/groups/{world.directory.everyone_id}/users"
    assert members == {f"/api/v1/groups/{groups[1].id}/users", everyone}


async def test_whoever_left_a_group_leaves_the_mirror_and_nobody_else(world: World, tmp_path: Path) -> None:
    users = world.people(4)
    groups = [world.directory.create_group(f"Team {n}") for n in range(2)]
    for group in groups:
        for user in users:
            world.directory.add_member(group.id, user.id)
    with mirror(world, tmp_path, group_selection=lambda raw: raw["type"] != "BUILT_IN") as mirrored:
        await mirrored.read()
        world.clock.advance(3600)
        world.directory.remove_member(groups[0].id, users[0].id)
        assert (await mirrored.read()).complete
        assert mirrored.store.mirror.member_ids("acme", groups[0].id, nested=False) == {u.id for u in users[1:]}
        assert mirrored.store.mirror.member_ids("acme", groups[1].id, nested=False) == {u.id for u in users}
        assert mirrored.differences() == {}


async def test_a_group_that_is_renamed_out_of_the_selection_loses_its_members_and_back_in_has_them(
    world: World, tmp_path: Path
) -> None:
    user = world.people(1)[0]
    group = world.directory.create_group("eng-api")
    world.directory.add_member(group.id, user.id)
    with mirror(world, tmp_path, group_selection=lambda raw: raw["profile"]["name"].startswith("eng-")) as mirrored:
        await mirrored.read()
        assert mirrored.store.mirror.member_ids("acme", group.id, nested=False) == {user.id}
        for name, expected in (("sales", set()), ("eng-web", {user.id})):
            world.clock.advance(3600)
            world.directory.update_group(group.id, {"name": name})
            assert (await mirrored.read()).complete
            assert mirrored.store.mirror.member_ids("acme", group.id, nested=False) == expected
            assert mirrored.differences() == {}


async def test_another_selection_reads_every_group_anew(world: World) -> None:
    world.people(1)
    groups = [world.directory.create_group(name) for name in ("eng-api", "sales")]
    old = {"group_selection": lambda raw: raw["profile"]["name"] == "eng-api", "selection_key": "eng"}
    new = {"group_selection": lambda raw: raw["profile"]["name"] == "sales", "selection_key": "sales"}
    first = await world.read("groups", **old)
    world.clock.advance(3600)
    again = await world.read("groups", since=first, **new)
    assert again.full
    assert not (await world.read("groups", since=again, **new)).full
    assert {group.id for group in again.groups} >= {group.id for group in groups}


async def test_members_that_could_not_be_read_are_read_in_the_next_round(world: World) -> None:
    user = world.people(1)[0]
    groups = [world.directory.create_group(f"Team {n}") for n in range(2)]
    mine = {"group_selection": lambda raw: raw["type"] != "BUILT_IN"}
    first = await world.read("groups", **mine)
    world.clock.advance(3600)
    world.directory.add_member(groups[0].id, user.id)
    world.fault({"status": 403}, path=f"/groups/{groups[0].id}/users", times=None)
    second = await world.read("groups", since=first, **mine)
    assert second.unknown == {groups[0].id}
    assert groups[0].id not in second.whole
    world.forget()
    world.clock.advance(3600)
    third = await world.read("groups", since=second, **mine)
    assert third.members[groups[0].id] == {user.id}
    assert groups[0].id in third.whole
    assert (await world.read("groups", since=third, **mine)).groups == []


async def test_an_odd_user_is_looked_at_until_it_makes_sense(world: World) -> None:
    user = world.people(1, assigned=False)[0]
    world.fault({"first": {"set": {"status": "HIBERNATED"}}}, path="limit=200")
    first = await world.read("users", scope="all")
    assert first.unknown == {user.id}
    world.clock.advance(86_400)
    second = await world.read("users", since=first, scope="all")
    assert [one.id for one in second.users] == [user.id]
    world.clock.advance(86_400)
    assert (await world.read("users", since=second, scope="all")).users == []


async def test_a_status_under_way_is_followed_to_its_end(world: World) -> None:
    user = world.people(1, assigned=False)[0]
    world.options(transition_s=7200)
    world.directory.set_status(user.id, "DEPROVISIONED")
    first = await world.read("users", scope="all")
    assert [one.enabled for one in first.users] == [False]
    world.clock.advance(3600)
    second = await world.read("users", since=first, scope="all")
    assert [(one.id, one.enabled) for one in second.users] == [(user.id, False)]


@pytest.mark.parametrize("changes", [{"app_id": "0oaother"}, {"scope": "assigned"}, {"deactivate_suspended": True}])
async def test_other_settings_read_everything_anew(world: World, changes: dict[str, Any]) -> None:
    world.people(3, assigned=False)
    other = world.directory.create_app("Other")
    changes = {**changes, "app_id": other.id} if "app_id" in changes else changes
    first = await world.read("groups", scope="all")
    world.clock.advance(3600)
    assert (await world.read("groups", since=first, **{"scope": "all", **changes})).full
    assert not (await world.read("groups", since=first, scope="all")).full


@pytest.mark.parametrize("text", ["", "{}", "null", "7", '{"version": 1}', '{"version": 99}', "no json"])
async def test_a_watermark_that_is_none_reads_everything(world: World, text: str) -> None:
    users = world.people(3, assigned=False)
    found = [u.id async for page in world.source(scope="all").read("users", text) for u in page.records]
    assert found == [user.id for user in users]


@pytest.mark.parametrize("stream", ["users", "groups"])
@pytest.mark.parametrize("page", [1, 2, 3])
async def test_an_incremental_round_that_fails_removes_nobody(world: World, stream: Stream, page: int) -> None:
    users = world.people(12, assigned=False)
    for n in range(12):
        world.directory.create_group(f"Team {n}")
    world.options(page_size=5)
    ids = [user.id for user in users]
    settings = {"scope": "all", "system_log": True, "held": Held(users=ids)}
    first = await world.read(stream, **settings)
    world.directory.set_status(ids[0], "DEPROVISIONED")
    world.directory.delete_user(ids[0])
    world.directory.delete_group("Team 3")
    world.fault({"status": 500}, path=f"/{stream}\\?", nth=page, times=None)
    source = world.source(**settings)
    removals: list[Removal] = []

    async def read() -> None:
        async for told in source.read(stream, first.watermark):
            removals.extend(told.removals)
            assert not told.last

    with pytest.raises(Incomplete):
        await read()
    assert removals == []


async def test_of_the_application_s_groups_only_those_that_changed_are_read(world: World, tmp_path: Path) -> None:
    users = world.people(3)
    groups = [world.directory.create_group(f"Team {n}") for n in range(4)]
    for group in groups:
        world.directory.add_member(group.id, users[0].id)
    for group in groups[:3]:
        world.directory.assign_group(world.app.id, group.id)
    world.clock.advance(60)
    with mirror(world, tmp_path, assigned_groups_only=True) as mirrored:
        await mirrored.read()
        world.directory.add_member(groups[0].id, users[1].id)
        world.directory.assign_group(world.app.id, groups[3].id)
        world.directory.unassign_group(world.app.id, groups[1].id)
        world.directory.delete_group(groups[2].id)
        world.clock.advance(120)
        world.forget()
        assert (await mirrored.read()).complete
        assert mirrored.differences() == {}
        read = {entry.path for entry in world.requests("/users?limit=200")}
        assert read == {f"/api/v1/groups/{group.id}/users" for group in (groups[0], groups[3])}
        world.forget()
        await mirrored.read()
        assert len(world.requests()) == 3  # the application's users, and its groups for either stream


@pytest.mark.parametrize("assigned_only", [True, False])
async def test_members_that_are_shown_later_than_their_group_s_change_are_read_again(
    world: World, assigned_only: bool
) -> None:
    users = world.people(2)
    group = world.directory.create_group("Team")
    world.directory.assign_group(world.app.id, group.id)
    world.clock.advance(3600)
    first = await world.read("groups", assigned_groups_only=assigned_only)
    for user in users:
        world.directory.add_member(group.id, user.id)
    world.clock.advance(20)
    world.fault({"replace": []}, path=f"/groups/{group.id}/users")
    second = await world.read("groups", since=first, assigned_groups_only=assigned_only)
    assert not second.members.get(group.id)
    world.clock.advance(60)
    third = await world.read("groups", since=second, assigned_groups_only=assigned_only)
    assert third.members[group.id] == {user.id for user in users}
    world.forget()
    await world.read("groups", since=third, assigned_groups_only=assigned_only)
    assert not world.requests(f"/groups/{group.id}/users")


async def test_okta_schema_unique_validated_parses(world: World) -> None:
    badge = Attribute(name="badge", title="Badge", unique=True, custom=True)
    world.directory.set_attribute(badge, app=world.app.id)
    answer = await world.source()._client.get(f"/api/v1/meta/schemas/apps/{world.app.id}/default")
    assert answer.data["definitions"]["custom"]["properties"]["badge"]["unique"] == "UNIQUE_VALIDATED"
