"""SelectUniqueValue against a target: the first value that nobody there has, chosen when an account is created."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from connectors.sandbox.scim.members import Members
from syncd.unsent import close_unsent
from tests.system.house import House, house


class Killed(BaseException):
    """The process is no more."""


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


def ruled(rules: str) -> str:
    """The rows with other rules for the user name."""
    name = f"userName\", expression = '{RULES}'"
    return ROWS.replace(name, f"userName\", expression = '{rules}'")


@pytest.mark.parametrize("others", [0, 60], ids=["asked one by one", "listed"])
def test_a_rule_that_says_to_ignore_the_object_counts_only_where_those_before_it_are_in_use(
    tmp_path: Path, others: int
) -> None:
    rules = 'SelectUniqueValue([department], IIF([department]="sales", IgnoreObjectFlow, "x"))'
    with house("graph", tmp_path, people=3, more=ruled(rules), begun=False) as here:
        for name in ("ada", "ben", "cem"):
            rename(here, name, "sales" if name != "cem" else "legal")
        for number in range(others):
            here.company.hire(f"n{number}", "sales")
            rename(here, f"n{number}", f"n{number}")
        dry = here.sync(dry=True, code=None)
        told = here.sync()
        assert told["checksum"] == dry["checksum"]
        assert sorted(name for name in names(here).values() if not name.startswith("n")) == ["legal", "sales"]
        (warning,) = [warning for warning in told["warnings"] if warning["code"] == "ScopeUnknown"]
        assert "IgnoreObjectFlow" in warning["message"]


def test_whoever_fails_for_one_value_leaves_the_other_to_the_next(tmp_path: Path) -> None:
    number = 'SelectUniqueValue([employeeId], "200")'
    enterprise = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
    row = f'  {{ target = "{enterprise}:employeeNumber", expression = \'{number}\', apply = "on-create" }},\n'
    more = ROWS.replace('  { target = "title"', f'{row}  {{ target = "title"')
    with house("graph", tmp_path, people=4, more=more, begun=False) as here:
        people = [here.company.ids[name] for name in ("ada", "ben", "cem", "dea")]
        for name in ("ada", "ben", "cem", "dea"):
            rename(here, name, "sales")
        # In the order in which they are looked at: the third finds no number, the fourth brings one of its own.
        for id_, own in zip(sorted(people), ("100", "100", "100", "400"), strict=True):
            here.company.directory.update_user(id_, employeeId=own)  # type: ignore[union-attr]  # Entra's own
        told = here.sync(code=4)
        assert told["counts"]["failed"] == 1
        numbers = [user.attributes[enterprise]["employeeNumber"] for user in here.target.users()]
        assert sorted(numbers) == ["100", "200", "400"]
        assert sorted(names(here).values()) == ["sales", "sales.2", "sales.3"]


def test_a_value_that_somebody_takes_before_the_create_is_chosen_anew(tmp_path: Path) -> None:
    with house("graph", tmp_path, people=1, more=ROWS, begun=False) as here:
        rename(here, "ada", "sales")
        here.target.add("user", "stranger", {"userName": "Sales", "active": True}, Members())
        nobody = {"schemas": ["urn:ietf:params:scim:api:messages:2.0:ListResponse"], "totalResults": 0, "Resources": []}
        here.at_target({"replace": nobody}, times=1, method="GET", path="filter=userName.*sales")
        told = here.sync(code=4)
        (failed,) = [row for row in told["changes"] if row["status"] == "failed"]
        assert (failed["error"]["code"], failed["error"]["http_status"]) == ("Conflict", 409)
        assert names(here) == {}
        here.time.advance_days(1)
        here.sync()
        assert list(names(here).values()) == ["sales.2"]
        here.sync(full=True)
        assert here.written == []


@pytest.mark.parametrize("moment", ["before", "after"])
def test_who_found_no_free_value_is_tried_again_although_the_process_was_killed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    """Killed right before what failed in planning is remembered, or right after."""
    with house("graph", tmp_path, people=1, more=ROWS, begun=False) as here:
        rename(here, "ada", "legal")
        here.sync()
        for name in ("Sales", "Sales.2", "Sales.3"):
            here.target.add("user", name, {"userName": name, "active": True}, Members())
        for name, department in (("new", "sales"), ("other", "design")):
            here.company.hire(name, "sales")
            rename(here, name, department)

        def killed(*given: Any, **named: Any) -> None:
            if moment == "after":
                close_unsent(*given, **named)
            raise Killed

        monkeypatch.setattr("syncd.apply.close_unsent", killed)
        with pytest.raises(Killed):
            here.sync()
        monkeypatch.undo()
        told = here.sync(code=4)
        assert told["cycle"] == "incremental"
        (failed,) = [row for row in told["changes"] if row["status"] == "failed"]
        assert failed["name"] == here.company.login("new")
        assert sorted(names(here).values()) == ["design", "legal"]
        stranger = next(user for user in here.target.users() if user.name == "Sales.2")
        here.target.remove(stranger)
        here.time.advance_days(2)
        here.sync()
        assert sorted(names(here).values()) == ["design", "legal", "sales.2"]
