"""Links, the memberships that were written, and what waits: on both databases."""

from __future__ import annotations

import pytest

from state.errors import Owned
from state.store import Store
from syncd.core.change import Action
from tests.contract.state_rows import HOUR, NOW, change, closing, link, linked, plan, wait


def test_a_link_comes_back_as_it_was_written_and_its_revision_grows(store: Store) -> None:
    one = link("a", "A", wrote={"userName": "a", "emails": [{"value": "a@x"}]}, active=False, out_since=NOW)
    linked(store, one)
    assert store.links.of("j", "user", ["a", "b"]) == {"a": one}
    assert store.links.of("j", "group", ["a"]) == store.links.of("other", "user", ["a"]) == {}
    linked(store, link("a", "A2"), plan_id="again")
    found = store.links.of("j", "user", ["a"])["a"]
    assert (found.rev, found.target_id, found.wrote, found.active, found.out_since) == (2, "A2", {}, True, None)


def test_an_account_has_one_owner(store: Store) -> None:
    linked(store, link("a", "A"))
    with pytest.raises(Owned):
        linked(store, link("b", "A"), plan_id="same job")
    with pytest.raises(Owned):
        linked(store, link("a", "A", job="other"), plan_id="other job")
    linked(store, link("g", "A", kind="group"), plan_id="a group has ids of its own")
    assert store.links.owners("t", "user", ["A", "B"]) == {"A": link("a", "A")}
    assert store.links.owners("another target", "user", ["A"]) == {}


def test_a_closing_that_breaks_the_one_owner_rule_leaves_nothing_behind(store: Store) -> None:
    linked(store, link("a", "A"))
    first, second = plan(store, change("b"), change("c"))
    store.journal.mark_sent("p1", "j", [first, second], now=NOW)
    with pytest.raises(Owned):
        store.journal.close(
            "p1", "j", [closing(first, link=link("b", "B")), closing(second, link=link("c", "A"))], now=NOW
        )
    assert store.links.of("j", "user", ["b", "c"]) == {}
    assert {row.status for row in store.journal.rows("p1")} == {"sent"}


def test_links_are_counted_by_kind_and_activity(store: Store) -> None:
    linked(
        store, link("a", "A"), link("b", "B", active=False), link("g", "G", kind="group"), link("c", "C", job="other")
    )
    assert store.links.count("j") == {("user", True): 1, ("user", False): 1, ("group", True): 1}


def test_memberships_that_were_written_are_kept_until_taken_back(store: Store) -> None:
    linked(store, link("g", "G", kind="group"), link("a", "A"), link("b", "B"))
    many = {f"u{n:04}": f"U{n}" for n in range(1_500)}
    (row,) = plan(store, change("g", Action.ADD_MEMBERS, kind="group", target_id="G"))
    store.journal.close("p1", "j", [closing(row, members_in={"a": "A", "b": "B", **many})], now=NOW)
    assert len(store.links.members("j", "g")) == 1_502
    assert store.links.member_counts("j", ["g", "none"]) == {"g": 1_502}
    store.journal.close("p1", "j", [closing(row, members_in={"a": "A2"}, members_out=[*many, "b"])], now=NOW)
    assert store.links.members("j", "g") == {"a": "A2"}
    assert store.links.members("other", "g") == {}


def test_an_unlinked_object_takes_its_memberships_along(store: Store) -> None:
    linked(store, link("g", "G", kind="group"), link("h", "H", kind="group"), link("a", "A"), link("b", "B"))
    rows = plan(
        store,
        *(change(id_, Action.ADD_MEMBERS, kind="group", target_id=id_.upper()) for id_ in ("g", "h")),
        change("a", Action.DELETE, target_id="A"),
        change("h", Action.DELETE, kind="group", target_id="H"),
    )
    both = {"a": "A", "b": "B"}
    store.journal.close("p1", "j", [closing(row, members_in=both) for row in rows[:2]], now=NOW)
    store.journal.close("p1", "j", [closing(row, unlink=True) for row in rows[2:]], now=NOW)
    assert store.links.members("j", "g") == {"b": "B"}
    assert store.links.members("j", "h") == {}
    assert store.links.count("j") == {("user", True): 1, ("group", True): 1}


def test_an_object_that_was_linked_anew_keeps_that_link_when_its_old_one_is_found_gone(store: Store) -> None:
    linked(store, link("a", "A2"), link("g", "G", kind="group"))
    rows = plan(
        store, change("a", Action.DELETE, target_id="A1"), change("g", Action.DELETE, kind="group", target_id="G")
    )
    store.journal.close("p1", "j", [closing(row, unlink=True) for row in rows], now=NOW)
    assert store.links.count("j") == {("user", True): 1}
    assert store.links.of("j", "user", ["a"])["a"].target_id == "A2"


def test_forgetting_the_links_of_a_job_leaves_other_jobs_theirs(store: Store) -> None:
    linked(store, link("a", "A"), link("g", "G", kind="group"), link("c", "C", job="other"))
    assert store.links.forget("j") == 2
    assert store.links.count("j") == {}
    assert store.links.count("other") == {("user", True): 1}


def test_waits_are_remembered_by_object_and_reason(store: Store) -> None:
    first = wait("a", "failed", attempts=1, due_at=NOW + HOUR, detail={"code": "Conflict"})
    store.pending.put("j", [first, wait("a", "held"), wait("b", "failed", kind="group", since=NOW - HOUR)])
    later = wait("a", "failed", attempts=2, due_at=NOW + 2 * HOUR)
    store.pending.put("j", [later, later])
    assert store.pending.of("j", "failed") == [wait("b", "failed", kind="group", since=NOW - HOUR), later]
    assert store.pending.of("j", "failed", [("user", "a"), ("user", "b")]) == [later]
    assert store.pending.of("j", "failed", []) == store.pending.of("other", "failed") == []
    assert (store.pending.count("j", "failed"), store.pending.count("j", "held")) == (2, 1)
    store.pending.clear("j", "user", "a", ["failed"])
    assert (store.pending.count("j", "failed"), store.pending.count("j", "held")) == (1, 1)
    store.pending.clear("j", "user", "a")
    assert store.pending.count("j", "held") == 0


def test_failing_objects_are_due_when_asked_for(store: Store) -> None:
    later = {"due_at": NOW + HOUR}
    store.pending.put("j", [wait("a", "failed", **later), wait("b", "failed", **later), wait("c", "grace", **later)])
    assert store.pending.next_due("j") == NOW + HOUR
    assert store.pending.make_due("j", now=NOW, source_id="a") == 1
    assert store.pending.next_due("j") == NOW
    assert store.pending.make_due("j", now=NOW) == 2
    assert store.pending.next_due("other") is None
    assert store.pending.of("j", "grace") == [wait("c", "grace", **later)]


def test_failures_of_some_among_thousands_are_found(store: Store) -> None:
    store.pending.put("j", [wait(f"u{n:04}", "failed") for n in range(2_000)])
    wanted = [("user", f"u{n:04}") for n in range(0, 2_000, 2)]
    assert [one.source_id for one in store.pending.of("j", "failed", wanted)] == [id_ for _, id_ in wanted]  # type: ignore[arg-type]  # a kind


def test_places_say_who_is_who_without_what_was_written(store: Store) -> None:
    linked(store, link("a", "A"), link("b", "B", active=False))
    assert store.links.places("j", "user", ["a", "b", "c"]) == {
        "a": ("j", "a", "A", True),
        "b": ("j", "b", "B", False),
    }
    assert store.links.holders("t", "user", ["B", "C"]) == {"B": ("j", "b", "B", False)}
    assert store.links.places("j", "group", ["a"]) == store.links.holders("another target", "user", ["A"]) == {}
