"""An expression as it may be shown: without the constants that it redacts."""

from __future__ import annotations

from dataclasses import replace

from syncd.core.expression import nodes
from syncd.core.expression.parser import parse

REDACTED = "[Redact]"


def shown_expression(text: str) -> str:
    """The expression with the text constants inside each Redact(…) replaced. Raises ExpressionError."""
    return text if "Redact" not in text else str(_hidden(parse(text), inside=False))


def _hidden(node: nodes.Node, *, inside: bool) -> nodes.Node:
    match node:
        case nodes.Text() | nodes.Number() if inside:
            return nodes.Text(value=REDACTED, column=node.column)
        case nodes.Call():
            deeper = inside or node.name == "Redact"
            return replace(node, arguments=tuple(_hidden(each, inside=deeper) for each in node.arguments))
        case nodes.Comparison():
            return replace(node, left=_hidden(node.left, inside=inside), right=_hidden(node.right, inside=inside))
        case nodes.Concatenation():
            return replace(node, parts=tuple(_hidden(each, inside=inside) for each in node.parts))
        case _:
            return node
