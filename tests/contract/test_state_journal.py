"""Plans in the journal, on both databases: made, sealed, held, approved, taken over, carried out, left behind."""

from __future__ import annotations

from state.journal import Journal, Planned
from state.store import Store
from syncd.core.change import Action, Change
from syncd.core.model import Json
from tests.contract.state_rows import HOUR, NOW, begun, change, closing, plan, wait

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


def test_the_newest_plan_is_the_last_one_made_although_the_clock_was_put_back(store: Store) -> None:
    for number, now in enumerate((NOW + 24 * HOUR, NOW, NOW)):
        store.journal.begin(f"p{number}", "j", seq=1, config="c", now=now)
        store.journal.add(f"p{number}", [Planned(change=change(f"a{number}", Action.DELETE), rev=None)])
        store.journal.seal(f"p{number}", dry=False)
    found = store.journal.newest("j")
    assert found is not None
    assert found[0] == "p2"


def test_a_failure_of_what_is_held_since_is_forgotten(store: Store) -> None:
    store.pending.put("j", [wait("a", "failed"), wait("b", "failed"), wait("c", "failed")])
    begun(store, "p1")
    rows = change("a", held="not his"), change("b"), change("c", held="not his"), change("c", Action.REFERENCE)
    store.journal.add("p1", [Planned(change=one, rev=None) for one in rows])
    store.worklist.add("p1", "user", "abc")
    store.journal.seal("p1", dry=False)
    store.journal.take_over("p1", "j", waits=[wait("a", "held"), wait("c", "held")])
    assert [one.source_id for one in store.pending.of("j", "failed")] == ["b", "c"]
