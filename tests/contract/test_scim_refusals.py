"""Changes that a target refuses, and what is said of them."""

from __future__ import annotations

from syncd.core.change import Action
from tests.contract.target_contract import change, person
from tests.contract.target_world import TOKEN, Open


async def test_one_refused_attribute_does_not_hold_up_the_others_and_is_named(world: Open) -> None:
    w = world(unsupported=("nickName",))
    target_id, wrote = await w.create()
    outcome = await w.update(target_id, wrote, displayName="Other", nickName="Jay", title="Lead")
    assert outcome.status == "failed"
    assert outcome.written == ("displayName", "title")
    assert outcome.message.startswith("refused: nickName (400")
    assert outcome.message.endswith("Written: displayName, title")
    assert (w.stored(target_id)["displayName"], w.stored(target_id)["title"]) == ("Other", "Lead")


async def test_an_attribute_that_its_schema_lacks_does_not_prevent_a_create(world: Open) -> None:
    w = world(unsupported=("nickName",))
    w.fault({"status": 400}, times=None, method="POST", body="nickName")
    outcome = await w.target.send(change(Action.CREATE, after=person(nickName="Jay")), {})
    assert outcome.status == "done", outcome
    assert outcome.message == "created without nickName: not in its schema"


async def test_the_targets_own_words_are_kept(world: Open) -> None:
    w = world(seats=0)
    outcome = await w.target.send(change(Action.CREATE, after=person()), {})
    assert outcome.status == "failed"
    assert "seat" in outcome.message.lower() or "licen" in outcome.message.lower()


async def test_a_secret_that_the_target_repeats_is_blacked_out(world: Open) -> None:
    w = world()
    await w.target.discover()
    body = {"detail": f"bad token {TOKEN}, and password pa55word"}
    w.fault({"status": 400, "body": body}, times=None, method="POST")
    create = change(Action.CREATE, after=person(password="pa55word"), redacted=frozenset({"password"}))
    outcome = await w.target.send(create, {})
    assert outcome.message == "400: bad token ***, and password ***"


async def test_a_value_that_json_cannot_carry_fails_that_object_alone(world: Open) -> None:
    w = world()
    outcome = await w.target.send(change(Action.CREATE, after=person(title="\ud800")), {})
    assert (outcome.status, outcome.permanent) == ("failed", True)
    assert w.sent("POST") == 0


async def test_a_404_of_a_reference_is_not_taken_for_a_lost_account(world: Open) -> None:
    w = world()
    target_id, wrote = await w.create()
    w.fault({"status": 404}, method="PATCH")
    outcome = await w.update(target_id, wrote, displayName="Other")
    assert outcome.status == "failed"
    assert w.target.facts.patch
