"""A row of a mapping in words, as explain tells it."""

from __future__ import annotations

from typing import Any

import pytest

from syncd.report.steps import row_words

ROW = {"target": "userName", "from": "SelectUniqueValue([a])", "reads": {"a": "kim"}, "gives": None, "remark": None}
FREE = "if nobody at the target has it when the account is created"


@pytest.mark.parametrize(
    ("told", "words"),
    [
        ({"gives": "kim"}, "'kim'"),
        ({"gives": None}, "None"),
        ({"gives": "kim", "remark": FREE}, f"'kim', {FREE}"),
        ({"remark": "left as it is"}, "left as it is"),
        ({"gives": None, "error": "no number"}, "no number"),
    ],
)
def test_a_row_says_what_it_gives_and_what_is_to_be_known_of_that(told: dict[str, Any], words: str) -> None:
    row = {**ROW, "error": None, **told}
    assert row_words(row) == f"userName ← SelectUniqueValue([a]) with a: 'kim' = {words}"
