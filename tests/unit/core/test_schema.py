"""Types of target attributes, and values brought to them (RFC 7643 section 2.3)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from syncd.core.attribute_type import AttributeType, Type
from syncd.core.schema import NotConvertible, attribute_type, convert, is_empty
from syncd.core.standard_attributes import ENTERPRISE_SCHEMA, STANDARD
from tests.unit.core.build import MANAGER

CUSTOM = "urn:acme:2.0:User:flag"
NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)


def single(type_: Type, value: Any) -> Any:
    return convert(value, AttributeType(type=type_))


@pytest.mark.parametrize(
    ("type_", "value", "result"),
    [
        ("string", "text", "text"),
        ("string", True, "True"),
        ("string", 5, "5"),
        ("string", 5.0, "5"),
        ("string", 2.5, "2.5"),
        ("string", NOON, "1/31/2026 12:00:00 PM"),
        ("string", ["one"], "one"),
        ("string", [None, "one", ""], "one"),
        ("boolean", True, True),
        ("boolean", "True", True),
        ("boolean", "true", True),
        ("boolean", "False", False),
        ("boolean", " FALSE ", False),
        ("boolean", "1", True),
        ("boolean", 0, False),
        ("boolean", "yes", True),
        ("boolean", "no", False),
        ("integer", "42", 42),
        ("integer", 42.0, 42),
        ("integer", "-7", -7),
        ("integer", "5.00", 5),
        ("integer", " 12 ", 12),
        ("integer", str(2**63 - 1), 2**63 - 1),
        ("decimal", "2.50", 2.5),
        ("decimal", 3, 3.0),
        ("decimal", "1e3", 1000.0),
        ("dateTime", "2026-01-31T08:00:00Z", "2026-01-31T08:00:00Z"),
        ("dateTime", "2026-01-31T09:00:00+01:00", "2026-01-31T08:00:00Z"),
        ("dateTime", "2026-01-31T08:00:00.1234567Z", "2026-01-31T08:00:00.123456Z"),
        ("dateTime", "2026-01-31", "2026-01-31T00:00:00Z"),
        ("dateTime", "1/31/2026 12:00:00 PM", "2026-01-31T12:00:00Z"),
        ("dateTime", NOON, "2026-01-31T12:00:00Z"),
        ("dateTime", NOON.astimezone(timezone(timedelta(hours=9))), "2026-01-31T12:00:00Z"),
        ("reference", "https://example.com/jane?x=1", "https://example.com/jane?x=1"),
        ("reference", "2819c223", "2819c223"),
        ("binary", "aGVsbG8=", "aGVsbG8="),
        ("binary", "_-8=", "_-8="),
        ("complex", {"a": 1}, {"a": 1}),
        ("any", "text", "text"),
        ("any", True, True),
        ("any", 5, 5),
        ("any", 2.5, 2.5),
        ("any", 2**70, str(2**70)),
        ("any", NOON, "2026-01-31T12:00:00Z"),
        ("any", ["b", "a", "b", None, ""], ["a", "b"]),
        ("any", ["one"], ["one"]),
        ("any", {"a": 1}, {"a": 1}),
    ],
)
def test_a_value_takes_the_targets_type(type_: Type, value: Any, result: Any) -> None:
    found = single(type_, value)
    assert found == result
    assert type(found) is type(result)


@pytest.mark.parametrize(
    ("type_", "value", "message"),
    [
        ("string", ["a", "b"], "2 values, one is expected; take one with Item, or Join them"),
        ("string", {"a": 1}, "a value with parts, one text is expected; read one of its parts"),
        ("boolean", "maybe", "'maybe' is no Boolean (True or False is expected)"),
        ("boolean", 2, "'2' is no Boolean (True or False is expected)"),
        ("integer", "many", "'many' is no number (a whole number is expected)"),
        ("integer", "1_000", "'1_000' is no number (a whole number is expected)"),
        ("integer", "５", "'５' is no number (a whole number is expected)"),
        ("integer", True, "'True' is no number (a whole number is expected)"),
        ("integer", "2.5", "'2.5' is no whole number of 64 bits (a whole number is expected)"),
        ("integer", 2**63, f"'{2**63}' is no whole number of 64 bits (a whole number is expected)"),
        ("integer", "1e400", "'1e400' is no whole number of 64 bits (a whole number is expected)"),
        ("decimal", "nan", "'nan' is no number (a number is expected)"),
        ("decimal", "1e999", "'1e999' is too large (a number is expected)"),
        ("dateTime", "soon", "'soon' is no date and time (2026-01-31T08:00:00Z is expected)"),
        ("dateTime", "0001-01-01T00:00:00+14:00", "the date lies outside the years 1 to 9999"),
        ("reference", "not a uri", "'not a uri' is no reference (a URI without spaces is expected)"),
        ("binary", "hello", "the value is no base64 (which is expected; ConvertToBase64 makes it)"),
        ("binary", "café", "the value is no base64 (which is expected; ConvertToBase64 makes it)"),
        ("complex", "Jane", "'Jane' is one value, parts are expected; write one as attribute.part"),
        ("any", [["a"]], "a list in a list, one text is expected"),
    ],
)
def test_what_has_no_form_of_the_type_is_refused_with_what_was_expected(type_: Type, value: Any, message: str) -> None:
    with pytest.raises(NotConvertible) as caught:
        single(type_, value)
    assert str(caught.value) == message


@pytest.mark.parametrize("type_", ["string", "boolean", "integer", "decimal", "dateTime", "binary", "complex", "any"])
@pytest.mark.parametrize("value", [None, "", [], [None, ""], {}])
@pytest.mark.parametrize("multi", [False, True])
def test_nothing_is_nothing_in_every_type(type_: Type, value: Any, multi: bool) -> None:
    assert is_empty(value)
    assert convert(value, AttributeType(type=type_, multi=multi)) is None


@pytest.mark.parametrize("value", [0, False, " ", "0", [0], {"a": False}])
def test_zero_false_and_a_blank_are_something(value: Any) -> None:
    assert not is_empty(value)


def test_lists_are_put_in_order_without_twins_and_single_values_become_lists() -> None:
    texts = AttributeType(multi=True)
    assert convert(["b", "a", "b", None, ""], texts) == ["a", "b"]
    assert convert("one", texts) == ["one"]
    assert convert(["2", 1], AttributeType(type="integer", multi=True)) == [1, 2]
    roles = AttributeType(type="complex", multi=True)
    assert convert("Admin", roles) == [{"value": "Admin"}]
    given = [{"value": "b"}, {"value": "a", "display": "A"}, {"display": "A", "value": "a"}, "c"]
    assert convert(given, roles) == [{"display": "A", "value": "a"}, {"value": "b"}, {"value": "c"}]


@pytest.mark.parametrize(
    ("path", "type_"),
    [
        ("userName", AttributeType()),
        ("active", AttributeType(type="boolean")),
        ("externalId", AttributeType(case_exact=True)),
        ("profileUrl", AttributeType(type="reference", case_exact=True)),
        ("roles", AttributeType(type="complex", multi=True)),
        ('emails[type eq "home"].primary', AttributeType(type="boolean")),
        ('emails[type eq "home"]', AttributeType()),
        ('x509Certificates[type eq "a"].value', AttributeType(type="binary")),
        ('photos[type eq "photo"].value', AttributeType(type="reference")),
        ("name.givenName", AttributeType()),
        ("name", AttributeType(type="complex")),
        (MANAGER, AttributeType(case_exact=True)),
        (CUSTOM, AttributeType(type="any")),
        ("name.nickname", AttributeType(type="any")),
    ],
)
def test_the_rfc_types_its_attributes_and_others_take_anything(path: str, type_: AttributeType) -> None:
    assert attribute_type(path) == type_


def test_what_the_target_announces_wins() -> None:
    flag = AttributeType(type="boolean")
    known = {
        CUSTOM.lower(): flag,
        "title": AttributeType(type="integer"),
        "emails.value": AttributeType(case_exact=True),
    }
    assert attribute_type(CUSTOM, known) == flag
    assert attribute_type("title", known) == AttributeType(type="integer")
    assert attribute_type('emails[type eq "work"].value', known) == AttributeType(case_exact=True)
    assert attribute_type("displayName", known) == AttributeType()


def test_active_stays_a_boolean_and_a_manager_an_id_whatever_is_announced() -> None:
    known = {"active": AttributeType(), MANAGER.lower(): AttributeType(type="complex")}
    assert attribute_type("active", known) == AttributeType(type="boolean")
    assert attribute_type(MANAGER, known) == AttributeType(case_exact=True)


def test_letter_case_is_without_meaning_only_where_the_target_says_so() -> None:
    assert AttributeType(case_exact=False).caseless
    assert not AttributeType(case_exact=None).caseless
    assert not AttributeType(case_exact=True).caseless
    assert not AttributeType(type="reference", case_exact=False).caseless
    assert not any(type_.caseless for type_ in STANDARD.values())


def test_the_table_of_the_rfc_has_every_attribute_of_a_user() -> None:
    assert len(STANDARD) == len({path.lower() for path in STANDARD})
    assert {"userName", "name.honorificSuffix", "addresses.postalCode", "x509Certificates.value", "members"} <= set(
        STANDARD
    )
    assert f"{ENTERPRISE_SCHEMA}:costCenter" in STANDARD
