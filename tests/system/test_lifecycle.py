"""The turns of a person's and of a group's life, through real cycles: what the target is sent at each, and what is left.

Source of the table: Microsoft Entra documentation, "How application provisioning works", section De-provisioning.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.system.company import Company, GraphCompany, OktaCompany
from tests.system.house import KINDS, House, house

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

TABLE = [
    Row(name="an attribute changes", turn=retitle, sent=["PATCH user"], left="active"),
    Row(name="disabled", turn=disable, sent=OFF, left="inactive"),
    Row(name="disabled stays disabled", before=[disable], turn=retitle, sent=["PATCH user"], left="inactive"),
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
    Row(name="create only: disabled", turn=disable, sent=[], left="active", users='actions = ["create"]', kinds=GRAPH),
]  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "row"), [pytest.param(kind, row, id=f"{kind}-{row.name}") for row in TABLE for kind in row.kinds]
)
def test_each_turn_of_a_life_sends_what_the_table_says(kind: str, row: Row, tmp_path: Path) -> None:
    attribute = "department" if kind == "graph" else "user.department"
    users = f"[jobs.job.users]\n{row.users.replace('ATTRIBUTE', attribute)}"
    with house(kind, tmp_path, people=12, more=users) as here:
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
