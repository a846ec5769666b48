"""Approvals while things move: at the source, at the target, in the configuration, and beside other processes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from connectors.sandbox.scim.members import Members
from syncd.approval import NothingToApprove, Outdated, approve
from tests.system.conftest import Cli
from tests.system.house import House, house
from tests.system.test_threshold import LEAVERS, leave, waiting

GUARDS = "[jobs.job.guards]\ndeletions = { count = 500, percent = 10, minimum = 10 }"


@pytest.fixture
def here(tmp_path: Path) -> Iterator[House]:
    """Five of thirty have left, and wait."""
    with house("graph", tmp_path, more=GUARDS) as made:
        leave(made, *LEAVERS)
        made.sync(code=3)
        yield made


def held_names(here: House) -> set[str]:
    return {row["name"] for row in waiting(here)[1]}


@pytest.mark.parametrize("verb", ["explain", "provision", "provision --dry-run"])
def test_what_is_looked_at_on_demand_meanwhile_hides_nothing_that_is_held(here: House, cli: Cli, verb: str) -> None:
    checksum, _ = waiting(here)
    name, *more = verb.split()
    here.company.set_title("fay", "Head of Sales")
    assert cli(name, here.company.login("fay"), "--job", "job", *more).code in (0, 2)
    assert held_names(here) == here.logins(*LEAVERS)
    assert approve(here.runtime, "job", checksum) == 5
    here.sync()
    assert not here.logins(*LEAVERS) & here.active()


def test_an_approval_covers_what_was_seen_whatever_else_changes_at_the_source(here: House) -> None:
    checksum, _ = waiting(here)
    approve(here.runtime, "job", checksum)
    here.company.set_title("ada", "Guest")
    here.company.rename("ben", "benjamin")
    here.company.purge("cem")  # a deactivation was approved, and this would be a deletion
    here.company.join("sales", "dea")
    here.company.hire("new", "sales")
    told = here.sync(code=3)
    (row,) = [row for row in told["changes"] if row["status"] == "held"]
    assert (row["action"], row["source_id"]) == ("delete", here.company.ids["cem"])
    assert here.logins("cem", "dea", "new") <= here.active()
    assert not here.logins("ada", "ben", "eve") & here.active()
    approve(here.runtime, "job", told["checksum"])
    here.sync()
    assert here.target.user(here.company.login("cem")) is None


@pytest.mark.parametrize("full", [False, True])
def test_accounts_that_others_removed_or_woke_meanwhile_do_no_harm_to_an_approval(here: House, full: bool) -> None:
    approve(here.runtime, "job", waiting(here)[0])
    here.target.remove(here.target.user(here.company.login("ada")))
    here.service.control.mutate("update", {"kind": "user", "name": here.company.login("ben"), "set": {"active": False}})
    here.sync(full=full, code=None)
    assert not here.logins(*LEAVERS) & here.active()
    assert len(here.active()) == 25
    assert waiting(here) == (None, [])
    here.sync(full=True)
    assert here.written == []


def test_other_removals_than_those_seen_need_another_approval_when_the_configuration_changes(here: House) -> None:
    approve(here.runtime, "job", waiting(here)[0])
    with here.changed_config((GUARDS, f'[jobs.job.users]\nout_of_scope = "delete"\n{GUARDS}')):
        told = here.sync(code=3)
        assert here.written == []
        assert {row["action"] for row in told["changes"]} == {"delete"}
    deleting, stricter = 'out_of_scope = "delete"', GUARDS.replace("percent = 10", "percent = 5")
    with here.changed_config((deleting, 'out_of_scope = "deactivate"'), (GUARDS, stricter)):
        here.sync()
        assert not here.logins(*LEAVERS) & here.active()


def test_approving_twice_frees_the_same_and_once_they_went_nothing(here: House) -> None:
    checksum, _ = waiting(here)
    assert approve(here.runtime, "job", checksum) == approve(here.runtime, "job", checksum) == 5
    here.sync()
    with pytest.raises((NothingToApprove, Outdated), match=r"nothing was changed.*syncd held --job job"):
        approve(here.runtime, "job", checksum)


def test_an_old_plan_frees_of_what_is_held_now_only_what_it_showed(here: House) -> None:
    old, _ = waiting(here)
    leave(here, "fay")
    here.sync(code=3)
    assert waiting(here)[0] != old
    assert approve(here.runtime, "job", old) == 5
    told = here.sync(code=3)
    assert [row["name"] for row in told["changes"] if row["status"] == "held"] == [here.company.login("fay")]
    assert not here.logins(*LEAVERS) & here.active()


def test_what_is_held_is_told_once_although_the_cycle_looks_twice(here: House) -> None:
    """An account that is gone at the target is made again in the same cycle, by a second plan."""
    here.target.remove(here.target.user(here.company.login("fay")))
    here.company.set_title("fay", "Head of Sales")
    told = here.sync(code=3)
    assert (told["counts"]["create"], told["counts"]["held"]) == (1, 5)
    held_rows = [row for row in told["changes"] if row["status"] == "held"]
    assert {row["name"] for row in held_rows} == here.logins(*LEAVERS)
    assert "5 of 29 linked users would be deactivated or deleted (17.2 %, limit 10 %)" in held_rows[0]["held"]
    assert approve(here.runtime, "job", told["checksum"]) == 5
    here.sync()
    assert not here.logins(*LEAVERS) & here.active()


SECOND_JOB = """
[jobs.second]
source = "company"
target = "product"
[jobs.second.groups]
enabled = false
"""


def test_conflicts_are_told_apart_from_what_an_approval_frees(tmp_path: Path, cli: Cli) -> None:
    with house("graph", tmp_path, people=3, more=SECOND_JOB):
        shown = cli("sync", "--job", "second")
        assert shown.code == 3
        assert "syncd held --job second" in shown.out
        assert "approve" not in shown.out
        shown = cli("held", "--job", "second")
        assert shown.code == 3
        assert "belongs to job job, which keeps it" in shown.out
        assert "Conflicts (3) are cleared up at the target or in the configuration" in shown.out
        assert "syncd approve" not in shown.out
        told = cli("held", "--job", "second", "-o", "json").job
        assert (len(told["changes"]), told["approvable"]) == (3, 0)
        refused = cli("approve", "second", told["checksum"])
        assert refused.code == 1
        assert "are conflicts, which no approval frees" in refused.err


def test_what_an_approval_frees_is_told_apart_from_conflicts_beside_it(here: House, cli: Cli) -> None:
    here.company.hire("twin", "sales")
    for name in ("one", "two"):
        account = {"userName": here.company.login("twin"), "externalId": name, "active": True}
        here.target.add("user", name, account, Members())
    assert cli("sync", "--job", "job").code == 3
    shown = cli("held", "--job", "job")
    assert "To let the 5 over a limit go: syncd approve job " in shown.out
    assert "Conflicts (1) are cleared up" in shown.out
