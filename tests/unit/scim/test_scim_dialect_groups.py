"""For the same change of a group the exact request of each dialect."""

from __future__ import annotations

from typing import Any

import pytest

from syncd.core.change import Action
from tests.unit.scim.dialect_requests import (
    CORE_GROUP,
    ENTRA,
    ENTRA_2020,
    ENTRA_GROUP,
    OKTA_PATCH,
    OKTA_PUT,
    RFC,
    operations,
    requests,
)


@pytest.mark.parametrize(
    ("dialect", "body"),
    [
        (RFC, {"schemas": [CORE_GROUP], "displayName": "Sales"}),
        (ENTRA, {"schemas": [CORE_GROUP, ENTRA_GROUP], "displayName": "Sales", "meta": {"resourceType": "Group"}}),
        (ENTRA_2020, {"schemas": [CORE_GROUP, ENTRA_GROUP], "displayName": "Sales", "meta": {"resourceType": "Group"}}),
        (OKTA_PUT, {"schemas": [CORE_GROUP], "displayName": "Sales", "members": []}),
        (OKTA_PATCH, {"schemas": [CORE_GROUP], "displayName": "Sales", "members": []}),
    ],
)
def test_a_new_group_is_one_post(dialect: str, body: Any) -> None:
    made = requests(dialect, Action.CREATE, {}, {"displayName": "Sales"}, kind="group", target_id=None)
    assert made == [("POST", "/Groups", body)]


@pytest.mark.parametrize(
    ("dialect", "operation"),
    [
        (RFC, {"op": "replace", "path": "displayName", "value": "New"}),
        (ENTRA, {"op": "Replace", "path": "displayName", "value": "New"}),
        (ENTRA_2020, {"op": "replace", "path": "displayName", "value": "New"}),
        (OKTA_PATCH, {"op": "replace", "value": {"id": "t1", "displayName": "New"}}),
    ],
)
def test_a_group_is_renamed_in_one_operation(dialect: str, operation: Any) -> None:
    found = operations(dialect, {"displayName": "Old"}, {"displayName": "New"}, kind="group")
    assert found == [operation]


@pytest.mark.parametrize(
    ("dialect", "value"),
    [
        (RFC, [{"value": "u1"}, {"value": "u2"}]),
        (ENTRA, [{"$ref": None, "value": "u1"}, {"$ref": None, "value": "u2"}]),
        (ENTRA_2020, [{"$ref": None, "value": "u1"}, {"$ref": None, "value": "u2"}]),
        (OKTA_PATCH, [{"value": "u1"}, {"value": "u2"}]),
    ],
)
def test_members_are_added_as_a_list(dialect: str, value: Any) -> None:
    ((method, path, body),) = requests(dialect, Action.ADD_MEMBERS, {}, {"members": ["u1", "u2"]}, kind="group")
    assert (method, path) == ("PATCH", "/Groups/t1")
    op = "Add" if dialect == ENTRA else "add"
    assert body["Operations"] == [{"op": op, "path": "members", "value": value}]


@pytest.mark.parametrize(
    ("dialect", "expected"),
    [
        (
            RFC,
            [
                {"op": "remove", "path": 'members[value eq "u1"]'},
                {"op": "remove", "path": 'members[value eq "u\\"2"]'},
            ],
        ),
        (
            ENTRA,
            [
                {
                    "op": "Remove",
                    "path": "members",
                    "value": [{"$ref": None, "value": "u1"}, {"$ref": None, "value": 'u"2'}],
                }
            ],
        ),
        (
            ENTRA_2020,
            [
                {"op": "remove", "path": 'members[value eq "u1"]'},
                {"op": "remove", "path": 'members[value eq "u\\"2"]'},
            ],
        ),
    ],
)
def test_members_are_removed_one_by_one_or_as_a_list(dialect: str, expected: Any) -> None:
    ((_, _, body),) = requests(dialect, Action.REMOVE_MEMBERS, {"members": ["u1", 'u"2']}, {}, kind="group")
    assert body["Operations"] == expected


def test_okta_patch_repeats_the_name_with_members() -> None:
    ((_, _, body),) = requests(
        OKTA_PATCH, Action.ADD_MEMBERS, {}, {"members": ["u1"]}, kind="group", wrote={"displayName": "Sales"}
    )
    assert body["Operations"][0] == {"op": "replace", "value": {"displayName": "Sales"}}


def test_okta_put_shows_the_group_with_the_members_to_add() -> None:
    found = requests(
        OKTA_PUT, Action.ADD_MEMBERS, {}, {"members": ["u1"]}, kind="group", wrote={"displayName": "Sales"}
    )
    assert found == [
        (
            "PUT",
            "/Groups/t1",
            {"schemas": [CORE_GROUP], "id": "t1", "displayName": "Sales", "members": [{"value": "u1"}]},
        )
    ]


def test_ten_thousand_members_go_in_parts_of_a_hundred_and_never_as_a_whole() -> None:
    members = [f"u{n}" for n in range(10_001)]
    found = requests(RFC, Action.ADD_MEMBERS, {}, {"members": members}, kind="group")
    assert len(found) == 101
    assert {method for method, _, _ in found} == {"PATCH"}
    sent = [value["value"] for _, _, body in found for value in body["Operations"][0]["value"]]
    assert sent == members
    assert max(len(body["Operations"][0]["value"]) for _, _, body in found) == 100


def test_okta_put_renames_by_put() -> None:
    found = requests(OKTA_PUT, Action.UPDATE, {"displayName": "Old"}, {"displayName": "New"}, kind="group")
    assert found == [("PUT", "/Groups/t1", {"schemas": [CORE_GROUP], "id": "t1", "displayName": "New"})]


def test_okta_patch_removes_one_by_one_beside_the_name() -> None:
    ((_, _, body),) = requests(
        OKTA_PATCH, Action.REMOVE_MEMBERS, {"members": ["u1", "u2"]}, {}, kind="group", wrote={"displayName": "Sales"}
    )
    assert body["Operations"] == [
        {"op": "replace", "value": {"displayName": "Sales"}},
        {"op": "remove", "path": 'members[value eq "u1"]'},
        {"op": "remove", "path": 'members[value eq "u2"]'},
    ]


CALLED = {"u1": "kim@acme.example", "u3": "not asked for"}
SHOWN = [{"value": "u1", "display": "kim@acme.example"}, {"value": "u2"}]
PLAIN = [{"value": "u1"}, {"value": "u2"}]
EMPTY_REF = [{"$ref": None, "value": "u1"}, {"$ref": None, "value": "u2"}]


@pytest.mark.parametrize(
    ("dialect", "value"),
    [(RFC, PLAIN), (ENTRA, EMPTY_REF), (ENTRA_2020, EMPTY_REF), (OKTA_PATCH, SHOWN)],
)
def test_okta_shows_the_user_names_of_the_members_that_it_adds_where_they_are_known(dialect: str, value: Any) -> None:
    after = {"members": ["u1", "u2"]}
    ((_, _, body),) = requests(dialect, Action.ADD_MEMBERS, {}, after, kind="group", called=CALLED)
    assert body["Operations"][-1]["value"] == value


def test_okta_put_shows_the_user_names_too() -> None:
    after = {"members": ["u1", "u2"]}
    ((method, _, body),) = requests(OKTA_PUT, Action.ADD_MEMBERS, {}, after, kind="group", called=CALLED)
    assert (method, body["members"]) == ("PUT", SHOWN)


def test_a_removal_names_nobody() -> None:
    before = {"members": ["u1"]}
    ((_, _, body),) = requests(OKTA_PATCH, Action.REMOVE_MEMBERS, before, {}, kind="group", called=CALLED)
    assert body["Operations"] == [{"op": "remove", "path": 'members[value eq "u1"]'}]
