"""Branches taken and not, flow tokens, redaction, and what an expression asks of its context."""

from __future__ import annotations

import random
from datetime import UTC, datetime

import pytest

from syncd.core.expression import (
    IGNORE_ATTRIBUTE,
    EvaluationContext,
    ExpressionError,
    IgnoreObject,
    compile_expression,
)
from syncd.core.expression.tester import run

AT = EvaluationContext(
    now=lambda: datetime(2025, 7, 30, 8, 0, tzinfo=UTC), random=random.Random(7), default_domain="contoso.com"
)
TYPE = "WindowsAzureActiveDirectoryRole"


def evaluate(text, source=None, context=AT):
    return compile_expression(text).evaluate(source or {}, context)


def test_ignoreattributeflow_leaves_the_attribute_out():
    text = 'IIF(DateDiff("d", Now(), CDate([StatusHireDate])) >= 0, [Department], IgnoreAttributeFlow)'
    assert evaluate(text, {"StatusHireDate": "2025-08-10", "Department": "Sales"}) == "Sales"
    assert evaluate(text, {"StatusHireDate": "2025-07-01", "Department": "Sales"}) is IGNORE_ATTRIBUTE


def test_ignoreobjectflow_skips_the_object():
    text = 'IIF(DateDiff("d", Now(), CDate([StatusHireDate])) <= 14, "False", IgnoreObjectFlow)'
    assert evaluate(text, {"StatusHireDate": "2025-08-10"}) == "False"
    with pytest.raises(IgnoreObject):
        evaluate(text, {"StatusHireDate": "2025-09-15"})


def test_flow_tokens_and_empty_values_work_inside_other_calls():
    assert evaluate('ToLower(Switch([a], IgnoreAttributeFlow, "x", "Y"))', {"a": "x"}) == "y"
    assert evaluate('ToLower(Switch([a], IgnoreAttributeFlow, "x", "Y"))') is IGNORE_ATTRIBUTE
    assert evaluate('Join("-", "a", IgnoreFlowIfNullOrEmpty([a]))') is IGNORE_ATTRIBUTE
    assert evaluate("IgnoreFlowIfNullOrEmpty([a])", {"a": []}) is IGNORE_ATTRIBUTE


@pytest.mark.parametrize(
    "text",
    [
        'IIF([a]="x", "taken", Error("no"))',
        'IIF([a]<>"x", Error("no"), "taken")',
        'Switch([a], Error("no"), "x", "taken", "y", Error("no"))',
        'Switch([a], Error("no"), [a], "taken", Error("no"), Error("no"))',
        'Switch([b], "taken", "x", CDate("no date"))',
        'Coalesce([none], "taken", Error("no"))',
        'IIF(Or([a]="x", Error("no")), "taken", "")',
        'IIF(And([a]="y", Error("no")), "", "taken")',
    ],
)
def test_branch_not_taken_is_not_evaluated(text):
    assert evaluate(text, {"a": "x"}) == "taken"


def test_error_fails_the_object_with_its_message_at_its_column():
    with pytest.raises(ExpressionError) as caught:
        evaluate('IIF(IsPresent([accountName]), [accountName], Error("AccountName is required"))')
    assert (caught.value.message, caught.value.column) == ("AccountName is required", 46)


def test_runtime_error_points_at_the_innermost_call_that_failed():
    with pytest.raises(ExpressionError) as caught:
        evaluate('Join(" ", [a], DateAdd("d", 1, CDate([a])))', {"a": "x"})
    assert caught.value.column == 32


def test_switch_takes_the_first_of_equal_keys_and_regards_case():
    assert evaluate('Switch([a], "d", "x", 1, "x", 2)', {"a": "x"}) == 1
    assert evaluate('Switch([a], "d", "x", 1)', {"a": "X"}) == "d"
    assert evaluate('Switch([a], "d", [b], 1, [c], 2)', {"a": "v", "b": "u", "c": "v"}) == 2
    assert evaluate('Switch([a], "d", "1", "one")', {"a": 1}) == "one"


def test_branches_keep_the_type_of_their_value():
    assert evaluate('IIF("True", [a], "")', {"a": ["x", "y"]}) == ["x", "y"]
    assert evaluate("CDate([d])", {"d": "2020-01-01"}) == datetime(2020, 1, 1, tzinfo=UTC)
    assert evaluate("Not([a])") is True


def test_roles_as_complex_values():
    role = {"primary": False, "type": TYPE, "value": "Admin", "display": "Admin"}
    for name in ("AppRoleAssignmentsComplex", "AssertiveAppRoleAssignmentsComplex"):
        assert evaluate(f"{name}([appRoleAssignments])", {"appRoleAssignments": ["Admin"]}) == [role]
    assert (
        evaluate("SingleAppRoleAssignment([appRoleAssignments])", {"appRoleAssignments": ["User", "Admin"]}) == "User"
    )


@pytest.mark.parametrize(
    ("roles", "role"),
    [(["Admin"], "Admin"), (["Guest"], "Guest"), (["User"], "User"), (["Other"], "User"), (None, "User")],
)
def test_organization_role_of_nested_iifs_with_line_breaks(roles, role):
    text = """IIF(SingleAppRoleAssignment([appRoleAssignments])="Admin", "Admin",
IIF(SingleAppRoleAssignment([appRoleAssignments])="Guest", "Guest",
IIF(SingleAppRoleAssignment([appRoleAssignments])="User", "User", "User")))"""
    assert evaluate(text, {"appRoleAssignments": roles}) == role


@pytest.mark.parametrize(("deleted", "active"), [(True, "False"), (False, "True"), (None, None)])
def test_active_follows_issoftdeleted(deleted, active):
    assert evaluate('Switch([IsSoftDeleted],, "False", "True", "True", "False")', {"IsSoftDeleted": deleted}) == active


def test_redacted_expression_shows_no_value_when_it_fails():
    text = "Redact(CDate([birthday]))"
    with pytest.raises(ExpressionError) as caught:
        evaluate(text, {"birthday": "31/12/1999 secret"})
    assert "secret" not in str(caught.value)
    assert caught.value.column == 8
    assert "secret" in run("CDate([birthday])", {"birthday": "secret"})["error"]["message"]


def test_what_an_expression_depends_on_is_known_without_an_object():
    plain, redacted = compile_expression("[a]"), compile_expression('IIF([a]="", "", Redact([b]))')
    assert (plain.redacts, plain.uses_clock, plain.uses_chance, plain.selects_unique) == (False,) * 4
    assert redacted.redacts
    assert compile_expression('DateDiff("d", Now(), CDate([a]))').uses_clock
    assert compile_expression("Append(Guid(), RandomString(3))").uses_chance
    assert compile_expression("SelectUniqueValue([a], [b])").selects_unique


def test_now_and_defaultdomain_come_from_the_context():
    assert evaluate("CStr(Now())") == "7/30/2025 8:00:00 AM"
    assert evaluate('Join("@", [a], DefaultDomain())', {"a": "jane"}) == "jane@contoso.com"


def test_guid_and_randomstring_differ_at_each_evaluation_and_follow_the_seed():
    expression = compile_expression("Append(Guid(), RandomString(12, 1, 1, 1, 1))")
    seeded = [EvaluationContext(random=random.Random(3)) for _ in range(2)]
    first, again = (expression.evaluate({}, context) for context in seeded)
    assert first == again
    assert expression.evaluate({}, seeded[0]) != first


def test_randomstring_keeps_its_minima_and_avoids_what_it_must():
    text = 'RandomString(10,2,2,2,1,"?,")'
    for _ in range(200):
        found = evaluate(text)
        assert len(found) == 10
        assert sum(c.isdigit() for c in found) >= 2
        assert sum(c.isupper() for c in found) >= 2
        assert sum(c.islower() for c in found) >= 1
        assert sum(not c.isalnum() for c in found) >= 2
        assert not set(found) & set("?,")
    for refused in (
        "RandomString(257)",
        "RandomString(2,3)",
        'RandomString(3,3,0,0,0,"0123456789")',
        "RandomString(3,-1)",
    ):
        assert "RandomString" in run(refused, {})["error"]["message"]
    assert evaluate("RandomString(4, , , 4)").isupper()
    assert evaluate("RandomString(40)").isalnum()


RULES = """SelectUniqueValue(
    Join("@", NormalizeDiacritics(StripSpaces(Join(".", [F], [L]))), "contoso.com"),
    Join("@", NormalizeDiacritics(StripSpaces(Join(".", Mid([F], 1, 1), [L]))), "contoso.com"),
    Join("@", NormalizeDiacritics(StripSpaces(Join(".", Mid([F], 1, 2), [L]))), "contoso.com"))"""


@pytest.mark.parametrize(
    ("taken", "result"),
    [
        (set(), "John.Smith@contoso.com"),
        ({"John.Smith@contoso.com"}, "J.Smith@contoso.com"),
        ({"John.Smith@contoso.com", "J.Smith@contoso.com"}, "Jo.Smith@contoso.com"),
    ],
)
def test_selectuniquevalue_takes_the_first_that_is_free(taken, result):
    context = EvaluationContext(taken=taken.__contains__)
    assert evaluate(RULES, {"F": "John", "L": "Smith"}, context) == result


def test_selectuniquevalue_fails_with_the_values_tried_when_all_are_taken():
    with pytest.raises(ExpressionError, match=r"J\.Smith@contoso\.com"):
        evaluate(RULES, {"F": "John", "L": "Smith"}, EvaluationContext(taken=lambda name: True))
