"""Verdicts and their words."""

from __future__ import annotations

from typing import Any

import pytest

from syncd.core.filters import Clause, Filters, compile_filters
from syncd.core.model import Assignment
from syncd.core.scope import Paths, Scope, ScopeRules, Selector, Verdict, decide
from syncd.core.vocabulary import vocabulary
from tests.unit.core.build import entry
from tests.unit.core.test_filters import SLOW


def assigned(id_: str = "a1", *, role: str | None = None, through: str | None = None, kind: Any = "user") -> Assignment:
    return Assignment(id=id_, principal_id="u1", principal_kind=kind, role=role, through=through)


def department(value: str, operator: str = "EQUALS") -> Filters:
    clause = Clause(attribute="department", operator=operator, value=value)
    return compile_filters([[clause]], vocabulary("graph", "user").resolve)


def rules(scope: Any = "assigned", **given: Any) -> ScopeRules:
    return ScopeRules(scope=scope, **{"filters": Filters(), **given})


DIRECT = Paths(direct=(assigned(),))
STAFF = Paths(through={"Staff (g1)": (assigned(kind="group"),), "Admins (g0)": (assigned(kind="group"),)})


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"paths": DIRECT}, "in: assigned directly"),
        ({"paths": Paths(direct=(assigned(through="Sales (00g7)"),))}, "in: assigned through group Sales (00g7)"),
        ({"paths": STAFF}, "in: assigned through group Admins (g0)"),
        ({"rules": rules("all")}, "in: everybody is in scope"),
        ({}, "out: user is not assigned to the application"),
        ({"paths": DIRECT, "state": "soft"}, "out: in the source's recycle bin"),
        ({"paths": DIRECT, "state": "gone"}, "out: deleted at the source"),
        ({"rules": rules("all"), "state": "gone"}, "out: deleted at the source"),
        ({"rules": rules(filters=department("Sales")), "paths": DIRECT}, 'out: filter department EQUALS "Sales" (it is \'HR\')'),
        ({"rules": rules(filters=department("HR")), "paths": DIRECT}, "in: assigned directly"),
        ({"rules": rules("all", filters=department("x", "IS NULL"))}, 'out: filter department IS NULL "x" (it is \'HR\')'),
        ({"rules": rules(filters=department("Sales")), "paths": Paths()}, "out: user is not assigned to the application"),
    ],
)  # fmt: skip
def test_a_verdict_names_the_clause_that_decided(given: dict[str, Any], words: str) -> None:
    usual: dict[str, Any] = {"rules": rules(), "state": "live", "paths": Paths(), "name": "jane"}
    arguments = {**usual, **given}
    found = decide(arguments.pop("rules"), entry(department="HR"), **arguments)
    assert str(found) == words


def test_a_value_that_is_missing_is_told() -> None:
    found = decide(rules(filters=department("Sales")), entry(), state="live", paths=DIRECT, name="jane")
    assert str(found) == 'out: filter department EQUALS "Sales" (it has no value)'


def test_what_cannot_be_told_is_unknown_and_not_out() -> None:
    slow = rules(filters=department(SLOW, "REGEX MATCH"))
    person = entry(department="a" * 60)
    found = decide(slow, person, state="live", paths=DIRECT, name="jane")
    assert found.scope is Scope.UNKNOWN
    assert "takes too long" in found.clause


def test_who_is_not_assigned_is_out_whatever_a_filter_takes() -> None:
    slow = rules(filters=department(SLOW, "REGEX MATCH"))
    found = decide(slow, entry(department="a" * 60), state="live", paths=Paths(), name="jane")
    assert found.scope is Scope.OUT


# --- groups -----------------------------------------------------------------------------------------------------------


PICK = Selector(names=frozenset({"Engineering"}), prefixes=("eng-",), patterns=("^qa-.*-team$",))


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("Engineering", "selected by name 'Engineering'"),
        ("eng-tools", "selected by prefix 'eng-'"),
        ("qa-web-team", "selected by regex '^qa-.*-team$'"),
        ("engineering", None),
        ("Eng-tools", None),
        ("my qa-web-team", None),
        ("", None),
    ],
)
def test_a_selector_picks_by_name_prefix_or_pattern(name: str, words: str | None) -> None:
    assert PICK.picks(name) == words


def test_an_empty_selector_is_none() -> None:
    assert not Selector()
    assert PICK
    assert Selector().picks("Engineering") is None


GROUP = Paths(direct=(assigned(kind="group"),))


@pytest.mark.parametrize(
    ("needs", "paths", "name", "words"),
    [
        (True, GROUP, "eng-a", "in: selected by prefix 'eng-'"),
        (True, GROUP, "sales", "out: not selected by groups.select (it is 'sales')"),
        (True, Paths(), "eng-a", "out: group is not assigned to the application"),
        (False, Paths(), "eng-a", "in: selected by prefix 'eng-'"),
        (False, GROUP, "sales", "out: not selected by groups.select (it is 'sales')"),
    ],
)
def test_a_selection_narrows_what_is_assigned_or_picks_out_of_all(
    needs: bool, paths: Paths, name: str, words: str
) -> None:
    some = rules(select=PICK, select_needs_assignment=needs)
    assert str(decide(some, entry("group"), state="live", paths=paths, name=name)) == words


def test_without_a_selection_every_group_of_the_scope_counts() -> None:
    found = decide(rules("all"), entry("group"), state="live", paths=Paths(), name="x")
    assert str(found) == "in: every group is in scope"
    assert decide(rules(), entry("group"), state="live", paths=Paths(), name="x").scope is Scope.OUT


def test_a_selection_is_for_groups_alone() -> None:
    found = decide(rules("all", select=PICK), entry(), state="live", paths=Paths(), name="x")
    assert found.scope is Scope.IN


def test_a_slow_pattern_of_a_selection_counts_only_where_no_other_picks() -> None:
    slow = Selector(patterns=(SLOW, "^a+$"))
    assert slow.picks("a" * 60) == "selected by regex '^a+$'"
    found = decide(
        rules("all", select=Selector(patterns=(SLOW,))), entry("group"), state="live", paths=GROUP, name="a" * 60
    )
    assert found.scope is Scope.UNKNOWN


def test_roles_of_all_paths_come_once_and_in_order() -> None:
    paths = Paths(
        direct=(assigned("1", role="User"), assigned("2")),
        through={"Staff": (assigned("3", role="Admin", kind="group"), assigned("4", role="User", kind="group"))},
    )
    assert paths.roles == ("Admin", "User")
    assert len(paths.rows) == 4


def test_a_verdict_shows_what_it_saw() -> None:
    assert str(Verdict(scope=Scope.OUT, clause="filter x", saw=False)) == "out: filter x (it is False)"
