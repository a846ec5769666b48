"""References, memberships, and when a failure is tried again: the parts of a plan that are pure."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from state.mirror import MirrorObject
from state.pending import Wait
from syncd.core.change import Action
from syncd.core.desired import Desired
from syncd.core.model import Kind
from syncd.core.scope import Paths
from syncd.evaluate import Evaluated
from syncd.failures import STEPS, failed
from syncd.memberships import member_changes
from syncd.references import reference_change
from tests.unit.core.build import IN, MANAGER, NOW, OUT, entry, link

NONE: frozenset[str] = frozenset()
ENDS = {"u1": "t1", "m1": "t9"}


def wish(manager: str | None, *, once: bool = False, **values: Any) -> Desired:
    on_create = frozenset({MANAGER}) if once else NONE
    return Desired(values=values, references={MANAGER: manager}, on_create=on_create, redacted=NONE)


def evaluated(kind: Kind = "user", **given: Any) -> Evaluated:
    usual: dict[str, Any] = {
        "object": MirrorObject(kind=kind, id="u1", state="live", enabled=True, attributes={}),
        "name": "jane",
        "entry": entry(kind),
        "paths": Paths(),
        "verdict": IN,
        "desired": wish("m1"),
        "link": link(),
    }
    return Evaluated(**{**usual, **given})


# --- references -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("desired", "wrote", "ends", "old", "new"),
    [
        (wish("m1"), {}, ENDS, None, "t9"),
        (wish("m1"), {MANAGER: "t8"}, ENDS, "t8", "t9"),
        (wish(None), {MANAGER: "t9"}, ENDS, "t9", None),
        (wish("m2"), {MANAGER: "t9"}, ENDS, "t9", None),
        (wish("m1"), {}, {**ENDS, "m1": "new:contoso:m1"}, None, "new:contoso:m1"),
        (wish("u1"), {}, ENDS, None, "t1"),
    ],
)
def test_a_reference_is_written_by_target_id(
    desired: Desired, wrote: dict[str, str], ends: dict[str, str], old: Any, new: Any
) -> None:
    change, _ = reference_change(evaluated(desired=desired, link=link(**wrote)), ends, now=NOW)
    assert change is not None
    assert (change.action, change.target_id) == (Action.REFERENCE, "t1")
    assert change.why == ("reference set at the source" if new else "reference no longer holds")
    assert (dict(change.before), dict(change.after)) == ({MANAGER: old}, {MANAGER: new})


def test_a_newcomers_reference_is_written_under_its_name_to_be() -> None:
    ends = {"u1": "new:contoso:u1", "m1": "t9"}
    change, waits = reference_change(evaluated(link=None), ends, now=NOW)
    assert change is not None
    assert (change.target_id, dict(change.after), waits) == ("new:contoso:u1", {MANAGER: "t9"}, [])


@pytest.mark.parametrize(
    "given",
    [
        {"link": link(**{MANAGER: "t9"})},
        {"verdict": OUT},
        {"desired": None},
        {"desired": wish("m1", active=False)},
        {"desired": wish(None), "link": link()},
        {"desired": wish("m1", once=True), "link": link(**{MANAGER: "t8"})},
    ],
)
def test_no_row_where_nothing_is_to_be_written(given: dict[str, Any]) -> None:
    assert reference_change(evaluated(**given), ENDS, now=NOW) == (None, [])


def test_no_row_for_who_is_not_there() -> None:
    assert reference_change(evaluated(link=None), {"m1": "t9"}, now=NOW) == (None, [])


def test_a_reference_that_a_found_account_has_is_remembered_without_a_word() -> None:
    ends = {"u1": "t1", "m1": "t9"}
    change, _ = reference_change(evaluated(link=None), ends, found={MANAGER: "t9"}, now=NOW)
    assert change is not None
    assert change.only_remembers
    assert (change.before, change.after) == ({MANAGER: "t9"}, {MANAGER: "t9"})
    other, _ = reference_change(evaluated(link=None), ends, found={MANAGER: "t5"}, now=NOW)
    assert other is not None
    assert not other.only_remembers
    assert other.edited == {MANAGER: ("t5", "t9")}


def test_who_lacks_the_other_end_waits_for_it() -> None:
    change, waits = reference_change(evaluated(desired=wish("m2")), ENDS, now=NOW)
    assert change is None
    assert [(wait.reason, wait.source_id, wait.wants) for wait in waits] == [("reference", "u1", "m2")]


def test_a_reference_that_is_written_once_is_written_when_its_end_comes() -> None:
    change, _ = reference_change(evaluated(desired=wish("m1", once=True), link=link()), ENDS, now=NOW)
    assert change is not None


def test_another_account_knows_nothing_of_the_old_ones_reference() -> None:
    old = replace(link(**{MANAGER: "t9"}), target_id="t0")
    change, _ = reference_change(evaluated(link=old), ENDS, now=NOW)
    assert change is not None
    assert dict(change.after) == {MANAGER: "t9"}


# --- memberships ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("want", "written", "added", "removed"),
    [
        ({}, {}, [], []),
        ({"a": "t1"}, {"a": "t1"}, [], []),
        ({"b": "t2", "a": "t1"}, {}, ["t1", "t2"], []),
        ({}, {"b": "t2", "a": "t1"}, [], ["t1", "t2"]),
        ({"a": "t1", "b": "t2"}, {"a": "t1", "c": "t3"}, ["t2"], ["t3"]),
        ({"a": "t5"}, {"a": "t1"}, ["t5"], []),
        ({"a": "new:contoso:a"}, {}, ["new:contoso:a"], []),
        ({"b": "t1"}, {"a": "t1"}, ["t1"], []),
        ({"b": "t1"}, {"a": "t1", "c": "t3"}, ["t1"], ["t3"]),
    ],
)
def test_members_are_sets(want: dict[str, str], written: dict[str, str], added: list[str], removed: list[str]) -> None:
    rows = member_changes(evaluated("group"), "g1", want=want, written=written)
    found = {row.action: row for row in rows}
    assert [row.action for row in rows] == sorted(found)
    assert (found[Action.ADD_MEMBERS].after["members"] if Action.ADD_MEMBERS in found else []) == added
    assert (found[Action.REMOVE_MEMBERS].before["members"] if Action.REMOVE_MEMBERS in found else []) == removed
    assert all((row.kind, row.target_id) == ("group", "g1") for row in rows)


# --- failures ---------------------------------------------------------------------------------------------------------


def test_a_failure_is_tried_again_ever_more_rarely_and_never_given_up() -> None:
    wait: Wait | None = None
    pauses = []
    for hour in range(10):
        now = NOW + timedelta(hours=hour)
        wait = failed("user", "u1", {"code": "x"}, now=now, before=wait)
        pauses.append(wait.due_at - now)
        assert (wait.since, wait.attempts, wait.reason) == (NOW, hour + 1, "failed")
    assert pauses == [*STEPS, *[STEPS[-1]] * 3]
    assert pauses[0] == timedelta(minutes=5)
    assert pauses[-1] == timedelta(days=1)


def test_what_will_hardly_change_is_tried_daily_from_the_start() -> None:
    wait = failed("user", "u1", None, now=NOW, before=None, permanent=True)
    assert wait.due_at - NOW == timedelta(days=1)
