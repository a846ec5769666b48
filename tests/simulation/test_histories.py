"""Random histories of the whole daemon, faults and kills included. SYNCD_HISTORIES says how many; bench/sim.py has more."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.property.killing import untidy
from tests.simulation.ground import Ground, ground
from tests.simulation.history import live

HISTORIES = int(os.environ.get("SYNCD_HISTORIES", "12"))
AT_ONCE = 2


@pytest.fixture(scope="module")
def under(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ground]:
    with ground(tmp_path_factory.mktemp("simulation")) as made:
        yield made


@pytest.mark.parametrize("first", range(1, HISTORIES + 1, AT_ONCE))
def test_every_history_ends_with_the_target_as_wished(under: Ground, first: int) -> None:
    for seed in range(first, min(first + AT_ONCE, HISTORIES + 1)):
        with untidy():
            told = live(under, seed)
        assert told.violation is None, "\n".join((*told.lines, f"seed {seed}: {told.violation}"))


def test_the_first_history_of_a_process_is_that_of_its_seed(tmp_path: Path) -> None:
    program = """
from pathlib import Path
from sys import argv
from tests.simulation.ground import ground
from tests.simulation.history import live
with ground(Path(argv[1])) as under:
    assert live(under, 3) == live(under, 3)
"""
    ran = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path)],
        env={**os.environ, "PYTHONHASHSEED": "0"},
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr.decode()


def test_a_seed_gives_the_same_history_again(under: Ground, tmp_path: Path) -> None:
    with untidy():
        once, again = live(under, 11), live(under, 11)
    assert once == again
    assert once.faults + once.kills > 0
