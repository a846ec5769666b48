"""A clock that was far ahead once, and was put back: nobody waits for the time that it showed."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta, tzinfo
from pathlib import Path

import pytest
import uvloop

from syncd.config import load
from syncd.core.quarantine import Quarantine
from syncd.daemon import Daemon
from syncd.quarantine import quarantine_data
from tests.system.house import house
from tests.system.test_administrator import run_daemon_once

YEARS = timedelta(days=3650)


def test_a_full_cycle_comes_although_the_last_one_was_years_ahead(tmp_path: Path) -> None:
    with house("graph", tmp_path, people=3) as here:
        here.time.advance(YEARS)
        assert here.sync()["cycle"] == "full"
        here.time.advance(-YEARS)
        assert here.sync()["cycle"] == "full"
        here.time.advance(-timedelta(minutes=5))
        assert here.sync()["cycle"] == "incremental"
        here.time.advance(timedelta(hours=25))
        assert here.sync()["cycle"] == "full"


def test_what_failed_is_tried_again_although_its_next_try_is_years_ahead(tmp_path: Path) -> None:
    with house("graph", tmp_path, people=3, job='full_every = "3650d"') as here:
        here.time.advance(YEARS / 2)
        login = here.company.hire("new", "sales")
        here.at_target({"status": 403}, method="POST", path="/Users", times=1)
        here.sync(code=4)
        here.time.advance(-YEARS / 2)
        assert here.sync(failed_now=False)["cycle"] == "incremental"
        assert login in here.active()


def test_a_quarantine_ends_although_its_next_attempt_is_years_ahead(tmp_path: Path) -> None:
    with house("graph", tmp_path, people=3) as here:
        now, login = here.time.now(), here.company.hire("new", "sales")
        for ahead, comes in ((timedelta(hours=24), False), (YEARS, True)):
            rest = Quarantine(reason="failing", detail="", since=now, attempts=1, next_attempt=now + ahead)
            here.runtime.store.jobs.update("job", quarantine=quarantine_data(rest))
            run_daemon_once(here)
            assert (login in here.active()) is comes


def test_the_daemon_goes_on_although_the_clock_is_put_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    back = timedelta()

    class Wall(datetime):
        """The wall's clock."""

        @classmethod
        def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override]
            return datetime.now(tz) - back

    for module in (
        "syncd.daemon",
        *(f"apscheduler.{part}" for part in ("schedulers.base", "triggers.interval", "executors.base")),
    ):
        monkeypatch.setattr(f"{module}.datetime", Wall)
    monkeypatch.setattr("syncd.daemon.LOOK_AT_CLOCK_S", 0.1)
    with (
        house("graph", tmp_path, people=3) as here,
        here.changed_config(('schedule = "1m"', 'schedule = "1s"')),
    ):

        async def comes(login: str) -> None:
            async with asyncio.timeout(20):
                while login not in here.active():
                    await asyncio.sleep(0.05)

        async def some_seconds() -> None:
            nonlocal back
            daemon = Daemon(here.runtime, reread=lambda: load(here.config), accepted=lambda settings: None)
            running = asyncio.create_task(daemon.run())
            await comes(here.company.hire("first", "sales"))
            back = timedelta(hours=5)
            await comes(here.company.hire("second", "sales"))
            daemon.stop()
            await running

        uvloop.run(some_seconds())
