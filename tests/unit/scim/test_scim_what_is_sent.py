"""Of a change only what differs is sent, and an element is found in the dialect's words."""

from __future__ import annotations

from typing import Any

import pytest

from connectors.scim.dialects import DIALECTS
from connectors.scim.knowledge import first_facts
from connectors.scim.profiles import load_profile
from connectors.scim.requests import steps
from syncd.core.change import Action, Change

GENERIC = load_profile("generic")


def sent(dialect: Any, action: Action, before: dict[str, Any], after: dict[str, Any], wrote: Any = None) -> list[Any]:
    change = Change(
        action=action, kind="user", source_id="s", target_id="t1", name="n", before=before, after=after, why=""
    )
    words = DIALECTS[dialect]
    found = steps(change, wrote or {}, words, first_facts(GENERIC, words), GENERIC)
    return [operation for step in found for operation in step.request.body["Operations"]]


@pytest.mark.parametrize("action", [Action.ADOPT, Action.UPDATE, Action.REACTIVATE])
def test_what_is_right_already_is_not_sent(action: Action) -> None:
    before = {"userName": "jane", "title": "Staff", "nickName": None}
    after = {"userName": "jane", "title": "Lead", "nickName": None}
    assert sent("rfc7644", action, before, after) == [{"op": "replace", "path": "title", "value": "Lead"}]


def test_an_adoption_without_differences_sends_nothing() -> None:
    assert sent("rfc7644", Action.ADOPT, {"userName": "jane"}, {"userName": "jane"}) == []


@pytest.mark.parametrize(
    ("dialect", "literal"),
    [("rfc7644", "true"), ("entra", '"True"'), ("entra-2020", '"True"')],
)
@pytest.mark.parametrize("written", ['"True"', '"true"', "true"])
def test_primary_is_a_boolean_but_in_entras_words(dialect: str, literal: str, written: str) -> None:
    path = f"roles[primary eq {written}].value"
    (changed,) = sent(dialect, Action.UPDATE, {path: "User"}, {path: "Admin"}, {path: "User"})
    assert changed["path"] == f"roles[primary eq {literal}].value"
    (removed,) = sent(dialect, Action.UPDATE, {path: "User"}, {path: None}, {path: "User"})
    assert (removed["op"].lower(), removed["path"]) == ("remove", f"roles[primary eq {literal}]")


def test_other_elements_are_found_as_they_are_written() -> None:
    path = 'emails[type eq "True"].value'
    (changed,) = sent("rfc7644", Action.UPDATE, {path: "a"}, {path: "b"}, {path: "a"})
    assert changed["path"] == path
