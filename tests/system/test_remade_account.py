"""An account that somebody deletes at the target and makes again by the same name: it is adopted in the place of the first."""

from __future__ import annotations

from pathlib import Path

from connectors.sandbox.scim.members import Members
from tests.system.house import house


def test_an_account_that_was_made_again_at_the_target_is_adopted_and_gets_its_groups_back(tmp_path: Path) -> None:
    with house("graph", tmp_path, people=4) as here:
        login, team = here.company.login("ada"), here.company.team_name("legal")
        lost = here.target.user(login)
        assert lost is not None
        here.target.remove(lost)
        here.target.add("user", "again", {"userName": login, "active": True}, Members())
        here.sync(full=True)
        found = here.target.user(login)
        assert found is not None
        assert (found.id, found.attributes["name"]["givenName"]) == ("again", "Ada")
        assert login in here.target.members(team)
        here.company.set_given_name("ada", "Augusta")
        here.sync()
        found = here.target.user(login)
        assert found is not None
        assert found.attributes["name"]["givenName"] == "Augusta"
        here.sync(full=True)
        assert here.written == []
