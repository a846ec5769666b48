"""Users whom a full round does not show: restorable, gone for good, or there after all; told apart, never guessed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import orjson
import pytest

from connectors.graph import by_ids
from tests.contract.graph_store import Kept, kept
from tests.contract.graph_world import World, tenant

BIN = "/directory/deletedItems"
BY_IDS = "/directoryObjects/getByIds"


@pytest.fixture
def world() -> Iterator[World]:
    with tenant(users=60) as made:
        made.quirks.set({"removed_in_initial": False})
        yield made


@pytest.fixture
def mirror(world: World, tmp_path: Path) -> Iterator[Kept]:
    with kept(world, tmp_path) as made:
        yield made


def lost(world: World) -> None:
    """The state DB's watermark is of a round that Graph no longer knows."""
    world.directory.reset_stream("users")


async def test_neither_first_round_nor_idle_full_round_reads_the_bin(world, mirror):
    await mirror.read()
    await mirror.read(full=True)
    assert world.requests(BIN) == []
    assert world.requests(BY_IDS) == []


async def test_rounds_by_changes_do_not_read_the_bin(world, mirror):
    await mirror.read()
    world.directory.delete(world.directory.users[3].id)
    await mirror.read()
    await mirror.read()
    assert world.requests(BIN) == []


async def test_missed_soft_deletion_is_restorable_and_missed_purge_is_gone(world, mirror):
    await mirror.read()
    soft, gone = world.directory.users[3].id, world.directory.users[4].id
    world.directory.delete(soft)
    world.directory.purge(gone)
    lost(world)
    await mirror.read()
    assert (mirror.state(soft), mirror.state(gone)) == ("soft", "gone")
    assert mirror.same()


async def test_graph_resync_finds_missed_hard_delete(world, mirror):
    await mirror.read()
    user = world.directory.users[3].id
    world.directory.purge(user)
    lost(world)
    world.forget()
    await mirror.read()
    assert mirror.state(user) == "gone"
    (asked,) = world.requests(BY_IDS)
    assert orjson.loads(asked.body) == {"ids": [user], "types": ["user"]}


async def test_graph_purge_after_30_days(world, mirror):
    await mirror.read()
    user = world.directory.users[3].id
    world.directory.delete(user)
    await mirror.read()
    assert mirror.state(user) == "soft"
    world.clock.advance(31 * 86_400)
    world.directory.empty_bin()
    await mirror.read(full=True)
    assert mirror.state(user) == "gone"
    world.forget()
    await mirror.read(full=True)
    assert world.requests(BIN) == []


async def test_restore_that_no_delta_told_is_found_in_a_full_cycle(world, mirror):
    await mirror.read()
    user = world.directory.users[3].id
    world.directory.delete(user)
    await mirror.read()
    world.quirks.restore_invisible = True
    world.directory.restore(user)
    await mirror.read()
    assert mirror.state(user) == "soft"
    await mirror.read(full=True)
    assert mirror.same()


@pytest.mark.parametrize("select", [True, False])
async def test_whom_a_full_round_left_out_is_asked_for_by_id_and_stays(world, mirror, select):
    world.quirks.set({"get_by_ids_select": select})
    user, deputy = world.directory.users[3].id, world.directory.users[5].id
    world.directory.set_manager(user, deputy)
    world.directory.disable_user(user)
    await mirror.read()
    before = mirror.live("user")
    items = orjson.loads(_page(world))["value"]
    world.fault({"edit": {"set": {"value": [item for item in items if item["id"] != user]}}}, path="/users/delta")
    await mirror.read(full=True)
    assert mirror.live("user") == before
    assert mirror.live("user")[user]["manager"] == deputy
    assert not mirror.store.mirror.objects("contoso", "user", [user])[user].enabled


async def test_a_directory_that_shows_nobody_is_read_again_and_not_proven_one_by_one(world, mirror):
    """Once, it was a slip; twice, whoever reads it is told and decides."""
    await mirror.read()
    before = mirror.live("user")
    for times, warned in ((1, []), (2, ["EmptySource"])):
        world.forget()
        world.fault({"edit": {"set": {"value": []}}}, times=times, path="/users/delta")
        reading = await mirror.read(full=True)
        assert [warning["code"] for warning in reading.warnings] == warned
        assert world.requests(BIN) + world.requests(BY_IDS) == []
        assert bool(mirror.live("user")) is not bool(warned)
    await mirror.read(full=True)
    assert mirror.live("user") == before


async def test_ids_go_a_thousand_at_a_time(world, mirror, monkeypatch):
    monkeypatch.setattr(by_ids, "IDS", 10)
    await mirror.read()
    for user in [user.id for user in world.directory.users[:25]]:
        world.directory.purge(user)
    lost(world)
    world.forget()
    await mirror.read()
    assert [len(orjson.loads(entry.body)["ids"]) for entry in world.requests(BY_IDS)] == [10, 10, 5]
    assert mirror.same()


@pytest.mark.parametrize("path", [BIN, BY_IDS])
@pytest.mark.parametrize("action", [{"status": 403}, {"edit": {"remove": ["value"]}}])
async def test_a_bin_that_cannot_be_read_removes_nobody(world, mirror, path, action):
    await mirror.read()
    before = mirror.live("user")
    world.directory.purge(world.directory.users[3].id)
    lost(world)
    world.fault(action, path=path)
    reading = await mirror.read()
    assert not reading.complete
    assert mirror.live("user") == before
    world.forget()
    await mirror.read()
    assert mirror.same()


async def test_graph_deleted_upn_never_written(world, mirror):
    await mirror.read()
    user = world.directory.users[3].id
    name = mirror.live("user")[user]["userPrincipalName"]
    world.directory.delete(user)
    lost(world)
    await mirror.read()
    found = mirror.store.mirror.objects("contoso", "user", [user])[user]
    assert (found.state, found.attributes["userPrincipalName"]) == ("soft", name)


def _page(world: World) -> bytes:
    """What a whole round of users looks like; the tenant fits on one page."""
    select = ",".join(sorted(world.settings.user_select))
    headers = {"Authorization": "Bearer sandbox"}
    return httpx.get(f"{world.root}/users/delta?$select={select}", headers=headers).content
