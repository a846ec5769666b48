"""Memberships through what befalls a group at the target: taken over, deleted, changed by hand."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.system.house import KINDS, House, house


@pytest.fixture(params=KINDS)
def here(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[House]:
    with house(request.param, tmp_path, people=6, job='drift = "repair"') as here:
        yield here


def logins(here: House, team: str) -> set[str]:
    return set(here.target.members(here.company.team_name(team)))


def test_members_of_a_group_that_is_taken_over_are_known_from_then_on(here: House, tmp_path: Path) -> None:
    """As after the state DB was lost: nothing is written for what is right, and who leaves is taken out."""
    (tmp_path / "again").mkdir()
    fresh = here.restarted(tmp_path / "again")
    with closing(fresh.runtime):
        told = fresh.sync()
        assert (fresh.written, told["counts"]["add_members"]) == ([], 0)
        fresh.company.leave("support", "ada")
        fresh.sync()
        assert here.company.login("ada") not in logins(here, "support")
        fresh.sync(full=True)
        assert fresh.written == []


def test_a_group_that_was_deleted_at_the_target_is_made_again_with_its_members(here: House) -> None:
    before = logins(here, "legal")
    gone = next(one for one in here.target.groups() if one.name == here.company.team_name("legal"))
    here.target.remove(gone)
    here.sync(full=True)
    assert logins(here, "legal") == before
    here.sync(full=True)
    assert here.written == []
