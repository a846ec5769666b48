"""Groups that a full round does not show: asked for by id before their members lose access for it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import orjson
import pytest

from tests.contract.graph_store import Kept, kept
from tests.contract.graph_world import TOKEN, World, tenant

BY_IDS = "/directoryObjects/getByIds"


@pytest.fixture
def world() -> Iterator[World]:
    with tenant(users=30, groups=8, memberships=60) as made:
        made.quirks.set({"removed_in_initial": False})
        yield made


@pytest.fixture
def mirror(world: World, tmp_path: Path) -> Iterator[Kept]:
    with kept(world, tmp_path) as made:
        yield made


def left_out(world: World, *ids: str) -> None:
    """The next list of groups, which fits on one page, lacks these."""
    select = ",".join(sorted(world.settings.group_select))
    headers = {"Authorization": f"Bearer {TOKEN}"}
    items = httpx.get(f"{world.root}/groups/delta?$select={select}", headers=headers).json()["value"]
    world.forget()
    shown = [item for item in items if item["id"] not in ids]
    world.fault({"edit": {"set": {"value": shown}}}, path="/groups/delta")


async def test_neither_first_nor_idle_full_round_asks_for_a_group(world: World, mirror: Kept) -> None:
    await mirror.read()
    await mirror.read(full=True)
    assert world.requests(BY_IDS) == []


@pytest.mark.parametrize("select", [True, False])
async def test_groups_that_a_full_round_left_out_stay_with_their_members(
    world: World, mirror: Kept, select: bool
) -> None:
    world.quirks.set({"get_by_ids_select": select})
    await mirror.read()
    groups = [group.id for group in world.directory.groups if group.live]
    world.directory.rename_group(groups[1], "Renamed meanwhile")
    left_out(world, *groups[:6])
    reading = await mirror.read(full=True)
    assert mirror.same()
    assert mirror.live("group")[groups[1]]["displayName"] == "Renamed meanwhile"
    assert len([edge for edge in mirror.edges if edge[0] in groups[:6]]) >= 6
    (warning,) = reading.warnings
    assert str(warning["message"]).startswith("6 groups, or their members, could not be read and stay as they are")
    asked = orjson.loads(world.requests(BY_IDS)[0].body)
    assert (sorted(asked["ids"]), asked["types"]) == (sorted(groups[:6]), ["group"])


async def test_a_group_that_is_gone_goes_although_others_were_left_out(world: World, mirror: Kept) -> None:
    await mirror.read()
    first, second = [group.id for group in world.directory.groups if group.live][:2]
    left_out(world, first, second)
    world.directory.delete(second)
    await mirror.read(full=True)
    assert mirror.same()
    assert first in mirror.live("group")
    assert second not in mirror.live("group")
    world.forget()
    await mirror.read(full=True)
    assert world.requests(BY_IDS) == []


async def test_a_list_without_any_group_is_read_again_and_not_asked_for_one_by_one(world: World, mirror: Kept) -> None:
    await mirror.read()
    before = mirror.live("group")
    world.fault({"edit": {"set": {"value": []}}}, path="/groups/delta")
    await mirror.read(full=True)
    assert world.requests(BY_IDS) == []
    assert mirror.live("group") == before


@pytest.mark.parametrize("action", [{"status": 403}, {"status": 404}, {"edit": {"remove": ["value"]}}])
async def test_a_group_that_cannot_be_asked_for_stays(world: World, mirror: Kept, action: dict[str, object]) -> None:
    await mirror.read()
    before, edges = mirror.live("group"), mirror.edges
    gone = next(group.id for group in world.directory.groups if group.live)
    world.directory.delete(gone)
    left_out(world, gone)
    world.fault(action, path=BY_IDS)
    reading = await mirror.read(full=True)
    assert not reading.complete
    assert "missing groups" in str(reading.errors[0])
    assert (mirror.live("group"), mirror.edges) == (before, edges)
    world.forget()
    await mirror.read()
    assert mirror.same()


async def test_of_what_is_assigned_too_a_group_that_one_answer_lacks_stays(world: World, mirror: Kept) -> None:
    people = [user.id for user in world.directory.users if user.live][:4]
    groups = [world.directory.create_group(f"Team {n}", members=set(people)) for n in range(3)]
    for group in groups:
        world.directory.assign(group)
    await mirror.read(assigned_only=True)
    before, edges = mirror.live("group"), mirror.edges
    told = [{"id": id_, "displayName": values["displayName"]} for id_, values in before.items() if id_ != groups[0]]
    world.forget()
    world.fault({"replace": {"value": told}}, path=BY_IDS, body='"group"')
    await mirror.read(assigned_only=True, full=True)
    assert mirror.live("group").keys() == before.keys()
    assert mirror.edges == edges
