"""What surrounds syncd fails for a while: each ends in one clear message, and the next cycle is as if nothing had been."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import psycopg
import pytest
import sqlalchemy as sa

import connectors.scim.client
from connectors.sandbox.faults import Action, Faults
from connectors.scim.timing import Timing
from state.store import Store
from syncd.core.model import Json
from syncd.runtime import Runtime
from tests import servers
from tests.contract.quick_time import QuickTime
from tests.system.conftest import sync_once
from tests.system.house import House, house, without_waiting


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    time = QuickTime()
    monkeypatch.setattr(
        connectors.scim.client, "Timing", partial(Timing, monotonic=lambda: time.elapsed_s, sleep=time.sleep)
    )
    without_waiting(monkeypatch)


@pytest.fixture
def here(tmp_path: Path) -> Iterator[House]:
    with house("graph", tmp_path) as made:
        yield made


class Trap(Faults):
    """At the n-th request that writes, something happens elsewhere."""

    def __init__(self, at: int, happens: Callable[[], object]) -> None:
        super().__init__()
        self._left, self._happens = at, happens

    def meet(self, method: str, target: str, body: bytes, facts: Mapping[str, Json]) -> Action | None:
        if method != "GET":
            self._left -= 1
            if not self._left:
                self._happens()
        return None


def much_to_do(here: House) -> None:
    """Every kind of work, spread over several stages."""
    for number in range(12):
        here.company.hire(f"new{number}", "sales", "support")
    here.company.set_title("ada", "Director")
    here.company.leave("support", "dea")


def failed(here: House) -> str:
    """One cycle that fails as a whole; the one line that it says."""
    result = sync_once(here.runtime, "job")
    assert result.exit_code == 1
    text = str(result.error)
    assert "\n" not in text
    assert "Traceback" not in text
    assert "syncd" in text or "the next cycle" in text  # what is to be done, or that nothing is
    return text


def well_again(here: House) -> None:
    """The next cycle does what is left, nothing is there twice, and the one after has nothing to do."""
    here.all_well()
    here.time.advance_days(0.1)
    here.sync(full=True)
    assert here.logins(*(f"new{number}" for number in range(12))) <= here.active()
    names = [one.name for one in (*here.target.users(), *here.target.groups())]
    assert len(names) == len(set(names))
    sales = here.target.members(here.company.team_name("sales"))
    assert here.logins("new0", "new11") <= sales
    here.sync(full=True)
    assert here.written == []


@contextmanager
def pragma(here: House, text: str) -> Iterator[None]:
    """Every connection to the state DB begins with this."""
    engine = here.runtime.store.engine

    def on_connect(connection: Any, _: object) -> None:
        connection.execute(text)

    engine.dispose()
    sa.event.listen(engine, "connect", on_connect)
    try:
        yield
    finally:
        sa.event.remove(engine, "connect", on_connect)
        engine.dispose()


def test_a_full_disk_is_named_and_the_next_cycle_goes_on(here: House) -> None:
    much_to_do(here)
    with here.runtime.store.engine.connect() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
    with pragma(here, f"PRAGMA max_page_count = {pages + 2}"):
        text = failed(here)
    assert "database or disk is full" in text
    assert "state.db" in text
    well_again(here)


def test_a_read_only_state_directory_is_named_and_the_next_cycle_goes_on(here: House) -> None:
    much_to_do(here)
    before = here.state()
    with pragma(here, "PRAGMA query_only = ON"):
        text = failed(here)
    assert "readonly database" in text
    assert here.state() == before
    well_again(here)


def test_a_target_token_that_is_revoked_in_mid_run_ends_it(here: House) -> None:
    much_to_do(here)
    here.at_target({"status": 401}, method="POST", path="/Users", nth=4)
    text = failed(here)
    assert "product" in text
    assert "401" in text or "refuse" in text.lower()
    well_again(here)


def test_a_source_token_that_is_revoked_in_mid_run_removes_nothing(here: House) -> None:
    much_to_do(here)
    before = here.active()
    here.at_source({"status": 401}, path="/groups/delta")
    text = failed(here)
    assert "company" in text
    assert before <= here.active()
    well_again(here)


def test_a_target_that_is_down_for_a_whole_cycle_is_named(here: House) -> None:
    much_to_do(here)
    before = here.state()
    here.at_target({"drop": "before"})
    text = failed(here)
    assert "product" in text
    assert here.state() == before
    well_again(here)


def test_a_source_that_is_down_for_a_whole_cycle_removes_nothing(here: House) -> None:
    much_to_do(here)
    before = here.active()
    here.at_source({"drop": "before"})
    text = failed(here)
    assert "company" in text
    assert before <= here.active()
    well_again(here)


def test_a_postgresql_that_restarts_in_mid_run_costs_one_cycle_at_most(here: House, postgres: servers.Postgres) -> None:
    url = sa.make_url(postgres.database())
    with closing(Runtime(here.runtime.settings, Store.open(url), clock=here.runtime.clock)) as here.runtime:
        here.sync(full=True)
        much_to_do(here)
        ended: list[Any] = []

        def restart() -> None:
            """What a client sees of it: every connection ends with "terminating connection"."""
            theirs = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s"
            with psycopg.connect(postgres.admin_url, autocommit=True) as admin:
                ended.extend(admin.execute(theirs, [url.database]).fetchall())

        here.service.faults = Trap(5, restart)
        result = sync_once(here.runtime, "job")
        assert ended
        # Connections that were idle are made anew without a word; one that was in use is an error of its cycle.
        assert result.error is None or "State DB postgresql" in str(result.error)
        here.service.faults = Faults()
        well_again(here)
