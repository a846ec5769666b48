"""Options: those of the process, and the types of those that several verbs share."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

Output = Literal["text", "json", "html"]
Plain = Literal["text", "json"]
Lines = Literal["text", "json", "csv"]

Jobs = Annotated[list[str] | None, typer.Option("--job", "-j", help="Only this job; may be given several times.")]
As = Annotated[Output, typer.Option("--output", "-o", help="Form of the report.")]
AsPlain = Annotated[Plain, typer.Option("--output", "-o", help="Form of the answer.")]


class Options:
    """The global options, as this process was started with them."""

    config: str | None = None
    verbose: bool = False
    log_format: Literal["auto", "json", "console"] = "auto"
    color: bool | None = None
    as_json: bool = False


OPTIONS = Options()
