"""Two jobs on one target: an account has one owner, and passes on when that one lets go what the other claims."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import uvloop

from connectors.sandbox.serve import serve
from syncd.control import pause
from syncd.cycle import Wish, sync
from syncd.provision import provision
from tests.system.company import GraphCompany, OktaCompany
from tests.system.conftest import Cli
from tests.system.house import House, house
from tests.system.test_unsettled_meanwhile import open_rows

#: `job` has whoever makes products, `other` the engineers; at first everybody is both
TWO = """
[jobs.job.users]
filters = [[ { attribute = "department", operator = "EQUALS", value = "Products" } ]]
[jobs.other]
source = "company"
target = "product"
[jobs.other.users]
filters = [[ { attribute = "jobTitle", operator = "EQUALS", value = "Engineer" } ]]
[jobs.other.groups]
enabled = false
"""


@pytest.fixture
def here(tmp_path: Path) -> Iterator[House]:
    with house("graph", tmp_path, people=4, more=TWO) as made:
        assert set(held(made.sync(code=3, job="other"))) == made.logins("ada", "ben", "cem", "dea")
        yield made


def held(told: dict[str, Any]) -> dict[str, str]:
    return {row["name"]: row["held"] for row in told["changes"] if row["status"] == "held"}


def owner(here: House, name: str) -> str:
    account = here.target.user(here.company.login(name))
    assert account is not None
    return here.runtime.store.links.owners("product", "user", [account.id])[account.id].job


def move(here: House, name: str, department: str) -> None:
    assert isinstance(here.company, GraphCompany)
    here.company.directory.update_user(here.company.ids[name], department=department)


def test_who_leaves_one_scope_keeps_an_account_that_another_job_claims(here: House) -> None:
    login = here.company.login("ada")
    move(here, "ada", "Sales")
    waiting = held(here.sync(code=3))
    assert waiting.keys() == {login}
    assert "job other claims this account and takes it over in its next cycle" in waiting[login]
    assert here.written == []

    told = here.sync(code=3, job="other")
    (adopted,) = [row for row in told["changes"] if row["status"] == "done"]
    assert (adopted["action"], adopted["name"]) == ("adopt", login)
    assert "job job lets it go" in adopted["why"]
    assert [(edit["old"], edit["new"]) for edit in adopted["modified"]] == [("Products", "Sales")]
    assert here.methods == ["PATCH user"]
    assert owner(here, "ada") == "other"

    here.sync()
    assert here.methods == ["PATCH group", "PATCH group"], "the groups are of the job that let her go"
    assert login not in here.target.members(here.company.team_name("legal"))
    for job, code in (("job", 0), ("other", 3)):
        here.sync(code=code, job=job, full=True)
        assert here.written == []
    assert login in here.active()

    move(here, "ada", "Products")
    assert "belongs to job other, which keeps it" in held(here.sync(code=3))[login]
    here.company.set_title("ada", "Director")
    here.sync(code=3, job="other")
    assert here.written == []
    here.sync()
    assert owner(here, "ada") == "job"
    assert login in here.target.members(here.company.team_name("legal"))


def test_who_leaves_both_scopes_at_once_is_deactivated(here: House) -> None:
    move(here, "ada", "Sales")
    here.company.set_title("ada", "Director")
    here.sync()
    here.sync(code=3, job="other")
    assert not here.logins("ada") & here.active()


def test_an_account_that_was_deactivated_before_anybody_claimed_it_comes_back(tmp_path: Path) -> None:
    with house("graph", tmp_path, people=4, more=TWO) as here:
        here.company.set_title("ada", "Director")
        move(here, "ada", "Sales")
        here.sync()
        assert not here.logins("ada") & here.active()
        here.company.set_title("ada", "Engineer")
        here.sync(code=3, job="other", dry=True)
        here.sync(code=3, job="other")
        assert here.logins("ada") <= here.active()
        assert owner(here, "ada") == "other"
        here.sync()
        assert here.written == []


def test_a_job_that_is_paused_claims_nothing(here: House) -> None:
    pause(here.runtime, "other")
    move(here, "ada", "Sales")
    here.sync()
    assert not here.logins("ada") & here.active()


def test_an_adoption_that_fails_leaves_the_account_with_the_job_that_claims_it(here: House) -> None:
    move(here, "ada", "Sales")
    here.company.set_given_name("ada", "Augusta")
    here.at_target({"status": 400}, method="PATCH", path="/Users/")
    here.sync(code=3)
    here.sync(code=3, job="other")
    assert owner(here, "ada") == "other"
    here.sync(code=0)
    here.all_well()
    here.sync(code=3, job="other")
    account = here.target.user(here.company.login("ada"))
    assert account is not None
    assert account.attributes["name"]["givenName"] == "Augusta"
    assert here.logins("ada") <= here.active()


def test_an_adoption_whose_answer_was_lost_is_looked_up_and_ends_well(here: House) -> None:
    move(here, "ada", "Sales")
    here.at_target({"drop": "answer"}, method="PATCH", path="/Users/", times=1)
    here.at_target({"replace": 0}, method="GET", path="/Users/")
    here.sync(code=3, job="other")
    assert open_rows(here) == 1
    assert owner(here, "ada") == "other"
    here.sync()
    here.all_well()
    here.time.advance(timedelta(minutes=5))
    here.sync(code=3, job="other")
    assert open_rows(here) == 0
    for job, code in (("job", 0), ("other", 3)):
        here.sync(code=code, job=job, full=True)
        assert here.written == []
    assert here.logins("ada") <= here.active()


def test_on_demand_an_account_passes_on_as_well(here: House, cli: Cli) -> None:
    move(here, "ada", "Sales")
    login = here.company.login("ada")
    ran = cli("provision", login, "--job", "job", "-o", "json")
    assert ran.code == 3
    assert "job other claims this account" in str(ran.job["changes"])
    assert cli("provision", login, "--job", "other", "-o", "json").code == 0
    assert owner(here, "ada") == "other"
    assert login in here.active()


def test_a_request_of_nobody_knows_what_end_keeps_an_account_where_it_is(here: House) -> None:
    here.company.set_given_name("ada", "Augusta")
    here.at_target({"drop": "answer"}, method="PATCH", path="/Users/", times=1)
    here.at_target({"replace": 0}, method="GET", path="/Users/")
    here.sync(code=4)
    here.all_well()
    move(here, "ada", "Sales")
    waiting = held(here.sync(code=3, job="other"))[here.company.login("ada")]
    assert "job (with a request under way that its next cycle looks up: syncd sync --job job)" in waiting
    assert owner(here, "ada") == "job"
    here.sync(code=3)
    here.sync(code=3, job="other")
    assert owner(here, "ada") == "other"


def test_accounts_of_a_job_that_was_renamed_go_over_when_it_lets_them_go(tmp_path: Path, cli: Cli) -> None:
    with house("graph", tmp_path, people=3) as here:
        before, text = here.state(), here.config.read_text(encoding="utf-8")
        here.config.write_text(text.replace("[jobs.job]", "[jobs.wiki]"), encoding="utf-8")
        ran = cli("sync", "-o", "json")
        assert ran.code == 3
        assert "to let all of its accounts go: syncd restart job --links" in held(ran.job)[here.company.login("ada")]
        assert cli("restart", "job").code == 64
        assert cli("restart", "jab", "--links").code == 64
        ran = cli("restart", "job", "--links")
        assert (ran.code, "7 links are forgotten" in ran.out) == (0, True)
        assert cli("sync").code == 0
        assert cli("sync", "--full", "-o", "json").job["changes"] == []
        assert here.state() == before


@contextmanager
def two_directories(folder: Path) -> Iterator[tuple[House, OktaCompany]]:
    """A company with its people at Entra, and some of the same at Okta."""
    okta, place = OktaCompany("twice"), folder / "okta"
    place.mkdir()
    okta.found("sales")
    okta.hire("ada", "sales")
    with serve({"okta": okta.app}) as served:
        source = okta.source(place, served["okta"]).replace("[sources.company]", "[sources.second]")
        job = '[jobs.second]\nsource = "second"\ntarget = "product"\n[jobs.second.groups]\nenabled = false\n'
        with house("graph", folder, people=3, tag="twice", more=source + job) as here:
            yield here, okta


def test_who_is_in_two_directories_has_one_account_and_one_owner(tmp_path: Path) -> None:
    with two_directories(tmp_path) as (here, okta):
        login = okta.hire("only", "sales")
        waiting = held(here.sync(code=3, job="second"))
        assert waiting.keys() == here.logins("ada")
        assert "belongs to job job, which keeps it" in waiting[here.company.login("ada")]
        assert login in here.active()
        okta.set_title("ada", "Else")
        here.sync(code=3, job="second")
        okta.leave("sales", "ada")
        here.sync(job="second")
        assert here.written == []
        assert here.logins("ada") <= here.active()

        okta.join("sales", "ada")
        here.sync(code=3, job="second")
        for team in ("sales", "legal", "support"):
            here.company.leave(team, "ada")
        assert here.company.login("ada") in held(here.sync(code=3))
        here.sync(job="second")
        assert owner(here, "ada") == "second"
        here.sync()
        assert here.logins("ada") <= here.active()
        okta.disable("ada")
        here.sync(job="second")
        assert not here.logins("ada") & here.active()


def test_two_cycles_and_work_on_demand_at_once_double_nobody(tmp_path: Path) -> None:
    with two_directories(tmp_path) as (here, okta), here.process() as second:
        for name in ("kim", "leo", "mia", "ned"):
            here.company.hire(name, "sales")
            okta.hire(name, "sales")
        here.at_target({"delay_s": 0.1}, method="POST", path="/Users")

        async def at_once() -> None:
            login = here.company.login("kim")
            cycles = [sync(here.runtime, ["job"], Wish()), sync(second, ["second"], Wish())]
            results = await asyncio.gather(*cycles, provision(second, login, ["second"]), return_exceptions=True)
            assert not [result for result in results if isinstance(result, BaseException)]

        uvloop.run(at_once())
        here.all_well()
        for _ in range(2):
            for job in ("job", "second"):
                here.sync(code=None, job=job)
        assert here.written == []
        logins = sorted(user.name for user in here.target.users())
        assert logins == sorted(here.logins("ada", "ben", "cem", "kim", "leo", "mia", "ned"))
        conflicts = {**held(here.sync(code=None)), **held(here.sync(code=None, job="second"))}
        assert conflicts.keys() == here.logins("ada", "kim", "leo", "mia", "ned")
