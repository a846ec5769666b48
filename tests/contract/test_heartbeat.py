"""A lease that is kept while work lasts: through a state DB that is locked for a while, and not beyond a take-over."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from state.leases import LEASE, Leases
from state.store import Store
from syncd import heartbeat
from tests.contract.state_rows import NOW

SOON = 0.02


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(heartbeat, "BEAT_S", SOON)


def until(store: Store, name: str) -> datetime | None:
    """When the lease of another process's would be free."""
    other = Leases(store.engine)
    ends = [NOW + timedelta(seconds=s) for s in range(0, 600, 30)]
    return next((end for end in ends if other.worker(name, now=end) is None), None)


async def reached(what: Callable[[], bool]) -> bool:
    """Whether this comes true within a few seconds."""
    for _ in range(250):
        if what():
            return True
        await asyncio.sleep(SOON)
    return False


async def test_a_lease_outlives_a_state_db_that_was_locked_for_longer_than_it_waits(tmp_path: Path) -> None:
    store = Store.open(f"sqlite:///{tmp_path}/state.db?timeout=0.01")
    later = NOW + 4 * LEASE
    store.leases.take("j", now=NOW)
    tries: list[None] = []

    def now() -> datetime:
        tries.append(None)
        return later

    async with heartbeat.kept(store, "j", now):
        other = sqlite3.connect(tmp_path / "state.db", isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        assert await reached(lambda: len(tries) >= 3)
        other.execute("ROLLBACK")
        other.close()
        assert await reached(lambda: until(store, "j") == later + LEASE)
    assert until(store, "j") == NOW, "it was given back"
    store.close()


async def test_a_lease_that_was_taken_over_is_not_renewed_nor_given_back(store: Store) -> None:
    store.leases.take("j", now=NOW)
    async with heartbeat.kept(store, "j", lambda: NOW + 6 * LEASE):
        Leases(store.engine).take("j", now=NOW + 2 * LEASE)
        await asyncio.sleep(5 * SOON)
    assert until(store, "j") == NOW + 3 * LEASE
