"""The `$filter` expressions that lists take: eq, ne, in, startswith, joined by and, or, not.

Source: Microsoft Graph documentation, "Use the $filter query parameter". Strings compare without regard to case.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

from lark import Lark, Token, Transformer, UnexpectedInput, v_args

from connectors.sandbox.graph.entity import Entity
from connectors.sandbox.graph.fault import GraphError, bad_request
from connectors.sandbox.graph.properties import ABSENT, known, value
from syncd.core.model import Json

Test = Callable[[Entity], bool]

_GRAMMAR = r"""
?start: either
?either: both ("or"i both)* -> either
?both: one ("and"i one)* -> both
?one: "not"i "(" either ")" -> negated
    | "(" either ")"
    | NAME "eq"i literal -> equal
    | NAME "ne"i literal -> unequal
    | NAME "in"i "(" literal ("," literal)* ")" -> within
    | "startswith"i "(" NAME "," literal ")" -> begins
literal: STRING -> text
    | "true"i -> true
    | "false"i -> false
    | "null"i -> null
    | NUMBER -> number
NAME: /[A-Za-z_][A-Za-z0-9_\/]*/
STRING: /'(?:[^']|'')*'/
%import common.SIGNED_NUMBER -> NUMBER
%ignore /\s+/
"""


@v_args(inline=True)
class _Tests(Transformer[Token, Test]):
    def text(self, token: str) -> Json:
        return str(token)[1:-1].replace("''", "'")

    def number(self, token: str) -> Json:
        return float(token)

    def true(self) -> Json:
        return True

    def false(self) -> Json:
        return False

    def null(self) -> Json:
        return None

    def equal(self, name: str, wanted: Json) -> Test:
        return self.within(name, wanted)

    def unequal(self, name: str, wanted: Json) -> Test:
        return self.negated(self.within(name, wanted))

    def within(self, name: str, *wanted: Json) -> Test:
        if len(wanted) > 15:
            raise bad_request("Too many child clauses specified in search filter expression: at most 15.")
        folded = {_folded(one) for one in wanted}
        return lambda entity: _folded(value(entity, str(name))) in folded

    def begins(self, name: str, start: Json) -> Test:
        beginning = str(start).casefold()
        return lambda entity: (
            isinstance(value(entity, str(name)), str) and str(value(entity, str(name))).casefold().startswith(beginning)
        )

    def negated(self, test: Test) -> Test:
        return lambda entity: not test(entity)

    def either(self, *tests: Test) -> Test:
        return lambda entity: any(test(entity) for test in tests)

    def both(self, *tests: Test) -> Test:
        return lambda entity: all(test(entity) for test in tests)


def _folded(found: Json) -> Json:
    if found is ABSENT:
        return None
    if isinstance(found, str):
        return found.casefold()
    return str(found) if isinstance(found, list | dict) else found


@lru_cache(maxsize=1)
def _parser() -> Lark:
    return Lark(_GRAMMAR, parser="lalr")


def compiled(text: str, kind: type[Entity]) -> Test:
    """The filter as a test. Raises GraphError 400 for one that Graph does not take, or an unknown property."""
    try:
        tree = _parser().parse(text)
    except UnexpectedInput as error:
        raise bad_request(f"Invalid filter clause: {error.__class__.__name__}.") from error
    for name in tree.scan_values(lambda token: getattr(token, "type", "") == "NAME"):
        if not known(kind, str(name)):
            raise bad_request(f"Could not find a property named '{name}'.")
    try:
        return _Tests().transform(tree)
    except GraphError:
        raise
    except Exception as error:  # lark wraps what a callback raises
        cause = error.__context__
        raise cause if isinstance(cause, GraphError) else bad_request("Invalid filter clause.") from error
