"""All objects of one kind at a target, as one listing showed them: on disk, as a large target must not fill the memory.

SQLite keeps them in a file of its own that has no name from its first moment on and is readable to nobody else; what fits
into the cache never gets there. It lies in SQLITE_TMPDIR, TMPDIR or /var/tmp.
"""

from __future__ import annotations

import sqlite3
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import orjson

from state.engine import CACHE_KIB
from state.errors import StateError
from syncd.core.change import Observed

_SCHEMA = """
CREATE TABLE objects (n INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, resource BLOB NOT NULL);
CREATE TABLE keys (path TEXT, key TEXT, n INTEGER, PRIMARY KEY (path, key, n)) WITHOUT ROWID;
BEGIN
"""
#: what is found by a key, in the order of the listing
_FOUND = "SELECT objects.id, resource FROM keys JOIN objects USING (n) WHERE path = ? AND key = ? ORDER BY n"


class Listing:
    """Objects by their id and by keys: pairs of a path and what stands for a value of it. Used in one thread.

    Raises StateError where the disk has no room.
    """

    def __init__(self) -> None:
        self._db = sqlite3.connect("", isolation_level=None)
        for pragma in ("journal_mode=OFF", "synchronous=OFF", f"cache_size=-{CACHE_KIB}"):
            self._db.execute(f"PRAGMA {pragma}")
        self._db.executescript(_SCHEMA)
        self._count = 0

    def add(self, some: Iterable[tuple[Observed, Iterable[tuple[str, str]]]]) -> None:
        """Take objects in, each with its keys; of those with one id, the first."""
        with _room():
            for one, keys in some:
                row = (self._count, one.id, zlib.compress(orjson.dumps(one.resource), 1))
                if self._db.execute("INSERT OR IGNORE INTO objects VALUES (?, ?, ?)", row).rowcount:
                    self._db.executemany(
                        "INSERT INTO keys VALUES (?, ?, ?)", ((path, key, self._count) for path, key in keys)
                    )
                    self._count += 1

    def get(self, target_id: str) -> Observed | None:
        """The object with this id."""
        with _room():
            row = self._db.execute("SELECT id, resource FROM objects WHERE id = ?", (target_id,)).fetchone()
        return None if row is None else _observed(*row)

    def found(self, path: str, key: str) -> list[Observed]:
        """The objects with this key, in the order of the listing."""
        with _room():
            return [_observed(*row) for row in self._db.execute(_FOUND, (path, key))]

    def has(self, path: str, key: str) -> bool:
        """Whether any object has this key."""
        with _room():
            row = self._db.execute("SELECT 1 FROM keys WHERE path = ? AND key = ?", (path, key)).fetchone()
        return row is not None

    def close(self) -> None:
        self._db.close()


def _observed(id_: str, packed: bytes) -> Observed:
    return Observed(id=id_, resource=orjson.loads(zlib.decompress(packed)))


@contextmanager
def _room() -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        raise StateError(
            url="(temporary, for the listing of a target)",
            detail=str(error),
            remedy="Make room in /var/tmp, or set SQLITE_TMPDIR to a folder with more of it, then run again",
        ) from None
