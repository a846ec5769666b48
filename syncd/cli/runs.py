"""Verbs that read and write: `sync`, `run`, `provision`, `explain`."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from syncd import __version__
from syncd.cli.options import OPTIONS, As, AsPlain, Jobs, Output, Plain
from syncd.cli.session import console, daemon_logs, err, opened_runtime, out, run_to_end, settings

if TYPE_CHECKING:
    from syncd.cycle import Wish
    from syncd.report.result import JobResult
    from syncd.runtime import Runtime

app = typer.Typer()


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
    one_cycle_each(job, dry_run=dry_run, full=full, plan=plan, output=output)


def one_cycle_each(job: list[str] | None, *, dry_run: bool, full: bool, plan: str | None, output: Output) -> None:
    from syncd.cycle import Wish  # noqa: PLC0415 - the SDKs take seconds to import
    from syncd.report.bars import bars  # noqa: PLC0415 - likewise
    from syncd.report.html import html_report  # noqa: PLC0415 - likewise
    from syncd.report.json import dumps, overall, report  # noqa: PLC0415 - likewise
    from syncd.report.text import print_report  # noqa: PLC0415 - likewise

    if plan is not None and len(plan.removeprefix("sha256:")) < 8:
        raise typer.BadParameter("--plan needs at least eight digits of the checksum")
    with opened_runtime() as runtime:
        wish = Wish(dry=dry_run, full=full, checksum=plan, previews=output == "json")
        with bars(color=OPTIONS.color) as runtime.progress:
            results = run_to_end(_until_stopped(runtime, job or (), wish))
        if output == "json":
            out(dumps(report(results, runtime.store, dry=dry_run)))
        elif output == "html":
            for part in html_report(results, runtime.store):
                out(part)
        else:
            print_report(console(), results, runtime.store)
        code = overall(result.exit_code for result in results)
        for result in results:
            if result.error is not None and output != "json":
                err(str(result.error))
    raise typer.Exit(code)


async def _until_stopped(runtime: Runtime, jobs: Sequence[str], wish: Wish) -> list[JobResult]:
    from syncd.cycle import sync  # noqa: PLC0415 - the SDKs take seconds to import
    from syncd.stopping import stopping_on_signals  # noqa: PLC0415 - likewise

    def told() -> None:
        runtime.progress.close()  # a terminal has its cursor back, should a second signal end it all
        if sys.stderr.isatty():
            err("finishing the changes in hand; once more ends it at once")

    with stopping_on_signals(told) as stopping:
        return await sync(runtime, jobs, wish, stopping=stopping)


@app.command()
def run() -> None:
    """The daemon: every job on its schedule until SIGTERM."""
    from syncd.daemon import Daemon  # noqa: PLC0415 - the SDKs take seconds to import

    with opened_runtime() as runtime:
        run_to_end(Daemon(runtime, reread=settings, accepted=daemon_logs).run())


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

    with opened_runtime() as runtime:
        traces = run_to_end(
            provision_verb(runtime, name, job or (), kind="group" if group else "user", dry=dry, act=act)
        )
        code = overall(trace.exit_code for trace in traces)
        if not act and code != 1:
            code = 0
        if output == "json":
            broken = [(trace.job, step.detail) for trace in traces for step in trace.steps if step.status == "failed"]
            answer = {"syncd": __version__, "exit_code": code, "jobs": [trace.data for trace in traces]}
            if code == 1 and broken:
                answer["error"] = error(broken[0][1], f"jobs.{broken[0][0]}")
            out(dumps(answer))
        else:
            print_steps(console(), traces)
    raise typer.Exit(code)
