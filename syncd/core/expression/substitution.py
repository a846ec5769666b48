"""Replacement texts of .NET: $1, ${name}, $&, $$, $`, $', $+ and $_. Anything else after a $ is literal.

Source: .NET documentation, "Substitutions in Regular Expressions".
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from syncd.core.expression.regexes import NetPattern, net_pattern
from syncd.core.expression.values import bounded

_TOKEN = re.compile(r"\$(?:(?P<sign>[$&`'+_])|(?P<number>[0-9]{1,5})|\{(?P<name>\w{1,200})\})")
_Part = Callable[[Any], str]
_CACHED_LENGTH = 500  #: of a replacement; longer ones come from attributes and hardly twice


def _literal(text: str) -> _Part:
    return lambda match: text


def _group(number: int) -> _Part:
    return lambda match: match.group(number) or ""


_SIGNS: dict[str, _Part] = {
    "$": lambda match: "$",
    "&": lambda match: match.group(),
    "`": lambda match: match.string[: match.start()],
    "'": lambda match: match.string[match.end() :],
    "_": lambda match: match.string,
    "+": lambda match: next((g for g in reversed(match.groups()) if g is not None), ""),
}


@lru_cache(maxsize=512)
def _usual_parts(pattern: str, replacement: str) -> tuple[_Part, ...]:
    return _parts(net_pattern(pattern), replacement)


def _parts(known: NetPattern, replacement: str) -> tuple[_Part, ...]:
    parts: list[_Part] = []
    at = 0
    for found in _TOKEN.finditer(replacement):
        name = found["number"] or found["name"]
        number = known.group(name) if name else None
        if name and number is None:
            continue  # no such group: the characters stand for themselves
        parts += [
            _literal(replacement[at : found.start()]),
            _group(number) if number is not None else _SIGNS[found["sign"]],
        ]
        at = found.end()
    return (*parts, _literal(replacement[at:]))


def substituted(pattern: NetPattern, source: str, replacement: str, time_limit_s: float) -> str:
    """.NET's Regex.Replace(source, pattern, replacement). Raises Fault past the time limit or the limit of length."""
    short = len(replacement) <= _CACHED_LENGTH
    parts = _usual_parts(pattern.text, replacement) if short else _parts(pattern, replacement)
    length = len(source)

    def replaced(match: Any) -> str:
        nonlocal length
        texts = [part(match) for part in parts]
        length += sum(map(len, texts))
        bounded(length)
        return "".join(texts)

    return pattern.replace(source, replaced, time_limit_s)


def substituted_group(pattern: NetPattern, source: str, group: int, replacement: str, time_limit_s: float) -> str:
    """The source with the text of one group replaced in each match; a match without that group stays as it is."""
    length = len(source)

    def replaced(match: Any) -> str:
        nonlocal length
        start, end = match.span(group)
        if not match.start() <= start <= end <= match.end():  # no part in this match, or seen by a look-around
            return str(match.group())
        length += len(replacement)
        bounded(length)
        text: str = match.string
        return text[match.start() : start] + replacement + text[end : match.end()]

    return pattern.replace(source, replaced, time_limit_s)
