"""Filters through real cycles: expressions, times relative to now, and what cannot be told."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from tests.system.company import PEOPLE
from tests.system.conftest import Cli
from tests.system.house import house


def users(clause: str) -> str:
    return f"[jobs.job.users]\nfilters = [[{{ {clause} }}]]"


def test_an_expression_decides_who_is_in_scope_and_is_named_by_explain(tmp_path: Path, cli: Cli) -> None:
    clause = """expression = 'Not([jobTitle]="Guest")'"""
    with house("graph", tmp_path, people=12, more=users(clause)) as here:
        here.company.set_title("ada", "Guest")
        explained = cli("explain", here.company.login("ada"), "-o", "json").job["steps"]
        (scope,) = [step for step in explained if step["step"] == "scope"]
        assert scope["data"]["clause"] == """filter Not([jobTitle]="Guest")"""
        here.sync()
        assert here.logins("ada").isdisjoint(here.active())
        here.company.set_title("ada", "Lead")
        here.sync()
        assert here.logins("ada") <= here.active()


def test_an_expression_that_fails_on_somebody_removes_nobody_and_brings_nobody(tmp_path: Path) -> None:
    clause = """expression = 'IIF([jobTitle]="Odd", DateAdd("d", 1, [department]), "True")'"""
    with house("graph", tmp_path, people=12, more=users(clause)) as here:
        here.company.set_title("ada", "Odd")
        here.company.hire("new", "sales", title="Odd")
        told = here.sync()
        assert {warning["code"] for warning in told["warnings"]} == {"ScopeUnknown"}
        assert {warning["name"] for warning in told["warnings"]} == here.logins("ada", "new")
        assert here.written == []
        assert here.logins("ada") <= here.active()
        here.sync(full=True)
        assert here.written == []


def test_who_is_in_scope_by_the_time_comes_and_goes_with_it_although_nothing_changed(tmp_path: Path) -> None:
    clause = 'attribute = "employeeHireDate", operator = "BEFORE", value = "+14d"'
    with house("graph", tmp_path, people=2, job="full_every = '30d'", more=users(clause), begun=False) as here:
        directory, day = here.company.directory, here.time.now() + timedelta(days=20)
        for name, hired in (("ada", day), ("ben", here.time.now())):
            directory.update_user(here.company.ids[name], employeeHireDate=f"{hired:%Y-%m-%dT%H:%M:%SZ}")
        here.sync()
        assert here.active() == here.logins("ben")
        here.time.advance(timedelta(hours=1))
        here.sync()
        assert here.written == []
        here.time.advance(timedelta(days=6))
        told = here.sync()
        assert here.active() == here.logins("ada", "ben")
        assert told["read"]["users"] == 0


def test_by_the_time_only_those_are_looked_at_whose_time_has_come(tmp_path: Path) -> None:
    """Each once, whatever became of the cycle that was to do it, and again after the date has moved."""
    clause = 'attribute = "employeeHireDate", operator = "BEFORE", value = "now"'
    with house("graph", tmp_path, people=12, job="full_every = '90d'", more=users(clause), begun=False) as here:
        directory, start = here.company.directory, here.time.now()
        for number, name in enumerate(PEOPLE[:12]):
            day = start + timedelta(days=number - 2, minutes=-5)
            directory.update_user(here.company.ids[name], employeeHireDate=f"{day:%Y-%m-%dT%H:%M:%SZ}")
        here.sync()
        assert len(here.active()) == 3
        pending = here.runtime.store.pending
        assert pending.count("job", "turn") == 9
        here.time.advance(timedelta(days=1, minutes=1))
        told = here.sync()
        assert here.active() == here.logins(*PEOPLE[:4])
        assert told["counts"]["skip"] == 2, "her groups, and none of the people"
        assert pending.count("job", "turn") == 8
        here.at_target({"status": 400}, method="POST")
        here.time.advance(timedelta(days=1))
        assert here.sync(code=4)["counts"]["failed"] == 1
        here.all_well()
        here.sync()
        assert here.active() == here.logins(*PEOPLE[:5])
        later = here.time.now() + timedelta(days=30)
        directory.update_user(here.company.ids[PEOPLE[5]], employeeHireDate=f"{later:%Y-%m-%dT%H:%M:%SZ}")
        here.time.advance(timedelta(days=2))
        here.sync()
        assert here.active() == here.logins(*PEOPLE[:5], PEOPLE[6])
        assert here.sync()["counts"]["skip"] == 0
        here.time.advance(timedelta(days=29))
        here.sync()
        assert here.active() == here.logins(*PEOPLE[:12])
        assert pending.count("job", "turn") == 0
