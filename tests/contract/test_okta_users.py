"""Okta users: who may sign in, who was seen, who is gone."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from syncd.core.model import Removal
from tests.contract.okta_world import Held, World, organisation


@pytest.fixture
async def world() -> AsyncIterator[World]:
    with organisation() as made:
        yield made
        await made.close()


@pytest.mark.parametrize("scope", ["assigned", "all"])
async def test_okta_user_status_matrix(world: World, scope: str) -> None:
    expected = {
        "STAGED": True,
        "PROVISIONED": True,
        "ACTIVE": True,
        "RECOVERY": True,
        "PASSWORD_EXPIRED": True,
        "LOCKED_OUT": True,
        "SUSPENDED": True,
        "DEPROVISIONED": False,
    }
    for status, user in zip(expected, world.people(len(expected)), strict=True):
        world.directory.set_status(user.id, status)  # type: ignore[arg-type]
    read = await world.read("users", scope=scope)
    seen = {user.attributes["status"]: user.enabled for user in read.users}
    if scope == "assigned":
        del expected["DEPROVISIONED"]  # deactivation takes the assignment away
    assert seen == expected


async def test_okta_suspend_policy_switch(world: World) -> None:
    user = world.people(1)[0]
    world.directory.set_status(user.id, "SUSPENDED")
    assert (await world.read("users")).users[0].enabled
    assert not (await world.read("users", deactivate_suspended=True)).users[0].enabled
    world.directory.set_status(user.id, "ACTIVE")
    assert (await world.read("users", deactivate_suspended=True)).users[0].enabled


async def test_okta_credential_states_do_not_flap(world: World) -> None:
    user = world.people(1)[0]
    seen = []
    for status in ("ACTIVE", "LOCKED_OUT", "ACTIVE", "PASSWORD_EXPIRED", "RECOVERY"):
        world.directory.set_status(user.id, status)  # type: ignore[arg-type]
        read = await world.read("users")
        seen.append((read.users[0].enabled, read.users[0].attributes["profile"]))
    assert all(one == seen[0] for one in seen)
    assert seen[0][0] is True


async def test_okta_transitioning_to_deprovisioned_is_effective(world: World) -> None:
    user = world.people(1)[0]
    world.options(transition_s=120)
    world.directory.set_status(user.id, "DEPROVISIONED")
    read = await world.read("users")
    assert (read.users[0].attributes["status"], read.users[0].enabled) == ("ACTIVE", False)


async def test_okta_deprovisioned_pass_included(world: World) -> None:
    users = world.people(12, assigned=False)
    for user in users[:3]:
        world.directory.set_status(user.id, "DEPROVISIONED")
    world.options(page_size=5)
    read = await world.read("users", scope="all")
    assert {user.id: user.enabled for user in read.users} == {user.id: user not in users[:3] for user in users}


async def test_someone_on_both_lists_is_asked_for_by_id(world: World) -> None:
    user = world.people(1, assigned=False)[0]
    world.options(index_delay_s=60)
    world.directory.set_status(user.id, "DEPROVISIONED")
    world.clock.advance(61)
    world.directory.set_status(user.id, "ACTIVE")  # which the index does not know yet
    read = await world.read("users", scope="all")
    assert [one.enabled for one in read.users] == [True, True]
    assert len(world.requests(f"/api/v1/users/{user.id}")) == 1


async def test_okta_delete_needs_complete_scan_and_404(world: World) -> None:
    users = world.people(6)
    ids = [user.id for user in users]
    world.directory.set_status(ids[0], "DEPROVISIONED")
    world.directory.delete_user(ids[0])
    world.directory.set_status(ids[1], "DEPROVISIONED")
    world.directory.unassign_user(world.app.id, ids[2])
    read = await world.read("users", held=Held(users=ids))
    assert read.removals == [Removal(kind="user", id=ids[0], state="gone")]
    assert {user.id: user.enabled for user in read.users} == {
        ids[1]: False,
        ids[2]: True,
        ids[3]: True,
        ids[4]: True,
        ids[5]: True,
    }
    assert not read.full


async def test_okta_hard_delete_without_log_found_by_full(world: World) -> None:
    users = world.people(4, assigned=False)
    ids = [user.id for user in users]
    world.directory.set_status(ids[0], "DEPROVISIONED")
    world.directory.delete_user(ids[0])
    read = await world.read("users", scope="all", held=Held(users=ids))
    assert read.removals == [Removal(kind="user", id=ids[0], state="gone")]
    assert not read.full


async def test_a_user_that_the_index_lost_for_a_moment_is_not_gone(world: World) -> None:
    user, *_ = world.people(3, assigned=False)
    world.options(index_delay_s=600)
    world.directory.set_status(user.id, "DEPROVISIONED")  # off the plain list at once, on the filtered one in a while
    read = await world.read("users", scope="all", held=Held(users=[user.id]))
    assert read.removals == []
    assert {one.id: one.enabled for one in read.users}[user.id] is False


async def test_without_proof_absence_from_the_assignments_says_nothing_about_a_user(world: World) -> None:
    world.people(2)
    read = await world.read("users")
    assert not read.full
    assert read.removals == []


async def test_a_404_that_is_not_okta_s_proves_nothing(world: World) -> None:
    world.people(2)
    world.fault({"status": 404, "body": "not found"}, path="/users/00uabsent", times=None)
    with pytest.raises(Exception, match="404"):
        await world.read("users", held=Held(users=["00uabsent"]))
