"""Verbs that tell a job what to do next: `approve`, `retry`, `pause`, `resume`, `restart`."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

import typer

from syncd.cli.session import opened_runtime

app = typer.Typer()


@app.command()
def approve(
    job: Annotated[str, typer.Argument(help="The job.")],
    checksum: Annotated[str, typer.Argument(help="Checksum of the plan that you looked at; eight digits will do.")],
    lasting: Annotated[str, typer.Option("--for", help="How long the approval lasts: 24h, 2d.")] = "24h",
) -> None:
    """Let exactly the held changes of this plan go, in the next cycle."""
    from syncd.approval import approve as approve_verb  # noqa: PLC0415 - as late as possible

    with opened_runtime() as runtime:
        freed = approve_verb(runtime, job, checksum, lasting=_duration(lasting))
    typer.echo(f"{freed} held changes of {job} may go in the next cycle. To run it now: syncd sync --job {job}")


@app.command()
def retry(
    job: Annotated[str, typer.Argument(help="The job.")],
    name: Annotated[str | None, typer.Argument(help="Only this object.")] = None,
) -> None:
    """Failing objects are due now."""
    from syncd.control import retry as retry_verb  # noqa: PLC0415 - as late as possible

    with opened_runtime() as runtime:
        count = retry_verb(runtime, job, name)
    typer.echo(f"{count} failing objects of {job} are due now. To try at once: syncd sync --job {job}")


@app.command()
def pause(job: Annotated[str, typer.Argument(help="The job.")]) -> None:
    """Stop a job; its state is kept."""
    from syncd.control import pause as pause_verb  # noqa: PLC0415 - as late as possible

    with opened_runtime() as runtime:
        pause_verb(runtime, job)
    typer.echo(f"{job} is paused. To go on: syncd resume {job}")


@app.command()
def resume(job: Annotated[str, typer.Argument(help="The job.")]) -> None:
    """Let a paused job go on."""
    from syncd.control import resume as resume_verb  # noqa: PLC0415 - as late as possible

    with opened_runtime() as runtime:
        resume_verb(runtime, job)
    typer.echo(f"{job} goes on with its next cycle. To run it now: syncd sync --job {job}")


@app.command()
def restart(
    job: Annotated[str, typer.Argument(help="The job.")],
    links: Annotated[bool, typer.Option("--links", help="Forget the links too, and match everything afresh.")] = False,
) -> None:
    """Start a job from a full cycle."""
    from syncd.control import restart as restart_verb  # noqa: PLC0415 - as late as possible

    with opened_runtime() as runtime:
        forgotten = restart_verb(runtime, job, links=links)
    tail = f", and {forgotten} links are forgotten" if links else ""
    typer.echo(f"The next cycle of {job} is a full one{tail}. To look first: syncd --dry-run --job {job}")


def _duration(text: str) -> timedelta:
    from syncd.config.duration import parse_duration  # noqa: PLC0415 - as late as possible

    found = parse_duration(text)
    if not found:
        raise typer.BadParameter(f"{text!r} is no duration; write 30m, 24h or 7d")
    return found
