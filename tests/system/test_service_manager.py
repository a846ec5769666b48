"""The notify protocol over a real socket, reloads and stops, as systemd would see them of a real process."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from syncd.window import MOST
from tests.system.processes import HERE, Site, end
from tests.system.service import SCHEDULE, Service, service, without_job


def events(log: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in log.splitlines() if line.startswith("{")]


def reload(made: Service) -> dict[str, str]:
    """SIGHUP, and the datagram that says it has begun, once it has ended."""
    made.process.send_signal(signal.SIGHUP)
    begun = made.until(lambda one: "RELOADING" in one)
    made.until(lambda one: "READY" in one)
    return begun


def test_start_status_reload_and_stop_are_told_in_their_order(tmp_path: Path) -> None:
    with Site(tmp_path, users=6) as site, service(site) as made:
        made.until(lambda one: "READY" in one)
        assert made.told == [{"READY": "1"}], "nothing may be told before"
        assert made.until_status("Cycle of entra since ").endswith(" UTC")
        made.until_status("Idle; next cycle: entra at 20")
        before = time.monotonic_ns() // 1000
        begun = reload(made)
        assert begun["RELOADING"] == "1"
        assert before <= int(begun["MONOTONIC_USEC"]) <= time.monotonic_ns() // 1000
        code, log = made.stop()
        made.until(lambda one: one == {"STOPPING": "1"})
    assert code == 0, log
    assert [one["event"] for one in events(log)][-3:] == ["config.reloaded", "daemon.stopping", "daemon.stopped"]


def test_jobs_come_and_go_with_a_reload_and_a_new_one_begins_at_once(tmp_path: Path) -> None:
    with Site(tmp_path, users=6) as site:
        both = site.folder / "config.toml"
        whole = both.read_text()
        with service(site) as made:
            made.until_status("Idle; next cycle: entra")
            listen = f'\n[metrics]\nlisten = "127.0.0.1:{made.port}"\n'
            made.configure(lambda _: whole.replace('schedule = "5m"', SCHEDULE) + listen)
            reload(made)
            made.until_status("Cycle of okta since")
            made.until_status("Idle; next cycle")
            assert {job for name, at in made.samples() if name == "syncd_links" for key, job in at if key == "job"} == {
                "entra",
                "okta",
            }
            made.configure(lambda text: without_job(text, "entra"))
            reload(made)
            assert made.until_status("Idle").startswith("Idle; next cycle: okta")
            code, log = made.stop()
    assert code == 0
    told = [one for one in events(log) if one["event"] == "config.reloaded"]
    assert [(one["added"], one["removed"]) for one in told] == [(["okta"], []), ([], ["entra"])]


def test_a_changed_schedule_holds_from_the_reload_on(tmp_path: Path) -> None:
    with Site(tmp_path, users=6) as site, service(site) as made:
        made.until_status("Idle; next cycle")
        made.configure(lambda text: text.replace(SCHEDULE, 'schedule = "1s"'))
        reload(made)
        made.until_status("Cycle of entra")
        made.until_status("Idle")
        made.until_status("Cycle of entra")
        assert made.stop()[0] == 0


#: what is wrong: (how the configuration is changed, a word that the log line must have)
BAD: dict[str, tuple[Callable[[str], str], str]] = {
    "an unknown key": (lambda text: text.replace(SCHEDULE, 'schedul = "1h"'), "schedul"),
    "an unknown attribute": (
        lambda text: text + '\n[jobs.entra.users]\nfilters = [[{ attribute = "departmnt", operator = "IS NULL" }]]',
        "departmnt",
    ),
    "another state DB": (lambda text: text.replace("state.db", "other.db"), "[state]"),
    "another listener": (lambda text: text.replace("listen = ", "listen = '127.0.0.1:1' #"), "metrics.listen"),
    "no TOML": (lambda text: "[jobs", "no TOML"),
}


def test_a_bad_configuration_is_refused_in_one_line_and_the_old_one_stays(tmp_path: Path) -> None:
    with Site(tmp_path, users=4) as site, service(site) as made:
        made.until_status("Idle; next cycle: entra")
        good = (tmp_path / "config.toml").read_text()
        for change, _ in BAD.values():
            assert change(good) != good
            (tmp_path / "config.toml").write_text(change(good))
            reload(made)
            assert made.until_status("Idle").startswith("Idle; next cycle: entra at")
            assert made.get("/healthz")[0] == 200
        made.configure(lambda _: good)
        reload(made)
        code, log = made.stop()
    assert code == 0
    refused = [one for one in events(log) if one["event"] == "config.refused"]
    assert len(refused) == len(BAD)
    for one, (wrong, (_, word)) in zip(refused, BAD.items(), strict=True):
        assert one["level"] == "error", wrong
        assert word in one["error"], wrong
        assert "\n" not in one["error"], wrong
    assert [one["event"] for one in events(log)].count("config.reloaded") == 1
    assert "Traceback" not in log


def test_the_watchdog_is_fed_often_enough_and_starves_when_the_loop_is_stuck(tmp_path: Path) -> None:
    with Site(tmp_path, users=4) as site:
        period = 0.6
        with service(site, WATCHDOG_USEC=str(int(period * 1_000_000))) as made:
            made.until_status("Idle")
            beats = []
            while len(beats) < 4:
                made.until(lambda one: "WATCHDOG" in one)
                beats.append(time.monotonic())
            assert max(after - before for before, after in pairwise(beats)) < period
            made.process.send_signal(signal.SIGSTOP)
            made.told.clear()
            made.channel.setblocking(False)
            while True:
                try:
                    made.channel.recv(4096)
                except BlockingIOError:
                    break
            made.channel.settimeout(period)
            with pytest.raises(TimeoutError):
                made.channel.recv(4096)
            made.process.send_signal(signal.SIGCONT)
            made.until(lambda one: "WATCHDOG" in one)
            assert made.stop()[0] == 0


def test_a_watchdog_for_another_process_is_not_fed(tmp_path: Path) -> None:
    with Site(tmp_path, users=4) as site, service(site, WATCHDOG_USEC="200000", WATCHDOG_PID="1") as made:
        made.until_status("Idle")
        made.channel.settimeout(0.5)
        with pytest.raises(TimeoutError):
            made.channel.recv(4096)
        assert not [one for one in made.told if "WATCHDOG" in one]


def test_sigterm_lets_the_changes_in_hand_end_and_begins_no_others(tmp_path: Path) -> None:
    with Site(tmp_path, users=MOST + 100) as site:
        wire = site.wires["scim"]
        answer, begun = threading.Event(), threading.Event()

        def watch(moment: str, method: str, path: str) -> None:
            if (moment, method) == ("after", "POST"):
                begun.set()

        wire.watch, wire.hold = watch, answer
        with service(site) as made:
            assert begun.wait(30)
            made.process.send_signal(signal.SIGTERM)
            assert made.until_status("Stopping").startswith("Stopping; finishing the changes in hand of entra since ")
            answer.set()
            code, log = made.stop()
        assert code == 0, log
        written = site.truth()["made"]
        assert 0 < written["POST user"] <= MOST < len(site.staff)
        assert written["POST group"] == 0
        with sqlite3.connect(tmp_path / "state.db") as database:
            assert database.execute("SELECT count(*) FROM changes WHERE status = 'sent'").fetchone() == (0,)
            assert database.execute("SELECT count(*) FROM links").fetchone() == (written["POST user"],)


def test_sigterm_while_a_source_is_read_waits_for_nothing(tmp_path: Path) -> None:
    with Site(tmp_path, users=6) as site:
        asked = threading.Event()
        release = threading.Event()

        def watch(moment: str, method: str, path: str) -> None:
            if moment == "before" and "delta" in path:
                asked.set()
                release.wait(5)

        site.wires["graph"].watch = watch
        try:
            with service(site) as made:
                assert asked.wait(30)
                begun = time.monotonic()
                code, log = made.stop()
                assert code == 0, log
                assert time.monotonic() - begun < 4
        finally:
            release.set()
            site.wires["graph"].watch = lambda moment, method, path: None
        assert "Traceback" not in log
        assert not [one for one in events(log) if one["event"] == "cycle.failed"]
        assert site.run_here("entra") == 0


def test_without_a_service_manager_the_daemon_runs_all_the_same(tmp_path: Path) -> None:
    with Site(tmp_path, users=4) as site:
        process = site.start("--log-format", "json", "run", NOTIFY_SOCKET=str(tmp_path / "nobody"))
        assert process.stderr is not None
        lines = iter(process.stderr.readline, "")
        assert any('"daemon.started"' in line for line in lines)
        process.send_signal(signal.SIGTERM)
        assert end(process)[0] == 0


def test_an_address_in_the_abstract_namespace_is_understood(tmp_path: Path) -> None:
    import socket

    name = f"syncd-test-{os.getpid()}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as channel:
        channel.bind(f"\0{name}")
        channel.settimeout(10)
        code = "from syncd.observe.service_manager import ServiceManager as S; S().status('one\\ntwo')"
        subprocess.run(
            [sys.executable, "-c", code], check=True, cwd=HERE, env={**os.environ, "NOTIFY_SOCKET": f"@{name}"}
        )
        assert channel.recv(100) == b"STATUS=one two"
