"""The interview's questions fit the configuration that they fill in, for each source and product."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from connectors.scim.built_in import built_in
from syncd.config import load
from syncd.config.graph_source import GraphSource
from syncd.config.okta_source import OktaSource
from syncd.interview import Interview


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
        "graph": ["1", str(product), *ids, 'se"cret', "33333333-4444-5555-6666-777777777777"],
        "okta": ["2", str(product), "https://acme.okta.com", 'se"cret', "0oa1234567890abcdefg"],
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
