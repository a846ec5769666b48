"""Nobody loses an assignment because a listing was short: what it lacks is confirmed in another way first."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import orjson
import pytest

from connectors.graph import confirmation
from tests.contract.graph_store import Kept, kept
from tests.contract.graph_world import World, tenant

REVERSE = "/appRoleAssignments"
LISTING = "appRoleAssignedTo"


@pytest.fixture
def world() -> Iterator[World]:
    with tenant(users=60, assignments=30) as made:
        yield made


@pytest.fixture
def mirror(world: World, tmp_path: Path) -> Iterator[Kept]:
    with kept(world, tmp_path) as made:
        yield made


def batches(world: World) -> list[list[str]]:
    """The paths that each batch asked for."""
    bodies = [orjson.loads(entry.body) for entry in world.requests("$batch")]
    return [[request["url"] for request in body["requests"]] for body in bodies]


def assigned(world: World) -> list[str]:
    """Users who are assigned themselves."""
    rows = [row for row in world.directory.assignments if row.ended is None]
    return list(dict.fromkeys(row.principal.id for row in rows if row.principal.collection == "users"))


async def test_graph_unassign_confirmed_by_second_read(world, mirror):
    await mirror.read()
    user = assigned(world)[0]
    world.directory.unassign(user)
    world.forget()
    await mirror.read()
    assert [[path.split("?")[0] for path in batch] for batch in batches(world)] == [[f"/users/{user}{REVERSE}"]]
    assert mirror.same()


async def test_graph_assignment_missing_rows_no_removals(world, mirror):
    await mirror.read()
    before, seq = mirror.rows, mirror.seq
    world.quirks.assignment_rows_missing = 1
    world.forget()
    reading = await mirror.read()
    assert mirror.rows == before
    assert mirror.seq == seq
    assert [warning["code"] for warning in reading.warnings] == ["Unknown"]
    assert reading.complete
    assert len(batches(world)) == 1


async def test_a_short_listing_still_lets_the_really_unassigned_go(world, mirror):
    await mirror.read()
    for user in assigned(world)[:3]:
        world.directory.unassign(user)
    world.quirks.assignment_rows_missing = 1
    await mirror.read()
    assert mirror.same()


async def test_an_idle_round_asks_for_nothing_more(world, mirror):
    await mirror.read()
    await mirror.read()
    world.forget()
    reading = await mirror.read()
    assert reading.requests == 4
    assert batches(world) == []
    assert len(world.requests(LISTING)) == 1


async def test_a_refused_confirmation_reads_the_listing_again(world, mirror):
    await mirror.read()
    before = mirror.rows
    world.quirks.assignment_rows_missing = 1
    world.forget()
    world.fault({"status": 403}, path=r"\$batch")
    reading = await mirror.read()
    assert mirror.rows == before
    assert reading.warnings == []
    assert len(world.requests(LISTING)) == 2


@pytest.mark.parametrize("status", [400, 403])
async def test_a_confirmation_refused_for_each_principal_reads_the_listing_again(world, mirror, status):
    await mirror.read()
    user = assigned(world)[0]
    world.directory.unassign(user)
    part = {"id": "0", "status": status, "headers": {}, "body": {"error": {"code": "Authorization_RequestDenied"}}}
    world.forget()
    world.fault({"edit": {"set": {"responses": [part]}}}, path=r"\$batch")
    await mirror.read()
    assert len(world.requests(LISTING)) == 2
    assert mirror.same()


async def test_many_missing_rows_are_confirmed_by_a_second_listing(world, mirror, monkeypatch):
    monkeypatch.setattr(confirmation, "MOST", 3)
    await mirror.read()
    before = mirror.rows
    world.quirks.assignment_rows_missing = 1
    world.forget()
    await mirror.read()
    assert mirror.rows == before
    assert (len(batches(world)), len(world.requests(LISTING))) == (0, 2)
    for user in assigned(world)[:4]:
        world.directory.unassign(user)
    await mirror.read()
    assert mirror.same()


async def test_whoever_was_deleted_needs_no_rows_to_be_confirmed(world, mirror):
    await mirror.read()
    user = assigned(world)[0]
    world.directory.delete(user)
    world.forget()
    await mirror.read()
    assert len(batches(world)) == 1
    assert len(world.requests(LISTING)) == 1
    assert mirror.same()


async def test_a_listing_without_any_row_is_read_again_and_not_confirmed_one_by_one(world, mirror):
    await mirror.read()
    before = mirror.rows
    for times, warned in ((1, []), (2, ["EmptySource"])):
        world.forget()
        world.fault({"edit": {"set": {"value": []}}}, times=times, path=LISTING)
        reading = await mirror.read()
        assert [warning["code"] for warning in reading.warnings] == warned
        assert batches(world) == []
        assert len(world.requests(LISTING)) == 2
        assert mirror.rows == (set() if warned else before)
    await mirror.read()
    assert mirror.rows == before


async def test_a_role_that_was_exchanged_meanwhile_is_seen_at_once(world, mirror):
    user = world.directory.create_user()
    world.directory.assign(user, role="Admin")
    await mirror.read()
    world.directory.unassign(user)
    world.directory.assign(user, role="Guest")
    new = next(row for row in world.directory.assignments if row.principal.id == user and row.ended is None)
    world.fault({"edit": {"set": {"value": []}}}, path=LISTING)
    await mirror.read()
    assert (new.id, user, "Guest") in mirror.rows
    assert mirror.same()


async def test_an_unfinished_confirmation_removes_nobody(world, mirror):
    await mirror.read()
    before = mirror.rows
    world.directory.unassign(assigned(world)[0])
    world.fault({"edit": {"remove": ["responses"]}}, path=r"\$batch")
    reading = await mirror.read()
    assert not reading.complete
    assert mirror.rows == before
    world.forget()
    await mirror.read()
    assert mirror.same()


async def test_graph_batch_of_20_shuffled_answers(world, mirror):
    await mirror.read()
    gone = assigned(world)[:25]
    assert len(gone) == 25
    for user in gone:
        world.directory.unassign(user)
    world.forget()
    await mirror.read()
    assert [len(batch) for batch in batches(world)] == [20, 5]
    assert mirror.same()


async def test_graph_batch_sub_429_retried_alone(world, mirror):
    await mirror.read()
    gone = assigned(world)[:3]
    for user in gone:
        world.directory.unassign(user)
    parts = [
        {"id": "1", "status": 429, "headers": {"Retry-After": "7"}, "body": {"error": {"code": "TooManyRequests"}}},
        {"id": "2", "status": 200, "headers": {}, "body": {"value": []}},
        {"id": "0", "status": 503, "headers": {"Retry-After": "3"}, "body": None},
    ]
    world.forget()
    world.fault({"edit": {"set": {"responses": parts}}}, path=r"\$batch")
    await mirror.read()
    first, again = batches(world)
    assert again == first[:2]
    assert world.sleeps == [7.0]
    assert mirror.same()


async def test_an_answer_to_something_else_is_no_answer(world, mirror):
    await mirror.read()
    before = mirror.rows
    world.directory.unassign(assigned(world)[0])
    world.fault(
        {"edit": {"set": {"responses": [{"id": "7", "status": 404, "headers": {}, "body": None}]}}}, path=r"\$batch"
    )
    reading = await mirror.read()
    assert not reading.complete
    assert mirror.rows == before


async def test_rows_of_other_applications_confirm_nothing(world, mirror):
    user = assigned(world)[0]
    await mirror.read()
    other = world.directory.create_application("Other")
    world.directory.unassign(user)
    world.directory.assign(user, application=other)
    await mirror.read()
    assert not any(row[1] == user for row in mirror.rows)
