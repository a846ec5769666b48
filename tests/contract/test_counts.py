"""What a run came to, counted in the state DB: the same as its rows tell one by one."""

from __future__ import annotations

from collections import Counter

from state.store import Store
from syncd.core.change import Action, Change
from syncd.report.result import JobResult, weight
from tests.contract.state_rows import NOW, change, closing, plan

MANAGER = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager"


def members(group: str, *ids: str, had: bool = False) -> Change:
    told = {"members": list(ids)}
    return change(
        group, Action.ADD_MEMBERS, kind="group", target_id=group, before=told if had else {}, after=told, name=group
    )


def result(*plans: str) -> JobResult:
    found = JobResult(job="j", source="s", target="t", dry=False, started=NOW)
    found.plans += plans
    return found


def test_rows_are_counted_by_what_became_of_them_and_members_one_by_one(store: Store) -> None:
    plan(store, change("old", held="2 objects match"), id_="earlier")
    rows = plan(
        store,
        *(change(name) for name in ("a", "b", "c", "d")),
        change("h", held="2 objects match"),
        change("s", skipped="protected"),
        change("f", failed="title: no such value"),
        change("u", Action.UPDATE, target_id="U", before={"title": "x"}, after={"title": "y"}),
        change("u", Action.REFERENCE, target_id="U", before={MANAGER: "1"}, after={MANAGER: "2"}),
        change("w", Action.REFERENCE, target_id="W", before={MANAGER: "1"}, after={MANAGER: "1"}),
        members("g", "1", "2", "3"),
        members("known", "1", "2", had=True),
    )
    of = {(row.change.source_id, row.change.action): row for row in rows}
    store.journal.mark_sent("p1", "j", rows, now=NOW)
    error = {"code": "Timeout", "message": "no answer"}
    ends = [
        closing(of["a", Action.CREATE]),
        closing(of["b", Action.CREATE]),
        closing(of["c", Action.CREATE], "sent", error=error),
        closing(of["u", Action.UPDATE]),
        closing(of["u", Action.REFERENCE]),
        closing(of["w", Action.REFERENCE]),
        closing(of["g", Action.ADD_MEMBERS]),
        closing(of["known", Action.ADD_MEMBERS]),
    ]
    store.journal.close("p1", "j", ends, now=NOW)
    run = result("earlier", "p1")
    run.counts["skip"] = 5
    run.count(store)
    assert {word: n for word, n in run.counts.items() if n} == {
        "create": 2, "update": 2, "add_members": 3, "held": 1, "failed": 2, "skip": 5,
    }  # fmt: skip
    assert (run.planned, run.approvable) == (0, 0)
    told = Counter[str]()
    for row in run.rows(store):
        if row.status == "done":
            told[row.change.action.word] += weight(row.change)
    assert told == {"create": 2, "update": 2, "add_members": 3}


def test_of_a_dry_run_everything_is_planned_and_what_the_guard_holds_may_be_approved(store: Store) -> None:
    rows = plan(store, change("a"), change("b"), members("g", "1", "2"), begin=False)
    run = result("p1")
    run.count(store)
    assert (run.counts["create"], run.counts["add_members"], run.planned) == (2, 2, 3)
    store.journal.hold("p1", [rows[0].key], "too many")
    run.count(store)
    assert (run.counts["create"], run.counts["held"], run.planned, run.approvable) == (1, 1, 2, 1)
