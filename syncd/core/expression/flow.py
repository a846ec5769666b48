"""Functions that decide whether, and how openly, a value flows. The flow tokens themselves are bare words."""

from __future__ import annotations

from collections.abc import Sequence

from syncd.core.expression.context import AttributeSource, EvaluationContext
from syncd.core.expression.errors import ExpressionError, Fault, IgnoreAttribute
from syncd.core.expression.functions import Argument, Evaluator, builder, failed, function
from syncd.core.expression.values import Value, is_empty, text


@function("IgnoreFlowIfNullOrEmpty(expression)")
def ignore_flow_if_null_or_empty(expression: Value) -> Value:
    """IgnoreFlowIfNullOrEmpty(expression): the value, or nothing at all: then the attribute is neither set nor cleared.

    Null: null and the empty text leave the attribute out of this flow, wherever in the expression this stands.
    Example: IgnoreFlowIfNullOrEmpty([department]) → absent
    Example: IgnoreFlowIfNullOrEmpty(Switch([prefix], "", "3443", "Dr.", "3444", "Prof.")) with {"prefix": "3443"} → "Dr."
    """
    if is_empty(expression):
        raise IgnoreAttribute
    return expression


@builder("Error(message)", foldable=False)
def error(name: str, arguments: Sequence[Argument], column: int) -> Evaluator:
    """Error(message): fails the object with this message.

    Stands in a branch of `IIF` or `Switch` that must not be reached.

    Null: a null message fails as well, without words.
    Example: Error("AccountName is required") → error AccountName is required
    """
    evaluate = arguments[0].evaluate

    def fail(source: AttributeSource, context: EvaluationContext) -> Value:
        value = evaluate(source, context)
        try:
            message = text(value)
        except Fault as fault:
            raise failed(name, fault, column) from None
        raise ExpressionError((message or "Error() was reached")[:1000], column)

    return fail


@function("Redact(value)")
def redact(value: Value) -> Value:
    """Redact(value): the value unchanged, but no log, report or database row shows it.

    An expression with a `Redact` anywhere is redacted as a whole.

    Null: null gives null.
    Example: Redact([userPrincipalName]) with {"userPrincipalName": "jane@contoso.com"} → "jane@contoso.com"
    """
    return value
