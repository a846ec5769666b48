"""Whom a plan looks at, on both databases."""

from __future__ import annotations

import pytest

from state.journal import Planned
from state.store import Store
from state.worklist import WorkKind
from syncd.core.change import Action
from syncd.core.model import Assignment, Removal
from tests.contract.state_rows import HOUR, NOW, change, group, groups_in, link, linked, read, user, users_in, wait


def listed(store: Store, kind: WorkKind, plan: str = "p") -> list[str]:
    return [id_ for part in store.worklist.ids(plan, kind) for id_ in part]


@pytest.fixture
def company(store: Store) -> Store:
    """Assigned: user a, group out ⊃ inner ⊃ b. Not assigned: user c in group free. Linked to job j: d and group old."""
    read(store, "users", [user(id_) for id_ in "abcd"])
    edges = [*groups_in("out", "inner"), *users_in("inner", "b"), *users_in("free", "c")]
    read(store, "groups", [*map(group, ("out", "inner", "free", "old")), *edges])
    rows = [("a", "user"), ("out", "group")]
    read(store, "assignments", [Assignment(id=i, principal_id=i, principal_kind=kind) for i, kind in rows])  # type: ignore[arg-type]  # a kind
    linked(store, link("d", "D"), link("old", "OLD", kind="group"), link("c", "C", job="other"))
    return store


def test_everything_is_listed_for_a_job_that_begins(company: Store) -> None:
    company.worklist.changed("p", "j", "s", "user", 0, every=False)
    company.worklist.changed("p", "j", "s", "group", 0, every=False)
    assert listed(company, "user") == ["a", "b", "d"]
    assert listed(company, "group") == ["old", "out"]
    company.worklist.changed("all", "j", "s", "user", 0, every=True)
    company.worklist.changed("all", "j", "s", "group", 0, every=True)
    assert listed(company, "user", "all") == ["a", "b", "c", "d"]
    assert listed(company, "group", "all") == ["free", "inner", "old", "out"]


def test_nobody_is_listed_where_nothing_changed(company: Store) -> None:
    seq = company.mirror.seq("s")
    for kind in ("user", "group"):
        for every in (False, True):
            company.worklist.changed("p", "j", "s", kind, seq, every=every)
    company.worklist.due("p", "j", now=NOW, failed_now=True)
    company.worklist.waiting_for("p", "j")
    company.worklist.groups_of_moved_users("p", "s")
    assert company.worklist.count("p") == 0


def test_a_change_lists_those_whom_it_concerns(company: Store) -> None:
    seq = company.mirror.seq("s")
    read(company, "users", [user("b", title="Lead"), user("c", title="Lead")], full=False)
    company.worklist.changed("p", "j", "s", "user", seq, every=False)
    assert listed(company, "user") == ["b"]
    seq = company.mirror.seq("s")
    read(company, "groups", [], full=False, removals=[Removal(kind="membership", id="out", member_id="inner")])
    read(company, "users", [], full=False, removals=[Removal(kind="user", id="d")])
    company.worklist.changed("q", "j", "s", "user", seq, every=False)
    assert listed(company, "user", "q") == ["d"]  # b is in no assigned group any more, and was never linked


def test_someone_linked_who_went_is_listed_and_someone_unlinked_is_not(company: Store) -> None:
    seq = company.mirror.seq("s")
    read(company, "users", [user("b")])
    company.worklist.changed("p", "j", "s", "user", seq, every=True)
    assert listed(company, "user") == ["d"]
    company.worklist.linked("q", "j")
    assert (listed(company, "user", "q"), listed(company, "group", "q")) == (["d"], ["old"])


def test_what_waits_is_listed_when_it_is_due(store: Store) -> None:
    waits = [
        wait("held", "held"),
        wait("later", "failed", due_at=NOW + HOUR),
        wait("grace", "grace", due_at=NOW + HOUR),
        wait("again", kind="group"),
        wait("boss", "reference", wants="x"),
    ]
    store.pending.put("j", waits)
    store.pending.put("other", [wait("theirs")])
    store.worklist.due("now", "j", now=NOW, failed_now=False)
    assert (listed(store, "user", "now"), listed(store, "group", "now")) == (["held"], ["again"])
    store.worklist.due("retry", "j", now=NOW, failed_now=True)
    assert listed(store, "user", "retry") == ["held", "later"]
    store.worklist.due("late", "j", now=NOW + HOUR, failed_now=False)
    assert listed(store, "user", "late") == ["grace", "held", "later"]
    store.worklist.due("put back", "j", now=NOW - HOUR, failed_now=False)
    assert (listed(store, "user", "put back"), listed(store, "group", "put back")) == (["held"], ["again"])


def test_groups_of_users_who_come_or_go_are_listed_with_those_above(company: Store) -> None:
    company.journal.begin("p", "j", seq=1, config="c", now=NOW)
    rows = [change("b", Action.CREATE), change("c", Action.UPDATE, target_id="C")]
    company.journal.add("p", [Planned(change=row, rev=None) for row in rows])
    company.worklist.groups_of_moved_users("p", "s")
    assert listed(company, "group") == ["inner", "out"]


def test_who_waits_for_somebody_is_listed_when_that_one_comes_or_is_there(store: Store) -> None:
    linked(store, link("there", "T"))
    wants = {"r1": "comes", "r2": "there", "r3": "never"}
    store.pending.put("j", [wait(id_, "reference", wants=other) for id_, other in wants.items()])
    store.journal.begin("p", "j", seq=1, config="c", now=NOW)
    store.journal.add("p", [Planned(change=change("comes", Action.CREATE), rev=None)])
    store.worklist.add("p", "reference", ["r2"])
    assert store.worklist.waiting_for("p", "j") == {"r1"}
    assert listed(store, "reference") == ["r1", "r2"]
    assert listed(store, "user") == []


def test_the_list_is_walked_in_order_without_doubles_and_sees_what_comes_later(store: Store) -> None:
    ids = [f"u{n:04}" for n in range(1_200)]
    store.worklist.add("p", "user", [*reversed(ids[:1_000]), *ids[:1_000]])
    store.worklist.add("p", "group", ["g"])
    store.worklist.add("other", "user", ["x"])
    walk = store.worklist.ids("p", "user", size=400)
    seen = next(walk)
    store.worklist.add("p", "user", ids[900:])
    seen += [id_ for part in walk for id_ in part]
    assert seen == ids
    assert store.worklist.count("p") == 1_201
    store.worklist.clear("p")
    assert (store.worklist.count("p"), store.worklist.count("other")) == (0, 1)


def test_ids_are_in_the_order_of_their_bytes(store: Store) -> None:
    store.worklist.add("p", "user", ["b", "A", "ä", "a", "Z", "_", "00u1", "00U1"])
    assert listed(store, "user") == ["00U1", "00u1", "A", "Z", "_", "a", "b", "ä"]
