"""Explaining one user: the clause that decided, what would be sent, and what somebody changed at the target."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from connectors.sandbox.scim.control import ScimControl
from tests.system.conftest import Cli
from tests.system.house import KINDS, House, house

FILTER = {
    "graph": '[jobs.job.users]\nfilters = [[{ attribute = "jobTitle", operator = "NOT EQUALS", value = "Guest" }]]',
    "okta": '[jobs.job.users]\nfilters = [[{ attribute = "user.title", operator = "NOT EQUALS", value = "Guest" }]]',
}


@pytest.fixture(params=KINDS)
def here(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[House]:
    with house(request.param, tmp_path, people=12, more=FILTER[request.param]) as made:
        yield made


def explained(cli: Cli, name: str) -> tuple[dict[str, dict[str, Any]], list[dict[str, Any]]]:
    """(the steps by name, the changes) of `explain`."""
    ran = cli("explain", name, "--job", "job", "-o", "json")
    assert ran.code == 0, ran.out
    steps = {step["step"]: step for step in ran.job["steps"]}
    assert list(steps) == ["connection", "import", "scope", "match", "action"]
    return steps, ran.job["changes"]


def change_of(told: dict[str, Any], source_id: str) -> dict[str, Any]:
    (change,) = [row for row in told["changes"] if row["source_id"] == source_id]
    return {key: value for key, value in change.items() if key not in ("status", "requests")}


def test_explain_names_the_clause_and_the_drift(here: House, cli: Cli) -> None:
    """For who is in, out, coming and drifted, its verdict and its change are those of the cycle that follows."""
    company = here.company
    control = here.service.control
    assert isinstance(control, ScimControl)

    company.set_title("ada", "Director")
    steps, changes = explained(cli, company.login("ada"))
    assert steps["scope"]["data"]["scope"] == "in"
    assert company.team_name("legal") in steps["scope"]["detail"]
    assert steps["match"]["status"] == "ok"
    assert "'Engineer' → 'Director'" in steps["action"]["detail"]
    (in_scope,) = changes

    company.set_title("ben", "Guest")
    steps, changes = explained(cli, company.ids["ben"])
    assert steps["scope"]["data"]["scope"] == "out"
    assert "NOT EQUALS" in steps["scope"]["detail"]
    assert "Guest" in str(steps["scope"]["data"]["saw"])
    (out,) = [change for change in changes if change["action"] == "deactivate"]
    assert [change["action"] for change in changes if change is not out] == ["remove_members"]

    company.hire("new", "sales")
    steps, changes = explained(cli, company.login("new").upper())
    (coming,) = [change for change in changes if change["action"] == "create"]
    assert steps["match"]["detail"].startswith("nothing at the target matches by userName")
    assert coming["target_id"] is None

    told = here.sync()
    for name, explanation in (("ada", in_scope), ("ben", out), ("new", coming)):
        seen = {key: value for key, value in explanation.items() if key not in ("status", "requests")}
        assert change_of(told, company.ids[name]) == seen

    control.mutate("update", {"kind": "user", "name": company.login("cem"), "set": {"title": "Pirate"}})
    steps, changes = explained(cli, company.login("cem"))
    assert steps["match"]["data"]["seen"]["title"] == "Pirate"
    assert steps["match"]["data"]["wrote"]["title"] == "Engineer"
    (row,) = here.sync(full=True)["drift"]
    assert (row["attribute"], row["wrote"], row["seen"], row["action"]) == ("title", "Engineer", "Pirate", "report")
    assert row["name"] == company.login("cem")


def test_who_has_nothing_to_do_with_it_is_explained_as_well(here: House, cli: Cli) -> None:
    company = here.company
    company.hire("bystander")
    steps, changes = explained(cli, company.login("bystander"))
    assert steps["scope"]["data"]["scope"] == "out"
    assert "not assigned" in steps["scope"]["detail"]
    assert steps["match"]["status"] == "skipped"
    assert changes == []
    here.sync()
    assert here.written == []


def test_a_verdict_that_nobody_knows_is_unknown_and_removes_nobody(tmp_path: Path, cli: Cli) -> None:
    rows = """
[[jobs.job.users.mappings]]
target = "userName"
source = "userPrincipalName"
[[jobs.job.users.mappings]]
target = "title"
expression = 'IIF([jobTitle]="Secret", IgnoreObjectFlow, [jobTitle])'
"""
    with house("graph", tmp_path, people=12, more=rows) as here:
        company = here.company
        company.set_title("ada", "Secret")
        steps, changes = explained(cli, company.login("ada"))
        assert steps["scope"]["data"]["scope"] == "unknown"
        assert "IgnoreObjectFlow" in steps["scope"]["detail"]
        assert changes == []
        told = here.sync()
        assert [warning["code"] for warning in told["warnings"]] == ["ScopeUnknown"]
        assert here.written == []
        assert here.logins("ada") <= here.active()


def test_explain_writes_nothing_and_leaves_the_plan_as_it_was(here: House, cli: Cli) -> None:
    here.company.set_title("ada", "Director")
    here.company.hire("new", "sales")
    before = cli("--dry-run", "-o", "json").job["checksum"]
    state = here.state()
    explained(cli, here.company.login("ada"))
    explained(cli, here.company.login("new"))
    assert here.state() == state
    assert cli("--dry-run", "-o", "json").job["checksum"] == before


def test_a_group_is_explained_by_its_name(here: House, cli: Cli) -> None:
    name = here.company.rename_team("sales", "revenue")
    ran = cli("explain", name, "--job", "job", "-o", "json")
    assert ran.code == 0
    assert [row["action"] for row in ran.job["changes"]] == ["update"]
