"""What one listing of Entra lacks removes nobody; what is really gone, removes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.system.company import GraphCompany
from tests.system.house import House, house
from tests.system.recorder import body_of

DIRECT = ("ada", "ben", "cem", "dea", "eve", "fay")


@pytest.fixture
def here(tmp_path: Path) -> Iterator[House]:
    """Six people have the application themselves; the teams have lost it."""
    with house("graph", tmp_path, people=6, begun=False) as made:
        for name in DIRECT:
            made.company.assign(name)
        for team in ("sales", "legal", "support", "design"):
            made.company.withdraw(team)
        made.sync()
        assert made.active() == made.logins(*DIRECT)
        yield made


def test_an_assignment_that_a_listing_forgot_once_costs_nobody_an_account(here: House) -> None:
    assert isinstance(here.company, GraphCompany)
    before = here.state()
    here.company.directory.quirks.assignment_rows_missing = 1
    told = here.sync()
    assert [entry for entry in here.source.journal if "batch" in entry.path], "the principals were asked"
    assert [warning["code"] for warning in told["warnings"]] == ["Unknown"]
    assert told["changes"] == []
    assert here.state() == before


def test_whoever_is_unassigned_goes_although_the_same_listing_forgot_others(here: House) -> None:
    assert isinstance(here.company, GraphCompany)
    here.company.unassign("eve")
    here.company.directory.quirks.assignment_rows_missing = 1
    here.sync()
    assert here.active() == here.logins(*DIRECT) - here.logins("eve")


def test_a_purge_from_the_recycle_bin_that_no_change_told_removes_at_the_full_cycle(here: House) -> None:
    company = here.company
    assert isinstance(company, GraphCompany)
    company.directory.delete(company.ids["ada"])
    here.sync()
    assert here.active() == here.logins(*DIRECT) - here.logins("ada")
    assert "ada" in {user.name.partition(".")[0] for user in here.target.users()}
    # Purged while the daemon was away for so long that its place in the changes is lost.
    company.purge("ada")
    company.directory.reset_stream("users")
    here.sync(full=True)
    assert [entry for entry in here.source.journal if "deletedItems" in entry.path], "the recycle bin was read"
    assert {user.name for user in here.target.users()} == here.logins(*DIRECT) - here.logins("ada")
    assert here.methods == ["DELETE user"]
    here.sync(full=True)
    assert here.written == []


def test_graph_resync_mass_removal_parked(tmp_path: Path) -> None:
    """A reading from the start that lacks a third of the people is proven, and still waits for an approval."""
    guards = "[jobs.job.guards]\ndeletions = { count = 500, percent = 10, minimum = 10 }"
    with house("graph", tmp_path, more=guards) as here:
        assert isinstance(here.company, GraphCompany)
        gone = list(here.company.ids)[4:14]
        for name in gone:
            here.company.purge(name)
        here.company.directory.reset_stream("users")
        told = here.sync(code=3)
        assert told["complete"] is True
        held = {row["name"] for row in told["changes"] if row["status"] == "held"}
        assert held == here.logins(*gone)
        assert here.logins(*gone) <= here.active()


def test_graph_manager_initial_two_pass(here: House) -> None:
    """Two newcomers, one the manager of the other: both accounts first, the reference when both have an id."""
    company = here.company
    assert isinstance(company, GraphCompany)
    for name in ("new", "boss"):
        company.hire(name)
        company.assign(name)
    company.set_manager("new", "boss")
    here.sync()
    assert here.methods == ["PATCH user", "POST user", "POST user"]
    assert [entry.method for entry in here.written][-1] == "PATCH"
    boss = here.target.user(company.login("boss"))
    assert boss is not None
    assert boss.id in str(body_of(here.written[-1]))


def test_graph_manager_enters_scope_later_backfilled(here: House) -> None:
    """Whose manager has no account yet is written without; the reference follows the manager, who alone changed."""
    company = here.company
    assert isinstance(company, GraphCompany)
    company.hire("boss")
    company.set_manager("ada", "boss")
    here.sync()
    assert _manager(here, "ada") is None
    assert here.target.user(company.login("boss")) is None
    company.assign("boss")
    here.sync()
    assert here.methods == ["PATCH user", "POST user"]
    assert [entry.method for entry in here.written] == ["POST", "PATCH"]
    boss = here.target.user(company.login("boss"))
    assert boss is not None
    assert _manager(here, "ada") == boss.id
    here.sync(full=True)
    assert here.written == []


def test_graph_manager_leaves_scope_policy(here: House) -> None:
    """Whoever has no account is nobody's manager at the target: no change tells it, the full cycle clears it."""
    company = here.company
    assert isinstance(company, GraphCompany)
    company.set_manager("ada", "ben")
    here.sync()
    assert _manager(here, "ada") is not None
    company.directory.purge(company.ids["ben"])
    here.sync()
    here.sync(full=True)
    assert _manager(here, "ada") is None


def _manager(here: House, name: str) -> str | None:
    account = here.target.user(here.company.login(name))
    assert account is not None
    found = [value for key, value in account.attributes.items() if "enterprise" in key]
    return ((found[0].get("manager") or {}).get("value") or None) if found else None
