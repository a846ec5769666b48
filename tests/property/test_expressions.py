"""What holds for every expression and every object."""

from __future__ import annotations

from datetime import datetime

from hypothesis import given, settings
from hypothesis import strategies as st

from syncd.core.expression import (
    EvaluationContext,
    ExpressionError,
    IgnoreObject,
    compile_expression,
    render,
)
from syncd.core.expression import nodes as n
from syncd.core.expression.functions import REGISTRY
from syncd.core.expression.parser import parse
from syncd.core.expression.tester import run

NAMED = sorted(REGISTRY)
NAMES = ("a", "b", "user.login")
scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | st.datetimes()
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=5,
)
sources = st.dictionaries(st.sampled_from(NAMES), values)

leaves = (
    st.builds(lambda value: n.Text(value=value), st.text(max_size=12))
    | st.builds(lambda value: n.Number(value=value), st.integers(-(2**63), 2**63 - 1))
    | st.builds(lambda name: n.Attribute(name=name), st.sampled_from(NAMES))
    | st.builds(
        lambda name: n.Keyword(name=name),
        st.sampled_from(["vbTextCompare", "UTF8", "IgnoreAttributeFlow", "IgnoreObjectFlow"]),
    )
)


@st.composite
def trees(draw: st.DrawFn, depth: int = 3) -> n.Node:
    """A tree as the parser makes them: an operator's sides are no operators of its own rank or below."""
    kind = draw(st.sampled_from(["leaf", "call", "call", "joined", "compared"])) if depth else "leaf"
    match kind:
        case "call":
            return draw(calls(depth))
        case "joined":
            return n.Concatenation(parts=tuple(draw(st.lists(primaries(depth), min_size=2, max_size=3))))
        case "compared":
            sign = draw(st.sampled_from(["=", "<>", ">", ">=", "<", "<="]))
            return n.Comparison(operator=sign, left=draw(primaries(depth)), right=draw(primaries(depth)))
        case _:
            return draw(leaves)


def primaries(depth: int) -> st.SearchStrategy[n.Node]:
    return leaves | calls(depth)


@st.composite
def calls(draw: st.DrawFn, depth: int) -> n.Node:
    function = draw(st.sampled_from(NAMED).map(REGISTRY.__getitem__))
    most = function.least + 2 if function.most is None else function.most
    given = draw(st.lists(trees(depth - 1) | st.just(n.Empty()), min_size=function.least, max_size=most))
    return n.Call(name=function.name, arguments=() if given == [n.Empty()] else tuple(given))


@given(trees())
@settings(max_examples=300, deadline=None)
def test_printing_and_parsing_is_the_identity(tree):
    text = str(tree)
    assert parse(text) == tree
    assert str(parse(text)) == text


@given(trees(), sources)
@settings(max_examples=400, deadline=None)
def test_any_expression_on_any_object_gives_a_result_or_an_expression_error(tree, source):
    text = str(tree)
    column, ignored = 1, False
    try:
        render(compile_expression(text).evaluate(source, EvaluationContext(default_domain="x.org")))
    except ExpressionError as fault:
        column = fault.column
    except IgnoreObject:
        ignored = True
    assert 1 <= column <= len(text) + 1
    assert not ignored or "IgnoreObjectFlow" in text


@given(st.text(max_size=60) | st.text(alphabet='IFJoin()[]",&=<>ab1 -\\\n', max_size=40))
@settings(max_examples=400, deadline=None)
def test_any_text_at_all_gives_a_result_object(text):
    found = run(text, {"a": "x"})
    assert set(found) == {"result", "absent", "error"}
    if found["error"] is not None:
        assert 1 <= found["error"]["column"] <= len(text) + 1


@given(st.text(max_size=30), st.text(max_size=12), st.text(max_size=12))
@settings(max_examples=300, deadline=None)
def test_any_pattern_gives_a_text_or_an_expression_error(source, pattern, replacement):
    found = run("Replace([s], , [p], , [r], , )", {"s": source, "p": pattern, "r": replacement})
    assert (found["error"] is None) == isinstance(found["result"], str)


@given(st.datetimes(min_value=datetime(1601, 1, 1), max_value=datetime(9999, 12, 31)))  # noqa: DTZ001 - hypothesis wants naive bounds
@settings(max_examples=200, deadline=None)
def test_a_date_survives_its_rendered_form_and_its_filetime(at):
    whole = at.replace(microsecond=0)
    text = render(whole)
    assert run("CDate([d])", {"d": text})["result"] == text
    assert run("DateFromNum(NumFromDate([d]))", {"d": text})["result"] == text
    assert run('FormatDateTime([d], "M/d/yyyy h:mm:ss tt", "M/d/yyyy h:mm:ss tt")', {"d": text})["result"] == text
