"""How two values compare: = <> > >= < <=, and when two are equal."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from syncd.core.expression.instants import read_instant
from syncd.core.expression.values import Value, number, single, text, utc


def order(left: Value, right: Value) -> int:
    """-1, 0 or 1. Null counts as the empty text, so that it equals "" and nothing else.

    A number and a text that reads as one compare numerically, as do two numbers; an instant and a text that reads as
    a date compare in time. All else compares as text, code point by code point, with regard to case. Raises Fault for
    a list of several values.
    """
    if type(left) is not str:
        left = _comparable(left)
    if type(right) is not str:
        right = _comparable(right)
    if isinstance(left, str) and isinstance(right, str):
        return (left > right) - (left < right)
    if isinstance(left, datetime) or isinstance(right, datetime):
        earlier, later = _instant(left), _instant(right)
        if earlier is not None and later is not None:
            return (earlier > later) - (earlier < later)
    else:
        first, second = number(left), number(right)
        if first is not None and second is not None:
            return (first > second) - (first < second)
    return order(text(left), text(right))


def _comparable(value: Value) -> Value:
    value = single(value)
    if value is None:
        return ""
    if isinstance(value, (int, float, datetime)) and not isinstance(value, bool):
        return value
    return text(value)


def _instant(value: Value) -> datetime | None:
    if isinstance(value, datetime):
        return utc(value)
    return read_instant(value) if isinstance(value, str) else None


def equal(left: Value, right: Value) -> bool:
    return order(left, right) == 0


OPERATORS: dict[str, Callable[[Value, Value], bool]] = {
    "=": equal,
    "<>": lambda left, right: order(left, right) != 0,
    ">": lambda left, right: order(left, right) > 0,
    ">=": lambda left, right: order(left, right) >= 0,
    "<": lambda left, right: order(left, right) < 0,
    "<=": lambda left, right: order(left, right) <= 0,
}
