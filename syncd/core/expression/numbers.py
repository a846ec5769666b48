"""Functions of numbers."""

from __future__ import annotations

from syncd.core.expression.functions import function
from syncd.core.expression.values import Value, integer, single


@function("BitAnd(value1, value2)")
def bit_and(value1: Value, value2: Value) -> Value:
    """BitAnd(value1, value2): the bits that are set in both numbers.

    Decimal or hexadecimal (`&HF7`), as numbers or as texts.

    Null: null for either gives null.
    Example: BitAnd(&HF, &HF7) → "7"
    Example: BitAnd([userAccountControl], 2) with {"userAccountControl": "514"} → "2"
    """
    first, second = single(value1), single(value2)
    if first is None or second is None:
        return None
    return integer(first, "value1") & integer(second, "value2")
