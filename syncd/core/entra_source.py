"""Where a row of Entra's schema takes its value from, as text of the expression language.

An attributeMappingSource is an attribute, a constant or a function with further sources as parameters. Mostly it carries
the text of its expression; where it does not, the text is put together from the parameters.
Source: Microsoft Graph documentation, "attributeMappingSource", "stringKeyAttributeMappingSourceValuePair".
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

from syncd.core.expression import functions
from syncd.core.expression.nodes import quote, unquote
from syncd.core.expression.parser import DEPTH_LIMIT, LENGTH_LIMIT
from syncd.core.model import Json

SourceType = Literal["Attribute", "Constant", "Function"]

_SIGNS = ("=", "<>", ">", ">=", "<", "<=")
_NUMBER = re.compile(r"-?\d{1,15}", re.ASCII)


class Unreadable(ValueError):
    """A source that has no text; the message says why, as half a sentence."""


@dataclass(frozen=True, kw_only=True, slots=True)
class EntraSource:
    """One source. `text`: an attribute's name without brackets, a constant's value, or an expression."""

    type: SourceType
    text: str = ""
    problem: str | None = None  #: why there is no text


def read_source(data: Mapping[str, Json]) -> EntraSource:
    """The source of one row. Never raises: what cannot be read is a problem of that row alone."""
    type_ = _type(data)
    if type_ not in get_args(SourceType):
        return EntraSource(type="Function", problem=f"its source is of the unknown type {type_[:60]}")
    try:
        match type_:
            case "Attribute":
                return EntraSource(type="Attribute", text=_attribute(data))
            case "Constant":
                return EntraSource(type="Constant", text=_constant(data))
            case _:
                return EntraSource(type="Function", text=_function(data, 1))
    except Unreadable as unreadable:
        return EntraSource(type="Function", problem=str(unreadable))


def _type(data: Mapping[str, Json]) -> str:
    found = _part(data, "type") or "Attribute"
    return next((known for known in get_args(SourceType) if known.lower() == found.lower()), found)


def _part(data: Mapping[str, Json], key: str) -> str:
    value = data.get(key)
    return value if isinstance(value, str) else ""


def _attribute(data: Mapping[str, Json]) -> str:
    name = _part(data, "name") or _part(data, "expression").strip().removeprefix("[").removesuffix("]")
    if not name.strip():
        raise Unreadable("its source names no attribute")
    return name.strip()


def _constant(data: Mapping[str, Json]) -> str:
    if name := _part(data, "name"):
        return name
    text = _part(data, "expression")
    return unquote(text) if len(text) > 1 and text[0] == text[-1] == '"' else text


def _function(data: Mapping[str, Json], depth: int) -> str:
    """The text of a function: its own, else that of its parameters put together."""
    if _part(data, "expression").strip():
        return _part(data, "expression")
    name, parameters = _part(data, "name").strip(), data.get("parameters") or ()
    if not name:
        raise Unreadable("its function has neither a text nor a name")
    if depth > DEPTH_LIMIT:
        raise Unreadable(f"its functions are nested more than {DEPTH_LIMIT} deep")
    if not isinstance(parameters, Sequence) or not all(isinstance(each, Mapping) for each in parameters):
        raise Unreadable(f"the parameters of {name[:60]} are no list of objects")
    keys = [_part(each, "key") for each in parameters]
    texts = [_argument(each.get("value"), depth + 1) for each in parameters]
    if name in _SIGNS and len(texts) == 2:
        return f"{texts[0]} {name} {texts[1]}"
    text = f"{name}({', '.join(_placed(name, keys, texts))})"
    if len(text) > LENGTH_LIMIT:
        raise Unreadable(f"its expression has more than {LENGTH_LIMIT:,} characters")
    return text


def _argument(data: Json, depth: int) -> str:
    """The text of one parameter; empty where it is not given."""
    if data is None:
        return ""
    if not isinstance(data, Mapping):
        raise Unreadable("a parameter of its function is no object")
    match _type(data):
        case "Attribute":
            return f"[{_attribute(data)}]"
        case "Constant":
            text = _part(data, "expression").strip()
            return text if _NUMBER.fullmatch(text) else quote(_constant(data))
        case "Function":
            return _function(data, depth)
        case other:
            raise Unreadable(f"a parameter of its function is of the unknown type {other[:60]}")


def _placed(name: str, keys: Sequence[str], texts: Sequence[str]) -> list[str]:
    """The arguments in their places: a parameter that the tree leaves out, such as Switch's default, stays empty."""
    known = {each.name: [p.name.lower() for p in each.parameters] for each in functions()}.get(name, [])
    found: list[str] = []
    for key, text in zip(keys, texts, strict=True):
        place = known.index(key.lower()) if key.lower() in known else len(found)
        if place < len(found):
            return list(texts)  # the keys are not those that we know, so their order is all there is
        found += [""] * (place - len(found))
        found.append(text)
    return found
