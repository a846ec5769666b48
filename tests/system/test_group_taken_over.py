"""A group that has its members already when it becomes ours, and whose taking over did not go straight."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

import pytest
import uvloop

from connectors.sandbox.faults import Action, Faults
from connectors.sandbox.scim.quirks import Quirks
from syncd.control import restart
from syncd.core.model import Json
from syncd.cycle import Wish, sync
from tests.system.house import House, house, quirky

#: a service that keeps a member as often as it is added shows who was added again
KEEPS_TWINS: Quirks = quirky(duplicate_members=True, unique=("user.userName", "group.displayName"))
NOBODY = {"schemas": ["urn:ietf:params:scim:api:messages:2.0:ListResponse"], "totalResults": 0, "Resources": []}


class Stop(Faults):
    """Tells a cycle to stop when it changes a group."""

    def __init__(self, stopping: asyncio.Event) -> None:
        super().__init__()
        self._stopping = stopping

    def meet(self, method: str, target: str, body: bytes, facts: Mapping[str, Json]) -> Action | None:
        if method == "PATCH" and "/Groups/" in target:
            self._stopping.set()
        return None


def members(here: House, team: str) -> Counter[str]:
    """The logins of a team's members, and how often each is one."""
    group = here.target.group(here.company.team_name(team))
    assert group is not None
    ids = [str(element["value"]) for element in group.members.elements]
    return Counter(account.name for id_ in ids if (account := here.target.either(id_)))


def once(here: House, *names: str) -> Counter[str]:
    return Counter(here.logins(*names))


def somebody_joins(here: House, team: str, login: str) -> None:
    """At the target, by hand."""
    group, account = here.target.group(here.company.team_name(team)), here.target.user(login)
    assert group is not None
    assert account is not None
    changed = group.members.copy()
    changed.add({"value": account.id, "type": "User"})
    here.target.change(group, group.attributes, changed)


def test_an_open_creation_does_not_hide_the_members_of_a_group_whose_link_was_forgotten(tmp_path: Path) -> None:
    with house("graph", tmp_path, people=5, quirks=KEEPS_TWINS) as here:
        here.company.found("extra")
        for name in ("ada", "ben"):
            here.company.join("extra", name)
        here.at_target({"drop": "before"}, method="POST", path="/Groups", times=1)
        here.sync(code=4)
        here.sync()
        assert members(here, "extra") == once(here, "ada", "ben")
        restart(here.runtime, "job", links=True)
        here.company.leave("extra", "ben")
        here.sync()
        assert here.methods == ["PATCH group"]
        assert members(here, "extra") == once(here, "ada")
        here.sync()
        assert here.written == []


def test_a_stop_behind_the_adoption_of_a_group_does_not_hide_its_members(tmp_path: Path) -> None:
    with house("graph", tmp_path, people=5, quirks=KEEPS_TWINS) as here:
        before = members(here, "sales")
        stranger = next(iter(members(here, "legal") - before))
        somebody_joins(here, "sales", stranger)
        group = here.target.group(here.company.team_name("sales"))
        assert group is not None
        here.target.change(group, {**group.attributes, "externalId": "another"}, group.members)
        (tmp_path / "again").mkdir()
        fresh, stopping = here.restarted(tmp_path / "again"), asyncio.Event()
        with closing(fresh.runtime):
            faults, here.service.faults = here.service.faults, Stop(stopping)
            (result,) = uvloop.run(sync(fresh.runtime, ["job"], Wish(), stopping=stopping))
            assert "stopped with" in str(result.error)
            here.service.faults = faults
            fresh.sync()
            assert fresh.methods == ["PATCH group"]
            assert members(here, "sales") == before
            fresh.sync()
            assert fresh.written == []


def test_a_group_that_was_not_shown_at_first_is_taken_over_with_its_members(tmp_path: Path) -> None:
    with house("graph", tmp_path, people=5, quirks=KEEPS_TWINS) as here:
        before = members(here, "sales")
        somebody_joins(here, "sales", next(iter(members(here, "legal") - before)))
        (tmp_path / "again").mkdir()
        fresh = here.restarted(tmp_path / "again")
        with closing(fresh.runtime):
            here.at_target({"replace": NOBODY}, method="GET", path="/Groups.*filter.*ales", times=2)
            fresh.sync()
            assert fresh.methods == ["PATCH group", "POST group"]
            assert members(here, "sales") == before
            fresh.sync()
            assert fresh.written == []


@pytest.mark.parametrize("readable", [True, False])
def test_a_member_who_was_not_ours_when_the_group_was_taken_over_is_not_added_once_more(
    tmp_path: Path, *, readable: bool
) -> None:
    """Where the groups cannot be read he is: twice at the worst, and never missing."""
    with house("graph", tmp_path, people=5, quirks=KEEPS_TWINS) as here:
        before = members(here, "sales")
        login = next(iter(before))
        account = here.target.user(login)
        assert account is not None
        here.target.change(account, {**account.attributes, "title": "Another"}, account.members)
        (tmp_path / "again").mkdir()
        fresh = here.restarted(tmp_path / "again")
        with closing(fresh.runtime):
            here.at_target({"status": 400}, method="PATCH", path=f"/Users/{account.id}")
            fresh.sync(code=4)
            here.all_well()
            if not readable:
                here.at_target({"status": 400}, method="GET", path="/Groups/")
            fresh.sync()
            assert fresh.methods == ["PATCH group"] * (0 if readable else 2) + ["PATCH user"]
            assert members(here, "sales") == (before if readable else before + Counter([login]))
            here.all_well()
            fresh.sync()
            assert fresh.written == []
