"""What `syncd status` shows of the state DB: the same through either driver, on both databases."""

from __future__ import annotations

import os
import sqlite3
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from state.errors import StateError
from state.glance import glance_at_file, glance_through
from state.store import Store
from tests.contract.state_rows import HOUR, NOW, link, linked, wait


def filled(store: Store) -> None:
    linked(store, link("u1", "U1"), link("u2", "U2", active=False), link("u3", "U3"), link("g", "G", kind="group"))
    linked(store, link("u1", "V1", job="other"), plan_id="more")
    waits = [wait("u1", "failed"), wait("u2", "failed"), wait("g", "held", kind="group"), wait("u3", "grace")]
    store.pending.put("j", waits)
    store.jobs.update("j", last={"result": "ok", "counts": {"create": 1}}, next_at=NOW + HOUR, steady_since=NOW)
    store.jobs.update("other", paused=True, quarantine={"reason": "it fails \N{ROCKET}"})
    store.leases.take("j", now=NOW)
    store.remember_facts("wiki", {"learned": ["PATCH works"]})


def test_all_that_is_known_of_jobs_and_targets_is_in_one_look(store: Store) -> None:
    filled(store)
    glance = glance_through(store, now=NOW)
    assert glance.jobs["j"] == {
        "paused": False,
        "next_at": NOW + HOUR,
        "steady_since": NOW,
        "last": {"result": "ok", "counts": {"create": 1}},
        "quarantine": None,
    }
    assert (glance.jobs["other"]["paused"], glance.jobs["other"]["last"]) == (True, None)
    assert glance.jobs["other"]["quarantine"] == {"reason": "it fails \N{ROCKET}"}
    assert glance.links == {
        ("j", "user", True): 2,
        ("j", "user", False): 1,
        ("j", "group", True): 1,
        ("other", "user", True): 1,
    }
    assert glance.waits == {("j", "failed"): 2, ("j", "held"): 1}
    assert glance.workers.keys() == {"j"}
    assert glance.workers["j"].startswith(f"process {os.getpid()} on ")
    at, facts = glance.learned["wiki"]
    assert at.utcoffset() == timedelta(0)
    assert facts == {"learned": ["PATCH works"]}


def test_of_a_new_state_db_nothing_is_known(store: Store) -> None:
    glance = glance_through(store, now=NOW)
    assert (glance.jobs, glance.links, glance.waits, glance.workers, glance.learned) == ({}, {}, {}, {}, {})


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A state DB that nobody has open, at a path with characters that mean something in a URI."""
    folder = tmp_path / "a b%20?#c"
    folder.mkdir()
    store = Store.open(sa.URL.create("sqlite", database=f"{folder}/state.db"))
    filled(store)
    store.close()
    return folder / "state.db"


def test_a_file_is_read_as_the_ordinary_way_reads_it_and_nothing_is_left_beside_it(file: Path) -> None:
    found = glance_at_file(file, now=NOW)
    assert [each.name for each in file.parent.iterdir()] == ["state.db"]
    store = Store.open(sa.URL.create("sqlite", database=str(file)))
    assert found == glance_through(store, now=NOW)
    store.close()


def test_a_file_is_read_while_another_process_writes(file: Path) -> None:
    writer = sqlite3.connect(file, isolation_level=None)
    writer.execute("BEGIN EXCLUSIVE")
    writer.execute("DELETE FROM jobs")
    found = glance_at_file(file, now=NOW)
    assert found is not None
    assert found.jobs.keys() == {"j", "other"}
    writer.execute("ROLLBACK")
    writer.close()


def test_a_file_that_is_not_there_is_left_to_the_ordinary_way_and_not_made(tmp_path: Path) -> None:
    assert glance_at_file(tmp_path / "state.db", now=NOW) is None
    assert glance_at_file(tmp_path / "nowhere" / "state.db", now=NOW) is None
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "statement",
    ["UPDATE alembic_version SET version_num = '0001'", "DROP TABLE alembic_version", "DROP TABLE pending"],
)
def test_a_file_with_another_schema_is_left_to_the_ordinary_way(file: Path, statement: str) -> None:
    with sqlite3.connect(file) as theirs:
        theirs.execute(statement)
    theirs.close()
    assert glance_at_file(file, now=NOW) is None


@pytest.mark.parametrize("content", [b"", b"[state]\nurl = 1\n" * 400])
def test_a_file_that_is_no_state_db_is_left_to_the_ordinary_way_as_it_is(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "state.db").write_bytes(content)
    assert glance_at_file(tmp_path / "state.db", now=NOW) is None
    assert (tmp_path / "state.db").read_bytes() == content


def test_a_value_that_cannot_be_read_is_one_clear_line(file: Path) -> None:
    with sqlite3.connect(file) as theirs:
        theirs.execute("UPDATE jobs SET last = '{' WHERE name = 'j'")
    theirs.close()
    assert glance_at_file(file, now=NOW) is None
    store = Store.open(sa.URL.create("sqlite", database=str(file)))
    with pytest.raises(StateError, match="not a state DB of syncd, or damaged") as raised:
        glance_through(store, now=NOW)
    assert "\n" not in str(raised.value)
    store.close()
