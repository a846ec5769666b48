"""Fixtures of the system tests: the sandbox's services on loopback, a folder with a configuration, and the commands."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import structlog
import uvloop

from connectors.sandbox.world import World, WorldSize
from syncd.cli import main
from syncd.config import load
from syncd.cycle import Wish, sync
from syncd.report.result import JobResult
from syncd.runtime import Runtime


@pytest.fixture(autouse=True)
def no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    """What was accepted and is not to be seen yet is looked for again as often, and at once."""
    monkeypatch.setattr("connectors.scim.member_looks._PAUSES_S", (0, 0, 0))


@dataclass(frozen=True, kw_only=True)
class Ran:
    """What one command did."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)

    @property
    def job(self) -> Any:
        """The one job of a JSON report."""
        (job,) = self.json["jobs"]
        return job

    @property
    def changes(self) -> list[Any]:
        return self.job["changes"]


Cli = Callable[..., Ran]


@pytest.fixture
def world() -> Iterator[World]:
    with World(WorldSize(users=40)) as served:
        yield served


@pytest.fixture
def cli(capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Cli]:
    """Runs a command in a folder of its own, as a shell would."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str) -> Ran:
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main(list(arguments))
        said = capsys.readouterr()
        assert isinstance(ended.value.code, int)
        return Ran(code=ended.value.code, out=said.out, err=said.err)

    yield run
    structlog.reset_defaults()  # a command's logs go to a stream that ends with its test


def sync_once(runtime: Runtime, job: str, **wish: Any) -> JobResult:
    """One cycle of one job, in process."""
    (result,) = uvloop.run(sync(runtime, [job], Wish(**wish)))
    return result


@pytest.fixture
def opened(world: World, tmp_path: Path) -> Iterator[Callable[..., Runtime]]:
    """Opens a runtime on the world's configuration, with further TOML behind it."""
    runtimes: list[Runtime] = []

    def open_runtime(extra: str = "") -> Runtime:
        runtimes.append(Runtime.open(load(world.write_config(tmp_path, extra=extra))))
        return runtimes[-1]

    yield open_runtime
    for runtime in runtimes:
        runtime.close()


def written(world: World) -> int:
    """Requests that changed something at either target."""
    return sum(world.scim.writes.values()) + sum(world.scim_okta.writes.values())
