"""Engines for the two databases that keep the state, set up so that the same statements mean the same on both.

Whatever the database itself cannot do (locked, full, gone, damaged) is a StateError, wherever it happens.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import islice
from typing import TYPE_CHECKING, Any, TypeVar

import orjson
import sqlalchemy as sa

from state.errors import StateError

if TYPE_CHECKING:
    from sqlalchemy.dialects import postgresql, sqlite

BUSY_TIMEOUT_S = 30.0
_NEW_FILE_S = 2.0  #: how long others may take who have made the file a moment ago
#: of each connection, of which a few are open side by side; the system's own cache holds the file once for all of them
CACHE_KIB = 16_384
#: ids in one IN (…): below SQLite's and PostgreSQL's limits of bound parameters
IN_LIST = 900
#: a PostgreSQL server that has gone without a word is noticed within a minute, not within hours
_POSTGRESQL = {
    "connect_timeout": 10,
    "client_encoding": "utf8",
    "keepalives_idle": 20,
    "keepalives_interval": 10,
    "keepalives_count": 3,
    "tcp_user_timeout": 60_000,
}
#: faults of the database and its surroundings; the others (a violated key, wrong SQL) are ours
_ITS_FAULTS = (sa.exc.OperationalError, sa.exc.InterfaceError, sa.exc.InternalError)

Item = TypeVar("Item")


def make_engine(url: sa.URL) -> sa.Engine:
    """An engine for a state DB. SQLite: `?timeout=SECONDS` in the URL says how long to wait for another writer."""
    options: dict[str, Any] = {
        "json_serializer": lambda value: orjson.dumps(value).decode(),
        "json_deserializer": orjson.loads,
    }
    if url.get_backend_name() == "sqlite":
        wait_s = float(str(url.query.get("timeout", BUSY_TIMEOUT_S)))
        url = url.difference_update_query(["timeout"])
        engine: sa.Engine = sa.create_engine(url, connect_args={"timeout": wait_s}, **options)
        sa.event.listen(engine, "connect", _on_sqlite_connect)
        sa.event.listen(engine, "begin", _on_sqlite_begin)
    else:
        engine = sa.create_engine(url, pool_pre_ping=True, connect_args=_POSTGRESQL, **options)
        sa.event.listen(engine, "connect", _on_postgresql_connect)
    sa.event.listen(engine, "handle_error", _on_error)
    return engine


def _on_sqlite_connect(connection: sa.engine.interfaces.DBAPIConnection, record: object) -> None:
    # The driver's own BEGIN comes late (before the first write), so a read-then-write transaction could fail with
    # "database is locked" at once: switch it off and begin ourselves.
    connection.isolation_level = None
    cursor = connection.cursor()
    _use_wal(cursor)
    for pragma in ("synchronous=FULL", f"cache_size=-{CACHE_KIB}", "temp_store=MEMORY"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _use_wal(cursor: sa.engine.interfaces.DBAPICursor) -> None:
    """Where several open a new file in the same moment, SQLite refuses this to some of them without any wait."""
    until = time.monotonic() + _NEW_FILE_S
    while True:
        try:
            cursor.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > until:
                raise
            time.sleep(0.01)
        else:
            return


def _on_sqlite_begin(connection: sa.Connection) -> None:
    read_only = connection.get_execution_options().get("reading", False)
    connection.exec_driver_sql("BEGIN" if read_only else "BEGIN IMMEDIATE")


def _on_postgresql_connect(connection: sa.engine.interfaces.DBAPIConnection, record: object) -> None:
    cursor = connection.cursor()
    cursor.execute(f"SET lock_timeout = '{BUSY_TIMEOUT_S:.0f}s'")
    cursor.close()
    connection.commit()


def _on_error(context: sa.engine.interfaces.ExceptionContext) -> StateError | None:
    """The error to raise instead of SQLAlchemy's."""
    error = context.sqlalchemy_exception
    # SQLite calls a damaged or foreign file a DatabaseError, and means nothing else by it.
    ours = isinstance(error, _ITS_FAULTS) or type(error) is sa.exc.DatabaseError
    if context.is_pre_ping or not ours or error is None or context.engine is None:
        return None
    return state_error(context.engine.url, error)


def state_error(url: sa.URL, error: sa.exc.SQLAlchemyError) -> StateError:
    """What is wrong with the database, in its own words."""
    said = str(getattr(error, "orig", None) or error).strip().splitlines()
    detail, shown = (said[0] if said else type(error).__name__), url.render_as_string(hide_password=True)
    if "is locked" in detail or "lock timeout" in detail:
        return StateError(
            url=shown, detail=detail, remedy="Another program is writing to it; try again when it has ended"
        )
    if type(error) is sa.exc.DatabaseError:
        detail = f"not a state DB of syncd, or damaged ({detail})"
    return StateError(url=shown, detail=detail)


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


def insert(c: sa.Connection, table: sa.Table) -> postgresql.Insert | sqlite.Insert:
    """An INSERT that can say what to do where the key is taken."""
    # Each dialect takes a tenth of a second to load, and only one is in use.
    if c.dialect.name == "sqlite":
        from sqlalchemy.dialects.sqlite import insert as insert_sqlite  # noqa: PLC0415

        return insert_sqlite(table)
    from sqlalchemy.dialects.postgresql import insert as insert_postgresql  # noqa: PLC0415

    return insert_postgresql(table)


def put(c: sa.Connection, table: sa.Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write rows, all with the same columns, over those with the same primary key: safe beside another writer."""
    if not rows:
        return
    statement = insert(c, table)
    key = [column.name for column in table.primary_key]
    changed = {name: statement.excluded[name] for name in rows[0] if name not in key}
    if changed:
        c.execute(statement.on_conflict_do_update(index_elements=key, set_=changed), rows)
    else:
        c.execute(statement.on_conflict_do_nothing(index_elements=key), rows)


def put_new(c: sa.Connection, table: sa.Table, row: Mapping[str, Any]) -> None:
    """Write a row unless its key is there already."""
    c.execute(insert(c, table).on_conflict_do_nothing(), row)
