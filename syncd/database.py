"""`syncd db`: the state DB made, checked, backed up, and moved to another database."""

from __future__ import annotations

import os
import sqlite3
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import sqlalchemy as sa

from state.copying import copy_rows
from state.store import Store
from syncd.config import Settings
from syncd.core.errors import SyncdError
from syncd.runtime import open_store


@dataclass(kw_only=True, eq=False)
class NoBackup(SyncdError):
    """The state DB cannot be backed up: {detail}. {remedy}"""

    detail: str
    remedy: str


@dataclass(kw_only=True, eq=False)
class NotCopied(SyncdError):
    """The state DB was not copied: {detail}. {remedy}"""

    detail: str
    remedy: str


def upgrade(settings: Settings) -> str:
    """Make the state DB, or bring it to the newest schema. Returns what was done, in words. Raises StateError."""
    store = open_store(settings, upgrade=False)
    try:
        done = store.upgrade()
        return f"The state DB has schema {store.revisions()[1]}" + ("." if done else " already.")
    finally:
        store.close()


def check(settings: Settings) -> tuple[bool, str]:
    """Whether the schema is the newest, and what is wrong otherwise; changes nothing. Raises StateError."""
    store = open_store(settings, upgrade=False)
    try:
        current, head = store.revisions()
        if current is None:
            return False, "The state DB is empty. To make it: syncd db upgrade"
        if current != head:
            return False, f"The state DB has schema {current}, this syncd wants {head}. To upgrade: syncd db upgrade"
        wrong = store.differences()
        if wrong:
            return False, f"The state DB has schema {head} by name, but differs: {'; '.join(wrong[:3])}"
        return True, f"The state DB has schema {head}, as it should."
    finally:
        store.close()


def backup(settings: Settings, file: Path) -> str:
    """A copy of a SQLite state DB as it is at one moment, while others go on writing to it (SQLite's online backup).

    The file is whole or not there at all, readable for its owner alone, and never written over another one. Returns what
    was done, in words. Raises NoBackup.
    """
    url = sa.make_url(settings.state.url)
    if url.get_backend_name() != "sqlite":
        name = url.set(drivername="postgresql").render_as_string(hide_password=True)
        remedy = f"Use its own tool: pg_dump --format=custom --file={file} {name}"
        raise NoBackup(detail="it is in PostgreSQL, which has a tool for that", remedy=remedy)
    origin = Path(str(url.database))
    try:
        if not origin.is_file():
            raise NoBackup(detail=f"{origin} is not there", remedy="To make it: syncd db upgrade")
    except OSError as error:
        raise NoBackup(detail=f"{origin}: {error.strerror}", remedy="Check [state] url in config.toml") from None
    try:
        if file.exists():
            raise NoBackup(detail=f"{file} is there already", remedy="Name another file, or remove that one first")
        handle, name = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.")
    except OSError as error:
        raise NoBackup(detail=f"{file}: {error.strerror}", remedy="Name a file that can be written") from None
    os.close(handle)
    made = Path(name)
    try:
        _copy_online(origin, made)
        # A link fails where somebody else has put a file meanwhile; a rename would not.
        os.link(made, file)
    except (sqlite3.Error, OSError) as error:
        raise NoBackup(detail=str(error), remedy="Nothing was kept; make room or name another place") from None
    finally:
        made.unlink(missing_ok=True)
    return (
        f"{file} has the state DB as it was now ({file.stat().st_size / 1e6:,.1f} MB). To check it: docs/operations.md"
    )


def _copy_online(origin: Path, made: Path) -> None:
    source = sqlite3.connect(f"file:{origin}?mode=ro", uri=True, timeout=30)
    target = sqlite3.connect(made)
    try:
        source.backup(target, pages=-1)
        target.execute("PRAGMA journal_mode=DELETE")  # one file, with nothing beside it
        found = target.execute("PRAGMA quick_check").fetchone()[0]
        if found != "ok":
            raise sqlite3.DatabaseError(f"the copy is damaged: {found}")
    finally:
        target.close()
        source.close()


def copy(settings: Settings, url: str) -> str:
    """All that the state DB holds into another, empty database: from SQLite to PostgreSQL, or back.

    One moment of the origin, and all of it or nothing. Returns what was done, in words. Raises NotCopied, Busy and StateError.
    """
    target = _target(url)
    origin = open_store(settings)
    try:
        for job in settings.jobs:  # whoever is at work would write what is not copied
            origin.leases.take(job, now=datetime.now(UTC))
        other = Store.open(target)
        try:
            counts = copy_rows(origin.engine, other.engine)
        finally:
            other.close()
    finally:
        for job in settings.jobs:
            origin.leases.give_back(job)
        origin.close()
    return (
        f"{sum(counts.values()):,} rows are in {target.render_as_string(hide_password=True)} now. "
        "To use it: write that URL as url under [state], then run: syncd db check"
    )


def _target(url: str) -> sa.URL:
    forms = "Write sqlite:////path/state.db or postgresql+psycopg://user@host/database"
    try:
        parsed = sa.make_url(url)
    except sa.exc.ArgumentError:
        raise NotCopied(detail="that is no URL", remedy=forms) from None
    if parsed.password or "password" in parsed.query:
        remedy = "Leave it out: libpq takes it from PGPASSFILE (~/.pgpass)"
        raise NotCopied(detail="a password in the URL would be seen by everybody on this machine", remedy=remedy)
    if parsed.drivername in ("postgres", "postgresql"):
        parsed = parsed.set(drivername="postgresql+psycopg")
    if parsed.drivername not in ("sqlite", "postgresql+psycopg") or parsed.database in (None, "", ":memory:"):
        raise NotCopied(detail=f"{parsed.drivername} is no lasting database that syncd has", remedy=forms)
    return parsed
