"""What the provisioning log says of one change: its steps, and its attributes with old and new values."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from state.log import LogEntry
from syncd.core.attributes import parse_path, read
from syncd.core.change import Change, members_of
from syncd.core.diff import same
from syncd.core.model import Json
from syncd.core.redaction import REDACTED
from syncd.draft import Draft


def log_entry(
    draft: Draft,
    change: Change,
    status: str,
    said: str,
    *,
    now: datetime,
    error: Json = None,
    observed: Mapping[str, Json] | None = None,
) -> LogEntry:
    """The entry of a change. `status`: success, failure, skipped or warning; `said`: how the last step ended;
    `observed`: the object as the target's answer showed it."""
    steps = [
        {"step": "import", "status": "success", "detail": f"{change.kind} {change.source_id}"},
        {"step": "scope", "status": "success", "detail": change.why},
        {"step": "match", "status": "success", "detail": change.target_id or "none"},
        {"step": "action", "status": status, "detail": f"{change.action.word} {change.kind}: {said}"},
    ]
    return LogEntry(
        time=now,
        job=draft.job,
        cycle=draft.id,
        change=change_id(draft.id, change),
        action=change.action.word,
        status=status,
        kind=change.kind,
        source_id=change.source_id,
        target_id=change.target_id,
        name=change.name,
        steps=steps,
        modified=[{**row, **_kept(row, observed)} for row in modified(change)],
        error=error,
    )


def _kept(row: Mapping[str, Json], observed: Mapping[str, Json] | None) -> dict[str, Json]:
    """What the target made of a value, where its answer shows another one: it keeps this attribute its own way. Of
    members: those who were added and are not shown."""
    if observed is None or row["new"] is None or row["new"] == REDACTED:
        return {}
    if row["attribute"] == "members":
        there = members_of(observed)
        absent = [] if there is None else [id_ for id_ in row["new"] if id_ not in there]
        return {"absent": absent} if absent else {}
    seen = read(observed, parse_path(row["attribute"]))
    return {} if seen is None or same(row["new"], seen, fold=True) else {"kept": seen}


def kept_by_target(entries: Iterable[LogEntry], path: str, wrote: Json, seen: Json) -> bool:
    """Whether the last writing of this value was answered with the value that is seen. `entries`: newest first."""
    rows = (row for entry in entries if entry.status == "success" for row in entry.modified if row["attribute"] == path)
    row = next(rows, None)
    return row is not None and row["new"] == wrote and "kept" in row and same(row["kept"], seen, fold=True)


def modified(change: Change) -> list[dict[str, Any]]:
    """The report's and the log's rows of a change's attributes; redacted values show as [Redact]."""
    if change.action.of_members:
        old, new = change.before.get("members"), change.after.get("members")
        return [{"attribute": "members", "old": old, "new": new}]
    rows: list[dict[str, Any]] = []
    for path, (old, new) in change.edited.items():
        hidden = path in change.redacted
        rows.append({"attribute": path, "old": _shown(old, hidden), "new": _shown(new, hidden)})
    return rows


def _shown(value: Json, hidden: bool) -> Json:
    return REDACTED if hidden and value is not None else value


def change_id(plan: str, change: Change) -> str:
    """One id for one change in logs: its cycle, action and object."""
    return f"{plan}:{change.action.name.lower()}:{change.source_id}"[:96]


def change_facts(draft: Draft, change: Change) -> dict[str, str | None]:
    """What an event of the service log says of a change."""
    return {
        "change": change_id(draft.id, change),
        "action": change.action.word,
        "kind": change.kind,
        "source_id": change.source_id,
        "name": change.name,
    }
