"""The report for people: aligned; colours and progress bars on a terminal, and none of them in a pipe."""

from __future__ import annotations

import io
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest
from rich.cells import cell_len

from connectors.sandbox.world import World
from syncd.demo import a_day
from syncd.progress import UNWATCHED
from syncd.report import bars as bars_module
from syncd.report.bars import bars
from tests.system.conftest import Cli
from tests.system.terminal import ROOT, terminal


def test_on_a_terminal_there_are_colours_and_bars_with_rate_and_time_left(world: World, tmp_path: Path) -> None:
    world.write_config(tmp_path)
    with terminal("sync", "--job", "entra", cwd=tmp_path) as shown:
        shown.expect("reading users")
        shown.expect("planning")
        shown.expect("applying")
        assert shown.end() == 0
    assert "\x1b[32m" in shown.raw
    assert re.search(r"applying +\S+ [\d,]+ of [\d,]+", shown.shown)
    assert "\x1b[?25h" in shown.raw, "the cursor is shown again"


@pytest.mark.parametrize("how", [{"NO_COLOR": "1"}, {"TERM": "dumb"}])
def test_colours_can_be_had_off(world: World, tmp_path: Path, how: dict[str, str]) -> None:
    world.write_config(tmp_path)
    with terminal("--dry-run", "--job", "entra", cwd=tmp_path, **how) as shown:
        assert shown.end() == 2
    assert not re.search(r"\x1b\[(3|9)\d", shown.raw)
    assert "create (" in shown.shown


def test_a_pipe_gets_neither_colours_nor_bars(world: World, tmp_path: Path) -> None:
    world.write_config(tmp_path)
    command = [sys.executable, "-m", "syncd", "sync", "--job", "entra"]
    ran = subprocess.run(
        command, cwd=tmp_path, env={"PYTHONPATH": str(ROOT), "TERM": "xterm-256color"}, capture_output=True, timeout=60, check=True
    )  # fmt: skip
    assert b"\x1b" not in ran.stdout + ran.stderr
    assert b"reading users" not in ran.stdout + ran.stderr
    assert all(line.startswith(b"{") for line in ran.stderr.splitlines())


def test_columns_stand_under_each_other_and_people_have_names(world: World, cli: Cli, tmp_path: Path) -> None:
    world.write_config(tmp_path)
    assert cli("sync", "--job", "entra").code == 0
    a_day(world)
    world.graph.assign(
        world.graph.create_user(userPrincipalName="李小龍@contoso.example", displayName="李", accountEnabled=True)
    )
    text = cli("--dry-run", "--job", "entra").out
    created = [line for line in text.splitlines() if line.startswith("    + user")]
    assert len(created) == 2
    assert len({cell_len(line[: line.index("assigned directly")]) for line in created}) == 1
    assert "members + ada.lovelace@contoso.example" in text
    assert "new:" not in text


def test_a_bar_tells_how_much_how_quick_and_how_long_yet(monkeypatch: pytest.MonkeyPatch) -> None:
    made = bars_module.Console
    told = io.StringIO()
    monkeypatch.setattr(bars_module, "Console", lambda **_: made(file=told, force_terminal=True, width=120))
    with bars() as progress:
        assert progress.watched
        progress.begin("entra: applying", 1200)
        for _ in range(3):
            progress.advance("entra: applying", 100)
            time.sleep(0.25)
        progress.advance("never begun", 1)
        progress.end("entra: applying")
    assert re.search(r"300.* of 1,200.*\d+/s, \d+ s left", re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", told.getvalue()))


def test_nobody_watches_where_there_is_no_terminal() -> None:
    with bars() as progress:
        assert progress is UNWATCHED
