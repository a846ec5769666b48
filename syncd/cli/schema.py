"""Verbs about what config.toml may hold: `config schema`."""

from __future__ import annotations

from pathlib import Path

import typer

from syncd.cli.session import out

#: made by docs/generate.py from the settings, which take long to load
SCHEMA = Path(__file__).parents[1] / "config" / "config.schema.json"

app = typer.Typer(name="config", help="About config.toml.", no_args_is_help=True)


@app.command("schema")
def config_schema() -> None:
    """The JSON Schema of config.toml."""
    out(SCHEMA.read_text(encoding="utf-8"))
