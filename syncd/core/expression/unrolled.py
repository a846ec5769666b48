"""How large a pattern becomes when it is compiled: `regex` writes out repetitions of a fixed count, one after the other."""

from __future__ import annotations

import re

#: (?:(?:a{999}){999}){999} would take hours
UNROLLED_LIMIT = 100_000

_COUNT = re.compile(r"\{(\d{1,9})(?:,\d{0,9})?\}")
_SET = re.compile(r"\[\^?\]?(?:\\.|[^\]\\])*\]?", re.DOTALL)


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
