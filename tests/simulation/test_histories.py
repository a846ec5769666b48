"""Random histories of the whole daemon, faults and kills included. SYNCD_HISTORIES says how many; bench/sim.py has more."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.property.killing import untidy
from tests.simulation.history import live
from tests.simulation.world import Ground, ground

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


def test_a_seed_gives_the_same_history_again(under: Ground, tmp_path: Path) -> None:
    with untidy():
        once, again = live(under, 11), live(under, 11)
    assert once == again
    assert once.faults + once.kills > 0
