"""One valid configuration, whose tables a test replaces one by one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from syncd.config import ConfigError, Settings, load

SOURCE = """
[sources.contoso]
kind = "graph"
tenant_id = "contoso.com"
client_id = "22222222-3333-4444-5555-666666666666"
client_secret = { env = "GRAPH_SECRET" }
service_principal_id = "33333333-4444-5555-6666-777777777777"
"""
TARGET = """
[targets.wiki]
kind = "scim"
url = "https://wiki.example/scim"
token = { env = "WIKI_TOKEN" }
"""
JOB = """
[jobs.wiki]
source = "contoso"
target = "wiki"
"""
SECRETS = {"GRAPH_SECRET": "hunter2-graph", "WIKI_TOKEN": "hunter2-wiki"}


@dataclass
class Workshop:
    """Writes config.toml from its tables and loads it."""

    folder: Path
    environ: dict[str, str] = field(default_factory=lambda: dict(SECRETS))

    def load(self, *, source: str = SOURCE, target: str = TARGET, job: str = JOB, more: str = "") -> Settings:
        path = self.folder / "config.toml"
        path.write_text(source + target + job + more, encoding="utf-8")
        return load(path, environ=self.environ)

    def faults(self, *, source: str = SOURCE, target: str = TARGET, job: str = JOB, more: str = "") -> list[str]:
        """The lines of the error, less the file's name, which each must begin with."""
        with pytest.raises(ConfigError) as caught:
            self.load(source=source, target=target, job=job, more=more)
        lines = str(caught.value).split("\n")
        name = f"{self.folder / 'config.toml'}: "
        assert all(line.startswith(name) for line in lines), lines
        assert not any("hunter2" in line for line in lines)
        return [line.removeprefix(name) for line in lines]


@pytest.fixture
def workshop(tmp_path: Path) -> Workshop:
    return Workshop(tmp_path)


@pytest.fixture
def faults(workshop: Workshop) -> Callable[..., list[str]]:
    return workshop.faults
