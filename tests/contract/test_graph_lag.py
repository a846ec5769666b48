"""What Graph shows late is seen late, once, and never taken back: no account goes and comes because of a lag."""

from __future__ import annotations

from pathlib import Path

import orjson

from connectors.sandbox.graph.entity import AppRoleAssignment
from tests.contract.graph_store import kept
from tests.contract.graph_world import tenant


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
