"""config.example.toml: complete, valid, and true to the settings; and the JSON Schema."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from syncd.config import load, schema
from syncd.config.section import Section

EXAMPLE = Path(__file__).parents[3] / "config.example.toml"


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    for name in ("graph-secret", "testmu-token"):
        (tmp_path / name).write_text("s3cret\n")
    return {
        "CREDENTIALS_DIRECTORY": str(tmp_path),
        "OKTA_TOKEN": "s3cret",
        "WIKI_SECRET": "s3cret",
        "WIKI_KEY": "s3cret",
    }


def test_the_example_is_valid(environ):
    settings = load(EXAMPLE, environ=environ)
    assert set(settings.jobs) == {"testmu", "wiki"}
    assert {source.kind for source in settings.sources.values()} == {"graph", "okta"}
    assert len(settings.jobs["testmu"].users.mappings) == 7


def tables(model: type[Section]) -> list[type[Section]]:
    """Every kind of table, whichever module it is in."""
    return [each for one in model.__subclasses__() for each in (one, *tables(one))]


@pytest.mark.parametrize("model", tables(Section), ids=lambda model: model.__name__)
def test_every_key_has_a_description(model):
    assert all(field.description for field in model.model_fields.values())


@pytest.mark.parametrize("model", tables(Section), ids=lambda model: model.__name__)
def test_every_key_is_in_the_example(model):
    text = EXAMPLE.read_text()
    missing = [key for key in model.model_fields if not re.search(rf"(?<![\w-]){re.escape(key)}(?![\w-])", text)]
    assert missing == []


def nodes(node: Any) -> Iterator[dict[str, Any]]:
    if isinstance(node, dict):
        yield node
        for value in node.values():
            yield from nodes(value)
    elif isinstance(node, list):
        for value in node:
            yield from nodes(value)


def test_the_schema_refuses_unknown_keys_and_describes_the_known():
    made = schema()
    found = [made, *made["$defs"].values()]
    assert all(table["additionalProperties"] is False for table in found)
    assert all("description" in key for table in found for key in table["properties"].values())
    assert made["required"] == ["jobs"]


def test_the_schema_gives_secrets_their_three_forms():
    token = schema()["$defs"]["Target"]["properties"]["token"]
    assert [form["required"] for form in token["oneOf"]] == [["env"], ["file"], ["credential"]]


def test_the_schema_has_no_null_for_toml_has_none():
    assert not any(
        node.get("type") == "null" or ("default" in node and node["default"] is None) for node in nodes(schema())
    )


def test_the_schema_shows_durations_as_the_file_has_them():
    defs = schema()["$defs"]
    assert defs["Job"]["properties"]["schedule"]["default"] == "40m"
    assert defs["Job"]["properties"]["full_every"]["default"] == "24h"
    assert defs["Users"]["properties"]["delete_after"]["default"] == "never"
    assert defs["Log"]["properties"]["retention"]["default"] == "90d"
    assert defs["Target"]["properties"]["timeout"]["default"] == 30


def test_each_reference_in_the_schema_leads_somewhere():
    made = schema()
    references = {node["$ref"] for node in nodes(made) if isinstance(node.get("$ref"), str)}
    assert references
    assert all(reference.removeprefix("#/$defs/") in made["$defs"] for reference in references)
