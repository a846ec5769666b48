"""Verbs about config.toml: `init`, `config schema`, `eval`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from syncd.cli.options import AsPlain
from syncd.cli.session import err, out

app = typer.Typer()
config_app = typer.Typer(help="About config.toml.", no_args_is_help=True)


@app.command()
def init(
    source: Annotated[
        Literal["graph", "okta"] | None, typer.Option("--source", help="The kind of source; graph by default.")
    ] = None,
    target: Annotated[
        str, typer.Option("--target", metavar="PROFILE", help="The product: generic, testmu, …, or a profile's path.")
    ] = "generic",
    entra_schema: Annotated[
        Path | None,
        typer.Option(
            "--from-entra-schema",
            metavar="FILE",
            help="Carry over the mappings and filters of a job at Entra: its schema as JSON; - for standard input.",
        ),
    ] = None,
) -> None:
    """Print a commented config.toml to start from."""
    from syncd.entra_import import carry_over, load_entra_schema  # noqa: PLC0415 - as late as possible
    from syncd.starter import starter  # noqa: PLC0415 - likewise

    if entra_schema is None:
        out(starter(source or "graph", target).text)
        return
    if source == "okta":
        raise typer.BadParameter("--from-entra-schema is about Entra: leave --source out, or make it graph")
    name = "standard input" if str(entra_schema) == "-" else entra_schema.name
    made = starter("graph", target, imported=carry_over(load_entra_schema(entra_schema), file=name), imported_from=name)
    for note in made.notes():
        err(note)
    out(made.text)


@config_app.command("schema")
def config_schema() -> None:
    """The JSON Schema of config.toml."""
    from syncd.config import schema  # noqa: PLC0415 - as late as possible
    from syncd.report.json import dumps  # noqa: PLC0415 - likewise

    out(dumps(schema()))


@app.command("eval")
def eval_command(
    expression: Annotated[str | None, typer.Argument(help="The expression.")] = None,
    given: Annotated[
        str | None,
        typer.Option("--with", metavar="FILE|JSON", help="The attributes: a JSON object, or a file with one."),
    ] = None,
    batch: Annotated[
        Path | None,
        typer.Option(
            "--batch", metavar="FILE", help='A file with {"expression", "attributes"} a line; - for standard input.'
        ),
    ] = None,
    output: AsPlain = "text",
) -> None:
    """Try an expression out over given attributes."""
    from syncd.trial import one, several  # noqa: PLC0415 - as late as possible

    if (expression is None) == (batch is None):
        raise typer.BadParameter("give an expression, or --batch FILE")
    raise typer.Exit(several(batch) if batch is not None else one(expression or "", given, output))
