"""Values written as TOML: what is read again is what was written."""

from __future__ import annotations

import tomllib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncd.toml_text import toml

SCALARS = (
    st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"]))
)


@given(st.recursive(SCALARS, lambda inner: st.lists(inner) | st.dictionaries(st.text("aB1 -.é\"'", min_size=1), inner)))
def test_what_is_written_is_read_again(value: Any):
    assert tomllib.loads(f"key = {toml(value)}") == {"key": value}


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("userName", '"userName"'),
        ('Join(" ", [a])', "'Join(\" \", [a])'"),
        ('it\'s "both"', '"it\'s \\"both\\""'),
        (r".*@partner\.com", r"'.*@partner\.com'"),
        ('IIF(\n"a")', "'''\nIIF(\n\"a\")'''"),
        ("ends in '\nquotes'", "\"ends in '\\nquotes'\""),
        ("a\r\nb", '"a\\r\\nb"'),
        ("\u202e", '"\\u202e"'),
        ("\U000e0001", '"\\U000e0001"'),
        ({"target": "a", "odd key": True}, '{ target = "a", "odd key" = true }'),
        (("create", 1.5), '["create", 1.5]'),
    ],
)
def test_expressions_stay_legible(value, text):
    assert toml(value) == text


@pytest.mark.parametrize("value", [None, object(), {1}])
def test_what_toml_lacks_is_refused(value):
    with pytest.raises(TypeError):
        toml(value)
