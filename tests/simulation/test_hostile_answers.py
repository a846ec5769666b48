"""Services that answer with anything: no crash, no hang, nobody else is asked, and no value breaks out of its request."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from syncd.core.errors import one_line
from tests.property.killing import untidy
from tests.simulation.ground import Ground, ground
from tests.simulation.hostile import NASTY
from tests.simulation.hostility import meet


@pytest.fixture(scope="module")
def under(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ground]:
    with ground(tmp_path_factory.mktemp("hostile")) as made:
        yield made


@pytest.mark.parametrize("first", [1, 11, 21, 31])
def test_hostile_services_get_a_clear_error_and_nothing_else(under: Ground, first: int) -> None:
    answers = 0
    for seed in range(first, first + 10):
        with untidy():
            met = meet(under, seed)
        assert met.elsewhere == []
        assert met.broke_out == []
        answers += met.answers
    assert answers > 300


@pytest.mark.parametrize("text", NASTY)
def test_a_message_stays_on_its_line_whatever_name_is_in_it(text: str) -> None:
    assert one_line(text).isprintable()
