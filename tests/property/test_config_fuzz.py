"""Whatever stands in config.toml: settings, or a ConfigError whose lines name the file and show no secret."""

from __future__ import annotations

import copy
import json
import math
import tomllib
from collections.abc import Iterator
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from syncd.config import ConfigError, Settings, load
from syncd.config.schedule import parse_schedule

EXAMPLE = tomllib.loads((Path(__file__).parents[2] / "config.example.toml").read_text())
SECRET = "hunter2"
WORDS = sorted(
    {word for word in json.dumps(EXAMPLE).replace('"', " ").replace(",", " ").split() if len(word) < 40}
    | {
        "env",
        "file",
        "credential",
        "certificate",
        "access_token",
        "endpoint",
        "basic",
        "password",
        "key_id",
        "private_key",
    }
    | {
        "equals",
        "&",
        "(",
        "1h",
        "0s",
        "* * * * *",
        "never",
        "id",
        "http://10.0.0.1",
        "http://127.0.0.1",
        "[mail]",
        "Trim([x",
    }
)

scalars = (
    st.sampled_from(WORDS)
    | st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
    | st.integers(-(2**62), 2**62)
    | st.integers(-2, 200)
    | st.floats()
    | st.booleans()
    | st.dates()
    | st.times()
    | st.datetimes()
)
keys = st.sampled_from(WORDS) | st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=3), max_leaves=6
)


def places(node: Any) -> Iterator[tuple[Any, Any]]:
    """Every (container, key) of a document."""
    pairs = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for key, value in list(pairs):
        yield node, key
        yield from places(value)


@st.composite
def mutated(draw: st.DrawFn) -> dict[str, Any]:
    """The example with one to four places replaced, removed or added to."""
    document = copy.deepcopy(EXAMPLE)
    for _ in range(draw(st.integers(1, 4))):
        found = list(places(document))
        holder, key = found[draw(st.integers(0, len(found) - 1))]
        match draw(st.integers(0, 3)):
            case 0:
                holder[key] = draw(values)
            case 1:
                del holder[key]
            case 2 if isinstance(holder, dict):
                holder[draw(keys)] = draw(values)
            case _:
                other, place = found[draw(st.integers(0, len(found) - 1))]
                holder[key] = copy.deepcopy(other[place]) if place in keys_of(other) else draw(scalars)
    return document


def keys_of(node: Any) -> Any:
    return node if isinstance(node, dict) else range(len(node))


def toml(value: Any) -> str:
    """One value as TOML, tables in line."""
    match value:
        case bool():
            return str(value).lower()
        case str():
            return (
                json.dumps(value).replace("\x7f", "\\u007f")
                if value.isascii()
                else json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
            )
        case float():
            return (
                "nan" if math.isnan(value) else ("inf" if value > 0 else "-inf") if math.isinf(value) else repr(value)
            )
        case int():
            return str(value)
        case datetime() | date() | time():
            return value.isoformat()
        case dict():
            return (
                "{ "
                + ", ".join(
                    f"{json.dumps(k, ensure_ascii=False).replace(chr(127), chr(92) + 'u007f')} = {toml(v)}"
                    for k, v in value.items()
                )
                + " }"
            )
        case _:
            return "[ " + ", ".join(toml(each) for each in value) + " ]"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("fuzz")
    for name in ("graph-secret", "testmu-token"):
        (made / name).write_text(SECRET)
    return made


def attempt(folder: Path, text: str) -> Settings | None:
    """The settings; None after a ConfigError that is as it should be. Anything else fails the test."""
    path = folder / "config.toml"
    path.write_text(text, encoding="utf-8")
    names = ("OKTA_TOKEN", "WIKI_SECRET", "WIKI_KEY")
    found: Settings | ConfigError
    try:
        found = load(path, environ={"CREDENTIALS_DIRECTORY": str(folder), **dict.fromkeys(names, SECRET)})
    except ConfigError as refused:
        found = refused
    assert SECRET not in repr(found)
    assert SECRET not in str(found)
    if isinstance(found, Settings):
        return found
    lines = str(found).split("\n")
    assert all(line.isprintable() for line in lines), lines
    assert all(line.endswith("then run: syncd check") for line in lines), lines
    assert all(line.startswith((f"{path}: ", "and ")) for line in lines), lines
    assert found.__cause__ is None
    return None


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(document=mutated())
def test_a_mutated_example_is_settings_or_a_config_error(folder, document):
    attempt(
        folder, "\n".join(f"{json.dumps(key, ensure_ascii=False)} = {toml(value)}" for key, value in document.items())
    )


@settings(max_examples=150, deadline=None)
@given(document=st.dictionaries(keys, values, max_size=4))
def test_a_random_document_is_a_config_error(folder, document):
    lines = (f"{json.dumps(key, ensure_ascii=False)} = {toml(value)}" for key, value in document.items())
    assert attempt(folder, "\n".join(lines)) is None


@settings(max_examples=150, deadline=None)
@given(text=st.text(st.characters(exclude_categories=["Cs"]), max_size=200))
def test_random_text_is_a_config_error(folder, text):
    assert attempt(folder, text) is None


def test_the_writer_of_this_test_gives_the_example_back(folder):
    text = "\n".join(f"{json.dumps(key)} = {toml(value)}" for key, value in EXAMPLE.items())
    assert tomllib.loads(text) == EXAMPLE
    assert attempt(folder, text) is not None


@settings(max_examples=300, deadline=None)
@given(
    text=st.text("0123456789*/,-? smhdlatfirujnoe", max_size=24)
    | st.from_regex(r"\A[0-9*/,-]{1,5}( [0-9*/,-]{1,5}){4}\Z")
)
def test_a_schedule_is_one_or_a_value_error(text):
    try:
        found = parse_schedule(text)
    except ValueError:
        return
    assert (found.every is None) != (not found.crons)
