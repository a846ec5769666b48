"""Accounts that an integration before syncd made, and whose ids it left at Okta, are taken over under those ids."""

from __future__ import annotations

from pathlib import Path

import pytest

from connectors.sandbox.scim.members import Members
from tests.system.company import OktaCompany
from tests.system.house import House, house


def _left(here: House, name: str, target_id: str) -> None:
    """What Okta's own provisioning remembers of an account."""
    company = here.company
    assert isinstance(company, OktaCompany)
    company.directory.set_app_user(company.application, company.ids[name], external_id=target_id)


def _scim_id(here: House, name: str) -> str:
    user = here.target.user(here.company.login(name))
    assert user is not None
    return user.id


def _old_account(here: House, target_id: str, login: str) -> None:
    here.target.add("user", target_id, {"userName": login, "active": True}, Members())


def test_okta_external_id_adopted(tmp_path: Path) -> None:
    """An account that an earlier integration made is taken over under its id, whatever it is called by now."""
    with house("okta", tmp_path, people=4, begun=False) as here:
        _old_account(here, "scim-7f31", "ada.before.her.wedding@company.example")
        _left(here, "ada", "scim-7f31")
        dry = here.sync(code=2, dry=True)
        (row,) = [row for row in dry["changes"] if row["source_id"] == here.company.ids["ada"]]
        assert (row["action"], row["target_id"]) == ("adopt", "scim-7f31")
        here.sync()
        assert here.methods.count("POST user") == 3
        assert _scim_id(here, "ada") == "scim-7f31"
        assert len(here.target.users()) == 4


def test_an_earlier_id_tells_which_of_two_matches_is_meant(tmp_path: Path) -> None:
    job = '[jobs.job.users]\nmatch = ["title", "userName"]\n'
    with house("okta", tmp_path, people=1, more=job, begun=False) as here:
        for number in range(2):
            here.target.add(
                "user",
                f"scim-{number}",
                {"userName": f"old{number}@company.example", "title": "Engineer", "active": True},
                Members(),
            )
        here.sync(code=3)
        _left(here, "ada", "scim-1")
        here.sync(full=True)
        assert _scim_id(here, "ada") == "scim-1"


def test_a_match_is_taken_although_an_earlier_id_names_another_account(tmp_path: Path) -> None:
    with house("okta", tmp_path, people=1, begun=False) as here:
        _old_account(here, "scim-new", here.company.login("ada"))
        _old_account(here, "scim-old", "somebody.else@company.example")
        _left(here, "ada", "scim-old")
        here.sync()
        assert _scim_id(here, "ada") == "scim-new"
        other = here.target.get("user", "scim-old")
        assert other is not None
        assert other.name == "somebody.else@company.example"


@pytest.mark.parametrize("people", [1, 60])
def test_an_earlier_id_that_the_target_does_not_know_is_no_obstacle(tmp_path: Path, people: int) -> None:
    with house("okta", tmp_path, people=1, begun=False) as here:
        for number in range(people - 1):
            here.company.hire(f"more{number}", "sales")
        _left(here, "ada", "of another / service")
        here.sync()
        assert here.methods.count("POST user") == people
