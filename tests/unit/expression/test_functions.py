"""The reference pages: each is complete, its examples hold, and the documentation is made from it."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from syncd.core.expression import ExpressionError, compile_expression, functions
from syncd.core.expression.tester import run

ROOT = Path(__file__).resolve().parents[3]

PUBLISHED = """Append AppRoleAssignmentsComplex BitAnd CBool CDate Coalesce ConvertToBase64 ConvertToUTF8Hex Count CStr DateAdd DateDiff
DateFromNum FormatDateTime Guid IgnoreFlowIfNullOrEmpty IIF InStr IsNull IsNullOrEmpty IsPresent IsString Item Join Left Mid
NormalizeDiacritics Not Now NumFromDate PCase RandomString Redact RemoveDuplicates Replace SelectUniqueValue SingleAppRoleAssignment
Split StripSpaces Switch ToLower ToUpper Word AssertiveAppRoleAssignmentsComplex Len DefaultDomain ConvertFromBase64 DNComponent Error
StringFromSid Trim Contains CRef And Or StartsWith EndsWith"""

EXAMPLES = [(function.name, example) for function in functions() for example in function.examples]


def test_every_published_function_is_there_and_no_other():
    assert sorted(each.name for each in functions()) == sorted(PUBLISHED.split())


@pytest.mark.parametrize("function", functions(), ids=lambda function: function.name)
def test_reference_page_has_signature_summary_null_rule_and_example(function):
    assert function.doc.startswith(f"{function.signature}: ")
    assert function.paragraphs
    assert function.null_rule
    assert function.examples


@pytest.mark.parametrize(("name", "example"), EXAMPLES, ids=lambda value: getattr(value, "expression", value))
def test_example_of_the_reference_page_holds(name, example):
    assert f"{name}(" in example.expression
    found = run(example.expression, example.attributes)
    match example.kind:
        case "error":
            assert example.result in found["error"]["message"]
        case "like":
            assert re.fullmatch(example.result, found["result"])
        case kind:
            assert found == {"result": example.result, "absent": kind == "absent", "error": None}


@pytest.mark.parametrize("function", functions(), ids=lambda function: function.name)
def test_one_argument_too_few_or_too_many_is_refused_with_the_signature(function):
    numbers = [function.least - 1] + ([function.most + 1] if function.most is not None else [])
    for number in numbers:
        if number < 0:
            continue
        with pytest.raises(ExpressionError) as caught:
            compile_expression(f"{function.name}({', '.join(['[a]'] * number)})")
        assert function.signature in caught.value.message
        assert f"has {number}" in caught.value.message


@pytest.mark.parametrize("function", functions(), ids=lambda function: function.name)
def test_wrong_letter_case_is_answered_with_the_right_spelling(function):
    with pytest.raises(ExpressionError) as caught:
        compile_expression(f"{function.name.swapcase()}([a])")
    assert f"is written {function.name}" in caught.value.message


def test_documentation_page_is_current():
    check = [sys.executable, str(ROOT / "docs" / "generate.py"), "expressions", "--check"]
    done = subprocess.run(check, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
