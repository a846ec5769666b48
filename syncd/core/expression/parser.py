"""Text → syntax tree, with messages that say what was found, what was expected and where."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from syncd.core.expression import nodes
from syncd.core.expression.errors import ExpressionError
from syncd.core.expression.grammar import WORDS, BadConstant, parser

if TYPE_CHECKING:
    from lark import UnexpectedInput

#: Characters in an expression, as at Entra.
LENGTH_LIMIT = 10_000
#: Calls in one another. Entra names no limit; a list of a hundred nested IIFs is seen in the field.
DEPTH_LIMIT = 200

_ADVICE = {
    "'": 'texts stand in straight double quotes: "…"',
    "“": 'texts stand in straight double quotes: "…"',
    "”": 'texts stand in straight double quotes: "…"',
    "‘": 'texts stand in straight double quotes: "…"',
    "’": 'texts stand in straight double quotes: "…"',
    "+": "texts are joined with & or Join(…)",
    "!": "unequal is written <>, and Not(…) negates",
    "=": "equal is written with one =",
    "{": "attributes stand in brackets: [name]",
    ";": "arguments are separated with ,",
    "]": "an attribute name begins with [",
    '"': 'a quote inside a text is written \\"',
    "and": "there is no operator; write And(…, …)",
    "or": "there is no operator; write Or(…, …)",
    "not": "there is no operator; write Not(…)",
}


def parse(text: str) -> nodes.Node:
    """The syntax tree of one expression. Raises ExpressionError."""
    from lark import UnexpectedInput  # noqa: PLC0415 - importing lark is slow; see grammar.parser

    if len(text) > LENGTH_LIMIT:
        raise ExpressionError(
            f"the expression has {len(text):,} characters; the limit is {LENGTH_LIMIT:,}", LENGTH_LIMIT + 1
        )
    if not text.strip():
        raise ExpressionError('the expression is empty; expected a function, an [attribute] or a "text"', 1)
    try:
        root = cast("nodes.Node", parser().parse(text))  # lark's signature knows of no transformer
    except UnexpectedInput as fault:
        raise _explained(text, fault) from None
    except BadConstant as fault:
        raise ExpressionError(str(fault), fault.column) from None
    for node, depth in nodes.walk(root):
        if depth > DEPTH_LIMIT:
            raise ExpressionError(f"calls are nested more than {DEPTH_LIMIT} deep", node.column)
    return root


def _explained(text: str, fault: UnexpectedInput) -> ExpressionError:
    token = getattr(fault, "token", None)
    end = len(text.rstrip())
    at = end if token is not None and token.type == "$END" else fault.pos_in_stream or 0
    if at >= end:
        call = _open_call(fault)
        where = "" if call is None else f": the call of {call[0]} in column {call[1]} is not closed"
        return ExpressionError(f"found the end, expected {_expected(fault)}{where}", end + 1)
    first = text[at]
    if first == '"' and token is None:
        return ExpressionError('the text that begins here is not closed; expected "', at + 1)
    if first == "[" and token is None:
        return ExpressionError("the attribute name that begins here is not closed; expected ]", at + 1)
    word = first if token is None else str(token)
    found = word if first == '"' else f'"{word}"'
    advice = _ADVICE.get(word.lower()) or _ADVICE.get(first)
    message = f"found {found if len(found) <= 40 else found[:39] + '…'}, expected {_expected(fault)}"
    return ExpressionError(f"{message}; {advice}" if advice else message, at + 1)


def _expected(fault: UnexpectedInput) -> str:
    accepted = (
        getattr(fault, "accepts", None) or getattr(fault, "expected", None) or getattr(fault, "allowed", None) or ()
    )
    words = list(dict.fromkeys(word for terminal, word in WORDS.items() if terminal in accepted))
    return " or ".join([", ".join(words[:-1]), words[-1]]) if len(words) > 1 else "".join(words) or "the end"


def _open_call(fault: UnexpectedInput) -> tuple[str, int] | None:
    """Name and column of the innermost call that was still open when the text ended."""
    state = getattr(getattr(fault, "interactive_parser", None), "parser_state", None)
    stack = list(getattr(state, "value_stack", ()))
    for before, token in zip(reversed(stack[:-1]), reversed(stack[1:]), strict=True):
        if getattr(token, "type", None) == "OPEN" and getattr(before, "type", None) == "NAME":
            return str(before), (before.start_pos or 0) + 1
    return None
