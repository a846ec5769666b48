"""A dry run while requests are open, while a plan is half carried out, and beside a process that is at it."""

from __future__ import annotations

import signal
import threading
from contextlib import closing
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from state.engine import reading
from syncd.config import load
from syncd.runtime import Runtime
from tests.system.conftest import sync_once
from tests.system.house import house
from tests.system.processes import Site, end
from tests.system.test_kill_process import wait_for
from tests.system.test_unsettled import lose

#: all that a cycle remembers; a dry run adds plans of its own, and what it read to the mirror
_TABLES = ("links", "link_members", "pending", "jobs", "leases", "claims", "approvals", "log")


def remembered(runtime: Runtime) -> dict[str, list[str]]:
    """Every row of these tables, and of plans and their rows those that are no dry run's."""
    with reading(runtime.store.engine) as c:
        found = {name: [repr(row) for row in c.execute(sa.text(f"SELECT * FROM {name}"))] for name in _TABLES}
        for name, of in (("plans", "id"), ("changes", "plan")):
            live = f"SELECT * FROM {name} WHERE {of} NOT IN (SELECT id FROM plans WHERE status IN ('dry', 'making'))"
            found[name] = [repr(row) for row in c.execute(sa.text(live))]
    return {name: sorted(rows) for name, rows in found.items()}


def told(runtime: Runtime, job: str) -> dict[str, Any]:
    """The report of a dry run, which leaves everything as it is."""
    before = remembered(runtime)
    result = sync_once(runtime, job, dry=True)
    assert remembered(runtime) == before
    return result.data(runtime.store)


def codes(report: dict[str, Any]) -> list[str]:
    return [warning["code"] for warning in report["warnings"]]


def test_requests_that_nobody_knows_the_end_of_are_told_and_stay_open(tmp_path: Path) -> None:
    with house("graph", tmp_path, people=5) as here:
        here.company.hire("new", "sales")
        lose(here, "POST", r"/Users\?filter.*new", from_look=2)
        here.sync(code=4)
        seen = here.service.journal.total
        assert "does not speak SCIM" in told(here.runtime, "job")["error"]
        here.all_well()
        report = told(here.runtime, "job")
        assert codes(report) == ["Unsettled"]
        assert "0 of its changes were not sent, and of 1 nobody knows" in report["warnings"][0]["message"]
        assert [row["action"] for row in report["changes"]] == ["adopt", "add_members"]
        here.company.rename("new", "newer")
        assert codes(told(here.runtime, "job")) == ["Unsettled", "Unsettled"]  # for all, and for the one in question
        assert {entry.method for entry in here.service.journal.since(seen)} == {"GET"}
        here.sync()
        assert told(here.runtime, "job")["warnings"] == []


def test_what_a_running_and_then_killed_process_left_to_do_is_shown(tmp_path: Path) -> None:
    with Site(tmp_path, users=12) as site, closing(Runtime.open(load(tmp_path / "config.toml"))) as runtime:
        first = told(runtime, "entra")
        assert first["warnings"] == []
        site.wires["scim"].hold, writing = threading.Event(), threading.Event()
        site.wires["scim"].watch = lambda moment, method, path: writing.set() if method == "POST" else None
        process = site.start("sync", "--job", "entra")
        wait_for(writing)
        report = told(runtime, "entra")
        assert codes(report) == ["Working"]
        assert f"being worked on by process {process.pid} on " in report["warnings"][0]["message"]
        assert report["counts"]["create"] + report["counts"]["adopt"] == first["counts"]["create"]
        process.kill()
        assert end(process)[0] == -signal.SIGKILL
        report = told(runtime, "entra")
        assert codes(report) == ["Unsettled"]
        assert report["counts"]["create"] + report["counts"]["adopt"] == first["counts"]["create"]
        assert report["counts"]["add_members"] == first["counts"]["add_members"]
        site.wires["scim"].hold = None
        assert site.run_here("entra") == 0
        report = told(runtime, "entra")
        assert (report["warnings"], report["changes"]) == ([], [])
