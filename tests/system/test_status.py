"""`status` on every kind of state DB, through either of its ways: the same answer, and one line where there is none."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa

from state.errors import StateError
from state.store import Store
from syncd.chosen_jobs import UnknownJob
from syncd.config import Settings, load
from syncd.status import status
from tests.contract.state_rows import NOW, link, linked, wait
from tests.system.test_startup import CONFIG


def settings(folder: Path, url: str) -> Settings:
    parsed = sa.make_url(url)
    place = f'url = "{parsed._replace(password=None).render_as_string()}"'
    if parsed.password:
        place += '\npassword = { env = "STATE_PASSWORD" }'
    (folder / "config.toml").write_text(CONFIG.replace('url = "sqlite:///state.db"', place))
    (folder / "token").write_text("t")
    return load(folder / "config.toml", environ={"STATE_PASSWORD": str(parsed.password)})


def test_a_job_is_told_of_in_the_same_words_on_both_databases(state_url: str, tmp_path: Path) -> None:
    said = settings(tmp_path, state_url)
    store = Store.open(state_url)
    linked(store, link("u", "U", job="wiki"), link("g", "G", job="wiki", kind="group", active=False))
    store.pending.put("wiki", [wait("u", "failed"), wait("g", "held", kind="group")])
    last = {"cycle": "full", "result": "partial", "counts": {"create": 1}}
    store.jobs.update("wiki", last=last, next_at=NOW, paused=True)
    store.remember_facts("wiki", {"learned": ["it was asked for its discovery"]})
    store.close()
    (row,) = status(said)
    assert row.pop("learned_at").endswith("Z")
    assert row == {
        "job": "wiki",
        "source": "contoso",
        "target": "wiki",
        "schedule": "1h",
        "last_cycle": last,
        "next_cycle": "2026-03-01T12:00:00Z",
        "counts": {"create": 1},
        "links": {"users": {"active": 1, "inactive": 0}, "groups": {"active": 0, "inactive": 1}},
        "held": 1,
        "failing": 1,
        "quarantine": None,
        "paused": True,
        "steady_since": None,
        "working": None,
        "learned": ["it was asked for its discovery"],
    }


def test_a_state_db_that_is_not_there_is_made(state_url: str, tmp_path: Path) -> None:
    said = settings(tmp_path, state_url)
    (first,) = status(said)
    assert (first["last_cycle"], first["held"], first["links"]["users"]["active"]) == (None, 0, 0)
    engine = sa.create_engine(state_url)
    assert sa.inspect(engine).has_table("jobs")
    engine.dispose()
    assert status(said) == [first]


def test_a_job_that_is_not_configured_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(UnknownJob, match=r"^There is no job wikki in config\.toml; its jobs are wiki\."):
        status(settings(tmp_path, "sqlite:///state.db"), ["wikki"])


def test_a_damaged_state_db_is_named_as_every_command_names_it(tmp_path: Path) -> None:
    said = settings(tmp_path, "sqlite:///state.db")
    status(said)
    file = tmp_path / "state.db"
    file.write_bytes(file.read_bytes()[:4096] + b"\xff" * 200_000)
    with pytest.raises(StateError, match=r"damaged .*Check \[state\] url in config\.toml") as raised:
        status(said)
    assert "\n" not in str(raised.value)


def test_a_state_db_of_a_newer_syncd_is_refused(tmp_path: Path) -> None:
    said = settings(tmp_path, "sqlite:///state.db")
    status(said)
    engine = sa.create_engine(said.state.url)
    with engine.begin() as c:
        c.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
    engine.dispose()
    with pytest.raises(StateError, match="written by a newer syncd"):
        status(said)
