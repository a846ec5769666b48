""".NET's dialect of regular expressions, and the bounds of its evaluation."""

from __future__ import annotations

import time

import pytest

from syncd.core.expression import EvaluationContext, ExpressionError, compile_expression
from syncd.core.expression.errors import Fault
from syncd.core.expression.nodes import quote
from syncd.core.expression.regexes import net_pattern
from syncd.core.expression.tester import run


def replaced(source, pattern, replacement):
    found = run(f"Replace([s], , {quote(pattern)}, , {quote(replacement)}, , )", {"s": source})
    return found["result"] if found["error"] is None else found["error"]["message"]


@pytest.mark.parametrize(
    ("source", "pattern", "replacement", "result"),
    [
        ("john smith", r"(?<first>\w+) (?<last>\w+)", "${last}, ${first}", "smith, john"),
        ("ab", "(a)(b)", "$2$1", "ba"),
        ("ab", "(?<x>a)(b)", "$1-$2", "b-a"),
        ("abb", r"(?<x>a)(b)\1", "[$2]", "[a]"),
        ("abab", r"(?<x>ab)\k<x>", "!", "!"),
        ("abab", r"(?'x'ab)\k'x'", "${x}", "ab"),
        ("price", "price", "$$5", "$5"),
        ("abc", "b", "[$&]", "a[b]c"),
        ("abc", "b", "[$0]", "a[b]c"),
        ("abc", "b", "[$`|$'|$_]", "a[a|c|abc]c"),
        ("ab", "(a)|(b)", "<$+>", "<a><b>"),
        ("abc", "b", "$9${no}$", "a$9${no}$c"),
        ("a1", "(a)(?<n>1)?x?", "$1${n}", "a1"),
        ("ABC", "(?i)b", "-", "A-C"),
        ("ABab", "a(?i)b", "-", "AB-"),
        ("AB", "(?i:a)b", "-", "AB"),
        ("a\nb", "(?m)^b", "-", "a\n-"),
        ("a\nb", "(?s)a.b", "-", "-"),
        ("ab", "(?x) a # first\n b", "-", "-"),
        ("ab", "a(?#comment)b", "-", "-"),
        ("hello", "[a-z-[aeiou]]", "*", "*e**o"),
        ("a]b", "[]]", "-", "a-b"),
        ("a[b", "[[]", "-", "a-b"),
        ("a&&b", "[&&]", "-", "a--b"),
        ("a{e}", "a{e}", "-", "-"),
        ("aaa", "a{2}", "-", "-a"),
        ("ab\n", r"b\Z", "-", "a-\n"),
        ("ab\n", r"b\z", "-", "ab\n"),
        ("ab\n", "b$", "-", "a-\n"),
        ("a\x1bb", r"a\eb", "-", "-"),
        ("Straße", "(?i)SS", "-", "Straße"),
        ("Жук", r"\p{IsCyrillic}+", "-", "-"),
        ("٣", r"\d", "-", "-"),
        ("abxd", "x*", "-", "-a-b--d-"),
        ("hello", ".*", "X", "XX"),
        ("foo.bar", r"(?<=\.)\w+", "-", "foo.-"),
    ],
)
def test_replacement_as_in_dotnet(source, pattern, replacement, result):
    assert replaced(source, pattern, replacement) == result


@pytest.mark.parametrize(
    ("pattern", "words"),
    [
        ("(", "no regular expression"),
        ("a**", "no regular expression"),
        ("[a", "not closed"),
        (r"\m", "escape"),
        (r"(?n)a", "option n"),
        (r"(?P<x>a)", "not known here"),
        (r"(?R)", "option R"),
        (r"(?<a-b>x)", "not known here"),
        (r"(a)\2", "group 2"),
        ("(" * 41 + ")" * 41, "40 deep"),
        ("x" * 10_001, "10,000"),
    ],
)
def test_pattern_that_dotnet_or_syncd_does_not_take_is_refused(pattern, words):
    with pytest.raises(Fault, match=words):
        net_pattern(pattern)


@pytest.mark.parametrize("given", ['"((a{999}){999}){999}"', "[pattern]"])
def test_a_pattern_that_would_take_hours_to_compile_is_refused_at_once(given: str):
    with pytest.raises(ExpressionError, match="repeats too much: at most 100,000 characters"):
        compile_expression(f'Replace([text], , {given}, , "b", , )').evaluate(
            {"text": "aaa", "pattern": "((a{999}){999}){999}"}, EvaluationContext()
        )


def test_catastrophic_backtracking_ends_at_the_time_limit_with_an_error():
    expression = compile_expression('Replace([s], , "(a|aa)+$", , "", , )')
    begun = time.perf_counter()
    with pytest.raises(ExpressionError, match=r"took longer than 0\.02 s") as caught:
        expression.evaluate({"s": "a" * 80 + "b"}, EvaluationContext(time_limit_s=0.02))
    assert caught.value.column == 1
    assert time.perf_counter() - begun < 5


def test_pattern_from_an_attribute_is_checked_when_it_is_known():
    found = run('Join("", Replace([s], , [p], , "", , ))', {"s": "x", "p": "("})
    assert found["error"]["column"] == 10
    assert "no regular expression" in found["error"]["message"]


@pytest.mark.parametrize(
    ("text", "attributes", "result"),
    [
        ('Replace([s], , "(?<d>[0-9])(?<l>[a-z])", "l", "_", , )', {"s": "1a 2b"}, "1_ 2_"),
        ('Replace([s], , "(a)|(?<x>b)", "x", "_", , )', {"s": "ab"}, "a_"),
        ('Replace([s], , "(a)(?<x>b)", "1", "_", , )', {"s": "ab"}, "_b"),
        ('Replace([s], , "(?<x>a)", "x", "$0", , )', {"s": "a"}, "$0"),
        ('Replace([s], , "(?=(?<x>b))a?", "x", "_", , )', {"s": "ab"}, "ab"),
        ('Replace([s], , "(?<x>.)", "x", , [o], )', {"s": "own", "o": "other"}, "own"),
        ('Replace([s], , "(?<x>.)$", "x", , [o], )', {"o": "other"}, "r"),
        ('Replace([s], , "(?<x>z)", "x", , [o], )', {"s": "", "o": "other"}, ""),
        ('Replace([s], "a", , , , [o], )', {"s": "abc", "o": "X"}, "Xbc"),
        ('Replace([s], "", , , "x", , )', {"s": "abc"}, "abc"),
        ('Replace([s], "$", , , "$1", , )', {"s": "a$"}, "a$1"),
    ],
)
def test_forms_of_replace(text, attributes, result):
    assert run(text, attributes)["result"] == result
