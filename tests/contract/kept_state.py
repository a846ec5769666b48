"""State DBs of released schemas, kept as SQL text, so that each later migration is tried on real rows.

python -m tests.contract.kept_state    writes schemas/<newest revision>.sql from a sync of the sandbox, once a schema
"""

from __future__ import annotations

import sqlite3
import tempfile
from contextlib import closing
from pathlib import Path

import uvloop

from connectors.sandbox.world import World, WorldSize
from syncd.config import load
from syncd.cycle import Wish, sync
from syncd.demo import a_day
from syncd.observe.logs import set_up_logs
from syncd.runtime import Runtime

FOLDER = Path(__file__).parent / "schemas"


def kept() -> list[str]:
    """The revisions that are kept, oldest first."""
    return sorted(path.stem for path in FOLDER.glob("*.sql"))


def load_kept(revision: str, file: Path) -> None:
    """Make a SQLite file of that schema, with its rows."""
    with closing(sqlite3.connect(file)) as database:
        database.executescript((FOLDER / f"{revision}.sql").read_text(encoding="utf-8"))


def main() -> None:
    set_up_logs("error")
    with World(WorldSize(users=24)) as world, tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        limit = "\n[jobs.entra.guards]\ndeletions = { count = 0 }\n"  # something is to be held
        runtime = Runtime.open(load(world.write_config(folder, extra=limit)))
        uvloop.run(sync(runtime, (), Wish()))
        a_day(world)
        uvloop.run(sync(runtime, (), Wish()))
        revision = runtime.store.revisions()[1]
        runtime.close()
        with closing(sqlite3.connect(folder / "state.db")) as database:
            # Of this machine and this moment, and of no use to a test.
            for table in ("leases", "claims"):
                database.execute(f"DELETE FROM {table}")
            database.commit()
            FOLDER.mkdir(exist_ok=True)
            (FOLDER / f"{revision}.sql").write_text("\n".join(database.iterdump()) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
