"""A round by changes that Graph ends in the middle: all is read from the start, as if the round had begun there."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from syncd.ingest import Reading
from tests.contract.graph_store import Kept, kept
from tests.contract.graph_world import World, tenant

NO_SUCH_TOKEN = {"status": 404, "body": {"error": {"code": "UnknownError", "message": ""}}}


@pytest.fixture
def world() -> Iterator[World]:
    with tenant(users=30, groups=6, memberships=40) as made:
        made.quirks.set({"removed_in_initial": False, "users_page": 10, "groups_page": 1})
        yield made


@pytest.fixture
def mirror(world: World, tmp_path: Path) -> Iterator[Kept]:
    with kept(world, tmp_path) as made:
        yield made


async def second_page(world: World, mirror: Kept, stream: str) -> asyncio.Task[Reading]:
    """A reading whose second page of changes is being asked for, in vain; what happens now, only the next answers know."""
    world.forget()
    world.fault({**NO_SUCH_TOKEN, "delay_s": 0.3}, path=rf"/{stream}/delta\?.*skiptoken")
    reading = asyncio.create_task(mirror.read())
    while not world.requests(f"{stream}/delta?"):
        await asyncio.sleep(0.01)
    return reading


async def test_a_group_and_a_member_that_went_after_they_were_told_are_not_kept(world: World, mirror: Kept) -> None:
    await mirror.read()
    groups = [group for group in world.directory.groups if group.live]
    for group in groups:
        world.directory.update_group(group.id, description="New")
        world.directory.add_members(group.id, *(user.id for user in world.directory.users[:3]))
    reading = await second_page(world, mirror, "groups")
    for group in groups:
        world.directory.remove_members(group.id, world.directory.users[0].id)
    for group in groups[:3]:
        world.directory.delete(group.id)
    await reading
    assert mirror.same()


async def test_a_list_without_anybody_is_doubted_although_changes_were_told_before(world: World, mirror: Kept) -> None:
    await mirror.read()
    for user in world.directory.users[:15]:
        world.directory.update_user(user.id, jobTitle="Moved")
    reading = await second_page(world, mirror, "users")
    world.quirks.users_page = 200
    world.fault({"edit": {"set": {"value": []}}}, path=r"/users/delta\?\$select")
    await reading
    assert mirror.same()
