"""Memberships through what befalls a group at the target: taken over, deleted, changed by hand."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from connectors.sandbox.scim.control import ScimControl
from connectors.sandbox.scim.members import Members
from connectors.sandbox.scim.quirks import Quirks
from syncd.core.model import Json
from tests.system.conftest import Cli
from tests.system.house import KINDS, House, house, quirky


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


# --- changed by hand --------------------------------------------------------------------------------------------------


def take_out(here: House, team: str, *names: str) -> list[str]:
    """Past us, at the target. Gives their ids there."""
    group = here.target.group(here.company.team_name(team))
    assert group is not None
    members = group.members.copy()
    ids = [account.id for name in names if (account := here.target.user(here.company.login(name)))]
    for id_ in ids:
        assert members.discard(id_)
    here.target.change(group, group.attributes, members)
    return sorted(ids)


def put_in(here: House, team: str, name: str) -> str:
    group, account = here.target.group(here.company.team_name(team)), here.target.user(name)
    assert group is not None
    assert account is not None
    members = group.members.copy()
    members.add({"value": account.id})
    here.target.change(group, group.attributes, members)
    return account.id


def drift(told: dict[str, Any]) -> list[tuple[Any, ...]]:
    return [(row["attribute"], row["wrote"], row["seen"], row["action"]) for row in told["drift"]]


def reads_of_groups(here: House) -> int:
    return sum("/Groups/" in entry.path for entry in here.service.journal.since(here._seen))


def test_members_taken_out_by_hand_are_told_and_put_back_by_a_full_cycle(here: House) -> None:
    before = logins(here, "legal")
    ids = take_out(here, "legal", "ada", "cem")
    assert here.sync()["drift"] == [], "increments do not look at the target"
    told = here.sync(full=True)
    assert drift(told) == [("members", ids, None, "repair")]
    assert (told["drift"][0]["kind"], told["drift"][0]["name"]) == ("group", here.company.team_name("legal"))
    assert told["counts"]["add_members"] == 2
    assert logins(here, "legal") == before
    assert drift(here.sync(full=True)) == []
    assert here.written == []


def test_reports_name_who_was_taken_out_and_who_was_joined(here: House, tmp_path: Path, cli: Cli) -> None:
    ada, ben = here.company.login("ada"), here.company.login("ben")
    take_out(here, "legal", "ada")
    put_in(here, "legal", ben)
    looked = cli("sync", "--full", "--dry-run", "--job", "job")
    assert looked.code == 2
    assert f"members gone: {ada}   (repair)" in looked.out
    assert f"members joined: {ben}   (report)" in looked.out
    page = cli("sync", "--full", "--dry-run", "--job", "job", "-o", "html").out
    assert f"<del>{ada}</del>" in page
    assert f"<ins>{ben}</ins>" in page


@pytest.mark.parametrize(("drifting", "told"), [("report", True), ("ignore", False)])
def test_members_taken_out_by_hand_stay_out_where_the_job_does_not_repair(
    tmp_path: Path, drifting: str, told: bool
) -> None:
    with house("graph", tmp_path, people=6, job=f'drift = "{drifting}"') as here:
        ids = take_out(here, "legal", "ada")
        for _ in range(2):
            assert drift(here.sync(full=True)) == ([("members", ids, None, "report")] if told else [])
            assert here.written == []
        assert bool(reads_of_groups(here)) is told


def test_the_last_members_of_a_group_are_missed_too_where_the_service_leaves_out_what_is_empty(tmp_path: Path) -> None:
    with house("graph", tmp_path, people=6, quirks=Quirks(), job='drift = "repair"') as here:
        take_out(here, "legal", "ada", "cem", "eve")
        take_out(here, "sales", "ben", "dea", "fay")
        take_out(here, "support", "ada", "dea")
        assert here.sync(full=True)["counts"]["add_members"] == 8
        here.sync(full=True)
        assert here.written == []


def test_an_account_of_ours_that_somebody_joined_is_told_and_stays_and_a_stranger_is_none_of_our_business(
    here: House,
) -> None:
    control = here.service.control
    assert isinstance(control, ScimControl)
    control.mutate("create", {"kind": "user", "resource": {"userName": "stranger@elsewhere.example", "active": True}})
    put_in(here, "legal", "stranger@elsewhere.example")
    id_ = put_in(here, "legal", here.company.login("ben"))
    for _ in range(2):
        assert drift(here.sync(full=True)) == [("members", None, [id_], "report")]
        assert here.written == []
    here.company.join("legal", "ben")
    here.sync()
    assert drift(here.sync(full=True)) == []
    here.company.leave("legal", "ben")
    here.sync()
    assert here.company.login("ben") not in logins(here, "legal")
    assert "stranger@elsewhere.example" in logins(here, "legal")


def test_a_target_that_shows_no_members_is_asked_for_those_of_a_few_groups_alone(tmp_path: Path) -> None:
    with house("graph", tmp_path, people=6, quirks=quirky(members_shown=False), job='drift = "repair"') as here:
        for team in ("press", "works"):
            here.company.found(team)
            here.company.join(team, "ada")
        here.sync()
        take_out(here, "legal", "ada")
        for _ in range(2):
            assert drift(here.sync(full=True)) == []
            assert here.written == []
            assert reads_of_groups(here) == 3
        here.sync()
        assert reads_of_groups(here) == 0


@pytest.mark.parametrize("seldom", ["the first look fails", "somebody has emptied the largest group", ""])
def test_members_are_missed_after_a_first_look_at_them_that_came_too_early(tmp_path: Path, seldom: str) -> None:
    """A machine that does not know yet of the first additions has nobody in these groups."""
    quirks = quirky(answers_without_body=True)
    with house("graph", tmp_path, people=6, quirks=quirks, job='drift = "repair"', begun=False) as here:
        here.at_target({"edit": {"set": {"members": []}}}, method="GET", path="/Groups/")
        here.sync()
        here.all_well()
        before = {team: logins(here, team) for team in ("sales", "legal", "support")}
        take_out(here, "support", "ada")
        if seldom == "the first look fails":
            here.at_target({"status": 400}, times=1, method="GET", path="/Groups/")
        elif seldom:
            take_out(here, "legal", "ada", "cem", "eve")
        here.sync(full=True)
        assert {team: logins(here, team) for team in before} == before
        here.sync(full=True)
        assert here.written == []


def test_members_are_missed_after_a_late_look_at_a_group_that_had_some_before(tmp_path: Path) -> None:
    """Whom that look did not show says to be in the group: so the group seemed to show only some of its members."""
    with house("graph", tmp_path, people=6, quirks=quirky(answers_without_body=True), job='drift = "repair"') as here:
        (tmp_path / "again").mkdir()
        fresh = here.restarted(tmp_path / "again")
        with closing(fresh.runtime):
            fresh.sync()
            group = here.target.group(here.company.team_name("legal"))
            assert group is not None
            late = {"edit": {"set": {"members": list(group.members.elements)}}}
            here.company.join("legal", "ben")
            here.at_target(late, method="GET", path="/Groups/")
            fresh.sync()
            here.all_well()
            before = logins(here, "legal")
            take_out(here, "legal", "ada", "ben")
            assert fresh.sync(full=True)["counts"]["add_members"] == 2
            assert logins(here, "legal") == before


def test_in_groups_that_show_only_some_members_each_who_is_not_shown_is_asked(tmp_path: Path) -> None:
    quirks = quirky(members_most=2, answers_without_body=True)
    with house("graph", tmp_path, people=6, quirks=quirks, job='drift = "repair"', begun=False) as here:
        everybody = {here.company.hire(f"n{number}", "design") for number in range(23)}
        here.company.found("works")
        here.company.join("works", *(f"n{number}" for number in range(8)))
        here.sync()
        before = {team: logins(here, team) for team in ("sales", "legal", "support")}
        take_out(here, "legal", "eve")
        take_out(here, "support", "ada", "dea")
        asked = here.sync(full=True)
        assert asked["counts"]["add_members"] == 3
        assert {team: logins(here, team) for team in before} == before
        assert logins(here, "design") == everybody
        lone = [entry for entry in here.service.journal.since(here._seen) if "/Users/" in entry.path]
        assert len(lone) <= 12, "those whom the small groups lack, and nobody of the large one"
        works = here.target.group(here.company.team_name("works"))
        assert works is not None
        first = sorted(str(each["value"]) for each in works.members.elements[2:])[:3]
        kept = works.members.copy()
        for id_ in first:
            assert kept.discard(id_)
        here.target.change(works, works.attributes, kept)
        assert drift(here.sync(full=True)) == [], "who is left says to be in it, so that nobody knows who else is not"
        assert here.written == []


def test_a_group_that_cannot_be_read_is_unknown_and_fails_nobody(here: House) -> None:
    take_out(here, "legal", "ada")
    group = here.target.group(here.company.team_name("legal"))
    assert group is not None
    here.at_target({"status": 400}, method="GET", path=f"/Groups/{group.id}$")
    assert drift(here.sync(full=True)) == []
    assert here.written == []
    here.all_well()
    assert here.sync(full=True)["counts"]["add_members"] == 1


def test_a_group_with_very_many_members_is_not_read_again(here: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("syncd.member_drift.MOST_MEMBERS", 2)
    take_out(here, "legal", "ada")
    (id_,) = take_out(here, "support", "ada")
    assert drift(here.sync(full=True)) == [("members", [id_], None, "repair")]


def test_members_that_the_target_never_keeps_are_added_again_once_and_then_only_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A service that says yes and drops them, or that shows but a part of a group."""
    with house("graph", tmp_path, people=6, quirks=Quirks(patch_answer=204), job='drift = "repair"') as here:
        (id_,) = take_out(here, "legal", "ada")

        def add(self: Members, element: Mapping[str, Json], *, twice: bool = False, add: Any = Members.add) -> None:
            if element["value"] != id_:
                add(self, element, twice=twice)

        monkeypatch.setattr(Members, "add", add)
        assert drift(here.sync(full=True)) == [("members", [id_], None, "repair")]
        for _ in range(2):
            told = here.sync(full=True)
            assert drift(told) == [("members", [id_], None, "report")]
            assert [row["code"] for row in told["warnings"]] == ["NotKept"]
            assert here.written == []


def test_a_removal_of_ours_whose_answer_was_lost_is_no_drift(tmp_path: Path) -> None:
    """It failed as far as anybody knows, was carried out later, and meanwhile the member is to stay."""
    with house("graph", tmp_path, people=6, job='drift = "report"') as here:
        company = here.company
        company.leave("legal", "ada")
        here.at_target({"status": 403}, method="PATCH", path="/Groups/")
        assert here.sync(code=4)["counts"]["failed"] > 0
        here.all_well()
        take_out(here, "legal", "ada")
        company.join("legal", "ada")
        assert drift(here.sync(full=True)) == []
        assert company.login("ada") in logins(here, "legal")
        here.sync(full=True)
        assert here.written == []


def test_an_addition_of_ours_whose_answer_was_lost_is_taken_back(tmp_path: Path) -> None:
    with house("graph", tmp_path, people=6, job='drift = "report"') as here:
        company = here.company
        company.join("legal", "ben")
        here.at_target({"status": 403}, method="PATCH", path="/Groups/")
        assert here.sync(code=4)["counts"]["failed"] > 0
        here.all_well()
        put_in(here, "legal", company.login("ben"))
        company.leave("legal", "ben")
        assert drift(here.sync(full=True)) == []
        assert company.login("ben") not in logins(here, "legal")
        here.sync(full=True)
        assert here.written == []


@pytest.mark.parametrize("kind", KINDS)
def test_an_account_whose_adoption_failed_joins_no_group_and_later_each_group_once(kind: str, tmp_path: Path) -> None:
    with house(kind, tmp_path, people=4, quirks=quirky(duplicate_members=True), begun=False) as here:
        login = here.company.login("ada")
        here.target.add("user", "ada-was-here", {"userName": login, "active": True}, Members())
        here.at_target({"status": 403}, method="PATCH", path="/Users/")
        assert here.sync(code=4)["counts"]["failed"] == 1
        assert not any("ada-was-here" in group.members.ids for group in here.target.groups())
        here.all_well()
        here.time.advance(timedelta(minutes=10))
        here.sync()
        for group in here.target.groups():
            ids = [str(element["value"]) for element in group.members.elements]
            assert len(ids) == len(set(ids))
        assert login in logins(here, "legal")
        here.sync(full=True)
        assert here.written == []


def test_a_removal_of_who_is_gone_already_is_done_where_the_target_refuses_it(tmp_path: Path) -> None:
    """Refused with the others of the same request, who are there."""
    with house("graph", tmp_path, people=6, quirks=quirky(absent_removal="refused")) as here:
        company = here.company
        company.leave("legal", "cem")
        here.sync()
        take_out(here, "legal", "ada")
        company.leave("legal", "ada", "eve")
        here.sync()
        assert logins(here, "legal").isdisjoint(here.logins("ada", "cem", "eve"))
        here.sync(full=True)
        assert here.written == []
