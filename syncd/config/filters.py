"""Scoping filters of users or groups: lists of clauses."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Annotated, Any

from pydantic import AfterValidator, Field, PlainValidator, WithJsonSchema

from syncd.config.expression import ExpressionText, compiled
from syncd.config.faults import ADD, kind_of, nearest_of, shown
from syncd.config.identifier import Text
from syncd.config.late import Late
from syncd.config.pattern import pattern_fault
from syncd.config.section import Section, Wrong
from syncd.core.model import Json
from syncd.core.operators import OPERATORS, moment, operator_name, relative

Scalar = str | int | float | bool

_UNCLEAR = "Microsoft says no longer what it compares; use Includes or REGEX MATCH"
#: Words that people try, and what does the same here.
_INSTEAD = {
    "&": _UNCLEAR,
    "!&": _UNCLEAR,
    "CONTAINS": "write Includes",
    "ISMEMBEROF": "assign the group to the application instead",
    "STARTSWITH": "write STARTS_WITH",
    "ENDSWITH": "write ENDS_WITH",
}


def _operator(value: Any) -> str:
    if not isinstance(value, str):
        raise Wrong(kind_of(value), "write an operator such as EQUALS").error()
    operator = operator_name(value)
    if operator is None:
        instead = _INSTEAD.get(value.strip().upper().replace("_", " "))
        right = instead or nearest_of(value, list(OPERATORS), "operator")
        raise Wrong(f"unknown operator {shown(value)}" if not instead else f"operator {shown(value)}", right).error()
    return operator


def _value(value: Any) -> Scalar | tuple[Scalar, ...]:
    return tuple(_scalar(one) for one in value) if isinstance(value, list | tuple) else _scalar(value)


def _scalar(value: Any) -> Scalar:
    if not isinstance(value, str | int | float):
        raise Wrong(kind_of(value), "write text, a number, true or false").error()
    if isinstance(value, float) and value - value != 0:
        raise Wrong(shown(value), "write a finite number").error()
    return value


def _number(value: Json) -> bool:
    if isinstance(value, str):
        return value.strip().removeprefix("-").isdecimal()
    return isinstance(value, int | float) and not isinstance(value, bool)


class Clause(Section):
    """One condition: on one attribute, or an expression in its place. A condition on an attribute is false where that
    has no value, except for IS NULL."""

    attribute: Text | None = Field(default=None, description="The source attribute; names are case-sensitive")
    operator: (
        Annotated[
            str,
            PlainValidator(_operator),
            WithJsonSchema({"type": "string", "examples": list(OPERATORS)}),
        ]
        | None
    ) = Field(
        default=None,
        description="EQUALS, NOT EQUALS, IS TRUE, IS FALSE, IS NULL, IS NOT NULL, REGEX MATCH, NOT REGEX MATCH, "
        "Greater_Than, Greater_Than_OR_EQUALS, Includes or ENDS_WITH as at Entra, and Less_Than, "
        "Less_Than_OR_EQUALS, BEFORE, AFTER, IN, NOT IN or STARTS_WITH; in any letter case",
    )
    value: (
        Annotated[
            Scalar | tuple[Scalar, ...],
            PlainValidator(_value),
            WithJsonSchema({"type": ["string", "number", "boolean", "array"]}),
        ]
        | None
    ) = Field(
        default=None,
        description="What to compare with: text, a number or a Boolean; a list for IN and NOT IN; for BEFORE and AFTER "
        "a date in ISO 8601, or now, -30d, +12h and the like; none for the operators that begin with IS. "
        "A REGEX MATCH matches the whole value",
    )
    expression: ExpressionText | None = Field(
        default=None,
        description="In place of attribute, operator and value: an expression in Entra's language that gives true for "
        "who is in scope; anything else is no. One that fails on somebody leaves them as they are",
    )

    @classmethod
    def relations(cls, raw: Mapping[str, Json]) -> Iterable[Wrong]:
        if "expression" in raw:
            yield from _of_expression(raw)
            return
        for key in ("attribute", "operator"):
            if key not in raw:
                yield Wrong("missing", "a clause has an attribute and an operator, or an expression", ADD, key=key)
        word = raw.get("operator")
        operator = operator_name(word) if isinstance(word, str) else None
        if operator is None:
            return
        how = OPERATORS[operator]
        value = raw.get("value")
        if not how.takes_value:
            if "value" in raw:
                yield Wrong(f"a value for {operator}", f"{operator} takes none", key="value")
        elif value is None:
            yield Wrong("missing", f"{operator} needs a value", key="value")
        elif value == "":
            right = f"{operator} needs a value; for attributes without one write IS NULL or IS NOT NULL"
            yield Wrong("empty text", right, key="value")
        elif how.several != isinstance(value, list | tuple) or value in ([], ()):
            form = 'a list of values such as ["Sales", "Support"]' if how.several else "a single value"
            yield Wrong(shown(value), f"{operator} needs {form}", key="value")
        elif how.dated and moment(value) is None and relative(value) is None:
            right = f"{operator} needs a date or a time such as 2026-01-31, or one relative to now such as -30d"
            yield Wrong(shown(value), right, key="value")
        elif how.numeric and not _number(value):
            found = shown(value)
            yield Wrong(found, f"{operator} compares whole numbers", key="value")
        elif how.pattern and not isinstance(value, str):
            yield Wrong(shown(value), f"{operator} needs a regular expression as text", key="value")
        elif how.pattern and (wrong := pattern_fault(value, key="value")):
            yield wrong


def _of_expression(raw: Mapping[str, Json]) -> Iterable[Wrong]:
    for key in ("attribute", "operator", "value"):
        if key in raw:
            yield Wrong(f"{key} beside expression", "an expression takes the place of all three; remove one", key=key)
    expression = compiled(raw["expression"])
    if expression is not None and (expression.uses_chance or expression.selects_unique):
        right = "scope must not hang on chance; leave out Guid, RandomString and SelectUniqueValue"
        yield Wrong("an expression that gives another value each time", right, key="expression")


def _not_empty(clauses: tuple[Clause, ...]) -> tuple[Clause, ...]:
    # AND over nothing is everybody, which nobody means by an empty list.
    if not clauses:
        raise Wrong("a filter without clauses", "it would let everybody in; give it a clause or remove it").error()
    return clauses


#: The clauses of one filter are joined with AND, the filters with OR.
Filters = tuple[Annotated[tuple[Annotated[Clause, Late()], ...], AfterValidator(_not_empty)], ...]
