"""Rows of an attribute mapping, rule by rule."""

from __future__ import annotations

from typing import Any

import pytest

from syncd.core.attribute_type import AttributeType, Mutability
from syncd.core.defaults import DEFAULT_MAPPINGS
from syncd.core.expression import IgnoreObject
from syncd.core.mapping import MappingError, compile_mapping
from syncd.core.vocabulary import UnknownAttribute, vocabulary
from tests.unit.core.build import CONTEXT, DEPARTMENT, MANAGER, WORK, entry, mapping, value

ROLE = "urn:acme:2.0:User:role"
LOGIN = ("userName", "userPrincipalName")


# --- where a value comes from -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("row", "given", "result"),
    [
        ({"source": "jobTitle"}, {"jobTitle": "Lead"}, "Lead"),
        ({"source": "jobTitle"}, {"jobTitle": None}, None),
        ({"source": "jobTitle"}, {}, None),
        ({"source": "jobTitle"}, {"jobTitle": ""}, None),
        ({"source": "accountEnabled"}, {"accountEnabled": True}, "True"),
        ({"source": "otherMails"}, {"otherMails": ["a"]}, "a"),
        ({"source": "otherMails"}, {"otherMails": []}, None),
        ({"constant": "Staff"}, {}, "Staff"),
        ({"constant": 5}, {}, "5"),
        ({"constant": ""}, {}, None),
        ({"expression": 'Join(" ", [givenName], [surname])'}, {"givenName": "A", "surname": "B"}, "A B"),
        ({"expression": 'Join("", [givenName])'}, {}, None),
        ({"expression": '""'}, {}, None),
        ({"source": "jobTitle", "default": "Staff"}, {"jobTitle": "Lead"}, "Lead"),
        ({"source": "jobTitle", "default": "Staff"}, {}, "Staff"),
        ({"source": "jobTitle", "default": "Staff"}, {"jobTitle": ""}, "Staff"),
        ({"expression": "[jobTitle]", "default": 7}, {}, "7"),
        ({"source": "otherMails", "default": "none"}, {"otherMails": ["", None]}, "none"),
        ({"source": "jobTitle", "when_empty": "keep"}, {}, "absent"),
        ({"source": "jobTitle", "when_empty": "keep"}, {"jobTitle": "Lead"}, "Lead"),
        ({"source": "jobTitle", "when_empty": "keep", "default": "Staff"}, {}, "Staff"),
        ({"expression": "IgnoreAttributeFlow"}, {}, "absent"),
        ({"expression": "IgnoreFlowIfNullOrEmpty([jobTitle])", "default": "Staff"}, {}, "absent"),
        ({"source": "jobTitle", "allowed": ["Lead", "Staff"]}, {"jobTitle": "Lead"}, "Lead"),
        ({"source": "jobTitle", "allowed": ["Lead"]}, {}, None),
        ({"source": "employeeId", "allowed": [1, 2]}, {"employeeId": "2"}, "2"),
        ({"source": "accountEnabled", "allowed": [True]}, {"accountEnabled": True}, "True"),
    ],
)  # fmt: skip
def test_a_row_gives_its_value(row: dict[str, Any], given: dict[str, Any], result: Any) -> None:
    assert value({"target": "title", **row}, **given) == result


@pytest.mark.parametrize(
    ("type_", "row", "given", "result"),
    [
        (AttributeType(type="boolean"), {"expression": "[jobTitle]"}, {"jobTitle": "False"}, False),
        (AttributeType(type="boolean"), {"source": "accountEnabled"}, {"accountEnabled": False}, False),
        (AttributeType(type="boolean"), {"constant": "True"}, {}, True),
        (AttributeType(type="boolean", multi=True), {"constant": "True"}, {}, [True]),
        (AttributeType(type="boolean"), {"constant": "True", "allowed": ["True"]}, {}, True),
        (AttributeType(type="integer"), {"source": "employeeId"}, {"employeeId": "42"}, 42),
        (AttributeType(type="dateTime"), {"expression": "Now()"}, {}, "2026-01-31T08:00:00Z"),
        (AttributeType(type="dateTime"), {"expression": "CStr(Now())"}, {}, "2026-01-31T08:00:00Z"),
        (AttributeType(multi=True), {"source": "jobTitle"}, {"jobTitle": "one"}, ["one"]),
        (AttributeType(multi=True), {"expression": 'Split([jobTitle], ",")'}, {"jobTitle": "b,a,b"}, ["a", "b"]),
        (AttributeType(multi=True), {"constant": ["x", ""], "allowed": ["x"]}, {}, ["x"]),
    ],
)
def test_a_value_takes_the_type_that_the_target_announces(
    type_: AttributeType, row: dict[str, Any], given: dict[str, Any], result: Any
) -> None:
    assert value({"target": ROLE, **row}, type_, **given) == result


def test_without_a_known_type_a_value_goes_as_it_is() -> None:
    assert value({"target": ROLE, "constant": True}) is True
    assert value({"target": ROLE, "constant": [2, 1]}) == [1, 2]
    assert value({"target": ROLE, "source": "otherMails"}, otherMails=["b", "a"]) == ["a", "b"]
    assert value({"target": ROLE, "expression": "Not([accountEnabled])"}, accountEnabled=True) is False


@pytest.mark.parametrize("path", ["emails", "roles", "phoneNumbers"])
def test_a_list_of_texts_becomes_elements_of_a_standard_list(path: str) -> None:
    assert value({"target": path, "source": "otherMails"}, otherMails=["b", "a"]) == [{"value": "a"}, {"value": "b"}]


def test_all_roles_flow_as_elements() -> None:
    found = mapping(
        LOGIN, {"target": "roles", "expression": "AssertiveAppRoleAssignmentsComplex([appRoleAssignments])"}
    )
    roles = found.desired(entry(roles=["User", "Admin"]), CONTEXT).values["roles"]
    assert [role["value"] for role in roles] == ["Admin", "User"]
    assert found.desired(entry(), CONTEXT).values["roles"] is None


# --- what is wrong with one value fails one object, and says where ----------------------------------------------------


@pytest.mark.parametrize(
    ("row", "given", "text"),
    [
        (
            {"target": "title", "expression": 'Left([jobTitle], "x")'},
            {"jobTitle": "Lead"},
            'title from Left([jobTitle], "x"), column 1: Left: numChars must be a whole number and is "x"',
        ),
        (
            {"target": "active", "source": "jobTitle"},
            {"jobTitle": "Lead"},
            "active from [jobTitle]: 'Lead' is no Boolean (True or False is expected)",
        ),
        (
            {"target": "title", "source": "otherMails"},
            {"otherMails": ["a", "b"]},
            "title from [otherMails]: 2 values, one is expected; take one with Item, or Join them",
        ),
        (
            {"target": "title", "source": "jobTitle", "allowed": ["User", "Admin"]},
            {"jobTitle": "admin"},
            "title from [jobTitle]: 'admin' is not allowed; expected one of: Admin, User",
        ),
        (
            {"target": ROLE, "source": "otherMails", "allowed": ["a"]},
            {"otherMails": ["a", "b"]},
            f"{ROLE} from [otherMails]: 'b' is not allowed; expected one of: a",
        ),
        (
            {"target": "active", "constant": "maybe"},
            {},
            "active from constant 'maybe': 'maybe' is no Boolean (True or False is expected)",
        ),
        (
            {"target": MANAGER, "source": "manager"},
            {"manager": ["m1", "m2"]},
            f"{MANAGER} from [manager]: a list, the id of one user at the source is expected",
        ),
    ],
)
def test_an_error_names_job_attribute_origin_column_and_what_was_expected(
    row: dict[str, Any], given: dict[str, Any], text: str
) -> None:
    with pytest.raises(MappingError) as caught:
        mapping(row).desired(entry(**given), CONTEXT)
    assert str(caught.value) == (
        f"Job wiki: {text}. Correct the mapping, or the value at the source, then run: syncd explain NAME"
    )


@pytest.mark.parametrize(
    "row",
    [
        {"target": "active", "expression": "Redact([jobTitle])"},
        {"target": "title", "expression": "Redact([jobTitle])", "allowed": ["x"]},
        {"target": "title", "expression": "Redact(Left([jobTitle], [jobTitle]))"},
        {"target": "active", "expression": 'IIF(IsNull(Redact("s3cret")), "x", [jobTitle])'},
        {"target": "title", "expression": 'Redact("s3cret")', "allowed": ["x"]},
        {
            "target": "title",
            "expression": 'Join(Redact("s3cret" & "s3cret"), Split([jobTitle], "c"))',
            "allowed": ["x"],
        },
    ],
)
def test_no_error_shows_a_redacted_value(row: dict[str, Any]) -> None:
    with pytest.raises(MappingError) as caught:
        mapping(row).desired(entry(jobTitle="s3cret"), CONTEXT)
    assert "s3cret" not in str(caught.value)
    assert row["target"] in str(caught.value)


def test_redacted_paths_are_known() -> None:
    found = mapping(LOGIN, {"target": "title", "expression": "Redact([jobTitle])"})
    assert found.redacted == {"title"}
    assert found.desired(entry(jobTitle="x"), CONTEXT).redacted == {"title"}
    assert [row.redacts for row in found.rows] == [False, True]


def test_an_object_can_ask_to_be_left_alone() -> None:
    row = {"target": "title", "expression": 'IIF([jobTitle]="x", IgnoreObjectFlow, [jobTitle])'}
    with pytest.raises(IgnoreObject):
        mapping(row).desired(entry(jobTitle="x"), CONTEXT)
    assert value(row, jobTitle="y") == "y"


def test_an_unknown_source_attribute_is_refused_when_compiling() -> None:
    with pytest.raises(UnknownAttribute):
        mapping(("title", "jobtitle"))


# --- places -----------------------------------------------------------------------------------------------------------


def test_an_element_without_a_part_means_its_value_and_letter_case_of_a_path_means_nothing() -> None:
    found = mapping(('EMAILS[type eq "work"]', "mail"), match=['emails[Type eq "work"]'])
    assert found.desired(entry(mail="a"), CONTEXT).values == {WORK: "a"}
    assert found.match == (WORK,)


def test_what_describes_an_element_goes_with_its_value() -> None:
    primary = 'emails[type eq "home"].primary'
    mail = 'emails[type eq "home"].value'
    for rows in (
        [(mail, "mail"), {"target": primary, "constant": True}],
        [{"target": primary, "constant": "True"}, (mail, "mail")],
    ):
        found = mapping(*rows)
        assert found.desired(entry(mail="a"), CONTEXT).values == {primary: True, mail: "a"}
        assert found.desired(entry(), CONTEXT).values == {primary: None, mail: None}
    alone = mapping({"target": primary, "constant": True})
    assert alone.desired(entry(), CONTEXT).values == {primary: True}
    kept = mapping({"target": mail, "source": "mail", "when_empty": "keep"}, {"target": primary, "constant": True})
    assert kept.desired(entry(), CONTEXT).values == {primary: True}


def test_values_come_in_the_order_of_their_rows() -> None:
    rows = [
        {"target": "title", "expression": "[jobTitle]"},
        ("displayName", "displayName"),
        {"target": "active", "expression": 'Switch([IsSoftDeleted], , "False", "True", "True", "False")'},
        ("userName", "userPrincipalName"),
    ]
    for order in (rows, rows[::-1]):
        found = mapping(*order).desired(entry(), CONTEXT).values
        assert list(found) == [
            row[0] if isinstance(row, tuple) else row["target"] for row in order if "userName" not in row
        ]


def test_a_manager_is_a_reference_by_source_id() -> None:
    found = mapping(LOGIN, (MANAGER, "manager"))
    one = found.desired(entry(userPrincipalName="jane", manager="m1"), CONTEXT)
    assert one.references == {MANAGER: "m1"}
    assert MANAGER not in one.values
    assert found.desired(entry(), CONTEXT).references == {MANAGER: None}
    keeping = mapping({"target": MANAGER, "source": "manager", "when_empty": "keep"})
    assert keeping.desired(entry(), CONTEXT).references == {}


def test_members_are_no_values() -> None:
    rows = [("displayName", "displayName"), ("members", "members")]
    found = mapping(*rows, kind="group", match=["displayName"])
    assert found.writes_members
    assert found.paths == {"displayName"}
    assert "members" in found.attributes
    assert not mapping(rows[0], kind="group").writes_members
    assert not mapping({"target": "members", "constant": "x"}, kind="group").writes_members


# --- create, leave, need ----------------------------------------------------------------------------------------------


def test_rows_written_once_are_told_apart() -> None:
    once = {"target": "title", "source": "jobTitle", "apply": "on-create"}
    assert mapping(once, LOGIN).desired(entry(), CONTEXT).on_create == {"title"}
    product = mapping(LOGIN, ("externalId", "mailNickname"), on_create=frozenset({"externalId"}))
    assert product.desired(entry(), CONTEXT).on_create == {"externalId"}


def test_leaving_writes_the_rows_that_use_is_soft_deleted_and_nothing_else() -> None:
    found = mapping(
        LOGIN,
        {"target": "active", "expression": "Not([IsSoftDeleted])"},
        {"target": ROLE, "source": "IsSoftDeleted"},
        {"target": "title", "expression": 'Error("never asked")'},
    )
    left = found.leaving(entry(enabled=False, userPrincipalName="jane"), CONTEXT)
    assert left.values == {"active": False, ROLE: True}
    assert not left.active


def test_what_the_product_or_the_target_needs_is_missed() -> None:
    found = mapping(
        LOGIN, ("title", "jobTitle"), ("name.givenName", "givenName"), required=["name", "title", "nickName"]
    )
    assert found.missing(found.desired(entry(), CONTEXT)) == ["name", "nickName", "title", "userName"]
    whole = entry(userPrincipalName="jane", jobTitle="Lead", givenName="Jane")
    assert found.missing(found.desired(whole, CONTEXT)) == ["nickName"]


def test_what_the_target_announces_as_required_counts_where_a_row_writes_it() -> None:
    needs = {name: AttributeType(required=True) for name in ("emails", "displayname", "locale", "emails.value")}
    types = {**needs, "meta": AttributeType(required=True, mutability="readOnly")}
    found = mapping(LOGIN, (WORK, "mail"), ("displayName", "displayName"), types=types)
    assert found.missing(found.desired(entry(userPrincipalName="jane"), CONTEXT)) == ["displayName", "emails"]
    assert found.missing(found.desired(entry(userPrincipalName="jane", mail="a", displayName="J"), CONTEXT)) == []
    assert found.unmapped == ("locale",)


def test_the_first_match_attribute_is_missed_only_if_no_other_has_a_value() -> None:
    rows = [("externalId", "mailNickname"), (WORK, "mail"), ("displayName", "displayName")]
    found = mapping(*rows, match=["externalId", WORK])
    assert found.missing(found.desired(entry(displayName="x"), CONTEXT)) == ["externalId"]
    assert found.missing(found.desired(entry(mail="a"), CONTEXT)) == []


def test_a_required_value_that_is_gone_leaves_the_target_as_it_is() -> None:
    types = {"displayname": AttributeType(required=True)}
    found = mapping(LOGIN, ("displayName", "displayName"), ("title", "jobTitle"), types=types)
    assert found.desired(entry(), CONTEXT).values == {"title": None}


@pytest.mark.parametrize(
    ("path", "mutability", "written"),
    [
        ("title", "readOnly", False),
        ("title", "immutable", True),
        ("title", "writeOnly", True),
        ("userName", "readOnly", True),
        ("active", "readOnly", True),
        ("externalId", "readOnly", True),
    ],
)
def test_what_nobody_may_write_is_left_out_unless_nothing_would_be_left(
    path: str, mutability: Mutability, written: bool
) -> None:
    types = {path.lower(): AttributeType(mutability=mutability)}
    found = mapping((path, "displayName"), types=types, match=["externalId"])
    assert (path in found.paths) is written
    assert found.read_only == (() if written else (path,))


# --- the mappings that hold where none are configured -----------------------------------------------------------------


def test_the_default_mapping_of_entra_has_its_twenty_two_rows() -> None:
    rows = DEFAULT_MAPPINGS["graph", "user"]
    assert len(rows) == len({row.target for row in rows}) == 22
    found = compile_mapping(rows, vocabulary=vocabulary("graph", "user"), match=["userName"])
    one = found.desired(
        entry(
            userPrincipalName="jane@contoso.com", displayName="Jane Doe", jobTitle="Lead", mail="jane@contoso.com",
            preferredLanguage="no", givenName="Jane", surname="Doe", officeLocation="12", streetAddress="Gata 1",
            city="Oslo", state="O", postalCode="0150", country="NO", businessPhones=["+47 1", "+47 2"],
            mobilePhone="+47 3", faxNumber="+47 4", mailNickname="jane", employeeId="7", department="Sales", manager="m1",
        ),
        CONTEXT,
    )  # fmt: skip
    assert one.values == {
        "userName": "jane@contoso.com",
        "active": True,
        "displayName": "Jane Doe",
        "title": "Lead",
        WORK: "jane@contoso.com",
        "preferredLanguage": "no",
        "name.givenName": "Jane",
        "name.familyName": "Doe",
        "name.formatted": "Jane Doe",
        'addresses[type eq "work"].formatted': "12",
        'addresses[type eq "work"].streetAddress': "Gata 1",
        'addresses[type eq "work"].locality': "Oslo",
        'addresses[type eq "work"].region': "O",
        'addresses[type eq "work"].postalCode': "0150",
        'addresses[type eq "work"].country': "NO",
        'phoneNumbers[type eq "work"].value': "+47 1",
        'phoneNumbers[type eq "mobile"].value': "+47 3",
        'phoneNumbers[type eq "fax"].value': "+47 4",
        "externalId": "jane",
        DEPARTMENT.replace("department", "employeeNumber"): "7",
        DEPARTMENT: "Sales",
    }
    assert one.references == {MANAGER: "m1"}
    empty = found.desired(entry(), CONTEXT)
    assert {path for path, seen in empty.values.items() if seen is not None} == {"active"}


@pytest.mark.parametrize("source", ["graph", "okta"])
def test_disabled_people_are_inactive_by_default(source: Any) -> None:
    found = compile_mapping(DEFAULT_MAPPINGS[source, "user"], vocabulary=vocabulary(source, "user"), match=["userName"])
    assert found.desired(entry(), CONTEXT).active
    assert not found.desired(entry(enabled=False), CONTEXT).active
    assert found.leaving(entry(enabled=False), CONTEXT).values == {"active": False}


@pytest.mark.parametrize("source", ["graph", "okta"])
def test_groups_bring_name_id_and_members_by_default(source: Any) -> None:
    found = compile_mapping(
        DEFAULT_MAPPINGS[source, "group"], vocabulary=vocabulary(source, "group"), match=["displayName"]
    )
    given = {"displayName": "Eng", "id": "g1"} if source == "graph" else {"profile": {"name": "Eng"}, "id": "g1"}
    assert found.desired(entry("group", **given), CONTEXT).values["displayName"] == "Eng"
    assert found.writes_members
