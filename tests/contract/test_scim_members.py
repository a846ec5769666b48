"""Members of a group: in parts, one by one where one is refused, and where the service shows none."""

from __future__ import annotations

from typing import Any

import pytest

from syncd.core.change import UNSHOWN_MEMBERS, Action
from tests.contract.target_contract import change
from tests.contract.target_world import Open


async def test_members_beyond_the_limit_of_a_patch_go_in_smaller_parts(world: Open) -> None:
    w = world()
    people = [(await w.create())[0] for _ in range(10)]
    group = await w.target.send(change(Action.CREATE, "group", after={"displayName": "G"}), {})
    w.fault({"status": 413}, times=1, method="PATCH")
    added = change(Action.ADD_MEMBERS, "group", group.target_id, after={"members": people})
    outcome = await w.target.send(added, {})
    assert outcome.status == "done", outcome
    assert len(w.members()) == 10
    assert w.target.facts.member_chunk == 5


async def test_the_largest_part_that_a_service_takes_is_learned(world: Open) -> None:
    w = world(member_changes=3)
    people = [(await w.create())[0] for _ in range(16)]
    group = await w.target.send(change(Action.CREATE, "group", after={"displayName": "G"}), {})
    added = change(Action.ADD_MEMBERS, "group", group.target_id, after={"members": people})
    assert (await w.target.send(added, {})).status == "done"
    assert w.target.facts.member_chunk == 2
    assert [fact for fact in w.target.facts.learned if "a PATCH" in fact] == ["takes no more than 2 members a PATCH"]


async def test_one_unknown_member_does_not_hold_up_the_others(world: Open) -> None:
    w = world()
    people = [(await w.create())[0] for _ in range(7)]
    group = await w.target.send(change(Action.CREATE, "group", after={"displayName": "G"}), {})
    wanted = [*people[:4], "nobody", *people[4:]]
    outcome = await w.target.send(change(Action.ADD_MEMBERS, "group", group.target_id, after={"members": wanted}), {})
    assert outcome.status == "failed"
    assert sorted(outcome.written) == sorted(people)
    assert "nobody" in outcome.message


async def test_members_lost_by_a_strict_reading_are_added_again(world: Open) -> None:
    w = world(remove_by_value="all", remove_by_filter=501)
    people = [(await w.create())[0] for _ in range(5)]
    group = await w.target.send(change(Action.CREATE, "group", after={"displayName": "G"}), {})
    add = change(Action.ADD_MEMBERS, "group", group.target_id, after={"members": people})
    assert (await w.target.send(add, {})).status == "done"
    removal = change(Action.REMOVE_MEMBERS, "group", group.target_id, before={"members": people[:2]})
    assert (await w.target.send(removal, {})).status == "done"
    assert w.members() == sorted(people[2:])


async def test_a_group_whose_members_are_never_shown_still_gets_them_and_is_never_put(world: Open) -> None:
    w = world(members_shown=False)
    people = [(await w.create())[0] for _ in range(3)]
    group = await w.target.send(change(Action.CREATE, "group", after={"displayName": "G"}), {})
    add = change(Action.ADD_MEMBERS, "group", group.target_id, after={"members": people})
    assert (await w.target.send(add, {})).status == "done"
    assert not w.target.facts.members_shown
    removal = change(Action.REMOVE_MEMBERS, "group", group.target_id, before={"members": people[:1]})
    assert (await w.target.send(removal, {})).status == "done"
    assert w.members() == sorted(people[1:])
    assert w.sent("PUT") == 0


async def test_a_put_that_would_empty_a_group_is_not_sent(world: Open) -> None:
    w = world(members_shown=False, group_patch_paths=("members",), patch_refusal=501)
    people = [(await w.create())[0] for _ in range(3)]
    group = await w.target.send(change(Action.CREATE, "group", after={"displayName": "G"}), {})
    add = change(Action.ADD_MEMBERS, "group", group.target_id, after={"members": people})
    assert (await w.target.send(add, {})).status == "done"
    rename = change(Action.UPDATE, "group", group.target_id, {"displayName": "G"}, {"displayName": "H"})
    outcome = await w.target.send(rename, {"displayName": "G"})
    assert (outcome.status, outcome.permanent) == ("failed", True)
    assert len(w.members()) == 3


async def test_a_second_put_does_not_take_away_members_that_are_never_shown(world: Open) -> None:
    w = world(members_shown=False)
    people = [(await w.create())[0] for _ in range(3)]
    target = w.another(dialect="okta-put")
    group = await target.send(change(Action.CREATE, "group", after={"displayName": "G"}), {})
    first = change(Action.ADD_MEMBERS, "group", group.target_id, after={"members": people[:2]})
    assert (await target.send(first, {})).status == "done"
    second = change(Action.ADD_MEMBERS, "group", group.target_id, after={"members": people[2:]})
    outcome = await target.send(second, {})
    assert (outcome.status, outcome.permanent) == ("failed", True)
    assert "does not show members" in outcome.message
    assert w.members() == sorted(people[:2])
    assert "does not show the members of a group" in target.facts.learned


@pytest.mark.parametrize("drop", ["before", "answer"])
@pytest.mark.parametrize("known", [True, False])
async def test_a_removal_without_an_answer_is_not_believed_where_nobody_is_ever_shown(
    world: Open, drop: str, known: bool
) -> None:
    w = world(members_shown=False)
    people = [(await w.create())[0] for _ in range(3)]
    group = await w.target.send(change(Action.CREATE, "group", after={"displayName": "G"}), {})
    add = change(Action.ADD_MEMBERS, "group", group.target_id, after={"members": people})
    assert (await w.target.send(add, {})).status == "done"
    if not known:
        w.target = w.another()
        await w.target.discover()
    w.fault({"drop": drop}, method="PATCH")
    removal = change(Action.REMOVE_MEMBERS, "group", group.target_id, before={"members": people[:1]})
    outcome = await w.target.send(removal, {})
    if known:
        assert outcome.status == "maybe", "nothing shows what became of it"
    else:
        assert outcome.status == "done"
        assert w.members() == sorted(people[1:]), "it was sent again"


@pytest.mark.parametrize("proven", [True, False])
async def test_who_is_not_in_the_group_any_more_counts_as_removed_and_the_others_go(world: Open, proven: bool) -> None:
    w = world(absent_removal="refused")
    people = [(await w.create())[0] for _ in range(4)]
    group = await w.target.send(change(Action.CREATE, "group", after={"displayName": "G"}), {})
    add = change(Action.ADD_MEMBERS, "group", group.target_id, after={"members": people})
    assert (await w.target.send(add, {})).status == "done"
    by_hand = w.another() if not proven else w.target

    async def remove(*gone: str) -> str:
        removal = change(Action.REMOVE_MEMBERS, "group", group.target_id, before={"members": list(gone)})
        return (await w.target.send(removal, {})).status

    first = change(Action.REMOVE_MEMBERS, "group", group.target_id, before={"members": people[:1]})
    assert (await by_hand.send(first, {})).status == "done"
    assert await remove(*people[:2]) == "done"
    assert w.members() == sorted(people[2:])
    assert await remove(people[0]) == "done"
    assert await remove(*people[2:]) == "done"
    assert await remove(people[3]) == "done", "the group has nobody left, and does not say so"
    assert w.members() == []


@pytest.mark.parametrize("shown", [True, False])
@pytest.mark.parametrize("status", [400, 422])
async def test_one_who_cannot_be_removed_does_not_keep_the_others(world: Open, status: int, shown: bool) -> None:
    w = world(members_shown=shown)
    people = [(await w.create())[0] for _ in range(7)]
    group = await w.target.send(change(Action.CREATE, "group", after={"displayName": "G"}), {})
    add = change(Action.ADD_MEMBERS, "group", group.target_id, after={"members": people})
    assert (await w.target.send(add, {})).status == "done"
    first = change(Action.REMOVE_MEMBERS, "group", group.target_id, before={"members": people[:1]})
    assert (await w.target.send(first, {})).status == "done"
    w.fault({"status": status, "body": {"detail": "owns it"}}, times=None, method="PATCH", body=people[3])
    removal = change(Action.REMOVE_MEMBERS, "group", group.target_id, before={"members": people[1:]})
    outcome = await w.target.send(removal, {})
    assert (outcome.status, outcome.http_status) == ("failed", status)
    assert sorted(outcome.written) == sorted([*people[1:3], *people[4:]])
    assert w.members() == [people[3]]
    assert w.target.facts.member_chunk == 100


async def test_one_unknown_member_does_not_hold_up_those_of_later_parts(world: Open) -> None:
    w = world(member_changes=1)
    people = sorted([(await w.create())[0] for _ in range(4)])
    group = await w.target.send(change(Action.CREATE, "group", after={"displayName": "G"}), {})
    first = change(Action.ADD_MEMBERS, "group", group.target_id, after={"members": people[:2]})
    assert (await w.target.send(first, {})).status == "done"
    assert w.target.facts.member_chunk == 1
    wanted = ["nobody", *people[2:]]
    outcome = await w.target.send(change(Action.ADD_MEMBERS, "group", group.target_id, after={"members": wanted}), {})
    assert outcome.status == "failed"
    assert "nobody" in outcome.message
    assert sorted(outcome.written) == people[2:]
    assert w.members() == people


@pytest.mark.parametrize("action", [Action.ADD_MEMBERS, Action.REMOVE_MEMBERS])
@pytest.mark.parametrize("most", [1, 100])
async def test_members_who_are_all_refused_are_not_all_sent(world: Open, most: int, action: Action) -> None:
    w = world(member_changes=most)
    people = [(await w.create())[0] for _ in range(64)]
    group = await w.target.send(change(Action.CREATE, "group", after={"displayName": "G"}), {})
    there = people if action is Action.REMOVE_MEMBERS else people[:2]
    added = change(Action.ADD_MEMBERS, "group", group.target_id, after={"members": there})
    assert (await w.target.send(added, {})).status == "done"
    w.emulator.journal.clear()
    w.fault({"status": 400, "body": {"detail": "no"}}, times=None, method="PATCH")
    w.fault({"status": 400, "body": {"detail": "no"}}, times=None, method="PUT")
    after, before = ({}, {"members": people}) if action is Action.REMOVE_MEMBERS else ({"members": people[2:]}, {})
    outcome = await w.target.send(change(action, "group", group.target_id, before, after), {})
    assert (outcome.status, outcome.written) == ("failed", ())
    forms = 2 if action is Action.REMOVE_MEMBERS else 1
    assert w.sent("PATCH") <= (60 if most == 100 else 25) * forms


@pytest.mark.parametrize("status", [400, 409])
async def test_who_is_in_the_group_already_counts_as_added_and_the_others_come(world: Open, status: int) -> None:
    w = world()
    people = [(await w.create())[0] for _ in range(4)]
    group = await w.target.send(change(Action.CREATE, "group", after={"displayName": "G"}), {})
    add = change(Action.ADD_MEMBERS, "group", group.target_id, after={"members": people[:1]})
    assert (await w.target.send(add, {})).status == "done"
    w.fault({"status": status, "body": {"detail": "is a member"}}, times=None, method="PATCH", body=people[0])
    everybody = change(Action.ADD_MEMBERS, "group", group.target_id, after={"members": people})
    outcome = await w.target.send(everybody, {})
    assert outcome.status == "done", outcome
    assert w.members() == sorted(people)
    assert w.target.facts.member_chunk == 100


async def test_a_group_that_only_the_answer_to_a_put_shows_is_not_put_again(world: Open) -> None:
    w = world()
    people = [(await w.create())[0] for _ in range(3)]
    target = w.another(dialect="okta-put")
    group = await target.send(change(Action.CREATE, "group", after={"displayName": "G"}), {})
    w.fault({"edit": {"remove": ["members"]}}, times=None, method="GET", path="/Groups/")
    first = change(Action.ADD_MEMBERS, "group", group.target_id, after={"members": people[:2]})
    assert (await target.send(first, {})).status == "done"
    second = change(Action.ADD_MEMBERS, "group", group.target_id, after={"members": people[2:]})
    outcome = await target.send(second, {})
    assert (outcome.status, outcome.permanent) == ("failed", True)
    assert w.members() == sorted(people[:2])


async def test_a_read_that_shows_a_member_takes_back_that_none_are_shown(world: Open) -> None:
    """The first one met a machine that did not know of the addition yet."""
    w = world(answers_without_body=True)
    people = [(await w.create())[0] for _ in range(3)]
    group = await w.target.send(change(Action.CREATE, "group", after={"displayName": "G"}), {})
    w.fault({"edit": {"set": {"members": []}}}, times=None, method="GET", path="/Groups/")
    add = change(Action.ADD_MEMBERS, "group", group.target_id, after={"members": people})
    assert (await w.target.send(add, {})).status == "done"
    assert w.target.facts.members_doubtful
    w.emulator.faults.clear()
    await w.target.get("group", group.target_id or "", members=True)
    assert w.target.facts.members_shown
    assert UNSHOWN_MEMBERS not in w.target.facts.learned


async def test_a_group_that_only_the_answer_to_a_patch_shows_is_still_taken_for_one_that_shows_nobody(
    world: Open,
) -> None:
    w = world()
    people = [(await w.create())[0] for _ in range(3)]
    group = await w.target.send(change(Action.CREATE, "group", after={"displayName": "G"}), {})
    w.fault({"edit": {"remove": ["members"]}}, times=None, method="GET", path="/Groups/")
    w.fault({"edit": {"remove": ["members"]}}, method="PATCH")
    for some in (people[:2], people[2:]):
        add = change(Action.ADD_MEMBERS, "group", group.target_id, after={"members": some})
        assert (await w.target.send(add, {})).status == "done"
        assert w.target.facts.members_doubtful
    assert w.members() == sorted(people)


async def test_what_a_profile_says_of_members_is_not_doubted(world: Open) -> None:
    w = world()
    facts = w.another(profile="aws").facts
    assert (facts.members_shown, facts.members_doubtful) == (False, False)


@pytest.mark.parametrize("adding", [True, False])
async def test_a_look_that_comes_too_early_teaches_nothing(world: Open, adding: bool) -> None:
    """What is learned holds for all groups: a PUT of each, made of a late look, would undo what was written a moment ago."""
    w = world(answers_without_body=True, patch_answer=204)
    people = [(await w.create())[0] for _ in range(3)]
    group = await w.target.send(change(Action.CREATE, "group", after={"displayName": "G"}), {})
    add = change(Action.ADD_MEMBERS, "group", group.target_id, after={"members": people})
    remove = change(Action.REMOVE_MEMBERS, "group", group.target_id, before={"members": people[:1]})
    if not adding:
        assert (await w.target.send(add, {})).status == "done"
    old = [] if adding else [{"value": one} for one in people]
    w.fault({"edit": {"set": {"members": old}}}, times=3, method="GET", path="/Groups/")
    outcome = await w.target.send(add if adding else remove, {})
    assert outcome.status == "done"
    assert w.members() == sorted(people if adding else people[1:])
    assert "PUT" not in {entry.method for entry in w.emulator.journal}
    assert w.target.facts.members_shown
    assert w.target.facts.member_remove == "filter"


@pytest.mark.parametrize("by", ["PATCH", "PUT"])
@pytest.mark.parametrize("late", [{"set": {"members": []}}, {"remove": ["members"]}])
async def test_a_look_too_early_at_the_first_addition_of_all_does_not_teach_that_members_are_not_shown(
    world: Open, late: dict[str, Any], by: str
) -> None:
    """By PUT the first member of the next empty group would be refused; by PATCH no removal would be looked at."""
    refused = ("PATCH /Groups",) if by == "PUT" else ()
    w = world(answers_without_body=True, patch_answer=204, refused_requests=refused)
    people = [(await w.create())[0] for _ in range(3)]
    group = await w.target.send(change(Action.CREATE, "group", after={"displayName": "G"}), {})
    w.fault({"edit": late}, times=4 if by == "PUT" else 3, method="GET", path="/Groups/")
    add = change(Action.ADD_MEMBERS, "group", group.target_id, after={"members": people})
    assert (await w.target.send(add, {})).status == "done"
    assert w.members() == sorted(people)
    assert w.target.facts.members_shown


async def test_a_service_that_never_does_what_it_accepts_is_waited_for_once(world: Open) -> None:
    w = world(remove_by_filter="ignored", remove_by_value="ignored")
    people = [(await w.create())[0] for _ in range(3)]
    group = await w.target.send(change(Action.CREATE, "group", after={"displayName": "G"}), {})
    await w.target.send(change(Action.ADD_MEMBERS, "group", group.target_id, after={"members": people}), {})
    w.time.slept.clear()
    remove = change(Action.REMOVE_MEMBERS, "group", group.target_id, before={"members": people[:1]})
    assert (await w.target.send(remove, {})).status == "done"
    assert w.target.facts.member_remove == "put"
    assert w.time.slept == [1, 3, 6]
