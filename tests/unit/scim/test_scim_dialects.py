"""For the same change the exact request of each dialect."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from connectors.scim.dialects import DIALECTS
from connectors.scim.knowledge import IGNORES_PATHLESS, first_facts
from connectors.scim.profiles import load_profile
from connectors.scim.requests import steps
from syncd.core.change import Action, Change, TargetFacts

GENERIC = load_profile("generic")
CORE = "urn:ietf:params:scim:schemas:core:2.0:User"
CORE_GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group"
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
CUSTOM = "urn:ietf:params:scim:schemas:extension:LambdaTest:2.0:User"
ENTRA_GROUP = "http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM/2.0/Group"
PATCH_OP = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
NUMBER = f"{ENTERPRISE}:employeeNumber"
MANAGER = f"{ENTERPRISE}:manager"
WORK = 'emails[type eq "work"].value'

RFC, ENTRA, ENTRA_2020, OKTA_PUT, OKTA_PATCH = "rfc7644", "entra", "entra-2020", "okta-put", "okta-patch"


def requests(
    dialect: str,
    action: Action,
    before: Mapping[str, Any],
    after: Mapping[str, Any],
    *,
    kind: str = "user",
    target_id: str | None = "t1",
    wrote: Mapping[str, Any] | None = None,
    facts: TargetFacts | None = None,
) -> list[tuple[str, str, Any]]:
    change = Change(
        action=action,
        kind=kind,  # type: ignore[arg-type]
        source_id="s",
        target_id=target_id,
        name="n",
        before=before,
        after=after,
        why="",
    )
    words = DIALECTS[dialect]  # type: ignore[index]
    found = steps(change, wrote or {}, words, facts or first_facts(GENERIC, words), GENERIC)
    return [(step.request.method, step.request.path, step.request.body) for step in found]


def operations(dialect: str, before: Mapping[str, Any], after: Mapping[str, Any], **more: Any) -> list[Any]:
    ((method, path, body),) = requests(dialect, Action.UPDATE, before, after, **more)
    assert (method, path) == ("PATCH", "/Users/t1" if more.get("kind", "user") == "user" else "/Groups/t1")
    assert body["schemas"] == [PATCH_OP]
    return list(body["Operations"])


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


@pytest.mark.parametrize(
    ("target_id", "path"),
    [
        ("a b@c.example", "/Users/a%20b%40c.example"),
        ("../Groups/1", "/Users/..%2FGroups%2F1"),
        ("..", "/Users/%2E%2E"),
        ("ü?x=1#y", "/Users/%C3%BC%3Fx%3D1%23y"),
    ],
)
def test_an_id_is_one_segment_of_the_path(target_id: str, path: str) -> None:
    assert requests(RFC, Action.DELETE, {}, {}, target_id=target_id) == [("DELETE", path, None)]


def test_a_server_without_patch_gets_a_put() -> None:
    found = requests(RFC, Action.UPDATE, {"title": "a"}, {"title": "b"}, facts=TargetFacts(patch=False))
    assert [method for method, _, _ in found] == ["PUT"]


def test_an_adoption_without_differences_sends_nothing() -> None:
    assert requests(RFC, Action.ADOPT, {}, {}) == []
