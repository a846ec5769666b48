"""The command line: options in, a verb called, its result printed. No logic: that is in the verbs.

Results go to standard output, logs and messages to standard error. Exit codes: 0 nothing (left) to do · 1 error · 2 a dry
run found changes · 3 changes are held · 4 some objects failed · 64 wrong usage or invalid configuration.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Coroutine
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, NoReturn, TypeVar

import typer

from syncd import __version__
from syncd.core.errors import SyncdError

if TYPE_CHECKING:
    from rich.console import Console

    from syncd.config import Settings
    from syncd.runtime import Runtime

#: what typer raises for any wrong usage; it has no public name of its own
UsageError: Any = typer.BadParameter.__bases__[0]
Output = Literal["text", "json", "html"]
Plain = Literal["text", "json"]
Lines = Literal["text", "json", "csv"]
Result = TypeVar("Result")

app = typer.Typer(
    name="syncd",
    help="Brings users and groups from Microsoft Entra ID and Okta to SCIM 2.0 targets.",
    no_args_is_help=False,
    add_completion=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
config_app = typer.Typer(help="About config.toml.", no_args_is_help=True)
db_app = typer.Typer(help="The state DB's schema.", no_args_is_help=True)
app.add_typer(config_app, name="config")
app.add_typer(db_app, name="db")

Jobs = Annotated[list[str] | None, typer.Option("--job", "-j", help="Only this job; may be given several times.")]
As = Annotated[Output, typer.Option("--output", "-o", help="Form of the report.")]
AsPlain = Annotated[Plain, typer.Option("--output", "-o", help="Form of the answer.")]


class _Options:
    """The global options, as this process was started with them."""

    config: str | None = None
    verbose: bool = False
    log_format: Literal["auto", "json", "console"] = "auto"
    color: bool | None = None
    as_json: bool = False


OPTIONS = _Options()


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"syncd {__version__}")
        raise typer.Exit


@app.callback(invoke_without_command=True)
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
    _sync(job, dry_run=True, full=False, plan=None, output=output)


# --- runs ------------------------------------------------------------------------------------------------------------


@app.command("sync")
def sync_command(
    job: Jobs = None,
    full: Annotated[bool, typer.Option("--full", help="Read everything on both sides.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Plan and print; write nothing.")] = False,
    plan: Annotated[
        str | None, typer.Option("--plan", metavar="CHECKSUM", help="Apply only if the plan has this checksum.")
    ] = None,
    output: As = "text",
) -> None:
    """One cycle of each job, applied; then exit."""
    _sync(job, dry_run=dry_run, full=full, plan=plan, output=output)


def _sync(job: list[str] | None, *, dry_run: bool, full: bool, plan: str | None, output: Output) -> None:
    from syncd.cycle import Wish, sync  # noqa: PLC0415 - the SDKs take seconds to import
    from syncd.report.bars import bars  # noqa: PLC0415 - likewise
    from syncd.report.html import html_report  # noqa: PLC0415 - likewise
    from syncd.report.json import dumps, overall, report  # noqa: PLC0415 - likewise
    from syncd.report.text import print_report  # noqa: PLC0415 - likewise

    if plan is not None and len(plan.removeprefix("sha256:")) < 8:
        raise typer.BadParameter("--plan needs at least eight digits of the checksum")
    with _runtime() as runtime:
        wish = Wish(dry=dry_run, full=full, checksum=plan, previews=output == "json")
        with bars(color=OPTIONS.color) as runtime.progress:
            results = _run(sync(runtime, job or (), wish))
        if output == "json":
            _out(dumps(report(results, runtime.store, dry=dry_run)))
        elif output == "html":
            for part in html_report(results, runtime.store):
                _out(part)
        else:
            print_report(_console(), results, runtime.store)
        code = overall(result.exit_code for result in results)
        for result in results:
            if result.error is not None and output != "json":
                _err(str(result.error))
    raise typer.Exit(code)


@app.command()
def run() -> None:
    """The daemon: every job on its schedule until SIGTERM."""
    from syncd.daemon import Daemon  # noqa: PLC0415 - the SDKs take seconds to import

    with _runtime() as runtime:
        _run(Daemon(runtime).run())


@app.command()
def provision(
    name: Annotated[str, typer.Argument(help="User name, e-mail or source id; with --group a group's name or id.")],
    job: Jobs = None,
    group: Annotated[bool, typer.Option("--group", help="A group instead of a user.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Tell what would be done.")] = False,
    output: AsPlain = "text",
) -> None:
    """One user (or group) now; prints the five steps."""
    _trace(name, job, group=group, dry=dry_run, act=True, output=output)


@app.command()
def explain(
    name: Annotated[str, typer.Argument(help="User name, e-mail, group name or source id.")],
    job: Jobs = None,
    output: AsPlain = "text",
) -> None:
    """Why somebody is, or is not, at the target: the five steps and what would be sent, without doing it."""
    _trace(name, job, group=False, dry=True, act=False, output=output)


def _trace(name: str, job: list[str] | None, *, group: bool, dry: bool, act: bool, output: Plain) -> None:
    from syncd.provision import provision as provision_verb  # noqa: PLC0415 - the SDKs take seconds to import
    from syncd.report.json import dumps, error, overall  # noqa: PLC0415 - likewise
    from syncd.report.steps import print_steps  # noqa: PLC0415 - likewise

    with _runtime() as runtime:
        traces = _run(provision_verb(runtime, name, job or (), kind="group" if group else "user", dry=dry, act=act))
        code = overall(trace.exit_code for trace in traces)
        if not act and code != 1:
            code = 0
        if output == "json":
            broken = [(trace.job, step.detail) for trace in traces for step in trace.steps if step.status == "failed"]
            answer = {"syncd": __version__, "exit_code": code, "jobs": [trace.data for trace in traces]}
            if code == 1 and broken:
                answer["error"] = error(broken[0][1], f"jobs.{broken[0][0]}")
            _out(dumps(answer))
        else:
            print_steps(_console(), traces)
    raise typer.Exit(code)


# --- looking ---------------------------------------------------------------------------------------------------------


@app.command()
def check(job: Jobs = None, output: AsPlain = "text") -> None:
    """Validate config.toml, then test every source and target: credentials, permissions, filter, paging, PATCH."""
    from syncd.check import check as check_verb  # noqa: PLC0415 - the SDKs take seconds to import
    from syncd.report.bars import bars  # noqa: PLC0415 - likewise
    from syncd.report.findings import findings_data, print_findings  # noqa: PLC0415 - likewise
    from syncd.report.json import dumps, error  # noqa: PLC0415 - likewise

    with _runtime() as runtime, bars(color=OPTIONS.color) as runtime.progress:
        found = _run(check_verb(runtime, job or ()))
    code = 0 if all(one.ok for one in found) else 1
    if output == "json":
        wrong = [(one, finding) for one in found for finding in one.findings if not finding.ok]
        answer = {"syncd": __version__, "exit_code": code, "checked": findings_data(found)}
        if wrong:
            one, finding = wrong[0]
            said = f"{finding.what}: {finding.detail}" if finding.detail else finding.what
            answer["error"] = error(said, f"{one.kind}s.{one.name}", finding.remedy or "syncd check")
        _out(dumps(answer))
    else:
        print_findings(_console(), found)
    raise typer.Exit(code)


@app.command("discover")
def discover_command(
    target: Annotated[str, typer.Argument(help="The target, as config.toml names it.")],
    only: Annotated[
        list[str] | None,
        typer.Option("--only", help="Only these: linked, matched or local; may be given several times."),
    ] = None,
    output: Annotated[Lines, typer.Option("--output", "-o", help="Form of the answer.")] = "text",
) -> None:
    """List a target's accounts: linked, matched but not managed, or local only; with counts."""
    from syncd.discover import STANDINGS, Discovery, discover  # noqa: PLC0415 - as late as possible
    from syncd.report.accounts import print_accounts  # noqa: PLC0415 - likewise

    if unknown := [word for word in only or () if word not in STANDINGS]:
        raise typer.BadParameter(f"--only takes {', '.join(STANDINGS)}, not {unknown[0]!r}")
    with _runtime() as runtime:
        discovery = Discovery(target=target)
        accounts = discover(runtime, discovery)
        error = _run(print_accounts(_console(), accounts, discovery, output, only or STANDINGS))
    if error is not None:
        _err(str(error))
        raise typer.Exit(1)


@app.command()
def status(job: Jobs = None, output: AsPlain = "text") -> None:
    """Per job: last cycle, next cycle, counts, held, failing, quarantine, steady since."""
    from syncd.report.json import dumps  # noqa: PLC0415 - as late as possible
    from syncd.report.steps import print_status  # noqa: PLC0415 - likewise
    from syncd.status import status as status_verb  # noqa: PLC0415 - likewise

    with _runtime() as runtime:
        rows = status_verb(runtime, job or ())
    if output == "json":
        _out(dumps({"syncd": __version__, "exit_code": 0, "jobs": rows}))
    else:
        print_status(_console(), rows)


@app.command()
def log(  # noqa: PLR0917 - each one is an option
    job: Jobs = None,
    user: Annotated[str | None, typer.Option("--user", help="Only this name or id.")] = None,
    status: Annotated[
        Literal["success", "failure", "skipped", "warning"] | None, typer.Option("--status", help="Only this status.")
    ] = None,
    since: Annotated[
        str | None, typer.Option("--since", help="From then on: ISO 8601, or a duration such as 24h.")
    ] = None,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on with what comes, until Ctrl-C.")] = False,
    output: Annotated[
        Lines, typer.Option("--output", "-o", help="Form of the answer; json: one object a line.")
    ] = "text",
) -> None:
    """The provisioning log: every change that was tried, with its steps."""
    from syncd import history  # noqa: PLC0415 - as late as possible

    with _runtime() as runtime:
        found = (history.follow if follow else history.entries)(
            runtime, job or (), user=user, status=status, since=since
        )
        history.print_entries(_console(), found, output)


@app.command()
def held(job: Jobs = None, output: AsPlain = "text") -> None:
    """The held changes, why, and the checksum to approve."""
    from syncd.approval import held as held_verb  # noqa: PLC0415 - as late as possible
    from syncd.report.json import dumps  # noqa: PLC0415 - likewise
    from syncd.report.steps import print_held  # noqa: PLC0415 - likewise

    with _runtime() as runtime:
        rows = held_verb(runtime, job or ())
    code = 3 if any(row["changes"] for row in rows) else 0
    if output == "json":
        _out(dumps({"syncd": __version__, "exit_code": code, "jobs": rows}))
    else:
        print_held(_console(), rows)
    raise typer.Exit(code)


# --- telling ---------------------------------------------------------------------------------------------------------


@app.command()
def approve(
    job: Annotated[str, typer.Argument(help="The job.")],
    checksum: Annotated[str, typer.Argument(help="Checksum of the plan that you looked at; eight digits will do.")],
    lasting: Annotated[str, typer.Option("--for", help="How long the approval lasts: 24h, 2d.")] = "24h",
) -> None:
    """Let exactly the held changes of this plan go, in the next cycle."""
    from syncd.approval import approve as approve_verb  # noqa: PLC0415 - as late as possible

    with _runtime() as runtime:
        freed = approve_verb(runtime, job, checksum, lasting=_duration(lasting))
    typer.echo(f"{freed} held changes of {job} may go in the next cycle. To run it now: syncd sync --job {job}")


@app.command()
def retry(
    job: Annotated[str, typer.Argument(help="The job.")],
    name: Annotated[str | None, typer.Argument(help="Only this object.")] = None,
) -> None:
    """Failing objects are due now."""
    from syncd.control import retry as retry_verb  # noqa: PLC0415 - as late as possible

    with _runtime() as runtime:
        count = retry_verb(runtime, job, name)
    typer.echo(f"{count} failing objects of {job} are due now. To try at once: syncd sync --job {job}")


@app.command()
def pause(job: Annotated[str, typer.Argument(help="The job.")]) -> None:
    """Stop a job; its state is kept."""
    from syncd.control import pause as pause_verb  # noqa: PLC0415 - as late as possible

    with _runtime() as runtime:
        pause_verb(runtime, job)
    typer.echo(f"{job} is paused. To go on: syncd resume {job}")


@app.command()
def resume(job: Annotated[str, typer.Argument(help="The job.")]) -> None:
    """Let a paused job go on."""
    from syncd.control import resume as resume_verb  # noqa: PLC0415 - as late as possible

    with _runtime() as runtime:
        resume_verb(runtime, job)
    typer.echo(f"{job} goes on with its next cycle. To run it now: syncd sync --job {job}")


@app.command()
def restart(
    job: Annotated[str, typer.Argument(help="The job.")],
    links: Annotated[bool, typer.Option("--links", help="Forget the links too, and match everything afresh.")] = False,
) -> None:
    """Start a job from a full cycle."""
    from syncd.control import restart as restart_verb  # noqa: PLC0415 - as late as possible

    with _runtime() as runtime:
        forgotten = restart_verb(runtime, job, links=links)
    tail = f", and {forgotten} links are forgotten" if links else ""
    typer.echo(f"The next cycle of {job} is a full one{tail}. To look first: syncd --dry-run --job {job}")


# --- config, db, sandbox -----------------------------------------------------------------------------------------------


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
        _out(starter(source or "graph", target or "generic").text)
        return
    if source == "okta":
        raise typer.BadParameter("--from-entra-schema is about Entra: leave --source out, or make it graph")
    name = "standard input" if str(entra_schema) == "-" else entra_schema.name
    made = starter(
        "graph",
        target or "generic",
        imported=carry_over(load_entra_schema(entra_schema), file=name),
        imported_from=name,
    )
    for note in made.notes():
        _err(note)
    _out(made.text)


def _interview() -> NoReturn:
    from syncd.interview import Interview  # noqa: PLC0415 - as late as possible
    from syncd.terminal import Terminal  # noqa: PLC0415 - likewise

    _logs("error")
    config = Path(OPTIONS.config or "config.toml")
    try:
        command = Interview(Terminal(_console()), config).run()
    except OSError as error:
        _fail(
            1, f"{error.filename or config}: it cannot be written ({error.strerror}). Name another: syncd -c FILE init"
        )
    if command is None:
        _fail(1, "Nothing was written. To begin again: syncd init")
    typer.echo(f"Next: {command}")
    raise typer.Exit


@config_app.command("schema")
def config_schema() -> None:
    """The JSON Schema of config.toml."""
    from syncd.config import schema  # noqa: PLC0415 - as late as possible
    from syncd.report.json import dumps  # noqa: PLC0415 - likewise

    _out(dumps(schema()))


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


@db_app.command("upgrade")
def db_upgrade() -> None:
    """Make the state DB, or bring it to this syncd's schema."""
    from syncd.database import upgrade  # noqa: PLC0415 - as late as possible

    typer.echo(upgrade(_settings()))


@db_app.command("check")
def db_check() -> None:
    """Whether the state DB has this syncd's schema; changes nothing."""
    from syncd.database import check as check_verb  # noqa: PLC0415 - as late as possible

    ok, said = check_verb(_settings())
    typer.echo(said)
    raise typer.Exit(0 if ok else 1)


@app.command()
def demo() -> None:
    """Start the sandbox and show a dry run, a sync, changes, and a second sync against it."""
    from syncd.demo import demo as demo_verb  # noqa: PLC0415 - the SDKs take seconds to import

    _logs("warning")
    raise typer.Exit(_run(demo_verb(_console())))


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

    raise typer.Exit(serve_sandbox(users=users, port=port, folder=folder))


# --- what all commands share -------------------------------------------------------------------------------------------


def _settings() -> Settings:
    from syncd.config import find_path, load  # noqa: PLC0415 - as late as possible

    return load(find_path(OPTIONS.config))


def _logs(level: str) -> None:
    from syncd.observe.logs import set_up_logs  # noqa: PLC0415 - as late as possible

    set_up_logs("debug" if OPTIONS.verbose else level, OPTIONS.log_format, color=OPTIONS.color)


class _runtime:  # noqa: N801 - used like a function
    """The runtime for one command: configuration read, logs set up, state DB open, and closed at the end."""

    def __enter__(self) -> Runtime:
        from syncd.runtime import Runtime  # noqa: PLC0415 - as late as possible

        settings = _settings()
        # A one-shot command on a terminal shows its report, not its log; the daemon shows what is configured.
        quiet = OPTIONS.log_format == "auto" and sys.stderr.isatty() and settings.log.level == "info"
        _logs("warning" if quiet and "run" not in sys.argv[1:] else settings.log.level)
        self._open = Runtime.open(settings)
        return self._open

    def __exit__(self, *_: object) -> None:
        self._open.close()


def _run(work: Coroutine[Any, Any, Result]) -> Result:
    import uvloop  # noqa: PLC0415 - as late as possible

    return uvloop.run(work)


def _console() -> Console:
    from rich.console import Console  # noqa: PLC0415 - as late as possible

    return Console(no_color=OPTIONS.color is False, highlight=False, markup=False, emoji=False)


def _out(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()


def _err(text: str) -> None:
    typer.echo(f"syncd: {text}", err=True)


def _duration(text: str) -> timedelta:
    from syncd.config.duration import parse_duration  # noqa: PLC0415 - as late as possible

    found = parse_duration(text)
    if not found:
        raise typer.BadParameter(f"{text!r} is no duration; write 30m, 24h or 7d")
    return found


def _fail(code: int, message: str, *, where: str = "", remedy: str = "") -> NoReturn:
    if OPTIONS.as_json:
        from syncd.report.json import dumps, failure  # noqa: PLC0415 - only where it is needed

        _out(dumps(failure(code, message, where, remedy)))
    _err(message)
    sys.exit(code)


def main(arguments: list[str] | None = None) -> NoReturn:
    """Entry point: every known error becomes one line, with its exit code; usage errors are 64, since 2 says "changes"."""
    command: Callable[..., Any] = typer.main.get_command(app)
    OPTIONS.as_json = _wants_json(sys.argv[1:] if arguments is None else arguments)
    try:
        code = command(arguments, standalone_mode=False)
    except UsageError as error:
        where = error.ctx.command_path if error.ctx else "syncd"
        said = (
            error.message.rstrip(".") if isinstance(error, typer.BadParameter) else error.format_message().rstrip(".")
        )
        _fail(64, f"{said} (see: {where} --help)", where=where, remedy=f"{where} --help")
    except typer.Abort:
        sys.exit(130)
    except SyncdError as error:
        _known(error)
    except BrokenPipeError:
        # The reader (head, less) has seen enough.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
    except KeyboardInterrupt:
        sys.exit(130)
    sys.exit(code if isinstance(code, int) else 0)


def _known(error: SyncdError) -> NoReturn:
    from syncd.config import ConfigError  # noqa: PLC0415 - only where it is needed

    if isinstance(error, ConfigError):
        fault = error.faults[0]
        _fail(64, str(error), where=fault.where, remedy=fault.remedy)
    remedy = str(error).rpartition(". ")[2]
    usage = type(error).__name__ in (
        "UnknownJob",
        "UnknownTarget",
        "ProfileError",
        "NoSuchTime",
        "NoAttributes",
        "Misconfigured",
        "EntraSchemaError",
    )
    _fail(64 if usage else 1, str(error), where=type(error).__name__, remedy=remedy)


def _wants_json(arguments: list[str]) -> bool:
    """Whether the answer is to be JSON, also where the rest of the command line cannot be read."""
    pairs = pairwise([*arguments, ""])
    return any(
        (one in ("-o", "--output") and other == "json") or one in ("-ojson", "--output=json") for one, other in pairs
    )


if __name__ == "__main__":
    main()
