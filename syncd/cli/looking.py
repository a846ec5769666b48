"""Verbs that only look: `check`, `discover`, `status`, `log`, `held`."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from syncd import __version__
from syncd.cli.options import OPTIONS, AsPlain, Jobs, Lines
from syncd.cli.session import console, err, opened_runtime, out, run_to_end, settings

app = typer.Typer()


@app.command()
def check(job: Jobs = None, output: AsPlain = "text") -> None:
    """Validate config.toml, then test every source and target: credentials, permissions, filter, paging, PATCH."""
    from syncd.check import check as check_verb  # noqa: PLC0415 - the SDKs take seconds to import
    from syncd.report.bars import bars  # noqa: PLC0415 - likewise
    from syncd.report.findings import findings_data, print_findings  # noqa: PLC0415 - likewise
    from syncd.report.json import dumps, error  # noqa: PLC0415 - likewise

    with opened_runtime() as runtime, bars(color=OPTIONS.color) as runtime.progress:
        found = run_to_end(check_verb(runtime, job or ()))
    code = 0 if all(one.ok for one in found) else 1
    if output == "json":
        wrong = [(one, finding) for one in found for finding in one.findings if not finding.ok]
        answer = {"syncd": __version__, "exit_code": code, "checked": findings_data(found)}
        if wrong:
            one, finding = wrong[0]
            said = f"{finding.what}: {finding.detail}" if finding.detail else finding.what
            answer["error"] = error(said, f"{one.kind}s.{one.name}", finding.remedy or "syncd check")
        out(dumps(answer))
    else:
        print_findings(console(), found)
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
    with opened_runtime() as runtime:
        discovery = Discovery(target=target)
        accounts = discover(runtime, discovery)
        error = run_to_end(print_accounts(console(), accounts, discovery, output, only or STANDINGS))
    if error is not None:
        err(str(error))
        raise typer.Exit(1)


@app.command()
def status(job: Jobs = None, output: AsPlain = "text") -> None:
    """Per job: last cycle, next cycle, counts, held, failing, quarantine, steady since."""
    from syncd.status import status as status_verb  # noqa: PLC0415 - as late as possible

    rows = status_verb(settings(), job or ())
    if output == "json":
        from syncd.report.json import dumps  # noqa: PLC0415 - likewise

        out(dumps({"syncd": __version__, "exit_code": 0, "jobs": rows}))
    else:
        from syncd.report.steps import print_status  # noqa: PLC0415 - likewise

        print_status(console(), rows)


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

    with opened_runtime(silent=True) as runtime:
        found = (history.follow if follow else history.entries)(
            runtime, job or (), user=user, status=status, since=since
        )
        history.print_entries(console(), found, output)


@app.command()
def held(job: Jobs = None, output: AsPlain = "text") -> None:
    """The held changes, why, and the checksum to approve."""
    from syncd.approval import held as held_verb  # noqa: PLC0415 - as late as possible
    from syncd.report.json import dumps  # noqa: PLC0415 - likewise
    from syncd.report.steps import print_held  # noqa: PLC0415 - likewise

    with opened_runtime(silent=True) as runtime:
        rows = held_verb(runtime, job or ())
    code = 3 if any(row["changes"] for row in rows) else 0
    if output == "json":
        out(dumps({"syncd": __version__, "exit_code": code, "jobs": rows}))
    else:
        print_held(console(), rows)
    raise typer.Exit(code)
