"""A rename is an update: logins, addresses and names are attributes of an account that keeps its id."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from tests.system.company import GraphCompany
from tests.system.house import KINDS, House, house

WORK = 'emails[type eq "work"].value'


@pytest.fixture(params=KINDS)
def here(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[House]:
    with house(request.param, tmp_path, people=12) as made:
        yield made


def test_new_login_mail_and_group_name_are_one_update_each(here: House) -> None:
    company = here.company
    ids = {one.id for one in [*here.target.users(), *here.target.groups()]}
    members = here.target.members(company.team_name("sales"))
    old = company.login("ben")
    new = company.rename("ben", "benjamin")
    sales = company.rename_team("sales", "revenue")
    told = here.sync()
    rows = {(row["action"], row["kind"]): row for row in told["changes"]}
    assert rows.keys() == {("update", "user"), ("update", "group")}
    assert {"userName", WORK} <= {edit["attribute"] for edit in rows["update", "user"]["modified"]}
    assert {edit["attribute"] for edit in rows["update", "group"]["modified"]} == {"displayName"}
    assert here.methods == ["PATCH group", "PATCH user"]
    assert {one.id for one in [*here.target.users(), *here.target.groups()]} == ids
    assert here.target.user(old) is None
    stored = here.target.user(new)
    assert stored is not None
    assert stored.attributes["emails"][0]["value"] == new
    assert here.target.members(sales) == members - {old} | {new}
    here.sync(full=True)
    assert here.written == []


def test_a_name_of_one_group_that_another_had_is_no_mix_up(here: House) -> None:
    company = here.company
    sales, legal = (here.target.group(company.team_name(team)) for team in ("sales", "legal"))
    assert sales is not None
    assert legal is not None
    company.rename_team("sales", "old sales")
    company.rename_team("legal", "sales")
    here.sync()
    renamed = here.target.group(company.team_name("sales"))
    assert renamed is not None
    assert renamed.id == legal.id
    assert {one.id for one in here.target.groups()} >= {sales.id, legal.id}
    here.sync(full=True)
    assert here.written == []


def test_a_login_that_goes_over_to_another_person_converges_without_a_new_account(here: House) -> None:
    company = here.company
    ids = {user.id for user in here.target.users()}
    ben, cem = (here.target.user(company.login(name)) for name in ("ben", "cem"))
    assert ben is not None
    assert cem is not None
    company.rename("ben", "benjamin")
    company.rename("cem", "ben")
    for _ in range(3):
        here.sync(code=None)
    here.sync()
    assert {user.id for user in here.target.users()} == ids
    now = {user.id: user.name for user in here.target.users()}
    assert now[ben.id] == company.login("benjamin")
    assert now[cem.id] == company.login("ben")


def test_letter_case_alone_is_one_update_as_the_source_writes_it(here: House) -> None:
    company = here.company
    before = here.target.user(company.login("ben"))
    assert before is not None
    company.set_given_name("ben", "BEN")
    login = company.rename("ben", "Ben")
    told = here.sync()
    assert [(row["action"], row["kind"]) for row in told["changes"]] == [("update", "user")]
    stored = here.target.get("user", before.id)
    assert stored is not None
    assert stored.attributes["userName"] == login
    assert stored.attributes["name"]["givenName"] == "BEN"
    here.sync(full=True)
    assert here.written == []


def test_a_group_name_that_failed_is_tried_again_although_a_member_came(here: House) -> None:
    revenue = here.company.rename_team("sales", "revenue")
    here.company.hire("new", "sales")
    here.at_target({"status": 403}, method="PATCH", path="/Groups/", body="displayName")
    told = here.sync(code=4)
    assert (told["counts"]["failed"], told["counts"]["add_members"]) == (1, 1)
    here.all_well()
    here.time.advance(timedelta(minutes=10))
    here.sync()
    assert revenue in {group.name for group in here.target.groups()}
    here.sync(full=True)
    assert here.written == []


def title_fails(here: House, *, counts: tuple[int, int], **wish: bool) -> None:
    """Ben's new title is refused in a cycle that comes to so many failures and updates."""
    here.at_target({"status": 403}, method="PATCH", path="/Users/", body="Director")
    told = here.sync(code=4, **wish)
    assert (told["counts"]["failed"], told["counts"]["update"]) == counts


def title_comes(here: House, **wish: bool) -> None:
    here.all_well()
    here.time.advance(timedelta(minutes=10))
    here.sync(**wish)
    assert here.account("ben")["title"] == "Director"


def test_a_value_that_failed_is_tried_again_although_the_manager_was_written(tmp_path: Path) -> None:
    with house("graph", tmp_path, people=6) as here:  # a user of Okta names the manager in an attribute of his own
        assert isinstance(here.company, GraphCompany)
        here.company.set_title("ben", "Director")
        here.company.set_manager("ben", "cem")
        title_fails(here, counts=(1, 1))
        title_comes(here)


def test_a_value_that_failed_is_tried_again_although_the_manager_came_since(tmp_path: Path) -> None:
    with house("graph", tmp_path, people=6) as here:
        assert isinstance(here.company, GraphCompany)
        here.company.hire("boss")
        here.company.set_manager("ben", "boss")
        here.sync()
        here.company.set_title("ben", "Director")
        title_fails(here, counts=(1, 0))
        here.company.join("sales", "boss")
        told = here.sync(code=4, failed_now=False)
        assert (told["counts"]["failed"], told["counts"]["update"]) == (0, 1)
        title_comes(here, failed_now=False)
