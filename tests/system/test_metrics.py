"""What a monitoring sees of a daemon: a scrape of a real process agrees with what was done, and health with how it is."""

from __future__ import annotations

import signal
import sqlite3
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import orjson
import pytest

from connectors.sandbox.emulator import Emulator
from tests.system.processes import Site
from tests.system.service import METRICS, Service, service


@pytest.fixture(scope="module")
def daemon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A daemon after its first cycle, in which one request was throttled."""
    with Site(tmp_path_factory.mktemp("site")) as site:
        emulator = site.wires["scim"].app
        assert isinstance(emulator, Emulator)
        later = {"status": 429, "headers": {"Retry-After": "0"}}
        emulator.faults.add({"match": {"method": "POST"}, "times": 1, "action": later})
        with service(site) as made:
            made.until_status("Idle; next cycle: entra at")
            yield made
            code, err = made.stop()
            assert code == 0, err


def test_every_promised_metric_is_there_with_its_labels(daemon: Service) -> None:
    samples = daemon.samples()
    for name, labels in METRICS.items():
        found = [dict(at) for one, at in samples if one == name]
        assert found, name
        assert all(set(at) == labels for at in found), (name, found)


def test_counters_agree_with_what_was_done_at_the_target(daemon: Service) -> None:
    samples = daemon.samples()

    def value(name: str, **labels: str) -> float:
        return samples[name, frozenset(labels.items())]

    made = daemon.site.truth()["made"]
    users = value("syncd_links", job="entra", kind="user", state="active")
    assert users == made["POST user"] > 10
    created = value("syncd_changes_total", job="entra", action="create", status="done")
    assert created == made["POST user"] + made["POST group"]
    assert value("syncd_cycles_total", job="entra", result="ok") == 1
    assert value("syncd_cycles_total", job="entra", result="failed") == 0
    assert value("syncd_cycle_seconds_count", job="entra") == 1
    posted = value("syncd_requests_total", endpoint="targets.sandbox", method="POST", status="201")
    assert posted == created
    assert value("syncd_requests_total", endpoint="sources.contoso", method="GET", status="200") >= 3
    assert value("syncd_requests_total", endpoint="targets.sandbox", method="POST", status="429") == 1
    assert value("syncd_throttled_total", endpoint="targets.sandbox") == 1
    assert value("syncd_throttled_total", endpoint="sources.contoso") == 0
    assert abs(value("syncd_last_success_timestamp_seconds", job="entra") - time.time()) < 60
    assert 0 <= value("syncd_source_age_seconds", source="contoso") < 60
    assert value("syncd_held_changes", job="entra") == value("syncd_quarantined", job="entra") == 0


def test_a_healthy_daemon_says_so_and_other_paths_do_not_exist(daemon: Service) -> None:
    assert daemon.get("/healthz") == (200, "ok\n")
    assert daemon.get("/readyz") == (200, "ready\n")
    assert daemon.get("/")[0] == 404
    assert daemon.get("/metrics/../config.toml")[0] == 404


def test_a_job_without_success_for_too_long_makes_it_unready(daemon: Service) -> None:
    path = daemon.site.folder / "state.db"
    with sqlite3.connect(path) as database:
        (last,) = database.execute("SELECT last FROM jobs WHERE name = 'entra'").fetchone()
        old = orjson.loads(last) | {"success": (datetime.now(UTC) - timedelta(hours=4)).isoformat()}
        database.execute("UPDATE jobs SET last = ? WHERE name = 'entra'", (orjson.dumps(old).decode(),))
    try:
        status, text = daemon.get("/readyz")
        assert status == 503
        assert text.startswith("job entra: no cycle went well since ")
    finally:
        with sqlite3.connect(path) as database:
            database.execute("UPDATE jobs SET last = ? WHERE name = 'entra'", (last,))
    assert daemon.get("/readyz") == (200, "ready\n")


def test_a_state_db_that_does_not_answer_makes_it_unready_but_alive(tmp_path: Path) -> None:
    with Site(tmp_path, users=6) as site, service(site) as made:
        made.until_status("Idle; next cycle")
        with sqlite3.connect(tmp_path / "state.db") as database:
            database.execute("ALTER TABLE jobs RENAME TO jobs_away")
        status, text = made.get("/readyz")
        assert (status, text.startswith("the state DB does not answer")) == (503, True)
        assert str(tmp_path) not in text
        assert made.get("/healthz")[0] == 200
        names = {name for name, _ in made.samples()}
        assert "syncd_cycles_total" in names
        assert "syncd_links" not in names
        assert made.stop()[0] == 0


def test_an_address_in_use_is_one_line_and_exit_code_1(tmp_path: Path, daemon: Service) -> None:
    with Site(tmp_path, users=2) as site:
        config = site.folder / "config.toml"
        config.write_text(config.read_text() + f'\n[metrics]\nlisten = "127.0.0.1:{daemon.port}"\n')
        code, out, err = site.run("run")
    assert (code, out) == (1, "")
    assert "metrics.listen: cannot listen on 127.0.0.1" in err
    assert "Traceback" not in err
    assert len(err.strip().splitlines()) == 1


def test_without_a_listener_the_daemon_listens_nowhere(tmp_path: Path) -> None:
    with Site(tmp_path, users=2) as site:
        config = site.folder / "config.toml"
        config.write_text(config.read_text() + "\n[metrics]\n")
        with service(site) as made:
            made.until_status("Idle")
            sockets = Path(f"/proc/{made.process.pid}/net/tcp").read_text().splitlines()[1:]
            own = {path.readlink().name for path in Path(f"/proc/{made.process.pid}/fd").iterdir() if path.is_symlink()}
            listening = [line for line in sockets if line.split()[3] == "0A" and f"socket:[{line.split()[9]}]" in own]
            assert listening == []
            made.process.send_signal(signal.SIGTERM)
            assert made.stop()[0] == 0
