"""For the same change of an account the exact request of each dialect."""

from __future__ import annotations

from typing import Any

import pytest

from syncd.core.change import Action, TargetFacts
from tests.unit.scim.dialect_requests import (
    CORE,
    CUSTOM,
    ENTERPRISE,
    ENTRA,
    ENTRA_2020,
    NUMBER,
    OKTA_PATCH,
    OKTA_PUT,
    PATCH_OP,
    RFC,
    WORK,
    operations,
    requests,
)

PERSON = {
    "userName": "adele@contoso.example",
    "externalId": "u-1",
    "active": True,
    "name.givenName": "Adele",
    "name.familyName": "Vance",
    WORK: "adele@contoso.example",
    f"{CUSTOM}:OrganizationRole": "Admin",
    NUMBER: None,
}
CREATED = {
    "userName": "adele@contoso.example",
    "externalId": "u-1",
    "active": True,
    "name": {"givenName": "Adele", "familyName": "Vance"},
    "emails": [{"type": "work", "value": "adele@contoso.example"}],
    CUSTOM: {"OrganizationRole": "Admin"},
}


@pytest.mark.parametrize(
    ("dialect", "body"),
    [
        (RFC, {"schemas": [CORE, CUSTOM], **CREATED}),
        (ENTRA, {"schemas": [CORE, ENTERPRISE], **CREATED, "meta": {"resourceType": "User"}, "roles": []}),
        (ENTRA_2020, {"schemas": [CORE, ENTERPRISE], **CREATED, "meta": {"resourceType": "User"}, "roles": []}),
        (OKTA_PUT, {"schemas": [CORE, CUSTOM], **CREATED, "groups": []}),
        (OKTA_PATCH, {"schemas": [CORE, CUSTOM], **CREATED, "groups": []}),
    ],
)
def test_a_new_user_is_one_post(dialect: str, body: Any) -> None:
    assert requests(dialect, Action.CREATE, {}, PERSON, target_id=None) == [("POST", "/Users", body)]


@pytest.mark.parametrize(
    ("dialect", "operation"),
    [
        (RFC, {"op": "replace", "path": "active", "value": False}),
        (ENTRA, {"op": "Replace", "path": "active", "value": "False"}),
        (ENTRA_2020, {"op": "replace", "path": "active", "value": False}),
        (OKTA_PATCH, {"op": "replace", "value": {"active": False}}),
    ],
)
def test_an_account_is_disabled_in_one_operation(dialect: str, operation: Any) -> None:
    ((method, path, body),) = requests(dialect, Action.DEACTIVATE, {"active": True}, {"active": False})
    assert (method, path) == ("PATCH", "/Users/t1")
    assert body == {"schemas": [PATCH_OP], "Operations": [operation]}


def test_entra_2020_keeps_active_apart_from_other_attributes() -> None:
    before = {"active": False, "title": "x", "displayName": "y"}
    assert operations(ENTRA_2020, before, {"active": True, "title": "a", "displayName": "b"}) == [
        {"op": "replace", "path": "active", "value": True},
        {"op": "replace", "value": {"title": "a", "displayName": "b"}},
    ]


@pytest.mark.parametrize("dialect", [OKTA_PUT, OKTA_PATCH])
def test_okta_puts_the_whole_profile(dialect: str) -> None:
    wrote = {"userName": "a@b.example", "displayName": "A"}
    assert requests(dialect, Action.UPDATE, {"displayName": "A"}, {"displayName": "B"}, wrote=wrote) == [
        ("PUT", "/Users/t1", {"schemas": [CORE], "id": "t1", "userName": "a@b.example", "displayName": "B"})
    ]


def test_okta_put_deactivates_by_put() -> None:
    assert requests(OKTA_PUT, Action.DEACTIVATE, {"active": True}, {"active": False}) == [
        ("PUT", "/Users/t1", {"schemas": [CORE], "id": "t1", "active": False})
    ]


def test_okta_patch_reactivates_by_patch_and_then_puts_the_profile() -> None:
    before, after = {"active": False, "title": "a"}, {"active": True, "title": "b"}
    first, second = requests(OKTA_PATCH, Action.REACTIVATE, before, after)
    assert first[0] == "PATCH"
    assert first[2]["Operations"] == [{"op": "replace", "value": {"active": True}}]
    assert second[0] == "PUT"


def test_a_server_without_patch_gets_a_put() -> None:
    found = requests(RFC, Action.UPDATE, {"title": "a"}, {"title": "b"}, facts=TargetFacts(patch=False))
    assert [method for method, _, _ in found] == ["PUT"]


def test_an_adoption_without_differences_sends_nothing() -> None:
    assert requests(RFC, Action.ADOPT, {}, {}) == []


@pytest.mark.parametrize(
    ("dialect", "operation"),
    [
        (RFC, {"op": "replace", "path": "active", "value": True}),
        (ENTRA, {"op": "Replace", "path": "active", "value": "True"}),
        (ENTRA_2020, {"op": "replace", "path": "active", "value": True}),
        (OKTA_PATCH, {"op": "replace", "value": {"active": True}}),
    ],
)
def test_an_account_is_enabled_in_one_operation(dialect: str, operation: Any) -> None:
    ((method, path, body),) = requests(dialect, Action.REACTIVATE, {"active": False}, {"active": True})
    assert (method, path) == ("PATCH", "/Users/t1")
    assert body == {"schemas": [PATCH_OP], "Operations": [operation]}


@pytest.mark.parametrize("dialect", [RFC, ENTRA, ENTRA_2020, OKTA_PUT, OKTA_PATCH])
def test_a_deletion_is_the_same_in_every_dialect(dialect: str) -> None:
    assert requests(dialect, Action.DELETE, {}, {}) == [("DELETE", "/Users/t1", None)]
    assert requests(dialect, Action.DELETE, {}, {}, kind="group") == [("DELETE", "/Groups/t1", None)]


def test_okta_put_reactivates_with_the_profile_in_one_put() -> None:
    wrote = {"userName": "a@b.example", "active": False}
    before, after = {"active": False, "title": "a"}, {"active": True, "title": "b"}
    ((method, path, body),) = requests(OKTA_PUT, Action.REACTIVATE, before, after, wrote=wrote)
    assert (method, path) == ("PUT", "/Users/t1")
    assert body == {"schemas": [CORE], "id": "t1", "userName": "a@b.example", "active": True, "title": "b"}
