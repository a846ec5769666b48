"""The command line: options in, a verb called, its result printed. No logic: that is in the verbs.

Results go to standard output, logs and messages to standard error. Exit codes: 0 nothing (left) to do · 1 error · 2 a dry
run found changes · 3 changes are held · 4 some objects failed · 64 wrong usage or invalid configuration.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from importlib import import_module
from typing import Annotated, Any, Literal, NoReturn

import typer

from syncd import __version__
from syncd.cli.failure import fail, fail_with, wants_json
from syncd.cli.garbage import look_no_more
from syncd.cli.options import OPTIONS, As, Jobs
from syncd.core.errors import SyncdError

#: what typer raises for any wrong usage; it has no public name of its own
UsageError: Any = typer.BadParameter.__bases__[0]

#: the files of verbs, in the order of --help, and what each has
VERBS = {
    "runs": ("sync", "run", "provision", "explain"),
    "looking": ("check", "discover", "status", "log", "held"),
    "control": ("approve", "retry", "pause", "resume", "restart"),
    "configuration": ("init", "eval"),
    "sandbox": ("demo", "sandbox"),
    "schema": ("config",),
    "database": ("db",),
}


def program(verb: str | None = None) -> typer.Typer:
    """The command line with the file of this verb, which is loaded; with those of all where it is none."""
    app = typer.Typer(
        name="syncd",
        help="Brings users and groups from Microsoft Entra ID and Okta to SCIM 2.0 targets.",
        no_args_is_help=False,
        add_completion=True,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback(invoke_without_command=True)(_main)
    for file in [file for file, verbs in VERBS.items() if verb in verbs] or VERBS:
        app.add_typer(import_module(f"syncd.cli.{file}").app)
    return app


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"syncd {__version__}")
        raise typer.Exit


def _main(  # noqa: PLR0917 - each one is an option
    context: typer.Context,
    config: Annotated[
        str | None,
        typer.Option(
            "--config", "-c", help="Configuration file; else $SYNCD_CONFIG, ./config.toml, /etc/syncd/config.toml."
        ),
    ] = None,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Log details.")] = False,
    log_format: Annotated[
        Literal["auto", "json", "console"], typer.Option(help="Form of the logs; auto: JSON unless on a terminal.")
    ] = "auto",
    no_color: Annotated[bool, typer.Option("--no-color", help="No colours (also with NO_COLOR set).")] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Read, plan, print, write nothing: the one-shot report.")
    ] = False,
    job: Jobs = None,
    output: As = "text",
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    OPTIONS.config, OPTIONS.verbose, OPTIONS.log_format = config, verbose, log_format
    OPTIONS.color = False if no_color or os.environ.get("NO_COLOR") else None
    if context.invoked_subcommand is not None:
        if dry_run or job or output != "text":
            raise typer.BadParameter(
                f"--dry-run, --job and --output belong behind the command: syncd {context.invoked_subcommand} …"
            )
        return
    if not dry_run:
        typer.echo(context.get_help())
        raise typer.Exit(64)
    from syncd.cli.runs import one_cycle_each  # noqa: PLC0415 - only here is it needed

    one_cycle_each(job, dry_run=True, full=False, plan=None, output=output)


def main(arguments: list[str] | None = None) -> NoReturn:
    """Entry point: every known error becomes one line, with its exit code; usage errors are 64, since 2 says "changes"."""
    given = sys.argv[1:] if arguments is None else arguments
    OPTIONS.as_json = wants_json(given)
    if foreign := [word for word in given if not _is_text(word)]:  # no source, no DB and no report can hold it
        fail(64, f"{foreign[0]!a} is no text in {sys.getfilesystemencoding()}", where="syncd", remedy="syncd --help")
    # One verb is called: making all the others takes longer than many a command. Behind an option all are made.
    command: Callable[..., Any] = typer.main.get_command(program(given[0] if given else None))
    try:
        code = command(arguments, standalone_mode=False)
    except UsageError as error:
        where = error.ctx.command_path if error.ctx else "syncd"
        said = (
            error.message.rstrip(".") if isinstance(error, typer.BadParameter) else error.format_message().rstrip(".")
        )
        fail(64, f"{said} (see: {where} --help)", where=where, remedy=f"{where} --help")
    except typer.Abort:
        sys.exit(130)
    except SyncdError as error:
        fail_with(error)
    except BrokenPipeError:
        # The reader (head, less) has seen enough.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
    except KeyboardInterrupt:
        sys.exit(130)
    finally:
        look_no_more()
    sys.exit(code if isinstance(code, int) else 0)


def _is_text(word: str) -> bool:
    try:
        word.encode()
    except UnicodeEncodeError:  # bytes that the system could not decode
        return False
    return True
