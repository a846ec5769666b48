"""The interview's questions fit the configuration that they fill in, for each source and product."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import pytest

from connectors.scim.built_in import built_in
from syncd.config import load
from syncd.config.graph_source import GraphSource
from syncd.config.okta_source import OktaSource
from syncd.config.settings import Source
from syncd.core.vocabulary import SourceKind
from syncd.interview import Interview
from syncd.sign_in import CLOUDS, WAYS


class Scripted:
    """Somebody who has every answer ready."""

    def __init__(self, answers: list[str]) -> None:
        self._answers: Iterator[str] = iter(answers)
        self.tried: list[str] = []

    def say(self, text: str = "") -> None:
        pass

    def ask(self, question: str, *, default: str | None = None, hidden: bool = False) -> str:
        return next(self._answers) or default or ""

    def confirm(self, question: str, *, default: bool) -> bool:
        return True

    def check(self, config: Path) -> bool:
        load(config)
        self.tried.append(config.read_text())
        return True


@pytest.mark.parametrize("product", range(1, len(built_in()) + 1))
@pytest.mark.parametrize("source", ["graph", "okta"])
def test_no_placeholder_is_left_and_each_answer_stands_in_its_place(tmp_path: Path, source: str, product: int) -> None:
    ids = ["11111111-2222-3333-4444-555555555555", "22222222-3333-4444-5555-666666666666"]
    said = {
        "graph": ["1", str(product), "1", "1", *ids, 'se"cret', "33333333-4444-5555-6666-777777777777"],
        "okta": ["2", str(product), "1", "https://acme.okta.com", 'se"cret', "0oa1234567890abcdefg"],
    }[source]
    person = Scripted([*said, "https://scim.example.com/v2", "t0ken", "sqlite:///mine.db"])
    config = tmp_path / "config.toml"
    assert Interview(person, config).run() == f"syncd -c {config} --dry-run"
    settings = load(config)
    (found,) = settings.sources.values()
    if isinstance(found, GraphSource):
        assert (found.tenant_id, found.client_id) == tuple(ids)
        assert found.service_principal_id == "33333333-4444-5555-6666-777777777777"
        assert found.client_secret is not None
        assert found.client_secret.reveal() == 'se"cret'
    else:
        assert isinstance(found, OktaSource)
        assert (found.org_url, found.app_id) == ("https://acme.okta.com", "0oa1234567890abcdefg")
    (target,) = settings.targets.values()
    assert target.url == "https://scim.example.com/v2"
    assert target.token is not None
    assert target.token.reveal() == "t0ken"
    assert settings.state.url == f"sqlite:///{tmp_path}/mine.db"
    assert "trial.db" in person.tried[0], "the test of the connections has a state of its own"
    assert not [line for line in config.read_text().splitlines() if "<" in line]


IDS = ["11111111-2222-3333-4444-555555555555", "22222222-3333-4444-5555-666666666666"]
PRINCIPAL = "33333333-4444-5555-6666-777777777777"
REST = ["https://scim.example.com/v2", "t0ken", ""]


def configured(folder: Path, answers: list[str]) -> tuple[Source, str]:
    """The source that these answers give, and the text as it was written."""
    config = folder / "config.toml"
    assert Interview(Scripted([*answers, *REST]), config).run() == f"syncd -c {config} --dry-run"
    (found,) = load(config).sources.values()
    text = config.read_text()
    assert not [line for line in text.splitlines() if "<" in line]
    return found, text


def test_entra_by_certificate_in_a_national_cloud(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.pem").write_text("-----BEGIN CERTIFICATE-----")
    found, text = configured(tmp_path, ["1", "1", "2", "4", *IDS, "mine.pem", PRINCIPAL])
    assert isinstance(found, GraphSource)
    assert (found.tenant_id, found.client_id, found.cloud) == (*IDS, "china")
    assert found.certificate is not None
    assert found.certificate.reveal() == "-----BEGIN CERTIFICATE-----"
    assert found.client_secret is None
    assert f'certificate = {{ file = "{tmp_path}/mine.pem" }}' in text
    assert not (tmp_path / "entra.secret").exists()


@pytest.mark.parametrize(("said", "client"), [("", None), ("none", None), (IDS[1], IDS[1])])
def test_entra_by_managed_identity(tmp_path: Path, said: str, client: str | None) -> None:
    found, text = configured(tmp_path, ["1", "1", "3", "", said, PRINCIPAL])
    assert isinstance(found, GraphSource)
    assert (found.managed_identity, found.client_id, found.tenant_id) == (True, client, None)
    assert (found.client_secret, found.cloud) == (None, "global")
    assert "tenant_id =" not in text


def test_entra_by_workload_identity(tmp_path: Path) -> None:
    found, _ = configured(tmp_path, ["1", "1", "4", "2", PRINCIPAL])
    assert isinstance(found, GraphSource)
    assert (found.workload_identity, found.client_id, found.cloud) == (True, None, "usgov")
    assert found.service_principal_id == PRINCIPAL


@pytest.mark.parametrize(("said", "key_id"), [("", None), ("kid-7", "kid-7")])
def test_okta_by_key(tmp_path: Path, said: str, key_id: str | None) -> None:
    key = tmp_path / "service.pem"
    key.write_text("-----BEGIN PRIVATE KEY-----")
    answers = ["2", "1", "2", "https://acme.okta.com", "0oaservice0000000001", str(key), said, "0oa1234567890abcdefg"]
    found, text = configured(tmp_path, answers)
    assert isinstance(found, OktaSource)
    assert (found.client_id, found.key_id, found.token) == ("0oaservice0000000001", key_id, None)
    assert found.private_key is not None
    assert found.private_key.reveal() == "-----BEGIN PRIVATE KEY-----"
    assert not (tmp_path / "okta.token").exists()
    assert '#token = { file = "okta.token" }' in text


@pytest.mark.parametrize("kind", sorted(WAYS))
def test_each_way_and_each_cloud_is_one_that_the_configuration_has(kind: SourceKind) -> None:
    fields = {"graph": GraphSource, "okta": OktaSource}[kind].model_fields
    for way in WAYS[kind]:
        assert way.keys <= set(fields)
    assert tuple(CLOUDS) == get_args(GraphSource.model_fields["cloud"].annotation)
