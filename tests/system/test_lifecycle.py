"""The turns of a person's and of a group's life, through real cycles: what the target is sent at each, and what is left.

Source of the table: Microsoft Entra documentation, "How application provisioning works", section De-provisioning.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest

from syncd.control import restart
from tests.system.company import Company, GraphCompany, OktaCompany
from tests.system.house import KINDS, house

Turn = Callable[[Company], None]
AnyCompany = GraphCompany | OktaCompany


def join(company: Company) -> None:
    company.join("legal", "ada")
    company.join("support", "ada")


def leave(company: Company) -> None:
    company.leave("legal", "ada")
    company.leave("support", "ada")


def disable(company: Company) -> None:
    company.disable("ada")


def enable(company: Company) -> None:
    company.enable("ada")


def purge(company: Company) -> None:
    company.purge("ada")


def retitle(company: Company) -> None:
    company.set_title("ada", "Head of everything")


def recycle(company: Company) -> None:
    assert isinstance(company, GraphCompany)
    company.directory.delete(company.ids["ada"])


def restore(company: Company) -> None:
    assert isinstance(company, GraphCompany)
    company.directory.restore(company.ids["ada"])


def move(company: Company) -> None:
    """Into a department that the filter does not let in."""
    set_department(company, "Elsewhere")


def move_back(company: Company) -> None:
    set_department(company, "Products")


def set_department(company: Company, department: str) -> None:
    if isinstance(company, GraphCompany):
        company.directory.update_user(company.ids["ada"], department=department)
    elif isinstance(company, OktaCompany):
        company.directory.update_user(company.ids["ada"], {"department": department})


def leave_support(company: Company) -> None:
    company.leave("support", "ada")


def rename_support(company: Company) -> None:
    company.rename_team("support", "Helpdesk")


def withdraw(company: Company) -> None:
    company.withdraw("support")


def dissolve(company: Company) -> None:
    company.dissolve("support")


OFF = ["PATCH group", "PATCH group", "PATCH user"]  #: the account, and her two groups
ON = OFF
GONE = ["DELETE user", "PATCH group", "PATCH group"]


@dataclass(frozen=True, kw_only=True)
class Row:
    """One row of the table."""

    name: str
    before: Sequence[Turn] = ()  #: each followed by a cycle
    turn: Turn
    sent: Sequence[str]  #: to the target, by the cycle after the turn
    left: str  #: active, inactive or none
    users: str = ""  #: TOML inside the table of the users
    kinds: Sequence[str] = KINDS


GRAPH = ("graph",)
FILTER = 'filters = [[ { attribute = "ATTRIBUTE", operator = "EQUALS", value = "Products" } ]]'
DELETE = 'out_of_scope = "delete"'
IGNORE = 'out_of_scope = "ignore"'
NICKNAME = """mappings = [
    { target = "userName", source = "userPrincipalName" },
    { target = "nickName", expression = 'Switch([IsSoftDeleted], , "False", "here", "True", "gone")' },
]"""
NAME_ALONE = 'mappings = [{ target = "userName", source = "userPrincipalName" }]'

TABLE = [
    Row(name="an attribute changes", turn=retitle, sent=["PATCH user"], left="active"),
    Row(name="disabled", turn=disable, sent=OFF, left="inactive"),
    Row(name="disabled stays disabled", before=[disable], turn=retitle, sent=["PATCH user"], left="inactive", kinds=GRAPH),
    Row(name="enabled again, memberships too", before=[disable], turn=enable, sent=ON, left="active", kinds=GRAPH),
    Row(name="unassigned", turn=leave, sent=OFF, left="inactive"),
    Row(name="assigned again", before=[leave], turn=join, sent=ON, left="active"),
    Row(name="recycled", turn=recycle, sent=OFF, left="inactive", kinds=GRAPH),
    Row(name="restored", before=[recycle], turn=restore, sent=ON, left="active", kinds=GRAPH),
    Row(name="deleted for good", turn=purge, sent=GONE, left="none"),
    Row(name="recycled, then purged", before=[recycle], turn=purge, sent=["DELETE user"], left="none", kinds=GRAPH),
    Row(name="disabled, then deleted for good", before=[disable], turn=purge, sent=["DELETE user"], left="none"),
    Row(name="out of the filter", turn=move, sent=OFF, left="inactive", users=FILTER),
    Row(name="back in the filter", before=[move], turn=move_back, sent=ON, left="active", users=FILTER),
    Row(name="out: an attribute changes", before=[leave], turn=retitle, sent=[], left="inactive"),
    Row(name="out: disabled", before=[leave], turn=disable, sent=[], left="inactive"),
    Row(name="out: enabled again", before=[leave, disable], turn=enable, sent=[], left="inactive"),
    Row(name="out: recycled", before=[leave], turn=recycle, sent=[], left="inactive", kinds=GRAPH),
    Row(name="out: restored", before=[leave, recycle], turn=restore, sent=[], left="inactive", kinds=GRAPH),
    Row(name="out: deleted for good", before=[leave], turn=purge, sent=["DELETE user"], left="none"),
    Row(name="out: moved", before=[leave], turn=move, sent=[], left="inactive", users=FILTER),
    Row(name="out: assigned while disabled", before=[leave, disable], turn=join, sent=[], left="inactive", kinds=GRAPH),
    Row(name="delete: unassigned", turn=leave, sent=GONE, left="none", users=DELETE),
    Row(name="delete: recycled", turn=recycle, sent=GONE, left="none", users=DELETE, kinds=GRAPH),
    Row(name="delete: disabled", turn=disable, sent=OFF, left="inactive", users=DELETE, kinds=GRAPH),
    Row(name="delete: assigned again", before=[leave], turn=join, sent=["POST user", "PATCH group", "PATCH group"],
        left="active", users=DELETE),
    Row(name="ignore: unassigned", turn=leave, sent=["PATCH group", "PATCH group"], left="active", users=IGNORE),
    Row(name="ignore: recycled", turn=recycle, sent=["PATCH group", "PATCH group"], left="active", users=IGNORE,
        kinds=GRAPH),
    Row(name="ignore: disabled", turn=disable, sent=OFF, left="inactive", users=IGNORE, kinds=GRAPH),
    Row(name="ignore: deleted for good", turn=purge, sent=GONE, left="none", users=IGNORE),
    Row(name="no delete: deleted for good", turn=purge, sent=OFF, left="inactive",
        users='actions = ["create", "update", "deactivate"]'),
    Row(name="no row with IsSoftDeleted: unassigned", turn=leave, sent=["PATCH group", "PATCH group"], left="active",
        users=NAME_ALONE, kinds=GRAPH),
    Row(name="no row with IsSoftDeleted: disabled", turn=disable, sent=[], left="active", users=NAME_ALONE, kinds=GRAPH),
    Row(name="no update: disabled", turn=disable, sent=OFF, left="inactive",
        users='actions = ["create", "deactivate"]', kinds=GRAPH),
    Row(name="group: one member leaves", turn=leave_support, sent=["PATCH group"], left="active"),
    Row(name="group: unassigned", turn=withdraw, sent=["DELETE group"], left="active"),
    Row(name="group: deleted", turn=dissolve, sent=["DELETE group"], left="active", kinds=GRAPH),
    Row(name="group: out of the selection", turn=rename_support, sent=["DELETE group"], left="active",
        users='[jobs.job.groups]\nselect = [{ regex = "(Sales|Legal|Support|Design) .*" }]', kinds=GRAPH),
    Row(name="another attribute says it: disabled", turn=disable, sent=["PATCH user"], left="active", users=NICKNAME,
        kinds=GRAPH),
    Row(name="create only: disabled", turn=disable, sent=[], left="active", users='actions = ["create"]', kinds=GRAPH),
]  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "row"), [pytest.param(kind, row, id=f"{kind}-{row.name}") for row in TABLE for kind in row.kinds]
)
def test_each_turn_of_a_life_sends_what_the_table_says(kind: str, row: Row, tmp_path: Path) -> None:
    attribute = "department" if kind == "graph" else "user.department"
    users = f"[jobs.job.users]\n{row.users.replace('ATTRIBUTE', attribute)}"
    with house(kind, tmp_path, people=5, more=users) as here:
        for turn in row.before:
            turn(here.company)
            here.sync()
        row.turn(here.company)
        here.sync()
        assert here.methods == sorted(row.sent)
        account = here.target.user(here.company.login("ada"))
        state = "none" if account is None else "active" if account.attributes.get("active") is not False else "inactive"
        assert state == row.left
        here.sync(full=True)
        assert here.written == []


GRACE = '[jobs.job.users]\ndelete_after = "30d"'


@pytest.mark.parametrize("kind", KINDS)
def test_who_left_the_scope_is_deleted_once_the_grace_is_over(kind: str, tmp_path: Path) -> None:
    with house(kind, tmp_path, people=5, more=GRACE) as here:
        leave(here.company)
        here.sync()
        here.time.advance(timedelta(days=29))
        here.sync()
        assert here.written == []
        here.time.advance(timedelta(days=2))
        here.sync()
        assert here.methods == ["DELETE user"]


def test_a_return_within_the_grace_ends_it(tmp_path: Path) -> None:
    with house("graph", tmp_path, people=5, more=GRACE) as here:
        leave(here.company)
        here.sync()
        here.time.advance(timedelta(days=20))
        join(here.company)
        here.sync()
        leave(here.company)
        here.sync()
        here.time.advance(timedelta(days=20))
        here.sync()
        assert here.target.user(here.company.login("ada")) is not None


def test_a_disabled_colleague_is_not_created_before_being_enabled(tmp_path: Path) -> None:
    with house("graph", tmp_path, people=5) as here:
        login = here.company.hire("new")
        here.company.disable("new")
        here.company.join("sales", "new")
        here.sync()
        assert here.written == []
        here.company.enable("new")
        here.sync()
        assert here.methods == ["PATCH group", "POST user"]
        assert login in here.active()


def test_a_guest_has_the_address_of_home_as_login(tmp_path: Path) -> None:
    with house("graph", tmp_path, people=5) as here:
        directory = here.company.directory
        guest = directory.create_user(
            userPrincipalName="gus_home.example#EXT#@company.example", displayName="Gus", userType="Guest"
        )
        directory.assign(guest)
        here.sync()
        assert "gus@home.example" in here.active()


def test_only_who_is_affected_by_a_changed_mapping_is_written_without_a_read(tmp_path: Path) -> None:
    rows = "".join(
        f'[[jobs.job.users.mappings]]\ntarget = "{target}"\n{source}\n'
        for target, source in [
            ("userName", 'source = "userPrincipalName"'),
            ("active", """expression = 'Switch([IsSoftDeleted], , "False", "True", "True", "False")'"""),
            ("title", """expression = '[jobTitle]'"""),
        ]
    )
    with house("graph", tmp_path, people=5, more=rows) as here:
        here.company.set_title("ada", "Clerk")
        here.sync()
        title = """expression = '[jobTitle]'"""
        with here.changed_config((title, title.replace("[jobTitle]", 'Replace([jobTitle], "Clerk", , , "Head", , )'))):
            told = here.sync()
            assert (told["cycle"], told["read"]["users"]) == ("incremental", 0)
            assert [(row["action"], row["name"]) for row in told["changes"]] == [("update", here.company.login("ada"))]
            assert here.methods == ["PATCH user"]


def test_a_scope_that_widens_and_narrows_again_brings_and_takes_the_unassigned(tmp_path: Path) -> None:
    guards = "[jobs.job.guards]\ndeletions = { percent = 100 }"
    with house("graph", tmp_path, people=5, job='scope = "assigned"', more=guards) as here:
        login = here.company.hire("freelance")
        here.sync()
        assert here.written == []
        with here.changed_config(('scope = "assigned"', 'scope = "all"')):
            here.sync()
            assert here.methods == ["POST user"]
            assert login in here.active()
            with here.changed_config(('scope = "all"', 'scope = "assigned"')):
                here.sync()
                assert here.methods == ["PATCH user"]
                assert login not in here.active()


def test_a_manager_who_comes_later_is_referred_to_in_the_same_cycle(tmp_path: Path) -> None:
    with house("graph", tmp_path, people=5) as here:
        boss = here.company.hire("boss")
        here.company.set_manager("ben", "boss")
        here.sync()
        here.company.join("sales", "boss")
        here.sync()
        made, report = here.target.user(boss), here.target.user(here.company.login("ben"))
        assert made is not None
        assert report is not None
        (enterprise,) = [value for key, value in report.attributes.items() if "enterprise" in key]
        assert enterprise["manager"]["value"] == made.id
        assert boss in here.target.members(here.company.team_name("sales"))


@pytest.mark.parametrize("kind", KINDS)
def test_a_group_that_leaves_or_is_dissolved_is_deleted_and_one_that_returns_has_its_members(
    kind: str, tmp_path: Path
) -> None:
    with house(kind, tmp_path, people=5) as here:
        company = here.company
        name = company.team_name("support")
        members = here.target.members(name)
        company.withdraw("support")
        here.sync()
        assert here.target.group(name) is None
        company.directory.assign(company.ids["support"]) if isinstance(company, GraphCompany) else (
            company.directory.assign_group(company.application, company.ids["support"])
        )
        here.sync()
        assert here.target.members(name) == members
        company.dissolve("design")
        here.sync(full=True)
        assert here.target.group(company.team_name("design")) is None
        here.sync(full=True)
        assert here.written == []


def test_reactivated_accounts_are_named_first_and_a_repair_converges(tmp_path: Path) -> None:
    with house("graph", tmp_path, people=5, job='drift = "report"') as here:
        leave(here.company)
        here.sync()
        for name, value in (("ada", {"active": True}), ("ben", {"title": "King"})):
            stored = here.target.user(here.company.login(name))
            assert stored is not None
            here.target.change(stored, {**stored.attributes, **value}, stored.members)
        told = here.sync(full=True)
        assert [(row["name"], row["attribute"]) for row in told["drift"]] == [
            (here.company.login("ada"), "active"),
            (here.company.login("ben"), "title"),
        ]
        assert here.written == []
        with here.changed_config(('drift = "report"', 'drift = "ignore"')):
            assert here.sync(full=True)["drift"] == []
        with here.changed_config(('drift = "ignore"', 'drift = "repair"')):
            here.sync(full=True)
            assert here.methods == ["PATCH user", "PATCH user"]
            assert here.logins("ada").isdisjoint(here.active())
            assert here.sync(full=True)["drift"] == []
            assert here.written == []


def test_restarting_with_links_adopts_everything_and_writes_nothing(tmp_path: Path) -> None:
    with house("graph", tmp_path, people=5) as here:
        before = here.state()
        assert restart(here.runtime, "job", links=True) > 0
        told = here.sync()
        assert told["counts"]["adopt"] == len(before)
        assert here.written == []
        assert here.state() == before


def test_a_link_to_an_account_that_is_gone_and_wanted_by_nobody_is_told_once_and_forgotten(tmp_path: Path) -> None:
    with house("graph", tmp_path, people=5) as here:
        leave(here.company)
        here.sync()
        stored = here.target.user(here.company.login("ada"))
        assert stored is not None
        here.target.remove(stored)
        (told,) = here.sync(full=True)["warnings"]
        assert told["message"] == (
            f"{here.company.login('ada')} is gone at the target; nobody is to have it, so its link is forgotten"
        )
        assert here.sync(full=True)["warnings"] == []
        assert here.written == []
        join(here.company)
        here.sync()
        assert "POST user" in here.methods


def test_a_dry_run_forgets_no_link(tmp_path: Path) -> None:
    with house("graph", tmp_path, people=5) as here:
        leave(here.company)
        here.sync()
        stored = here.target.user(here.company.login("ada"))
        assert stored is not None
        here.target.remove(stored)
        for _ in range(2):
            assert len(here.sync(full=True, dry=True)["warnings"]) == 1
