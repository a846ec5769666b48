"""A process that worked on demand and was killed: a cycle leaves that person alone until it knows, or some minutes are over."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from connectors.sandbox.scim.members import Members
from state.leases import Leases
from state.process import Process
from tests.system.house import house


def test_who_is_not_ours_yet_is_in_no_group_of_ours(tmp_path: Path) -> None:
    with house("graph", tmp_path, people=3) as here:
        login = here.company.hire("new", "sales")
        account = here.target.add("user", "found", {"userName": login, "active": True}, Members())
        sales = here.company.team_name("sales")
        with here.runtime.store.leases.claim("job", "user", here.company.ids["new"], now=here.time.now()):
            here.sync(code=None)
            group = here.target.group(sales)
            assert group is not None
            assert account.id not in group.members.ids
        here.time.advance(timedelta(minutes=6))
        here.sync()
        group = here.target.group(sales)
        assert group is not None
        assert account.id in group.members.ids
        here.company.leave("sales", "new")
        here.sync()
        group = here.target.group(sales)
        assert group is not None
        assert account.id not in group.members.ids


def test_a_claim_of_a_process_that_is_known_to_be_dead_holds_up_nobody(tmp_path: Path, dead: Process) -> None:
    with house("graph", tmp_path, people=3) as here:
        here.company.hire("new", "sales")
        store = here.runtime.store
        claim = Leases(store.engine, dead).claim("job", "user", here.company.ids["new"], now=here.time.now())
        claim.__enter__()
        here.sync()
        assert here.logins("new") <= here.active()
        assert here.target.members(here.company.team_name("sales")) >= here.logins("new")
