"""`syncd discover`: whose a target's accounts are, told from one listing and the state DB."""

from __future__ import annotations

import asyncio
import csv
import io
import tracemalloc
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from connectors.sandbox.scim.members import Members
from connectors.sandbox.scim.quirks import Quirks
from syncd.discover import Discovery, discover
from tests.system.conftest import Cli
from tests.system.house import House, house, quirky


def add(here: House, login: str, **more: Any) -> None:
    """An account that the product's own people made."""
    here.target.add("user", f"own-{login}", {"userName": login, "active": True, **more}, Members())


def furnish(here: House) -> None:
    """Beside the linked accounts: two of people who are not assigned, one of somebody new, one of nobody."""
    here.company.hire("una")
    here.company.hire("vic")
    here.company.hire("new", "sales")
    for name in ("una", "vic", "new"):
        add(here, here.company.login(name).upper() if name == "vic" else here.company.login(name))
    add(here, "admin@product.example", active=False)
    here.sync(dry=True, code=2)  # the mirror has seen them; nothing is written


@pytest.mark.parametrize(
    ("kind", "unassigned"),
    [
        ("graph", ("una", "vic")),
        ("okta", ()),
    ],  # Okta is asked for assigned people alone, and knows nothing of the others
)
def test_every_account_is_linked_matched_or_local_and_counted(
    kind: str, unassigned: Sequence[str], tmp_path: Path, cli: Cli
) -> None:
    with house(kind, tmp_path, people=12) as here:
        furnish(here)
        before = here.service.journal.total
        ran = cli("-c", str(here.config), "discover", "product", "-o", "json")
        asked = [entry for entry in here.service.journal.since(before) if "/Users" in entry.path]
        told = ran.json
        assert (ran.code, told["exit_code"], told["target"]) == (0, 0, "product")
        others = len(unassigned)
        assert told["counts"] == {"linked": 12, "matched": 1 + others, "local": 3 - others, "gone": 0}
        assert all("startIndex" in entry.query for entry in asked), "the list alone is read"
        by_name = {account["name"].lower(): account for account in told["accounts"]}
        assert len(by_name) == 16
        linked = by_name[here.company.login("ada")]
        assert (linked["standing"], linked["job"], linked["source_id"]) == ("linked", "job", here.company.ids["ada"])
        for name, why in (("new", "in scope ("), *((name, "not in scope") for name in unassigned)):
            matched = by_name[here.company.login(name)]
            assert (matched["standing"], matched["by"]) == ("matched", "userName")
            assert matched["source_id"] == here.company.ids[name]
            assert matched["why"].startswith(why), matched
        local = by_name["admin@product.example"]
        assert (local["standing"], local["active"], local["job"]) == ("local", False, None)
        assert here.methods == []


def test_text_and_csv_say_the_same_and_only_narrows_it(tmp_path: Path, cli: Cli) -> None:
    with house("graph", tmp_path, people=6) as here:
        furnish(here)
        add(here, "=cmd|' /C calc'!A0")
        whole = cli("-c", str(here.config), "discover", "product")
        assert whole.code == 0
        lines = whole.out.splitlines()
        assert lines[-1] == "11 accounts at product: 6 linked, 3 matched, 2 local"
        assert sum(line.startswith("linked ") for line in lines) == 6
        some = cli("-c", str(here.config), "discover", "product", "--only", "local", "--only", "matched", "-o", "csv")
        rows = list(csv.DictReader(io.StringIO(some.out)))
        assert sorted(row["standing"] for row in rows) == ["local", "local", "matched", "matched", "matched"]
        assert "'=cmd|' /C calc'!A0" in {row["name"] for row in rows}, "no spreadsheet takes a name for a formula"
        assert "11 accounts at product: 6 linked, 3 matched, 2 local" in some.err


def test_linked_accounts_that_the_list_lacks_are_counted(tmp_path: Path, cli: Cli) -> None:
    with house("graph", tmp_path, people=6) as here:
        for name in ("ada", "ben"):
            here.target.remove(here.target.user(here.company.login(name)))
        ran = cli("-c", str(here.config), "discover", "product")
        assert "2 linked accounts are not in its list" in ran.out


def test_two_people_for_one_account_are_said_to_be_held(tmp_path: Path, cli: Cli) -> None:
    with house("graph", tmp_path, people=0, job="", begun=False) as here:
        for name in ("ada", "ben"):
            here.company.hire(name, "sales")
            here.company.directory.update_user(here.company.ids[name], employeeId="7")
        more = (
            '[jobs.job.users]\nmatch = ["urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:employeeNumber"]\n'
        )
        add(here, "old", **{"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User": {"employeeNumber": "7"}})
        with here.changed_config(more=more):
            here.sync(dry=True, code=None)
            told = cli("-c", str(here.config), "discover", "product", "-o", "json").json
        (account,) = told["accounts"]
        assert account["standing"] == "matched"
        assert account["why"].startswith("2 users have this ")


def test_before_anything_was_read_it_says_so(tmp_path: Path, cli: Cli) -> None:
    with house("graph", tmp_path, people=3, begun=False) as here:
        add(here, here.company.login("ada"))
        ran = cli("-c", str(here.config), "discover", "product")
        assert ran.out.splitlines()[-2:] == [
            "1 accounts at product: 0 linked, 0 matched, 1 local",
            "source company was never read, so nothing of it matches. To read it: syncd --dry-run",
        ]


@pytest.mark.parametrize("output", ["text", "json", "csv"])
def test_a_list_that_breaks_off_is_an_error_and_no_count_is_given(tmp_path: Path, cli: Cli, output: str) -> None:
    quirks: Quirks = quirky(max_page=3, ignores_start_index=True)
    with house("graph", tmp_path, people=0, quirks=quirks, begun=False) as here:
        for number in range(7):
            add(here, f"n{number}@x.example")
        ran = cli("-c", str(here.config), "discover", "product", "-o", output)
        assert ran.code == 1
        assert "repeats itself or stops: 3 of 7 seen" in ran.err
        assert "accounts at product" not in ran.out + ran.err
        if output == "json":
            assert (ran.json["exit_code"], ran.json["counts"]) == (1, None)
            assert len(ran.json["accounts"]) == 3
            assert "repeats itself" in ran.json["error"]["message"]


@pytest.mark.parametrize("output", ["text", "json", "csv"])
def test_an_unknown_target_is_wrong_usage(tmp_path: Path, cli: Cli, output: str) -> None:
    with house("graph", tmp_path, people=0, begun=False) as here:
        ran = cli("-c", str(here.config), "discover", "prodcut", "-o", output)
        assert ran.code == 64
        assert "There is no target prodcut in config.toml; its targets are product." in ran.err
        assert ran.json["exit_code"] == 64 if output == "json" else ran.out == ""


def test_many_accounts_are_one_listing_and_little_memory(tmp_path: Path) -> None:
    many = 3_000
    with house("graph", tmp_path, people=3) as here:
        for number in range(many):
            add(here, f"n{number}@x.example", displayName=f"Number {number}")
        before = here.service.journal.total
        discovery = Discovery(target="product")

        async def seen() -> int:
            return len([None async for _ in discover(here.runtime, discovery)])

        tracemalloc.start()
        try:
            assert asyncio.run(seen()) == many + 3
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
        assert discovery.data == {"linked": 3, "matched": 0, "local": many, "gone": 0}
        asked = here.service.journal.since(before)
        assert len(asked) <= many / 200 + 2, "pages of 200, and the last one"
        assert all("startIndex" in entry.query for entry in asked)
        assert peak < 10_000_000, "a page at a time, and the ids that were seen"
