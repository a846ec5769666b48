"""Syntax tree → closure. Names, numbers of arguments and bare words are checked here, before any object is seen."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

from syncd.core.expression import nodes
from syncd.core.expression.comparison import OPERATORS
from syncd.core.expression.context import AttributeSource, EvaluationContext
from syncd.core.expression.errors import ExpressionError, Fault, IgnoreAttribute, IgnoreObject
from syncd.core.expression.functions import REGISTRY, Argument, Evaluator, Function, failed
from syncd.core.expression.values import Value, bounded, is_null, text

FLOW_TOKENS = frozenset({"IgnoreAttributeFlow", "IgnoreObjectFlow"})


def argument(node: nodes.Node) -> Argument:
    """One node, compiled; what is constant is evaluated here and now. Raises ExpressionError."""
    match node:
        case nodes.Text(value=value) | nodes.Number(value=value):
            return _constant(node, value)
        case nodes.Empty():
            return _constant(node, None)
        case nodes.Attribute(name=name):
            return Argument(node=node, evaluate=lambda source, context: source.get(name))
        case nodes.Keyword(name=name):
            return _keyword(node, name)
        case nodes.Concatenation():
            parts = [argument(part) for part in node.parts]
            return _fold(node, parts, _concatenation(node, parts))
        case nodes.Comparison():
            sides = [argument(node.left), argument(node.right)]
            return _fold(node, sides, _comparison(node, sides))
        case nodes.Call():
            return _call(node)


def _constant(node: nodes.Node, value: Value) -> Argument:
    return Argument(node=node, evaluate=lambda source, context: value, constant=True, value=value)


_NOTHING: dict[str, Value] = {}
_FOLDING = EvaluationContext()


def _fold(node: nodes.Node, arguments: Iterable[Argument], evaluate: Evaluator) -> Argument:
    if all(each.constant for each in arguments):
        try:
            return _constant(node, evaluate(_NOTHING, _FOLDING))
        except (ExpressionError, IgnoreAttribute, IgnoreObject):
            pass  # it may stand in a branch that is never taken: its error belongs to the evaluation
    return Argument(node=node, evaluate=evaluate)


def _keyword(node: nodes.Node, name: str) -> Argument:
    if name == "IgnoreAttributeFlow":

        def ignore_attribute(source: AttributeSource, context: EvaluationContext) -> Value:
            raise IgnoreAttribute

        return Argument(node=node, evaluate=ignore_attribute)
    if name == "IgnoreObjectFlow":

        def ignore_object(source: AttributeSource, context: EvaluationContext) -> Value:
            raise IgnoreObject

        return Argument(node=node, evaluate=ignore_object)
    if name in REGISTRY:
        raise ExpressionError(f"{name} is a function; write {REGISTRY[name].signature}", node.column)
    if (right := _spelling(name, [*REGISTRY, *FLOW_TOKENS])) is not None:
        raise ExpressionError(f"{name} means nothing here; names are case-sensitive: write {right}", node.column)
    raise ExpressionError(
        f'{name} means nothing here; write [{name}] for an attribute or "{name}" for a text', node.column
    )


def _spelling(name: str, known: Iterable[str]) -> str | None:
    return next((each for each in known if each.lower() == name.lower()), None)


def _call(node: nodes.Call) -> Argument:
    found = REGISTRY.get(node.name)
    if found is None:
        if (right := _spelling(node.name, REGISTRY)) is not None:
            raise ExpressionError(f"{node.name} is written {right}; function names are case-sensitive", node.column)
        near = difflib.get_close_matches(node.name.lower(), [name.lower() for name in REGISTRY], 1, 0.5)
        hint = f"; the nearest one is {_spelling(near[0], REGISTRY)}" if near else ""
        raise ExpressionError(f"there is no function {node.name}{hint}", node.column)
    _check_number(found, node)
    arguments = []
    for index, child in enumerate(node.arguments):
        keywords = found.parameter(index).keywords
        if isinstance(child, nodes.Keyword) and keywords:
            arguments.append(_word(child, keywords, found, index))
        else:
            arguments.append(argument(child))
    try:
        evaluate = found.build(node.name, arguments, node.column)
    except Fault as fault:
        raise failed(node.name, fault, node.column) from None
    return (
        _fold(node, arguments, evaluate)
        if found.foldable and not found.needs
        else Argument(node=node, evaluate=evaluate)
    )


def _word(node: nodes.Keyword, keywords: frozenset[str], found: Function, index: int) -> Argument:
    if node.name in keywords:
        return _constant(node, node.name)
    name = found.parameter(index).name
    raise ExpressionError(f"{found.name}: {name} is {' or '.join(sorted(keywords))}, not {node.name}", node.column)


def _check_number(found: Function, node: nodes.Call) -> None:
    given, least, most = len(node.arguments), found.least, found.most
    if given >= least and (most is None or given <= most):
        return
    number = f"at least {least}" if most is None else f"{least}" if most == least else f"{least} to {most}"
    plural = "argument" if number == "1" else "arguments"
    raise ExpressionError(f"{found.name} takes {number} {plural} and has {given}: {found.signature}", node.column)


def _comparison(node: nodes.Comparison, arguments: list[Argument]) -> Evaluator:
    compare, column, sign = OPERATORS[node.operator], node.column, node.operator
    left, right = arguments[0].evaluate, arguments[1].evaluate
    constant = arguments[1].value if sign == "=" and arguments[1].constant else None

    def against_text(source: AttributeSource, context: EvaluationContext) -> Value:
        value = left(source, context)
        if type(value) is str:
            return value == constant
        try:
            return compare(value, constant)
        except Fault as fault:
            raise failed(sign, fault, column) from None

    def against(source: AttributeSource, context: EvaluationContext) -> Value:
        first, second = left(source, context), right(source, context)
        try:
            return compare(first, second)
        except Fault as fault:
            raise failed(sign, fault, column) from None

    return against_text if type(constant) is str else against


def _concatenation(node: nodes.Concatenation, arguments: list[Argument]) -> Evaluator:
    evaluators, column = tuple(each.evaluate for each in arguments), node.column

    def concatenation(source: AttributeSource, context: EvaluationContext) -> Value:
        values = [evaluate(source, context) for evaluate in evaluators]
        try:
            if all(map(is_null, values)):
                return None
            parts = [text(value) or "" for value in values]
            bounded(sum(map(len, parts)))
        except Fault as fault:
            raise failed("&", fault, column) from None
        return "".join(parts)

    return concatenation
