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
    """The contract's object for a whole run."""
    return {
        "syncd": __version__,
        "dry_run": dry,
        "exit_code": overall(result.exit_code for result in results),
        "jobs": [result.data(store) for result in results],
    }


def failure(exit_code: int, message: str, where: str, remedy: str) -> dict[str, Json]:
    """What stdout holds when a command could not do its work."""
    return {
        "syncd": __version__,
        "exit_code": exit_code,
        "error": {"message": message, "where": where, "remedy": remedy},
    }


def dumps(value: Json) -> str:
    """Indented JSON text with a final line break."""
    return orjson.dumps(value, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE).decode()
