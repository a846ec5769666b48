"""SelectUniqueValue against a target: the first value that nobody there has, chosen when an account is created."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from connectors.sandbox.scim.members import Members
from tests.system.house import House, house

RULES = 'SelectUniqueValue([department], Join(".", [department], "2"), Join(".", [department], "3"))'
ROWS = f"""
[jobs.job.groups]
enabled = false
[jobs.job.users]
match = ["externalId"]
mappings = [
  {{ target = "externalId", source = "userPrincipalName" }},
  {{ target = "userName", expression = '{RULES}', apply = "on-create" }},
  {{ target = "title", source = "jobTitle" }},
  {{ target = "active", expression = 'Not([IsSoftDeleted])' }},
]
"""


@pytest.fixture(params=[0, 60], ids=["asked one by one", "listed"])
def here(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[House]:
    with house("graph", tmp_path, people=3, more=ROWS, begun=False) as made:
        for name in ("ada", "ben", "cem"):
            rename(made, name, "sales")
        for number in range(request.param):
            made.company.hire(f"n{number}", "sales")
            rename(made, f"n{number}", f"n{number}")
        yield made


def rename(here: House, name: str, department: str) -> None:
    here.company.directory.update_user(here.company.ids[name], department=department)  # type: ignore[union-attr]  # Entra's own


def names(here: House) -> dict[str, str]:
    """User name by the login of whom it belongs to."""
    return {
        str(user.attributes["externalId"]): user.name for user in here.target.users() if "externalId" in user.attributes
    }


def test_namesakes_and_strangers_get_values_of_their_own_and_keep_them(here: House) -> None:
    stranger = here.target.add("user", "stranger", {"userName": "Sales", "active": True}, Members())
    dry = here.sync(code=4, dry=True)
    told = here.sync(code=4)
    assert told["checksum"] == dry["checksum"]
    of_three = [name for name in names(here).values() if name.startswith("sales")]
    assert sorted(of_three) == ["sales.2", "sales.3"]
    (failed,) = [row for row in told["changes"] if row["status"] == "failed"]
    assert (
        "SelectUniqueValue: all values are in use at the target: sales, sales.2, sales.3" in failed["error"]["message"]
    )

    before = names(here)
    here.sync(full=True, code=4)
    here.company.directory.update_user(here.company.ids["ada"], jobTitle="Boss")  # type: ignore[union-attr]  # Entra's own
    here.sync(code=4)
    assert names(here) == before

    here.target.remove(stranger)
    here.sync()
    assert sorted(name for name in names(here).values() if name.startswith("sales")) == ["sales", "sales.2", "sales.3"]
    assert not here.sync()["changes"]


def test_an_account_that_is_found_keeps_its_value(here: House) -> None:
    login = here.company.login("ada")
    here.target.add("user", "own", {"userName": "first.choice", "externalId": login, "active": True}, Members())
    here.sync()
    assert names(here)[login] == "first.choice"
    assert {names(here)[here.company.login(name)] for name in ("ben", "cem")} == {"sales", "sales.2"}
