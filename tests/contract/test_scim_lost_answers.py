"""Writes whose answer never came, or said something else than what was done: looked up, never doubled."""

from __future__ import annotations

from typing import Any

import pytest

from connectors.sandbox.scim.members import Members
from syncd.core.change import Action
from syncd.core.model import Kind
from tests.contract.target_contract import change, person
from tests.contract.target_world import Open


@pytest.mark.parametrize("drop", ["before", "answer", "body"])
async def test_a_create_without_an_answer_is_maybe_and_is_not_sent_again(world: Open, drop: str) -> None:
    w = world()
    await w.target.discover()
    w.fault({"drop": drop, "reset": True}, times=None, method="POST")
    values = person()
    outcome = await w.target.send(change(Action.CREATE, after=values), {})
    assert outcome.status == "maybe"
    assert w.sent("POST") == 1
    found = await w.target.find("user", {"userName": values["userName"]})
    assert len(found) == len(w.store.users()) == (0 if drop == "before" else 1)


async def test_a_create_stored_under_a_500_is_maybe_and_found_by_its_login(world: Open) -> None:
    w = world(applied_although_500=("POST",))
    values = person()
    outcome = await w.target.send(change(Action.CREATE, after=values), {})
    assert (outcome.status, outcome.http_status) == ("maybe", 500)
    (one,) = await w.target.find("user", {"userName": values["userName"]})
    assert [stored.id for stored in w.store.users()] == [one.id]


@pytest.mark.parametrize("empty", ["", None, True])
async def test_a_created_account_without_an_id_in_the_answer_is_found_or_looked_up(world: Open, empty: Any) -> None:
    w = world()
    await w.target.discover()
    w.fault({"edit": {"set": {"id": empty}}}, times=None, method="POST")
    outcome = await w.target.send(change(Action.CREATE, after=person()), {})
    assert (outcome.status, outcome.target_id) == ("done", w.store.users()[0].id), "by its Location"
    w.emulator.faults.clear()
    w.fault({"edit": {"set": {"id": empty}}, "strip_headers": ["Location"]}, times=None, method="POST")
    outcome = await w.target.send(change(Action.CREATE, after=person()), {})
    assert (outcome.status, outcome.target_id) == ("maybe", None)


@pytest.mark.parametrize("method", ["PATCH", "DELETE"])
@pytest.mark.parametrize("drop", ["before", "answer", "body"])
async def test_an_idempotent_write_without_an_answer_is_settled(world: Open, drop: str, method: str) -> None:
    w = world()
    target_id, wrote = await w.create()
    w.fault({"drop": drop}, method=method)
    if method == "PATCH":
        outcome = await w.update(target_id, wrote, displayName="Other")
        assert w.stored(target_id)["displayName"] == "Other"
        assert w.sent("PATCH") == (2 if drop == "before" else 1)
    else:
        outcome = await w.target.send(change(Action.DELETE, target_id=target_id), {})
        assert w.store.users() == []
    assert outcome.status == "done", outcome


@pytest.mark.parametrize("dialect", ["rfc7644", "okta-put"])
@pytest.mark.parametrize("kind", ["user", "group"])
async def test_one_read_that_does_not_know_the_object_decides_nothing_after_a_lost_answer(
    world: Open, dialect: str, kind: Kind
) -> None:
    w = world()
    target = w.another(dialect=dialect)
    values = person() if kind == "user" else {"displayName": "G"}
    made = await target.send(change(Action.CREATE, kind, after=values), {})
    method, nth = ("PATCH", 1) if dialect == "rfc7644" else ("PUT", 2)  # a PUT is made of a read
    w.fault({"drop": "answer", "reset": True}, times=None, method=method)
    w.fault({"status": 404}, times=None, method="GET", path=f"/{made.target_id}", nth=nth)
    outcome = await target.send(
        change(Action.UPDATE, kind, made.target_id, {"displayName": "G"}, {"displayName": "H"}), values
    )
    assert (outcome.status, outcome.target_id) == ("maybe", made.target_id)


@pytest.mark.parametrize("action", [Action.ADD_MEMBERS, Action.REMOVE_MEMBERS])
@pytest.mark.parametrize("lost", [True, False])
async def test_one_read_that_does_not_know_the_group_decides_nothing_of_its_members(
    world: Open, action: Action, lost: bool
) -> None:
    w = world()
    people = [(await w.create())[0] for _ in range(2)]
    made = await w.target.send(change(Action.CREATE, "group", after={"displayName": "G"}), {})
    if action is Action.REMOVE_MEMBERS:
        await w.target.send(change(Action.ADD_MEMBERS, "group", made.target_id, after={"members": people}), {})
    if lost:
        w.fault({"drop": "answer"}, method="PATCH")
    w.fault({"status": 404}, times=None, method="GET", path="/Groups/")
    values = ({}, {"members": people}) if action is Action.ADD_MEMBERS else ({"members": people}, {})
    outcome = await w.target.send(change(action, "group", made.target_id, *values), {})
    assert outcome.status == ("maybe" if lost else "done")
    assert w.members() == (sorted(people) if action is Action.ADD_MEMBERS else [])


async def test_an_update_refused_with_500_again_and_again_is_a_failure_and_bounded(world: Open) -> None:
    w = world()
    target_id, wrote = await w.create()
    w.fault({"status": 500}, times=None, method="PATCH")
    outcome = await w.update(target_id, wrote, displayName="Other")
    assert (outcome.status, outcome.code, outcome.http_status) == ("failed", "InternalServerError", 500)
    assert w.sent("PATCH") == 3
    assert w.stored(target_id)["displayName"] == wrote["displayName"]


async def test_an_update_whose_end_cannot_be_seen_is_maybe(world: Open) -> None:
    w = world()
    target_id, wrote = await w.create()
    w.fault({"drop": "answer"}, method="PATCH")
    w.fault({"status": 500}, times=None, method="GET")
    outcome = await w.update(target_id, wrote, displayName="Other")
    assert (outcome.status, outcome.target_id) == ("maybe", target_id)


@pytest.mark.parametrize("action", [{"truncate": 0.5}, {"truncate": 0.5, "length": "wrong"}, {"corrupt_gzip": True}])
async def test_a_mangled_answer_is_read_again_or_reported(world: Open, action: dict[str, Any]) -> None:
    w = world()
    target_id, wrote = await w.create()
    w.fault(action, method="PATCH")
    outcome = await w.update(target_id, wrote, displayName="Other")
    assert outcome.status == "done", outcome
    assert w.stored(target_id)["displayName"] == "Other"


async def test_a_slow_target_meets_the_timeout(world: Open) -> None:
    w = world()
    target_id, wrote = await w.create()
    w.target = w.another(timeout_s=0.2, attempts=1)
    await w.target.discover()
    w.fault({"delay_s": 0.6, "applied": True}, method="PATCH")
    outcome = await w.update(target_id, wrote, displayName="Other")
    assert outcome.status == "done", outcome


async def test_members_whom_a_late_read_does_not_show_after_a_500_are_left_to_a_later_look(world: Open) -> None:
    w = world(applied_although_500=("PATCH",))
    people = [(await w.create())[0] for _ in range(2)]
    made = await w.target.send(change(Action.CREATE, "group", after={"displayName": "G"}), {})
    w.fault({"edit": {"set": {"members": []}}}, times=None, method="GET", path="/Groups/")
    outcome = await w.target.send(change(Action.ADD_MEMBERS, "group", made.target_id, after={"members": people}), {})
    assert (outcome.status, outcome.http_status) == ("maybe", 500)
    assert w.members() == sorted(people)


@pytest.mark.parametrize(("kind", "drop"), [("add", "answer"), ("remove", "before"), ("remove", "answer")])
async def test_a_membership_without_an_answer_is_settled(world: Open, kind: str, drop: str) -> None:
    w = world(duplicate_members=True)
    people = [(await w.create())[0] for _ in range(4)]
    group = await w.target.send(change(Action.CREATE, "group", after={"displayName": "G"}), {})
    add = change(Action.ADD_MEMBERS, "group", group.target_id, after={"members": people})
    if kind == "add":
        w.fault({"drop": drop}, method="PATCH")
        outcome = await w.target.send(add, {})
        left = people
    else:
        await w.target.send(add, {})
        w.fault({"drop": drop}, method="PATCH")
        removal = change(Action.REMOVE_MEMBERS, "group", group.target_id, before={"members": people[:1]})
        outcome = await w.target.send(removal, {})
        left = people[1:]
    assert outcome.status == "done", outcome
    assert w.members() == sorted(left)


@pytest.mark.parametrize("refused", [False, True])
@pytest.mark.parametrize("fault", [{"drop": "before"}, {"status": 504}], ids=["no answer", "504"])
async def test_an_addition_that_a_read_does_not_show_is_open_and_the_others_are_added(
    world: Open, fault: dict[str, Any], refused: bool
) -> None:
    """One machine of several may not know of it yet: to send it again could be twice."""
    w = world()
    people = [f"account-{number}" for number in range(250)]
    for one in people:
        w.store.add("user", one, {"userName": one}, Members())
    group = await w.target.send(change(Action.CREATE, "group", after={"displayName": "G"}), {})
    w.fault(fault, method="PATCH")
    if refused:
        w.fault({"status": 403}, method="PATCH")
    add = change(Action.ADD_MEMBERS, "group", group.target_id, after={"members": people})
    outcome = await w.target.send(add, {})
    assert outcome.status == "maybe", "and not failed: it is looked up before anything is sent again"
    assert set(outcome.written) == set(w.members())
    assert w.sent("PATCH") == (2 if refused else 3)
    assert len(w.members()) == (0 if refused else 150)


async def test_of_a_large_group_not_every_part_is_waited_for_where_none_is_answered(world: Open) -> None:
    """Each may take as long as the timeout, and the next cycle goes on."""
    w = world()
    people = [f"account-{number}" for number in range(1000)]
    for one in people:
        w.store.add("user", one, {"userName": one}, Members())
    group = await w.target.send(change(Action.CREATE, "group", after={"displayName": "G"}), {})
    w.fault({"drop": "before"}, times=None, method="PATCH", nth=3)
    outcome = await w.target.send(change(Action.ADD_MEMBERS, "group", group.target_id, after={"members": people}), {})
    assert outcome.status == "maybe"
    assert set(outcome.written) == set(w.members())
    assert len(w.members()) == 200
    assert w.sent("PATCH") == 5
