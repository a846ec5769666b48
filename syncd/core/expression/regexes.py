"""Regular expressions of .NET, carried out by the `regex` module within a time limit.

The two dialects are close; translated is what differs: `$` and `\\Z`, group names in quotes, `\\k<name>`, the numbers
of groups (.NET numbers named groups after all others), character classes with subtraction, the escapes \\e and \\cX,
and literal braces. What only the `regex` module knows (fuzzy matching, recursion, its own flags) is refused, as is
what only .NET knows (balancing groups, ExplicitCapture). Source: .NET documentation, "Regular Expression Language".
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import regex

from syncd.core.expression.errors import Fault
from syncd.core.expression.unrolled import UNROLLED_LIMIT, unrolled_size
from syncd.core.expression.values import shown

_LENGTH_LIMIT = 10_000
_DEPTH_LIMIT = 40

_TOKEN = re.compile(
    r"""(?P<class>\[\^?\]?)
      | (?P<comment>\(\?\#[^)]*\))
      | (?P<named>\(\?(?:<(?P<angle>[^\W\d]\w*)>|'(?P<quote>[^\W\d]\w*)'))
      | (?P<special>\(\?(?:[:=!>]|<[=!]))
      | (?P<flags>\(\?(?P<on>[a-zA-Z]*)(?P<off>-[a-zA-Z]*)?(?P<end>[:)]))
      | (?P<condition>\(\?\((?P<if>\w+)\))
      | (?P<unknown>\(\?|\(\*)
      | (?P<open>\()
      | (?P<close>\))
      | (?P<back>\\k(?:<(?P<backangle>\w+)>|'(?P<backquote>\w+)'))
      | (?P<number>\\(?P<digits>[1-9][0-9]{0,2}))
      | (?P<escape>\\(?:c[A-Za-z@\[\]\\^_]|u[0-9A-Fa-f]{4}|x[0-9A-Fa-f]{2}|[pP]\{[\w-]+\}|0[0-7]{0,2}|[\s\S]))
      | (?P<quantifier>\{[0-9]{1,5}(?:,[0-9]{0,5})?\})
      | (?P<brace>[{}])
      | (?P<other>[\s\S])""",
    re.VERBOSE,
)
_ESCAPES = frozenset("abtrvfnedDwWsSpPBAzZGcux")


@dataclass(frozen=True, slots=True)
class NetPattern:
    """A compiled pattern with the group numbers that .NET would give."""

    text: str
    compiled: Any  # regex.Pattern, which has no types
    numbers: dict[int, int]  #: .NET's group number → ours

    def group(self, name: str) -> int | None:
        """Our number of a group by name or by .NET's number; None if the pattern has no such group."""
        if name.isdecimal():
            return self.numbers.get(int(name)) if len(name) < 6 else None
        found: int | None = self.compiled.groupindex.get(name)
        return found

    def search(self, text: str, time_limit_s: float) -> Any:
        """The first match or None. Raises Fault past the time limit."""
        return self._limited(lambda: self.compiled.search(text, timeout=time_limit_s), time_limit_s)

    def replace(self, text: str, replacement: Callable[[Any], str], time_limit_s: float) -> str:
        """The text with each match replaced. Raises Fault past the time limit."""
        found: str = self._limited(lambda: self.compiled.sub(replacement, text, timeout=time_limit_s), time_limit_s)
        return found

    def _limited(self, work: Callable[[], Any], time_limit_s: float) -> Any:
        try:
            return work()
        except TimeoutError:
            message = f"the pattern {shown(self.text)} took longer than {time_limit_s:g} s; repetitions inside repetitions, such as (a+)+, do"
            raise Fault(message) from None
        except MemoryError:
            raise Fault(f"the pattern {shown(self.text)} needs too much memory") from None


@lru_cache(maxsize=512)
def net_pattern(text: str) -> NetPattern:
    """The pattern, ready to use. Raises Fault for one that .NET or this translation does not take."""
    if len(text) > _LENGTH_LIMIT:
        raise Fault(f"a pattern has at most {_LENGTH_LIMIT:,} characters")
    if unrolled_size(text) > UNROLLED_LIMIT:
        raise Fault(f"{shown(text)} repeats too much: at most {UNROLLED_LIMIT:,} characters, written out")
    translated, numbers = _translated(text)
    try:
        compiled = regex.compile("(?-f)" + translated, regex.V1)
    except (regex.error, ValueError, OverflowError, RecursionError, MemoryError) as fault:
        reason = str(getattr(fault, "msg", "") or fault) or type(fault).__name__
        raise Fault(f"{shown(text)} is no regular expression: {reason}") from None
    return NetPattern(text, compiled, numbers)


def _token(text: str, at: int) -> re.Match[str]:
    found = _TOKEN.match(text, at)
    if found is None:  # the last alternative takes any character
        raise Fault(f"{shown(text)} cannot be read as a pattern")
    return found


def _translated(text: str) -> tuple[str, dict[int, int]]:
    pieces: list[str | int] = []  # an int is a reference by .NET's number, resolved at the end
    order: list[str | None] = []  # groups as they open: a name, or None
    depth, at = 0, 0
    while at < len(text):
        found = _token(text, at)
        token, at = found[0], found.end()
        kind = next(name for name in _KINDS if found[name] is not None)
        if kind == "class":
            piece, at = _class(text, found.start())
            pieces.append(piece)
            continue
        depth += kind in ("named", "special", "condition", "open") or (kind == "flags" and found["end"] == ":")
        depth -= kind == "close"
        if depth > _DEPTH_LIMIT:
            raise Fault(f"{shown(text)} nests groups more than {_DEPTH_LIMIT} deep")
        match kind:
            case "comment":
                pass
            case "named":
                name = found["angle"] or found["quote"]
                if name not in order:
                    order.append(name)
                pieces.append(f"(?<{name}>")
            case "open":
                order.append(None)
                pieces.append("(")
            case "flags":
                pieces.append(_flags(text, found))
            case "condition":
                pieces += ["(?(", int(found["if"]) if found["if"].isdecimal() else found["if"], ")"]
            case "back" | "number":
                name = found["backangle"] or found["backquote"] or found["digits"]
                pieces += ["(?:", int(name), ")"] if name.isdecimal() else [f"(?P={name})"]
            case "escape":
                pieces.append(_escape(text, token))
            case "brace":
                pieces.append("\\" + token)
            case "unknown":
                raise Fault(f"{shown(text)} has a group {shown(text[found.start() : at + 3])} that is not known here")
            case _:
                pieces.append(token)
    return _resolved(text, pieces, _numbers(order))


_KINDS = (
    "class", "comment", "named", "special", "flags", "condition", "unknown", "open", "close", "back", "number", "escape",
    "quantifier", "brace", "other",
)  # fmt: skip


def _numbers(order: list[str | None]) -> dict[int, int]:
    """.NET's numbers: unnamed groups from 1 as they open, then the named ones."""
    unnamed = [ours for ours, name in enumerate(order, 1) if name is None]
    named = [ours for ours, name in enumerate(order, 1) if name is not None]
    return {0: 0} | dict(enumerate(unnamed + named, 1))


def _resolved(text: str, pieces: list[str | int], numbers: dict[int, int]) -> tuple[str, dict[int, int]]:
    result = []
    for before, piece in zip(["", *pieces], pieces, strict=False):
        if isinstance(piece, str):
            result.append(piece)
            continue
        if piece not in numbers:
            raise Fault(f"{shown(text)} refers to the group {piece}, which it doesn't have")
        result.append(str(numbers[piece]) if before == "(?(" else f"\\{numbers[piece]}")
    return "".join(result), numbers


def _flags(text: str, found: re.Match[str]) -> str:
    letters = found["on"] + (found["off"] or "").lstrip("-")
    if wrong := set(letters) - set("imsx"):
        raise Fault(f"{shown(text)} has the option {min(wrong)}; known are i, m, s and x")
    return found[0] if letters else "(?:" if found["end"] == ":" else ""


def _escape(text: str, token: str) -> str:
    letter = token[1]
    if letter == "Z":
        return r"(?=\n?\Z)"
    if letter == "z":
        return r"\Z"
    if letter == "e":
        return r"\x1b"
    if letter == "c" and len(token) == 3:
        return f"\\x{ord(token[2].upper()) & 31:02x}"
    if letter == "0":
        return f"\\x{int(token[1:], 8):02x}"
    if letter.isascii() and letter.isalpha() and (letter not in _ESCAPES or (letter in "cuxpP" and len(token) == 2)):
        raise Fault(f"{shown(text)} has the escape {token}, which .NET doesn't know")
    return token if letter.isascii() else letter


_CLASS_TOKEN = re.compile(
    r"\\(?:c[A-Za-z@\[\]\\^_]|u[0-9A-Fa-f]{4}|x[0-9A-Fa-f]{2}|[pP]\{[\w-]+\}|0[0-7]{0,2}|[\s\S])|\[:\^?[a-z]+:\]|-\[|\]|[\s\S]"
)


def _class(text: str, start: int, depth: int = 0) -> tuple[str, int]:
    """A character class from its [ on, translated, and where it ends."""
    if depth > 5:
        raise Fault(f"{shown(text)} nests character classes too deep")
    at = start + 1
    result = "["
    if text[at : at + 1] == "^":
        result, at = "[^", at + 1
    if text[at : at + 1] == "]":
        result, at = result + "\\]", at + 1
    while (found := _CLASS_TOKEN.match(text, at)) is not None:
        part, at = found[0], found.end()
        if part == "]":
            return result + "]", at
        if part == "-[" and text[at - 3 : at - 2] != "[":
            inner, at = _class(text, at - 1, depth + 1)
            if text[at : at + 1] != "]":
                break
            return f"{result}--{inner}]", at + 1
        if part[0] == "\\" and len(part) > 1:
            result += "\\x08" if part == "\\b" else _escape(text, part)
        elif part in "-":
            result += "-" if result[-1:] not in ("[", "^") and text[at : at + 1] != "]" else "\\-"
        else:
            result += "".join("\\" + each if each in "[&|~" else each for each in part)
    raise Fault(f"{shown(text)} has a character class that is not closed")
