"""Changes, and what is known of a target."""

from __future__ import annotations

from typing import Any

import pytest

from syncd.core.attribute_type import AttributeType
from syncd.core.change import Action, Change, TargetFacts
from tests.unit.core.build import DEPARTMENT, WORK


def change(action: Action = Action.UPDATE, **values: Any) -> Change:
    usual: dict[str, Any] = {"kind": "user", "before": {}, "after": {}}
    return Change(action=action, source_id="u1", target_id="t1", name="jane", why="why", **{**usual, **values})


def test_what_is_equal_on_both_sides_is_not_edited() -> None:
    found = change(before={"a": 1, "b": 2, "gone": 3}, after={"a": 1, "b": 5, "new": None})
    assert found.edited == {"b": (2, 5), "gone": (3, None)}


def test_access_is_given_before_it_is_taken_and_users_come_before_groups() -> None:
    stages = [change(action, kind=kind).stage for action in Action for kind in ("user", "group")]
    assert stages == sorted(stages)
    assert len(set(stages)) == len(stages)
    order = [Action.CREATE, Action.UPDATE, Action.ADD_MEMBERS, Action.REMOVE_MEMBERS, Action.DEACTIVATE, Action.DELETE]
    assert [*order] == sorted(order)


def test_a_reference_is_an_update_in_words() -> None:
    assert Action.REFERENCE.word == "update"
    assert Action.ADD_MEMBERS.word == "add_members"


FACTS = TargetFacts(
    attributes={"user": frozenset({"userName", "emails", "emails.value", DEPARTMENT, "password", "badges", "id"})},
    types={"user": {"password": AttributeType(mutability="writeOnly")}},
)


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        ("userName", True),
        ("USERNAME", True),
        (WORK, True),
        ('emails[type eq "work"].display', True),
        ("title", False),
        (DEPARTMENT, True),
        (DEPARTMENT.upper().replace("URN", "urn"), True),
        ("badges.color", True),
        ("password", False),
    ],
)
def test_a_target_shows_what_it_announces_and_does_not_hide(path: str, shown: bool) -> None:
    assert FACTS.shows("user", path) is shown


def test_a_target_that_announces_nothing_may_show_anything() -> None:
    assert TargetFacts().shows("user", "title")
    assert FACTS.shows("group", "displayName")
