"""The decision table, row by row, and what each policy makes of it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from syncd.core.change import Action, Change
from syncd.core.desired import Desired
from syncd.core.diff import Policy, differences, drifted, edits
from tests.unit.core.build import (
    DAY,
    EVERYTHING,
    IN,
    MANAGER,
    NOW,
    OUT,
    UNKNOWN,
    WORK,
    decided,
    desired,
    link,
    mark,
    observed,
)

JANE = desired(userName="jane", active=True)
DISABLED = desired(userName="jane", active=False)
LEFT = desired(active=False)
THERE = link(userName="jane", active_=True)
GONE_FOR_GOOD = {"verdict": OUT, "state": "gone", "desired": LEFT}


def wrote(**values: Any) -> Any:
    """A link whose state is what was written."""
    return replace(
        link(**{k: v for k, v in values.items() if k != "active"}),
        wrote=values,
        active=values.get("active") is not False,
    )


ACTIVE = wrote(userName="jane", active=True)
INACTIVE = wrote(userName="jane", active=False)
GRACE = Policy(actions=EVERYTHING, delete_after=30 * DAY)


def policy(**given: Any) -> Policy:
    return Policy(**{"actions": EVERYTHING, **given})


def facts(change: Change | None) -> Any:
    return None if change is None else (change.action, dict(change.before), dict(change.after))


# --- each row of the table --------------------------------------------------------------------------------------------

TABLE: list[tuple[str, dict[str, Any], Policy, Any]] = [
    ("unknown, no link", {"verdict": UNKNOWN, "desired": JANE}, policy(), None),
    ("unknown, linked", {"verdict": UNKNOWN, "desired": JANE, "link": ACTIVE}, policy(out_of_scope="delete"), None),
    ("unknown, gone", {"verdict": UNKNOWN, "state": "gone", "link": ACTIVE}, policy(), None),
    ("in, none there", {"desired": JANE}, policy(), (Action.CREATE, {}, {"userName": "jane", "active": True})),
    ("in, none there, inactive", {"desired": DISABLED}, policy(), None),
    (
        "in, one there",
        {"desired": JANE, "matches": [observed(userName="jane", active=False)]},
        policy(),
        (Action.ADOPT, {"userName": "jane", "active": False}, {"userName": "jane", "active": True}),
    ),
    ("in, one there, inactive", {"desired": DISABLED, "matches": [observed(userName="jane")]}, policy(), None),
    ("in, nothing mapped", {"desired": None, "link": ACTIVE}, policy(), None),
    ("in, linked, as written", {"desired": JANE, "link": ACTIVE}, policy(), None),
    (
        "in, linked, changed",
        {"desired": desired(userName="janet", active=True), "link": ACTIVE},
        policy(),
        (Action.UPDATE, {"userName": "jane"}, {"userName": "janet"}),
    ),
    (
        "in, linked, cleared",
        {"desired": desired(userName="jane", title=None), "link": wrote(userName="jane", title="Lead")},
        policy(),
        (Action.UPDATE, {"title": "Lead"}, {"title": None}),
    ),
    ("in, linked, left alone", {"desired": desired(userName="jane"), "link": wrote(userName="jane", title="x")}, policy(), None),
    ("in, linked, disabled", {"desired": DISABLED, "link": ACTIVE}, policy(), (Action.DEACTIVATE, {"active": True}, {"active": False})),
    ("in, linked, gone, none there", {"desired": JANE, "link": ACTIVE, "gone": True}, policy(), (Action.CREATE, {}, {"userName": "jane", "active": True})),
    ("in, linked, gone, disabled", {"desired": DISABLED, "link": ACTIVE, "gone": True}, policy(), None),
    ("in, inactive, back", {"desired": JANE, "link": INACTIVE}, policy(), (Action.REACTIVATE, {"active": False}, {"active": True})),
    (
        "in, inactive, back and changed",
        {"desired": desired(userName="janet", active=True), "link": INACTIVE},
        policy(),
        (Action.REACTIVATE, {"active": False, "userName": "jane"}, {"active": True, "userName": "janet"}),
    ),
    (
        "in, inactive, back, active no longer mapped",
        {"desired": desired(userName="jane"), "link": INACTIVE},
        policy(),
        (Action.REACTIVATE, {"active": False}, {"active": True}),
    ),
    (
        "in, inactive, back, active mapped to nothing",
        {"desired": desired(active=None), "link": INACTIVE},
        policy(),
        (Action.REACTIVATE, {"active": False}, {"active": True}),
    ),
    (
        "in, inactive, stays so and changes",
        {"desired": desired(userName="janet", active=False), "link": INACTIVE},
        policy(),
        (Action.UPDATE, {"userName": "jane"}, {"userName": "janet"}),
    ),
    ("in, inactive, stays so", {"desired": DISABLED, "link": INACTIVE}, policy(), None),
    ("in again, inactive, its grace had begun", {"desired": DISABLED, "link": replace(INACTIVE, out_since=NOW - DAY)}, policy(), (Action.UPDATE, {}, {})),
    ("out, no link", {"verdict": OUT, "desired": LEFT}, policy(), None),
    ("out, gone at the target", {"verdict": OUT, "desired": LEFT, "link": ACTIVE, "gone": True}, policy(), None),
    ("out, active", {"verdict": OUT, "desired": LEFT, "link": ACTIVE}, policy(), (Action.DEACTIVATE, {"active": True}, {"active": False})),
    ("out, active, no row follows", {"verdict": OUT, "desired": desired(), "link": ACTIVE}, GRACE, None),
    ("out, active, not mapped", {"verdict": OUT, "desired": None, "link": ACTIVE}, GRACE, None),
    ("out, active, by policy deleted", {"verdict": OUT, "desired": LEFT, "link": ACTIVE}, policy(out_of_scope="delete"), (Action.DELETE, {}, {})),
    ("out, active, by policy ignored", {"verdict": OUT, "desired": LEFT, "link": ACTIVE}, policy(out_of_scope="ignore"), None),
    ("out, inactive, by policy deleted", {"verdict": OUT, "desired": LEFT, "link": INACTIVE}, policy(out_of_scope="delete"), (Action.DELETE, {}, {})),
    ("out, inactive, by policy ignored", {"verdict": OUT, "desired": LEFT, "link": INACTIVE}, policy(out_of_scope="ignore", delete_after=DAY), None),
    ("out, inactive, kept for ever", {"verdict": OUT, "desired": LEFT, "link": replace(INACTIVE, out_since=NOW - 999 * DAY)}, policy(), None),
    ("out, inactive, grace runs", {"verdict": OUT, "desired": LEFT, "link": replace(INACTIVE, out_since=NOW - 29 * DAY)}, GRACE, None),
    ("out, inactive, grace over", {"verdict": OUT, "desired": LEFT, "link": replace(INACTIVE, out_since=NOW - 30 * DAY)}, GRACE, (Action.DELETE, {}, {})),
    ("out, inactive before, grace begins", {"verdict": OUT, "desired": LEFT, "link": INACTIVE}, GRACE, (Action.UPDATE, {}, {})),
    ("out, inactive before, no grace", {"verdict": OUT, "desired": LEFT, "link": INACTIVE}, policy(), None),
    (
        "out, inactive before, another row follows",
        {"verdict": OUT, "desired": desired(active=False, left=True), "link": INACTIVE},
        policy(),
        (Action.UPDATE, {"left": None}, {"left": True}),
    ),
    (
        "out, told by another attribute, grace over",
        {"verdict": OUT, "desired": desired(left=True), "link": replace(wrote(left=True), out_since=NOW - 30 * DAY)},
        GRACE,
        (Action.DELETE, {}, {}),
    ),
    ("in the recycle bin", {"verdict": OUT, "state": "soft", "desired": LEFT, "link": ACTIVE}, policy(), (Action.DEACTIVATE, {"active": True}, {"active": False})),
    ("in the recycle bin, deactivated before", {"verdict": OUT, "state": "soft", "desired": LEFT, "link": INACTIVE}, policy(), None),
    ("gone for good, active", {**GONE_FOR_GOOD, "link": ACTIVE}, policy(), (Action.DELETE, {}, {})),
    ("gone for good, inactive", {**GONE_FOR_GOOD, "link": INACTIVE}, policy(), (Action.DELETE, {}, {})),
    ("gone for good, whatever leaves scope is ignored", {**GONE_FOR_GOOD, "link": ACTIVE}, policy(out_of_scope="ignore"), (Action.DELETE, {}, {})),
    ("gone for good, no link", GONE_FOR_GOOD, policy(), None),
    ("gone for good, no deletion allowed", {**GONE_FOR_GOOD, "link": ACTIVE}, policy(actions=EVERYTHING - {"delete"}), (Action.DEACTIVATE, {"active": True}, {"active": False})),
    ("a group out of scope", {"kind": "group", "verdict": OUT, "link": link(displayName="Eng")}, policy(), (Action.DELETE, {}, {})),
    ("a group gone for good", {"kind": "group", **GONE_FOR_GOOD, "link": link(displayName="Eng")}, policy(), (Action.DELETE, {}, {})),
    ("a group out of scope, ignored", {"kind": "group", "verdict": OUT, "link": link()}, policy(out_of_scope="ignore"), None),
    ("a group, changed", {"kind": "group", "desired": desired(displayName="B"), "link": link(displayName="A")}, policy(), (Action.UPDATE, {"displayName": "A"}, {"displayName": "B"})),
]  # fmt: skip


@pytest.mark.parametrize(("given", "how", "expected"), [row[1:] for row in TABLE], ids=[row[0] for row in TABLE])
def test_the_decision(given: dict[str, Any], how: Policy, expected: Any) -> None:
    assert facts(decided(policy=how, **given)) == expected


@pytest.mark.parametrize("given", [row[1] for row in TABLE], ids=[row[0] for row in TABLE])
@pytest.mark.parametrize("out_of_scope", ["deactivate", "delete", "ignore"])
def test_nothing_is_done_where_nothing_is_allowed(given: dict[str, Any], out_of_scope: Any) -> None:
    change = decided(policy=Policy(actions=frozenset(), out_of_scope=out_of_scope, delete_after=DAY), **given)
    assert change is None or (
        change.action is Action.UPDATE and not change.edited
    )  # something to remember, nothing to send


ALLOWED = {
    "create": {Action.CREATE, Action.ADOPT},
    "update": {Action.ADOPT, Action.UPDATE, Action.REACTIVATE, Action.DEACTIVATE},
    "deactivate": {Action.REACTIVATE, Action.DEACTIVATE},
    "delete": {Action.DELETE},
}


@pytest.mark.parametrize("given", [row[1] for row in TABLE], ids=[row[0] for row in TABLE])
@pytest.mark.parametrize("missing", sorted(ALLOWED))
@pytest.mark.parametrize("out_of_scope", ["deactivate", "delete", "ignore"])
def test_with_an_action_switched_off_only_what_the_others_allow_is_done(
    given: dict[str, Any], missing: str, out_of_scope: Any
) -> None:
    actions = EVERYTHING - {missing}
    allowed = set().union(*(ALLOWED[action] for action in actions))
    how = Policy(actions=actions, out_of_scope=out_of_scope, delete_after=30 * DAY)
    change = decided(policy=how, **given)
    assert change is None or change.action in allowed or (change.action is Action.UPDATE and not change.edited)
    whole = decided(policy=replace(how, actions=EVERYTHING), **given)
    if whole is not None and whole.action in allowed and missing != "update":
        assert facts(change) == facts(whole)


@pytest.mark.parametrize(
    ("action", "actions"),
    [
        (Action.CREATE, {"create"}),
        (Action.ADOPT, {"create", "update"}),
        (Action.UPDATE, {"update"}),
        (Action.REACTIVATE, {"update", "deactivate"}),
        (Action.DEACTIVATE, {"update", "deactivate"}),
        (Action.DELETE, {"delete"}),
        (Action.ADD_MEMBERS, {"update"}),
        (Action.REMOVE_MEMBERS, {"update"}),
        (Action.REFERENCE, {"update"}),
    ],
)
def test_an_action_is_allowed_by_any_of_its_words(action: Action, actions: set[str]) -> None:
    assert {word for word in EVERYTHING if Policy(actions=frozenset({word})).allows(action)} == actions


# --- parts of a change that are no update -----------------------------------------------------------------------------


def test_without_update_an_account_is_adopted_as_it_is() -> None:
    found = decided(
        policy=policy(actions=frozenset({"create"})),
        desired=desired(userName="jane", title="Lead", displayName="Jane"),
        matches=[observed(userName="jane", title="Staff", displayName="Jane")],
    )
    assert found is not None
    assert facts(found) == (Action.ADOPT, *[{"userName": "jane", "displayName": "Jane"}] * 2)
    assert not found.edited


@pytest.mark.parametrize(("before", "after"), [(ACTIVE, False), (INACTIVE, True)])
def test_without_update_a_change_of_state_writes_active_alone(before: Any, after: bool) -> None:
    found = decided(
        policy=policy(actions=frozenset({"deactivate"})), desired=desired(userName="janet", active=after), link=before
    )
    assert found is not None
    assert dict(found.after) == {"active": after}


def test_without_update_leaving_still_writes_what_leaving_says() -> None:
    found = decided(
        policy=policy(actions=frozenset({"deactivate"})),
        verdict=OUT,
        desired=desired(active=False, left=True),
        link=ACTIVE,
    )
    assert found is not None
    assert dict(found.after) == {"active": False, "left": True}


# --- what a change says -----------------------------------------------------------------------------------------------


def test_several_matches_are_held_with_every_id_named() -> None:
    found = decided(desired=JANE, matches=[observed("t2"), observed("t1")])
    assert found is not None
    assert (found.action, found.target_id) == (Action.CREATE, None)
    assert found.held == "2 objects at the target match (t1, t2); remove or rename all but one there"


def test_a_match_of_another_job_is_held_and_both_are_named() -> None:
    found = decided(desired=JANE, matches=[observed("t1", userName="jane")], owner="crm")
    assert found is not None
    assert (found.action, found.target_id) == (Action.ADOPT, "t1")
    assert found.held == "t1 belongs to job crm, which keeps it; take jane out of the scope of one of them"


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"desired": JANE}, "assigned directly; no account matches at the target"),
        ({"desired": JANE, "link": ACTIVE, "gone": True}, "assigned directly; its account is gone at the target"),
        ({"desired": JANE, "matches": [observed()]}, "assigned directly; the target has this account already"),
        ({"desired": DISABLED, "link": ACTIVE}, "disabled at the source"),
        ({"desired": JANE, "link": INACTIVE}, "assigned directly"),
        ({"desired": desired(userName="x"), "link": ACTIVE}, "changed at the source"),
        ({"desired": desired(userName="x"), "link": ACTIVE, "drifted": ["userName"]}, "changed at the target"),
        (
            {"desired": desired(userName="x", title="y"), "link": ACTIVE, "drifted": ["title"]},
            "changed at the source and at the target",
        ),
        ({"desired": JANE, "link": INACTIVE, "drifted": ["active"]}, "assigned directly; deactivated at the target"),
        ({"verdict": OUT, "desired": LEFT, "link": ACTIVE}, "user is not assigned to the application"),
        (
            {"verdict": OUT, "desired": LEFT, "link": replace(INACTIVE, out_since=NOW - 30 * DAY), "policy": GRACE},
            "user is not assigned to the application since 2026-01-01, longer than delete_after",
        ),
    ],
)
def test_a_change_says_why(given: dict[str, Any], why: str) -> None:
    found = decided(**given)
    assert found is not None
    assert found.why == why


def test_a_change_knows_its_object_and_whether_it_left() -> None:
    stays = decided(desired=desired(userName="x"), link=ACTIVE)
    leaves = decided(verdict=OUT, desired=LEFT, link=ACTIVE)
    assert stays is not None
    assert leaves is not None
    assert (stays.kind, stays.source_id, stays.target_id, stays.name, stays.out) == ("user", "u1", "t1", "jane", False)
    assert leaves.out


def test_an_account_that_is_gone_is_created_under_a_new_id() -> None:
    found = decided(desired=JANE, link=ACTIVE, gone=True)
    assert found is not None
    assert found.target_id is None


# --- edits ------------------------------------------------------------------------------------------------------------


def rows(values: dict[str, Any], **given: Any) -> Desired:
    none: frozenset[str] = frozenset()
    return Desired(
        **{"values": values, "references": {}, "on_create": none, "redacted": none, "caseless": none, **given}
    )


def test_what_is_written_once_is_in_the_creation_and_in_nothing_later() -> None:
    once = rows({"userName": "jane", "title": "x"}, on_create=frozenset({"title"}))
    created = decided(desired=once)
    adopted = decided(desired=once, matches=[observed(userName="jane", title="y")])
    assert created is not None
    assert adopted is not None
    assert created.after["title"] == "x"
    assert "title" not in adopted.after
    assert edits(once, {"userName": "jane", "title": "y"}, mark) == ({}, {})
    assert decided(desired=rows({"active": False}, on_create=frozenset({"active"})), link=ACTIVE) is None


def test_a_creation_leaves_out_what_is_empty() -> None:
    found = decided(desired=desired(userName="jane", title=None))
    assert found is not None
    assert dict(found.after) == {"userName": "jane"}


def test_a_redacted_value_is_compared_by_its_mark_and_its_path_is_told() -> None:
    secret = rows({"title": "s3cret", "userName": "jane"}, redacted=frozenset({"title"}))
    kept = {"title": mark("s3cret"), "userName": "jane"}
    assert edits(secret, kept, mark) == ({}, {})
    assert edits(secret, {**kept, "title": mark("old")}, mark) == ({"title": mark("old")}, {"title": "s3cret"})
    assert edits(secret, {**kept, "title": "s3cret"}, mark) == ({"title": "s3cret"}, {"title": "s3cret"})
    assert edits(rows({"title": None}, redacted=frozenset({"title"})), kept, mark) == (
        {"title": mark("s3cret")},
        {"title": None},
    )
    found = decided(desired=secret, link=wrote(userName="jane", title=mark("old")))
    assert found is not None
    assert found.redacted == {"title"}


def test_lists_are_compared_as_written() -> None:
    assert edits(desired(tags=["a", "b"]), {"tags": ["a", "b"]}, mark) == ({}, {})
    assert edits(desired(tags=["a"]), {"tags": ["a", "b"]}, mark) == ({"tags": ["a", "b"]}, {"tags": ["a"]})
    assert edits(desired(tags=None), {"tags": ["a"]}, mark) == ({"tags": ["a"]}, {"tags": None})


# --- adoption and drift -----------------------------------------------------------------------------------------------


def test_an_adoption_carries_all_that_is_wished_and_clears_nothing() -> None:
    wish = rows({"userName": "Jane", "title": None, "active": True, WORK: "j@x"})
    seen = observed(userName="jane", title="Lead", active="True", emails=[{"type": "work", "value": "j@x"}])
    before, after = differences(wish, seen)
    assert after == {"userName": "Jane", "active": True, WORK: "j@x"}
    assert before == {"userName": "jane", "active": True, WORK: "j@x"}


def test_a_drift_names_what_was_written_and_what_is_there() -> None:
    there = wrote(userName="jane", title="Lead", active=True, displayName="Jane", **{MANAGER: "m1"})
    seen = observed(userName="JANE", title="Boss", active="true")
    assert drifted(there, seen, shown=lambda path: path != MANAGER) == {
        "title": ("Lead", "Boss"),
        "displayName": ("Jane", None),
    }


def test_a_redacted_value_is_no_drift() -> None:
    assert drifted(wrote(title=mark("x")), observed(title="y"), shown=lambda path: True) == {}


def test_the_words_of_a_verdict_are_the_changes() -> None:
    found = decided(desired=JANE, verdict=replace(IN, clause="assigned through group Staff (g1)"), link=INACTIVE)
    assert found is not None
    assert found.why == "assigned through group Staff (g1)"
