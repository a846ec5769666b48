"""Rendering, comparison, truth and null."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from syncd.core.expression import render
from syncd.core.expression.tester import run

NOON = datetime(2020, 3, 16, 12, 5, 9, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, None),
        ("", ""),
        (True, "True"),
        (False, "False"),
        (1250000, "1250000"),
        (-7, "-7"),
        (10**50, "1" + "0" * 50),
        (3.0, "3"),
        (2.50, "2.5"),
        (1e21, "1000000000000000000000"),
        (1e-7, "0.0000001"),
        (-0.0, "0"),
        (NOON, "3/16/2020 12:05:09 PM"),
        (datetime(2020, 3, 6, tzinfo=UTC), "3/6/2020 12:00:00 AM"),
        (datetime(2020, 3, 16, 23, 0, tzinfo=timezone(timedelta(hours=-2))), "3/17/2020 1:00:00 AM"),
        ([True, None, 2, "x"], ["True", "2", "x"]),
        ({"primary": False, "value": "é"}, '{"primary":false,"value":"é"}'),
        (b"\x00\x01", "AAE="),
    ],
)
def test_rendered_form(value, text):
    assert render(value) == text


@pytest.mark.parametrize(
    ("left", "sign", "right", "holds"),
    [
        ("1", "=", 1, True),
        (" 1.0 ", "=", 1, True),
        ("01", "=", "1", False),
        ("01", "=", 1, True),
        ("abc", "=", 1, False),
        ("b", ">", "a", True),
        ("10", "<", "9", True),
        (10, "<", 9, False),
        ("10", ">", 9, True),
        ("A", "=", "a", False),
        (True, "=", "True", True),
        (True, "=", 1, False),
        (None, "=", "", True),
        (None, "=", None, True),
        (None, "<>", "x", True),
        (None, "=", 0, False),
        ([], "=", "", True),
        (["x"], "=", "x", True),
        (NOON, "<", "2020-03-17", True),
        (NOON, "=", "2020-03-16T12:05:09Z", True),
        (NOON, "=", "3/16/2020 12:05:09 PM", True),
        (NOON, ">=", datetime(2020, 3, 16, tzinfo=UTC), True),
        (NOON, "<>", "never", True),
    ],
)
def test_comparison(left, sign, right, holds):
    assert run(f"CBool([left] {sign} [right])", {"left": left, "right": right})["result"] == str(holds)


@pytest.mark.parametrize("sign", ["=", "<>", ">", ">=", "<", "<="])
def test_comparing_a_list_of_several_values_is_an_error_at_the_sign(sign):
    error = run(f'CBool([a] {sign} "x")', {"a": ["x", "y"]})["error"]
    assert error["column"] == 11
    assert "list of 2" in error["message"]


@pytest.mark.parametrize(
    ("value", "holds"),
    [
        (True, 1),
        ("True", 1),
        (1, 1),
        (-2, 1),
        ("1", 1),
        (False, 0),
        ("False", 0),
        ("true", 0),
        (0, 0),
        ("0", 0),
        ("", 0),
        (None, 0),
        ("x", 0),
        ([True], 1),
        ([True, True], 0),
    ],
)
def test_truth_of_a_condition(value, holds):
    for text in (
        'IIF([a], "1", "0")',
        'IIF(And([a], "True"), 1, 0)',
        "IIF(Or(0, [a]), 1, 0)",
        'IIF(CBool([a]), "1", "0")',
    ):
        assert run(text, {"a": value})["result"] == str(holds)


@pytest.mark.parametrize(
    ("value", "result"),
    [
        (True, "False"),
        ("True", "False"),
        ("true", "True"),
        (1, "True"),
        ([True], "False"),
        ([True, True], "True"),
        ("", "True"),
        (None, "True"),
        (False, "True"),
    ],
)
def test_not_is_false_for_true_alone(value, result):
    assert run("Not([a])", {"a": value})["result"] == result


NULL_SOURCE = [
    'Append([x], "a")', "BitAnd([x], 1)", "CDate([x])", "ConvertToBase64([x])", "ConvertFromBase64([x])", "ConvertToUTF8Hex([x])",
    "Count([x])", "CStr([x])", 'DateAdd("d", 1, [x])', 'DateDiff("d", [x], Now())', "DateFromNum([x])", "NumFromDate([x])",
    'FormatDateTime([x], , "yyyy", "yyyy")', 'InStr([x], "a")', "Item([x], 1)", "Len([x])", "Mid([x], 1, 1)", "NormalizeDiacritics([x])",
    "PCase([x])", "Redact([x])", "RemoveDuplicates([x])", 'Replace([x], "a", , , "b", , )', 'Replace([x], , "a", , "b", , )',
    'Replace([x], , "(?<g>a)", "g", "b", , )', 'Replace([x], "u", , , , , "u@x")', "SingleAppRoleAssignment([x])", 'Split([x], ",")',
    "AppRoleAssignmentsComplex([x])", "AssertiveAppRoleAssignmentsComplex([x])", "StringFromSid([x])", "StripSpaces([x])", "ToLower([x])",
    "ToUpper([x])", "Trim([x])", "DNComponent([x], 1)", "CRef([x])", "Coalesce([x])", 'Join(",", [x], [x])', "[x] & [x]", "[x]",
    'Switch([x], , "k", "v")', 'IIF([x]="k", "v", )', "SelectUniqueValue([x], [x])",
]  # fmt: skip


@pytest.mark.parametrize("absent", [{}, {"x": None}, {"x": []}], ids=["absent", "null", "no values"])
@pytest.mark.parametrize("text", NULL_SOURCE)
def test_null_source_gives_null(text, absent):
    assert run(text, absent) == {"result": None, "absent": True, "error": None}


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("Left([x], 3)", ""),
        ('Word([x], 1, " ")', ""),
        ("IsNull([x])", "True"),
        ("IsNullOrEmpty([x])", "True"),
        ("IsPresent([x])", "False"),
        ("IsString([x])", "False"),
        ('Contains([x], "a")', "False"),
        ('StartsWith([x], "a")', "False"),
        ('EndsWith([x], "a")', "False"),
        ('"t-" & [x]', "t-"),
        ('Append("a", [x])', "a"),
        ('Join("-", "", [x])', ""),
        ('Join([x], "a", "b")', "ab"),
        ('Switch([x], "d", "", "empty")', "empty"),
        ('Switch("", "d", [x], "empty")', "empty"),
        ('Coalesce([x], "")', ""),
        ('Replace("a", [x], , , "b", , )', "a"),
        ('Replace("a", "a", , , [x], , )', ""),
    ],
)
def test_functions_that_say_something_about_null(text, result):
    assert run(text, {})["result"] == result


def test_a_number_of_any_length_is_rendered():
    assert render(10**5000) == "1" + "0" * 5000


def test_a_list_of_one_stands_for_its_value_and_a_longer_one_does_not():
    assert run("ToUpper([phones])", {"phones": ["x"]})["result"] == "X"
    assert "list of 2" in run("ToUpper([phones])", {"phones": ["x", "y"]})["error"]["message"]
    assert "complex value" in run("ToUpper([org])", {"org": {"division": "x"}})["error"]["message"]


def test_a_text_over_a_million_characters_is_an_error_not_a_hang():
    long = "x" * 400_000
    assert run("[a] & [a]", {"a": long})["error"] is None
    for text in (
        "[a] & [a] & [a]",
        'Join("", [a], [a], [a])',
        "ConvertToUTF8Hex([a])",
        'Replace([a], "x", , , "yyy", , )',
    ):
        assert "1,000,000" in run(text, {"a": long})["error"]["message"]
    nested = '"aaaaaaaaaa"'
    for _ in range(100):
        nested = f'Replace({nested}, "a", , , "aaaaaaaaaa", , )'
    assert "1,000,000" in run(nested, {})["error"]["message"]
