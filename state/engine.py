"""Engines for the two databases that keep the state, set up so that the same statements mean the same on both."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import islice
from typing import Any, TypeVar

import orjson
import sqlalchemy as sa

BUSY_TIMEOUT_MS = 30_000
CACHE_KIB = 65_536
#: ids in one IN (…): below SQLite's and PostgreSQL's limits of bound parameters
IN_LIST = 900

Item = TypeVar("Item")


def make_engine(url: sa.URL) -> sa.Engine:
    options: dict[str, Any] = {
        "json_serializer": lambda value: orjson.dumps(value).decode(),
        "json_deserializer": orjson.loads,
    }
    if url.get_backend_name() == "sqlite":
        engine: sa.Engine = sa.create_engine(url, connect_args={"timeout": BUSY_TIMEOUT_MS / 1000}, **options)
        sa.event.listen(engine, "connect", _on_sqlite_connect)
        sa.event.listen(engine, "begin", _on_sqlite_begin)
        return engine
    remote: sa.Engine = sa.create_engine(url, pool_pre_ping=True, connect_args={"connect_timeout": 10}, **options)
    return remote


def _on_sqlite_connect(connection: sa.engine.interfaces.DBAPIConnection, record: object) -> None:
    # The driver's own BEGIN comes late (before the first write), so a read-then-write transaction could fail with
    # "database is locked" at once: switch it off and begin ourselves.
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",
        f"busy_timeout={BUSY_TIMEOUT_MS}",
        f"cache_size=-{CACHE_KIB}",
        "temp_store=MEMORY",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _on_sqlite_begin(connection: sa.Connection) -> None:
    read_only = connection.get_execution_options().get("reading", False)
    connection.exec_driver_sql("BEGIN" if read_only else "BEGIN IMMEDIATE")


@contextmanager
def reading(engine: sa.Engine) -> Iterator[sa.Connection]:
    """A connection for statements that only read: on SQLite it takes no write lock."""
    with engine.connect().execution_options(reading=True) as connection:
        yield connection


def parts(items: Iterable[Item], size: int = IN_LIST) -> Iterator[list[Item]]:
    """The items in lists of at most `size`."""
    rest = iter(items)
    while part := list(islice(rest, size)):
        yield part
