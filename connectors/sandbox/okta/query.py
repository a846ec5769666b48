"""Okta's `filter` and `search` expressions: SCIM's syntax with Okta's own restrictions.

Source: Okta API documentation, "User query options", "Filter" and "Search" of users and groups, "System Log filter".
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache

import orjson
from lark import Lark, Token, Tree
from lark.exceptions import LarkError

from connectors.sandbox.okta.errors import bad_criteria
from connectors.sandbox.okta.timestamp import comparable
from syncd.core.model import Json

#: Gives the value of an attribute of the record in question.
Read = Callable[[str], Json]
Predicate = Callable[[Read], bool]

_GRAMMAR = Lark(
    r"""
    ?start: disjunction
    ?disjunction: conjunction (_OR conjunction)*
    ?conjunction: term (_AND term)*
    ?term: "(" disjunction ")" | comparison
    comparison: PATH OPERATOR VALUE | PATH PRESENT
    _AND.3: /and(?=[\s(])/i
    _OR.3: /or(?=[\s(])/i
    OPERATOR.2: /(eq|ne|gt|ge|lt|le|sw|co|ew)(?=[\s"])/i
    PRESENT.2: /pr(?![\w.])/i
    PATH: /[A-Za-z_][\w.]*/
    VALUE: /"(\\.|[^"\\])*"|-?\d+(\.\d+)?|true|false|null/
    %ignore /\s+/
    """,
    parser="lalr",
)
_TIMES = frozenset({"created", "activated", "statusChanged", "lastUpdated", "lastMembershipUpdated", "published"})
_ORDER = {"gt": operator.gt, "ge": operator.ge, "lt": operator.lt, "le": operator.le}
_ANY = frozenset({"eq", "sw", "gt", "ge", "lt", "le", "pr"})


@dataclass(frozen=True, slots=True, eq=False)
class Language:
    """What one endpoint's parameter allows: operators by attribute, and those of any other profile attribute."""

    operators: Mapping[str, frozenset[str]]
    profile: frozenset[str] | None = None

    def allows(self, path: str, op: str) -> bool:
        """Whether the operator may be used with the attribute; names are case-sensitive."""
        allowed = self.operators.get(path)
        if allowed is None and path.startswith("profile."):
            allowed = self.profile
        return allowed is not None and op in allowed

    def knows(self, path: str) -> bool:
        return path in self.operators or (self.profile is not None and path.startswith("profile."))


def _each(names: str, operators: str) -> dict[str, frozenset[str]]:
    return {name: frozenset(operators.split()) for name in names.split()}


_WITH_CO = _ANY | {"co"}
USER_FILTER = Language(
    _each("status id profile.login profile.email profile.firstName profile.lastName", "eq")
    | _each("lastUpdated", "eq gt ge lt le")
)
USER_SEARCH = Language(
    dict.fromkeys(["id", "status", "created", "activated", "statusChanged", "lastUpdated", "type.id"], _ANY)
    | dict.fromkeys(["profile.firstName", "profile.lastName", "profile.email", "profile.login"], _WITH_CO),
    profile=_ANY,
)
GROUP_FILTER = Language(_each("id type", "eq") | _each("lastUpdated lastMembershipUpdated", "eq gt ge lt le"))
GROUP_SEARCH = Language(
    dict.fromkeys(["id", "type", "created", "lastUpdated", "lastMembershipUpdated", "source.id"], _ANY),
    profile=_WITH_CO,
)
LOG_FILTER = Language(
    _each("eventType target.id", "eq sw co ne") | _each("severity outcome.result actor.id uuid", "eq")
)


@lru_cache(maxsize=500)
def parse(text: str, language: Language) -> Predicate:
    """The expression as a predicate. OktaError E0000031 where it is malformed or asks for what is not supported."""
    if len(text) > 8_000:
        raise bad_criteria("The expression is too long.")
    try:
        tree = _GRAMMAR.parse(text)
    except LarkError:
        raise bad_criteria(f"Cannot parse: {text[:200]}") from None
    return _predicate(tree, language)


def _predicate(tree: Tree[Token], language: Language) -> Predicate:
    if tree.data == "comparison":
        path, op = str(tree.children[0]), str(tree.children[1]).lower()
        if not language.allows(path, op):
            raise bad_criteria(f"The operator {op} cannot be used with {path}.")
        return _comparison(path, op, _value(path, str(tree.children[2])) if op != "pr" else None)
    parts = [_predicate(part, language) for part in tree.children if isinstance(part, Tree)]
    combine = any if tree.data == "disjunction" else all
    return lambda read: combine(part(read) for part in parts)


def _value(path: str, text: str) -> Json:
    if text.startswith('"'):
        try:
            plain = str(orjson.loads(text))
            return comparable(plain) if path in _TIMES else plain.lower()
        except ValueError:
            raise bad_criteria(f"{text} is no {'time' if path in _TIMES else 'quoted text'}.") from None
    if path in _TIMES:
        raise bad_criteria(f"{path} is compared with a quoted time.")
    if text in {"true", "false", "null"}:
        return {"true": True, "false": False, "null": None}[text]
    return float(text)


def _comparison(path: str, op: str, wanted: Json) -> Predicate:
    def holds(value: Json) -> bool:
        if isinstance(value, str):
            value = value if path in _TIMES else value.lower()
        elif isinstance(value, int | float) and not isinstance(value, bool):
            value = float(value)
        if op == "eq":
            return bool(value == wanted)
        if op == "ne":
            return bool(value != wanted)
        if type(value) is not type(wanted) or value is None:
            return False
        if op in _ORDER:
            return bool(_ORDER[op](value, wanted))
        if not isinstance(value, str):
            return False
        if op == "sw":
            return value.startswith(wanted)
        return wanted in value if op == "co" else value.endswith(wanted)

    def test(read: Read) -> bool:
        value = read(path)
        if op == "pr":
            return value is not None and value not in ("", [])
        return any(map(holds, value)) if isinstance(value, list | tuple) else holds(value)

    return test
