"""App roles that change, and groups inside of groups, over several cycles."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.system.house import House, house

ROLE_ROWS = """
[[jobs.job.users.mappings]]
target = "userName"
source = "userPrincipalName"
[[jobs.job.users.mappings]]
target = "active"
expression = 'Switch([IsSoftDeleted], , "False", "True", "True", "False")'
[[jobs.job.users.mappings]]
target = "title"
expression = 'IIF(SingleAppRoleAssignment([appRoleAssignments])="Admin", "Admin", "User")'
"""
ROLES = ({"displayName": "Admin", "value": "Admin"}, {"displayName": "Reader", "value": "Reader"})


def title(here: House, name: str) -> object:
    account = here.target.user(here.company.login(name))
    assert account is not None
    return account.attributes["title"]


def test_another_app_role_of_an_assigned_user_is_one_update(tmp_path: Path) -> None:
    with house("graph", tmp_path, people=5, more=ROLE_ROWS, begun=False) as here:
        directory, ids = here.company.directory, here.company.ids
        directory.edit_app_roles(ROLES)
        directory.assign(ids["ada"], role="Reader")
        here.sync()
        assert title(here, "ada") == "User"
        directory.assign(ids["ada"], role="Admin")
        directory.unassign(ids["ada"], role="Reader")
        here.sync()
        assert here.methods == ["PATCH user"]
        assert title(here, "ada") == "Admin"
        directory.unassign(ids["ada"])  # her groups still assign her, without a role
        here.sync()
        assert here.methods == ["PATCH user"]
        assert title(here, "ada") == "User"
        assert here.logins("ada") <= here.active()
        here.sync(full=True)
        assert here.written == []


def test_the_app_role_of_a_group_is_its_members_and_goes_with_the_membership(tmp_path: Path) -> None:
    with house("graph", tmp_path, people=6, more=ROLE_ROWS, begun=False) as here:
        directory, ids = here.company.directory, here.company.ids
        directory.edit_app_roles(ROLES)
        directory.assign(ids["support"], role="Admin")
        here.sync()
        assert {name: title(here, name) for name in ("ada", "ben", "dea")} == {
            "ada": "Admin",
            "ben": "User",
            "dea": "Admin",
        }
        here.company.leave("support", "ada")
        here.company.join("support", "ben")
        here.sync()
        assert here.methods == ["PATCH group", "PATCH group", "PATCH user", "PATCH user"]
        assert {name: title(here, name) for name in ("ada", "ben", "dea")} == {
            "ada": "User",
            "ben": "Admin",
            "dea": "Admin",
        }


@pytest.fixture
def nested(tmp_path: Path) -> Iterator[House]:
    """Twelve people; "design" is assigned and empty, "inner" and "core" are not assigned."""
    with house("graph", tmp_path, people=12, job="nested_groups = true") as here:
        for team in ("inner", "core"):
            here.company.found(team, assigned=False)
        for name in ("new", "newer"):
            here.company.hire(name, "core")
        here.sync()
        assert here.written == []
        yield here


def put_into(here: House, team: str, inner: str) -> None:
    here.company.directory.add_members(here.company.ids[team], here.company.ids[inner])


def take_out_of(here: House, team: str, inner: str) -> None:
    here.company.directory.remove_members(here.company.ids[team], here.company.ids[inner])


def test_people_come_and_go_with_the_groups_that_their_group_is_in(nested: House) -> None:
    company, design = nested.company, nested.company.team_name("design")
    put_into(nested, "inner", "core")
    nested.sync()
    assert nested.written == []
    put_into(nested, "design", "inner")
    nested.sync()
    assert nested.methods == ["PATCH group", "POST user", "POST user"]
    assert nested.target.members(design) == nested.logins("new", "newer")
    assert nested.target.group(company.team_name("inner")) is None
    company.hire("newest", "inner")
    company.join("inner", "ada")
    nested.sync()
    assert nested.target.members(design) == nested.logins("new", "newer", "newest", "ada")
    company.leave("core", "new")
    nested.sync()
    assert nested.logins("new").isdisjoint(nested.active())
    assert nested.target.members(design) == nested.logins("newer", "newest", "ada")
    company.join("core", "new")
    nested.sync()
    assert nested.target.members(design) == nested.logins("new", "newer", "newest", "ada")
    nested.sync(full=True)
    assert nested.written == []


def test_a_group_taken_out_takes_its_people_with_it_and_those_with_another_way_in_stay(nested: House) -> None:
    design = nested.company.team_name("design")
    put_into(nested, "inner", "core")
    put_into(nested, "design", "inner")
    put_into(nested, "support", "core")
    nested.company.hire("newest", "inner")
    nested.sync()
    take_out_of(nested, "design", "inner")
    nested.sync()
    assert nested.target.members(design) == set()
    assert nested.logins("newest").isdisjoint(nested.active())
    assert nested.logins("new", "newer") <= nested.active()
    nested.sync(full=True)
    assert nested.written == []


def test_groups_that_contain_each_other_are_no_endless_way(nested: House) -> None:
    put_into(nested, "inner", "core")
    put_into(nested, "core", "inner")
    put_into(nested, "design", "inner")
    nested.sync()
    assert nested.target.members(nested.company.team_name("design")) == nested.logins("new", "newer")
    nested.sync(full=True)
    assert nested.written == []
