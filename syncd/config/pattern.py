"""Regular expressions in config.toml: whether they compile, and in bounded time and memory."""

from __future__ import annotations

import re
import warnings

import regex

from syncd.config.faults import shown
from syncd.config.section import Wrong

LENGTH_LIMIT = 10_000
#: `regex` writes out repetitions of a fixed count when it compiles: (?:(?:a{999}){999}){999} would take hours.
UNROLLED_LIMIT = 100_000

_COUNT = re.compile(r"\{(\d{1,9})(?:,\d{0,9})?\}")
_SET = re.compile(r"\[\^?\]?(?:\\.|[^\]\\])*\]?", re.DOTALL)


def pattern_fault(pattern: str, key: str | None = None) -> Wrong | None:
    """What is wrong with a regular expression; None where it compiles."""
    if len(pattern) > LENGTH_LIMIT:
        return Wrong(f"a pattern of {len(pattern)} characters", f"at most {LENGTH_LIMIT} are allowed", key=key)
    if unrolled_size(pattern) > UNROLLED_LIMIT:
        return Wrong(f"{shown(pattern)} repeats too much", f"at most {UNROLLED_LIMIT} characters written out", key=key)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            regex.compile(pattern)
    except regex.error as error:
        place = f" at character {error.pos + 1}" if error.pos is not None else ""
        return Wrong(f"{shown(pattern)} is no regular expression", f"{error.msg}{place}", key=key)
    except (RecursionError, OverflowError, ValueError, MemoryError, IndexError, KeyError):
        return Wrong(f"{shown(pattern)} is no regular expression", "it is too deep or too large", key=key)
    return None


def unrolled_size(pattern: str) -> int:
    """About how many characters, sets and so on the pattern has once its counted repetitions are written out."""
    sizes, last, at = [0], 0, 0
    while at < len(pattern):
        step = 1
        match pattern[at]:
            case "\\":
                last, step = 1, 2
                sizes[-1] += 1
            case "[" if found := _SET.match(pattern, at):
                last, step = 1, found.end() - at
                sizes[-1] += 1
            case "(":
                sizes.append(0)
            case ")" if len(sizes) > 1:
                last = sizes.pop()
                sizes[-1] += last
            case "{" if found := _COUNT.match(pattern, at):
                more = last * max(int(found[1]) - 1, 0)
                sizes[-1] += more
                last, step = last + more, found.end() - at
            case _:
                last = 1
                sizes[-1] += 1
        at += step
    return sum(sizes)
