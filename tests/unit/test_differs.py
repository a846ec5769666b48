"""When two values differ: exactly for what we wish, letter case aside for what the target shows."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncd.core.attribute_type import AttributeType
from syncd.core.change import Action, Link, Observed
from syncd.core.diff import drifted
from syncd.core.likeness import same
from tests.unit.core.build import CONTEXT, decided, entry, link, mapping

JANE, FOLDED = "Jane@Contoso.com", "jane@contoso.com"
ROWS = (("userName", "userPrincipalName"), ("title", "jobTitle"))


def wish(login: str, title: str = "Lead", *, case_exact: bool | None = None) -> Any:
    types = {"username": AttributeType(case_exact=case_exact)} if case_exact is not None else None
    return mapping(*ROWS, types=types).desired(entry(userPrincipalName=login, jobTitle=title), CONTEXT)


def written(login: str) -> Link:
    return link(userName=login, title="Lead")


def test_case_alone_is_no_drift_and_is_sent_as_the_source_has_it() -> None:
    echoed = Observed(id="t1", resource={"userName": FOLDED, "title": "LEAD"})
    assert drifted(written(JANE), echoed, shown=lambda path: True) == {}
    assert decided(desired=wish(JANE), link=written(JANE)) is None
    change = decided(desired=wish(JANE), link=written(FOLDED))
    assert change is not None
    assert (change.action, dict(change.before), dict(change.after)) == (
        Action.UPDATE,
        {"userName": FOLDED},
        {"userName": JANE},
    )


@pytest.mark.parametrize(("case_exact", "sent"), [(None, True), (True, True), (False, False)])
def test_case_alone_is_no_change_only_where_the_target_says_that_it_does_not_count(
    case_exact: bool | None, sent: bool
) -> None:
    change = decided(desired=wish(JANE, case_exact=case_exact), link=written(FOLDED))
    assert (change is not None) is sent


def test_case_goes_along_with_another_change() -> None:
    change = decided(desired=wish(JANE, "Boss", case_exact=False), link=written(FOLDED))
    assert change is not None
    assert dict(change.after) == {"userName": JANE, "title": "Boss"}


@pytest.mark.parametrize(("case_exact", "differs"), [(None, True), (True, True), (False, False)])
def test_an_adopted_account_is_corrected_in_case_unless_it_does_not_count(
    case_exact: bool | None, differs: bool
) -> None:
    there = Observed(id="t1", resource={"userName": FOLDED, "title": "Lead"})
    change = decided(desired=wish(JANE, case_exact=case_exact), matches=[there])
    assert change is not None
    assert ("userName" in change.edited) is differs
    assert change.after["userName"] == JANE


@pytest.mark.parametrize(
    ("want", "had", "fold", "alike"),
    [
        ("a", "a", False, True),
        ("a", "A", False, False),
        ("a", "A", True, True),
        ("straße", "STRASSE", True, True),
        (None, "", False, True),
        (None, [], False, True),
        (None, {}, False, True),
        (None, [None, ""], False, True),
        (None, "a", True, False),
        ("a", None, True, False),
        (None, False, True, False),
        (None, 0, True, False),
        (True, "True", False, True),
        (True, "true", False, True),
        (False, "False", False, True),
        (True, "False", True, False),
        ("True", "true", False, False),
        (5, "5", False, True),
        (5.0, 5, False, True),
        (5, "5.5", False, False),
        ("2026-01-31T08:00:00Z", "2026-01-31T08:00:00.000Z", False, True),
        ("2026-01-31T08:00:00Z", "2026-01-31T09:00:00+01:00", False, True),
        ("2026-01-31T08:00:00Z", "2026-01-31T08:00:01Z", False, False),
        ("2026-01-31T99:00:00Z", "2026-01-31T99:00:00Z", False, True),
        (["a", "b"], ["b", "a"], False, True),
        (["a", "b"], ["B", "A"], True, True),
        (["a", "a"], ["a", "b"], False, False),
        (["a"], ["a", "b"], False, False),
        (["a", None], ["a"], False, True),
        (["a"], "a", False, True),
        ("a", ["a"], False, True),
        ([{"value": "a"}], [{"value": "a", "$ref": "…", "display": "A"}], False, True),
        ([{"value": "a"}, {"value": "b"}], [{"value": "b"}, {"value": "a"}], False, True),
        ([{"value": "a", "type": "work"}], [{"value": "a"}], False, False),
        ([{"value": "a"}], ["a"], False, True),
        ({"value": "a"}, {"Value": "a"}, False, True),
        ({"a": 1}, "a", False, False),
    ],
)
def test_values_are_alike(want: Any, had: Any, fold: bool, alike: bool) -> None:
    assert same(want, had, fold=fold) is alike


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@given(value=VALUES, fold=st.booleans())
def test_a_value_is_like_itself(value: Any, fold: bool) -> None:
    assert same(value, value, fold=fold)


@given(one=VALUES, other=VALUES)
def test_what_is_alike_with_its_case_is_alike_without(one: Any, other: Any) -> None:
    assert not same(one, other, fold=False) or same(one, other, fold=True)


@given(values=st.lists(st.text(), max_size=6).flatmap(lambda some: st.tuples(st.just(some), st.permutations(some))))
def test_order_means_nothing(values: tuple[list[str], list[str]]) -> None:
    assert same(*values, fold=False)
