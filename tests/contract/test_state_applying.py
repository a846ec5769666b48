"""Plans on their way through apply, on both databases: sent, closed, put off, left behind by a killed process."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from state.errors import TakenOver
from state.glance import glance_through
from state.journal import KEEP_PLANS, Planned, Row
from state.store import Store
from syncd.core.change import Action, Change
from tests.contract.state_rows import HOUR, NOW, begun, change, closing, entry, link, linked, plan, wait


def test_rows_are_marked_as_sent_before_they_leave(store: Store) -> None:
    rows = plan(store, change("a"), change("b"))
    assert store.journal.mark_sent("p1", "j", rows[:1], now=NOW) == {rows[0].key}
    assert [row.status for row in store.journal.rows("p1")] == ["sent", "planned"]


def test_a_row_whose_link_has_moved_is_not_sent(store: Store) -> None:
    linked(store, link("moved", "M"), link("same", "S"), link("came", "C"), link("adopted", "A"))
    linked(store, link("moved", "M"), link("moved", "M", kind="group"), link("anew", "N2"), plan_id="again")
    rows = plan(
        store,
        change("moved", Action.UPDATE, target_id="M"),
        change("same", Action.UPDATE, target_id="S"),
        change("vanished", Action.DELETE, target_id="V"),
        change("came", Action.CREATE),
        change("adopted", Action.ADOPT, target_id="A"),
        change("new", Action.CREATE),
        change("moved", Action.ADD_MEMBERS, kind="group", target_id="M"),
        change("moved", Action.REFERENCE, target_id="M"),
        change("anew", Action.DELETE, target_id="N1"),
        change("anew", Action.REFERENCE, target_id="N1"),
        change("anew", Action.REMOVE_MEMBERS, kind="group", target_id="N1"),
        revs={"moved": 1, "same": 1, "vanished": 1, "anew": 1},
    )
    free = store.journal.mark_sent("p1", "j", rows, now=NOW)
    assert [(r.change.source_id, r.change.action.name) for r in rows if r.key in free] == [
        ("new", "CREATE"), ("same", "UPDATE"), ("moved", "ADD_MEMBERS"), ("moved", "REFERENCE"),
    ]  # fmt: skip
    assert store.journal.superseded("j", rows) == {row.key for row in rows} - free


def test_what_work_on_demand_has_in_hand_is_not_sent_by_a_cycle(store: Store, state_url: str) -> None:
    rows = plan(store, change("a"), change("b"), change("c"))
    other = Store.open(state_url)
    with other.leases.claim("j", "user", "a", now=NOW), other.leases.claim("j", "user", "b", now=NOW):
        assert store.journal.mark_sent("p1", "j", rows, now=NOW) == {rows[2].key}
        assert store.journal.mark_sent("p1", "j", rows[:1], now=NOW, claimed_by=other.leases.owner) == {rows[0].key}
    assert store.journal.mark_sent("p1", "j", rows[1:2], now=NOW) == {rows[1].key}
    other.close()


def test_members_of_a_group_to_which_others_have_sent_some_since_are_not_sent(store: Store) -> None:
    linked(store, *(link(id_, id_.upper(), kind="group") for id_ in ("done", "sent", "before", "free")))

    def members(id_: str, *groups: str, seq: int | None, now: datetime) -> list[Row]:
        rows = [
            change(group, Action.ADD_MEMBERS, kind="group", target_id=group.upper(), after={"members": [id_]})
            for group in groups
        ]
        return plan(store, *rows, id_=id_, seq=seq, now=now)

    later = NOW + HOUR
    cycle = members("cycle", "sent", seq=8, now=NOW - HOUR)
    assert len(store.journal.mark_sent("cycle", "j", cycle, now=NOW - HOUR)) == 1
    early = members("early", "before", seq=None, now=NOW - HOUR)
    store.journal.mark_sent("early", "j", early, now=NOW - HOUR)
    store.journal.close("early", "j", [closing(early[0])], now=NOW - HOUR)
    mine = members("mine", "done", "sent", "before", "free", seq=None, now=NOW)
    theirs = members("theirs", "done", seq=None, now=NOW)
    store.journal.mark_sent("theirs", "j", theirs, now=later)
    store.journal.close("theirs", "j", [closing(theirs[0])], now=later)
    free = store.journal.mark_sent("mine", "j", mine, now=later)
    assert {row.change.source_id for row in mine if row.key in free} == {"before", "free"}


def test_members_sent_by_a_later_plan_are_noticed_although_the_clock_was_put_back(store: Store) -> None:
    linked(store, link("g", "G", kind="group"))
    adds = change("g", Action.ADD_MEMBERS, kind="group", target_id="G", after={"members": ["M"]})
    cycle = plan(store, adds, id_="cycle", seq=8, now=NOW)
    earlier = NOW - HOUR
    demand = plan(store, adds, id_="demand", seq=None, now=earlier)
    store.journal.mark_sent("demand", "j", demand, now=earlier)
    store.journal.close("demand", "j", [closing(demand[0])], now=earlier)
    store.journal.finish("demand", "j")
    assert store.journal.mark_sent("cycle", "j", cycle, now=earlier) == set()


def test_members_sent_before_the_clock_was_put_back_hold_up_no_later_plan(store: Store) -> None:
    linked(store, link("g", "G", kind="group"))
    adds = change("g", Action.ADD_MEMBERS, kind="group", target_id="G", after={"members": ["M"]})
    ahead = NOW + 24 * HOUR
    demand = plan(store, adds, id_="demand", seq=None, now=ahead)
    store.journal.mark_sent("demand", "j", demand, now=ahead)
    store.journal.close("demand", "j", [closing(demand[0])], now=ahead)
    store.journal.finish("demand", "j")
    cycle = plan(store, adds, id_="cycle", seq=8, now=NOW)
    assert store.journal.mark_sent("cycle", "j", cycle, now=NOW) == {cycle[0].key}


def test_what_a_killed_process_sent_on_demand_is_not_sent_by_a_cycle_that_was_under_way(store: Store) -> None:
    cycle = plan(store, change("a"), change("b"), id_="cycle", seq=8, now=NOW)
    killed = plan(store, change("a"), id_="killed", seq=None, now=NOW)
    store.journal.mark_sent("killed", "j", killed, now=NOW)
    later = NOW + HOUR  # its claim is over
    assert store.journal.mark_sent("cycle", "j", cycle, now=later) == {cycle[1].key}
    store.journal.finish("killed", "j")  # it was looked up
    assert store.journal.mark_sent("cycle", "j", cycle, now=later) == {cycle[0].key}


def test_a_row_that_somebody_else_has_sent_or_put_off_is_not_sent_again(store: Store) -> None:
    rows = plan(store, change("a"), change("b"), change("c"))
    assert store.journal.mark_sent("p1", "j", rows[:1], now=NOW) == {rows[0].key}
    store.journal.close("p1", "j", [closing(rows[1], "skipped")], now=NOW)
    assert store.journal.mark_sent("p1", "j", rows, now=NOW) == {rows[2].key}


def test_a_closed_row_writes_all_that_follows_from_it_at_once(store: Store) -> None:
    (row,) = plan(store, change("a"))
    store.pending.put("j", [wait("a", "failed"), wait("a", "held")])
    store.journal.mark_sent("p1", "j", [row], now=NOW)
    done = closing(row, link=link("a", "A"), done_with=("failed",), waits=[wait("a", "grace")], entry=entry("a"))
    store.journal.close("p1", "j", [done], now=NOW)
    (after,) = store.journal.rows("p1")
    assert after.status == "done"
    assert store.links.of("j", "user", ["a"])["a"].target_id == "A"
    assert [store.pending.count("j", reason) for reason in ("failed", "held", "grace")] == [0, 1, 1]
    assert [one.name for one in store.log.entries()] == ["a"]


def test_what_a_plan_did_not_begin_is_put_off(store: Store) -> None:
    rows = plan(
        store, *(change(f"u{n:03}") for n in range(700)), change("u000", Action.REFERENCE), change("h", held="no")
    )
    store.journal.mark_sent("p1", "j", rows[1:2], now=NOW)
    store.pending.put("j", [wait("u001", since=NOW - HOUR)])
    assert store.journal.put_off("p1", "j", now=NOW) == 700
    assert store.journal.put_off("p1", "j", now=NOW) == 0
    again = {one.source_id: one for one in store.pending.of("j", "again")}
    assert set(again) == {f"u{n:03}" for n in range(700)}
    assert again["u002"] == wait("u002")
    assert again["u001"].since == NOW - HOUR
    tally = store.journal.tally("p1")
    assert {status: n for (_, _, status), n in tally.items() if status != "skipped"} == {"sent": 1, "held": 1}


def test_only_what_was_begun_and_not_ended_is_unfinished(store: Store, state_url: str) -> None:
    plan(store, change("a"), id_="old", now=NOW - HOUR)
    plan(store, change("b"), id_="new")
    plan(store, change("c"), id_="theirs", job="other")
    plan(store, change("d"), id_="ready", begin=False)
    begun(store, "making")
    assert store.journal.unfinished("j", now=NOW) == ["old", "new"]
    plan(store, change("e"), id_="demand", seq=None, now=NOW + HOUR)
    other = Store.open(state_url)
    with other.leases.claim("j", "user", "e", now=NOW):
        assert store.journal.unfinished("j", now=NOW) == ["old", "new"]
        assert store.journal.unfinished("j", now=NOW + HOUR) == ["old", "new", "demand"]
    other.close()
    assert store.journal.unfinished("j", now=NOW) == ["old", "new", "demand"]


def test_old_plans_go_and_what_is_under_way_stays(store: Store) -> None:
    long_ago = NOW - KEEP_PLANS - HOUR
    for id_ in ("done", "applying"):
        plan(store, change(id_), id_=id_, now=long_ago)
    store.journal.finish("done", "j")
    begun(store, "killed while making", now=NOW - timedelta(days=2))
    begun(store, "being made", now=NOW - HOUR)
    store.journal.add("being made", [Planned(change=change("x"), rev=None)])
    plan(store, change("other"), id_="other job's", job="other", now=long_ago)
    begun(store, "next")
    left = {id_ for id_ in ("done", "applying", "being made", "other job's") if list(store.journal.rows(id_))}
    assert left == {"applying", "being made", "other job's"}
    with pytest.raises(Exception, match="No row"):
        store.journal.take_over("killed while making", "j", waits=[])


def test_plans_of_a_clock_that_was_far_ahead_go_when_they_are_old(store: Store) -> None:
    for id_, days in (("b", 3650), ("a", 3651)):
        plan(store, change(id_), id_=id_, now=NOW + timedelta(days=days))
        store.journal.finish(id_, "j")
    begun(store, "now")
    assert [bool(list(store.journal.rows(id_))) for id_ in ("b", "a")] == [True, True]
    begun(store, "next", now=NOW + KEEP_PLANS + HOUR)
    assert [bool(list(store.journal.rows(id_))) for id_ in ("b", "a")] == [False, False]


def test_dry_runs_with_the_same_result_do_not_pile_up(store: Store) -> None:
    def dry(id_: str, hours: int, *changes: Change) -> None:
        begun(store, id_, now=NOW + hours * HOUR)
        store.journal.add(id_, [Planned(change=one, rev=None) for one in changes])
        store.worklist.add(id_, "user", ["x"])
        store.journal.seal(id_, dry=True)
        assert store.worklist.count(id_) == 0

    dry("first", 0, change("a"))
    dry("other", 1, change("b"))
    dry("again", 2, change("a"))
    dry("soon after", 2, change("a"))
    assert {id_ for id_ in ("first", "other", "again", "soon after") if list(store.journal.rows(id_))} == {
        "other", "again", "soon after",
    }  # fmt: skip


def test_whose_lease_has_passed_to_another_marks_nothing(store: Store) -> None:
    rows = plan(store, change("a"))
    store.leases.take("j", now=NOW)
    mine = store.leases.owner
    assert store.journal.mark_sent("p1", "j", rows, now=NOW, leased_by=mine) == {rows[0].key}
    store.leases.give_back("j")
    other = plan(store, change("b"), id_="p2")
    with pytest.raises(TakenOver):
        store.journal.mark_sent("p2", "j", other, now=NOW, leased_by=mine)
    assert [row.status for row in store.journal.rows("p2")] == ["planned"]


def test_a_lease_is_extended_with_the_intents(store: Store) -> None:
    rows = plan(store, change("a"))
    store.leases.take("j", now=NOW)
    later = NOW + timedelta(seconds=50)
    store.journal.mark_sent("p1", "j", rows, now=later, leased_by=store.leases.owner)
    assert "j" in glance_through(store, now=NOW + timedelta(seconds=100)).workers
