"""An account that passes from one job to another while more than its scope changes: its name, its values, its groups."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from syncd.control import pause
from tests.system.company import GraphCompany
from tests.system.house import House, house
from tests.system.test_two_jobs import TWO, held, move, owner
from tests.system.test_unsettled_meanwhile import open_rows


@pytest.fixture
def here(tmp_path: Path) -> Iterator[House]:
    with house("graph", tmp_path, people=4, more=TWO) as made:
        assert set(held(made.sync(code=3, job="other"))) == made.logins("ada", "ben", "cem", "dea")
        yield made


def test_who_is_renamed_while_both_jobs_claim_the_account_keeps_the_one_account(here: House) -> None:
    login = here.company.rename("ada", "augusta")
    before = {user.id for user in here.target.users()}
    waiting = held(here.sync(code=3, job="other"))
    assert "belongs to job job, which keeps it" in waiting[login]
    assert here.written == []
    here.sync()
    assert login in here.active()
    assert {user.id for user in here.target.users()} == before


def test_who_is_renamed_and_passes_to_the_other_job_at_once_keeps_the_account(here: House) -> None:
    before = {user.id for user in here.target.users()}
    login = here.company.rename("ada", "augusta")
    move(here, "ada", "Sales")
    assert held(here.sync(code=3)).keys() == {login}
    assert here.written == []
    told = here.sync(code=3, job="other")
    (adopted,) = [row for row in told["changes"] if row["status"] == "done"]
    assert (adopted["action"], adopted["name"]) == ("adopt", login)
    assert login in here.active()
    assert {user.id for user in here.target.users()} == before
    here.sync()
    assert login not in here.target.members(here.company.team_name("legal"))
    for job, code in (("job", 0), ("other", 3)):
        here.sync(code=code, job=job, full=True)
        assert here.written == []


def test_a_value_that_went_with_the_move_goes_at_the_target_too(here: House) -> None:
    assert isinstance(here.company, GraphCompany)
    here.company.directory.update_user(here.company.ids["ada"], givenName=None)
    move(here, "ada", "Sales")
    here.sync(code=3)
    here.sync(code=3, job="other")
    account = here.target.user(here.company.login("ada"))
    assert account is not None
    assert "givenName" not in account.attributes["name"]
    here.sync()
    here.sync(code=3, job="other", full=True)
    assert here.written == []


def test_a_job_whose_account_is_gone_claims_the_one_that_the_other_job_made_since(here: House) -> None:
    lost = here.target.user(here.company.login("ada"))
    assert lost is not None
    here.target.remove(lost)
    here.sync(code=3, job="other")
    assert owner(here, "ada") == "other"
    assert "belongs to job other" in held(here.sync(code=3, full=True))[here.company.login("ada")]
    here.company.set_title("ada", "Director")
    assert held(here.sync(code=3, job="other"))[here.company.login("ada")].startswith("job job claims this account")
    here.sync()
    assert owner(here, "ada") == "job"
    assert here.logins("ada") <= here.active()


def lost_and_made_again(here: House, *names: str) -> set[str]:
    """Somebody deletes these accounts of the first job at the target, and the other job makes new ones; their ids."""
    for name in names:
        lost = here.target.user(here.company.login(name))
        assert lost is not None
        here.target.remove(lost)
    here.sync(code=None, job="other")
    assert {owner(here, name) for name in names} == {"other"}
    made = [here.target.user(here.company.login(name)) for name in names]
    return {account.id for account in made if account is not None}


def test_an_account_stays_for_a_job_that_has_not_seen_yet_that_its_own_is_gone(here: House) -> None:
    login = here.company.login("ada")
    (made,) = lost_and_made_again(here, "ada")
    here.company.set_title("ada", "Director")
    for _ in range(2):
        waiting = held(here.sync(code=3, job="other"))[login]
        assert waiting.endswith("until then it stays as it is: syncd sync --job job --full")
        assert here.written == []
    assert login in here.active()
    here.sync(full=True)
    assert owner(here, "ada") == "job"
    account = here.target.user(login)
    assert account is not None
    assert account.id == made
    here.sync(code=3, job="other")
    assert login not in held(here.sync(code=3, job="other"))
    for job, code in (("job", 0), ("other", 3)):
        here.sync(code=code, job=job, full=True)
        assert here.written == []


def test_an_account_stays_where_nobody_can_tell_whether_the_other_job_has_lost_its_own(here: House) -> None:
    login = here.company.login("ada")
    lost = here.target.user(login)
    assert lost is not None
    lost_and_made_again(here, "ada")
    here.company.set_title("ada", "Director")
    here.at_target({"replace": {"id": "another", "userName": "another"}}, method="GET", path=f"/Users/{lost.id}")
    waiting = held(here.sync(code=3, job="other"))[login]
    assert waiting.endswith("until then it stays as it is: syncd sync --job job --full")
    assert here.written == []


def test_an_account_goes_where_the_job_that_lost_its_own_is_paused_or_does_not_want_one(here: House) -> None:
    lost_and_made_again(here, "ada", "ben")
    move(here, "ada", "Sales")
    here.company.set_title("ada", "Director")
    here.sync(code=3, job="other")
    assert here.active().isdisjoint(here.logins("ada"))
    pause(here.runtime, "job")
    here.company.set_title("ben", "Director")
    here.sync(code=3, job="other")
    assert here.active().isdisjoint(here.logins("ben"))


def test_what_an_adoption_without_an_answer_wrote_is_taken_back_like_any_value(here: House) -> None:
    move(here, "ada", "Sales")
    here.company.set_given_name("ada", "Augusta")
    here.at_target({"drop": "answer"}, method="PATCH", path="/Users/", times=1)
    here.at_target({"replace": 0}, method="GET", path="/Users/")
    here.sync(code=3, job="other")
    assert open_rows(here) == 1
    here.company.set_given_name("ada", "Ada")
    move(here, "ada", "Products")
    move(here, "ada", "Sales")
    here.all_well()
    here.time.advance(timedelta(minutes=5))
    here.sync(code=3, job="other")
    account = here.target.user(here.company.login("ada"))
    assert account is not None
    assert account.attributes["name"]["givenName"] == "Ada"


def test_who_comes_back_before_the_groups_were_looked_at_leaves_them_later(here: House) -> None:
    team, login = here.company.team_name("legal"), here.company.login("ada")
    move(here, "ada", "Sales")
    here.sync(code=3, job="other")
    here.company.set_title("ada", "Director")
    move(here, "ada", "Products")
    here.sync()
    assert owner(here, "ada") == "job"
    assert here.methods == ["PATCH user"]
    here.company.leave("legal", "ada")
    here.sync()
    assert login not in here.target.members(team)


def test_two_jobs_that_call_the_same_people_otherwise_have_two_accounts_of_each(tmp_path: Path) -> None:
    more = """
[jobs.admins]
source = "company"
target = "product"
[jobs.admins.groups]
enabled = false
[[jobs.admins.users.mappings]]
target = "userName"
expression = 'Append("adm-", [userPrincipalName])'
[[jobs.admins.users.mappings]]
target = "active"
expression = 'Not([IsSoftDeleted])'
"""
    with house("graph", tmp_path, people=2, more=more) as here:
        here.sync(job="admins")
        assert len(here.active()) == 4
        login = here.company.rename("ada", "augusta")
        here.company.hire("new", "sales")
        for job in ("admins", "job"):
            here.sync(job=job)
        assert {login, f"adm-{login}"} <= here.active()
        assert len(here.active()) == 6
        for job in ("admins", "job"):
            here.sync(job=job, full=True)
            assert here.written == []


def test_a_value_that_a_late_replica_shows_from_before_is_written_when_an_account_passes_on(here: House) -> None:
    account = here.target.user(here.company.login("ada"))
    assert account is not None
    before = {"schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "id": account.id, **account.attributes}
    given = account.attributes["name"]["givenName"]
    here.company.set_given_name("ada", "Augusta")
    here.sync()
    here.company.set_given_name("ada", given)
    move(here, "ada", "Sales")
    late = {"totalResults": 1, "Resources": [before]}
    here.at_target({"replace": late}, method="GET", path="/Users\\?")
    here.sync(code=3, job="other")
    assert owner(here, "ada") == "other"
    account = here.target.user(here.company.login("ada"))
    assert account is not None
    assert account.attributes["name"]["givenName"] == given


def test_a_value_that_a_late_replica_does_not_show_yet_goes_when_an_account_passes_on(here: House) -> None:
    assert isinstance(here.company, GraphCompany)
    id_, login = here.company.ids["ada"], here.company.login("ada")
    here.company.directory.update_user(id_, givenName=None)
    here.sync()
    account = here.target.user(login)
    assert account is not None
    before = {"schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "id": account.id, **account.attributes}
    here.company.set_given_name("ada", "Augusta")
    here.sync()
    here.company.directory.update_user(id_, givenName=None)
    move(here, "ada", "Sales")
    here.at_target({"replace": {"totalResults": 1, "Resources": [before]}}, method="GET", path="/Users\\?")
    here.sync(code=3, job="other")
    assert owner(here, "ada") == "other"
    account = here.target.user(login)
    assert account is not None
    assert "givenName" not in account.attributes["name"]
