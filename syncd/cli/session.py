"""What all verbs share: the settings, the open runtime, logs, and ways to say something."""

from __future__ import annotations

import sys
from collections.abc import Coroutine
from typing import TYPE_CHECKING, Any, TypeVar

import typer

from syncd.cli.garbage import look_as_usual
from syncd.cli.options import OPTIONS

if TYPE_CHECKING:
    from rich.console import Console

    from syncd.config import Settings
    from syncd.runtime import Runtime

Result = TypeVar("Result")


def settings() -> Settings:
    from syncd.config import find_path, load  # noqa: PLC0415 - as late as possible

    return load(find_path(OPTIONS.config))


def logs(level: str) -> None:
    from syncd.observe.logs import set_up_logs  # noqa: PLC0415 - as late as possible

    set_up_logs("debug" if OPTIONS.verbose else level, OPTIONS.log_format, color=OPTIONS.color)


def daemon_logs(said: Settings) -> None:
    """The daemon shows what is configured, on a terminal too."""
    logs(said.log.level)


class opened_runtime:  # noqa: N801 - used like a function
    """The runtime for one command: configuration read, logs set up, state DB open, and closed at the end.

    `silent`: the command looks at the state DB alone, where nothing is logged, and need not load what logs take.
    """

    def __init__(self, *, silent: bool = False) -> None:
        self._silent = silent

    def __enter__(self) -> Runtime:
        said = settings()
        if not self._silent:
            # A one-shot command on a terminal shows its report, not its log; the daemon shows what is configured.
            quiet = OPTIONS.log_format == "auto" and sys.stderr.isatty() and said.log.level == "info"
            logs("warning" if quiet and "run" not in sys.argv[1:] else said.log.level)
        from syncd.runtime import Runtime  # noqa: PLC0415 - as late as possible

        self._open = Runtime.open(said)
        look_as_usual()
        return self._open

    def __exit__(self, *_: object) -> None:
        self._open.close()


def run_to_end(work: Coroutine[Any, Any, Result]) -> Result:
    import uvloop  # noqa: PLC0415 - as late as possible

    return uvloop.run(work)


def console() -> Console:
    from rich.console import Console  # noqa: PLC0415 - as late as possible

    return Console(no_color=OPTIONS.color is False, highlight=False, markup=False, emoji=False)


def out(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()


def err(text: str) -> None:
    from syncd.observe.journal import under_journal  # noqa: PLC0415 - as late as possible

    # The journal reads the priority, 3 for an error, from the line's beginning: sd-daemon(3).
    typer.echo(f"{'<3>' if under_journal() else ''}syncd: {text}", err=True)
