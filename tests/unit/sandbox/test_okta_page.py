"""Cursors of the sandbox's Okta."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.sandbox.okta.errors import OktaError
from connectors.sandbox.okta.options import Options
from connectors.sandbox.okta.page import Cursor, decoded, encoded, fingerprint, opened

KEYS = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)


@given(KEYS, st.integers(0, 10**9), st.integers(1, 10**6), st.booleans())
def test_a_cursor_comes_back_as_it_went(key: str, position: int, page: int, standard: bool) -> None:
    mark = fingerprint("/api/v1/users", {"limit": "2"})
    text = encoded(Cursor(key=key, position=position, page=page, issued=5.0), mark, standard_base64=standard)
    assert text.isascii()
    if standard:
        assert {"+", "/", "="} <= set(text)
    back = decoded(text, mark, now=6.0, options=Options())
    assert (back.key, back.position, back.page) == (key, position, page)


@given(st.text(max_size=40))
def test_any_other_text_is_a_bad_cursor(text: str) -> None:
    with pytest.raises(OktaError) as caught:
        opened(text)
    assert caught.value.code == "E0000029"


def test_a_cursor_belongs_to_its_endpoint_its_parameters_and_its_generation() -> None:
    mark = fingerprint("/api/v1/users", {"filter": "x", "limit": "2", "after": "a"})
    assert mark == fingerprint("/api/v1/users", {"filter": "x", "limit": "9", "fields": "id"})
    assert mark != fingerprint("/api/v1/groups", {"filter": "x"})
    assert mark != fingerprint("/api/v1/users", {"filter": "y"})
    assert mark != fingerprint("/api/v1/users", {"filter": "x"}, 1)
