"""The report for machines: one JSON object, as docs/reference describes it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import orjson

from syncd import __version__
from syncd.core.model import Json

if TYPE_CHECKING:  # small answers need neither the state DB nor what a report needs
    from state.store import Store
    from syncd.report.result import JobResult

#: when several apply, the first of these wins
PRECEDENCE = (64, 1, 3, 4, 2, 0)


def overall(codes: Iterable[int]) -> int:
    """The exit code of a command whose parts ended with these."""
    seen = set(codes)
    return next((code for code in PRECEDENCE if code in seen), 0)


def report(results: list[JobResult], store: Store, *, dry: bool) -> dict[str, Json]:
    """The contract's object for a whole run; where a job could not do its work, with the first such error."""
    code = overall(result.exit_code for result in results)
    broken = [(result.job, str(result.error)) for result in results if result.error is not None]
    return {
        "syncd": __version__,
        "dry_run": dry,
        "exit_code": code,
        "jobs": [result.data(store) for result in results],
        **({"error": error(broken[0][1], f"jobs.{broken[0][0]}")} if code == 1 and broken else {}),
    }


def error(message: str, where: str, remedy: str | None = None) -> dict[str, str]:
    """What a command says that could not do its work. Without a remedy: the message's last sentence, which is one."""
    return {"message": message, "where": where, "remedy": remedy or message.rstrip().rpartition(". ")[2]}


def failure(exit_code: int, message: str, where: str, remedy: str) -> dict[str, Json]:
    """What stdout holds when a command could not even begin."""
    return {"syncd": __version__, "exit_code": exit_code, "error": error(message, where, remedy)}


def dumps(value: Json) -> str:
    """Indented JSON text with a final line break."""
    return orjson.dumps(value, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE).decode()
