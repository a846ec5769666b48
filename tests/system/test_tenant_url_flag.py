"""The flag in a tenant URL (aadOptscim062020) chooses how requests are worded, in a cycle and on demand alike."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import uvloop

from syncd.provision import provision
from tests.system.house import House, house, quirky
from tests.system.recorder import body_of

NEW = {"name.formatted": "Other Own", "name.givenName": "Other", "title": "Boss"}
PLAIN = [{"op": "replace", "path": path, "value": value} for path, value in NEW.items()]
#: Entra with the flag: what is simple shares one operation without a path, under dotted keys.
FLAGGED = [{"op": "replace", "value": NEW}]


def patches(here: House, since: int) -> list[Any]:
    return [body_of(entry)["Operations"] for entry in here.service.journal.since(since) if entry.method == "PATCH"]


@pytest.mark.parametrize(("flag", "worded"), [("", PLAIN), ("?aadOptscim062020", FLAGGED)], ids=["without", "with"])
def test_on_demand_the_flag_holds_as_in_a_cycle(tmp_path: Path, flag: str, worded: list[Any]) -> None:
    """Entra itself leaves the flag out of account on demand, and then speaks to the target in two ways."""
    with (
        house("graph", tmp_path, people=4, tag="Own", quirks=quirky(pathless_dotted="applied"), begun=False) as here,
        here.changed_config(('/scim"', f'/scim{flag}"')),
    ):
        here.sync()
        for name in ("ada", "ben"):
            here.company.set_title(name, "Boss")
            here.company.set_given_name(name, "Other")
        begun = here.service.journal.total
        (trace,) = uvloop.run(provision(here.runtime, here.company.login("ada"), ["job"]))
        demanded = patches(here, begun)
        begun = here.service.journal.total
        here.sync()
        cycled = patches(here, begun)
        assert [request["body"]["Operations"] for row in trace.changes for request in row["requests"]] == demanded
        for (operations,) in (demanded, cycled):
            assert sorted(operations, key=str) == worded
        assert all("aadOptscim" not in entry.query for entry in here.service.journal)
