"""`syncd sync` that is told to stop: what is in hand ends, what is left is said, and nothing is done twice or lost."""

from __future__ import annotations

import asyncio
import gc
import json
import os
import signal
import sqlite3
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from syncd.cycle import Wish, sync
from tests.system.house import house
from tests.system.processes import Site, end

PATIENCE_S = 30.0
SAID = "What was done is kept. To go on: syncd"


def has_heard(process: subprocess.Popen[str], number: signal.Signals) -> None:
    """Wait until the process has taken the signal: then the next one of its kind has its usual effect."""
    limit = time.monotonic() + PATIENCE_S
    while time.monotonic() < limit:
        status = Path(f"/proc/{process.pid}/status").read_text()
        caught = int(next(line for line in status.splitlines() if line.startswith("SigCgt")).split()[1], 16)
        if not caught >> (number - 1) & 1:
            return
        time.sleep(0.01)
    raise AssertionError("it has not heard the signal")


@contextmanager
def held_at_the_first_write(site: Site, *arguments: str) -> Iterator[tuple[subprocess.Popen[str], threading.Event]]:
    """A process whose first requests that write are carried out, and answered once the event is set."""
    wire, answer, begun = site.wires["scim"], threading.Event(), threading.Event()

    def watch(moment: str, method: str, path: str) -> None:
        if (moment, method) == ("after", "POST"):
            begun.set()

    wire.watch, wire.hold = watch, answer
    process = site.start(*arguments)
    try:
        assert begun.wait(PATIENCE_S)
        yield process, answer
    finally:
        answer.set()
        if process.poll() is None:
            process.kill()
            end(process)
        wire.watch, wire.hold = lambda moment, method, path: None, None


def everybody_once(site: Site) -> None:
    assert site.run_here("entra") == 0
    found = site.truth()
    assert found["made"]["POST user"] == len(site.staff) == len(found["users"])


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_changes_in_hand_end_and_what_is_left_is_said(tmp_path: Path, number: signal.Signals) -> None:
    with Site(tmp_path, users=16) as site:
        with held_at_the_first_write(site, "sync", "--job", "entra") as (process, answer):
            process.send_signal(number)
            has_heard(process, number)
            answer.set()
            code, out, err = end(process)
        assert code == 1, err
        made = site.truth()["made"]
        assert (made["POST user"], made["POST group"]) == (len(site.staff), 0)
        with sqlite3.connect(tmp_path / "state.db") as database:
            assert database.execute("SELECT count(*) FROM changes WHERE status = 'sent'").fetchone() == (0,)
            (left,) = database.execute("SELECT count(*) FROM changes WHERE status = 'skipped'").fetchone()
        (line,) = [line for line in err.splitlines() if line.startswith("syncd: ")]
        assert line == f"syncd: Job entra: stopped with {left} changes left. {SAID} sync --job entra"
        assert line.removeprefix("syncd: ") in out
        _, shown, _ = site.run("status", "-o", "json")
        entra = next(row for row in json.loads(shown)["jobs"] if row["job"] == "entra")
        assert (entra["steady_since"], entra["working"]) == (None, None)
        assert entra["last_cycle"]["error"].startswith("Job entra: stopped")
        everybody_once(site)


def test_a_second_signal_ends_at_once_and_the_next_run_looks_up_what_became_of_it(tmp_path: Path) -> None:
    with Site(tmp_path, users=12) as site:
        with held_at_the_first_write(site, "sync", "--job", "entra") as (process, _):
            process.send_signal(signal.SIGTERM)
            has_heard(process, signal.SIGTERM)
            assert process.poll() is None
            process.send_signal(signal.SIGTERM)
            assert end(process)[0] == -signal.SIGTERM
        everybody_once(site)


def test_jobs_that_were_not_begun_are_named_and_json_says_so_too(tmp_path: Path) -> None:
    with Site(tmp_path, users=12) as site:
        with held_at_the_first_write(site, "sync", "-o", "json") as (process, answer):
            process.send_signal(signal.SIGTERM)
            has_heard(process, signal.SIGTERM)
            answer.set()
            code, out, _ = end(process)
        report = json.loads(out)
        assert code == report["exit_code"] == 1
        assert report["error"]["message"].startswith("Job entra: stopped with ")
        assert report["error"]["remedy"].endswith("syncd sync --job entra")
        first, second = report["jobs"]
        assert {change["status"] for change in first["changes"]} == {"done", "skipped"}
        assert second["error"] == f"Job {second['job']}: stopped before it began. {SAID} sync --job {second['job']}"


def test_a_dry_run_that_reads_stops_at_once(tmp_path: Path) -> None:
    with Site(tmp_path, users=6) as site:
        asked, release = threading.Event(), threading.Event()

        def watch(moment: str, method: str, path: str) -> None:
            if moment == "before" and "delta" in path:
                asked.set()
                release.wait(5)

        site.wires["graph"].watch = watch
        process = site.start("--dry-run", "--job", "entra")
        try:
            assert asked.wait(PATIENCE_S)
            process.send_signal(signal.SIGINT)
            code, _, err = end(process)
        finally:
            release.set()
        assert code == 1
        reading = "stopped while it read its source, before any change"
        assert f"syncd: Job entra: {reading}. {SAID} --dry-run --job entra" in err.splitlines()
        assert "Traceback" not in err


def test_a_signal_before_the_work_begins_ends_the_process(tmp_path: Path) -> None:
    with Site(tmp_path, users=4) as site:
        process = site.start("sync", PYTHONUNBUFFERED="1")
        os.kill(process.pid, signal.SIGTERM)
        assert end(process)[0] == -signal.SIGTERM
        assert site.truth()["users"] == []


def test_what_a_reading_fails_with_while_it_is_stopped_makes_no_noise(tmp_path: Path) -> None:
    """The state DB is locked, so that the lease of the source cannot be given back."""
    impatient = (f'{tmp_path}/state.db"', f'{tmp_path}/state.db?timeout=0.01"')
    noise: list[object] = []

    async def stopped() -> None:
        asyncio.get_running_loop().set_exception_handler(lambda _, context: noise.append(context))
        stopping = asyncio.Event()
        work = asyncio.create_task(sync(here.runtime, ["job"], Wish(), stopping=stopping))
        while any(here.runtime.store.mirror.complete("company").values()):
            await asyncio.sleep(0.01)
        with closing(sqlite3.connect(tmp_path / "state.db", isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            stopping.set()
            (result,) = await work
        assert result.exit_code == 1

    with house("graph", tmp_path, people=2) as here, here.changed_config(impatient):
        here.at_source({"delay_s": 1}, path="/v1.0/")
        asyncio.run(stopped())
        gc.collect()
        assert noise == []
        here.all_well()
        here.sync()
