"""A process that worked on demand and was killed: its claim goes on for a while, and a cycle leaves that person alone."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from connectors.sandbox.scim.members import Members
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
