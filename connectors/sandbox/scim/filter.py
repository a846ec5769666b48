"""Filters (RFC 7644 section 3.4.2.2) and PATCH paths (section 3.5.2) as trees, by the grammar of the RFC.

Beyond the RFC's figure a value path may be followed by a comparison, `emails[type eq "work"].value eq "jo@x.org"`,
because Microsoft Entra asks so.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal, cast

import orjson
from lark import Lark, Token, Transformer, v_args
from lark.exceptions import UnexpectedInput

from syncd.core.model import Json

Operator = Literal["eq", "ne", "co", "sw", "ew", "gt", "ge", "lt", "le"]

#: Longer or deeper filters are refused before they are parsed.
LENGTH_LIMIT = 8_192
DEPTH_LIMIT = 50

_GRAMMAR = r"""
filter: any
?any: all ("or"i all)* -> any
?all: one ("and"i one)* -> all
?one: NOT "(" any ")" -> negation
    | "(" any ")"
    | PATH PRESENT -> present
    | PATH OPERATOR value -> comparison
    | PATH "[" any "]" -> element
    | PATH "[" any "]" SUB OPERATOR value -> element
    | PATH "[" any "]" SUB PRESENT -> element
path: PATH ["[" any "]" [SUB]]
value: STRING | NUMBER | CONSTANT

NOT.3: /not(?=\s*\()/i
PRESENT.2: /pr(?![\w.$:-])/i
OPERATOR.2: /(eq|ne|co|sw|ew|gt|ge|lt|le)(?![\w.$:-])/i
CONSTANT.2: /(true|false|null)(?![\w.$:-])/i
PATH: /urn:[^\s\[\]()",]+|\$?[a-z][\w$-]*(\.\$?[a-z][\w$-]*)?/i
SUB: /\.\$?[a-z][\w$-]*/i
STRING: /"([^"\\\x00-\x1f]|\\.)*"/
NUMBER: /-?\d+(\.\d+)?([eE][+-]?\d+)?/
%ignore /[ \t\r\n]+/
"""


class FilterError(ValueError):
    """Not a filter, or not a path; the message says where it stops making sense."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """`userName eq "jo"`"""

    path: str
    operator: Operator
    value: Json


@dataclass(frozen=True, slots=True)
class Present:
    """`title pr`"""

    path: str


@dataclass(frozen=True, slots=True)
class Negation:
    """`not (…)`"""

    of: Filter


@dataclass(frozen=True, slots=True)
class All:
    """`… and …`"""

    parts: tuple[Filter, ...]


@dataclass(frozen=True, slots=True)
class Any:
    """`… or …`"""

    parts: tuple[Filter, ...]


@dataclass(frozen=True, slots=True)
class Element:
    """`emails[type eq "work"]`: one element fulfils it, and the comparison behind it where there is one."""

    path: str
    where: Filter
    then: Comparison | Present | None = None


Filter = Comparison | Present | Negation | All | Any | Element


@dataclass(frozen=True, slots=True)
class Path:
    """A PATCH path: attribute, perhaps which elements, perhaps which sub-attribute of those."""

    attribute: str  #: with URN and `.sub` as written
    where: Filter | None = None
    sub: str | None = None  #: behind a value filter only


@v_args(inline=True)
class _Tree(Transformer[Token, Filter | Path]):
    def filter(self, tree: Filter) -> Filter:
        return tree

    def any(self, *parts: Filter) -> Filter:
        return parts[0] if len(parts) == 1 else Any(parts)

    def all(self, *parts: Filter) -> Filter:
        return parts[0] if len(parts) == 1 else All(parts)

    def negation(self, _: Token, of: Filter) -> Filter:
        return Negation(of)

    def present(self, path: Token, _: Token) -> Filter:
        return Present(str(path))

    def comparison(self, path: Token, operator: Token, value: Json) -> Filter:
        return Comparison(str(path), cast("Operator", operator.lower()), value)

    def element(self, path: Token, where: Filter, sub: Token | None = None, *test: Json) -> Filter:
        if sub is None:
            return Element(str(path), where)
        name = str(sub)[1:]
        if len(test) == 1:
            return Element(str(path), where, Present(name))
        return Element(str(path), where, Comparison(name, cast("Operator", test[0].lower()), test[1]))

    def path(self, path: Token, where: Filter | None = None, sub: Token | None = None) -> Path:
        return Path(str(path), where, str(sub)[1:] if sub else None)

    def value(self, token: Token) -> Json:
        try:
            return orjson.loads(str(token).lower() if token.type == "CONSTANT" else str(token))
        except orjson.JSONDecodeError:
            raise FilterError(f"{token} is no JSON value") from None


_PARSER = Lark(_GRAMMAR, parser="lalr", start=["filter", "path"], transformer=_Tree(), maybe_placeholders=False)


def _parse(text: str, start: Literal["filter", "path"]) -> Filter | Path:
    if len(text) > LENGTH_LIMIT or text.count("(") + text.count("[") > DEPTH_LIMIT:
        raise FilterError("the filter is too long or too deep")
    try:
        return cast("Filter | Path", _PARSER.parse(text, start=start))
    except UnexpectedInput as error:
        column = getattr(error, "column", -1)
        place = f"column {column}" if column > 0 else "its end"
        raise FilterError(f"{text!r} cannot be read from {place} on") from None


@lru_cache(maxsize=1024)
def parse_filter(text: str) -> Filter:
    """The tree of a filter. Raises FilterError."""
    return cast("Filter", _parse(text, "filter"))


@lru_cache(maxsize=1024)
def parse_path(text: str) -> Path:
    """The tree of a PATCH path. Raises FilterError."""
    return cast("Path", _parse(text, "path"))


def paths(tree: Filter) -> Iterator[str]:
    """Every attribute path that a filter names; those inside an element's brackets are not given."""
    match tree:
        case Comparison(path=path) | Present(path=path) | Element(path=path):
            yield path
        case Negation(of=of):
            yield from paths(of)
        case All(parts=parts) | Any(parts=parts):
            for part in parts:
                yield from paths(part)
