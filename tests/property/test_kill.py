"""Killed between any two writes, whatever they were: the next process finds the end that an undisturbed one comes to."""

from __future__ import annotations

import gc
import os
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import pytest

from tests import servers
from tests.property.killing import Company

#: what each scenario is made of
#: every so manieth write is the last one of its process; all of them with SYNCD_KILL_EVERY=1
EVERY = int(os.environ.get("SYNCD_KILL_EVERY", "6"))

EXPECTED = {
    "first_cycle": ("create", "adopt", "update", "add_members"),
    "later_cycle": (
        "create", "adopt", "update", "reactivate", "add_members", "remove_members", "deactivate", "delete",
    ),
}  # fmt: skip


@pytest.fixture(autouse=True)
def light(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Hundreds of processes in one: no trust store is read for loopback, and what is there already is not collected."""
    monkeypatch.setenv("SSL_CERT_FILE", os.devnull)
    monkeypatch.setenv("SSL_CERT_DIR", os.devnull)
    gc.freeze()
    yield
    gc.unfreeze()


@pytest.fixture
def company(tmp_path: Path) -> Iterator[Company]:
    with Company(tmp_path) as served:
        yield served


@pytest.fixture
def company_on_postgresql(tmp_path: Path, postgres: servers.Postgres) -> Iterator[Company]:
    with Company(tmp_path, postgres) as served:
        yield served


def first_cycle(company: Company) -> None:
    """Everybody is new at the target, but for one who is there already."""
    company.add_account(company.login(4), title="There before")
    company.keep()


def later_cycle(company: Company) -> None:
    """Changes of every kind, in a mirror and a target that are in step."""
    (first,) = company.run()
    company.world.graph.disable_user(company.login(2))
    (second,) = company.run()
    assert (first.exit_code, second.exit_code, second.counts["deactivate"]) == (0, 0, 1)
    company.add_account("known@contoso.example", title="There before")
    company.change_everything()
    company.keep()


def converges(company: Company, scenario: Callable[[Company], None], choose: Callable[[int], Iterable[int]]) -> int:
    """Kill one process after another, each at its moment, and see where the next one ends. Returns how many."""
    scenario(company)
    company.restore()
    (undisturbed,) = company.run()
    assert undisturbed.exit_code == 0, undisturbed.error
    assert all(undisturbed.counts[word] for word in EXPECTED[scenario.__name__]), undisturbed.counts
    expected = company.truth()
    company.restore()
    every = company.run_and_kill(0).moments
    assert company.truth() == expected
    killed = 0
    for number in choose(len(every)):
        company.restore()
        kill = company.run_and_kill(number)
        where = f"killed after moment {number} of {len(every)}: {kill.moments[-1]}"
        killed += kill.dead  # how many answers share a commit differs a little from run to run
        next_one, one_more = company.run(times=2)
        assert (next_one.exit_code, next_one.error) == (0, None), where
        assert company.truth() == expected, where
        assert [one_more.counts[word] for word in one_more.counts if word != "skip"] == [0] * 10, where
    return killed


def test_kill_between_any_two_writes_converges(company: Company) -> None:
    assert converges(company, first_cycle, lambda count: range(1, count + 1, EVERY)) > 60 // EVERY


def test_kill_between_any_two_writes_of_a_later_cycle_converges(company: Company) -> None:
    assert converges(company, later_cycle, lambda count: range(1, count + 1, EVERY)) > 60 // EVERY


def test_kill_converges_on_postgresql(company_on_postgresql: Company) -> None:
    assert converges(company_on_postgresql, first_cycle, lambda count: range(3, count, 15)) > 3


def test_kill_in_a_later_cycle_converges_on_postgresql(company_on_postgresql: Company) -> None:
    assert converges(company_on_postgresql, later_cycle, lambda count: range(7, count, 15)) > 3
