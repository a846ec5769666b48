"""A fault as the caller meets it: one line on standard error, as JSON too where that was asked for, and an exit code."""

from __future__ import annotations

import sys
from itertools import pairwise
from typing import NoReturn

from syncd.cli.options import OPTIONS
from syncd.cli.session import err, out
from syncd.core.errors import SyncdError


def fail(code: int, message: str, *, where: str = "", remedy: str = "") -> NoReturn:
    if OPTIONS.as_json:
        from syncd.report.json import dumps, failure  # noqa: PLC0415 - only where it is needed

        out(dumps(failure(code, message, where, remedy)))
    err(message)
    sys.exit(code)


def fail_with(error: SyncdError) -> NoReturn:
    from syncd.config import ConfigError  # noqa: PLC0415 - only where it is needed

    if isinstance(error, ConfigError):
        fault = error.faults[0]
        fail(64, str(error), where=fault.where, remedy=fault.remedy)
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
    fail(64 if usage else 1, str(error), where=type(error).__name__, remedy=remedy)


def wants_json(arguments: list[str]) -> bool:
    """Whether the answer is to be JSON, also where the rest of the command line cannot be read."""
    pairs = pairwise([*arguments, ""])
    return any(
        (one in ("-o", "--output") and other == "json") or one in ("-ojson", "--output=json") for one, other in pairs
    )
