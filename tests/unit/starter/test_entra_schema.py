"""Reading an exported schema: the rows and filters in it, texts of functions, and what is no schema."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from syncd.core.entra_schema import NotASchema, read_schema
from syncd.core.entra_source import read_source
from syncd.core.expression import compile_expression
from syncd.entra_import import EntraSchemaError, load_entra_schema
from syncd.entra_import.file import SIZE_LIMIT_BYTES
from tests.unit.starter.conftest import SCHEMAS

ROLE = """IIF(SingleAppRoleAssignment([appRoleAssignments])="Admin", "Admin",
IIF(SingleAppRoleAssignment([appRoleAssignments])="Guest", "Guest",
IIF(SingleAppRoleAssignment([appRoleAssignments])="User", "User", "User")))"""


def attribute(name: str) -> dict[str, Any]:
    return {"type": "Attribute", "name": name, "expression": f"[{name}]", "parameters": []}


def constant(value: str, expression: str | None = None) -> dict[str, Any]:
    return {"type": "Constant", "name": value, "expression": expression, "parameters": []}


def call(name: str, *parameters: tuple[str, Any], expression: str | None = None) -> dict[str, Any]:
    pairs = [{"key": key, "value": value} for key, value in parameters]
    return {"type": "Function", "name": name, "expression": expression, "parameters": pairs}


def test_the_default_schema_has_twenty_two_user_rows_and_three_group_rows(exported):
    schema = read_schema(exported("default"))
    rows = {mapping.source_object: mapping.rows for mapping in schema.mappings}
    assert {name: len(found) for name, found in rows.items()} == {"User": 22, "Group": 3}
    assert [row.target for row in rows["User"] if row.matching_priority == 1] == ["userName"]
    assert {mapping.flows for mapping in schema.mappings} == {("Add", "Update", "Delete")}
    assert {mapping.target_directory for mapping in schema.mappings} == {"customappsso"}
    assert not any(mapping.filters or mapping.further_filters for mapping in schema.mappings)


def test_the_text_of_an_expression_is_kept_line_breaks_and_all(exported):
    mapping = next(each for each in read_schema(exported("testmu")).mappings if each.source_object == "User")
    row = next(each for each in mapping.rows if each.target.endswith("OrganizationRole"))
    assert row.source is not None
    assert row.source.text == ROLE
    assert row.default == "User"


@pytest.mark.parametrize(
    ("source", "type_", "text"),
    [
        (attribute("mail"), "Attribute", "mail"),
        ({"expression": "[mail]"}, "Attribute", "mail"),
        ({"name": "mail", "type": "attribute"}, "Attribute", "mail"),
        (constant("Guest", '"Guest"'), "Constant", "Guest"),
        (constant("", '"a \\"b\\""'), "Constant", 'a "b"'),
        (constant("", "bare"), "Constant", "bare"),
        (call("Trim", ("value", attribute("a")), expression="Trim( [a] )"), "Function", "Trim( [a] )"),
        (call("Trim", ("value", attribute("a"))), "Function", "Trim([a])"),
        (call("Now"), "Function", "Now()"),
        (call("Left", ("string", attribute("a")), ("numChars", constant("3", "3"))), "Function", "Left([a], 3)"),
        (call("Left", ("string", attribute("a")), ("numChars", constant("3"))), "Function", 'Left([a], "3")'),
        (
            call("Join", ("separator", constant('"\\')), ("source1", attribute("a")), ("source3", attribute("b"))),
            "Function",
            'Join("\\"\\\\", [a], [b])',
        ),
        (
            call("Replace", ("source", attribute("a")), ("regexPattern", constant("x")), ("replacementValue", None)),
            "Function",
            'Replace([a], , "x", , )',
        ),
        (
            call("Switch", ("source", attribute("a")), ("key1", constant("k")), ("value1", constant("v"))),
            "Function",
            'Switch([a], , "k", "v")',
        ),
        (
            call("IIF", ("condition", call("=", ("l", attribute("a")), ("r", constant("b")))), ("x", constant("c"))),
            "Function",
            'IIF([a] = "b", "c")',
        ),
        (call("Left", ("numChars", constant("3")), ("string", attribute("a"))), "Function", 'Left("3", [a])'),
        (call("Frobnicate", ("x", attribute("a"))), "Function", "Frobnicate([a])"),
    ],
)
def test_a_source_has_a_text(source, type_, text):
    found = read_source(source)
    assert (found.type, found.text, found.problem) == (type_, text, None)


def test_a_tree_without_texts_gives_the_same_results_as_its_expression(exported):
    mapping = next(each for each in read_schema(exported("unsupported")).mappings if each.name.endswith("ID Users"))
    row = next(each for each in mapping.rows if each.target.endswith("OrganizationRole"))
    assert row.source is not None
    assert "".join(row.source.text.split()) == "".join(ROLE.split())
    compile_expression(row.source.text)


@pytest.mark.parametrize(
    ("source", "problem"),
    [
        ({"type": "Variable", "name": "x"}, "its source is of the unknown type Variable"),
        ({"type": "Attribute"}, "its source names no attribute"),
        ({"type": "Function"}, "its function has neither a text nor a name"),
        ({"type": "Function", "name": "Trim", "parameters": "x"}, "the parameters of Trim are no list of objects"),
        ({"type": "Function", "name": "Trim", "parameters": [1]}, "the parameters of Trim are no list of objects"),
        (call("Trim", ("value", "x")), "a parameter of its function is no object"),
        (call("Trim", ("value", {"type": "Odd"})), "a parameter of its function is of the unknown type Odd"),
        (call("Trim", ("value", constant("x" * 10_001))), "its expression has more than 10,000 characters"),
    ],
)
def test_a_source_without_a_text_is_a_problem_of_its_row_alone(source, problem):
    assert read_source(source).problem == problem


def test_functions_nested_too_deep_are_a_problem_of_their_row_alone():
    tree = attribute("a")
    for _ in range(250):
        tree = call("Trim", ("value", tree))
    assert read_source(tree).problem == "its functions are nested more than 200 deep"


def rules(**mapping: Any) -> dict[str, Any]:
    return {"synchronizationRules": [{"objectMappings": [{"sourceObjectName": "User", **mapping}]}]}


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ([], "it has no synchronizationRules"),
        ({"value": []}, "it has no synchronizationRules"),
        ({"synchronizationRules": None}, "its synchronizationRules have no objectMappings"),
        ({"synchronizationRules": {}}, "synchronizationRules is an object, but must be a list of at most 10000"),
        ({"synchronizationRules": [1]}, "synchronizationRules[0] is a number, but must be an object"),
        ({"synchronizationRules": [{}]}, "its synchronizationRules have no objectMappings"),
        (rules(enabled="yes"), "synchronizationRules[0].objectMappings[0].enabled is text, but must be true or false"),
        (rules(flowTypes=["Add"]), "objectMappings[0].flowTypes is a list of 1, but must be text"),
        (rules(scope=[]), "objectMappings[0].scope is a list of 0, but must be an object"),
        (rules(attributeMappings=[{"source": "x"}]), "attributeMappings[0].source is text, but must be an object"),
        (rules(attributeMappings=[{"matchingPriority": "1"}]), "matchingPriority is text, but must be a whole number"),
        (rules(attributeMappings=[{}] * 10_001), "attributeMappings is a list of 10001, but must be a list of at most"),
        (rules(scope={"groups": [{"clauses": [{"targetOperand": 1}]}]}), "targetOperand is a number, but must be"),
        (
            rules(scope={"groups": [{"clauses": [{"targetOperand": {"values": [1]}}]}]}),
            "scope.groups[0].clauses[0].targetOperand.values must be a list of texts",
        ),
    ],
)
def test_what_is_no_schema_is_told_with_its_place(data, message):
    with pytest.raises(NotASchema) as caught:
        read_schema(data)
    assert message in str(caught.value)


KEYS = (
    "synchronizationRules", "objectMappings", "attributeMappings", "source", "type", "name", "expression", "parameters",
    "key", "value", "scope", "groups", "clauses", "targetOperand", "values", "flowTypes", "matchingPriority",
)  # fmt: skip
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner),
    max_leaves=30,
)


def told(data: Any) -> str:
    """What is said of it; nothing of a schema."""
    try:
        read_schema(data)
    except NotASchema as error:
        return str(error)
    return "a schema"


@settings(max_examples=300)
@given(JSON)
def test_any_json_is_a_schema_or_told_not_to_be_one(data: Any):
    for nested in (data, {"synchronizationRules": data}, {"synchronizationRules": [{"objectMappings": [data]}]}):
        assert told(nested)


def refusal(path: Path) -> str:
    with pytest.raises(EntraSchemaError) as caught:
        load_entra_schema(path)
    assert "\n" not in str(caught.value)
    assert str(caught.value).endswith("then run: syncd init --from-entra-schema FILE")
    return caught.value.detail


def test_files_that_are_no_schema_are_refused_with_the_reason(tmp_path: Path):
    path = tmp_path / "schema.json"
    assert refusal(path) == "the file cannot be read (No such file or directory)"
    assert refusal(tmp_path) == "it is no regular file"
    assert refusal(Path("a\0b")) == "the file cannot be read (not a usable path)"
    path.write_bytes(b"\xff\xfa")
    assert refusal(path) == "it is no JSON, which is UTF-8 text"
    for text in ("", "<html>", '{"synchronizationRules": [', "[" * 100_000, '{"a": "\\ud800"}'):
        path.write_text(text, encoding="utf-8")
        assert refusal(path).startswith("it is no JSON: ")
    path.write_bytes(b" " * (SIZE_LIMIT_BYTES + 1))
    assert refusal(path) == "it is larger than 16777216 bytes; no schema is"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_files_are_read_as_tools_write_them(tmp_path: Path, encoding: str):
    path = tmp_path / "schema.json"
    path.write_text(json.dumps(json.loads((SCHEMAS / "default.json").read_text())), encoding=encoding)
    assert len(load_entra_schema(path).mappings) == 2
