"""A source that reads only what is assigned keeps every promise of one that reads all."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.system.company import GraphCompany
from tests.system.house import House, house

READS = ('kind = "graph"', 'kind = "graph"\nreads = "assigned"')


@pytest.fixture
def here(tmp_path: Path) -> Iterator[House]:
    with house("graph", tmp_path, begun=False) as made, made.changed_config(READS):
        for number in range(250):
            made.company.directory.create_user(userPrincipalName=f"outsider{number}@company.example")
        made.sync()
        yield made


def test_the_people_of_the_application_come_and_the_others_are_not_even_known(here: House) -> None:
    assert len(here.active()) == 30
    assert here.runtime.store.mirror.counts("company")["users"] == 30
    here.sync()
    assert here.written == []
    here.sync(full=True)
    assert here.written == []


def test_whoever_joins_leaves_or_goes_for_good_is_followed(here: House) -> None:
    company = here.company
    assert isinstance(company, GraphCompany)
    new = company.hire("new", "sales")
    outsider = next(user for user in company.directory.users if "outsider7@" in str(user.values))
    company.directory.assign(outsider.id)
    company.leave("legal", "ada")
    company.leave("support", "ada")
    company.purge("ben")
    company.disable("cem")
    company.set_title("dea", "Head of everything")
    here.sync()
    names = {user.name for user in here.target.users()}
    assert {new, "outsider7@company.example"} <= here.active()
    assert here.logins("ada") <= names - here.active()
    assert not here.logins("ben") & names
    assert here.logins("cem") <= names - here.active()
    assert "Head of everything" in str(here.target.user(company.login("dea")))
    assert here.target.members(company.team_name("sales")) >= {new}
    for full in (False, True):
        here.sync(full=full)
        assert here.written == []
    company.join("legal", "ada")
    here.sync()
    assert here.logins("ada") <= here.active()


def test_a_team_that_gets_the_application_brings_its_people(here: House) -> None:
    here.company.found("labs", assigned=False)
    login = here.company.hire("lab", "labs")
    here.sync()
    assert here.written == []
    here.company.directory.assign(here.company.ids["labs"])
    here.sync()
    assert login in here.active()
    assert here.target.members(here.company.team_name("labs")) == {login}


def test_a_source_that_also_serves_a_job_with_everybody_in_scope_is_read_whole(here: House) -> None:
    with here.changed_config(('source = "company"', 'source = "company"\nscope = "all"')):
        here.sync(code=None)
        assert here.runtime.store.mirror.counts("company")["users"] == 280
        assert len(here.active()) == 280


@pytest.mark.parametrize("times", [1, None], ids=["once", "always"])
def test_people_whom_no_answer_by_id_shows_are_asked_for_again_and_then_held(here: House, times: int | None) -> None:
    before = here.state()
    here.at_source({"replace": {"value": []}}, times=times, path="getByIds", body='"user"')
    told = here.sync(full=True, code=0 if times else 3)
    assert here.source.faults.data[0]["hit"] >= (times or 2)
    assert [warning["code"] for warning in told["warnings"]] == ([] if times else ["EmptySource"])
    assert here.written == []
    assert here.state() == before
    here.all_well()
    here.sync(full=True)
    assert here.written == []
    assert here.state() == before


def test_people_whom_one_answer_by_id_lacks_are_asked_for_again_and_stay(here: House) -> None:
    before = here.state()
    few = [
        {"id": id_, "userPrincipalName": here.company.login(name)} for name, id_ in list(here.company.ids.items())[:3]
    ]
    here.at_source({"replace": {"value": few}}, times=1, path="getByIds", body='"user"')
    told = here.sync(full=True)
    assert [row for row in told["changes"] if row["action"] in ("deactivate", "delete", "remove_members")] == []
    assert here.active() == {user.name for user in here.target.users()}
    here.sync(full=True)
    assert here.state().keys() == before.keys()
    here.sync(full=True)
    assert here.written == []
