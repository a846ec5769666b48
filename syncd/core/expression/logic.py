"""Functions that ask: about truth, null and kind."""

from __future__ import annotations

from collections.abc import Sequence

from syncd.core.expression.context import AttributeSource, EvaluationContext
from syncd.core.expression.errors import ExpressionError, Fault
from syncd.core.expression.functions import Argument, Evaluator, builder, function
from syncd.core.expression.values import Value, is_empty, is_null, listed, text, truth


@function("Not(source)")
def not_(source: Value) -> Value:
    """Not(source): false for true and for the text `True`; true for anything else.

    Null: null gives true.
    Example: Not([IsSoftDeleted]) with {"IsSoftDeleted": true} → "False"
    Example: Not([IsSoftDeleted]) → "True"
    """
    values = listed(source)
    return not (len(values) == 1 and (values[0] is True or values[0] == "True"))


@function("CBool(expression)")
def cbool(expression: Value) -> Value:
    """CBool(expression): true for true, the text `True`, and a number other than zero; false for anything else.

    Null: null gives false.
    Example: CBool([attribute1] = [attribute2]) with {"attribute1": "abc", "attribute2": "abc"} → "True"
    Example: CBool([logonCount]) with {"logonCount": 0} → "False"
    """
    return truth(expression)


@function("IsNull(expression)")
def is_null_(expression: Value) -> Value:
    """IsNull(expression): true if it is null; an absent attribute is, the empty text is not.

    Null: null gives true. A multi-valued attribute without values is null.
    Example: IsNull([displayName]) → "True"
    Example: IsNull("") → "False"
    """
    return is_null(expression)


@function("IsNullOrEmpty(expression)")
def is_null_or_empty(expression: Value) -> Value:
    """IsNullOrEmpty(expression): true if it is null or the empty text.

    Null: null gives true.
    Example: IsNullOrEmpty([displayName]) with {"displayName": ""} → "True"
    """
    return is_empty(expression)


@function("IsPresent(expression)")
def is_present(expression: Value) -> Value:
    """IsPresent(expression): true if it is neither null nor the empty text, the inverse of `IsNullOrEmpty`.

    Null: null gives false.
    Example: Switch(IsPresent([directManager]), [directManager], IsPresent([director]), [director]) with {"directManager": "Ann"} → "Ann"
    Example: IsPresent([displayName]) → "False"
    """
    return not is_empty(expression)


@builder("IsString(expression)")
def is_string(name: str, arguments: Sequence[Argument], column: int) -> Evaluator:
    """IsString(expression): true if `CStr` of the expression would give a text.

    So it is false for a list of several values, and for an expression that fails.

    Null: null gives false.
    Example: IsString([employeeId]) with {"employeeId": 17} → "True"
    Example: IsString([proxyAddresses]) with {"proxyAddresses": ["a", "b"]} → "False"
    """
    evaluate = arguments[0].evaluate

    def is_text(source: AttributeSource, context: EvaluationContext) -> Value:
        try:
            return text(evaluate(source, context)) is not None
        except (Fault, ExpressionError):
            return False

    return is_text
