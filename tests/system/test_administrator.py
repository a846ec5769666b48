"""What an administrator tells a job, and what the job tells them: pause, seats, emptied groups, on demand, explain."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest
import uvloop

from syncd.approval import approve
from syncd.config import load
from syncd.cycle import Wish, sync
from syncd.daemon import Daemon
from syncd.provision import provision
from tests.system.company import GraphCompany
from tests.system.conftest import Cli
from tests.system.house import KINDS, House, house


def leave(here: House, name: str) -> None:
    for team in ("sales", "legal", "support"):
        here.company.leave(team, name)


def run_daemon_once(here: House) -> None:
    """The first cycle of each job, as `run` starts it."""

    async def some_seconds() -> None:
        daemon = Daemon(here.runtime, reread=lambda: load(here.config), accepted=lambda settings: None)
        await daemon._cycle("job")

    uvloop.run(some_seconds())


def test_a_paused_job_has_no_cycle_until_it_is_resumed_and_a_sync_by_hand_is_one(tmp_path: Path, cli: Cli) -> None:
    with house("graph", tmp_path, people=5) as here:
        login = here.company.hire("new", "sales")
        assert cli("pause", "job").code == 0
        (job,) = cli("status", "-o", "json").json["jobs"]
        assert job["paused"] is True
        run_daemon_once(here)
        assert login not in here.active()
        assert cli("resume", "job").code == 0
        run_daemon_once(here)
        assert login in here.active()
        (job,) = cli("status", "-o", "json").json["jobs"]
        assert job["paused"] is False
        cli("pause", "job")
        other = here.company.hire("newer", "sales")
        assert cli("sync", "--job", "job").code == 0
        assert other in here.active()
        ran = cli("pause", "jbo")
        assert ran.code == 64
        assert "There is no job jbo" in ran.err


@pytest.mark.parametrize("kind", KINDS)
def test_a_group_that_would_lose_every_member_is_held_and_emptied_once_approved(kind: str, tmp_path: Path) -> None:
    guards = "[jobs.job.guards]\ndeletions = { count = 500, percent = 50, minimum = 5 }"
    with house(kind, tmp_path, people=16, more=guards) as here:
        support = here.company.team_name("support")
        members = here.target.members(support)
        assert len(members) == 6
        for name in ("ada", "dea", "gil", "jan", "mia", "pia"):
            here.company.leave("support", name)
        here.company.hire("new", "sales")
        told = here.sync(code=3)
        assert here.target.members(support) == members
        assert here.logins("new") <= here.active()
        (row,) = [row for row in told["changes"] if row["status"] == "held"]
        assert (row["action"], row["name"]) == ("remove_members", support)
        assert row["held"] == "1 group would lose every member; none of these was removed"
        here.sync(code=3)
        assert here.written == []
        approve(here.runtime, "job", here.sync(code=3)["checksum"])
        here.sync()
        assert here.target.members(support) == set()
        here.sync(full=True)
        assert here.written == []


def test_the_seats_are_said_in_text_and_json(tmp_path: Path, cli: Cli) -> None:
    with house("graph", tmp_path, people=7, more="[jobs.job.guards]\nmax_active_users = 1000") as here:
        here.company.hire("new", "sales")
        sentence = "8 active after this run, of 1,000 seats"
        assert cli("--dry-run", "-o", "json").job["seats"] == sentence
        assert sentence in cli("--dry-run").out
        assert cli("sync", "-o", "json").job["seats"] == sentence
        leave(here, "ada")
        told = here.sync()
        assert told["seats"] == "7 active after this run, of 1,000 seats"
        assert len(here.active()) == 7


def test_a_group_on_demand_has_all_of_its_members_however_many(tmp_path: Path, cli: Cli) -> None:
    with house("graph", tmp_path, people=0, begun=False) as here:
        names = [f"n{number}" for number in range(230)]
        for name in names:
            here.company.hire(name)
            here.company.assign(name)
        here.sync()
        here.company.join("sales", *names)
        sales = here.company.team_name("sales")
        here.source.journal.clear()
        ran = cli("provision", sales, "--group", "-o", "json")
        assert ran.code == 0, ran.out
        assert here.target.members(sales) == here.logins(*names)
        here.sync()
        assert here.written == [], "the cycle finds nothing left to do"


DISABLED = {"deactivate", "remove_members"}


@pytest.mark.parametrize("how", ["disabled", "recycled", "purged", "out of scope"])
def test_who_is_gone_in_any_way_is_taken_care_of_on_demand(how: str, tmp_path: Path, cli: Cli) -> None:
    with house("graph", tmp_path, people=12) as here:
        company, login = here.company, here.company.login("ada")
        assert isinstance(company, GraphCompany)
        match how:
            case "disabled":
                company.disable("ada")
            case "recycled":
                company.directory.delete(company.ids["ada"])
            case "purged":
                company.purge("ada")
            case _:
                leave(here, "ada")
        explained = cli("explain", login, "-o", "json")
        assert explained.code == 0
        before = here.state()
        dry = cli("provision", login, "--dry-run", "-o", "json")
        assert dry.code == (1 if how == "purged" else 2), dry.out
        assert here.state() == before
        done = cli("provision", login, "-o", "json")
        assert done.code == (1 if how == "purged" else 0), done.out
        here.sync()
        assert login not in here.active()
        if how != "purged":
            assert {change["action"] for change in done.job["changes"]} == DISABLED
            assert "PATCH user" not in here.methods, "the cycle does not do it again"
        here.sync(full=True)
        assert here.written == []


def test_explain_tells_what_another_configuration_would_do_and_writes_nothing(tmp_path: Path, cli: Cli) -> None:
    users = '[jobs.job.users]\nfilters = [[{ attribute = "jobTitle", operator = "NOT EQUALS", value = "Guest" }]]'
    with house("graph", tmp_path, people=12, more=users) as here:
        login, state = here.company.login("ada"), here.state()
        text = here.config.read_text(encoding="utf-8")
        new = tmp_path / "new.toml"
        new.write_text(text.replace('value = "Guest"', 'value = "Engineer"').replace("NOT EQUALS", "NOT EQUALS"))
        assert cli("explain", login, "-o", "json").job["changes"] == []
        ran = cli("-c", str(new), "explain", login, "-o", "json")
        assert ran.code == 0
        assert {row["action"] for row in ran.job["changes"]} == DISABLED
        (scope,) = [step for step in ran.job["steps"] if step["step"] == "scope"]
        assert "NOT EQUALS" in scope["detail"]
        assert "'Engineer'" in scope["detail"]
        dry = cli("-c", str(new), "--dry-run", "-o", "json")
        assert dry.code == 3, "nobody would be left"
        assert here.state() == state
        assert here.sync()["changes"] == []
        assert here.written == []


def test_explain_tells_why_somebody_lost_access_and_when(tmp_path: Path, cli: Cli) -> None:
    with house("graph", tmp_path, people=12) as here:
        login = here.company.login("ada")
        tuesday = here.time.now()
        leave(here, "ada")
        here.sync()
        here.time.advance(timedelta(hours=3))
        here.sync()
        ran = cli("explain", login, "-o", "json")
        assert ran.code == 0
        (action,) = [step for step in ran.job["steps"] if step["step"] == "action"]
        (lost,) = [entry for entry in action["data"]["before"] if entry["action"] == "deactivate"]
        assert (lost["status"], lost["why"]) == ("success", "user is not assigned to the application")
        assert lost["time"] == f"{tuesday:%Y-%m-%dT%H:%M:%SZ}"
        assert "active" in lost["attributes"]
        text = cli("explain", login).out
        assert f"{tuesday:%Y-%m-%d}" in text
        assert "not assigned to the application" in text
        logged = cli("log", "--user", login, "-o", "json").out
        assert '"action":"deactivate"' in logged


def test_on_demand_within_seconds_while_a_long_cycle_runs_and_never_twice(tmp_path: Path) -> None:
    with house("graph", tmp_path, people=25, begun=False) as here:
        here.at_target({"delay_s": 0.3}, times=None, method="POST")

        async def both() -> None:
            long = asyncio.create_task(sync(here.runtime, ["job"], Wish()))
            while len(here.active()) < 2:
                await asyncio.sleep(0.01)
            login = await asyncio.to_thread(here.company.hire, "new", "sales")
            (trace,) = await provision(here.runtime, login, ["job"])
            assert trace.exit_code == 0
            assert not long.done()
            assert login in here.active()
            (result,) = await long
            assert result.error is None

        uvloop.run(both())
        assert len(here.target.users()) == 26
        here.all_well()
        here.sync()
        assert set(here.methods) <= {"PATCH group"}, "the team itself came after the new colleague"
        here.sync(full=True)
        assert here.written == []
