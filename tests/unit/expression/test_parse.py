"""What parses, what it prints as, and how a broken expression is answered."""

from __future__ import annotations

import pytest

from syncd.core.errors import SyncdError
from syncd.core.expression import ExpressionError, compile_expression
from syncd.core.expression import nodes as n
from syncd.core.expression.parser import parse

ROLE = """IIF(SingleAppRoleAssignment([appRoleAssignments])="Admin", "Admin",
IIF(SingleAppRoleAssignment([appRoleAssignments])="Guest", "Guest",
IIF(SingleAppRoleAssignment([appRoleAssignments])="User", "User", "User")))"""


@pytest.mark.parametrize(
    ("text", "printed"),
    [
        ("[mail]", "[mail]"),
        ("[ mail ]", "[mail]"),
        ('[emails[type eq "work"].value]', '[emails[type eq "work"].value]'),
        ('Switch([IsSoftDeleted],, "False", "True")', 'Switch([IsSoftDeleted], , "False", "True")'),
        ('Replace([a], "x", , , "y", , )', 'Replace([a], "x", , , "y", , )'),
        ("Now( )", "Now()"),
        ("Now\n (\t)\n", "Now()"),
        ("Now(\u00a0)", "Now()"),
        ('"t-"&[a]&&HF7', '"t-" & [a] & 247'),
        ("CBool([a]<>[b])", "CBool([a] <> [b])"),
        ('IIF([a]&"x">="y", -5, 1.50)', 'IIF([a] & "x" >= "y", -5, 1.5)'),
        (r'Trim("a\"b\\c\+\d")', r'Trim("a\"b\\c\\+\\d")'),
        ('Trim("[x], (y) & ""z")'.replace('""', ""), 'Trim("[x], (y) & z")'),
        ('InStr("a", "b", , vbTextCompare)', 'InStr("a", "b", , vbTextCompare)'),
    ],
)
def test_printed_form_is_canonical_and_parses_to_the_same_tree(text, printed):
    tree = parse(text)
    assert str(tree) == printed
    assert parse(printed) == tree


def test_tree_of_a_role_expression_with_line_breaks():
    tree = parse(ROLE)
    assert isinstance(tree, n.Call)
    condition, admin, inner = tree.arguments
    role = n.Call(name="SingleAppRoleAssignment", arguments=(n.Attribute(name="appRoleAssignments"),))
    assert condition == n.Comparison(operator="=", left=role, right=n.Text(value="Admin"))
    assert (admin, inner.name) == (n.Text(value="Admin"), "IIF")


def test_unknown_escape_keeps_both_characters():
    assert parse(r'"\+\d\\\""') == n.Text(value='\\+\\d\\"')


BROKEN = [
    ('Join(" ",[givenName],[surname]', 31, ["found the end", ") or ,", "call of Join in column 1"]),
    ('Trim(Join(" ", [a])', 20, ["call of Trim in column 1"]),
    ("", 1, ["empty"]),
    ("   ", 1, ["empty"]),
    ('Trim("abc', 6, ["text that begins here is not closed"]),
    ("Trim([abc)", 6, ["attribute name that begins here is not closed"]),
    ("Trim([])", 6, ["no attribute name"]),
    ("Trim([a]))", 10, ["the end"]),
    ('IIF([a]="x" AND [b]="y", 1, 2)', 13, ["AND", "And("]),
    ("Trim('x')", 6, ["double quotes"]),
    ("Trim(“x”)", 6, ["double quotes"]),
    ('IIF([a]=="b", 1, 2)', 9, ["one ="]),
    ('IIF([a]!="b", 1, 2)', 8, ["<>"]),
    ('Join("", [a] + "b")', 14, ["&"]),
    ('Trim("a""b")', 9, ['\\"']),
    ("Trim(givenName)", 6, ["[givenName]", '"givenName"']),
    ("Trim(Now)", 6, ["Now()"]),
    ("IIF([a], ignoreattributeflow, 1)", 10, ["IgnoreAttributeFlow"]),
    ("trim([a])", 1, ["Trim", "case-sensitive"]),
    ("iif([a], 1, 2)", 1, ["IIF", "case-sensitive"]),
    ("Join(1, Tirm([a]))", 9, ["no function Tirm", "Trim"]),
    ("Xyzzyq([a])", 1, ["no function Xyzzyq"]),
    ("Trim()", 1, ["takes 1 argument and has 0", "Trim(value)"]),
    ("Mid([a], 1)", 1, ["takes 3 arguments and has 2", "Mid(source, start, length)"]),
    ("Now(1)", 1, ["takes 0 arguments and has 1"]),
    ('Switch([a], , "k")', 1, ["at least 4"]),
    ('Switch([a], , "k", 1, "l")', 1, ["even number"]),
    ("InStr([a], [b], 1, vbtextcompare)", 20, ["vbTextCompare"]),
    ("Trim(99999999999999999999)", 6, ["64 bits"]),
    ("Trim(0.1234567890123456789)", 6, ["15 digits"]),
    ('DateAdd("x", 1, Now())', 1, ["yyyy"]),
    ('Replace([a], , "(", , "", , )', 1, ["no regular expression"]),
    ('Replace([a], , "(?<x>a)", "y", "", , )', 1, ['no group "y"']),
    ('Replace([a], "x", , , , , )', 1, ["oldValue and replacementValue"]),
    ("Trim(SelectUniqueValue([a], [b]))", 6, ["top of the expression"]),
    ("Not(" * 201 + "1" + ")" * 201, 801, ["200 deep"]),
    ("Join(1, [a]\n,, {b})", 16, ["[name]"]),
]


@pytest.mark.parametrize(("text", "column", "words"), BROKEN)
def test_broken_expression_is_answered_with_place_and_remedy(text, column, words):
    with pytest.raises(ExpressionError) as caught:
        compile_expression(text)
    assert caught.value.column == column
    for word in words:
        assert word in caught.value.message


def test_error_text_names_the_column_and_the_command_to_try():
    with pytest.raises(SyncdError) as caught:
        compile_expression('Join(" ",[givenName],[surname]')
    assert str(caught.value) == (
        "found the end, expected ) or ,: the call of Join in column 1 is not closed (column 31). "
        "To try an expression: syncd eval EXPRESSION"
    )


def test_length_limit_is_ten_thousand_characters():
    assert compile_expression('"' + "x" * 9_998 + '"').text
    with pytest.raises(ExpressionError, match="10,001 characters"):
        compile_expression('"' + "x" * 9_999 + '"')


def test_two_hundred_calls_in_one_another_compile_and_run():
    from syncd.core.expression import EvaluationContext

    nested = "".join(f'IIF([a]="{i}", "v{i}", ' for i in range(198)) + '"none"' + ")" * 198
    assert compile_expression(nested).evaluate({"a": "197"}, EvaluationContext()) == "v197"


def test_attributes_are_the_names_in_brackets():
    text = 'Switch([a], [b.c], "[d]", IIF([emails[type eq "work"].value]="", [a], 1))'
    assert compile_expression(text).attributes == {"a", "b.c", 'emails[type eq "work"].value'}
