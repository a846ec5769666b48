"""The provisioning log, the jobs' memory and the small things: on both databases."""

from __future__ import annotations

import threading
from datetime import timedelta

from state.jobs import JobState
from state.log import LogEntry
from state.store import Store
from tests.contract.state_rows import HOUR, NOW, change, closing, entry, plan


def logged(store: Store, *entries: LogEntry) -> None:
    (row,) = plan(store, change("x"), id_=f"log-{len(list(store.log.entries()))}")
    store.journal.close("log", "j", [closing(row, entry=one) for one in entries], now=NOW)


def names(store: Store, **filters: object) -> list[str]:
    return [one.name for one in store.log.entries(**filters)]  # type: ignore[arg-type]  # filters by name


def test_an_entry_comes_back_as_it_was_written(store: Store) -> None:
    one = entry(
        "Jané",
        target_id="T",
        steps=[{"step": "action", "status": "failure", "detail": "\N{ROCKET}"}],
        modified=[{"attribute": "title", "old": None, "new": "x"}],
        error={"code": "Conflict"},
        status="failure",
        action="staged_delete",
    )
    logged(store, one)
    assert list(store.log.entries()) == [one]


def test_entries_are_filtered_oldest_first(store: Store) -> None:
    logged(
        store,
        entry("b", job="one", time=NOW - HOUR),
        entry("a", job="two", status="failure"),
        entry("Übermut", job="one", source_id="s1", time=NOW + HOUR),
        entry("g", kind="group", source_id="a", target_id="t9"),
    )
    assert names(store) == ["b", "a", "Übermut", "g"]
    assert names(store, jobs=["one"]) == ["b", "Übermut"]
    assert names(store, jobs=["two"], status="success") == []
    assert names(store, since=NOW) == ["a", "Übermut", "g"]
    assert names(store, user="A") == ["a"]
    assert names(store, user="a") == ["a", "g"]
    assert names(store, user="üBERMUT") == names(store, user="s1") == ["Übermut"]
    assert names(store, user="t9") == ["g"]
    assert names(store, user="%") == []


def test_more_entries_than_one_page_come_whole_and_in_order(store: Store) -> None:
    logged(store, *(entry(f"{n:04}") for n in range(2_100)))
    assert names(store) == [f"{n:04}" for n in range(2_100)]


def test_entries_older_than_the_retention_go(store: Store) -> None:
    logged(store, *(entry(str(days), time=NOW - timedelta(days=days)) for days in (91, 90, 1)))
    assert store.log.drop_before(NOW - timedelta(days=90)) == 1
    assert store.log.drop_before(NOW - timedelta(days=90)) == 0
    assert names(store) == ["90", "1"]


def test_a_jobs_memory_begins_empty_and_keeps_what_is_not_updated(store: Store) -> None:
    assert store.jobs.get("j") == JobState(name="j")
    store.jobs.update("j", next_at=NOW, last={"result": "ok", "counts": {"create": 1}})
    store.jobs.update("j", paused=True, quarantine=None)
    store.jobs.update("j", next_at=NOW + HOUR)
    expected = JobState(name="j", next_at=NOW + HOUR, paused=True, last={"result": "ok", "counts": {"create": 1}})
    assert store.jobs.get("j") == expected
    assert store.jobs.get("other") == JobState(name="other")


def test_the_installations_key_is_made_once_whoever_asks_first(store: Store, state_url: str) -> None:
    opened, keys = [Store.open(state_url) for _ in range(4)], []
    threads = [threading.Thread(target=lambda one=one: keys.append(one.key())) for one in opened]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for one in opened:
        one.close()
    assert len(keys) == 4
    assert {len(key) for key in keys} == {32}
    assert set(keys) == {store.key()}


def test_facts_of_a_target_are_replaced_whole(store: Store) -> None:
    assert store.facts("t") is None
    store.remember_facts("t", {"patch": True, "learned": ["x"]})
    store.remember_facts("t", {"patch": False})
    store.remember_facts("u", {})
    assert (store.facts("t"), store.facts("u")) == ({"patch": False}, {})


def test_what_people_were_told_of_is_remembered_by_job(store: Store) -> None:
    assert store.notified("j") == []
    store.remember_notified("j", ["held", "stale"])
    store.remember_notified("other", ["failing"])
    assert store.notified("j") == ["held", "stale"]
    store.remember_notified("j", [])
    assert store.notified("j") == []
