"""The state DB: opening it, bringing it up to date, and its rooms, each of which owns its statements.

SQLite (WAL) by default, PostgreSQL by URL; the same statements on both. No transaction is open while a request to a
source or a target is under way.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, TypeVar, cast

import sqlalchemy as sa

from state.engine import make_engine, put, put_new, reading
from state.errors import StateError
from state.jobs import Jobs
from state.leases import Leases
from state.links import Links
from state.pending import Pending
from state.revision import MIGRATIONS, newest_revision
from state.tables import meta, metadata, targets
from syncd.core.model import Json

if TYPE_CHECKING:
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    from state.journal import Journal
    from state.log import Log
    from state.mirror import Mirror
    from state.worklist import Worklist

Room = TypeVar("Room", "Mirror", "Journal", "Worklist", "Log")


class Store:
    """One open state DB. `mirror`, `jobs`, `leases`, `links`, `journal`, `worklist`, `pending`, `log` are its rooms."""

    def __init__(self, engine: sa.Engine) -> None:
        self.engine = engine
        self.jobs = Jobs(engine)
        self.leases = Leases(engine)
        self.links = Links(engine)
        self.pending = Pending(engine)
        self._entered: dict[type, object] = {}
        self._door = Lock()

    @classmethod
    def open(cls, url: str | sa.URL, *, upgrade: bool = True) -> Store:
        """Open the DB, make it or bring it up to date. Raises StateError when it cannot be used, and changes nothing."""
        parsed = sa.make_url(url)
        shown = parsed.render_as_string(hide_password=True)
        if parsed.get_backend_name() == "sqlite" and parsed.database not in (None, "", ":memory:"):
            folder = Path(str(parsed.database)).parent
            try:
                there, is_folder = folder.exists(), folder.is_dir()
            except OSError as error:
                raise StateError(url=shown, detail=f"the directory {folder}: {error.strerror}") from None
            if there and not is_folder:
                raise StateError(url=shown, detail=f"{folder} is no directory")
            if not there:
                raise StateError(
                    url=shown, detail=f"the directory {folder} does not exist", remedy=f"Run: mkdir -p {folder}"
                )
        store = cls(make_engine(parsed))
        try:
            store._check_encoding()
            if upgrade:
                store.upgrade()
        except BaseException:
            store.close()
            raise
        return store

    def _check_encoding(self) -> None:
        if self.engine.dialect.name == "postgresql":
            with reading(self.engine) as connection:
                encoding = connection.scalar(sa.text("SHOW server_encoding"))
            if encoding != "UTF8":
                url = self.engine.url.render_as_string(hide_password=True)
                remedy = "Make another one: CREATE DATABASE syncd ENCODING 'UTF8' TEMPLATE template0"
                raise StateError(url=url, detail=f"its encoding is {encoding}, not UTF8", remedy=remedy)

    def close(self) -> None:
        self.engine.dispose()

    # --- rooms that a command which only looks does not enter -------------------------------------------------------

    @cached_property
    def mirror(self) -> Mirror:
        from state.mirror import Mirror  # noqa: PLC0415 - a command enters few of the rooms

        return self._only(Mirror)

    @cached_property
    def journal(self) -> Journal:
        from state.journal import Journal  # noqa: PLC0415 - likewise

        return self._only(Journal)

    @cached_property
    def worklist(self) -> Worklist:
        from state.worklist import Worklist  # noqa: PLC0415 - likewise

        return self._only(Worklist)

    @cached_property
    def log(self) -> Log:
        from state.log import Log  # noqa: PLC0415 - likewise

        return self._only(Log)

    def _only(self, room: type[Room]) -> Room:
        """One of each, whichever threads come first: the journal keeps values that must not rest in the DB."""
        with self._door:
            return cast("Room", self._entered.setdefault(room, room(self.engine)))

    # --- migrations -------------------------------------------------------------------------------------------------

    def revisions(self) -> tuple[str | None, str]:
        """(the DB's revision, the newest one that this syncd knows)."""
        with reading(self.engine) as connection:
            return _revision(connection), newest_revision()

    def upgrade(self) -> bool:
        """Bring the schema to the newest revision; True if there was something to do. Raises StateError if newer."""
        current, head = self.revisions()
        if current == head:
            return False
        from alembic import command  # noqa: PLC0415 - Alembic takes a third of a second, and is needed once in a while

        if current is not None and current not in {script.revision for script in _scripts().walk_revisions()}:
            raise StateError(
                url=self.engine.url.render_as_string(hide_password=True),
                detail=f"written by a newer syncd (schema {current}; this one knows {head})",
                remedy="Install the newer syncd again; nothing was changed",
            )
        with self.engine.begin() as connection:
            if self.engine.dialect.name == "postgresql":  # two daemons that start at once
                connection.execute(sa.text("SELECT pg_advisory_xact_lock(7347923)"))
                if _revision(connection) == head:
                    return False
            config = _config()
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
        return True

    def differences(self) -> list[str]:
        """What the DB's schema lacks or has too much against the newest; empty when it is right."""
        from alembic.autogenerate import compare_metadata  # noqa: PLC0415 - as above
        from alembic.runtime.migration import MigrationContext  # noqa: PLC0415

        with reading(self.engine) as connection:
            context = MigrationContext.configure(connection, opts={"compare_type": False})
            return [str(difference) for difference in compare_metadata(context, metadata)]

    # --- small things -----------------------------------------------------------------------------------------------

    def key(self) -> bytes:
        """This installation's own random key: seeds RandomString and hides redacted values. Made once."""
        with self.engine.begin() as connection:
            mine = sa.select(meta.c.value).where(meta.c.key == "key")
            if connection.scalar(mine) is None:
                put_new(connection, meta, {"key": "key", "value": secrets.token_hex(32)})
            found = str(connection.scalar(mine))
        return bytes.fromhex(found)

    def notified(self, job: str) -> list[str]:
        """The events that people were told of and that were not over then."""
        with reading(self.engine) as connection:
            found = connection.scalar(sa.select(meta.c.value).where(meta.c.key == f"notified:{job}"))
        return found.split() if found else []

    def remember_notified(self, job: str, events: Sequence[str]) -> None:
        with self.engine.begin() as connection:
            put(connection, meta, [{"key": f"notified:{job}", "value": " ".join(events)}])

    def facts(self, target: str) -> Json:
        """What is remembered of a target's abilities; None if nothing."""
        with reading(self.engine) as connection:
            return connection.scalar(sa.select(targets.c.facts).where(targets.c.name == target))

    def remember_facts(self, target: str, facts: Json) -> None:
        """Keep what is known of a target's abilities, under the time of now."""
        with self.engine.begin() as connection:
            put(connection, targets, [{"name": target, "facts": facts, "at": datetime.now(UTC)}])


def _revision(connection: sa.Connection) -> str | None:
    """The DB's own schema, as Alembic has written it down."""
    if not sa.inspect(connection).has_table("alembic_version"):
        return None
    found = connection.scalar(sa.text("SELECT version_num FROM alembic_version"))
    return None if found is None else str(found)


def _config() -> Config:
    from alembic.config import Config  # noqa: PLC0415 - as above

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    return config


def _scripts() -> ScriptDirectory:
    from alembic.script import ScriptDirectory  # noqa: PLC0415 - as above

    return ScriptDirectory.from_config(_config())
