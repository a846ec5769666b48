"""Verbs about the state DB: `db upgrade`, `db check`, `db backup`, `db copy`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from syncd.cli.session import settings

app = typer.Typer(name="db", help="The state DB: schema, backup, move.", no_args_is_help=True)


@app.command("upgrade")
def db_upgrade() -> None:
    """Make the state DB, or bring it to this syncd's schema."""
    from syncd.database import upgrade  # noqa: PLC0415 - as late as possible

    typer.echo(upgrade(settings()))


@app.command("check")
def db_check() -> None:
    """Whether the state DB has this syncd's schema; changes nothing."""
    from syncd.database import check as check_verb  # noqa: PLC0415 - as late as possible

    ok, said = check_verb(settings())
    typer.echo(said)
    raise typer.Exit(0 if ok else 1)


@app.command("backup")
def db_backup(
    file: Annotated[Path, typer.Argument(help="Where the copy goes; a file that is there already stays as it is.")],
) -> None:
    """Copy a SQLite state DB into a file, also while the daemon runs."""
    from syncd.database import backup  # noqa: PLC0415 - as late as possible

    typer.echo(backup(settings(), file))


@app.command("copy")
def db_copy(
    url: Annotated[str, typer.Argument(help="URL of an empty database: sqlite:////path, postgresql://user@host/name.")],
) -> None:
    """Move to another database: copy all of the state DB into an empty one. Stop the daemon first."""
    from syncd.database import copy  # noqa: PLC0415 - as late as possible

    typer.echo(copy(settings(), url))
