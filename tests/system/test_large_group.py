"""Large groups: members come and go in parts, never with the whole group, also where a read shows no members."""

from __future__ import annotations

from pathlib import Path

import pytest

from connectors.sandbox.scim.quirks import Quirks
from tests.system.house import house, quirky


@pytest.mark.parametrize(
    ("many", "quirks"),
    [(10_000, Quirks()), (1_000, quirky(members_shown=False)), (1_000, quirky(duplicate_members=True))],
    ids=["members are shown", "members are never shown", "members are stored again"],
)
def test_ten_thousand_members_go_in_parts_and_one_more_is_one_request(
    tmp_path: Path, many: int, quirks: Quirks
) -> None:
    with house("graph", tmp_path, people=0, quirks=quirks, begun=False) as here:
        company = here.company
        names = [f"n{number}" for number in range(many)]
        for name in names:
            company.hire(name)
        company.join("sales", *names)
        here.sync()
        name = company.team_name("sales")
        assert len(here.target.members(name)) == many
        parts = [operation["value"] for body in here.bodies("PATCH") for operation in body["Operations"]]
        assert max(map(len, parts)) <= 100
        assert sum(map(len, parts)) == many
        assert "PUT" not in {entry.method for entry in here.written}

        company.hire("new", "sales")
        here.sync()
        assert here.methods == ["PATCH group", "POST user"]
        (added,) = here.bodies("PATCH")
        assert [len(operation["value"]) for operation in added["Operations"]] == [1]

        company.assign("n7")  # leaves the group, and keeps the account
        company.leave("sales", "n7")
        here.sync()
        assert here.methods == ["PATCH group"]
        assert here.target.members(name) == here.logins(*names, "new") - here.logins("n7")
