"""`syncd eval`: one expression, or a file of them, over given attributes."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from syncd.core.errors import SyncdError
from syncd.core.expression.tester import run, run_batch


@dataclass(kw_only=True, eq=False)
class NoAttributes(SyncdError):
    """{given}: {detail}. Give attributes as JSON: syncd eval '[mail]' --with '{{"mail": "jane@contoso.com"}}'"""

    given: str
    detail: str


def one(expression: str, given: str | None, output: str) -> int:
    """Print the result of one expression. Returns the exit code: 0, or 4 if it failed. Raises NoAttributes."""
    result = run(expression, _attributes(given))
    if output == "json":
        _line(result)
    elif result["error"]:
        sys.stderr.write(f"syncd: column {result['error']['column']}: {result['error']['message']}\n")
    elif result["absent"]:
        sys.stdout.write("(absent)\n")
    else:
        values = result["result"] if isinstance(result["result"], list) else [result["result"]]
        sys.stdout.writelines(f"{value}\n" for value in values)
    return 4 if result["error"] else 0


def several(batch: Path) -> int:
    """One result a line for one {"expression", "attributes"} a line. Returns 4 if any failed. Raises NoAttributes."""
    failed = False
    try:
        with sys.stdin if str(batch) == "-" else batch.open(encoding="utf-8") as lines:
            for result in run_batch(lines):
                failed |= result["error"] is not None
                _line(result)
    except OSError as error:
        raise NoAttributes(given=str(batch), detail=f"the file cannot be read ({error.strerror})") from None
    except UnicodeDecodeError:
        raise NoAttributes(given=str(batch), detail="the file is no UTF-8 text") from None
    return 4 if failed else 0


def _attributes(given: str | None) -> dict[str, Any]:
    if given is None:
        return {}
    text: str | bytes = given
    if not given.lstrip().startswith("{"):
        try:
            text = Path(given).read_bytes()
        except OSError as error:
            raise NoAttributes(given=given, detail=f"no JSON object, and no readable file ({error.strerror})") from None
    try:
        found = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise NoAttributes(given=given[:60], detail=f"no JSON ({error.msg})") from None
    if not isinstance(found, dict):
        raise NoAttributes(given=given[:60], detail="no JSON object")
    return found


def _line(result: Any) -> None:
    sys.stdout.write(orjson.dumps(result).decode() + "\n")
