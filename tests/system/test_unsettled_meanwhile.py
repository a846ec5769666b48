"""What happens to people and accounts while nobody knows what became of a request for them."""

from __future__ import annotations

from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from connectors.sandbox.scim.members import Members
from state.engine import reading
from syncd.status import status
from tests.system.company import PEOPLE
from tests.system.house import House, house, quirky
from tests.system.recorder import body_of

_NO_LOOK = {"method": "GET", "path": "/Users/"}


def open_rows(here: House) -> int:
    """Rows of which nobody knows whether they were carried out."""
    with reading(here.runtime.store.engine) as c:
        return int(c.execute(sa.text("SELECT count(*) FROM changes WHERE status = 'sent'")).scalar_one())


def lose_update(here: House) -> None:
    """The next change of an account is carried out and not answered, and no account can be looked up then."""
    here.at_target({"drop": "answer"}, method="PATCH", path="/Users/", times=1)
    here.at_target({"replace": 0}, **_NO_LOOK)


def test_a_value_is_written_back_although_another_was_written_since(tmp_path: Path) -> None:
    with house("graph", tmp_path, people=5) as here:
        here.company.set_title("ada", "Before")
        here.sync()
        here.company.set_title("ada", "After")
        lose_update(here)
        here.sync(code=4)
        here.company.set_title("ada", "Before")
        here.company.set_given_name("ada", "Augusta")
        here.sync(code=None)
        assert here.methods == ["PATCH user"]
        here.all_well()
        here.time.advance(timedelta(minutes=5))
        here.sync()
        assert here.account("ada")["title"] == "Before"
        assert here.account("ada")["name"]["givenName"] == "Augusta"
        assert open_rows(here) == 0


def test_who_is_enabled_again_may_sign_in_although_another_value_was_written_since(tmp_path: Path) -> None:
    with house("graph", tmp_path, people=5) as here:
        here.company.disable("ada")
        lose_update(here)
        here.sync(code=4)
        here.company.enable("ada")
        here.company.set_title("ada", "Head of everything")
        here.sync(code=None)
        assert here.methods == ["PATCH user"]
        assert here.logins("ada").isdisjoint(here.active())
        here.all_well()
        here.time.advance(timedelta(minutes=5))
        here.sync()
        assert here.logins("ada") <= here.active()
        here.sync()
        assert here.written == []


def test_who_gets_another_login_before_the_creation_is_known_has_one_account(tmp_path: Path) -> None:
    with house("graph", tmp_path, people=5) as here:
        here.company.hire("new", "sales")
        before = len(list(here.target.users()))
        here.at_target({"drop": "answer"}, method="POST", path="/Users", times=1)
        here.at_target({"replace": 0}, method="GET", path=r"/Users\?filter.*new", nth=2)
        here.sync(code=4)
        here.company.rename("new", "elsewhere")
        here.sync(code=None)
        here.all_well()
        here.time.advance(timedelta(minutes=5))
        here.sync()
        assert len(list(here.target.users())) == before + 1
        assert here.company.login("elsewhere") in here.active()
        assert open_rows(here) == 0


def test_an_adoption_that_another_person_got_meanwhile_is_given_up(tmp_path: Path) -> None:
    with house("graph", tmp_path, people=5) as here:
        here.company.hire("first", "sales")
        login = here.company.login("first")
        here.sync()
        (theirs,) = [one for one in here.target.users() if one.name == login]
        with closing(here.restarted(_folder(tmp_path)).runtime) as runtime:
            here.runtime = runtime
            here.company.set_title("first", "Head of sales")
            lose_update(here)
            here.sync(code=None)
            assert open_rows(here) == 1
            here.company.rename("first", "moved")
            here.company.leave("sales", "first")
            here.company.hire("second", "sales", title="Head of sales")
            here.company.rename("second", "first")
            here.sync(code=None)
            here.all_well()
            here.time.advance(timedelta(minutes=5))
            here.sync(code=None)
            assert open_rows(here) == 0
            here.sync(full=True)
            owners = runtime.store.links.owners("product", "user", [theirs.id])
            assert owners[theirs.id].source_id == here.company.ids["second"]


def _folder(tmp_path: Path) -> Path:
    made = tmp_path / "again"
    made.mkdir()
    return made


def test_a_group_of_a_job_that_has_no_groups_any_more_stops_nobody(tmp_path: Path) -> None:
    with house("graph", tmp_path, people=5) as here:
        here.company.found("late")
        here.company.join("late", "ada")
        here.at_target({"drop": "answer"}, method="POST", path="/Groups", times=1)
        here.at_target({"replace": 0}, method="GET", path=r"/Groups\?", nth=3)
        here.sync(code=4)
        assert open_rows(here) == 1
        here.all_well()
        here.time.advance(timedelta(minutes=5))
        here.company.set_title("ada", "Countess")
        with here.changed_config(more="[jobs.job.groups]\nenabled = false\n"):
            here.sync(code=None)
            assert here.account("ada")["title"] == "Countess"
            assert open_rows(here) == 0


def test_an_account_that_can_never_be_looked_up_is_told_and_leaves_one_open_row(tmp_path: Path) -> None:
    with house("graph", tmp_path, people=5) as here:
        here.company.set_title("ada", "After")
        here.at_target({"drop": "answer"}, method="PATCH", path="/Users/")
        here.at_target({"replace": 0}, **_NO_LOOK)
        here.sync(code=4)
        writes = 0
        for _ in range(12):
            here.time.advance(timedelta(minutes=1))
            here.sync(code=4, failed_now=False)
            writes += len(here.written)
            assert open_rows(here) <= 2, "what was sent again is looked up once"
        assert writes <= 3, "its next try is put off ever further"
        (told,) = status(here.runtime.settings)
        assert told["failing"] == 1


def test_ten_that_cannot_be_looked_up_do_not_hide_the_others(tmp_path: Path) -> None:
    with house("graph", tmp_path, people=14) as here:
        people = PEOPLE[:14]
        for name in people:
            here.company.set_title(name, "Moved")
        here.at_target({"drop": "answer"}, method="PATCH", path="/Users/")
        here.at_target({"replace": 0}, **_NO_LOOK)
        here.sync(code=None)
        left = open_rows(here)
        assert left > 10
        here.all_well()
        with reading(here.runtime.store.engine) as c:
            ids = c.execute(sa.text("SELECT target_id FROM changes WHERE status = 'sent' ORDER BY source_id")).scalars()
            poisoned = "|".join(list(ids)[:10])
        here.at_target({"replace": 0}, method="GET", path=f"/Users/({poisoned})")
        here.time.advance(timedelta(minutes=2))
        for _ in range(2):
            here.sync(code=None, failed_now=False)
        assert open_rows(here) <= 10


def test_members_are_not_added_to_a_group_whose_adoption_failed(tmp_path: Path) -> None:
    with house("graph", tmp_path, people=3, begun=False) as here:
        theirs = here.target.next_number()
        group = here.target.add("group", f"group-{theirs}", {"displayName": here.company.team_name("sales")}, Members())
        here.at_target({"status": 403}, method="PATCH", path=f"/Groups/group-{theirs}", body="externalId")
        here.sync(code=4)
        assert not [entry for entry in here.written if "members" in str(body_of(entry)) and group.id in entry.path]
        here.all_well()
        here.sync()
        here.sync(full=True)
        found = here.target.get("group", group.id)
        assert found is not None
        assert len(found.members.ids) == 1


def test_an_account_that_a_lagging_machine_does_not_know_yet_is_not_given_up(tmp_path: Path) -> None:
    with house("graph", tmp_path, people=3) as here:
        here.company.hire("new", "sales")
        here.sync()
        here.company.leave("sales", "new")
        lose_update(here)
        here.sync(code=4)
        here.all_well()
        here.at_target({"status": 404}, **_NO_LOOK)
        here.sync(code=None)
        assert open_rows(here) == 1
        here.all_well()
        here.time.advance(timedelta(minutes=1))
        here.sync()
        (known,) = here.runtime.store.links.of("job", "user", [here.company.ids["new"]]).values()
        assert not known.active
        assert here.logins("new").isdisjoint(here.active())


def test_members_whose_addition_nobody_answered_are_not_added_again_before_the_target_must_show_them(
    tmp_path: Path,
) -> None:
    quirks = quirky(duplicate_members=True, applied_although_500=("PATCH",))
    with house("graph", tmp_path, people=6, quirks=quirks) as here:
        team = here.company.team_name("legal")
        values = [{"value": account.id} for name in here.target.members(team) if (account := here.target.user(name))]
        login = here.company.hire("new", "legal")
        late = {"edit": {"set": {"members": values}}}
        here.at_target(late, method="GET", path="/Groups/")
        assert here.sync(code=4)["counts"]["failed"] == 1
        here.time.advance(timedelta(seconds=20))
        here.sync(code=None)
        here.all_well()
        here.time.advance(timedelta(minutes=1))
        here.sync()
        (group,) = [group for group in here.target.groups() if group.name == team]
        ids = [str(element["value"]) for element in group.members.elements]
        assert len(ids) == len(set(ids)) == len(values) + 1
        assert login in here.target.members(team)
        here.sync(full=True)
        assert here.written == []


def test_the_first_member_of_a_group_is_in_it_once_where_an_empty_group_is_shown_without_members(
    tmp_path: Path,
) -> None:
    """A late replica leaves the attribute out, as of any empty group: that is no service that shows nobody."""
    quirks = quirky(duplicate_members=True, applied_although_500=("PATCH",))
    with house("graph", tmp_path, people=6, quirks=quirks) as here:
        here.company.join("design", "ada")
        here.at_target({"edit": {"remove": ["members"]}}, method="GET", path="/Groups/")
        assert here.sync(code=4)["counts"]["failed"] == 1
        here.all_well()
        here.time.advance(timedelta(minutes=1))
        here.sync()
        group = here.target.group(here.company.team_name("design"))
        assert group is not None
        assert len(group.members.elements) == 1
        here.sync(full=True)
        assert here.written == []


def test_members_whose_addition_was_lost_are_added_by_the_next_cycle(tmp_path: Path) -> None:
    with house("graph", tmp_path, people=6, quirks=quirky(duplicate_members=True)) as here:
        here.company.hire("new", "legal")
        here.at_target({"drop": "before"}, times=1, method="PATCH", path="/Groups/")
        assert here.sync(code=4)["counts"]["failed"] == 1
        here.time.advance(timedelta(minutes=1))
        here.sync()
        assert here.logins("new") <= here.target.members(here.company.team_name("legal"))
        here.sync(full=True)
        assert here.written == []


@pytest.mark.parametrize("drift", ["report", "repair"])
def test_members_whom_a_late_replica_lacks_when_a_failed_group_is_read_again_are_no_drift(
    tmp_path: Path, drift: str
) -> None:
    with house("graph", tmp_path, people=6, quirks=quirky(duplicate_members=True), job=f'drift = "{drift}"') as here:
        team = here.company.team_name("legal")
        values = [{"value": account.id} for name in here.target.members(team) if (account := here.target.user(name))]
        here.company.hire("first", "legal")
        here.sync()
        here.company.hire("second", "legal")
        here.at_target({"status": 400}, times=1, method="PATCH", path="/Groups/")
        assert here.sync(code=4)["counts"]["failed"] == 1
        here.at_target({"edit": {"set": {"members": values}}}, method="GET", path="/Groups/")
        here.at_target({"edit": {"remove": ["groups"]}}, **_NO_LOOK)
        assert here.sync()["drift"] == []
        here.all_well()
        (group,) = [group for group in here.target.groups() if group.name == team]
        ids = [str(element["value"]) for element in group.members.elements]
        assert len(ids) == len(set(ids)) == len(values) + 2
        told = here.sync(full=True)
        assert (told["drift"], here.written) == ([], [])


def test_an_addition_that_nobody_can_look_up_is_a_failure_until_somebody_can(tmp_path: Path) -> None:
    with house("graph", tmp_path, people=6) as here:
        here.company.hire("new", "legal")
        here.at_target({"drop": "before"}, times=1, method="PATCH", path="/Groups/")
        here.at_target({"replace": 0}, method="GET", path="/Groups/")
        for now in (True, False, True):
            here.sync(code=4, failed_now=now)
            (told,) = status(here.runtime.settings)
            assert told["failing"] == 1
            here.time.advance(timedelta(minutes=4))
        here.all_well()
        here.sync(failed_now=False)
        assert here.logins("new") <= here.target.members(here.company.team_name("legal"))
        (told,) = status(here.runtime.settings)
        assert told["failing"] == 0
        here.sync()
        assert here.written == []


def test_a_removal_that_a_target_ignores_is_not_taken_for_done_as_nobody_could_look(tmp_path: Path) -> None:
    with house("graph", tmp_path, people=6, quirks=quirky(remove_by_filter="ignored")) as here:
        here.company.leave("support", "ada")
        here.at_target({"replace": 0}, method="GET", path="/Groups/", nth=2)
        told = here.sync(code=4)
        (failed,) = [row for row in told["changes"] if row["status"] == "failed"]
        assert "could not be read to see" in failed["error"]["message"]
        here.all_well()
        here.time.advance(timedelta(minutes=1))
        here.sync()
        assert here.logins("ada").isdisjoint(here.target.members(here.company.team_name("support")))
        here.sync(full=True)
        assert here.written == []


def test_an_addition_that_is_not_wished_any_more_fails_no_longer_once_it_is_looked_up(tmp_path: Path) -> None:
    with house("graph", tmp_path, people=6) as here:
        here.company.join("legal", "ben")
        here.at_target({"drop": "before"}, times=1, method="PATCH", path="/Groups/")
        here.sync(code=4)
        here.sync(code=4)
        here.company.leave("legal", "ben")
        here.time.advance(timedelta(minutes=1))
        here.sync()
        assert here.written == []
        assert open_rows(here) == 0
