"""Backup, restore, a lost state DB, a move to another database, and a schema that is too new."""

from __future__ import annotations

import sqlite3
import threading
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa

from connectors.sandbox.world import World
from state.store import Store
from syncd.demo import a_day
from tests import servers
from tests.system.conftest import Cli, written


def lose(folder: Path) -> None:
    """The disk with the state DB is gone."""
    for path in folder.glob("state.db*"):
        path.unlink()


def accounts(world: World) -> dict[str, dict[str, object]]:
    """The target's accounts by id."""
    return {user.id: dict(user.attributes) for user in world.scim.users()}


def test_a_backup_is_restored_and_the_next_cycle_goes_on_from_it(world: World, cli: Cli, tmp_path: Path) -> None:
    world.write_config(tmp_path)
    assert cli("sync", "--job", "entra").code == 0
    ran = cli("db", "backup", "kept.db")
    assert ran.code == 0
    assert ran.out.startswith("kept.db has the state DB as it was now")
    assert (tmp_path / "kept.db").stat().st_mode & 0o777 == 0o600
    assert not list(tmp_path.glob("kept.db-*")), "one file, with nothing beside it"
    a_day(world)
    assert cli("sync", "--job", "entra").code == 0
    lose(tmp_path)
    (tmp_path / "kept.db").rename(tmp_path / "state.db")
    before = accounts(world)
    assert cli("db", "check").code == 0
    # What was done since the backup is found at the target again: nobody is doubled, and nobody goes.
    ran = cli("sync", "--full", "--job", "entra", "-o", "json")
    assert ran.code == 0, ran.out
    assert (ran.job["counts"]["create"], ran.job["counts"]["delete"]) == (0, 0)
    assert accounts(world) == before
    assert cli("--dry-run", "--job", "entra").code == 0


def test_a_backup_is_whole_while_another_process_writes(tmp_path: Path, cli: Cli, world: World) -> None:
    world.write_config(tmp_path)
    assert cli("db", "upgrade").code == 0
    store = Store.open(f"sqlite:///{tmp_path}/state.db")
    begun, stop = threading.Event(), threading.Event()

    def write() -> None:
        number = 0
        while not stop.is_set():
            # Both or neither: what a torn copy would not hold to.
            with store.engine.begin() as c:
                for name in ("a", "b"):
                    c.execute(
                        sa.text("INSERT INTO meta (key, value) VALUES (:key, :n)"),
                        {"key": f"{name}{number}", "n": number},
                    )
            number += 1
            begun.set()

    writer = threading.Thread(target=write)
    writer.start()
    assert begun.wait(10)
    for number in range(5):
        assert cli("db", "backup", f"{number}.db").code == 0
    stop.set()
    writer.join()
    store.close()
    for number in range(5):
        with closing(sqlite3.connect(tmp_path / f"{number}.db")) as copy:
            found = dict(copy.execute("SELECT substr(key, 1, 1), count(*) FROM meta GROUP BY 1"))
        assert found["a"] == found["b"] > 0


@pytest.mark.parametrize("how", ["a lost state DB", "restart --links"])
def test_every_account_is_adopted_again_and_what_is_right_is_not_written(
    world: World, cli: Cli, tmp_path: Path, how: str
) -> None:
    world.write_config(tmp_path)
    assert cli("sync", "--job", "entra").code == 0
    before = written(world)
    users, groups = len(list(world.scim.users())), len(list(world.scim.groups()))
    if how == "restart --links":
        assert cli("restart", "entra", "--links").code == 0
    else:
        lose(tmp_path)
    dry = cli("--dry-run", "--job", "entra", "-o", "json")
    assert dry.code == 2
    assert dry.job["counts"]["adopt"] == users + groups
    assert not any(dry.job["counts"][word] for word in ("create", "delete", "deactivate", "held", "failed"))
    done = cli("sync", "--job", "entra", "-o", "json")
    assert done.code == 0
    assert done.job["checksum"] == dry.job["checksum"]
    assert written(world) == before
    assert (len(list(world.scim.users())), len(list(world.scim.groups()))) == (users, groups)
    assert cli("--dry-run", "--job", "entra").code == 0


def test_the_state_moves_to_postgresql_and_the_next_cycle_is_idle(
    world: World, cli: Cli, tmp_path: Path, postgres: servers.Postgres
) -> None:
    config = world.write_config(tmp_path)
    assert cli("sync", "--job", "entra").code == 0
    before = written(world)
    url = postgres.database().replace("postgres:@", "postgres@")
    ran = cli("db", "copy", url)
    assert ran.code == 0, ran.err
    assert "rows are in postgresql+psycopg://" in ran.out
    config.write_text(config.read_text().replace(f"sqlite:///{tmp_path}/state.db", url))
    assert cli("db", "check").code == 0
    lose(tmp_path)
    idle = cli("sync", "--job", "entra", "-o", "json")
    assert idle.code == 0
    assert idle.job["cycle"] == "incremental"
    assert not idle.changes
    assert written(world) == before
    no_tool = cli("db", "backup", "x.db")
    assert no_tool.code == 1
    assert "pg_dump --format=custom --file=x.db postgresql://" in no_tool.err
    # And back.
    assert cli("db", "copy", f"sqlite:///{tmp_path}/back.db").code == 0
    config.write_text(config.read_text().replace(url, f"sqlite:///{tmp_path}/back.db"))
    assert cli("sync", "--job", "entra").code == 0
    assert written(world) == before


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["backup", "state.db"], "state.db is there already. Name another file"),
        (["backup", "nowhere/x.db"], "No such file or directory. Name a file that can be written"),
        (["backup", "a" * 300], "File name too long. Name a file that can be written"),
        (["copy", "postgresql://me:geheim@host/db"], "seen by everybody on this machine. Leave it out"),
        (["copy", "mysql://host/db"], "mysql is no lasting database that syncd has"),
        (["copy", "sqlite://"], "sqlite is no lasting database that syncd has"),
        (["copy", "nonsense"], "that is no URL"),
        (["copy", "sqlite:///nowhere/x.db"], "mkdir -p nowhere"),
        (["copy", f"sqlite:///{'a' * 300}/x.db"], "File name too long. Check [state] url in config.toml"),
    ],
)
def test_what_cannot_be_done_is_one_line(
    world: World, cli: Cli, tmp_path: Path, arguments: list[str], message: str
) -> None:
    world.write_config(tmp_path)
    assert cli("db", "upgrade").code == 0
    ran = cli("db", *arguments)
    assert ran.code == 1
    assert message in ran.err
    assert ran.err.count("\n") == 1
    assert "geheim" not in ran.err
    assert cli("db", "check").code == 0


def test_a_backup_of_nothing_says_what_to_do(world: World, cli: Cli, tmp_path: Path) -> None:
    world.write_config(tmp_path)
    ran = cli("db", "backup", "x.db")
    assert ran.code == 1
    assert "state.db is not there. To make it: syncd db upgrade" in ran.err
    assert not (tmp_path / "x.db").exists()


def test_a_job_that_is_being_worked_on_is_not_copied(world: World, cli: Cli, tmp_path: Path) -> None:
    world.write_config(tmp_path)
    assert cli("db", "upgrade").code == 0
    store = Store.open(f"sqlite:///{tmp_path}/state.db")
    store.leases.take("entra", now=datetime.now(UTC))
    ran = cli("db", "copy", f"sqlite:///{tmp_path}/other.db")
    assert ran.code == 1
    assert "Job entra is being worked on" in ran.err
    assert not (tmp_path / "other.db").exists()
    store.close()


@pytest.mark.parametrize("arguments", [["sync"], ["status"], ["db", "upgrade"], ["db", "copy", "sqlite:///other.db"]])
def test_a_schema_of_a_newer_syncd_is_refused_and_left_as_it_is(
    world: World, cli: Cli, tmp_path: Path, arguments: list[str]
) -> None:
    world.write_config(tmp_path)
    assert cli("db", "upgrade").code == 0
    with closing(sqlite3.connect(tmp_path / "state.db")) as database:
        database.execute("UPDATE alembic_version SET version_num = '9999'")
        database.commit()
    ran = cli(*arguments)
    assert ran.code == 1
    assert "written by a newer syncd (schema 9999; this one knows 0" in ran.err
    assert "Install the newer syncd again; nothing was changed" in ran.err
    assert ran.err.count("\n") == 1
    with closing(sqlite3.connect(tmp_path / "state.db")) as database:
        assert database.execute("SELECT version_num FROM alembic_version").fetchall() == [("9999",)]
