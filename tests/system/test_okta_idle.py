"""What a cycle costs in which nothing happened: requests to Okta, and work in the state DB."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
import sqlalchemy as sa

from connectors.sandbox.emulator import Emulator
from connectors.sandbox.okta.directory import OktaDirectory
from connectors.sandbox.okta.service import okta_app
from connectors.sandbox.scim.app import scim_app
from connectors.sandbox.scim.directory import ScimDirectory
from connectors.sandbox.serve import serve
from syncd.config import load
from syncd.report.result import JobResult
from syncd.runtime import Runtime
from tests.system.company import write_secret
from tests.system.conftest import sync_once

ASSIGNED = 100
TOKEN = "idle"
EVERY = 100  #: instructions of SQLite's virtual machine between two counts


@dataclass(kw_only=True)
class Idle:
    directory: OktaDirectory
    application: str
    source: Emulator
    target: Emulator
    runtime: Runtime
    instructions: int = 0

    def sync(self) -> tuple[JobResult, list[str], int]:
        """One cycle: its result, what Okta was asked, and SQLite's instructions."""
        at, counted = self.source.journal.total, self.instructions
        result = sync_once(self.runtime, "job")
        paths = [entry.path for entry in self.source.journal.since(at)]
        return result, paths, (self.instructions - counted) * EVERY

    def count(self) -> None:
        """From now on, on new connections."""

        def on_connect(connection: sqlite3.Connection, record: object) -> None:
            connection.set_progress_handler(self._tick, EVERY)

        engine = self.runtime.store.engine
        engine.dispose()
        sa.event.listen(engine, "connect", on_connect)

    def _tick(self) -> int:
        self.instructions += 1
        return 0


@contextmanager
def organisation(folder: Path, *, users: int, scope: str = "assigned", select: bool = True) -> Iterator[Idle]:
    """`users` people in fifty groups, a hundred of them assigned; ten of the groups are selected."""
    directory = OktaDirectory()
    directory.access.add_api_token(TOKEN)
    with directory.long_ago("2026-01-01T08:00:00.000Z"):
        application = directory.create_app("Product").id
        groups = [directory.create_group(f"{'eng' if n < 10 else 'team'}-{n}").id for n in range(50)]
        for n in range(users):
            names = {"login": f"user{n}@acme.example", "firstName": f"Kim{n}", "lastName": "Berg"}
            user = directory.create_user(names).id
            directory.members.add(groups[n % 50], user)
            if n < ASSIGNED:
                directory.members.add(groups[n % 10], user)
                directory.assign_user(application, user)
        if not select:
            for group in groups[:10]:
                directory.assign_group(application, group)
    source, service = okta_app(directory), scim_app(ScimDirectory(), token=TOKEN)
    folder.mkdir(exist_ok=True)
    write_secret(folder / "token", TOKEN)
    with serve({"source": source, "target": service}) as served:
        config = folder / "config.toml"
        config.write_text(
            f"""
[state]
url = "sqlite:///{folder / "state.db"}"
[sources.acme]
kind = "okta"
org_url = "{served["source"]}"
token = {{ file = "{folder / "token"}" }}
app_id = "{application}"
[targets.product]
kind = "scim"
url = "{served["target"]}/scim"
token = {{ file = "{folder / "token"}" }}
[jobs.job]
source = "acme"
target = "product"
schedule = "1m"
scope = "{scope}"
[jobs.job.groups]
{'select = [ { prefix = "eng-" } ]' if select else ""}
""",
            encoding="utf-8",
        )
        runtime = Runtime.open(load(config))
        try:
            yield Idle(directory=directory, application=application, source=source, target=service, runtime=runtime)
        finally:
            runtime.close()


@pytest.mark.parametrize(
    ("scope", "select"), [("assigned", True), ("assigned", False), ("all", True)], ids=["selected", "assigned", "all"]
)
def test_an_idle_cycle_asks_okta_at_most_six_times(tmp_path: Path, scope: str, select: bool) -> None:
    users = 2_000 if scope == "assigned" else 400
    with organisation(tmp_path, users=users, scope=scope, select=select) as here:
        first, asked, _ = here.sync()
        assert first.exit_code == 0
        for _ in range(2):
            result, asked, _ = here.sync()
            assert result.exit_code == 0
            assert result.counts == dict.fromkeys(result.counts, 0)
            assert len(asked) == result.read["requests"] <= 6, asked
            written = [entry for entry in here.target.journal if entry.method != "GET"]
            assert written
        assert len(asked) <= 5


def test_what_happens_costs_what_happened(tmp_path: Path) -> None:
    with organisation(tmp_path, users=300) as here:
        here.sync()
        _, idle, _ = here.sync()
        group = next(group.id for group in here.directory.groups.values() if group.name == "eng-3")
        user = next(user.id for user in here.directory.users)
        here.directory.add_member(group, user)
        result, asked, _ = here.sync()
        assert result.counts["add_members"] == 1
        assert len(asked) <= len(idle) + 2  # its members; and that the log has no more to say
        here.directory.unassign_user(here.application, user)
        result, asked, _ = here.sync()
        assert result.counts["deactivate"] == 1
        assert len(asked) <= len(idle) + 3


def test_an_idle_cycle_is_no_pass_over_the_mirror(tmp_path: Path) -> None:
    """Ten times the people, the same number of instructions."""
    costs = []
    for users in (300, 3_000):
        with organisation(tmp_path / str(users), users=users, select=True) as here:
            here.sync()
            here.sync()
            here.count()
            result, _, instructions = here.sync()
            assert result.exit_code == 0
            costs.append(instructions)
    assert costs[0] > 1_000
    assert costs[1] < 1.25 * costs[0], costs
