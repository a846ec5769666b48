"""Verbs about config.toml: `init`, `eval`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Literal, NoReturn

import typer

from syncd.cli.failure import fail
from syncd.cli.garbage import look_as_usual
from syncd.cli.options import OPTIONS, AsPlain
from syncd.cli.session import console, err, logs, out

app = typer.Typer()


@app.command()
def init(
    source: Annotated[
        Literal["graph", "okta"] | None, typer.Option("--source", help="The kind of source; graph by default.")
    ] = None,
    target: Annotated[
        str | None,
        typer.Option("--target", metavar="PROFILE", help="The product: testmu, …, or a profile's path; else generic."),
    ] = None,
    entra_schema: Annotated[
        Path | None,
        typer.Option(
            "--from-entra-schema",
            metavar="FILE",
            help="Carry over the mappings and filters of a job at Entra: its schema as JSON; - for standard input.",
        ),
    ] = None,
) -> None:
    """Ask for what a first config.toml needs, and write it; with an option or in a pipe, print a commented one."""
    from syncd.entra_import import carry_over, load_entra_schema  # noqa: PLC0415 - as late as possible
    from syncd.starter import starter  # noqa: PLC0415 - likewise

    if (source, target, entra_schema) == (None, None, None) and sys.stdin.isatty() and sys.stdout.isatty():
        _interview()
    if entra_schema is None:
        out(starter(source or "graph", target or "generic").text)
        return
    if source == "okta":
        raise typer.BadParameter("--from-entra-schema is about Entra: leave --source out, or make it graph")
    name = "standard input" if str(entra_schema) == "-" else entra_schema.name
    imported = carry_over(load_entra_schema(entra_schema), file=name)
    made = starter("graph", target or "generic", imported=imported, imported_from=name)
    for note in made.notes():
        err(note)
    out(made.text)


def _interview() -> NoReturn:
    from syncd.interview import Interview  # noqa: PLC0415 - as late as possible
    from syncd.terminal import Terminal  # noqa: PLC0415 - likewise

    logs("error")
    config = Path(OPTIONS.config or "config.toml")
    try:
        command = Interview(Terminal(console()), config).run()
    except OSError as error:
        said = f"{error.filename or config}: it cannot be written ({error.strerror})"
        fail(1, f"{said}. Name another: syncd -c FILE init")
    if command is None:
        fail(1, "Nothing was written. To begin again: syncd init")
    typer.echo(f"Next: {command}")
    raise typer.Exit


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
    look_as_usual()
    raise typer.Exit(several(batch) if batch is not None else one(expression or "", given, output))
