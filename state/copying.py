"""All rows of one state DB into another of the same schema: one moment of the first, and all of it or nothing."""

from __future__ import annotations

import sqlalchemy as sa

from state.errors import StateError
from state.tables import claims, leases, log, metadata

#: who is at work where: that is true of the first DB alone
_NOT_COPIED = (leases, claims)
_TOGETHER = 1000


def copy_rows(origin: sa.Engine, target: sa.Engine) -> dict[str, int]:
    """Copy every table; returns how many rows of each. Raises StateError, and then the other DB is as it was.

    The other DB has to have the schema and no rows.
    """
    options: dict[str, object] = {"reading": True, "yield_per": _TOGETHER}
    if origin.dialect.name == "postgresql":
        options["isolation_level"] = "REPEATABLE READ"  # all tables as they were at the same moment
    tables = [table for table in metadata.sorted_tables if table not in _NOT_COPIED]
    try:
        with origin.connect().execution_options(**options) as source, target.begin() as other:
            for table in tables:
                if other.execute(sa.select(sa.literal(1)).select_from(table).limit(1)).first():
                    raise _refusal(target, f"{table.name} has rows already", "Name an empty database")
            counts = {table.name: _copy(source, other, table) for table in tables}
            if target.dialect.name == "postgresql":
                last = sa.select(sa.func.max(log.c.id)).scalar_subquery()
                other.execute(sa.select(sa.func.setval("log_id_seq", sa.func.coalesce(last, 1), last.is_not(None))))
    except sa.exc.DataError as error:
        said = str(error.orig).strip().splitlines()[0]
        raise _refusal(target, f"it takes not all values ({said})", "Nothing was copied; please report this") from None
    return counts


def _copy(source: sa.Connection, other: sa.Connection, table: sa.Table) -> int:
    count = 0
    for rows in source.execute(sa.select(table)).mappings().partitions():
        other.execute(table.insert(), [dict(row) for row in rows])
        count += len(rows)
    return count


def _refusal(engine: sa.Engine, detail: str, remedy: str) -> StateError:
    return StateError(url=engine.url.render_as_string(hide_password=True), detail=detail, remedy=remedy)
