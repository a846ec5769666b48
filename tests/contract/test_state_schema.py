"""The schema: the sum of its migrations on both databases, upgraded safely, refused where it is newer."""

from __future__ import annotations

import re
import threading
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

import state.migrations
from state.engine import make_engine
from state.errors import StateError
from state.store import Store
from state.tables import metadata
from tests import servers
from tests.contract.state_rows import read, states, user


def describe(engine: sa.Engine) -> dict[str, Any]:
    """Tables, columns, types (with their collations), defaults, keys and indexes."""
    seen = sa.inspect(engine)
    return {
        table: {
            "columns": {
                column["name"]: (
                    column["type"].compile(engine.dialect), column["nullable"], re.sub(r"\W\w+_seq\W", "…", str(column["default"]))
                )
                for column in seen.get_columns(table)
            },
            "key": seen.get_pk_constraint(table),
            "unique": seen.get_unique_constraints(table),
            "foreign": seen.get_foreign_keys(table),
            "indexes": sorted((i["name"], i["column_names"], bool(i["unique"])) for i in seen.get_indexes(table)),
        }
        for table in seen.get_table_names()
        if table != "alembic_version"
    }  # fmt: skip


def another(state_url: str) -> sa.Engine:
    """A second, empty database beside the first."""
    url = sa.make_url(state_url)
    if url.get_backend_name() == "sqlite":
        return make_engine(url.set(database=f"{url.database}.other"))
    engine = make_engine(url)
    with engine.begin() as c:
        c.execute(sa.text("CREATE SCHEMA other"))
    engine.dispose()
    return make_engine(url.update_query_dict({"options": "-csearch_path=other"}))


def test_schema_is_the_sum_of_the_migrations(store: Store, state_url: str) -> None:
    fresh = another(state_url)
    metadata.create_all(fresh)
    assert describe(store.engine) == describe(fresh)
    assert store.differences() == []
    assert len(describe(fresh)) == len(metadata.tables) > 15
    fresh.dispose()


def test_ids_are_compared_by_their_bytes_on_postgresql(postgres: servers.Postgres) -> None:
    store = Store.open(postgres.database())
    seen = sa.inspect(store.engine)
    texts = {
        (table, column["name"]): column["type"]
        for table in metadata.tables
        for column in seen.get_columns(table)
        if column["name"] in ("source_id", "id", "member_id", "group_id", "key", "principal_id", "target_id")
        and isinstance(column["type"], sa.String)
    }
    store.close()
    assert len(texts) > 15
    assert {(where, type_.collation) for where, type_ in texts.items()} == {(where, "C") for where in texts}


def test_migrations_are_numbered_without_a_gap_and_named_for_what_they_do() -> None:
    folder = Path(state.migrations.__path__[0]) / "versions"
    names = sorted(path.stem for path in folder.glob("*.py") if path.stem != "__init__")
    assert [name[:4] for name in names] == [f"{number:04}" for number in range(1, len(names) + 1)]
    for number, name in enumerate(names, 1):
        assert re.fullmatch(r"\d{4}(_[a-z0-9]+)+", name)
        text = (folder / f"{name}.py").read_text()
        assert f'revision = "{number:04}"' in text
        before = f'"{number - 1:04}"' if number > 1 else "None"
        assert f"down_revision = {before}" in text
        assert text.startswith(f'"""{name[5:].replace("_", " ")}')


def test_an_upgrade_is_done_once(state_url: str) -> None:
    store = Store.open(state_url, upgrade=False)
    assert store.revisions()[0] is None
    assert store.differences() != []
    assert store.upgrade()
    assert not store.upgrade()
    assert store.revisions()[0] == store.revisions()[1]
    store.close()


def test_two_that_open_a_new_db_at_once_both_get_it(state_url: str) -> None:
    start, opened, faults = threading.Barrier(4), [], []

    def open_it() -> None:
        start.wait()
        try:
            opened.append(Store.open(state_url))
        except BaseException as fault:
            faults.append(fault)

    threads = [threading.Thread(target=open_it) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []
    assert [one.differences() for one in opened] == [[]] * 4
    for one in opened:
        one.close()


def test_a_newer_schema_is_refused_with_nothing_changed(store: Store, state_url: str) -> None:
    read(store, "users", [user("a")])
    with store.engine.begin() as c:
        c.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
        c.execute(sa.text("ALTER TABLE users ADD COLUMN from_the_future TEXT"))
    before = describe(store.engine)
    with pytest.raises(
        StateError, match=r"written by a newer syncd \(schema 9999; this one knows \d{4}\)\. Install the newer"
    ):
        Store.open(state_url)
    assert describe(store.engine) == before
    assert store.revisions()[0] == "9999"
    assert states(store, "user", "a") == {"a": "live"}


def test_a_migration_that_breaks_off_leaves_nothing_behind(state_url: str) -> None:
    store = Store.open(state_url, upgrade=False)
    with store.engine.begin() as c:
        c.execute(sa.text("CREATE TABLE worklist (mine INTEGER)"))  # the last table that the first migration makes
    with pytest.raises((StateError, sa.exc.ProgrammingError), match="already exists"):
        store.upgrade()
    assert sa.inspect(store.engine).get_table_names() == ["worklist"]
    store.close()
