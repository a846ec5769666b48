"""Duplicates and conflicts: the one sure match is adopted, everything else is held or told with both sides named."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from tests.system.house import KINDS, House, house
from tests.system.test_ownership import add

BY_MAIL = """
[jobs.job.users]
match = ['emails[type eq "work"].value']
"""
SECOND_JOB = """
[jobs.second]
source = "company"
target = "product"
schedule = "1m"
"""


ON_CREATE = """
[jobs.job.users]
mappings = [
  { target = "userName", source = "userPrincipalName" },
  { target = "title", constant = "Newcomer", apply = "on-create" },
  { target = "displayName", source = "displayName" },
  { target = "active", expression = 'Not([IsSoftDeleted])' },
]
"""


@pytest.fixture(params=KINDS)
def here(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[House]:
    with house(request.param, tmp_path, people=6) as made:
        yield made


def test_409_adopts_the_one_match_or_holds_both_by_name(here: House) -> None:
    """Somebody made the account between our look-up and our POST: it is adopted, and no second POST is sent."""
    login = here.company.hire("new", "sales")
    here.company.hire("other", "sales")
    # With an address as everybody's, or the connector would try the filter out on this very account.
    mails = [{"type": "work", "value": login}]
    theirs = add(here, "user", userName=login, active=True, nickName="Countess", emails=mails)
    nobody = {"schemas": ["urn:ietf:params:scim:api:messages:2.0:ListResponse"], "totalResults": 0, "Resources": []}
    here.at_target({"replace": nobody}, times=1, method="GET", path="filter=.*" + login.replace("@", "(@|%40)"))
    told = here.sync()
    assert here.service.faults.data[0]["hit"] == 1
    assert here.methods.count("POST user") == 2  # one each, of which one was refused
    assert [user.id for user in here.target.users() if user.name == login] == [theirs]
    stored = here.target.get("user", theirs)
    assert stored is not None
    assert stored.attributes["nickName"] == "Countess"
    assert stored.attributes["title"] == "Engineer"
    assert login in here.target.members(here.company.team_name("sales"))
    assert here.logins("other") <= here.active()
    assert told["counts"]["failed"] == 0
    here.sync(full=True)
    assert here.written == []


def there_unseen(here: House) -> str:
    """The id of an account for somebody new, whom the first look-up does not show."""
    login = here.company.hire("new", "sales")
    theirs = add(here, "user", userName=login, active=True, title="Chief")
    nobody = {"schemas": ["urn:ietf:params:scim:api:messages:2.0:ListResponse"], "totalResults": 0, "Resources": []}
    here.at_target({"replace": nobody}, times=1, method="GET", path="filter=.*" + login.replace("@", "(@|%40)"))
    return theirs


def keeps_its_own(here: House, target_id: str) -> None:
    """It has our values, keeps what only a creation writes, and nothing of it is drift."""
    stored = here.target.get("user", target_id)
    assert stored is not None
    assert stored.attributes["title"] == "Chief"
    assert stored.attributes["displayName"].startswith("New ")
    told = here.sync(full=True)
    assert here.written == []
    assert told["drift"] == []


def test_an_account_adopted_on_a_409_keeps_what_only_a_creation_writes(tmp_path: Path) -> None:
    """As one that is found beforehand does; and what it keeps is no drift."""
    with house("graph", tmp_path, people=3, job='drift = "repair"', more=ON_CREATE) as here:
        theirs = there_unseen(here)
        here.sync()
        keeps_its_own(here, theirs)


@pytest.mark.parametrize("drop", ["before", "answer"])
def test_an_adoption_that_nobody_could_look_up_is_known_as_one_later(tmp_path: Path, drop: str) -> None:
    with house("graph", tmp_path, people=3, job='drift = "repair"', more=ON_CREATE) as here:
        theirs = there_unseen(here)
        here.at_target({"drop": drop}, method="PATCH", path=f"/Users/{theirs}", times=1)
        here.at_target({"replace": 0}, method="GET", path=f"/Users/{theirs}")
        told = here.sync(code=4)
        assert told["counts"]["failed"] == 1
        here.all_well()
        here.time.advance(timedelta(minutes=5))
        here.sync()
        keeps_its_own(here, theirs)


@pytest.mark.parametrize("kind", KINDS)
def test_two_accounts_that_match_are_held_with_both_ids_and_the_rest_goes_on(tmp_path: Path, kind: str) -> None:
    with house(kind, tmp_path, people=4, more=BY_MAIL) as here:
        login = here.company.hire("twin", "sales")
        here.company.hire("other", "sales")
        ids = [
            add(here, "user", userName=f"{n}.{login}", active=True, emails=[{"type": "work", "value": login}])
            for n in ("one", "two")
        ]
        told = here.sync(code=3)
        (row,) = [row for row in told["changes"] if row["status"] == "held"]
        assert row["name"] == login
        assert all(id_ in row["held"] for id_ in ids)
        assert here.methods.count("POST user") == 1
        assert here.logins("other") <= here.active()
        here.sync(code=3)
        assert here.written == []

        here.target.remove(here.target.get("user", ids[1]))  # the operator settles it there
        here.sync()
        stored = here.target.get("user", ids[0])
        assert stored is not None
        assert stored.attributes["userName"] == login
        here.sync(full=True)
        assert here.written == []


@pytest.mark.parametrize("kind", KINDS)
def test_an_account_of_another_job_stays_with_that_job(tmp_path: Path, kind: str) -> None:
    with house(kind, tmp_path, people=4, more=SECOND_JOB) as here:
        before = here.state()
        told = here.sync(code=3, job="second")
        assert here.written == []
        held = [row for row in told["changes"] if row["status"] == "held"]
        assert len(held) == 4 + 4
        assert all("belongs to job job" in row["held"] for row in held)
        assert {row["name"] for row in held if row["kind"] == "user"} == here.logins("ada", "ben", "cem", "dea")
        assert here.state() == before
        here.company.set_title("ada", "Director")
        here.sync()
        assert here.methods == ["PATCH user"]
        here.sync(code=3, job="second")
        assert here.written == []


@pytest.mark.parametrize("kind", KINDS)
def test_two_people_who_match_one_account_do_not_share_it(tmp_path: Path, kind: str) -> None:
    """The first in the order of source ids keeps it; the other one is held, both named. Two cycles agree."""
    with house(kind, tmp_path, people=2, more=BY_MAIL) as here:
        company = here.company
        company.hire("kim", "sales")
        company.hire("leo", "sales")
        shared = "team@company.example"
        for name in ("kim", "leo"):
            company.set_mail(name, shared)
        theirs = add(here, "user", userName="team", active=True, emails=[{"type": "work", "value": shared}])
        told = here.sync(code=3)
        first, second = sorted(company.ids[name] for name in ("kim", "leo"))
        (adopted,) = [row for row in told["changes"] if row["action"] == "adopt" and row["status"] == "done"]
        (row,) = [row for row in told["changes"] if row["status"] == "held"]
        assert (adopted["source_id"], adopted["target_id"]) == (first, theirs)
        assert row["source_id"] == second
        assert theirs in row["held"]
        assert first in row["held"]
        here.sync(code=3)
        assert here.written == []


def test_a_taken_group_name_is_adopted_and_not_made_again(here: House) -> None:
    company = here.company
    name = company.found("fresh")
    company.join("fresh", "ada")
    theirs = add(here, "group", displayName=name)
    here.sync()
    assert set(here.methods) == {"PATCH group"}
    assert [group.id for group in here.target.groups() if group.name == name] == [theirs]
    assert here.target.members(name) == here.logins("ada")
