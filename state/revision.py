"""The schema's revision that this syncd brings; read off the migrations' names, without Alembic."""

from __future__ import annotations

from pathlib import Path

MIGRATIONS = Path(__file__).parent / "migrations"


def newest_revision() -> str:
    """The newest schema that this syncd knows: the number that the last migration's file begins with."""
    return max(path.name[:4] for path in (MIGRATIONS / "versions").glob("[0-9]*.py"))
