"""What Graph shows late is seen late, once, and never taken back: no account goes and comes because of a lag."""

from __future__ import annotations

from pathlib import Path

import httpx
import orjson
import pytest

from connectors.sandbox.graph.entity import AppRoleAssignment
from tests.contract.graph_store import kept
from tests.contract.graph_world import TOKEN, tenant


async def test_graph_assignment_lag_no_flap(tmp_path: Path):
    """Three quarters of a minute pass until a listing shows an assignment, or its end."""
    with tenant(users=20, assignments=5) as world, kept(world, tmp_path) as mirror:
        await mirror.read()
        user = world.directory.create_user()
        world.clock.advance(3_600)
        world.quirks.assignment_lag = 45
        seen: list[bool] = []
        for event in (world.directory.assign, None, None, world.directory.unassign, None, None):
            if event is not None:
                event(user)
            world.clock.advance(20)
            await mirror.read()
            seen.append(any(row[1] == user for row in mirror.rows))
        assert seen == [False, False, True, True, True, False]
        assert mirror.same()


async def test_an_assignment_that_one_listing_does_not_show_again_is_asked_for_and_stays(tmp_path: Path):
    with tenant(users=20, assignments=10) as world, kept(world, tmp_path) as mirror:
        await mirror.read()
        before = mirror.rows
        for _ in range(3):
            world.quirks.assignment_rows_missing = 1
            await mirror.read()
            assert mirror.rows == before


@pytest.mark.parametrize("closed", [False, True], ids=["asked", "listed twice"])
async def test_an_ended_assignment_that_a_late_listing_shows_again_stays_ended(tmp_path: Path, closed: bool):
    """Whether it has ended is said in turns, by the listing; the user's own list knows, or the next listing."""
    with tenant(users=20, assignments=5) as world, kept(world, tmp_path) as mirror:
        user = world.directory.create_user()
        world.directory.assign(user)
        row = httpx.get(
            f"{world.root}/users/{user}/appRoleAssignments", headers={"Authorization": f"Bearer {TOKEN}"}
        ).json()["value"][0]
        world.clock.advance(3 * 3_600)
        await mirror.read()
        seen, counted = [], []
        world.directory.unassign(user)
        for late in (False, True, False, True):
            world.forget()
            if late:
                rows = httpx.get(
                    f"{world.root}/servicePrincipals/{world.directory.application.id}/appRoleAssignedTo?$top=999",
                    headers={"Authorization": f"Bearer {TOKEN}"},
                ).json()["value"]
                world.fault({"edit": {"set": {"value": [*rows, row]}}}, path="appRoleAssignedTo")
            if closed:
                world.fault({"status": 403}, path=r"\$batch")
            before = mirror.seq
            await mirror.read()
            seen.append(any(row[1] == user for row in mirror.rows))
            counted.append(mirror.seq - before)
        assert seen == [False, False, False, False]
        assert counted[1:] == [0, 0, 0]
        assert mirror.same()


async def test_an_old_assignment_that_both_ways_show_comes_back(tmp_path: Path):
    """One that two late answers together had ended; whoever knows better later is believed, once."""
    with tenant(users=20, assignments=10) as world, kept(world, tmp_path) as mirror:
        world.clock.advance(3 * 3_600)
        await mirror.read()
        before = mirror.rows
        world.quirks.assignment_rows_missing = 1
        parts = [{"id": str(n), "status": 200, "headers": {}, "body": {"value": []}} for n in range(2)]
        world.forget()
        world.fault({"edit": {"set": {"responses": parts}}}, path=r"\$batch")
        await mirror.read()
        assert len(before - mirror.rows) == 2
        await mirror.read()
        assert mirror.rows == before
        world.forget()
        idle = await mirror.read()
        assert idle.requests == 4


async def test_a_new_assignment_is_believed_without_a_question(tmp_path: Path):
    with tenant(users=20, assignments=10) as world, kept(world, tmp_path) as mirror:
        await mirror.read()
        world.clock.advance(3 * 3_600)
        world.directory.assign(world.directory.create_user())
        world.forget()
        reading = await mirror.read()
        assert reading.requests == 4
        assert mirror.same()


async def test_graph_batch_spelling_depends_on(tmp_path: Path):
    """Reads do not wait for each other, so none is said to."""
    with tenant(users=20, assignments=10) as world, kept(world, tmp_path) as mirror:
        await mirror.read()
        world.quirks.assignment_rows_missing = 1
        world.forget()
        await mirror.read()
        (entry,) = world.requests("$batch")
        for request in orjson.loads(entry.body)["requests"]:
            assert request.keys() == {"id", "method", "url"}
            assert request["method"] == "GET"


async def test_graph_idle_cycle_call_budget_grows_with_pages_of_assignments_alone(tmp_path: Path):
    """Four requests, and one more for each further 999 rows."""
    roles = [{"displayName": f"Role {number}", "value": f"role{number}"} for number in range(20)]
    with tenant(users=0) as world, kept(world, tmp_path) as mirror:
        directory = world.directory
        application = directory.create_application("Large", roles=roles)
        people = [directory.create_user() for _ in range(500)]
        resource = directory.application_named(application)
        directory.assignments += [
            AppRoleAssignment(
                id=directory.new_id(), principal=directory.entity(one), resource=resource, role_id=role["id"]
            )
            for role in resource.roles
            for one in people
        ]
        options = {"service_principal_id": application}
        first = await mirror.read(**options)
        assert first.assignments == 10_000
        idle = await mirror.read(**options)
        assert (idle.requests, idle.users, idle.groups) == (4 + 10, 0, 0)
