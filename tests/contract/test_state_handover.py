"""Links that pass from one job to another, on both databases: with the adoption's intent, or not at all."""

from __future__ import annotations

import contextlib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime
from threading import Barrier
from typing import Any

import pytest

from state.store import Store
from syncd.core.change import NEW, Action, Link
from tests.contract.state_rows import HOUR, NOW, change, closing, link, linked, plan


def theirs(store: Store) -> Link:
    """The link of job j that is to pass on: person a, account A, who was written to group g."""
    linked(store, link("a", "A"), link("g", "G", kind="group"))
    rows = plan(store, change("g", Action.ADD_MEMBERS, kind="group", target_id="G"), id_="members")
    ended = replace(closing(rows[0]), members_in={"a": "A"})
    store.journal.close("members", "j", [ended], now=NOW)
    return store.links.of("j", "user", ["a"])["a"]


def taken(store: Store, handed: Link) -> bool:
    """Whether job k may adopt A for its person b, by this link."""
    (row,) = plan(store, change("b", Action.ADOPT, target_id="A"), id_="adoption", job="k")
    free = store.journal.mark_sent("adoption", "k", [row], now=NOW, handed={row.key: handed})
    (after,) = store.links.owners("t", "user", ["A"]).values()
    assert (after.job, after.source_id) == (("k", "b") if free else ("j", "a"))
    return bool(free)


def test_a_link_passes_on_and_its_groups_are_looked_at_again(store: Store) -> None:
    handed = theirs(store)
    assert taken(store, handed)
    assert store.links.of("j", "user", ["a"]) == {}
    assert store.links.members("j", "g") == {"a": "A"}
    assert [(wait.kind, wait.source_id) for wait in store.pending.of("j", "again")] == [("group", "g")]


def test_a_link_that_has_moved_since_stays(store: Store) -> None:
    handed = theirs(store)
    linked(store, link("a", "A"), plan_id="again")
    assert not taken(store, handed)


def test_a_link_stays_while_its_job_has_a_request_under_way(store: Store) -> None:
    handed = theirs(store)
    rows = plan(store, change("a", Action.DEACTIVATE, target_id="A"), id_="leaving", revs={"a": handed.rev})
    assert store.journal.mark_sent("leaving", "j", rows, now=NOW)
    assert not taken(store, handed)


def test_a_link_stays_while_its_object_is_worked_on_on_demand(store: Store, state_url: str) -> None:
    handed, other = theirs(store), Store.open(state_url)
    with other.leases.claim("j", "user", "a", now=NOW):
        assert not taken(store, handed)
    other.close()


def test_after_a_link_has_passed_on_its_former_job_sends_nothing(store: Store) -> None:
    handed = theirs(store)
    rows = plan(store, change("a", Action.DEACTIVATE, target_id="A"), id_="leaving", revs={"a": handed.rev})
    assert taken(store, handed)
    assert store.journal.mark_sent("leaving", "j", rows, now=NOW + HOUR) == set()


def test_a_link_that_comes_back_finds_what_was_written_of_its_groups(store: Store) -> None:
    handed = theirs(store)
    assert taken(store, handed)
    (adopted,) = store.journal.rows("adoption")
    store.journal.close("adoption", "k", [closing(adopted, link=link("b", "A", job="k"))], now=NOW)
    (back,) = store.links.owners("t", "user", ["A"]).values()
    (row,) = plan(store, change("a", Action.ADOPT, target_id="A"), id_="back")
    assert store.journal.mark_sent("back", "j", [row], now=NOW, handed={row.key: back})
    assert store.links.members("j", "g") == {"a": "A"}


def test_what_was_written_of_an_account_that_is_gone_goes_with_its_link(store: Store) -> None:
    linked(store, link("a", "A"), link("b", "B", job="k"), link("h", "H", kind="group", job="k"))
    rows = plan(store, change("h", Action.ADD_MEMBERS, kind="group", target_id="H"), id_="theirs", job="k")
    store.journal.close("theirs", "k", [replace(closing(rows[0]), members_in={"b": "B"})], now=NOW)
    (row,) = plan(
        store,
        change("b", Action.ADOPT, target_id="A"),
        id_="adoption",
        job="k",
        revs={"b": store.links.of("k", "user", ["b"])["b"].rev},
    )
    old = store.links.of("j", "user", ["a"])["a"]
    assert store.journal.mark_sent("adoption", "k", [row], now=NOW, handed={row.key: old})
    assert store.links.of("k", "user", ["b"])["b"].target_id == "A"
    assert store.links.members("k", "h") == {}


def test_an_account_that_another_job_has_linked_since_is_not_adopted(store: Store) -> None:
    (row,) = plan(store, change("b", Action.ADOPT, target_id="A"), id_="adoption", job="k")
    linked(store, link("a", "A"))
    assert store.journal.mark_sent("adoption", "k", [row], now=NOW, target="another") == {row.key}
    (row,) = plan(store, change("c", Action.ADOPT, target_id="A"), id_="late", job="k")
    assert store.journal.mark_sent("late", "k", [row], now=NOW, target="t") == set()


def test_an_account_that_another_job_is_adopting_is_not_adopted(store: Store) -> None:
    (first,) = plan(store, change("a", Action.ADOPT, target_id="A"), id_="first")
    (late,) = plan(store, change("b", Action.ADOPT, target_id="A"), id_="late", job="k")

    def may(now: datetime, *others: str) -> bool:
        return bool(store.journal.mark_sent("late", "k", [late], now=now, target="t", others=others))

    store.journal.take_over("first", "j", waits=[])
    assert store.journal.mark_sent("first", "j", [first], now=NOW, target="t", others=["k"])
    assert not may(NOW, "j")
    assert may(NOW + HOUR, "j")  # what is open for so long was left by a process that was killed


def test_of_two_jobs_that_adopt_an_account_in_the_same_moment_one_does(store: Store, state_url: str) -> None:
    store.remember_facts("t", {})
    beside, together = Store.open(state_url), Barrier(2)

    def mark(one: Store, job: str, other: str, number: int) -> bool:
        (row,) = one.journal.rows(f"{job}{number}")
        together.wait(10)
        return bool(one.journal.mark_sent(f"{job}{number}", job, [row], now=NOW, target="t", others=[other]))

    with contextlib.closing(beside), ThreadPoolExecutor(2) as threads:
        for number in range(10):
            for job in ("j", "k"):
                id_ = f"{job}{number}"
                plan(store, change(id_, Action.ADOPT, target_id=f"A{number}"), id_=id_, job=job)
                store.journal.take_over(id_, job, waits=[])
            both = [threads.submit(mark, store, "j", "k", number), threads.submit(mark, beside, "k", "j", number)]
            assert sorted(one.result(30) for one in both) == [False, True]


def test_creations_are_under_way_from_their_request_to_their_end(store: Store) -> None:
    rows = plan(store, change("a"), change("b"), change("c", Action.UPDATE, target_id="C"))
    assert store.journal.creations_since("j", "user", NOW - HOUR) == []
    store.journal.mark_sent("p1", "j", rows, now=NOW)
    names = [values["userName"] for values in store.journal.creations_since("j", "user", NOW - HOUR)]
    assert sorted(names) == ["a", "b"]
    assert store.journal.creations_since("j", "user", NOW) == []
    assert store.journal.creations_since("k", "user", NOW - HOUR) == []
    assert store.journal.creations_since("j", "group", NOW - HOUR) == []
    store.journal.close("p1", "j", [closing(rows[0])], now=NOW)
    assert store.journal.creations_since("j", "user", NOW - HOUR) == [{"userName": "b"}]


def test_what_has_a_request_of_unknown_end_is_under_way(store: Store) -> None:
    rows = plan(store, change("a"), change("b"), change("c", kind="group"))
    store.journal.mark_sent("p1", "j", [row for row in rows if row.change.source_id != "b"], now=NOW)
    store.journal.finish("p1", "j")
    assert store.journal.in_hand("j", "user", {"a": "A", "b": "B", "c": "C"}) == {"a"}
    assert store.journal.in_hand("k", "user", {"a": "A"}) == set()
    store.journal.close("p1", "j", [closing(row) for row in rows], now=NOW)
    assert store.journal.in_hand("j", "user", {"a": "A"}) == set()


@pytest.mark.parametrize("member", ["A", f"{NEW}s:a"])
@pytest.mark.parametrize("action", [Action.ADD_MEMBERS, Action.REMOVE_MEMBERS])
def test_an_account_stays_while_its_job_has_sent_it_into_a_group_or_out_of_it(
    store: Store, action: Action, member: str
) -> None:
    linked(store, link("a", "A"), link("g", "G", kind="group"))
    handed = store.links.of("j", "user", ["a"])["a"]
    sides: dict[str, Any] = {"before": {"members": []}, "after": {"members": []}}
    sides["after" if action is Action.ADD_MEMBERS else "before"]["members"] = [member]
    rows = plan(store, change("g", action, kind="group", target_id="G", **sides), id_="members")
    assert store.journal.mark_sent("members", "j", rows, now=NOW)
    assert store.journal.in_hand("j", "user", {"a": "A", "b": "B"}) == {"a"}
    assert not taken(store, handed)
    store.journal.close("members", "j", [closing(rows[0])], now=NOW)
    store.journal.finish("adoption", "k")
    assert store.journal.in_hand("j", "user", {"a": "A", "b": "B"}) == set()
