"""Okta's records as the source's records: what counts as enabled, assigned, odd."""

from __future__ import annotations

import pytest

from connectors.okta.assignments import ASSIGNED, NOT_ASSIGNED, group_assignment, role, user_assignment
from connectors.okta.groups import membership, source_group
from connectors.okta.oddities import Odd, Oddities, without_unstorable
from connectors.okta.users import source_user
from syncd.core.model import Assignment, Json, Membership


def raw_user(**more: Json) -> dict[str, Json]:
    return {
        "id": "00u1",
        "status": "ACTIVE",
        "lastUpdated": "2026-03-02T11:15:00.000Z",
        "type": {"id": "oty1"},
        "profile": {
            "login": "kim@acme.example",
            "secondEmail": None,
            "nickName": "",
            "sites": ["OSL", "BER"],
            "age": 7,
        },
        "credentials": {"provider": {"type": "OKTA", "name": "OKTA"}},
        "_links": {"self": {"href": "https://acme.okta.example/api/v1/users/00u1"}},
        **more,
    }


def raw_app_user(**more: Json) -> dict[str, Json]:
    return {
        "id": "00u1",
        "externalId": "scim-7f31",
        "scope": "GROUP",
        "status": "PROVISIONED",
        "syncState": "SYNCHRONIZED",
        "credentials": {"userName": "kim.berg"},
        "profile": {"role": "editor", "givenName": "Kim"},
        "_links": {"group": {"name": "Sales", "href": "https://acme.okta.example/api/v1/groups/00g7"}},
        **more,
    }


@pytest.mark.parametrize(
    ("status", "enabled"),
    [
        ("STAGED", True),
        ("PROVISIONED", True),
        ("ACTIVE", True),
        ("RECOVERY", True),
        ("PASSWORD_EXPIRED", True),
        ("LOCKED_OUT", True),
        ("SUSPENDED", True),
        ("DEPROVISIONED", False),
    ],
)
def test_user_status_decides_whether_someone_is_enabled(status: str, enabled: bool) -> None:
    assert source_user(raw_user(status=status), deactivate_suspended=False).enabled is enabled


def test_a_suspended_user_is_disabled_where_the_settings_say_so() -> None:
    assert not source_user(raw_user(status="SUSPENDED"), deactivate_suspended=True).enabled
    assert source_user(raw_user(status="LOCKED_OUT"), deactivate_suspended=True).enabled


@pytest.mark.parametrize(("pending", "enabled"), [("DEPROVISIONED", False), ("ACTIVE", True), ("PROVISIONED", True)])
def test_a_pending_deactivation_counts_as_done(pending: str, enabled: bool) -> None:
    assert source_user(raw_user(transitioningToStatus=pending), deactivate_suspended=False).enabled is enabled


def test_attributes_are_okta_s_own_less_credentials_and_links() -> None:
    user = source_user(raw_user(), deactivate_suspended=False)
    assert set(user.attributes) == {"id", "status", "lastUpdated", "type", "profile", "transitioningToStatus"}
    assert user.attributes["profile"]["secondEmail"] is None
    assert user.attributes["profile"]["nickName"] == ""
    assert user.attributes["profile"]["sites"] == ["OSL", "BER"]
    assert user.attributes["profile"]["age"] == 7


@pytest.mark.parametrize(
    ("record", "why"),
    [
        (raw_user(status="HIBERNATED"), "unknown status 'HIBERNATED'"),
        (raw_user(status=None), "unknown status 'None'"),
        (raw_user(status={"a": 1}), "unknown status \"{'a': 1}\""),
        (raw_user(profile=None), "no profile"),
        (raw_user(profile=["x"]), "no profile"),
        (raw_user(id=None), "no usable id"),
        (raw_user(id=""), "no usable id"),
        (raw_user(id="../apps"), "no usable id"),
        (None, "not an object"),
        ("00u1", "not an object"),
        ([], "not an object"),
    ],
)
def test_an_odd_user_is_named_with_its_reason(record: Json, why: str) -> None:
    with pytest.raises(Odd) as odd:
        source_user(record, deactivate_suspended=False)
    assert str(odd.value).startswith(why)


def test_unusual_profile_values_are_no_reason_to_refuse_a_user() -> None:
    profile = {"login": "bob", "firstName": "", "lastName": "x" * 60, "countryCode": "USA"}
    assert source_user(raw_user(profile=profile), deactivate_suspended=False).attributes["profile"] == profile


@pytest.mark.parametrize("status", sorted(ASSIGNED))
def test_app_user_with_this_status_is_assigned(status: str) -> None:
    assert user_assignment(raw_app_user(status=status)) is not None


@pytest.mark.parametrize("status", sorted(NOT_ASSIGNED))
def test_app_user_with_this_status_is_not_assigned(status: str) -> None:
    assert user_assignment(raw_app_user(status=status)) is None


@pytest.mark.parametrize("status", ["HIBERNATED", None, 7])
def test_app_user_with_an_unknown_status_is_odd(status: Json) -> None:
    with pytest.raises(Odd, match="unknown assignment status"):
        user_assignment(raw_app_user(status=status))


def test_an_app_user_becomes_an_assignment_with_profile_role_and_group() -> None:
    assert user_assignment(raw_app_user()) == Assignment(
        id="user:00u1",
        principal_id="00u1",
        principal_kind="user",
        role="editor",
        attributes={
            "profile": {"role": "editor", "givenName": "Kim"},
            "userName": "kim.berg",
            "externalId": "scim-7f31",
            "status": "PROVISIONED",
            "syncState": "SYNCHRONIZED",
            "scope": "GROUP",
        },
        through="Sales (00g7)",
    )


def test_a_direct_assignment_names_no_group() -> None:
    assignment = user_assignment(raw_app_user(scope="USER"))
    assert assignment is not None
    assert assignment.through is None


def test_an_app_user_without_profile_and_credentials_is_assigned_all_the_same() -> None:
    assignment = user_assignment({"id": "00u1", "status": "ACTIVE", "scope": "USER"})
    assert assignment is not None
    assert (assignment.role, assignment.attributes["profile"], assignment.attributes["userName"]) == (None, {}, None)


@pytest.mark.parametrize(
    ("profile", "expected"),
    [
        ({"role": "Admin"}, "Admin"),
        ({"role": "", "roles": ["User", "Guest"]}, "User"),
        ({"roles": ["User", "Guest"]}, "User"),
        ({"roles": []}, None),
        ({"roles": "User"}, None),
        ({"role": 7}, None),
        ({}, None),
    ],
)
def test_the_role_is_the_profile_s_role_or_the_first_of_its_roles(
    profile: dict[str, Json], expected: str | None
) -> None:
    assert role(profile) == expected


def test_an_assigned_group_keeps_profile_and_priority() -> None:
    row = group_assignment({"id": "00g7", "priority": 3, "profile": {"roles": ["editor"]}, "lastUpdated": "2026"})
    assert (row.id, row.principal_kind, row.role) == ("group:00g7", "group", "editor")
    assert row.attributes == {"profile": {"roles": ["editor"]}, "priority": 3}


def test_a_group_keeps_its_source_and_loses_its_links() -> None:
    group = source_group(
        {"id": "00g7", "type": "APP_GROUP", "source": {"id": "0oa9"}, "profile": {"name": "Sales"}, "_links": {}}
    )
    assert group.attributes == {
        "id": "00g7",
        "type": "APP_GROUP",
        "source": {"id": "0oa9"},
        "profile": {"name": "Sales"},
    }


@pytest.mark.parametrize("profile", [None, {}, {"name": ""}, {"name": 7}])
def test_a_group_without_a_name_is_odd(profile: Json) -> None:
    with pytest.raises(Odd, match="no name"):
        source_group({"id": "00g7", "profile": profile})


@pytest.mark.parametrize("status", ["ACTIVE", "DEPROVISIONED"])
def test_whoever_is_listed_is_a_member_whatever_the_status(status: str) -> None:
    assert membership("00g7", {"id": "00u1", "status": status}) == Membership(group_id="00g7", member_id="00u1")


def test_a_record_that_no_json_can_hold_is_reduced_to_its_id() -> None:
    assert without_unstorable([{"id": "00u1", "profile": {"login": "\ud800"}}, {"id": "00u2"}, "\udfff", 7]) == [
        {"id": "00u1"},
        {"id": "00u2"},
        {"id": None},
        7,
    ]


def test_warnings_are_bounded_and_count_goes_on() -> None:
    oddities = Oddities()
    for n in range(1000):
        oddities.note("user", f"00u{n}", "no profile")
    assert len(oddities.warnings) == 200
    assert oddities.count == 1000
    assert oddities.warnings[0] == "user 00u0: no profile; its last known state is kept"
