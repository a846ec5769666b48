"""Profile mappings: how a user's profile becomes an app profile.

Shape: Okta API documentation, "Profile Mappings". Of Okta's Expression Language the sandbox evaluates attribute
references (`user.x`, `source.x`), string literals, `+`, the ternary on `!= null` / `== null` and the functions
String.toUpperCase, String.toLowerCase, String.substringBefore, String.substringAfter and Arrays.toCsvString.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Literal

from lark import Lark, Token, Tree
from lark.exceptions import LarkError

from syncd.core.model import Json

Profile = Mapping[str, Json]
Evaluate = Callable[[Profile], Json]

_GRAMMAR = Lark(
    r"""
    ?start: ternary
    ?ternary: sum | sum OP sum "?" ternary ":" ternary
    ?sum: atom ("+" atom)*
    ?atom: STRING -> literal | "null" -> null | NAME "." NAME -> reference | NAME "." NAME "(" [ternary ("," ternary)*] ")" -> call
         | "(" ternary ")"
    OP: "==" | "!="
    STRING: /"[^"]*"|'[^']*'/
    NAME: /[A-Za-z_$]\w*/
    %ignore /\s+/
    """,
    parser="earley",
)

_FUNCTIONS: dict[str, Callable[..., Json]] = {
    "String.toUpperCase": lambda text: None if text is None else str(text).upper(),
    "String.toLowerCase": lambda text: None if text is None else str(text).lower(),
    "String.substringBefore": lambda text, mark: None if text is None else str(text).partition(mark)[0],
    "String.substringAfter": lambda text, mark: None if text is None else str(text).partition(mark)[2],
    "Arrays.toCsvString": lambda items: None if items is None else ",".join(map(str, items)),
}


@lru_cache(maxsize=1_000)
def compiled(expression: str) -> Evaluate:
    """The expression as a function of the source profile. ValueError where it goes beyond what the sandbox knows."""
    try:
        return _closure(_GRAMMAR.parse(expression))
    except LarkError as error:
        raise ValueError(f"the sandbox cannot evaluate the mapping {expression!r}") from error


def _closure(tree: Tree[Token]) -> Evaluate:
    parts = tree.children
    match tree.data:
        case "literal":
            text = str(parts[0])[1:-1]
            return lambda _: text
        case "null":
            return lambda _: None
        case "reference":
            source, name = str(parts[0]), str(parts[1])
            if source not in {"user", "source"}:
                raise ValueError(f"the sandbox's mappings know user.{name}, not {source}.{name}")
            return lambda profile: profile.get(name)
        case "call":
            called = f"{parts[0]}.{parts[1]}"
            if called not in _FUNCTIONS:
                raise ValueError(f"the sandbox's mappings have no function {called}")
            function = _FUNCTIONS[called]
            arguments = [_closure(part) for part in parts[2:] if isinstance(part, Tree)]
            return lambda profile: function(*(argument(profile) for argument in arguments))
        case "sum":
            terms = [_closure(part) for part in parts if isinstance(part, Tree)]
            return lambda profile: "".join("" if (value := term(profile)) is None else str(value) for term in terms)
        case _:
            left, right, yes, no = (_closure(part) for part in parts if isinstance(part, Tree))
            equal = parts[1] == "=="
            return lambda profile: (yes if (left(profile) == right(profile)) is equal else no)(profile)


@dataclass(frozen=True, kw_only=True, slots=True)
class Rule:
    """One row of a mapping."""

    expression: str
    push_status: Literal["PUSH", "DONT_PUSH"] = "PUSH"  #: PUSH: on create and update; DONT_PUSH: on create only


@dataclass(frozen=True, kw_only=True, slots=True)
class ProfileMapping:
    """The mapping from the user type to one application."""

    id: str
    source_id: str  #: of the user type
    target_id: str  #: of the application
    target_name: str
    rules: Mapping[str, Rule]

    def with_rule(self, target: str, rule: Rule | None) -> ProfileMapping:
        """A copy with one row set, or taken out (None)."""
        others = {name: kept for name, kept in self.rules.items() if name != target}
        return replace(self, rules=others if rule is None else {**others, target: rule})

    def json(self, org_url: str, *, whole: bool) -> dict[str, Json]:
        """The mapping as Okta sends it: in lists without `properties`."""
        api = f"{org_url}/api/v1"
        data: dict[str, Json] = {
            "id": self.id,
            "source": {
                "id": self.source_id,
                "name": "user",
                "type": "user",
                "_links": {"self": {"href": f"{api}/meta/types/user/{self.source_id}"}},
            },
            "target": {
                "id": self.target_id,
                "name": self.target_name,
                "type": "appuser",
                "_links": {"self": {"href": f"{api}/apps/{self.target_id}"}},
            },
            "_links": {"self": {"href": f"{api}/mappings/{self.id}"}},
        }
        if whole:
            data["properties"] = {
                target: {"expression": rule.expression, "pushStatus": rule.push_status}
                for target, rule in self.rules.items()
            }
        return data


DEFAULT_RULES: Mapping[str, Rule] = {
    "email": Rule(expression="user.email"),
    "givenName": Rule(expression="user.firstName"),
    "familyName": Rule(expression="user.lastName"),
    "displayName": Rule(
        expression='user.displayName != null ? user.displayName : user.firstName + " " + user.lastName'
    ),
    "title": Rule(expression="user.title"),
    "primaryPhone": Rule(expression="user.primaryPhone"),
    "locale": Rule(expression="user.locale"),
    "department": Rule(expression="user.department"),
    "employeeNumber": Rule(expression="user.employeeNumber"),
}
