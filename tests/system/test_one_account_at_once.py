"""Two jobs that reach for the same account in the same moment: one gets it, and the other does not touch it."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import uvloop

from state.in_hand import LONGEST_REQUEST
from state.journal import Closing, Row
from state.store import Store
from syncd.core.change import Action
from syncd.cycle import Wish, sync
from syncd.report.result import JobResult
from tests.contract.state_rows import change, link, linked, plan
from tests.system.conftest import sync_once
from tests.system.house import House, house
from tests.system.test_conflict import there_unseen
from tests.system.test_one_group_at_once import SECOND, Together
from tests.system.test_ownership import add
from tests.system.test_two_jobs import TWO, held, move, owner, two_directories


def making(here: House, login: str) -> None:
    """A creation of the other job, whose request has left and which has no answer yet."""
    store, now = here.runtime.store, here.time.now()
    rows = plan(store, change("kim", after={"userName": login}, name=login), id_="theirs", job="second", now=now)
    assert store.journal.mark_sent("theirs", "second", rows, now=now)


def test_an_account_that_another_process_links_between_look_and_commit_stays_with_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with two_directories(tmp_path) as (here, _), here.process() as second:
        login = here.company.hire("kim", "sales")
        here.company.hire("leo", "sales")
        journal = here.runtime.store.journal
        close, quicker = journal.close, Links(second.store, login)

        def late(plan: str, job: str, closings: Sequence[Closing], **when: Any) -> None:
            quicker.before(closings)
            close(plan, job, closings, **when)

        monkeypatch.setattr(journal, "close", late)
        told = here.sync(code=4)
        assert quicker.linked
        (failed,) = [row for row in told["changes"] if row["status"] == "failed"]
        assert (failed["name"], failed["error"]["code"]) == (login, "Conflict")
        assert "belongs to job second" in failed["error"]["message"]
        assert (owner(here, "kim"), owner(here, "leo")) == ("second", "job")


class Links:
    """Another process, which links an account just before it is linked here."""

    def __init__(self, store: Store, login: str) -> None:
        self._store, self._login = store, login
        self.linked = False

    def before(self, closings: Sequence[Closing]) -> None:
        for one in closings:
            if one.link is not None and one.row.change.name == self._login and not self.linked:
                self.linked = True
                linked(self._store, link("kim", one.link.target_id, job="second"), target="product")


def test_who_meets_an_account_that_another_job_is_making_leaves_it_alone(tmp_path: Path) -> None:
    with two_directories(tmp_path) as (here, _):
        there_unseen(here)
        login = here.company.login("new")
        making(here, login)
        told = here.sync(code=3)
        assert here.methods.count("POST user") == 1, "refused, because it is there already"
        assert "PATCH user" not in here.methods
        assert "belongs to job second, which keeps it" in held(told)[login]
        assert not here.runtime.store.journal.unfinished("job", now=here.time.now())


def test_what_a_killed_process_was_making_is_free_for_others_in_the_end(tmp_path: Path) -> None:
    with two_directories(tmp_path) as (here, _):
        there_unseen(here)
        making(here, here.company.login("new"))
        here.sync(code=3)
        here.time.advance(LONGEST_REQUEST + timedelta(seconds=1))
        here.sync()
        assert owner(here, "new") == "job"


def test_a_creation_that_was_lost_does_not_take_the_account_that_another_job_is_making(tmp_path: Path) -> None:
    with two_directories(tmp_path) as (here, _):
        there_unseen(here)
        login = here.company.login("new")
        making(here, login)
        here.at_target({"drop": "before"}, method="POST", path="/Users")
        here.sync(code=4)
        assert "PATCH user" not in here.methods
        for _ in range(2):
            told = here.sync(code=None)
            assert here.written == []
            assert "belongs to job second, which keeps it" in held(told)[login]
        here.time.advance(LONGEST_REQUEST + timedelta(seconds=1))
        here.sync()
        assert owner(here, "new") == "job"
        assert here.logins("new") <= here.active()


def test_who_passes_on_while_a_group_is_about_to_get_him_does_not_join_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with (
        house("graph", tmp_path, people=4, more=TWO) as here,
        here.process() as second,
    ):
        here.sync(code=3, job="other")
        here.company.join("design", "ada")
        journal, quicker = here.runtime.store.journal, list[JobResult]()
        mark = journal.mark_sent

        def late(plan: str, job: str, rows: Sequence[Row], **how: Any) -> set[str]:
            if any(row.change.action is Action.ADD_MEMBERS for row in rows) and not quicker:
                move(here, "ada", "Sales")
                quicker.append(sync_once(second, "other"))
            return mark(plan, job, rows, **how)

        monkeypatch.setattr(journal, "mark_sent", late)
        here.sync()
        assert owner(here, "ada") == "other"
        assert here.company.login("ada") not in here.target.members(here.company.team_name("design"))
        here.sync()
        for team in ("design", "legal", "support"):
            assert here.company.login("ada") not in here.target.members(here.company.team_name(team))


def test_two_cycles_that_adopt_the_same_accounts_at_once_write_to_each_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with (
        house("graph", tmp_path, people=3, more=SECOND, begun=False) as here,
        here.process() as second,
    ):
        for login in here.logins("ada", "ben", "cem"):
            add(here, "user", userName=login, active=True, title="Chief")
        together = threading.Barrier(2, timeout=20)
        for runtime in (here.runtime, second):
            monkeypatch.setattr(runtime.store.journal, "mark_sent", Together(runtime.store.journal, together, adopts))
        here.at_target({"delay_s": 0.2}, method="PATCH", path="/Users/")

        async def at_once() -> None:
            await asyncio.gather(sync(here.runtime, ["job"], Wish()), sync(second, ["second"], Wish()))

        uvloop.run(at_once())
        written = [entry for entry in here.service.journal.since(0) if entry.method == "PATCH"]
        assert len([entry for entry in written if entry.notes["resource"] == "Users"]) == 3


def adopts(row: Row) -> bool:
    return row.change.action is Action.ADOPT
