"""Rows that a plan never sends: what failed while it was made is remembered and tried again, what it leaves out is told."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from state.engine import parts
from state.journal import Closing, Row
from state.pending import Wait
from state.store import Store
from syncd.core.model import Json, Kind
from syncd.draft import Draft
from syncd.failures import failed
from syncd.log_entry import change_facts, log_entry
from syncd.observe.logs import Event, log


def close_unsent(store: Store, draft: Draft, *, now: datetime) -> None:
    """Close the failed and the skipped rows of a plan that is about to be carried out."""
    rows = store.journal.rows(draft.id, statuses=("failed", "skipped"))
    for some in parts(rows):
        store.journal.close(draft.id, draft.job, list(_closings(store, draft, some, now)), now=now)


def close_left(store: Store, draft: Draft, *, now: datetime) -> None:
    """Close the failed rows of a plan whose process was killed before it came to them: nobody would try them again."""
    rows = (row for row in store.journal.rows(draft.id, statuses=("failed",)) if "next_try" not in (row.error or {}))
    for some in parts(rows):
        store.journal.close(draft.id, draft.job, list(_closings(store, draft, some, now)), now=now)


def _closings(store: Store, draft: Draft, rows: list[Row], now: datetime) -> Iterator[Closing]:
    keys: list[tuple[Kind, str]] = [(row.change.kind, row.change.source_id) for row in rows if row.status == "failed"]
    before = {(wait.kind, wait.source_id): wait for wait in store.pending.of(draft.job, "failed", keys)}
    for row in rows:
        change = row.change
        if row.status == "failed":
            # The object itself is what fails: it will hardly change by itself, and when it does it is looked at anyway.
            wait = _wait(row, before.get((change.kind, change.source_id)), now)
            error = {**wait.detail, "next_try": wait.due_at.isoformat()}
            log.warning(Event.CHANGE_FAILED, job=draft.job, code=error["code"], **change_facts(draft, change))
            entry = log_entry(draft, change, "failure", error["message"], now=now, error=error)
            yield Closing(row=row, status="failed", error=error, waits=[wait], entry=entry)
        else:
            entry = log_entry(draft, change, "skipped", change.skipped or "", now=now)
            yield Closing(row=row, status="skipped", error=row.error, entry=entry)


def _wait(row: Row, before: Wait | None, now: datetime) -> Wait:
    change = row.change
    error: dict[str, Json] = {"http_status": None, "remedy": None, **row.error}
    return failed(change.kind, change.source_id, error, now=now, before=before, permanent=True)
