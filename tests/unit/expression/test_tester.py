"""The result object of the expression tester, alone and in a batch."""

from __future__ import annotations

import json

import pytest

from syncd.core.expression.tester import run, run_batch


@pytest.mark.parametrize(
    ("text", "attributes", "result"),
    [
        ('Join(" ", [a], [b])', {"a": "Jane", "b": "Doe"}, {"result": "Jane Doe", "absent": False, "error": None}),
        ("[a]", {"a": ["x", 1, True]}, {"result": ["x", "1", "True"], "absent": False, "error": None}),
        ("[a]", {}, {"result": None, "absent": True, "error": None}),
        ("[a]", {"a": ""}, {"result": "", "absent": False, "error": None}),
        ("IgnoreFlowIfNullOrEmpty([a])", {}, {"result": None, "absent": True, "error": None}),
        ('IIF([a]="", IgnoreObjectFlow, 1)', {}, {"result": None, "absent": True, "error": None}),
        ("Len([a])", {"a": "xyz"}, {"result": "3", "absent": False, "error": None}),
    ],
)
def test_result_object(text, attributes, result):
    assert run(text, attributes) == result


def test_error_object_has_message_and_column():
    found = run('Join(" ",[givenName],[surname]', {})
    assert (found["result"], found["absent"], found["error"]["column"]) == (None, False, 31)
    assert set(found["error"]) == {"message", "column"}


def test_batch_gives_one_result_a_line_in_order():
    lines = [
        json.dumps({"expression": "ToUpper([a])", "attributes": {"a": "x"}}),
        "\n",
        json.dumps({"expression": "Nope()", "attributes": {}}),
        "{broken",
        "[]",
        json.dumps({"expression": 5}),
        json.dumps({"expression": "[a]", "attributes": ["a"]}),
        "[" * 100_000,
        json.dumps({"expression": '"last"'}) + "\n",
    ]
    found = list(run_batch(lines))
    assert [row["result"] for row in found] == ["X", None, None, None, None, None, None, "last"]
    assert [row["error"] is None for row in found] == [True, False, False, False, False, False, False, True]
    json.dumps(found)


def test_batch_is_lazy():
    def lines():
        yield '{"expression": "1"}'
        raise AssertionError("read too far")

    assert next(run_batch(lines()))["result"] == "1"
