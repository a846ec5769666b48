"""Verbs about the state DB: `db upgrade`, `db check`."""

from __future__ import annotations

import typer

from syncd.cli.session import settings

db_app = typer.Typer(help="The state DB's schema.", no_args_is_help=True)


@db_app.command("upgrade")
def db_upgrade() -> None:
    """Make the state DB, or bring it to this syncd's schema."""
    from syncd.database import upgrade  # noqa: PLC0415 - as late as possible

    typer.echo(upgrade(settings()))


@db_app.command("check")
def db_check() -> None:
    """Whether the state DB has this syncd's schema; changes nothing."""
    from syncd.database import check as check_verb  # noqa: PLC0415 - as late as possible

    ok, said = check_verb(settings())
    typer.echo(said)
    raise typer.Exit(0 if ok else 1)
