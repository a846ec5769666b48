"""What a list leaves out is looked for a second time, and a process that dies amid a list takes nobody with it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
import pytest

from connectors.okta.client import OktaClient
from connectors.okta.second_look import FEW
from connectors.sandbox.clock import Clock
from tests.contract.okta_mirror import mirror
from tests.contract.okta_world import World, organisation


@pytest.fixture
async def world() -> AsyncIterator[World]:
    with organisation(Clock(datetime(2026, 3, 2, 11, 15, tzinfo=UTC))) as made:
        yield made
        await made.close()


@pytest.mark.parametrize("gap", [1, FEW + 5])
async def test_an_assignment_that_a_list_left_out_is_looked_for_before_it_goes(
    world: World, tmp_path: Path, gap: int
) -> None:
    users = world.people(FEW + 20)
    with mirror(world, tmp_path) as mirrored:
        await mirrored.read()
        rows = [orjson.loads(row.json("", world.app.id, None, None)) for row in world.directory.app("TestMu").after("")]
        link = f'<{world.url}/api/v1/apps/{world.app.id}/users?limit=500>; rel="self"'
        world.fault({"status": 200, "body": rows[gap:], "headers": {"link": link}}, path="expand=user")
        world.directory.unassign_user(world.app.id, users[0].id)
        assert (await mirrored.read()).assignments == len(users) - 1
        assert mirrored.differences() == {}


async def test_a_group_that_the_list_left_out_is_looked_for_before_it_goes(world: World, tmp_path: Path) -> None:
    world.people(1)
    groups = [world.directory.create_group(f"Team {n}") for n in range(3)]
    with mirror(world, tmp_path) as mirrored:
        await mirrored.read()
        link = f'<{world.url}/api/v1/groups?limit=200>; rel="self"'
        shown = [world.directory.groups[groups[2].id].json(world.url)]
        world.fault({"status": 200, "body": shown, "headers": {"link": link}}, path=r"/groups\?limit")
        world.directory.delete_group(groups[0].id)
        assert (await mirrored.read(full=True)).complete
        assert mirrored.differences() == {}


async def test_the_second_look_at_many_missing_groups_is_one_more_list(world: World, tmp_path: Path) -> None:
    groups = [world.directory.create_group(f"Team {n}") for n in range(FEW + 10)]
    with mirror(world, tmp_path, group_selection=lambda raw: False) as mirrored:
        await mirrored.read()
        for group in groups[: FEW + 1]:
            world.directory.delete_group(group.id)
        world.forget()
        assert (await mirrored.read(full=True)).complete
        assert mirrored.differences() == {}
        assert len(world.requests("/api/v1/groups?")) == 2
        assert not world.requests("/api/v1/groups/")


class Killed(BaseException):
    """The process is no more."""


@pytest.mark.parametrize("scope", ["assigned", "all"])
async def test_okta_crash_mid_scan_is_safe(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, scope: str
) -> None:
    """Killed before each request in turn: nobody goes who is there, and the next whole reading has everything."""
    users = world.people(9)
    group = world.directory.create_group("Sales")
    for user in users[:8]:
        world.directory.add_member(group.id, user.id)
    world.options(page_size=3)
    answered = OktaClient.get
    left = 10**9

    async def get(client: OktaClient, path: str, **options: Any) -> Any:
        nonlocal left
        left -= 1
        if left < 0:
            raise Killed
        return await answered(client, path, **options)

    monkeypatch.setattr(OktaClient, "get", get)
    with mirror(world, tmp_path, scope=scope, system_log=True) as mirrored:
        await mirrored.read()
        for full in (False, True):
            world.clock.advance(3600)
            gone = next(iter(world.directory.users))
            world.directory.set_status(gone.id, "DEPROVISIONED", event="lifecycle.deactivate")
            world.directory.delete_user(gone.id)
            world.directory.update_user(users[5].id, {"title": f"full {full}"})
            world.directory.remove_member(group.id, users[6 + full].id)
            died = 0
            while True:
                left = died
                try:
                    await mirrored.read(full=full)
                except Killed:
                    died += 1
                else:
                    break
                there = {user.id for user in world.directory.users}
                assert there <= set(mirrored.store.mirror.live_ids("acme", "user"))
                edges = mirrored.store.mirror.member_ids("acme", group.id, nested=False)
                assert set(world.directory.member_ids(group.id)) <= edges
            left = 10**9
            assert died > 5
            assert mirrored.differences() == {}
