"""The expression tester: one expression over given attributes, or a batch of them, with the result as data.

A result is {"result": string | list of strings | null, "absent": bool, "error": null | {"message", "column"}}.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from syncd.core.expression import (
    IGNORE_ATTRIBUTE,
    EvaluationContext,
    ExpressionError,
    IgnoreObject,
    compile_expression,
    render,
)

Result = dict[str, Any]


def run(text: str, attributes: Mapping[str, Any], context: EvaluationContext | None = None) -> Result:
    """What `syncd eval` says of one expression over these attributes; never raises.

    `absent` is true where the attribute would take no part in the flow: the result is null, or a flow token says so.
    Values are rendered as they are before the target's type is looked at; a complex value is JSON text.
    """
    try:
        value = compile_expression(text).evaluate(attributes, context or EvaluationContext())
    except ExpressionError as fault:
        return _failed(fault.message, fault.column)
    except IgnoreObject:
        value = None
    found = None if value is IGNORE_ATTRIBUTE else render(value)
    return {"result": found, "absent": found is None, "error": None}


def run_batch(lines: Iterable[str], context: EvaluationContext | None = None) -> Iterator[Result]:
    """One result for each line {"expression", "attributes"}, in order; blank lines are passed over.

    A line that is no such object gives an error with the column in that line.
    """
    for line in lines:
        if line.strip():
            yield _row(line, context)


def _row(line: str, context: EvaluationContext | None) -> Result:
    try:
        row = json.loads(line)
    except json.JSONDecodeError as fault:
        return _failed(f"the line is no JSON: {fault.msg}", fault.colno)
    except (RecursionError, ValueError):
        return _failed("the line is no JSON that can be read", 1)
    text, attributes = (row.get("expression"), row.get("attributes") or {}) if isinstance(row, dict) else (None, None)
    if not isinstance(text, str) or not isinstance(attributes, dict):
        return _failed('a line is {"expression": "…", "attributes": {…}}', 1)
    return run(text, attributes, context)


def _failed(message: str, column: int) -> Result:
    return {"result": None, "absent": False, "error": {"message": message, "column": column}}
