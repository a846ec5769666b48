"""Verbs that need no directory of your own: `demo`, `sandbox`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from syncd.cli.garbage import look_as_usual
from syncd.cli.session import console, logs, run_to_end

app = typer.Typer()


@app.command()
def demo() -> None:
    """Start the sandbox and show a dry run, a sync, changes, and a second sync against it."""
    from syncd.demo import demo as demo_verb  # noqa: PLC0415 - the SDKs take seconds to import

    look_as_usual()
    logs("warning")
    raise typer.Exit(run_to_end(demo_verb(console())))


@app.command()
def sandbox(
    users: Annotated[int, typer.Option("--users", min=1, max=1_000_000, help="People in each directory.")] = 120,
    port: Annotated[int, typer.Option("--port", min=0, max=65_000, help="First of four ports; 0: free ones.")] = 0,
    folder: Annotated[
        Path | None, typer.Option("--folder", help="Where config.toml and its secrets' files go; else a new one.")
    ] = None,
) -> None:
    """Serve the sandbox's Graph, Okta and SCIM; print a config.toml for it."""
    from syncd.demo import serve_sandbox  # noqa: PLC0415 - the services take a moment to import

    look_as_usual()
    raise typer.Exit(serve_sandbox(users=users, port=port, folder=folder))
