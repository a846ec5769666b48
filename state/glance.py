"""What `syncd status` shows of the state DB, in one look.

The statements are plain SQL that SQLite and PostgreSQL understand alike. A file is read by the standard library alone:
loading SQLAlchemy takes as long as all the rest of that command.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterable, Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from state.errors import StateError
from state.process import Process, spoken_of
from state.revision import newest_revision
from syncd.core.model import Json

if TYPE_CHECKING:
    from state.store import Store

#: in WAL mode nobody makes a reader wait but whoever recovers the file; the ordinary way waits longer, and says so
BUSY_TIMEOUT_S = 1.0

_REVISION = "SELECT version_num FROM alembic_version"
# As text: one driver hands over JSON as text, the other one decoded.
_JOBS = "SELECT name, paused, next_at, steady_since, CAST(last AS TEXT), CAST(quarantine AS TEXT) FROM jobs"
_LINKS = "SELECT job, kind, active, COUNT(*) FROM links GROUP BY job, kind, active"
_WAITS = "SELECT job, reason, COUNT(*) FROM pending WHERE reason IN ('failed', 'held') GROUP BY job, reason"
_LEASES = "SELECT job, host, process, until FROM leases"
_TARGETS = "SELECT name, at, CAST(facts AS TEXT) FROM targets"

Execute = Callable[[str], Iterable[Any]]


@dataclass(frozen=True, kw_only=True, slots=True)
class Glance:
    """All jobs and targets by name, those included that config.toml no longer has."""

    #: {"paused", "next_at", "steady_since", "last", "quarantine"}; nothing of a job that never ran
    jobs: Mapping[str, Mapping[str, Json]]
    links: Mapping[tuple[str, str, bool], int]  #: by job, kind, and whether active
    waits: Mapping[tuple[str, str], int]  #: by job and reason: held, failed
    workers: Mapping[str, str]  #: who works on a job at this moment, in words
    learned: Mapping[str, tuple[datetime, Json]]  #: of a target: when, and its facts


def glance_at_file(file: Path, *, now: datetime) -> Glance | None:
    """What a SQLite file says.

    None where it is not there, cannot be read or has another schema: whoever opens it the ordinary way makes it, brings
    it up to date, or says what is wrong.
    """
    # Not mode=ro: that would leave the files of the WAL behind, which whoever closes last takes away.
    uri = f"{file.absolute().as_uri()}?mode=rw"
    try:
        with closing(sqlite3.connect(uri, uri=True, timeout=BUSY_TIMEOUT_S, isolation_level=None)) as connection:
            connection.execute("PRAGMA query_only = 1")
            connection.execute("BEGIN")  # one moment for all statements
            if connection.execute(_REVISION).fetchall() != [(newest_revision(),)]:
                return None
            return _glance(connection.execute, now)
    except (sqlite3.Error, ValueError):
        return None


def glance_through(store: Store, *, now: datetime) -> Glance:
    """What an open state DB says. Raises StateError."""
    from state.engine import reading  # noqa: PLC0415 - with SQLAlchemy, which the other way does without

    try:
        with reading(store.engine) as connection:
            return _glance(connection.exec_driver_sql, now)
    except ValueError as error:
        shown = store.engine.url.render_as_string(hide_password=True)
        raise StateError(url=shown, detail=f"not a state DB of syncd, or damaged ({error})") from None


def _glance(execute: Execute, now: datetime) -> Glance:
    me = Process.this()
    return Glance(
        jobs={
            name: {
                "paused": bool(paused),
                "next_at": _moment(next_at),
                "steady_since": _moment(steady_since),
                "last": _decoded(last),
                "quarantine": _decoded(quarantine),
            }
            for name, paused, next_at, steady_since, last, quarantine in execute(_JOBS)
        },
        links={(job, kind, bool(active)): count for job, kind, active, count in execute(_LINKS)},
        waits={(job, reason): count for job, reason, count in execute(_WAITS)},
        workers={
            job: spoken_of(host, process)
            for job, host, process, until in execute(_LEASES)
            if datetime.fromisoformat(until) > now and not me.knows_dead(host, process)
        },
        learned={name: (datetime.fromisoformat(at), _decoded(facts)) for name, at, facts in execute(_TARGETS)},
    )


def _moment(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)


def _decoded(text: str | None) -> Json:
    return None if text is None else json.loads(text)
