"""Okta's ways through real cycles: what of all that happens there reaches a target, and what must not."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from connectors.sandbox.okta.directory import OktaDirectory
from connectors.sandbox.okta.schema import Attribute
from tests.system.company import OktaCompany
from tests.system.house import House, house, without_waiting


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    """Thirty people at Okta, all of them at the target."""
    without_waiting(monkeypatch)
    with house("okta", tmp_path) as made:
        yield made


def okta(here: House) -> OktaDirectory:
    assert isinstance(here.company, OktaCompany)
    return here.company.directory


def app(here: House) -> str:
    assert isinstance(here.company, OktaCompany)
    return here.company.application


def later(here: House) -> None:
    """Beyond what an overlap asks for again."""
    okta(here).clock.advance(3600)


def scim_id(here: House, name: str) -> str:
    user = here.target.user(here.company.login(name))
    assert user is not None
    return user.id


def test_okta_second_run_is_idempotent(here: House) -> None:
    for full in (False, True, False):
        here.sync(full=full)
        assert here.written == []
        later(here)


def test_okta_signin_causes_no_work(here: House) -> None:
    for name in ("ada", "ben"):
        okta(here).sign_in(here.company.ids[name])
    here.sync()
    assert here.written == []


def test_okta_credential_states_do_not_flap(here: House) -> None:
    for status in ("LOCKED_OUT", "ACTIVE", "PASSWORD_EXPIRED", "RECOVERY", "ACTIVE"):
        okta(here).set_status(here.company.ids["ada"], status)  # type: ignore[arg-type]
        here.sync()
        assert here.written == [], status


def test_okta_suspend_policy_switch(here: House) -> None:
    login = here.company.login("ada")
    okta(here).set_status(here.company.ids["ada"], "SUSPENDED", event="lifecycle.suspend")
    here.sync()
    assert here.written == []
    line = f'app_id = "{app(here)}"'
    with here.changed_config((line, f"{line}\ndeactivate_suspended = true")):
        here.sync()
        assert "PATCH user" in here.methods
        assert login not in here.active()
        later(here)
        okta(here).set_status(here.company.ids["ada"], "ACTIVE", event="lifecycle.unsuspend")
        here.sync()
        assert login in here.active()


@pytest.mark.parametrize("listed", [True, False])
def test_okta_deprovisioned_group_members_filtered(here: House, listed: bool) -> None:
    team, login = here.company.team_name("legal"), here.company.login("ada")
    okta(here).set_options({"deprovisioned_members": listed})
    before = scim_id(here, "ada")
    assert login in here.target.members(team)
    here.company.disable("ada")
    for full in (False, True):
        here.sync(full=full)
        assert login not in here.target.members(team)
        assert login not in here.active()
        later(here)
    here.company.enable("ada")
    here.sync()
    assert login in here.active()
    assert login in here.target.members(team), "back where Okta has it, although the group did not change"
    assert scim_id(here, "ada") == before


def test_okta_deactivate_removes_memberships_first(here: House) -> None:
    here.company.unassign("ada")
    here.company.leave("legal", "ada")
    here.company.leave("support", "ada")
    here.sync()
    kinds = [str(entry.notes["resource"]) for entry in here.written]
    assert kinds == sorted(kinds), "groups before users"
    assert kinds[-1] == "Users"


def test_okta_rehire_keeps_scim_id(here: House) -> None:
    before = scim_id(here, "ada")
    here.company.leave("legal", "ada")
    here.company.leave("support", "ada")
    here.sync()
    assert here.company.login("ada") not in here.active()
    later(here)
    here.company.join("legal", "ada")
    here.sync()
    assert here.company.login("ada") in here.active()
    assert scim_id(here, "ada") == before
    assert "POST user" not in here.methods


def test_okta_direct_to_group_assignment_no_flap(here: House) -> None:
    here.company.assign("ada")
    here.sync()
    here.company.unassign("ada")
    here.sync()
    assert here.written == []


def test_okta_unassign_deactivates_after_complete_scan(here: House) -> None:
    before = here.active()
    for team in ("legal", "support"):
        here.company.leave(team, "ada")
    here.at_source({"status": 500}, path="/apps/[^/]+/users")
    assert here.sync(code=None)["complete"] is False
    assert here.active() == before
    here.all_well()
    here.sync()
    assert before - here.active() == here.logins("ada")
    assert here.methods.count("PATCH user") == 1


def test_okta_group_rename_keeps_target_group(here: House) -> None:
    old = here.company.team_name("legal")
    group = here.target.group(old)
    assert group is not None
    new = here.company.rename_team("legal", "counsel")
    here.sync()
    assert here.methods == ["PATCH group"]
    renamed = here.target.group(new)
    assert renamed is not None
    assert renamed.id == group.id


def test_okta_hard_deletion_is_known_in_the_next_cycle(here: House) -> None:
    login = here.company.login("ada")
    here.company.purge("ada")
    here.sync()
    assert "DELETE user" in here.methods
    assert here.target.user(login) is None


def test_okta_hard_delete_without_log_found_by_full(here: House) -> None:
    line = f'app_id = "{app(here)}"'
    with here.changed_config((line, f"{line}\nsystem_log = false")):
        here.sync()
        here.company.purge("ada")
        here.sync()
        assert here.target.user(here.company.login("ada")) is not None, "unassigned, as far as anybody can tell"
        assert here.company.login("ada") not in here.active()
        here.sync(full=True)
        assert here.target.user(here.company.login("ada")) is None


def test_okta_mass_change_brake(here: House) -> None:
    before = here.state()
    for name in ("ada", "ben", "cem", "dea", "eve", "fay", "gil", "hal"):
        for team in ("sales", "legal", "support"):
            here.company.leave(team, name)
    told = here.sync(code=3)
    assert told["counts"]["held"] >= 8
    assert "PATCH user" not in here.methods
    assert here.active() == {one.name for one in here.target.users()}
    assert len(here.state()) == len(before)


SELECTED = """
[jobs.job.groups]
select = [ { prefix = "Crew" } ]
"""


def test_okta_group_members_limited_to_assigned_users(tmp_path: Path) -> None:
    with house("okta", tmp_path, people=6, more=SELECTED, begun=False) as here:
        crew = here.company.found("crew", assigned=False)
        here.company.hire("guest")
        here.company.join("crew", "ada", "guest")
        here.sync()
        assert here.target.members(crew) == here.logins("ada")
        later(here)
        here.company.assign("guest")
        here.sync()
        assert here.target.members(crew) == here.logins("ada", "guest"), "although the group did not change"


def test_groups_are_selected_anew_in_every_cycle(tmp_path: Path) -> None:
    with house("okta", tmp_path, people=6, more=SELECTED, begun=False) as here:
        here.company.found("pals", assigned=False)
        here.company.join("pals", "ada")
        here.sync()
        assert here.target.groups() == []
        later(here)
        crew = here.company.rename_team("pals", "crew")
        here.sync()
        assert here.target.members(crew) == here.logins("ada")
        later(here)
        here.company.rename_team("pals", "pals")
        here.sync(code=None)
        later(here)
        assert [row["status"] for row in here.sync(code=None)["changes"]] in ([], ["held"])


def test_okta_duplicate_group_names_keyed_by_id(tmp_path: Path) -> None:
    by_id = '[jobs.job.groups]\nmatch = ["externalId"]\n'
    with house("okta", tmp_path, people=6, more=by_id, begun=False) as here:
        directory = okta(here)
        twins = [directory.create_group("Twins"), directory.create_group("Twins", type="APP_GROUP", source_id="0oaad")]
        for group, name in zip(twins, ("ada", "ben"), strict=True):
            directory.assign_group(app(here), group.id)
            directory.add_member(group.id, here.company.ids[name])
        here.sync()
        found = [group for group in here.target.groups() if group.name == "Twins"]
        assert {str(group.attributes["externalId"]): set(group.members.ids) for group in found} == {
            group.id: {scim_id(here, name)} for group, name in zip(twins, ("ada", "ben"), strict=True)
        }


ROLES = """
[[jobs.job.users.mappings]]
target = "userName"
source = "user.login"
[[jobs.job.users.mappings]]
target = "active"
expression = 'Switch([IsSoftDeleted], , "False", "True", "True", "False")'
[[jobs.job.users.mappings]]
target = "userType"
source = "appuser.role"
"""


def test_okta_group_scope_profile_and_priority(tmp_path: Path) -> None:
    with house("okta", tmp_path, people=4, more=ROLES, begun=False) as here:
        directory, ids = okta(here), here.company.ids
        directory.set_attribute(Attribute(name="role", title="Role", scope="NONE"), app=app(here))
        directory.assign_group(app(here), ids["legal"], {"role": "editor"}, priority=0)
        directory.assign_group(app(here), ids["support"], {"role": "viewer"}, priority=1)
        here.sync()
        assert _role(here, "ada") == "editor"  # in legal and in support
        later(here)
        directory.assign_group(app(here), ids["legal"], {"role": "owner"})
        here.sync()
        assert _role(here, "ada") == "owner"
        directory.assign_group(app(here), ids["legal"], priority=1)
        directory.assign_group(app(here), ids["support"], priority=0)
        here.sync()
        assert _role(here, "ada") == "viewer"


def test_okta_app_profile_change_seen_by_hash(tmp_path: Path) -> None:
    """No time of a user moves when the values of its group's assignment change."""
    with house("okta", tmp_path, people=4, more=ROLES, begun=False) as here:
        directory = okta(here)
        directory.set_attribute(Attribute(name="role", title="Role", scope="NONE"), app=app(here))
        here.sync()
        later(here)
        before = directory.user(here.company.ids["ada"]).last_updated
        directory.assign_group(app(here), here.company.ids["legal"], {"role": "owner"})
        here.sync()
        assert directory.user(here.company.ids["ada"]).last_updated == before
        assert _role(here, "ada") == "owner"
        assert set(here.methods) == {"PATCH user"}


def _role(here: House, name: str) -> object:
    user = here.target.user(here.company.login(name))
    assert user is not None
    return user.attributes.get("userType")


def test_a_daemon_that_slept_for_weeks_goes_on_where_it_was(here: House) -> None:
    okta(here).clock.advance(timedelta(days=29).total_seconds())
    here.sync()
    here.company.set_title("ada", "Lead")
    here.sync()
    assert here.methods == ["PATCH user"]
