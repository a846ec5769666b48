"""For the same change of attributes the exact operations of each dialect."""

from __future__ import annotations

from typing import Any

import pytest

from connectors.scim.knowledge import IGNORES_PATHLESS
from syncd.core.change import Action, TargetFacts
from tests.unit.scim.dialect_requests import ENTRA, ENTRA_2020, MANAGER, NUMBER, RFC, WORK, operations, requests

OLD = {"displayName": "A", "name.givenName": "B", "name.familyName": "C", WORK: "a@b.example", NUMBER: "1"}
NEW = {"displayName": "Adele V", "name.givenName": "Adele", "name.familyName": "V", WORK: "av@b.example", NUMBER: "77"}


def test_rfc7644_replaces_each_attribute_under_its_path() -> None:
    assert operations(RFC, OLD, NEW) == [{"op": "replace", "path": path, "value": value} for path, value in NEW.items()]


def test_entra_does_the_same_in_capitals() -> None:
    assert operations(ENTRA, OLD, NEW) == [
        {"op": "Replace", "path": path, "value": value} for path, value in NEW.items()
    ]


def test_entra_2020_merges_simple_attributes_under_dotted_keys_after_filter_paths() -> None:
    assert operations(ENTRA_2020, OLD, NEW) == [
        {"op": "replace", "path": WORK, "value": "av@b.example"},
        {
            "op": "replace",
            "value": {"displayName": "Adele V", "name.givenName": "Adele", "name.familyName": "V", NUMBER: "77"},
        },
    ]


def test_entra_2020_gives_each_its_path_where_operations_without_one_are_ignored() -> None:
    facts = TargetFacts(learned=(IGNORES_PATHLESS,))
    found = operations(ENTRA_2020, {"a": "1", "b": "1"}, {"a": "2", "b": "2"}, facts=facts)
    assert [operation["path"] for operation in found] == ["a", "b"]


@pytest.mark.parametrize(
    ("dialect", "op"),
    [(RFC, "add"), (ENTRA, "Add"), (ENTRA_2020, "add")],
)
def test_an_attribute_that_was_empty_is_added(dialect: str, op: str) -> None:
    assert operations(dialect, {"nickName": None}, {"nickName": "Addy"}) == [
        {"op": op, "path": "nickName", "value": "Addy"}
    ]


def test_entra_2020_adds_several_in_one_operation() -> None:
    assert operations(ENTRA_2020, {}, {"title": "Lead", "name.givenName": "A"}) == [
        {"op": "add", "value": {"title": "Lead", "name.givenName": "A"}}
    ]


@pytest.mark.parametrize(
    ("dialect", "operation"),
    [
        (RFC, {"op": "add", "path": "emails", "value": [{"type": "work", "value": "a@b.example"}]}),
        (ENTRA, {"op": "Add", "path": WORK, "value": "a@b.example"}),
        (ENTRA_2020, {"op": "add", "path": WORK, "value": "a@b.example"}),
    ],
)
def test_an_element_that_is_not_there_is_added(dialect: str, operation: Any) -> None:
    assert operations(dialect, {WORK: None}, {WORK: "a@b.example"}) == [operation]


def test_paths_of_one_new_element_share_it() -> None:
    after = {WORK: "a@b.example", 'emails[type eq "work"].primary': True, 'emails[type eq "home"].value': "h@b.example"}
    assert operations(RFC, {}, after) == [
        {"op": "add", "path": "emails", "value": [{"type": "work", "value": "a@b.example", "primary": True}]},
        {"op": "add", "path": "emails", "value": [{"type": "home", "value": "h@b.example"}]},
    ]


def test_a_further_part_of_an_element_that_is_there_goes_under_its_path() -> None:
    after = {'emails[type eq "work"].primary': True}
    assert operations(RFC, {}, after, wrote={WORK: "a@b.example"}) == [
        {"op": "add", "path": 'emails[type eq "work"].primary', "value": True}
    ]


def test_a_role_selected_by_primary_is_an_element_with_a_boolean() -> None:
    assert operations(RFC, {}, {'roles[primary eq "True"].value': "Admin"}) == [
        {"op": "add", "path": "roles", "value": [{"primary": True, "value": "Admin"}]}
    ]


@pytest.mark.parametrize(("dialect", "op"), [(RFC, "remove"), (ENTRA, "Remove"), (ENTRA_2020, "remove")])
def test_a_value_that_went_away_is_removed(dialect: str, op: str) -> None:
    before = {"title": "Lead", WORK: "a@b.example", NUMBER: "1"}
    assert operations(dialect, before, dict.fromkeys(before)) == [
        {"op": op, "path": "title"},
        {"op": op, "path": 'emails[type eq "work"]'},
        {"op": op, "path": NUMBER},
    ]


def test_an_element_stays_while_something_of_ours_is_in_it() -> None:
    wrote = {'addresses[type eq "work"].locality': "Ulm", 'addresses[type eq "work"].region': "BW"}
    assert operations(RFC, {}, {'addresses[type eq "work"].region': None}, wrote=wrote) == [
        {"op": "remove", "path": 'addresses[type eq "work"].region'}
    ]
    assert operations(RFC, wrote, dict.fromkeys(wrote)) == [{"op": "remove", "path": 'addresses[type eq "work"]'}]


def test_what_was_never_there_is_not_removed() -> None:
    assert requests(RFC, Action.UPDATE, {"title": None, WORK: None}, {"title": None, WORK: None}) == []


@pytest.mark.parametrize(
    ("dialect", "value", "op"),
    [(RFC, {"value": "m1"}, "add"), (ENTRA, "m1", "Add"), (ENTRA_2020, "m1", "add")],
)
def test_the_manager_is_a_reference_of_its_own(dialect: str, value: Any, op: str) -> None:
    ((_, _, body),) = requests(dialect, Action.REFERENCE, {MANAGER: None}, {MANAGER: "m1"})
    assert body["Operations"] == [{"op": op, "path": MANAGER, "value": value}]


ROLES = [{"primary": False, "type": "WindowsAzureActiveDirectoryRole", "display": "User", "value": "User"}]


@pytest.mark.parametrize(
    ("dialect", "value"),
    [
        (RFC, ROLES),
        (
            ENTRA,
            [{"value": '{"primary":false,"type":"WindowsAzureActiveDirectoryRole","display":"User","value":"User"}'}],
        ),
        (ENTRA_2020, ROLES),
    ],
)
def test_roles_are_one_list(dialect: str, value: Any) -> None:
    (operation,) = operations(dialect, {"roles": [{"value": "Old"}]}, {"roles": ROLES})
    assert operation["path"] == "roles"
    assert operation["value"] == value
