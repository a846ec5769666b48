"""The configuration that `syncd init` prints, for each kind of source and each product."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any, get_args

import pytest

from connectors.scim.built_in import built_in
from connectors.scim.profiles import ProfileError
from state.store import Store
from syncd.config import ConfigError, Settings, load
from syncd.core.entry import Entry
from syncd.core.expression import EvaluationContext
from syncd.core.mapping import ObjectMapping
from syncd.core.vocabulary import SourceKind
from syncd.runtime import Runtime
from syncd.starter import starter

PAIRS = [(source, profile) for source in get_args(SourceKind) for profile in built_in()]
each_pair = pytest.mark.parametrize(("source", "profile"), PAIRS)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    opened = Store.open(f"sqlite:///{tmp_path_factory.mktemp('state')}/state.db")
    yield opened
    opened.close()


def with_rows(text: str) -> str:
    """The text with every mapping row uncommented."""
    inside, lines = False, []
    for line in text.splitlines():
        inside = inside or line == "#mappings = ["
        lines.append(line.removeprefix("#") if inside else line)
        inside = inside and line != "#]"
    return "\n".join(lines) + "\n"


def facts(mapping: ObjectMapping) -> Any:
    """What a compiled mapping says, and each row with its type: as `syncd explain` would have it, less the closures."""
    rows = []
    for row in mapping.rows:
        spec = {key: tuple(value) if isinstance(value, list) else value for key, value in asdict(row.spec).items()}
        rows.append(
            (row.path, spec | {"target": row.path}, row.type, row.reference, row.redacts, row.follows_soft_delete)
        )
    told = (mapping.kind, mapping.match, mapping.required, mapping.writes_members, mapping.random, mapping.attributes)
    return told, rows


@each_pair
def test_filled_in_it_is_valid(source, profile, filled):
    settings = filled(starter(source, profile).text)
    ((name, job),) = settings.jobs.items()
    assert settings.sources[job.source].kind == source
    assert settings.targets[job.target].profile == profile
    assert job.users.mappings == job.groups.mappings == ()
    assert name == ("app" if profile == "generic" else profile)


@each_pair
def test_with_all_rows_uncommented_it_is_the_same_mapping(source, profile, filled, store):
    text = starter(source, profile).text
    without = Runtime(filled(text), store).job(starter(source, profile).name)
    settings = filled(with_rows(text))
    with_ = Runtime(settings, store).job(starter(source, profile).name)
    assert len(settings.jobs[with_.name].users.mappings) >= 6
    assert with_.kinds.keys() == without.kinds.keys()
    for kind, rules in without.kinds.items():
        assert facts(with_.kinds[kind].mapping) == facts(rules.mapping)
    user = {"userPrincipalName": "jane@contoso.com", "givenName": "Jane", "surname": "Doe", "mail": "j@contoso.com"}
    profile_ = {"login": "jane@contoso.com", "firstName": "Jane", "lastName": "Doe", "email": "j@contoso.com"}
    entry = Entry(kind="user", id="u1", attributes=user if source == "graph" else {"id": "u1", "profile": profile_})
    assert with_.kinds["user"].mapping.desired(entry, EvaluationContext()) == without.kinds["user"].mapping.desired(
        entry, EvaluationContext()
    )


@each_pair
def test_each_placeholder_is_refused_with_its_key(source, profile, tmp_path):
    text = starter(source, profile).text
    path = tmp_path / "config.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        load(path, environ={})
    placeholders = [line.partition(" = ")[0] for line in text.splitlines() if re.match(r'\w+ = ".*<[^<>]+>', line)]
    assert len(placeholders) >= 2
    told = {fault.key.rpartition(".")[2]: fault for fault in caught.value.faults}
    for key in placeholders:
        assert "placeholder" in told[key].found
        assert told[key].remedy == "Correct it, then run: syncd check"
    secrets = re.findall(r'(?m)^\w+ = \{ file = "([^"]+)" \}', text)
    assert len(secrets) == 2
    for name in secrets:
        assert any(f'file "{tmp_path / name}" does not exist' in fault.found for fault in caught.value.faults)
    assert len(caught.value.faults) == len(placeholders) + len(secrets)


def commented(text: str) -> Iterator[tuple[str, str]]:
    """(the setting's line, the text in which it is in force) for each setting that is commented out."""
    lines = text.splitlines()
    for at, line in enumerate(lines):
        found = re.match(r"#(\w+) = (?!\[$)", line)
        if not found:
            continue
        key, others = found[1], list(lines)
        start = max(i for i in range(at) if lines[i].startswith("["))
        end = next((i for i in range(at + 1, len(lines)) if lines[i].startswith("[")), len(lines))
        for i in range(start, end):
            if lines[i].startswith(f"{key} = "):
                others[i] = ""
        others[at] = line[1:]
        yield line, "\n".join(others) + "\n"


def faults(filled: Callable[[str], Settings], text: str) -> list[str]:
    try:
        filled(text)
    except ConfigError as error:
        return [str(fault) for fault in error.faults]
    return []


@each_pair
def test_each_setting_that_is_commented_out_is_one(source, profile, filled):
    found = list(commented(starter(source, profile).text))
    assert len(found) >= 15
    for line, text in found:
        tomllib.loads(text)
        assert [
            fault for fault in faults(filled, text) if not re.search(r"credentials|two ways|for SQLite", fault)
        ] == [], line


def test_prose_is_told_from_settings_by_a_blank():
    for source, profile in PAIRS:
        for line in starter(source, profile).text.splitlines():
            if line.startswith("#") and not line.startswith("# ") and line != "#":
                assert re.match(r"#(\w+ = .|\{ target = .*\},$|\]$)", line), line


def test_what_a_product_lacks_is_off(filled):
    lightrun = filled(starter("graph", "lightrun").text).jobs["lightrun"]
    assert not lightrun.groups.enabled
    modyo = filled(starter("graph", "modyo").text).jobs["modyo"]
    assert modyo.users.actions == ("create", "update", "deactivate")
    assert modyo.groups.actions == ("create", "update", "delete")


def test_a_known_tenant_url_is_filled_in():
    assert 'url = "https://auth.lambdatest.com/api/scim"' in starter("okta", "testmu").text
    assert 'url = "<tenant URL, as Modyo shows it>"' in starter("okta", "modyo").text


@pytest.mark.parametrize(("name", "near"), [("tesmu", "testmu"), ("Keepnet", "keepnet"), ("genric", "generic")])
def test_an_unknown_profile_is_answered_with_the_nearest(name, near):
    with pytest.raises(ProfileError, match=f"not known; the nearest is {near}; built in are aws"):
        starter("graph", name)


def test_a_profile_of_ones_own_gives_its_name_to_the_job(tmp_path: Path, filled):
    own = tmp_path / "my wiki.v2.toml"
    own.write_text('title = "My\\nWiki"\n', encoding="utf-8")
    text = starter("okta", str(own)).text
    assert "Okta → My\\u000aWiki" in text
    assert list(filled(text).jobs) == ["my-wiki-v2"]
