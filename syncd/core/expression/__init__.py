"""The expression language of Entra's attribute mappings: parsed once, evaluated per object.

    expression = compile_expression('Join(" ", [givenName], [surname])')     ExpressionError with the column
    expression.evaluate({"givenName": "Jane", "surname": "Doe"}, EvaluationContext())     "Jane Doe"

Source: Microsoft Entra documentation, "Reference for writing expressions for attribute mappings". Where it is silent
or contradicts itself, the function's docstring says what syncd does; docs/expressions.md is made from these.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache

from syncd.core.expression import (  # each family registers its functions
    branches,
    casing,
    dates,
    diacritics,
    encodings,
    flow,
    generated,
    lists,
    logic,
    nodes,
    numbers,
    references,
    replace,
    roles,
    text,
)
from syncd.core.expression.compiler import argument
from syncd.core.expression.context import AttributeSource, EvaluationContext
from syncd.core.expression.errors import IGNORE_ATTRIBUTE, ExpressionError, IgnoreAttribute, Ignored, IgnoreObject
from syncd.core.expression.functions import REGISTRY, Evaluator, Function
from syncd.core.expression.parser import parse
from syncd.core.expression.values import Value, render

__all__ = [
    "IGNORE_ATTRIBUTE",
    "AttributeSource",
    "EvaluationContext",
    "Expression",
    "ExpressionError",
    "Function",
    "IgnoreObject",
    "Ignored",
    "Value",
    "compile_expression",
    "functions",
    "render",
]

FAMILIES = (
    branches,
    logic,
    flow,
    text,
    casing,
    diacritics,
    replace,
    lists,
    numbers,
    dates,
    encodings,
    references,
    roles,
    generated,
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Expression:
    """One compiled expression: immutable, free of any object, safe to share between tasks and threads."""

    text: str  #: as it was written
    attributes: frozenset[str]  #: names in brackets; what the source must give
    redacts: bool  #: a Redact(…) is in it: no log, report or database row may show its result
    uses_clock: bool  #: Now() is in it: the result may change although the object does not
    uses_chance: bool  #: Guid() or RandomString(…) is in it: the result changes with each evaluation
    selects_unique: bool  #: SelectUniqueValue(…) is its top: for matching attributes and updates it's not meant
    run: Evaluator = field(repr=False, compare=False)

    def evaluate(self, source: AttributeSource, context: EvaluationContext) -> Value | Ignored:
        """The value for one object, or IGNORE_ATTRIBUTE where the attribute is to be neither set nor cleared.

        None means absent, as does a list without values. `render` turns the value into text. Raises ExpressionError, with the column of the call that
        failed, and IgnoreObject where the whole object is to be skipped.
        """
        try:
            value = self.run(source, context)
        except IgnoreAttribute:
            return IGNORE_ATTRIBUTE
        except ExpressionError as fault:
            if self.redacts:  # messages quote values
                raise ExpressionError("the evaluation failed; what it says is redacted", fault.column) from None
            raise
        return None if value == [] else value


@lru_cache(maxsize=512)
def compile_expression(text: str) -> Expression:
    """The expression, ready to evaluate. Raises ExpressionError with message and 1-based column.

    Everything that can be known without an object is checked: syntax, names and their case, numbers of arguments,
    constant patterns; at most 10,000 characters and 200 calls in one another.
    """
    root = parse(text)
    found = [node for node, _ in nodes.walk(root)]
    calls = {node.name for node in found if isinstance(node, nodes.Call)}
    for node in found:
        if isinstance(node, nodes.Call) and node.name == "SelectUniqueValue" and node is not root:
            raise ExpressionError("SelectUniqueValue stands at the top of the expression only", node.column)
    needs = {need for name in calls if name in REGISTRY for need in REGISTRY[name].needs}
    return Expression(
        text=text,
        attributes=frozenset(node.name for node in found if isinstance(node, nodes.Attribute)),
        redacts="Redact" in calls,
        uses_clock="clock" in needs,
        uses_chance="chance" in needs,
        selects_unique="SelectUniqueValue" in calls,
        run=argument(root).evaluate,
    )


def functions() -> tuple[Function, ...]:
    """Every function of the language by name, with its reference page."""
    return tuple(sorted(REGISTRY.values(), key=lambda each: each.name.lower()))
