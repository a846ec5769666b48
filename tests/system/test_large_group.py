"""Large groups: members come and go in parts, never with the whole group, also where a read shows no members."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from connectors.sandbox.scim.quirks import Quirks
from tests.system.house import house, quirky

MANY = 10_000


@pytest.mark.parametrize(
    "quirks", [Quirks(), quirky(members_shown=False)], ids=["members are shown", "members are never shown"]
)
def test_ten_thousand_members_go_in_parts_and_one_more_is_one_request(tmp_path: Path, quirks: Quirks) -> None:
    with house("graph", tmp_path, people=0, quirks=quirks, begun=False) as here:
        company = here.company
        names = [f"n{number}" for number in range(MANY)]
        for name in names:
            company.hire(name)
        company.join("sales", *names)
        begun = time.monotonic()
        here.sync()
        print(time.monotonic() - begun)
        name = company.team_name("sales")
        assert len(here.target.members(name)) == MANY
        patches = [body for body in here.bodies("PATCH") if "members" in str(body)[:200]]
        sizes = [len(operation["value"]) for body in patches for operation in body["Operations"]]
        assert max(sizes) <= 100
        assert sum(sizes) == MANY
        assert "PUT" not in {entry.method for entry in here.written}

        company.hire("new", "sales")
        here.sync()
        assert here.methods == ["PATCH group", "POST user"]
        (added,) = (body for body in here.bodies("PATCH"))
        assert [len(operation["value"]) for operation in added["Operations"]] == [1]

        company.leave("sales", "n7")
        company.assign("n7")
        here.sync()
        assert here.methods == ["PATCH group"]
        assert company.login("n7") not in here.target.members(name)
        assert len(here.target.members(name)) == MANY
