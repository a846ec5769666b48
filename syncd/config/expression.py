"""An expression in config.toml: compiled when the file is read, so that a fault is told with its column."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from pydantic import PlainValidator, WithJsonSchema

from syncd.config.faults import CORRECT, kind_of, shown
from syncd.config.section import Wrong
from syncd.core.model import Json

if TYPE_CHECKING:
    from syncd.core.expression import Expression


def compiled(text: Json) -> Expression | None:
    """An expression as the file has it; None where it is no text or cannot be read, which is a fault told elsewhere."""
    from syncd.core.expression import ExpressionError, compile_expression  # noqa: PLC0415 - only where there is one

    try:
        return compile_expression(text) if isinstance(text, str) else None
    except ExpressionError:
        return None


def _compiles(value: Any) -> str:
    if not isinstance(value, str):
        raise Wrong(kind_of(value), "write an expression such as ToLower([mail])").error()
    from syncd.core.expression import ExpressionError, compile_expression  # noqa: PLC0415 - only where there is one

    try:
        compile_expression(value)
    except ExpressionError as error:
        remedy = f"Correct it (try it with: syncd eval), then run: {CORRECT.partition('run: ')[2]}"
        raise Wrong(shown(" ".join(value.split())), f"column {error.column}: {error.message}", remedy).error() from None
    return value


ExpressionText = Annotated[str, PlainValidator(_compiles), WithJsonSchema({"type": "string", "maxLength": 10_000})]
