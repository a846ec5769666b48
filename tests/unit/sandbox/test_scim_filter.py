"""Filters and PATCH paths: the grammar, and what a filter matches."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.sandbox.scim.catalogue import Catalogue
from connectors.sandbox.scim.error import ScimError
from connectors.sandbox.scim.filter import (
    All,
    Any,
    Comparison,
    Element,
    Filter,
    FilterError,
    Negation,
    Path,
    Present,
    parse_filter,
    parse_path,
)
from connectors.sandbox.scim.predicate import predicate
from syncd.core.attributes import ENTERPRISE_SCHEMA, USER_SCHEMA, quote

JANE = {
    "id": "1",
    "userName": "Jane@Contoso.com",
    "externalId": "E-1",
    "title": "Lead",
    "active": True,
    "name": {"familyName": "O'Brien"},
    "emails": [
        {"value": "jane@contoso.com", "type": "work", "primary": True},
        {"value": "jane@home.org", "type": "home"},
    ],
    ENTERPRISE_SCHEMA: {"department": "Sales", "manager": {"value": "m-1"}},
    "meta": {"created": "2026-01-02T03:04:05.000Z"},
}


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ('userName eq "jo"', Comparison("userName", "eq", "jo")),
        ('userName EQ "a\\"b\\u0041"', Comparison("userName", "eq", 'a"bA')),
        ("active eq TRUE", Comparison("active", "eq", True)),
        ("title eq null", Comparison("title", "eq", None)),
        ("age gt -1.5e3", Comparison("age", "gt", -1500.0)),
        ("title pr", Present("title")),
        ("notes pr", Present("notes")),
        ("printer pr", Present("printer")),
        ("a pr or b pr and c pr", Any((Present("a"), All((Present("b"), Present("c")))))),
        ("(a pr or b pr) and c pr", All((Any((Present("a"), Present("b"))), Present("c")))),
        ("NOT (a pr)", Negation(Present("a"))),
        ("a pr and not(b pr)", All((Present("a"), Negation(Present("b"))))),
        (
            'emails[type eq "work" and value co "@x"]',
            Element("emails", All((Comparison("type", "eq", "work"), Comparison("value", "co", "@x")))),
        ),
        (
            'emails[type eq "work"].value eq "u@x"',
            Element("emails", Comparison("type", "eq", "work"), Comparison("value", "eq", "u@x")),
        ),
        ('emails[type eq "work"].value pr', Element("emails", Comparison("type", "eq", "work"), Present("value"))),
        (
            f'{ENTERPRISE_SCHEMA}:manager.value eq "m"',
            Comparison(f"{ENTERPRISE_SCHEMA}:manager.value", "eq", "m"),
        ),
    ],
)
def test_a_filter_is_read_by_the_grammar_of_the_rfc(text: str, tree: Filter) -> None:
    assert parse_filter(text) == tree


@pytest.mark.parametrize(
    "text",
    [
        "",
        "userName",
        "userName eq",
        "userName eq jo",
        'eq "x"',
        "a eq 01",
        'a eq "\\x"',
        "(a pr",
        "a pr)",
        "a like 1",
        "not a pr",
        "a[b pr",
        'a eq "x" b eq "y"',
        "(" * 51 + "a pr" + ")" * 51,
        f'a eq "{"x" * 9000}"',
    ],
)
def test_what_is_no_filter_is_refused_with_the_place(text: str) -> None:
    with pytest.raises(FilterError, match=r"cannot be read|no JSON|too long"):
        parse_filter(text)


def _written(tree: Filter) -> str:
    match tree:
        case Comparison(path=path, operator=operator, value=value):
            return f"{path} {operator} {'null' if value is None else quote(value)}"
        case Present(path=path):
            return f"{path} pr"
        case Negation(of=of):
            return f"not ({_written(of)})"
        case All(parts=parts):
            return " and ".join(
                f"({_written(part)})" if isinstance(part, All | Any) else _written(part) for part in parts
            )
        case Any(parts=parts):
            return " or ".join(f"({_written(part)})" if isinstance(part, Any) else _written(part) for part in parts)
        case Element(path=path, where=where):
            return f"{path}[{_written(where)}]"


_names = st.from_regex(r"[a-z][a-zA-Z0-9_-]{0,8}(\.[a-z][a-zA-Z0-9]{0,5})?", fullmatch=True)
_leaves = st.builds(Present, _names) | st.builds(
    Comparison,
    _names,
    st.sampled_from(["eq", "ne", "co", "sw", "ew", "gt", "ge", "lt", "le"]),
    st.text(max_size=20) | st.integers() | st.booleans() | st.none(),
)
_trees = st.recursive(
    _leaves,
    lambda inner: (
        st.builds(Negation, inner)
        | st.builds(All, st.lists(inner, min_size=2, max_size=3).map(tuple))
        | st.builds(Any, st.lists(inner, min_size=2, max_size=3).map(tuple))
        | st.builds(Element, _names, inner)
    ),
    max_leaves=8,
)


@given(_trees)
def test_any_tree_that_is_written_out_is_read_back_the_same(tree: Filter) -> None:
    assert parse_filter(_written(tree)) == tree


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("members", Path("members")),
        ("name.givenName", Path("name.givenName")),
        ('members[value eq "x"]', Path("members", Comparison("value", "eq", "x"))),
        ('emails[type eq "work"].value', Path("emails", Comparison("type", "eq", "work"), "value")),
        (f"{ENTERPRISE_SCHEMA}:manager.value", Path(f"{ENTERPRISE_SCHEMA}:manager.value")),
        (ENTERPRISE_SCHEMA, Path(ENTERPRISE_SCHEMA)),
    ],
)
def test_a_path_is_read_by_the_grammar_of_the_rfc(text: str, path: Path) -> None:
    assert parse_path(text) == path


@pytest.mark.parametrize("text", ["", "a b", "a[", "a[b]", "a.b.c", "a[b eq 1]c", ".a"])
def test_what_is_no_path_is_refused(text: str) -> None:
    with pytest.raises(FilterError):
        parse_path(text)


@pytest.mark.parametrize(
    "text",
    [
        'userName eq "JANE@contoso.COM"',
        'USERNAME eq "jane@contoso.com"',
        f'{USER_SCHEMA}:userName eq "jane@contoso.com"',
        'externalId eq "E-1"',
        'userName sw "jane" and userName ew ".com" and userName co "@"',
        "active eq true",
        "title pr and not (nickName pr)",
        "nickName eq null",
        "title ne null",
        'nickName ne "x"',
        'emails eq "jane@home.org"',
        'emails.value co "home"',
        'emails[type eq "work" and primary eq true]',
        'emails[type eq "home"].value eq "jane@home.org"',
        'emails.type ne "work"',
        f'{ENTERPRISE_SCHEMA}:department eq "sales"',
        f'{ENTERPRISE_SCHEMA}:manager eq "m-1"',
        'meta.created gt "2026-01-02T04:04:05+02:00"',
        'meta.created le "2026-01-02T03:04:05Z"',
        'title gt "engineer"',
        'title eq "x" or title eq "lead"',
    ],
)
def test_a_filter_matches(text: str) -> None:
    assert predicate(parse_filter(text), "user", Catalogue())(JANE)


@pytest.mark.parametrize(
    "text",
    [
        'externalId eq "e-1"',
        'userName eq "jane"',
        'active eq "true"',
        "active eq false",
        "title eq null",
        "nickName pr",
        'title ne "LEAD"',
        'emails[type eq "work" and value eq "jane@home.org"]',
        'emails[type eq "work"].value eq "jane@home.org"',
        f'{ENTERPRISE_SCHEMA}:manager eq "M-1"',
        'title eq "x" or title eq "lead" and active eq false',
        "not (active eq true)",
        'meta.created gt "2026-01-02T03:04:05Z"',
    ],
)
def test_a_filter_does_not_match(text: str) -> None:
    assert not predicate(parse_filter(text), "user", Catalogue())(JANE)


@pytest.mark.parametrize(
    "text",
    [
        'shoeSize eq "44"',
        'emails[colour eq "red"]',
        "active gt true",
        'active co "t"',
        "userName co 5",
        'name eq "x"',
        'meta.created gt "yesterday"',
        f"{ENTERPRISE_SCHEMA} pr",
        'urn:example:2.0:User:rank eq "x"',
    ],
)
def test_a_filter_that_makes_no_sense_for_the_schema_is_refused(text: str) -> None:
    with pytest.raises(ScimError) as refusal:
        predicate(parse_filter(text), "user", Catalogue())
    assert (refusal.value.status, refusal.value.scim_type) == (400, "invalidFilter")


def test_letter_case_counts_where_the_server_is_told_to_mind_it() -> None:
    tree = parse_filter('userName eq "jane@contoso.com"')
    assert predicate(tree, "user", Catalogue())(JANE)
    assert not predicate(tree, "user", Catalogue(), frozenset(["userName"]))(JANE)
