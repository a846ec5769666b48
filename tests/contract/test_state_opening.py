"""Opening a state DB that cannot be used, or using one that goes away: one clear line, and nothing changed."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import psycopg
import pytest
import sqlalchemy as sa

from state.errors import StateError
from state.store import Store
from syncd.core.model import Page
from tests import servers
from tests.contract.state_rows import NOW, user


def refused(url: str | sa.URL) -> str:
    with pytest.raises(StateError) as raised:
        Store.open(url)
    text = str(raised.value)
    assert "\n" not in text
    assert text.startswith("State DB ")
    return text


def test_a_missing_directory_is_named_with_the_command_that_makes_it(tmp_path: Path) -> None:
    text = refused(f"sqlite:///{tmp_path}/a/b/state.db")
    assert f"the directory {tmp_path}/a/b does not exist. Run: mkdir -p {tmp_path}/a/b" in text
    assert not (tmp_path / "a").exists()


def test_a_file_in_the_place_of_the_directory_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    assert f"{tmp_path}/file is no directory" in refused(f"sqlite:///{tmp_path}/file/state.db")


def test_a_directory_that_cannot_be_looked_at_is_named(tmp_path: Path) -> None:
    folder = tmp_path / ("a" * 300)
    assert f"the directory {folder}: File name too long" in refused(f"sqlite:///{folder}/state.db")


def test_a_directory_in_the_place_of_the_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "state.db").mkdir()
    assert "unable to open database file" in refused(f"sqlite:///{tmp_path}/state.db")


def test_a_directory_that_nobody_can_write_to_is_refused() -> None:
    assert "unable to open database file" in refused("sqlite:////proc/self/task/state.db")


@pytest.mark.parametrize("content", [b"[state]\nurl = 1\n" * 400, b"\0" * 5_000, bytes(range(256)) * 20])
def test_a_file_that_is_no_database_is_left_as_it_is(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "state.db"
    file.write_bytes(content)
    assert "not a state DB of syncd, or damaged (file is not a database)" in refused(f"sqlite:///{file}")
    assert file.read_bytes() == content


def test_a_damaged_database_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "state.db"
    Store.open(f"sqlite:///{file}").close()
    content = bytearray(file.read_bytes())
    content[4096:] = b"\xff" * (len(content) - 4096)
    file.write_bytes(content)
    assert "damaged" in refused(f"sqlite:///{file}")


def test_somebody_elses_database_is_left_as_it_is(tmp_path: Path) -> None:
    file = tmp_path / "state.db"
    with sqlite3.connect(file) as theirs:
        theirs.execute("CREATE TABLE users (name TEXT)")
    theirs.close()
    assert "table users already exists" in refused(f"sqlite:///{file}")
    with sqlite3.connect(file) as theirs:
        assert theirs.execute("SELECT name FROM sqlite_master").fetchall() == [("users",)]
    theirs.close()


def test_a_locked_database_is_waited_for_and_then_named(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/state.db?timeout=0.05"
    store = Store.open(url)
    theirs = sqlite3.connect(tmp_path / "state.db", isolation_level=None)
    theirs.execute("BEGIN EXCLUSIVE")
    with pytest.raises(StateError, match=r"database is locked\. Another program is writing to it; try again"):
        store.jobs.update("j", paused=True)
    assert not store.jobs.get("j").paused  # whoever only reads is not held up
    theirs.execute("ROLLBACK")
    store.jobs.update("j", paused=True)
    store.close()
    theirs.execute("PRAGMA journal_mode=DELETE")
    theirs.execute("BEGIN EXCLUSIVE")
    assert "database is locked" in refused(url)
    theirs.close()


def test_a_full_disk_is_a_clear_error_and_the_page_is_read_again(tmp_path: Path) -> None:
    store = Store.open(f"sqlite:///{tmp_path}/state.db")
    current = store.mirror.begin("s", "users")
    with store.engine.connect() as c:
        pages = c.exec_driver_sql("PRAGMA page_count").scalar_one()

    def limit(connection: sa.engine.interfaces.DBAPIConnection, *_: object) -> None:
        connection.execute(f"PRAGMA max_page_count={pages}")  # type: ignore[attr-defined]  # sqlite3's shortcut

    store.close()
    sa.event.listen(store.engine, "connect", limit)
    page = Page(stream="users", records=tuple(user(f"u{n}", about="x" * 500) for n in range(500)))
    with pytest.raises(StateError, match="database or disk is full"):
        store.mirror.store(current, page, now=NOW)
    assert store.mirror.seq("s") == 0
    sa.event.remove(store.engine, "connect", limit)
    store.close()
    assert store.mirror.store(current, page, now=NOW) == 500
    store.close()


def test_a_postgresql_that_is_not_there_is_named_without_its_password() -> None:
    text = refused("postgresql+psycopg://syncd:hunter2@127.0.0.1:1/state")
    assert "127.0.0.1" in text
    assert "hunter2" not in text
    assert "***" in text


def test_an_unknown_postgresql_database_is_named(postgres: servers.Postgres) -> None:
    url = sa.make_url(postgres.database()).set(database="nowhere")
    assert 'database "nowhere" does not exist' in refused(url)


def test_a_postgresql_database_of_another_encoding_is_refused(postgres: servers.Postgres) -> None:
    text = refused(postgres.database(encoding="SQL_ASCII"))
    assert "its encoding is SQL_ASCII, not UTF8. Make another one: CREATE DATABASE" in text


def test_a_postgresql_that_goes_away_is_a_clear_error_and_is_found_again(postgres: servers.Postgres) -> None:
    url = postgres.database()
    store = Store.open(url)

    def cut() -> None:
        with psycopg.connect(postgres.admin_url, autocommit=True) as admin:
            query = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s"
            admin.execute(query, [sa.make_url(url).database])

    with store.engine.connect() as c:
        c.execute(sa.text("SELECT 1"))
        cut()
        with pytest.raises(StateError, match="terminating connection"):
            c.execute(sa.text("SELECT 1"))
    cut()
    store.jobs.update("j", paused=True)
    assert store.jobs.get("j").paused
    store.close()
