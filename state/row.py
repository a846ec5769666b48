"""A plan's rows: on their way into the journal, in it, and on their way out."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import orjson

from state.log import LogEntry
from state.pending import Wait
from syncd.core.change import Action, Change, Link, Status
from syncd.core.model import Json


@dataclass(frozen=True, kw_only=True, slots=True)
class Planned:
    """A change on its way into the journal."""

    change: Change
    rev: int | None  #: of the link that it was worked out from; None: there was none
    requests: list[Json] | None = None  #: what it will send, where a report is to show that


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """One change with its place in the journal."""

    key: str  #: digest of what it would do: the same change has the same key in every plan
    change: Change
    rev: int | None  #: of the link when it was planned
    status: Status
    error: Json = None
    requests: list[Json] | None = None
    guarded: bool = False  #: held by the guard, so that an approval lets it go
    changed_at: datetime | None = None  #: when its status became what it is


@dataclass(frozen=True, kw_only=True, slots=True)
class Closing:
    """How one row ended, and all that is remembered because of it: written in one transaction."""

    row: Row
    status: Status
    error: Json = None
    target: str = ""
    link: Link | None = None  #: to be written
    unlink: bool = False  #: the link is to be forgotten
    members_in: Mapping[str, str] = field(default_factory=dict)  #: {source id: target id}
    members_out: Sequence[str] = ()  #: source ids
    waits: Sequence[Wait] = ()
    done_with: Sequence[str] = ()  #: reasons that this object no longer waits for
    entry: LogEntry | None = None


def row_of(stored: Any, before: Mapping[str, Json], after: Mapping[str, Json]) -> Row:
    """A stored row; `before` and `after` with what was redacted, where that is known."""
    change = Change(
        action=Action(stored.action),
        kind=stored.kind,
        source_id=stored.source_id,
        target_id=stored.target_id,
        name=stored.name,
        before=before,
        after=after,
        why=stored.why,
        held=stored.held,
        skipped=stored.skipped,
        out=bool(stored.out),
        redacted=frozenset(stored.redacted or ()),
    )
    return Row(
        key=stored.key,
        change=change,
        rev=stored.rev,
        status=stored.status,
        error=stored.error,
        requests=stored.requests,
        guarded=bool(stored.guarded),
        changed_at=stored.changed_at,
    )


def unsent_error(change: Change) -> Json:
    """Why a change is not sent, as a report shows it; None where nothing stands against it."""
    if change.failed:
        return {"code": "MappingError", "message": change.failed}
    return {"code": "LeftAlone", "message": change.skipped} if change.skipped else None


def is_mark(value: Json) -> bool:
    """Whether this stands for a redacted value, which itself is nowhere."""
    return isinstance(value, Mapping) and value.keys() == {"redacted"}


def change_data(change: Change) -> dict[str, Json]:
    """What a change would do, as data: no reason, no guard, no clock."""
    return {
        "action": int(change.action),
        "kind": change.kind,
        "source_id": change.source_id,
        "target_id": change.target_id,
        "before": dict(change.before),
        "after": dict(change.after),
    }


def stored_data(stored: Any) -> dict[str, Json]:
    """The same of a stored row."""
    return {
        "action": stored.action,
        "kind": stored.kind,
        "source_id": stored.source_id,
        "target_id": stored.target_id,
        "before": stored.before or {},
        "after": stored.after or {},
    }


def change_key(change: Change) -> str:
    """32 hexadecimal digits: the same change has the same key in every plan."""
    return hashlib.blake2b(orjson.dumps(change_data(change), option=orjson.OPT_SORT_KEYS), digest_size=16).hexdigest()
