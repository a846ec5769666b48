"""Plans in the journal, on both databases: made, sealed, held, approved, taken over, carried out, left behind."""

from __future__ import annotations

from datetime import timedelta

import pytest

from state.journal import KEEP_PLANS, Journal, Planned
from state.store import Store
from syncd.core.change import Action, Change
from syncd.core.model import Json
from tests.contract.state_rows import HOUR, NOW, change, closing, entry, link, linked, plan, wait

CHANGES = (
    change("b", Action.DELETE, target_id="B", after={}),
    change("b", Action.CREATE),
    change("G", Action.CREATE, kind="group"),
    change("g", Action.CREATE, kind="group"),
    change("A", Action.CREATE),
    change("ä", Action.CREATE),
    change("g", Action.ADD_MEMBERS, kind="group", target_id="new:s:g", after={"members": ["new:s:A"]}),
    change("a", Action.UPDATE, target_id="1", before={"title": "x"}, after={"title": None}),
)
#: of CHANGES: it may not move between versions, or nobody's approval would hold over an upgrade
CHECKSUM = "sha256:8af7774102962d34fcc3ff86629ff8b6198e41f2fdfba9a19ed9e3851d5292fc"


def begun(store: Store, id_: str, *, job: str = "j", now: object = NOW) -> str:
    store.journal.begin(id_, job, seq=1, config="c", now=now)  # type: ignore[arg-type]  # a time
    return id_


def test_rows_come_in_the_order_of_apply(store: Store) -> None:
    rows = plan(store, *CHANGES)
    assert [(row.change.action.word, row.change.kind, row.change.source_id) for row in rows] == [
        ("create", "user", "A"),
        ("create", "user", "b"),
        ("create", "user", "ä"),
        ("create", "group", "G"),
        ("create", "group", "g"),
        ("update", "user", "a"),
        ("add_members", "group", "g"),
        ("delete", "user", "b"),
    ]
    some = store.journal.rows("p1", action=Action.CREATE, kind="user", size=2)
    assert [row.change.source_id for row in some] == ["A", "b", "ä"]
    assert [row.change.source_id for row in store.journal.rows("p1", action=Action.CREATE, size=1)] == [
        "A",
        "b",
        "ä",
        "G",
        "g",
    ]
    assert [row.change.source_id for row in store.journal.rows("p1", kind="group")] == ["G", "g", "g"]


def test_a_row_comes_back_as_it_was_planned(store: Store) -> None:
    whole = change(
        "a",
        Action.DEACTIVATE,
        target_id="1",
        before={"active": True, "emails": [{"value": "a@x"}]},
        after={"active": False, "emails": None},
        out=True,
        why="no longer assigned",
        name="Jané \0 <a@x>",
    )
    store.journal.begin("p", "j", seq=1, config="c", now=NOW)
    store.journal.add("p", [Planned(change=whole, rev=3, requests=[{"method": "PATCH"}])])
    (row,) = store.journal.rows("p")
    assert (row.rev, row.status, row.requests, row.guarded) == (3, "planned", [{"method": "PATCH"}], False)
    assert {f: getattr(row.change, f) for f in Change.__slots__ if f != "name"} == {
        f: getattr(whole, f) for f in Change.__slots__ if f != "name"
    }
    assert row.change.name == "Jané \N{REPLACEMENT CHARACTER} <a@x>"


def test_held_skipped_and_failed_changes_are_rows_that_are_not_sent(store: Store) -> None:
    rows = plan(
        store,
        change("a", held="2 objects match"),
        change("b", skipped="protected"),
        change("c", failed="title: no such value"),
        change("d"),
    )
    assert {row.change.source_id: row.status for row in rows} == {
        "a": "held",
        "b": "skipped",
        "c": "failed",
        "d": "planned",
    }
    assert rows[2].error == {"code": "MappingError", "message": "title: no such value"}
    assert [row.change.source_id for row in store.journal.rows("p1", statuses=("planned",))] == ["d"]
    assert store.journal.tally("p1") == {
        (Action.CREATE, "user", status): 1 for status in ("held", "skipped", "failed", "planned")
    }


def test_the_checksum_is_that_of_what_the_plan_would_do_in_whatever_order_it_was_made(store: Store) -> None:
    sums = []
    for number, order in enumerate((CHANGES, CHANGES[::-1], CHANGES[3:] + CHANGES[:3])):
        id_ = begun(store, f"p{number}", now=NOW + number * HOUR)
        for one in order:
            store.journal.add(id_, [Planned(change=one, rev=number, requests=[{"n": number}])])
        sums.append(store.journal.seal(id_, dry=False))
    assert len(set(sums)) == 1
    assert sums[0] == CHECKSUM
    other = begun(store, "other")
    store.journal.add(other, [Planned(change=one, rev=None) for one in CHANGES[1:]])
    assert store.journal.seal(other, dry=False) != sums[0]
    reason = begun(store, "reason")
    again = [change(one.source_id, one.action, kind=one.kind, target_id=one.target_id, before=one.before, after=one.after, why="because", held="so") for one in CHANGES]  # fmt: skip
    store.journal.add(reason, [Planned(change=one, rev=None) for one in again])
    assert store.journal.seal(reason, dry=True) == sums[0]


def test_redacted_values_rest_in_memory_alone_and_their_marks_decide_the_checksum(store: Store, state_url: str) -> None:
    def mark(value: Json) -> Json:
        return {"redacted": f"mark-of-{len(str(value))}"}

    def sealed(id_: str, journal: Journal, secret: str) -> str:
        one = change("a", after={"userName": "a", "password": secret}, redacted=frozenset({"password"}))
        journal.conceal = mark
        journal.begin(id_, "j", seq=1, config="c", now=NOW)
        journal.add(id_, [Planned(change=one, rev=None)])
        return journal.seal(id_, dry=False)

    first = sealed("p1", store.journal, "hunter2")
    assert sealed("p2", store.journal, "hunter3") == first
    assert sealed("p3", store.journal, "another") == first
    assert sealed("p4", store.journal, "longer than it") != first
    (shown,), (real,) = store.journal.rows("p1", shown=True), store.journal.rows("p1")
    assert shown.change.after == {"userName": "a", "password": {"redacted": "mark-of-7"}}
    assert real.change.after == {"userName": "a", "password": "hunter2"}
    assert shown.key == real.key
    other = Store.open(state_url)
    (elsewhere,) = other.journal.rows("p1")
    assert elsewhere.change.after == shown.change.after
    other.close()
    store.journal.finish("p1", "j")
    (after,) = store.journal.rows("p1")
    assert after.change.after == shown.change.after


def test_a_held_row_is_not_sent_and_says_why(store: Store) -> None:
    id_ = begun(store, "p")
    store.journal.add(id_, [Planned(change=change(one, Action.DELETE, target_id=one), rev=1) for one in "abc"])
    keys = [row.key for row in store.journal.rows(id_)]
    store.journal.hold(id_, keys[:2], "2 of 3 would go")
    rows = list(store.journal.rows(id_))
    assert [(row.status, row.guarded, row.change.held) for row in rows] == [
        ("held", True, "2 of 3 would go"), ("held", True, "2 of 3 would go"), ("planned", False, None),
    ]  # fmt: skip
    assert store.journal.planned(id_, "user", ["a", "c"]) == {"c": [(Action.DELETE, "c")]}


def test_a_plan_is_found_by_eight_digits_of_its_checksum(store: Store) -> None:
    plan(store, change("a"), id_="old", now=NOW - HOUR)
    plan(store, change("a"), id_="new")
    found = store.journal.newest("j")
    assert found is not None
    assert found[0] == "new"
    digits = found[1].removeprefix("sha256:")
    assert store.journal.latest_with("j", digits[:8]) == store.journal.latest_with("j", found[1]) == found
    for wrong in (digits[:7], "%" * 8, "zzzzzzzz", "sha256:", "0" * 64):
        assert store.journal.latest_with("j", wrong) is None
    assert store.journal.latest_with("other", digits) is None
    assert store.journal.newest("other") is None


def test_an_approval_is_for_these_changes_until_its_time_and_is_used_up_when_one_is_done(store: Store) -> None:
    rows = plan(store, *(change(one, Action.DELETE, target_id=one) for one in "abc"))
    keys = [row.key for row in rows]
    store.journal.approve("j", "sha256:1", [*keys, keys[0]], until=NOW + HOUR)
    assert store.journal.approved("j", now=NOW) == set(keys)
    assert store.journal.approved("j", now=NOW + HOUR) == store.journal.approved("other", now=NOW) == set()
    store.journal.approve("j", "sha256:2", keys[:1], until=NOW + 2 * HOUR)
    assert store.journal.approved("j", now=NOW + HOUR) == {keys[0]}
    store.journal.close("p1", "j", [closing(rows[0]), closing(rows[1], "failed"), closing(rows[2], "skipped")], now=NOW)
    assert store.journal.approved("j", now=NOW) == set(keys[1:])


def test_a_plan_takes_the_jobs_number_along_when_it_begins(store: Store) -> None:
    store.jobs.update("j", paused=True)
    plan(store, change("a"), seq=9, begin=False)
    assert store.jobs.get("j").seq == 0
    assert store.journal.unfinished("j", now=NOW) == []
    store.worklist.add("p1", "user", ["a"])
    store.journal.take_over("p1", "j", waits=[], full_at=NOW, restart=None)
    memory = store.jobs.get("j")
    assert (memory.seq, memory.config, memory.full_at, memory.paused) == (9, "c", NOW, True)
    assert store.journal.unfinished("j", now=NOW) == ["p1"]
    assert store.worklist.count("p1") == 0
    store.journal.finish("p1", "j", steady_since=NOW)
    assert store.journal.unfinished("j", now=NOW) == []
    assert store.jobs.get("j").steady_since == NOW


def test_what_was_looked_at_waits_no_longer_unless_the_plan_says_so(store: Store) -> None:
    before = [wait("a", reason) for reason in ("held", "again", "grace", "failed")]
    before += [
        wait("b", "failed"),
        wait("b", "reference", wants="x"),
        wait("c", "reference", wants="x"),
        wait("d", "held"),
    ]
    before += [wait("a", "held", kind="group")]
    store.pending.put("j", before)
    store.pending.put("other", [wait("a", "held")])
    plan(store, change("b", Action.UPDATE, target_id="B"), begin=False)
    store.worklist.add("p1", "user", ["a", "b"])
    store.worklist.add("p1", "reference", ["c"])
    store.journal.take_over("p1", "j", waits=[wait("a", "grace", due_at=NOW + HOUR)])
    left = {(w.kind, w.source_id, w.reason) for reason in ("held", "again", "grace", "failed", "reference") for w in store.pending.of("j", reason)}  # fmt: skip
    assert left == {("user", "a", "grace"), ("user", "b", "failed"), ("user", "d", "held"), ("group", "a", "held")}
    assert store.pending.of("j", "grace")[0].due_at == NOW + HOUR
    assert store.pending.count("other", "held") == 1


def test_work_on_demand_leaves_the_jobs_number_and_the_waits_of_the_users_groups(store: Store) -> None:
    store.jobs.update("j", seq=5)
    store.pending.put("j", [wait("u", "again"), wait("g", "again", kind="group"), wait("g", "held", kind="group")])
    plan(store, change("u"), seq=None, begin=False)
    store.worklist.add("p1", "user", ["u"])
    store.worklist.add("p1", "group", ["g"])
    store.journal.take_over("p1", "j", waits=[])
    assert store.jobs.get("j").seq == 5
    assert (store.pending.count("j", "again"), store.pending.count("j", "held")) == (1, 1)
    plan(store, change("g", kind="group"), id_="p2", seq=None, begin=False)
    store.worklist.add("p2", "group", ["g"])
    store.journal.take_over("p2", "j", waits=[])
    assert (store.pending.count("j", "again"), store.pending.count("j", "held")) == (0, 0)


def test_rows_are_marked_as_sent_before_they_leave(store: Store) -> None:
    rows = plan(store, change("a"), change("b"))
    assert store.journal.mark_sent("p1", "j", rows[:1], now=NOW) == {rows[0].key}
    assert [row.status for row in store.journal.rows("p1")] == ["sent", "planned"]


def test_a_row_whose_link_has_moved_is_not_sent(store: Store) -> None:
    linked(store, link("moved", "M"), link("same", "S"), link("came", "C"), link("adopted", "A"))
    linked(store, link("moved", "M"), plan_id="again")
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
        revs={"moved": 1, "same": 1, "vanished": 1},
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
