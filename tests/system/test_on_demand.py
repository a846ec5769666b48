"""Whom a name means on demand: never two people, never an old answer, and beside a cycle nobody twice."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import uvloop

from syncd.core.model import Kind
from syncd.cycle import Wish, sync
from syncd.provision import provision
from tests.contract.state_rows import change, plan
from tests.system.company import COMPANIES
from tests.system.conftest import Cli, Ran
from tests.system.house import House, house, quirky
from tests.system.test_unsettled_meanwhile import open_rows

KINDS = tuple(COMPANIES)


def step(ran: Ran, name: str) -> dict[str, Any]:
    (found,) = [one for one in ran.job["steps"] if one["step"] == name]
    return dict(found)


@pytest.mark.parametrize("kind", KINDS)
def test_a_name_that_two_people_have_does_nothing_and_names_both(tmp_path: Path, kind: str, cli: Cli) -> None:
    with house(kind, tmp_path, people=3) as here:
        company, shared = here.company, "team@company.example"
        for name in ("kim", "leo"):
            company.hire(name, "sales")
            company.set_mail(name, shared)
        before = here.state()
        for more in ((), ("--dry-run",)):
            ran = cli("provision", shared, "-o", "json", *more)
            assert ran.code == 1
            said = ran.json["error"]["message"]
            assert f"{shared} means 2 users at company: " in said
            assert all(company.login(name) in said and company.ids[name] in said for name in ("kim", "leo"))
            assert "Say which one by its id: syncd provision ID" in said
        assert here.state() == before
        assert cli("explain", shared, "-o", "json").code == 0
        assert cli("provision", company.ids["kim"], "-o", "json").code == 0
        assert here.logins("kim") <= here.active()
        assert not here.logins("leo") & here.active()


def test_of_two_namesakes_the_one_in_scope_is_meant(tmp_path: Path, cli: Cli) -> None:
    with house("graph", tmp_path, people=3) as here:
        shared = "team@company.example"
        here.company.hire("leo")
        here.company.hire("kim", "sales")
        for name in ("kim", "leo"):
            here.company.set_mail(name, shared)
        assert cli("provision", shared).code == 0
        assert here.logins("kim") <= here.active()
        assert not here.logins("leo") & here.active()


@pytest.mark.parametrize("kind", KINDS)
def test_a_user_name_goes_before_the_same_address_of_somebody_else(tmp_path: Path, kind: str, cli: Cli) -> None:
    with house(kind, tmp_path, people=3) as here:
        here.company.hire("kim", "sales")
        here.company.hire("leo", "sales")
        here.company.set_mail("leo", here.company.login("kim"))
        assert cli("provision", here.company.login("kim").upper()).code == 0
        assert here.logins("kim") <= here.active()
        assert not here.logins("leo") & here.active()


@pytest.mark.parametrize("kind", KINDS)
def test_by_an_earlier_login_somebody_is_found_as_they_are_now(tmp_path: Path, kind: str, cli: Cli) -> None:
    with house(kind, tmp_path, people=3) as here:
        old = here.company.login("ada")
        new = here.company.rename("ada", "augusta")
        ran = cli("provision", old, "-o", "json")
        assert (ran.code, ran.job["name"]) == (0, new)
        assert new in here.active()
        here.sync()
        assert here.written == []


@pytest.mark.parametrize("kind", KINDS)
def test_who_vanished_from_the_source_is_told_so_and_left_to_a_cycle(tmp_path: Path, kind: str, cli: Cli) -> None:
    with house(kind, tmp_path, people=12) as here:
        login = here.company.login("ada")
        here.company.purge("ada")
        ran = cli("provision", login, "-o", "json")
        assert ran.code == 1
        assert f"company has no user called {login} any more; nothing was done" in ran.json["error"]["message"]
        assert "syncd sync --job job" in ran.json["error"]["message"]
        told = cli("explain", login, "-o", "json")
        assert told.code == 0
        assert "this is how it was last read" in step(told, "import")["detail"]
        assert login in here.active()
        here.sync(code=None)
        assert login not in here.active()
        assert "deleted at the source" in step(cli("provision", login, "-o", "json"), "import")["detail"]


def test_who_was_never_wanted_or_never_there_is_told_so(tmp_path: Path, cli: Cli) -> None:
    with house("graph", tmp_path, people=3) as here:
        here.company.hire("guest")
        ran = cli("provision", here.company.login("guest"), "-o", "json")
        assert (ran.code, ran.job["changes"], step(ran, "scope")["status"]) == (0, [], "skipped")
        here.company.hire("late", "sales")
        here.company.disable("late")
        ran = cli("provision", here.company.login("late"), "-o", "json")
        assert (ran.code, step(ran, "action")["detail"]) == (0, "nothing to do: disabled accounts are not created")
        ran = cli("provision", "nobody@company.example")
        assert ran.code == 1
        assert "Nobody and nothing is called nobody@company.example" in ran.err
        assert len(here.active()) == 3


def members(here: House, team: str) -> list[str]:
    """With every repetition."""
    group = here.target.group(here.company.team_name(team))
    assert group is not None
    return sorted(str(element["value"]) for element in group.members.elements)


def test_who_joins_a_group_that_a_running_cycle_is_changing_is_in_it_once(tmp_path: Path) -> None:
    """At a service that keeps a member twice that is added twice."""
    with house("graph", tmp_path, people=6, quirks=quirky(duplicate_members=True)) as here:
        here.at_target({"delay_s": 0.4}, method="PATCH", path="/Groups/")
        here.company.assign("ada")
        here.company.join("sales", "ada", "cem")

        async def both() -> None:
            long = asyncio.create_task(sync(here.runtime, ["job"], Wish()))
            while not open_rows(here):
                await asyncio.sleep(0.01)
            await asyncio.to_thread(here.company.hire, "new", "sales")
            for name in ("new", "ada"):
                (trace,) = await provision(here.runtime, here.company.login(name), ["job"])
                assert trace.exit_code in (0, 4)
            (result,) = await long
            assert result.error is None

        uvloop.run(both())
        here.all_well()
        here.sync(code=None)
        here.sync(full=True)
        inside = members(here, "sales")
        assert len(inside) == len(set(inside)) == 6
        assert here.target.members(here.company.team_name("sales")) >= here.logins("ada", "cem", "new")


@pytest.mark.parametrize("kind", ["user", "group"])
def test_a_dry_run_on_demand_waits_for_a_look_up_as_the_run_itself_does(tmp_path: Path, kind: Kind) -> None:
    """Only a cycle looks up what was sent and not answered, so nothing is sent before it has, however old it is."""
    with house("graph", tmp_path, people=3) as here:
        login, team = here.company.hire("new", "legal"), here.company.team_name("legal")
        here.at_target({"drop": "before"}, times=1, method="PATCH", path="/Groups/")
        here.sync(code=4)
        here.time.advance(timedelta(minutes=2))
        name = login if kind == "user" else team
        for wish in ({"act": False}, {"dry": True}, {}):
            (trace,) = uvloop.run(provision(here.runtime, name, ["job"], kind=kind, **wish))
            assert trace.changes == [], wish
            assert trace.steps[-1].detail == f"{team}: 1 may have been added already: they wait for a look-up of that"
        assert here.sync(dry=True, code=2)["counts"]["add_members"] == 1, "a cycle looks first"
        assert here.sync()["counts"]["add_members"] == 1
        assert login in here.target.members(team)


@pytest.mark.parametrize("kind", KINDS)
def test_a_group_name_that_failed_is_tried_again_although_somebody_was_provisioned_into_it(
    tmp_path: Path, kind: str
) -> None:
    with house(kind, tmp_path, people=3) as here:
        revenue, login = here.company.rename_team("sales", "revenue"), here.company.hire("new", "sales")
        here.at_target({"status": 403}, method="PATCH", path="/Groups/", body="displayName")
        here.at_target({"status": 403}, method="POST", path="/Users", times=1)
        assert here.sync(code=4)["counts"]["create"] == 0
        (trace,) = uvloop.run(provision(here.runtime, login, ["job"]))
        assert [change["action"] for change in trace.changes] == ["create", "add_members"]
        here.all_well()
        here.time.advance(timedelta(minutes=1))
        here.sync(failed_now=False)
        assert revenue in {group.name for group in here.target.groups()}
        assert here.runtime.store.pending.count("job", "failed") == 0


def test_who_was_provisioned_into_a_group_does_not_fail_any_more(tmp_path: Path) -> None:
    with house("graph", tmp_path, people=3) as here:
        login = here.company.hire("new", "sales")
        here.at_target({"status": 403}, method="PATCH", path="/Groups/", times=1)
        here.sync(code=4)
        (trace,) = uvloop.run(provision(here.runtime, login, ["job"]))
        assert [change["action"] for change in trace.changes] == ["add_members"]
        here.time.advance(timedelta(minutes=1))
        here.sync(failed_now=False)
        assert here.written == []
        assert here.runtime.store.pending.count("job", "failed") == 0


@pytest.mark.parametrize("more", [["--dry-run"], []])
def test_who_is_left_alone_is_told_why(tmp_path: Path, cli: Cli, more: list[str]) -> None:
    protected = '[jobs.job.guards]\nprotect = ["ada.house@company.example"]\n'
    with house("graph", tmp_path, people=3, more=protected, tag="house") as here:
        for team in ("sales", "legal", "support"):
            here.company.leave(team, "ada")
        ran = cli("provision", here.company.login("ada"), "-o", "json", *more)
        (left,) = [change for change in ran.job["changes"] if change["kind"] == "user"]
        assert (left["status"], left["error"]["code"]) == ("skipped", "LeftAlone")
        assert "protected by guards.protect" in left["error"]["message"]
        (said,) = [one for one in ran.job["steps"] if one["step"] == "action" and "deactivate" in one["detail"]]
        assert said["status"] == "skipped"
        assert "protected by guards.protect" in said["detail"]
        assert here.logins("ada") <= here.active()


def test_a_group_that_another_job_is_making_is_left_to_it_and_that_is_told(tmp_path: Path) -> None:
    second = '[jobs.second]\nsource = "company"\ntarget = "product"\n'
    with house("graph", tmp_path, people=3, quirks=quirky(unique=("user.userName",)), more=second) as here:
        here.company.found("late")
        store, now, name = here.runtime.store, here.time.now(), here.company.team_name("late")
        theirs = change("late", kind="group", after={"displayName": name}, name=name)
        rows = plan(store, theirs, id_="theirs", job="second", now=now)
        assert store.journal.mark_sent("theirs", "second", rows, now=now)
        (trace,) = uvloop.run(provision(here.runtime, name, ["job"], kind="group"))
        (put_off,) = [row for row in trace.changes if row["action"] == "create"]
        assert (put_off["status"], put_off["error"]["code"]) == ("skipped", "PutOff")
        assert "others are at work on it" in trace.steps[-1].detail
        assert here.target.group(name) is None
