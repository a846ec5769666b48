"""Reading what is assigned costs what is assigned, and shows the same people, groups and memberships as reading all."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest

from connectors.graph import by_ids
from syncd.core.model import Kind
from syncd.ingest import Reading
from tests.contract.graph_store import Kept, kept
from tests.contract.graph_world import World, tenant

DIRECT, INSIDE = 12, 8
BY_IDS = "getByIds"


@pytest.fixture(scope="module")
def large() -> Iterator[World]:
    """3,000 users, of whom twelve have the application themselves and eight through a group."""
    with tenant(users=3_000, groups=40, memberships=4_000, assignments=0) as made:
        yield made


@pytest.fixture
def world() -> Iterator[World]:
    with tenant(users=200, groups=8, memberships=120, assignments=0) as made:
        yield made


@pytest.fixture
def mirror(world: World, tmp_path: Path) -> Iterator[Kept]:
    with kept(world, tmp_path) as made:
        yield made


def staff(world: World) -> tuple[list[str], list[str], str]:
    """Assigns people and a group; gives those who are assigned, those in the group, and the group."""
    people = [user.id for user in world.directory.users if user.live]
    direct, inside = people[:DIRECT], people[DIRECT : DIRECT + INSIDE]
    for one in direct:
        world.directory.assign(one)
    group = world.directory.create_group("Staff", members=set(inside))
    world.directory.assign(group)
    return direct, inside, group


async def read(mirror: Kept, **options: Any) -> Reading:
    mirror.world.forget()
    return await mirror.read(assigned_only=True, **options)


def asked(world: World) -> list[str]:
    return [entry.path.removeprefix("/v1.0") for entry in world.requests()]


def truth(world: World, ids: set[str]) -> dict[str, Any]:
    return {id_: values for id_, values in world.users.items() if id_ in ids}


def same(mirror: Kept, ids: set[str]) -> bool:
    """Whether these are in the mirror, as they are in the directory, and nobody else."""
    assert mirror.live("user") == truth(mirror.world, ids)
    groups = set(mirror.live("group"))
    assert mirror.edges == {edge for edge in mirror.world.edges if edge[0] in groups and edge[2] == "user"}
    return True


async def test_graph_assigned_only_costs_what_is_assigned(large: World, tmp_path: Path):
    direct, inside, group = staff(large)
    with kept(large, tmp_path) as mirror:
        first = await read(mirror)
        assert same(mirror, {*direct, *inside})
        assert set(mirror.live("group")) == {group}
        # application and rows; place, group, members; place, people, their managers
        assert first.requests == 8
        assert mirror.store.mirror.counts("contoso") == {"users": 20, "groups": 1, "assignments": 13}
        idle = await read(mirror)
        assert idle.requests == 4
        for user in large.directory.users[100:150]:
            if user.live:
                large.directory.update_user(user.id, jobTitle="Elsewhere")
        busy = await read(mirror)
        assert (busy.requests, busy.users) == (4, 0)
        assert mirror.store.mirror.counts("contoso")["users"] == 20


async def test_graph_user_entering_scope_fetched_by_ids(world, mirror, monkeypatch):
    direct, inside, group = staff(world)
    await read(mirror)
    people = [user.id for user in world.directory.users if user.live]
    newcomers = people[50:75]
    world.directory.assign(newcomers[0])
    world.directory.add_members(group, *newcomers[1:])
    monkeypatch.setattr(by_ids, "IDS", 10)
    await read(mirror)
    bodies = [orjson.loads(entry.body) for entry in world.requests(BY_IDS)]
    assert [len(body["ids"]) for body in bodies] == [10, 10, 5]
    assert {one for body in bodies for one in body["ids"]} == set(newcomers)
    assert same(mirror, {*direct, *inside, *newcomers})


async def test_graph_group_newly_assigned_lists_members_once(world, mirror):
    direct, inside, _ = staff(world)
    await read(mirror)
    people = [user.id for user in world.directory.users if user.live]
    group = world.directory.create_group("Later", members=set(people[60:70]))
    await read(mirror)
    assert group not in mirror.live("group")
    world.directory.assign(group)
    await read(mirror)
    assert same(mirror, {*direct, *inside, *people[60:70]})
    batches = [orjson.loads(entry.body)["requests"] for entry in world.requests("$batch")]
    assert [part["url"].partition("?")[0] for batch in batches for part in batch if "members" in part["url"]] == [
        f"/groups/{group}/members"
    ]
    await read(mirror)
    assert world.requests("$batch") == []


async def test_a_large_group_comes_page_by_page(world, mirror):
    people = [user.id for user in world.directory.users if user.live]
    more = [world.directory.create_user() for _ in range(1_000)]
    group = world.directory.create_group("Everybody", members={*people, *more})
    world.directory.assign(group)
    await read(mirror)
    assert same(mirror, {*people, *more})
    assert len([path for path in asked(world) if path == f"/groups/{group}/members"]) == 1  # the second page


async def test_changes_of_those_in_view_arrive_and_those_of_others_do_not(world, mirror):
    direct, inside, group = staff(world)
    await read(mirror)
    other = next(user.id for user in world.directory.users if user.live and user.id not in {*direct, *inside})
    world.directory.update_user(direct[0], displayName="New Name")
    world.directory.set_manager(direct[1], other)
    world.directory.update_user(other, displayName="Not ours")
    world.directory.remove_members(group, inside[0])
    world.directory.rename_group(group, "Crew")
    reading = await read(mirror)
    assert reading.requests == 4
    assert same(mirror, {*direct, *inside})
    assert mirror.live("group")[group]["displayName"] == "Crew"


async def test_whoever_goes_out_of_scope_still_exists(world, mirror):
    """Unassigned is not deleted: only the recycle bin, or an id that nobody has, says that."""
    direct, inside, group = staff(world)
    await read(mirror)
    world.directory.unassign(direct[0])
    world.directory.unassign(group)
    world.directory.delete(direct[1])
    world.directory.purge(direct[2])
    world.directory.reset_stream("users")
    for full in (False, True):
        await read(mirror, full=full)
        states = [mirror.state(one) for one in (direct[0], inside[0], direct[1], direct[2])]
        assert states == ["live", "live", "soft", "gone"]
        assert group in mirror.live("group")


@pytest.mark.parametrize("nested", [True, False])
async def test_groups_inside_are_read_where_they_count(world, mirror, nested):
    people = [user.id for user in world.directory.users if user.live]
    low = world.directory.create_group("Low", members={people[2]})
    middle = world.directory.create_group("Middle", members={people[1], low})
    top = world.directory.create_group("Top", members={people[0], middle})
    world.directory.add_members(low, top)
    world.directory.assign(top)
    await read(mirror, nested_groups=nested)
    assert set(mirror.live("group")) == ({top, middle, low} if nested else {top})
    assert same(mirror, {*people[:3]} if nested else {people[0]})
    deep = world.directory.create_group("Deep", members={people[3]})
    world.directory.add_members(top, deep)
    await read(mirror, nested_groups=nested)
    assert (deep in mirror.live("group")) is nested
    assert same(mirror, {*people[:4]} if nested else {people[0]})


async def test_graph_delta_latest_token_then_bulk_read(world):
    """What changes after people were read by id, and before the round ends, is told by the next round."""
    direct, _, _ = staff(world)

    class Two:
        def known(self, kind: Kind) -> Iterable[str]:
            return ()

        def among(self, kind: Kind, ids: Iterable[str]) -> Collection[str]:
            return {*ids} & {*direct[:2]}

        def members(self, group_id: str) -> Collection[str]:
            return ()

        def needed(self, kind: Kind, *, lacking: bool) -> Iterable[str]:
            return () if lacking else direct[:2]

    source = world.source(assigned_only=True, in_view=Two())
    async for page in source.read("users", None):
        world.mirror.apply(page)
        if not page.last:
            world.directory.update_user(direct[0], displayName="During")
    assert world.mirror.users[direct[0]]["displayName"] != "During"
    await world.mirror.read(source, "users")
    await source.close()
    assert world.mirror.users[direct[0]]["displayName"] == "During"
    assert set(world.mirror.users) == {*direct[:2]}


async def test_where_nearly_everybody_is_assigned_all_are_read_page_by_page(world, mirror):
    people = [world.directory.create_user() for _ in range(300)]
    people += [user.id for user in world.directory.users[100:200] if user.live]
    world.directory.assign(world.directory.create_group("Staff", members=set(people)))
    boss = world.directory.users[100].id
    world.directory.set_manager(people[0], boss)
    await read(mirror)
    assert same(mirror, {*people})
    assert [path for path in asked(world) if "delta" in path] == ["/groups/delta", *["/users/delta"] * 3]
    assert len(world.requests("$batch")) == 1  # members of the group
    world.directory.update_user(people[0], displayName="Later")
    assert (await read(mirror)).requests == 4
    assert same(mirror, {*people})


async def test_a_place_that_is_lost_is_taken_anew_without_reading_the_tenant(world, mirror):
    direct, inside, _ = staff(world)
    await read(mirror)
    world.directory.reset_stream("users")
    world.directory.reset_stream("groups")
    world.directory.update_user(direct[0], displayName="Meanwhile")
    reading = await read(mirror)
    assert reading.requests == 10
    assert same(mirror, {*direct, *inside})
    assert len([entry for entry in world.requests("delta") if "latest" in entry.query]) == 2


async def test_members_that_may_not_be_read_stay(world, mirror):
    direct, inside, group = staff(world)
    await read(mirror)
    refusal = {"id": "0", "status": 403, "headers": {}, "body": None}
    world.forget()
    world.fault({"edit": {"set": {"responses": [refusal]}}}, path=r"\$batch")
    reading = await mirror.read(assigned_only=True, full=True)
    assert [warning["code"] for warning in reading.warnings] == ["Unknown"]
    assert {edge[1] for edge in mirror.edges if edge[0] == group} == set(inside)
    assert same(mirror, {*direct, *inside})


@pytest.mark.parametrize(
    ("path", "action"),
    [
        (r"\$batch", {"edit": {"remove": ["responses"]}}),
        (BY_IDS, {"status": 403}),
        (BY_IDS, {"edit": {"remove": ["value"]}}),
        ("groups/delta", {"edit": {"remove": ["@odata.deltaLink"]}}),
        ("users/delta", {"status": 403}),
        ("appRoleAssignedTo", {"status": 403}),
    ],
)
async def test_a_reading_that_breaks_off_removes_nobody_and_the_next_one_is_whole(world, mirror, path, action):
    direct, inside, _ = staff(world)
    await read(mirror)
    world.forget()
    world.fault(action, path=path)
    reading = await mirror.read(assigned_only=True, full=True)
    assert not reading.complete
    assert same(mirror, {*direct, *inside})
    world.directory.assign(newcomer := world.directory.create_user())
    assert (await read(mirror)).complete
    assert same(mirror, {*direct, *inside, newcomer})


async def test_reading_all_again_begins_from_the_start(world, mirror):
    staff(world)
    await read(mirror)
    world.forget()
    await mirror.read()
    assert mirror.same()


async def test_graph_replica_lag_between_reads_tolerated(world, mirror):
    """What one replica does not know yet is no removal; every second read is of a minute ago."""
    direct, inside, group = staff(world)
    newcomer = world.directory.create_user()
    world.clock.advance(600)
    await read(mirror)
    world.directory.add_members(group, newcomer)
    await read(mirror)
    world.quirks.replica_lag = 60
    for _ in range(4):
        await read(mirror, full=True)
        assert same(mirror, {*direct, *inside, newcomer})


async def test_graph_get_by_ids_missing_ids_handled(world, mirror):
    """An id that is not found is nobody yet, and is asked for again; for whoever was there the recycle bin is asked."""
    direct, inside, _ = staff(world)
    world.fault({"edit": {"set": {"value": []}}}, path=BY_IDS, times=2)
    assert (await mirror.read(assigned_only=True)).complete
    assert mirror.live("user") == {}
    await read(mirror)
    assert same(mirror, {*direct, *inside})
    world.forget()
    world.fault({"edit": {"set": {"value": []}}}, path=BY_IDS, nth=2)
    await mirror.read(assigned_only=True, full=True)
    assert same(mirror, {*direct, *inside})


async def test_graph_manager_batch_404_means_none(world, mirror):
    direct, _, _ = staff(world)
    world.directory.set_manager(direct[0], None)
    world.directory.set_manager(direct[1], direct[0])
    await read(mirror)
    answers = [part["url"] for entry in world.requests("$batch") for part in orjson.loads(entry.body)["requests"]]
    assert len([url for url in answers if "/manager?" in url]) == DIRECT + INSIDE
    assert "manager" not in mirror.live("user")[direct[0]]
    assert mirror.live("user")[direct[1]]["manager"] == direct[0]
