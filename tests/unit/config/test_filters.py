"""Filters and group rules: operators, values, patterns."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from syncd.config.pattern import LENGTH_LIMIT, pattern_fault
from syncd.core.expression.unrolled import unrolled_size
from syncd.core.filters import OPERATORS

Faults = Callable[..., list[str]]
END = "Correct it, then run: syncd check"
KEY = "jobs.wiki.users.filters[0][0]"
UNCLEAR = "Microsoft says no longer what it compares; use Includes or REGEX MATCH"


def users(clause: str) -> str:
    return f"[jobs.wiki.users]\nfilters = [[{{ {clause} }}]]\n"


@pytest.mark.parametrize(
    ("word", "name"),
    [
        ("EQUALS", "EQUALS"),
        ("equals", "EQUALS"),
        ("Not_Equals", "NOT EQUALS"),
        ("not  equals", "NOT EQUALS"),
        ("REGEX_MATCH", "REGEX MATCH"),
        ("NOT REGEX MATCH", "NOT REGEX MATCH"),
        ("includes", "INCLUDES"),
        ("ends with", "ENDS_WITH"),
    ],
)
def test_an_operator_is_read_without_regard_to_case_and_with_space_and_underscore_alike(workshop, word, name):
    settings = workshop.load(more=users(f'attribute = "department", operator = "{word}", value = "x"'))
    assert settings.jobs["wiki"].users.filters[0][0].operator == name
    assert name in OPERATORS


@pytest.mark.parametrize("word", ["IS TRUE", "is_false", "IS NULL", "Is Not Null"])
def test_an_operator_on_the_attribute_alone_takes_no_value(workshop, word):
    (found,) = (
        workshop.load(more=users(f'attribute = "accountEnabled", operator = "{word}"')).jobs["wiki"].users.filters
    )
    assert found[0].value is None
    name = word.upper().replace("_", " ")
    assert workshop.faults(more=users(f'attribute = "accountEnabled", operator = "{word}", value = true')) == [
        f"{KEY}.value: a value for {name}; {name} takes none. {END}"
    ]


@pytest.mark.parametrize("word", [name for name, how in OPERATORS.items() if how.takes_value])
def test_a_clause_without_its_value_is_refused(faults: Faults, word):
    assert faults(more=users(f'attribute = "department", operator = "{word}"')) == [
        f"{KEY}.value: missing; {word} needs a value. {END}"
    ]
    assert faults(more=users(f'attribute = "department", operator = "{word}", value = ""')) == [
        f"{KEY}.value: empty text; {word} needs a value; for attributes without one write IS NULL or IS NOT NULL. {END}"
    ]


@pytest.mark.parametrize(
    ("word", "text"),
    [
        ("EQALS", 'unknown operator "EQALS"; the nearest operator is EQUALS'),
        ("&", f'operator "&"; {UNCLEAR}'),
        ("!&", f'operator "!&"; {UNCLEAR}'),
        ("STARTSWITH", 'operator "STARTSWITH"; write STARTS_WITH'),
        ("LESS_THEN", 'unknown operator "LESS_THEN"; the nearest operator is LESS_THAN'),
        ("IsMemberOf", 'operator "IsMemberOf"; assign the group to the application instead'),
        ("???", 'unknown operator "???"; known: ' + ", ".join(OPERATORS)),
    ],
)
def test_an_unknown_operator_is_named_with_the_nearest_or_the_reason(faults: Faults, word, text):
    assert faults(more=users(f'attribute = "department", operator = "{word}", value = "x"')) == [
        f"{KEY}.operator: {text}. {END}"
    ]


@pytest.mark.parametrize("value", ['"Engineering"', "5", "5.5", "true"])
def test_a_value_is_text_a_number_or_a_boolean(workshop, value):
    settings = workshop.load(more=users(f'attribute = "department", operator = "EQUALS", value = {value}'))
    assert settings.jobs["wiki"].users.filters[0][0].value is not None


@pytest.mark.parametrize(
    ("clause", "text"),
    [
        ('operator = "EQUALS", value = ["x"]', "a list; EQUALS needs a single value"),
        ('operator = "EQUALS", value = { a = 1 }', "a table; write text, a number, true or false"),
        ('operator = "EQUALS", value = 2026-01-01', "a date or time; write text, a number, true or false"),
        ('operator = "EQUALS", value = nan', "nan; write a finite number"),
        ('operator = "Greater_Than", value = "abc"', '"abc"; GREATER_THAN compares whole numbers'),
        ('operator = "Greater_Than", value = true', "true; GREATER_THAN compares whole numbers"),
        ('operator = "REGEX MATCH", value = 5', "5; REGEX MATCH needs a regular expression as text"),
        ('operator = "REGEX MATCH", value = "("', '"(" is no regular expression; missing ) at character 2'),
        (
            'operator = "NOT REGEX MATCH", value = "[a"',
            '"[a" is no regular expression; unterminated character set at character 3',
        ),
        (
            'operator = "REGEX MATCH", value = "((a{999}){999}){999}"',
            '"((a{999}){999}){999}" repeats too much; at most 100000 characters written out',
        ),
    ],
)
def test_a_value_that_the_operator_cannot_take_is_refused(faults: Faults, clause, text):
    assert faults(more=users(f'attribute = "employeeId", {clause}')) == [f"{KEY}.value: {text}. {END}"]


@pytest.mark.parametrize("value", ["5", '"5"', '"-5"'])
def test_a_number_may_be_written_as_text(workshop, value):
    assert workshop.load(more=users(f'attribute = "employeeId", operator = "greater_than", value = {value}'))


def test_a_filter_without_clauses_would_let_everybody_in_and_is_refused(faults: Faults):
    assert faults(more="[jobs.wiki.users]\nfilters = [[]]\n") == [
        (
            "jobs.wiki.users.filters[0]: a filter without clauses; it would let everybody in; give it a clause or remove "
            f"it. {END}"
        )
    ]


def test_an_attribute_that_the_source_cannot_have_is_named_with_the_nearest(faults: Faults):
    clause = 'attribute = "Department", operator = "IS NULL"'
    assert faults(more=users(clause)) == [
        f'{KEY}.attribute: graph users have no attribute "Department"; the nearest is department. {END}'
    ]
    assert faults(more=users(clause).replace("users", "groups")) == [
        (
            'jobs.wiki.groups.filters[0][0].attribute: graph groups have no attribute "Department"; write a property of '
            f"Graph's groups such as displayName or members. {END}"
        )
    ]


def test_groups_are_picked_by_name_prefix_and_pattern(workshop):
    rules = '[jobs.wiki.groups]\nselect = [{ name = "Eng" }, { prefix = "e-" }, { regex = "^qa-.*$" }]\n'
    select = workshop.load(more=rules).jobs["wiki"].groups.select
    assert [(rule.name, rule.prefix, rule.regex) for rule in select] == [
        ("Eng", None, None),
        (None, "e-", None),
        (None, None, "^qa-.*$"),
    ]


@pytest.mark.parametrize(
    ("select", "line"),
    [
        ("[]", "select: an empty list; give it a rule, or remove the key for every group in scope"),
        ("[{}]", "select[0]: no name, prefix or regex; give exactly one of name, prefix and regex"),
        ('[{ name = "a", regex = "b" }]', "select[0]: name and regex; give exactly one of name, prefix and regex"),
        ('[{ regex = "*" }]', 'select[0].regex: "*" is no regular expression; nothing to repeat at character 1'),
        ('[{ prefix = "" }]', "select[0].prefix: empty text; it must not be empty"),
        ('["Eng"]', "select[0]: text; it must be a table"),
    ],
)
def test_a_group_rule_that_is_not_understood_is_refused(faults: Faults, select, line):
    assert faults(more=f"[jobs.wiki.groups]\nselect = {select}\n") == [f"jobs.wiki.groups.{line}. {END}"]


@pytest.mark.parametrize(
    ("pattern", "size"),
    [
        ("abc", 3),
        ("a{10}", 10),
        ("(ab){10}c", 21),
        ("(?:a{3}b){2,9}", 12),
        (r"\{999}{2}", 6),
        ("[{99}]{4}", 4),
        ("[]a]{3}", 3),
        ("a{0}", 1),
        ("((a{9}){9}){9}", 729),
    ],
)
def test_repetitions_are_counted_as_they_are_written_out(pattern, size):
    # Marks such as ?: count as characters: an estimate from above is enough.
    assert size <= unrolled_size(pattern) <= 2 * size + 4


def test_a_pattern_has_a_bounded_length():
    assert pattern_fault("a" * LENGTH_LIMIT) is None
    assert pattern_fault("a" * (LENGTH_LIMIT + 1))[:2] == ("a pattern of 10001 characters", "at most 10000 are allowed")


def test_a_pattern_that_is_too_deep_is_refused():
    assert pattern_fault("(" * 2000 + ")" * 2000) is not None


@pytest.mark.parametrize(
    ("clause", "text"),
    [
        ('operator = "IN", value = "x"', 'IN needs a list of values such as ["Sales", "Support"]'),
        ('operator = "IN", value = []', 'IN needs a list of values such as ["Sales", "Support"]'),
        ('operator = "EQUALS", value = ["x"]', "EQUALS needs a single value"),
        ('operator = "BEFORE", value = "soon"', "BEFORE needs a date or a time such as 2026-01-31"),
        ('operator = "LESS_THAN", value = "few"', "LESS_THAN compares whole numbers"),
    ],
)
def test_a_value_of_another_form_than_the_operator_takes_is_refused(faults: Faults, clause, text):
    (found,) = faults(more=users(f'attribute = "department", {clause}'))
    assert text in found


@pytest.mark.parametrize("text", ['[department]="Sales"', "Not(IsPresent([manager]))"])
def test_a_clause_may_be_an_expression(workshop, text):
    settings = workshop.load(more=users(f"expression = '{text}'"))
    clause = settings.jobs["wiki"].users.filters[0][0]
    assert (clause.attribute, clause.operator, clause.expression) == (None, None, text)


@pytest.mark.parametrize(
    ("clause", "text"),
    [
        ("expression = 'ToLowr([mail])'", "column 1"),
        ("expression = 'ToLower([mail)'", "column"),
        ("expression = '[departmnt]=\"x\"'", "graph users have no attribute"),
        ("expression = '\"x\"=\"y\"', attribute = 'mail'", "attribute beside expression"),
        ("expression = '\"x\"=\"y\"', value = '1'", "value beside expression"),
        ("expression = 'Guid()'", "an expression that gives another value each time"),
        ("operator = 'EQUALS', value = '1'", "a clause has an attribute and an operator, or an expression"),
        ("attribute = 'mail'", "a clause has an attribute and an operator, or an expression"),
        ("attribute = 'employeeHireDate', operator = 'AFTER', value = '-30 days'", "relative to now such as -30d"),
    ],
)
def test_an_expression_is_compiled_at_the_start_and_stands_alone(faults: Faults, clause, text):
    (line,) = faults(more=users(clause))
    assert text in line
    assert "filters[0][0]" in line
