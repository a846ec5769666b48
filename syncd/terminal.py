"""The person before the terminal, for `syncd init`."""

from __future__ import annotations

from collections.abc import Coroutine
from pathlib import Path
from typing import Any, TypeVar

import typer
from rich.console import Console

from syncd.check import check
from syncd.config import load
from syncd.report.bars import bars
from syncd.report.findings import print_findings
from syncd.runtime import Runtime

Result = TypeVar("Result")


class Terminal:
    """Asks and shows on standard output; typer.Abort where the person leaves."""

    def __init__(self, console: Console) -> None:
        self._console = console

    def say(self, text: str = "") -> None:
        self._console.print(text, soft_wrap=True)

    def ask(self, question: str, *, default: str | None = None, hidden: bool = False) -> str:
        while not (said := str(typer.prompt(question, default=default, hide_input=hidden, show_default=not hidden))):
            pass
        return said

    def confirm(self, question: str, *, default: bool) -> bool:
        return typer.confirm(question, default=default)

    def check(self, config: Path) -> bool:
        runtime = Runtime.open(load(config))
        try:
            with bars() as runtime.progress:
                found = _run(check(runtime))
        finally:
            runtime.close()
        return print_findings(self._console, found)


def _run(work: Coroutine[Any, Any, Result]) -> Result:
    import uvloop  # noqa: PLC0415 - as late as possible

    return uvloop.run(work)
