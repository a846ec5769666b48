"""The syntax tree of an expression. `str()` of a node is its text; parsing that text gives an equal node."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from syncd.core.expression.values import rendered


@dataclass(frozen=True, kw_only=True, slots=True)
class _Placed:
    column: int = field(default=1, compare=False)  #: 1-based, of its first character; of an operator's sign


@dataclass(frozen=True, kw_only=True, slots=True)
class Empty(_Placed):
    """An argument left out: the parameter is not given."""

    def __str__(self) -> str:
        return ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Text(_Placed):
    """A constant in double quotes; `value` has its escapes resolved."""

    value: str

    def __str__(self) -> str:
        return quote(self.value)


@dataclass(frozen=True, kw_only=True, slots=True)
class Number(_Placed):
    value: int | float

    def __str__(self) -> str:
        return rendered(self.value)


@dataclass(frozen=True, kw_only=True, slots=True)
class Attribute(_Placed):
    """A source attribute: [name]."""

    name: str

    def __str__(self) -> str:
        return f"[{self.name}]"


@dataclass(frozen=True, kw_only=True, slots=True)
class Keyword(_Placed):
    """A bare word with a meaning: vbTextCompare, UTF8, IgnoreAttributeFlow, …"""

    name: str

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True, kw_only=True, slots=True)
class Call(_Placed):
    name: str
    arguments: tuple[Node, ...]

    def __str__(self) -> str:
        return f"{self.name}({', '.join(map(str, self.arguments))})"


@dataclass(frozen=True, kw_only=True, slots=True)
class Comparison(_Placed):
    operator: str  #: = <> > >= < <=
    left: Node
    right: Node

    def __str__(self) -> str:
        return f"{self.left} {self.operator} {self.right}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Concatenation(_Placed):
    """Two or more parts joined with &."""

    parts: tuple[Node, ...]

    def __str__(self) -> str:
        return " & ".join(map(str, self.parts))


Node = Empty | Text | Number | Attribute | Keyword | Call | Comparison | Concatenation


def children(node: Node) -> tuple[Node, ...]:
    match node:
        case Call():
            return node.arguments
        case Concatenation():
            return node.parts
        case Comparison():
            return node.left, node.right
        case _:
            return ()


def walk(root: Node) -> Iterator[tuple[Node, int]]:
    """Every node with its depth (the root's is 1), without recursion; the order is unspecified."""
    waiting = [(root, 1)]
    while waiting:
        node, depth = waiting.pop()
        yield node, depth
        waiting.extend((child, depth + 1) for child in children(node))


def quote(value: str) -> str:
    r"""The text as a constant. A backslash is doubled, so that \d comes back as it was, however it was written."""
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'


def unquote(constant: str) -> str:
    r"""The value of a constant with its quotes: \\ and \" are escapes, any other backslash is kept as it stands."""
    return re.sub(r'\\([\\"])', r"\1", constant[1:-1])
