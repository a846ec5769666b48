"""A request whose answer was lost, at a target that cannot be asked what became of it: nobody and nothing is forgotten."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from tests.system.house import KINDS, House, house
from tests.system.test_unsettled_meanwhile import open_rows


def lose(here: House, method: str, look_up: str, *, from_look: int) -> None:
    """The next request of this method is carried out and not answered, and looks at the target are garbled then."""
    here.at_target({"drop": "answer"}, method=method, path="/Users", times=1)
    here.at_target({"replace": 0}, method="GET", path=look_up, nth=from_look)


@pytest.mark.parametrize("kind", KINDS)
def test_whoever_left_before_anybody_could_look_has_no_working_account(kind: str, tmp_path: Path) -> None:
    with house(kind, tmp_path, people=5) as here:
        here.company.hire("new", "sales")
        lose(here, "POST", r"/Users\?filter.*new", from_look=2)
        told = here.sync(code=4)
        assert told["counts"]["failed"] == 1
        (failed,) = [row for row in told["changes"] if row["status"] == "failed"]
        assert "the look-up failed" in failed["error"]["message"]
        here.company.leave("sales", "new")
        here.sync()
        assert here.written == []
        assert here.logins("new") <= here.active()
        here.all_well()
        here.time.advance(timedelta(minutes=5))
        here.sync()
        assert here.methods == ["PATCH user"]
        assert here.logins("new").isdisjoint(here.active())
        here.sync(full=True)
        assert here.written == []


@pytest.mark.parametrize("kind", KINDS)
def test_a_value_that_was_taken_back_before_anybody_could_look_is_written_back(kind: str, tmp_path: Path) -> None:
    with house(kind, tmp_path, people=5) as here:
        here.company.set_title("ada", "Before")
        here.sync()
        here.company.set_title("ada", "After")
        lose(here, "PATCH", "/Users/", from_look=1)
        assert here.sync(code=4)["counts"]["failed"] == 1
        here.company.set_title("ada", "Before")
        here.sync()
        assert here.written == []
        here.all_well()
        here.time.advance(timedelta(minutes=5))
        here.sync()
        assert here.account("ada")["title"] == "Before"
        here.sync()
        assert here.written == []


def test_a_newcomer_who_was_found_late_is_in_all_groups(tmp_path: Path) -> None:
    with house("graph", tmp_path, people=5) as here:
        here.company.hire("new", "sales", "support")
        lose(here, "POST", r"/Users\?filter.*new", from_look=2)
        here.sync(code=4)
        here.all_well()
        here.time.advance(timedelta(minutes=1))
        here.sync()
        account = here.target.user(here.company.login("new"))
        assert account is not None
        for team in ("sales", "support"):
            group = here.target.group(here.company.team_name(team))
            assert group is not None
            assert account.id in group.members.ids
        here.sync()
        assert here.written == []


def test_a_newcomer_of_whom_only_a_part_was_stored_is_linked_with_that_part(tmp_path: Path) -> None:
    with house("graph", tmp_path, people=5) as here:
        here.company.hire("new", "sales")
        here.at_target({"drop": "answer"}, method="POST", path="/Users", times=1)
        here.at_target(
            {"first": {"set": {"title": "Kept its own way"}}}, method="GET", path=r"/Users\?filter.*new", nth=2
        )
        here.at_target({"status": 400}, method="PATCH", path="/Users/")
        here.sync(code=4)
        here.company.leave("sales", "new")
        here.all_well()
        here.sync()
        assert here.logins("new").isdisjoint(here.active())


def test_a_new_group_that_a_lagging_machine_does_not_know_yet_is_not_made_twice(tmp_path: Path) -> None:
    with house("graph", tmp_path, people=3) as here:
        here.company.found("night shift")
        here.company.join("night shift", "ada", "ben")
        nobody = {"schemas": ["urn:ietf:params:scim:api:messages:2.0:ListResponse"], "totalResults": 0, "Resources": []}
        here.at_target({"drop": "answer"}, times=1, method="PATCH", path="/Groups/")
        here.at_target({"status": 404}, method="GET", path="/Groups/")
        here.at_target({"replace": nobody}, method="GET", path=r"/Groups\?")
        here.sync(code=None)
        here.all_well()
        here.time.advance(timedelta(minutes=1))
        here.sync()
        name = here.company.team_name("night shift")
        assert [group.name for group in here.target.groups()].count(name) == 1
        assert here.target.members(name) == here.logins("ada", "ben")


def test_members_of_a_group_that_cannot_be_read_are_added_again_after_a_day(tmp_path: Path) -> None:
    """Else they would never come: the group takes PATCHes, and is too large, say, to be read in time."""
    with house("graph", tmp_path, people=6) as here:
        here.company.hire("new", "legal")
        here.at_target({"drop": "before"}, times=1, method="PATCH", path="/Groups/")
        here.at_target({"replace": 0}, method="GET", path="/Groups/")
        here.sync(code=4)
        for _ in range(2):
            here.time.advance(timedelta(hours=11))
            here.sync(code=4)
            assert here.written == []
        here.time.advance(timedelta(hours=2))
        here.sync()
        assert here.methods == ["PATCH group"]
        assert here.logins("new") <= here.target.members(here.company.team_name("legal"))
        for _ in range(2):
            here.sync()
            assert here.written == []
        assert open_rows(here) == 0


def take_out_unseen(here: House, team: str, name: str) -> list[str]:
    """Somebody leaves a team at the source and at the target, where every read denies it; the logins that were in it."""
    called = here.company.team_name(team)
    before = sorted(here.target.members(called))
    values = [{"value": account.id} for login in before if (account := here.target.user(login))]
    here.company.leave(team, name)
    here.at_target({"edit": {"set": {"members": values}}}, method="GET", path="/Groups/")
    here.at_target({"status": 412}, method="PUT", path="/Groups/")
    assert here.sync(code=4)["counts"]["failed"] == 1
    assert here.company.login(name) not in here.target.members(called)
    here.all_well()
    return before


def test_who_was_taken_out_although_a_late_replica_denied_it_is_added_when_wished_again(tmp_path: Path) -> None:
    with house("graph", tmp_path, people=6) as here:
        before = take_out_unseen(here, "legal", "ada")
        here.company.join("legal", "ada")
        here.sync()
        assert sorted(here.target.members(here.company.team_name("legal"))) == before
        here.sync(full=True)
        assert here.written == []


def test_who_is_added_after_a_removal_that_seemed_undone_comes_although_that_is_lost(tmp_path: Path) -> None:
    with house("graph", tmp_path, people=6) as here:
        before = take_out_unseen(here, "legal", "ada")
        here.company.join("legal", "ada")
        here.at_target({"drop": "before"}, times=1, method="PATCH", path="/Groups/")
        here.sync(code=4)
        here.time.advance(timedelta(minutes=1))
        assert here.sync()["drift"] == [], "nobody took her out by hand"
        assert sorted(here.target.members(here.company.team_name("legal"))) == before
        here.sync(full=True)
        assert here.written == []


@pytest.mark.parametrize("every", [30, 60])
@pytest.mark.parametrize("path", ["/Users", "/Groups", "/Groups/"])
def test_what_a_target_never_does_is_sent_ever_more_rarely(tmp_path: Path, path: str, every: int) -> None:
    with house("graph", tmp_path, people=3) as here:
        here.company.hire("new", "design")
        here.company.found("late")
        here.at_target({"status": 500}, method="PATCH" if path == "/Groups/" else "POST", path=f"{path}[^?]*$")
        refused = 0
        for _ in range(0, 20 * 60, every):
            here.sync(code=4, failed_now=False)
            refused += sum(entry.status == 500 for entry in here.written)
            here.time.advance(timedelta(seconds=every))
        assert refused == 3, "at once, when it is seen not to be there, and a quarter of an hour later"
        here.all_well()
        here.time.advance(timedelta(hours=1))
        here.sync(failed_now=False)
        here.sync(failed_now=False)
        assert here.logins("new") == here.target.members(here.company.team_name("design"))
        assert here.target.group(here.company.team_name("late")) is not None
