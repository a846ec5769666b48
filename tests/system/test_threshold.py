"""A threshold with a way through: what is over a limit waits, the rest goes on, and an approval lets go what was seen."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from syncd.approval import NothingToApprove, Outdated, approve, held
from syncd.control import restart, retry
from tests.system.company import PEOPLE
from tests.system.conftest import Cli
from tests.system.house import KINDS, House, house

LEAVERS = ("ada", "ben", "cem", "dea", "eve")


@pytest.fixture(params=KINDS)
def here(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[House]:
    guards = "[jobs.job.guards]\ndeletions = { count = 500, percent = 10, minimum = 10 }"
    with house(request.param, tmp_path, more=guards) as made:
        yield made


def leave(here: House, *names: str) -> None:
    for name in names:
        here.company.leave("sales", name)
        here.company.leave("legal", name)
        here.company.leave("support", name)


def waiting(here: House) -> tuple[str, list[dict[str, Any]]]:
    """The checksum under which the held changes can be approved, and these."""
    (row,) = held(here.runtime, ["job"])
    return row["checksum"], row["changes"]


def test_over_the_limit_only_removals_wait_until_approved(here: House) -> None:
    leave(here, *LEAVERS)
    here.company.hire("new", "sales")
    here.company.set_title("fay", "Head of Sales")
    told = here.sync(code=3)
    assert here.logins("new") <= here.active()
    assert here.target.user(here.company.login("fay")).attributes["title"] == "Head of Sales"
    assert here.logins(*LEAVERS) <= here.active()
    held_rows = [row for row in told["changes"] if row["status"] == "held"]
    assert {row["name"] for row in held_rows} == here.logins(*LEAVERS)
    assert {row["action"] for row in held_rows} == {"deactivate"}
    assert "5 of 30 linked users would be deactivated or deleted (16.7 %, limit 10 %)" in held_rows[0]["held"]

    told = here.sync(code=3)
    assert here.written == []
    checksum, rows = waiting(here)
    assert checksum == told["checksum"]
    assert {row["name"] for row in rows} == here.logins(*LEAVERS)

    assert approve(here.runtime, "job", checksum[:19]) == 5
    here.sync(code=0)
    assert not here.logins(*LEAVERS) & here.active()
    assert here.methods.count("PATCH user") == 5
    here.sync(full=True)
    assert here.written == []


def test_what_is_held_after_the_clock_was_set_back_can_be_approved(here: House) -> None:
    here.time.advance(timedelta(days=1))
    here.company.set_title("fay", "Head of Sales")
    here.sync()
    here.time.advance(timedelta(days=-1))
    leave(here, *LEAVERS)
    told = here.sync(code=3)
    checksum, rows = waiting(here)
    assert checksum == told["checksum"]
    assert {row["name"] for row in rows} == here.logins(*LEAVERS)
    assert approve(here.runtime, "job", checksum) == 5
    here.sync(code=0)
    assert not here.logins(*LEAVERS) & here.active()


def test_an_approval_ends_with_its_time(here: House) -> None:
    leave(here, *LEAVERS)
    here.sync(code=3)
    checksum, _ = waiting(here)
    approve(here.runtime, "job", checksum, lasting=timedelta(hours=1))
    here.time.advance(timedelta(hours=1, seconds=1))
    here.sync(code=3)
    assert here.written == []
    assert here.logins(*LEAVERS) <= here.active()


def test_a_new_hire_does_not_void_an_approval_and_one_removal_more_is_held_again(here: House) -> None:
    leave(here, *LEAVERS)
    here.sync(code=3)
    checksum, _ = waiting(here)
    approve(here.runtime, "job", checksum)
    here.company.hire("new", "sales")
    leave(here, "fay")
    told = here.sync(code=3)
    assert here.logins("new", "fay") <= here.active()
    assert not here.logins(*LEAVERS) & here.active()
    assert [row["name"] for row in told["changes"] if row["status"] == "held"] == [here.company.login("fay")]


def test_an_approval_holds_once(here: House) -> None:
    leave(here, *LEAVERS)
    here.sync(code=3)
    approve(here.runtime, "job", waiting(here)[0])
    here.sync()
    here.company.join("sales", *LEAVERS)
    here.sync()
    assert here.logins(*LEAVERS) <= here.active()
    leave(here, *LEAVERS)
    here.sync(code=3)
    assert here.logins(*LEAVERS) <= here.active()


def test_who_comes_back_while_held_is_not_removed_by_the_approval(here: House) -> None:
    leave(here, *LEAVERS)
    here.sync(code=3)
    approve(here.runtime, "job", waiting(here)[0])
    here.company.join("sales", "ada")
    here.sync()
    assert here.logins("ada") <= here.active()
    assert not here.logins(*LEAVERS[1:]) & here.active()


def test_an_unknown_or_outdated_checksum_changes_nothing(here: House) -> None:
    leave(here, *LEAVERS)
    here.sync(code=3)
    checksum, _ = waiting(here)
    with pytest.raises(NothingToApprove, match="syncd held --job job"):
        approve(here.runtime, "job", "0123456789abcdef")
    here.company.join("legal", "ada", "ben", "cem")
    here.sync()
    leave(here, "fay", "gil", "hal", "ida")
    here.sync(code=3)
    with pytest.raises((Outdated, NothingToApprove)):
        approve(here.runtime, "job", checksum)
    here.sync(code=3)
    assert here.logins("fay", "gil", "hal", "ida") <= here.active()


def test_all_of_a_kind_are_held_however_few(tmp_path: Path) -> None:
    with house("graph", tmp_path, people=3) as here:
        leave(here, "ada", "ben", "cem")
        told = here.sync(code=3)
        assert here.active() == here.logins("ada", "ben", "cem")
        assert "all of them" in next(row["held"] for row in told["changes"] if row["status"] == "held")


def test_groups_that_all_leave_the_scope_are_held(here: House) -> None:
    for name in PEOPLE:
        here.company.assign(name)
    here.sync()
    before = here.state()
    for team in ("sales", "legal", "support", "design"):
        here.company.withdraw(team)
    told = here.sync(code=3)
    assert here.written == []
    assert here.state() == before
    held_rows = [row for row in told["changes"] if row["status"] == "held"]
    assert [(row["action"], row["kind"]) for row in held_rows] == [("delete", "group")] * 4
    approve(here.runtime, "job", told["checksum"])
    here.sync()
    assert here.target.groups() == []
    assert len(here.active()) == 30


def test_accounts_over_the_licence_wait_for_a_seat(tmp_path: Path) -> None:
    with house("okta", tmp_path, people=20, more="[jobs.job.guards]\nmax_active_users = 21") as here:
        for name in ("new", "newer", "newest"):
            here.company.hire(name, "sales")
        told = here.sync(code=3)
        assert len(here.active()) == 21
        assert [row["action"] for row in told["changes"] if row["status"] == "held"] == ["create", "create"]
        leave(here, "ada")
        here.sync(code=3)
        here.sync(code=3)
        assert len(here.active()) == 21
        assert not here.logins("ada") & here.active()


@pytest.mark.parametrize("policy", ["deactivate", "delete"])
def test_who_is_protected_is_never_removed(tmp_path: Path, policy: str) -> None:
    more = f"""
[jobs.job.users]
out_of_scope = "{policy}"
[jobs.job.guards]
protect = ["ADA.house@company.example"]
"""
    with house("graph", tmp_path, people=12, more=more, tag="house") as here:
        leave(here, "ada")
        told = here.sync()
        assert [row["status"] for row in told["changes"] if row["name"] == here.company.login("ada")] == ["skipped"]
        assert [warning["code"] for warning in told["warnings"]] == ["Protected"]
        here.company.purge("ada")
        here.sync(full=True)
        assert here.logins("ada") <= here.active()


def test_the_commands_show_what_is_held_and_let_it_go(here: House, cli: Cli) -> None:
    leave(here, *LEAVERS)
    assert cli("sync", "--job", "job").code == 3
    shown = cli("held", "--job", "job", "-o", "json")
    assert shown.code == 3
    (job,) = shown.json["jobs"]
    assert {row["name"] for row in job["changes"]} == here.logins(*LEAVERS)
    assert cli("approve", "job", "00000000").code == 1
    done = cli("approve", "job", job["checksum"], "--for", "2h")
    assert done.code == 0
    assert "5" in done.out
    assert cli("sync", "--job", "job").code == 0
    assert not here.logins(*LEAVERS) & here.active()


WINDOW = "[jobs.job.guards]\ndeletions = { count = 500, percent = 10, minimum = 10, window = '24h' }"


def test_a_slow_bleed_is_held_within_the_window_and_goes_on_after_it(tmp_path: Path) -> None:
    with house("graph", tmp_path, more=WINDOW) as here:
        leave(here, *LEAVERS[:3])
        here.sync()
        assert here.logins(*LEAVERS[:3]).isdisjoint(here.active())
        here.time.advance(timedelta(hours=2))
        leave(here, "dea")
        told = here.sync(code=3)
        (row,) = [row for row in told["changes"] if row["status"] == "held"]
        assert "1 linked users would be deactivated or deleted after 3 within guards.deletions.window" in row["held"]
        assert "of 30 (13.3 %, limit 10 %)" in row["held"]
        assert here.logins("dea") <= here.active()
        here.time.advance(timedelta(hours=23))
        here.sync()
        assert here.logins("dea").isdisjoint(here.active())


def test_a_retry_makes_failing_objects_due_and_an_approval_does_not_touch_the_rest(tmp_path: Path) -> None:
    with house("graph", tmp_path, people=5) as here:
        here.at_target({"status": 400}, method="POST")
        here.company.hire("new", "sales")
        here.sync(code=4)
        assert retry(here.runtime, "job") == 1
        here.all_well()
        here.sync(failed_now=False)
        assert here.logins("new") <= here.active()


def test_accounts_go_over_to_another_job_without_a_gap(tmp_path: Path) -> None:
    jobs = """
[jobs.job.users]
out_of_scope = "ignore"
[jobs.next]
source = "company"
target = "product"
scope = "all"
[jobs.next.groups]
enabled = false
"""
    with house("graph", tmp_path, people=5, job="groups.enabled = false", more=jobs) as here:
        told = here.sync(code=3, job="next")
        held_rows = [row for row in told["changes"] if row["status"] == "held"]
        assert len(held_rows) == 5
        assert all("belongs to job job, which keeps it" in row["held"] for row in held_rows)
        leave(here, "ada")
        here.sync()
        assert here.written == []
        restart(here.runtime, "job", links=True)
        here.sync(job="next")
        assert here.written == []
        assert len(here.active()) == 5
        here.company.set_title("ada", "Free")
        here.sync(code=None, job="next")
        assert here.methods == ["PATCH user"]
