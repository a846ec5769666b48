"""What one listing of Entra lacks removes nobody; what is really gone, removes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.system.company import GraphCompany
from tests.system.house import House, house

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
