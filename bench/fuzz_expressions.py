"""Random expressions on random objects: each must give a result or an ExpressionError, in bounded time.

    python bench/fuzz_expressions.py [N] [SEED]

Prints how many there were, how they ended, the slowest one and the rate. Exit status 1 if one ended otherwise.
"""

from __future__ import annotations

import random
import sys
import time
import traceback
from collections import Counter
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from syncd.core.expression import (
    IGNORE_ATTRIBUTE,
    EvaluationContext,
    ExpressionError,
    IgnoreObject,
    compile_expression,
    functions,
    render,
)
from syncd.core.expression.parser import parse

SLOW_S = 2.0
ATTRIBUTES = ("a", "b", "mail", "user.login", "appRoleAssignments", "hired", "n", "none", "emails[type eq 'x'].value")
TEXTS = (
    "", " ", "a", "True", "False", "1", "-3", "&HF", "1.5", "2020-03-16-07:00", "2009-06-15T01:45:30.1234567Z",
    "3/16/2020 7:00:00 AM", "yyyy-MM-dd", "M/d/yyyy hh:mm:ss tt", "yyyyMMddHHmmss.fZ", "K", "'", "\\", "%", "d", "ww", "yyyy",
    "en-US", "tr-TR", "Straße İıſ ǆ", "Zoë Łódź", "\U0001f600\ud800", "\0\n\r\t", "cn=Joe\\, X,ou=\"a,b\",dc=\\C3\\A9",
    "(?<x>a+)+$", "(a|aa)+$", "[a-z-[aeiou]]*", "(?i)[()\\s-]+", "(?<n>.)(.)\\1\\k<n>", "$1${x}$&$$$`$'$+$_", "x", "\\d{2,}",
    "[[:alpha:]&&[^a]]", "a{1,3}{2}", "(?(1)a|b)", "(?<=a)b\\Z", ".*", "((((((", "[", "]", "(?P<x>a)", "(?R)", "\\p{Lu}", "{e<=1}",
    "SABlAGwAbABvAA==", "AQUAAAAAAAUVAAAAFWHvSlfvl1Ar+9BTaQQAAA==", "vbTextCompare", "UTF8", "~!@#", "a" * 300, "ab, cd ;ef",
)  # fmt: skip
WORDS = (
    "vbTextCompare",
    "vbBinaryCompare",
    "UTF8",
    "ASCII",
    "Unicode",
    "IgnoreAttributeFlow",
    "IgnoreObjectFlow",
    "nonsense",
)
OPERATORS = ("=", "<>", ">", ">=", "<", "<=")


def constant(chance: random.Random) -> str:
    text = (
        chance.choice(TEXTS)
        if chance.random() < 0.8
        else "".join(chr(chance.randrange(1, 0x250)) for _ in range(chance.randrange(12)))
    )
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def leaf(chance: random.Random) -> str:
    match chance.randrange(40):
        case 0:
            return chance.choice(WORDS)
        case roll if roll < 14:
            return constant(chance)
        case roll if roll < 30:
            return f"[{chance.choice(ATTRIBUTES)}]"
        case roll if roll < 36:
            return str(chance.choice((0, 1, 2, 3, 7, -1, 64, 2**31, 2**63 - 1, -(2**63), 1.5, 0.25)))
        case 36:
            return f"&H{chance.getrandbits(16):X}"
        case _:
            return ""


#: What usually stands for a parameter, so that most calls get further than their first check.
USUAL = {
    "interval": ('"d"', '"m"', '"ww"', '"yyyy"', '"s"'),
    "date1": ("Now()", "CDate([hired])", 'CDate("2021-08-25")'),
    "date2": ("Now()", "CDate([hired])", 'CDate("2012-03-16-07:00")'),
    "dateTime": ("Now()", "CDate([hired])", "DateFromNum(129699324000000000)"),
    "inputFormat": ('"yyyy-MM-dd"', '"M/d/yyyy h:mm:ss tt"', '"yyyyMMddHHmmss.fZ"', '"yyyy-MM-ddzzz"'),
    "outputFormat": ('"yyyy-MM-dd"', '"dddd, dd MMMM yy"', '"o"', '"HH:mm K"'),
    "compareType": ("vbTextCompare", "vbBinaryCompare", ""),
    "encoding": ("UTF8", "ASCII", "Unicode", ""),
    "regexPattern": ('"(?<x>[a-z]+)"', '"(?i)\\\\s*(?<x>.)(\\\\d?)"', '"[a-z-[aeiou]]*"', '"(?<x>a+)+$"', ""),
    "regexGroupName": ('"x"', '"1"', "", ""),
    "replacementValue": ('"${x}-$1"', '""', '"b"', ""),
    "template": ('"a@b"', "", "", ""),
}
for _number in (
    "start",
    "length",
    "numChars",
    "wordNumber",
    "index",
    "n",
    "value",
    "minNumbers",
    "minSpecial",
    "minCapital",
    "minLower",
):
    USUAL[_number] = ("1", "2", "0", "[n]", '"3"')


def call(chance: random.Random, depth: int) -> str:
    function = chance.choice(functions())
    least, most = function.least, function.most if function.most is not None else function.least + 5
    number = chance.randint(least, most) if chance.random() < 0.97 else chance.randrange(9)
    arguments = []
    for index in range(number):
        usual = USUAL.get(function.parameter(index).name) if function.parameters else None
        arguments.append(chance.choice(usual) if usual and chance.random() < 0.8 else expression(chance, depth - 1))
    return f"{function.name}({', '.join(arguments)})"


def expression(chance: random.Random, depth: int) -> str:
    roll = chance.random()
    if depth <= 0 or roll < 0.3:
        return leaf(chance)
    if roll < 0.88:
        return call(chance, depth)
    sign = " & " if roll < 0.94 else f" {chance.choice(OPERATORS)} "
    return f"{leaf(chance) or '[a]'}{sign}{call(chance, depth)}"


def damaged(chance: random.Random, text: str) -> str:
    at = chance.randrange(len(text) + 1)
    return (
        text[:at]
        + chance.choice(("", "(", ")", '"', "[", "]", ",", "&", "=", "\\", "“", "\0", "é"))
        + text[at + chance.randrange(2) :]
    )


def value(chance: random.Random, depth: int = 2) -> Any:
    match chance.randrange(12):
        case 0 | 1:
            return None
        case 2 | 3 | 4 | 5:
            return chance.choice(TEXTS)
        case 6:
            return chance.random() < 0.5
        case 7:
            return chance.choice((0, 1, -1, 10**30, 10**5000, -(2**63), 17))
        case 8:
            return chance.choice((0.0, -0.0, 1e300, 1e-300, float("nan"), float("inf"), 2.5))
        case 9:
            return datetime(1, 1, 1, tzinfo=UTC) + timedelta(seconds=chance.randrange(315_537_897_599))
        case 10 if depth:
            return [value(chance, depth - 1) for _ in range(chance.randrange(4))]
        case _:
            return chance.choice(
                (
                    {"x": 1},
                    b"\x01\x05",
                    datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=5))),
                    {},
                    datetime(9999, 12, 31),  # noqa: DTZ001 - a source may give one without a zone
                    (),
                    "x" * 5000,
                )
            )


def attempt(text: str, source: dict[str, Any], context: EvaluationContext) -> str:
    """How one expression ended. Anything but the two errors leaves this function."""
    try:
        root = parse(text)
        if parse(str(root)) != root:
            raise AssertionError("printed and parsed again, it is another expression")
        found = compile_expression(text).evaluate(source, context)
    except ExpressionError as fault:
        if not 1 <= fault.column <= len(text) + 1 or not fault.message:
            raise AssertionError(f"the error has no good place: {fault!r}") from fault
        return "error"
    except IgnoreObject:
        return "object ignored"
    if found is IGNORE_ATTRIBUTE:
        return "attribute ignored"
    render(found)
    return "absent" if found is None else "value"


def main(number: int, seed: int) -> int:
    chance = random.Random(seed)
    ends: Counter[str] = Counter()
    slowest, worst = 0.0, ""
    begun = time.perf_counter()
    for _ in range(number):
        text = expression(chance, chance.randrange(1, 6))
        if chance.random() < 0.1:
            text = damaged(chance, text)
        source = {name: value(chance) for name in ATTRIBUTES if chance.random() < 0.9}
        context = EvaluationContext(
            random=chance,
            default_domain=chance.choice((None, "contoso.com")),
            taken=chance.choice((None, lambda name: len(name) % 2 == 0)),
            now=lambda: datetime(2025, 7, 30, tzinfo=UTC),
        )
        at = time.perf_counter()
        try:
            ends[attempt(text, source, context)] += 1
        except Exception:
            ends["FAULT"] += 1
            print(f"{text!r}\n  on {str(source)[:2000]}\n{traceback.format_exc(limit=-4)}")
        if (seconds := time.perf_counter() - at) > slowest:
            slowest, worst = seconds, text
        ends["TOO SLOW"] += seconds > SLOW_S
    seconds = time.perf_counter() - begun
    print(f"{number:,} expressions (seed {seed}) in {seconds:.1f} s, {number / seconds:,.0f} a second")
    print(", ".join(f"{name} {count:,}" for name, count in sorted(ends.items())))
    print(f"slowest {slowest * 1000:.0f} ms: {worst[:200]!r}")
    return 1 if ends["FAULT"] or ends["TOO SLOW"] else 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 200_000, int(sys.argv[2]) if len(sys.argv) > 2 else 1))
