"""The sandbox's reading of `filter` and `search`."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.sandbox.okta.errors import OktaError
from connectors.sandbox.okta.query import GROUP_FILTER, LOG_FILTER, USER_FILTER, USER_SEARCH, Language, parse

RECORD = {
    "status": "ACTIVE",
    "lastUpdated": "2026-03-02T11:15:00.000Z",
    "profile.login": "Kim@Acme.example",
    "profile.department": "Sales",
    "profile.grade": 7,
    "profile.contractor": False,
    "profile.sites": ["OSL", "BER"],
    "profile.nickName": "",
}


def holds(expression: str, language: Language = USER_SEARCH) -> bool:
    return parse(expression, language)(RECORD.get)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ('status eq "active"', True),
        ('profile.department sw "sa"', True),
        ('profile.login co "ACME"', True),
        ("profile.grade ge 7", True),
        ("profile.grade lt 7", False),
        ('profile.grade eq "7"', False),
        ("profile.contractor eq false", True),
        ('profile.sites eq "ber"', True),
        ("profile.sites pr", True),
        ("profile.nickName pr", False),
        ("profile.unknown pr", False),
        ('profile.unknown gt "a"', False),
        ("profile.unknown eq null", True),
        ('lastUpdated le "2026-03-02T11:15:00Z"', True),
        ('lastUpdated lt "2026-03-02T13:15:00+02:00"', False),
        # and binds closer than or
        ('status eq "ACTIVE" or status eq "STAGED" and profile.grade eq 1', True),
        ('(status eq "ACTIVE" or status eq "STAGED") and profile.grade eq 1', False),
        ('status EQ "ACTIVE" AND profile.grade GT 1', True),
        ('status eq "a and b" or profile.department eq "SALES"', True),
    ],
)
def test_expression_holds(expression: str, expected: bool) -> None:
    assert holds(expression) is expected


@pytest.mark.parametrize(
    "expression", ['andy eq "x"', 'profile.order eq "x" nor', 'status eq"', "and", "", "status pr eq"]
)
def test_what_is_no_expression_is_refused(expression: str) -> None:
    with pytest.raises(OktaError) as caught:
        holds(expression)
    assert caught.value.code == "E0000031"


def test_attributes_whose_names_begin_like_operators_are_names() -> None:
    assert not holds('profile.order eq "x" or profile.android pr')
    assert not holds('profile.eq eq "x"')


def test_languages_differ() -> None:
    parse('lastMembershipUpdated gt "2026-03-02T11:15:00.000Z"', GROUP_FILTER)
    parse('eventType sw "user." and target.id eq "00u1"', LOG_FILTER)
    for expression, language in (
        ('lastMembershipUpdated gt "2026-03-02T11:15:00.000Z"', USER_FILTER),
        ('published gt "2026-03-02T11:15:00.000Z"', LOG_FILTER),
        ('lastUpdated sw "2026"', GROUP_FILTER),
    ):
        with pytest.raises(OktaError):
            parse(expression, language)


@given(st.text(max_size=60))
def test_any_text_gives_a_predicate_or_okta_s_error(text: str) -> None:
    refusal = None
    try:
        holds(text)
    except OktaError as error:
        refusal = error
    assert refusal is None or refusal.code == "E0000031"


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=40))
def test_any_quoted_text_is_equal_to_itself(text: str) -> None:
    quoted = json.dumps(text, ensure_ascii=False)
    assert parse(f"profile.department eq {quoted}", USER_SEARCH)({"profile.department": text}.get)
