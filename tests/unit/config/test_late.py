"""Tables whose validators are built late: the same defaults and faults, and nothing built that no file has."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from syncd.config import ConfigError, load
from syncd.config.groups import Groups
from syncd.config.guards import Deletions, Guards
from syncd.config.section import Section
from syncd.config.service import Log, Metrics, Notify
from syncd.config.state import State
from syncd.config.users import Users
from tests.system.processes import HERE, SMALLEST

BUILT = """
from syncd.config import load
from syncd.config.guards import Guards
from syncd.config.users import Users
made = load("config.toml").jobs["wiki"]
print(made.users.match, made.guards.deletions.count, Users.__pydantic_complete__, Guards.__pydantic_complete__)
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "token").write_text("t")
    return tmp_path


def built(folder: Path, text: str) -> str:
    (folder / "config.toml").write_text(text)
    command = [sys.executable, "-c", BUILT]
    ran = subprocess.run(
        command, cwd=folder, env={"PYTHONPATH": str(HERE)}, capture_output=True, text=True, timeout=60, check=True
    )
    return ran.stdout.strip()


def test_a_table_that_the_file_lacks_is_not_built_and_one_that_it_has_is(folder: Path) -> None:
    assert built(folder, SMALLEST) == "('userName',) 500 False False"
    assert built(folder, SMALLEST + "[jobs.wiki.users]\nmatch = ['externalId']") == "('externalId',) 500 True False"


@pytest.mark.parametrize("table", [Deletions, Groups, Guards, Log, Metrics, Notify, State, Users])
def test_a_table_that_is_left_out_is_as_an_empty_one(table: type[Section]) -> None:
    assert table.model_construct() == table.model_validate({})


def test_faults_in_tables_within_tables_are_told_together_each_at_its_place(folder: Path) -> None:
    more = """
users = { match = [], filters = [[{ attribute = "mail", operator = "EQUALS", vale = "x" }]] }
guards = { deletions = { count = -1, cuont = 2 } }
[[jobs.wiki.groups.mappings]]
target = "displayName"
"""
    (folder / "config.toml").write_text(SMALLEST + more)
    with pytest.raises(ConfigError) as raised:
        load(folder / "config.toml")
    assert {fault.key for fault in raised.value.faults} == {
        "jobs.wiki.users.match",
        "jobs.wiki.users.filters[0][0].vale",
        "jobs.wiki.users.filters[0][0].value",
        "jobs.wiki.guards.deletions.count",
        "jobs.wiki.guards.deletions.cuont",
        "jobs.wiki.groups.mappings[0]",
    }
