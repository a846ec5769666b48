"""SCIM attribute paths, and values under them."""

from __future__ import annotations

from typing import Any

import pytest

from syncd.core.attributes import (
    ENTERPRISE_SCHEMA,
    USER_SCHEMA,
    AttributePath,
    PathError,
    assemble,
    overlap,
    parse_path,
    place,
    quote,
    read,
)

CUSTOM = "urn:ietf:params:scim:schemas:extension:LambdaTest:2.0:User"


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("userName", AttributePath("userName")),
        ("name.givenName", AttributePath("name", sub="givenName")),
        ("  title ", AttributePath("title")),
        ('emails[type eq "work"].value', AttributePath("emails", key="type", value="work", sub="value")),
        ('emails[type eq "home"].primary', AttributePath("emails", key="type", value="home", sub="primary")),
        ("emails[primary eq true].value", AttributePath("emails", key="primary", value=True, sub="value")),
        ('roles[primary eq "True"].value', AttributePath("roles", key="primary", value="True", sub="value")),
        ("slots[order eq -7].value", AttributePath("slots", key="order", value=-7, sub="value")),
        ('addresses[ type  eq "work" ].locality', AttributePath("addresses", key="type", value="work", sub="locality")),
        (f"{USER_SCHEMA}:userName", AttributePath("userName")),
        (f"{ENTERPRISE_SCHEMA}:department", AttributePath("department", ENTERPRISE_SCHEMA)),
        (f"{ENTERPRISE_SCHEMA}:manager.value", AttributePath("manager", ENTERPRISE_SCHEMA, sub="value")),
        (f"{CUSTOM}:OrganizationRole", AttributePath("OrganizationRole", CUSTOM)),
        (f'{CUSTOM}:tags[type eq "a:b"].value', AttributePath("tags", CUSTOM, key="type", value="a:b", sub="value")),
        ("$ref", AttributePath("$ref")),
    ],
)
def test_a_path_is_read(text: str, path: AttributePath) -> None:
    assert parse_path(text) == path


@pytest.mark.parametrize(
    ("text", "spelled"),
    [
        ("USERNAME", "userName"),
        ("Active", "active"),
        ("Name.givenname", "name.givenName"),
        ('EMAILS[Type EQ "Work"].VALUE', 'emails[type eq "Work"].value'),
        (f"{USER_SCHEMA.upper()}:title", "title"),
        (f"{ENTERPRISE_SCHEMA.lower()}:Department", f"{ENTERPRISE_SCHEMA}:department"),
        (f"{CUSTOM}:organizationROLE", f"{CUSTOM}:organizationROLE"),
        ("vendorThing.Part", "vendorThing.Part"),
    ],
)
def test_the_rfcs_attributes_print_as_the_rfc_spells_them_and_others_as_written(text: str, spelled: str) -> None:
    assert str(parse_path(text)) == spelled


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "write an attribute path"),
        ("a b", "write an attribute path"),
        ("émail", "write an attribute path"),
        ("emails[type eq 'work'].value", "write an attribute path"),
        ('emails[type eq "work"', "write an attribute path"),
        ('emails[type ne "work"].value', "write an attribute path"),
        ('emails[type eq "work".value]', "the sub-attribute stands inside the brackets"),
        ("emails.value", 'emails has several elements; write emails[type eq "work"].value'),
        ("addresses.locality", 'addresses has several elements; write addresses[type eq "work"].locality'),
        ('name[type eq "work"].givenName', "name has one value only"),
        ("userName.value", "userName has no parts; write userName"),
        (ENTERPRISE_SCHEMA, "it names no attribute of a schema"),
        ("urn:title", "it names no attribute of a schema"),
        ("urn:x:title", "it names no attribute of a schema"),
        ("name.given.name", "write an attribute path"),
    ],
)
def test_what_is_no_path_is_refused_with_the_right_way(text: str, why: str) -> None:
    with pytest.raises(PathError) as caught:
        parse_path(text)
    assert str(caught.value).startswith(f"{text!r} is no attribute path; ")
    assert caught.value.why.startswith(why)


@pytest.mark.parametrize(
    ("value", "literal"),
    [
        ("work", '"work"'),
        (True, "true"),
        (False, "false"),
        (7, "7"),
        ('a"b\\c', '"a\\"b\\\\c"'),
        ("tab\there", '"tab\\u0009here"'),
    ],
)
def test_a_literal_cannot_be_left_by_its_value(value: Any, literal: str) -> None:
    assert quote(value) == literal
    assert parse_path(f"slots[type eq {literal}].value").value == value


def test_a_backslash_of_no_escape_stands_for_what_follows_it() -> None:
    assert parse_path('slots[type eq "a\\d"].value').value == "ad"


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("userName", "jane"),
        ("username", "jane"),
        ("name.givenName", "Jane"),
        ("name.middleName", None),
        ('emails[type eq "work"].value', "jane@contoso.com"),
        ('emails[type eq "WORK"].value', "jane@contoso.com"),
        ('emails[type eq "home"].value', None),
        ('emails[type eq "work"]', {"type": "work", "value": "jane@contoso.com", "primary": True}),
        ('roles[primary eq "True"].value', "Admin"),
        ("roles[primary eq true].value", "Admin"),
        (f"{ENTERPRISE_SCHEMA}:manager", "42"),
        (f"{ENTERPRISE_SCHEMA}:manager.value", "42"),
        (f"{ENTERPRISE_SCHEMA}:department", "Sales"),
        (f"{CUSTOM}:OrganizationRole", None),
        ("active", False),
    ],
)
def test_a_value_is_found_whatever_the_letter_case(path: str, value: Any) -> None:
    resource = {
        "UserName": "jane",
        "active": False,
        "name": {"GivenName": "Jane"},
        "emails": [{"type": "work", "value": "jane@contoso.com", "primary": True}],
        "roles": [{"primary": "False", "value": "User"}, {"primary": "true", "value": "Admin"}],
        ENTERPRISE_SCHEMA.lower(): {"manager": {"value": "42"}, "department": "Sales"},
    }
    assert read(resource, parse_path(path)) == value


@pytest.mark.parametrize("resource", [{}, {"emails": None}, {"emails": "x"}, {"emails": ["x"]}, {"emails": [None, 3]}])
def test_an_odd_resource_has_no_value(resource: dict[str, Any]) -> None:
    assert read(resource, parse_path('emails[type eq "work"].value')) is None
    assert read(resource, parse_path("name.givenName")) is None
    assert read(resource, parse_path(f"{ENTERPRISE_SCHEMA}:manager.value")) is None


def test_a_list_of_one_without_brackets_and_a_bare_manager_are_understood() -> None:
    assert read({"emails": {"type": "work", "value": "a"}}, parse_path('emails[type eq "work"].value')) == "a"
    assert read({ENTERPRISE_SCHEMA: {"manager": "42"}}, parse_path(f"{ENTERPRISE_SCHEMA}:manager")) == "42"
    assert read({ENTERPRISE_SCHEMA: {"manager": "42"}}, parse_path(f"{ENTERPRISE_SCHEMA}:manager.value")) == "42"


def test_rows_of_one_element_merge_whatever_their_order() -> None:
    values = {
        'addresses[type eq "work"].locality': "Oslo",
        'addresses[type eq "home"].locality': "Bergen",
        'addresses[type eq "work"].country': "NO",
        'addresses[TYPE eq "Work"].primary': True,
    }
    for order in (values, dict(reversed(values.items()))):
        body = assemble(order, "user")
        assert len(body["addresses"]) == 2
        work = next(each for each in body["addresses"] if each["locality"] == "Oslo")
        assert {key: seen for key, seen in work.items() if key != "type"} == {
            "locality": "Oslo",
            "country": "NO",
            "primary": True,
        }


def test_a_resource_lists_the_schemas_it_uses() -> None:
    values = {"userName": "jane", f"{ENTERPRISE_SCHEMA}:department": "Sales", f"{CUSTOM}:role": None}
    assert assemble(values, "user") == {
        "schemas": [USER_SCHEMA, ENTERPRISE_SCHEMA],
        "userName": "jane",
        ENTERPRISE_SCHEMA: {"department": "Sales"},
    }
    odd = assemble({f"{CUSTOM}:a": 1, f"{CUSTOM.lower()}:b": 2}, "user")
    assert odd == {"schemas": [USER_SCHEMA, CUSTOM], CUSTOM: {"a": 1, "b": 2}}


def test_a_manager_is_an_object_with_its_value() -> None:
    body = assemble({f"{ENTERPRISE_SCHEMA}:manager": "42", f"{ENTERPRISE_SCHEMA}:manager.displayName": "Kim"}, "user")
    assert body[ENTERPRISE_SCHEMA] == {"manager": {"value": "42", "displayName": "Kim"}}


def test_parts_win_over_the_whole_and_no_given_list_is_changed() -> None:
    whole = [{"value": "x", "type": "other"}, "odd"]
    values = {
        'emails[type eq "work"].value': "a",
        "emails": whole,
        "name.givenName": "Jane",
        "name": {"formatted": "J"},
    }
    for order in (values, dict(reversed(values.items()))):
        body = assemble(order, "user")
        assert body["emails"] == [{"value": "x", "type": "other"}, "odd", {"type": "work", "value": "a"}]
        assert body["name"] == {"formatted": "J", "givenName": "Jane"}
    assert whole == [{"value": "x", "type": "other"}, "odd"]


def test_a_boolean_key_stands_as_a_boolean_in_its_element() -> None:
    holder: dict[str, Any] = {}
    place(holder, parse_path('roles[primary eq "True"].value'), "Admin")
    place(holder, parse_path('roles[primary eq "True"].display'), "Administrator")
    assert holder == {"roles": [{"primary": True, "value": "Admin", "display": "Administrator"}]}


@pytest.mark.parametrize(
    ("one", "other", "overlaps"),
    [
        ("emails", 'emails[type eq "work"].value', True),
        ("name", "name.givenName", True),
        ("name.givenName", "name.familyName", False),
        ('emails[type eq "work"].value', 'emails[type eq "home"].value', False),
        ("title", "title", True),
        ("title", "displayName", False),
        (f"{ENTERPRISE_SCHEMA}:manager", f"{ENTERPRISE_SCHEMA}:manager.displayName", False),
        ("department", f"{ENTERPRISE_SCHEMA}:department", False),
    ],
)
def test_a_whole_and_its_part_overlap(one: str, other: str, overlaps: bool) -> None:
    assert overlap(parse_path(one), parse_path(other)) is overlaps
    assert overlap(parse_path(other), parse_path(one)) is overlaps


def test_an_element_without_a_part_means_its_value() -> None:
    assert str(parse_path('emails[type eq "work"]').written) == 'emails[type eq "work"].value'
    assert str(parse_path("userName").written) == "userName"
    assert parse_path(f'{CUSTOM}:tags[type eq "x"].value').bare == f"{CUSTOM}:tags.value"
