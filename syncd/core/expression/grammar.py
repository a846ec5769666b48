"""The grammar of expressions, and the parser that lark makes of it.

Microsoft publishes no grammar; this one covers its reference and what is found in the field: empty arguments, numbers
bare and hexadecimal, bare words, comparisons, concatenation with & and white space anywhere between tokens.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from syncd.core.expression import nodes
from syncd.core.expression.errors import Fault

if TYPE_CHECKING:
    from lark import Lark, Token

GRAMMAR = r"""
?start: comparison

?comparison: concatenation
           | concatenation COMPARE concatenation  -> compared

?concatenation: value
              | value (AMPERSAND value)+  -> concatenated

?value: call
      | ATTRIBUTE  -> attribute
      | TEXT       -> text
      | HEX        -> hexadecimal
      | NUMBER     -> number
      | NAME       -> keyword

call: NAME OPEN arguments CLOSE
arguments: argument (COMMA argument)*
?argument: comparison
         | -> empty

NAME: /[A-Za-z_][A-Za-z0-9_]*/
ATTRIBUTE: /\[[^\[\]"(),=<>&]*(?:\[[^\[\]]*\][^\[\]"(),=<>&]*)?\]/
TEXT: /"(?:[^"\\]|\\[\s\S])*"/
HEX: /&[Hh][0-9A-Fa-f]+/
NUMBER: /-?[0-9]+(?:\.[0-9]+)?/
COMPARE: "=" | "<>" | ">=" | ">" | "<=" | "<"
AMPERSAND: "&"
OPEN: "("
CLOSE: ")"
COMMA: ","
BLANK: /[\s\ufeff\u200b]+/
%ignore BLANK
"""

#: How the terminals are called in messages.
WORDS = {
    "NAME": "a function",
    "ATTRIBUTE": "an [attribute]",
    "TEXT": 'a "text"',
    "NUMBER": "a number",
    "HEX": "a number",
    "COMPARE": "a comparison",
    "AMPERSAND": "&",
    "OPEN": "(",
    "CLOSE": ")",
    "COMMA": ",",
    "$END": "the end",
}


def column(token: Token) -> int:
    return (token.start_pos or 0) + 1


class BadConstant(Fault):
    """A token that the grammar takes and that has no value."""

    def __init__(self, message: str, token: Token) -> None:
        super().__init__(message)
        self.column = column(token)


def _whole(digits: str, base: int, token: Token) -> int:
    if len(digits) > 20 or not -(2**63) <= (value := int(digits, base)) < 2**63:
        raise BadConstant("the number is outside the range of 64 bits", token)
    return value


class Builder:
    """Makes nodes while lark parses, so that no parse tree is built or walked."""

    def compared(self, parts: tuple[nodes.Node, Token, nodes.Node]) -> nodes.Node:
        left, sign, right = parts
        return nodes.Comparison(operator=str(sign), left=left, right=right, column=column(sign))

    def concatenated(self, parts: list[nodes.Node | Token]) -> nodes.Node:
        values = tuple(part for part in parts if not isinstance(part, str))
        return nodes.Concatenation(parts=values, column=values[0].column)

    def attribute(self, parts: list[Token]) -> nodes.Node:
        name = parts[0][1:-1].strip()
        if not name:
            raise BadConstant("the brackets hold no attribute name", parts[0])
        return nodes.Attribute(name=name, column=column(parts[0]))

    def text(self, parts: list[Token]) -> nodes.Node:
        return nodes.Text(value=nodes.unquote(parts[0]), column=column(parts[0]))

    def hexadecimal(self, parts: list[Token]) -> nodes.Node:
        return nodes.Number(value=_whole(parts[0][2:], 16, parts[0]), column=column(parts[0]))

    def number(self, parts: list[Token]) -> nodes.Node:
        token = parts[0]
        if "." not in token:
            return nodes.Number(value=_whole(str(token), 10, token), column=column(token))
        if len(token) > 17:
            raise BadConstant("a number with a fraction has at most 15 digits", token)
        value = float(token)
        return nodes.Number(value=int(value) if value.is_integer() else value, column=column(token))

    def keyword(self, parts: list[Token]) -> nodes.Node:
        return nodes.Keyword(name=str(parts[0]), column=column(parts[0]))

    def empty(self, parts: list[Token]) -> nodes.Node:
        return nodes.Empty()

    def arguments(self, parts: list[nodes.Node | Token]) -> tuple[nodes.Node, ...]:
        given = tuple(part for part in parts if not isinstance(part, str))
        return () if len(given) == 1 and isinstance(given[0], nodes.Empty) else given

    def call(self, parts: tuple[Token, Token, tuple[nodes.Node, ...], Token]) -> nodes.Node:
        return nodes.Call(name=str(parts[0]), arguments=parts[2], column=column(parts[0]))


@cache
def parser() -> Lark:
    """The LALR parser. Made on first use, since importing lark costs more than the rest of this package."""
    from lark import Lark  # noqa: PLC0415 - see above

    return Lark(GRAMMAR, parser="lalr", lexer="contextual", transformer=Builder(), propagate_positions=False)
