"""Two jobs that make the same group in the same moment, at a service that lets two groups have one name: it is made once."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import uvloop

from state.journal import Journal, Row
from syncd.core.change import Action
from syncd.cycle import Wish, sync
from tests.system.conftest import sync_once
from tests.system.house import House, house, quirky

NOBODY = {"schemas": ["urn:ietf:params:scim:api:messages:2.0:ListResponse"], "totalResults": 0, "Resources": []}
LETS_TWINS = quirky(unique=("user.userName",))
SECOND = """
[jobs.second]
source = "company"
target = "product"
"""


def names(here: House) -> list[str]:
    return sorted(group.name for group in here.target.groups())


def test_two_cycles_that_make_the_same_groups_at_once_make_each_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with (
        house("graph", tmp_path, people=6, quirks=LETS_TWINS, more=SECOND, begun=False) as here,
        here.process() as second,
    ):
        together = threading.Barrier(2, timeout=20)
        for runtime in (here.runtime, second):
            monkeypatch.setattr(
                runtime.store.journal, "mark_sent", Together(runtime.store.journal, together, makes_group)
            )

        async def at_once() -> None:
            await asyncio.gather(sync(here.runtime, ["job"], Wish()), sync(second, ["second"], Wish()))

        uvloop.run(at_once())
        monkeypatch.undo()
        for job in ("job", "second"):
            here.sync(code=None, job=job)
        assert names(here) == sorted(here.company.team_name(team) for team in ("sales", "legal", "support", "design"))
        for job in ("job", "second"):
            here.sync(code=None, job=job, full=True)
            assert here.written == []


class Together:
    """Marks the first rows of a sort as sent at the same time as another process does."""

    def __init__(self, journal: Journal, together: threading.Barrier, sort: Callable[[Row], bool]) -> None:
        self._mark, self._together, self._sort = journal.mark_sent, together, sort
        self._met = False

    def __call__(self, plan: str, job: str, rows: Sequence[Row], **how: Any) -> set[str]:
        if self._met or not any(self._sort(row) for row in rows):
            return self._mark(plan, job, rows, **how)
        self._met = True
        self._together.wait()
        marked = self._mark(plan, job, rows, **how)
        self._together.wait()
        return marked


def test_a_group_that_another_job_has_made_since_the_plan_is_not_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with (
        house("graph", tmp_path, people=3, quirks=LETS_TWINS, more=SECOND, begun=False) as here,
        here.process() as second,
    ):
        journal, others = here.runtime.store.journal, []
        mark = journal.mark_sent

        def late(plan: str, job: str, rows: Sequence[Row], **how: Any) -> set[str]:
            if any(makes_group(row) for row in rows) and not others:
                others.append(sync_once(second, "second"))
            return mark(plan, job, rows, **how)

        monkeypatch.setattr(journal, "mark_sent", late)
        told = here.sync(code=3)
        assert others[0].counts["create"] == 4
        assert names(here) == sorted(here.company.team_name(team) for team in ("sales", "legal", "support", "design"))
        waiting = {row["name"]: row["held"] for row in told["changes"] if row["status"] == "held"}
        assert "belongs to job second, which keeps it" in waiting[here.company.team_name("sales")]


def makes_group(row: Row) -> bool:
    return row.change.action is Action.CREATE and row.change.kind == "group"


def test_a_group_renamed_before_anybody_knows_that_another_job_has_made_it_is_not_made_again(tmp_path: Path) -> None:
    with house("graph", tmp_path, people=3, quirks=LETS_TWINS, more=SECOND) as here:
        here.sync(code=None, job="second")
        here.company.found("night shift")
        here.company.join("night shift", "ada")
        here.at_target({"drop": "answer"}, times=1, method="POST", path="/Groups")
        here.at_target({"replace": NOBODY}, method="GET", path=r"/Groups\?")
        here.sync(code=4)
        here.all_well()
        name = here.company.rename_team("night shift", "late shift")
        told = here.sync(code=None, job="second")
        assert [warning["code"] for warning in told["warnings"]] == ["Unsettled"]
        here.time.advance(timedelta(minutes=1))
        here.sync()
        here.sync(code=3, job="second")
        made = [group for group in names(here) if group == name or "night" in group.lower()]
        assert made == [name]
