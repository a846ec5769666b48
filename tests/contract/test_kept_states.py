"""State DBs of every schema that there was: upgraded, moved to another database and back, nothing lost."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa

from state.copying import copy_rows
from state.errors import StateError
from state.glance import glance_through
from state.log import LogEntry, write_log
from state.store import Store
from state.tables import claims, leases, metadata
from tests import servers
from tests.contract.kept_state import kept, load_kept

NOW = datetime(2026, 1, 1, tzinfo=UTC)
COPIED = [table for table in metadata.sorted_tables if table not in (leases, claims)]


def rows(store: Store) -> dict[str, list[tuple[object, ...]]]:
    """Everything, by table, in the order of the keys."""
    with store.engine.connect() as c:
        return {
            table.name: [tuple(row) for row in c.execute(sa.select(table).order_by(*table.primary_key))]
            for table in COPIED
        }


@pytest.fixture(params=kept())
def old(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    file = tmp_path / "old.db"
    load_kept(request.param, file)
    return file


def test_the_newest_schema_is_kept(tmp_path: Path) -> None:
    store = Store.open(f"sqlite:///{tmp_path}/new.db")
    assert kept()[-1] == store.revisions()[1], "a schema was added: python -m tests.contract.kept_state"
    store.close()


def test_an_old_state_is_upgraded_and_all_its_rows_are_there(old: Path) -> None:
    store = Store.open(f"sqlite:///{old}")
    assert store.differences() == []
    found = rows(store)
    for table in ("users", "groups", "members", "assignments", "links", "link_members", "plans", "changes", "log"):
        assert len(found[table]) > 1, table
    assert store.jobs.get("entra").seq > 0
    assert store.pending.count("entra", "held") == 1
    assert len(list(store.log.entries(jobs=["entra"]))) > 20
    names = {store.links.of("entra", "user", [row.source_id]).popitem()[1].wrote["userName"] for row in store.log.entries(jobs=["entra"]) if row.kind == "user" and row.action == "create"}  # fmt: skip
    assert "ada.lovelace@contoso.example" in names
    store.close()


def test_a_copy_to_postgresql_and_back_loses_nothing(old: Path, postgres: servers.Postgres, tmp_path: Path) -> None:
    first = Store.open(f"sqlite:///{old}")
    first.leases.take("entra", now=NOW)
    second = Store.open(postgres.database())
    third = Store.open(f"sqlite:///{tmp_path}/back.db")
    counts = copy_rows(first.engine, second.engine)
    assert copy_rows(second.engine, third.engine) == counts
    before = rows(first)
    assert rows(second) == before
    assert rows(third) == before
    assert counts == {name: len(found) for name, found in before.items()}
    assert glance_through(second, now=NOW).workers == {}, "who is at work is not copied"
    # The log goes on behind the copied entries.
    entry = LogEntry(
        time=NOW, job="entra", cycle="c", change="c:1", action="create", status="success", kind="user", source_id="1",
        target_id=None, name="n", steps=[], modified=[],
    )  # fmt: skip
    for store in (second, third):
        with store.engine.begin() as c:
            write_log(c, [entry])
        assert len(rows(store)["log"]) == counts["log"] + 1
    for store in (first, second, third):
        store.close()


def test_an_empty_state_is_copied_and_its_log_begins_with_1(state_url: str, tmp_path: Path) -> None:
    origin, other = Store.open(f"sqlite:///{tmp_path}/empty.db"), Store.open(state_url)
    assert set(copy_rows(origin.engine, other.engine).values()) == {0}
    assert rows(other)["log"] == []
    for store in (origin, other):
        store.close()


def test_a_database_with_rows_is_left_as_it_is(old: Path, state_url: str) -> None:
    first, second = Store.open(f"sqlite:///{old}"), Store.open(state_url)
    key = second.key()
    with pytest.raises(StateError, match=r"meta has rows already\. Name an empty database"):
        copy_rows(first.engine, second.engine)
    assert second.key() == key
    assert sum(map(len, rows(second).values())) == 1
    for store in (first, second):
        store.close()
