"""The mirror of a source, on both databases: rounds, sweeps, deltas, replays, and snapshots in between."""

from __future__ import annotations

import threading

import pytest

from state.errors import TakenOver
from state.store import Store
from syncd.core.model import Assignment, Membership, Page, Removal, Snapshot
from tests.contract.state_rows import NOW, group, groups_in, moved, read, states, user, users_in


def test_a_full_round_takes_everybody_in_and_keeps_the_watermark(store: Store) -> None:
    assert read(store, "users", [user("a", mail="a@x"), user("b")], [user("c", enabled=False)], watermark="w1") == 3
    assert store.mirror.watermark("s", "users") == "w1"
    assert store.mirror.counts("s") == {"users": 3, "groups": 0, "assignments": 0}
    found = store.mirror.objects("s", "user", ["a", "c", "nobody"])
    assert found["a"].attributes == {"mail": "a@x"}
    assert [found["a"].enabled, found["c"].enabled] == [True, False]
    assert found.keys() == {"a", "c"}


def test_the_watermark_of_a_round_that_broke_off_stays_that_of_the_one_before(store: Store) -> None:
    read(store, "users", [user("a"), user("b")], watermark="w1")
    current = store.mirror.begin("s", "users")
    store.mirror.store(current, Page(stream="users", records=(user("a"), user("c"))), now=NOW)
    assert store.mirror.watermark("s", "users") == "w1"
    assert store.mirror.complete("s") == {"users": False}
    assert states(store, "user", "a", "b", "c") == {"a": "live", "b": "live", "c": "live"}


def test_a_round_from_the_start_gives_the_watermark_up_until_its_end(store: Store) -> None:
    """It may bring an object as it was before the round that the watermark is of, which would not tell of it again."""
    read(store, "users", [user("a"), user("b")], watermark="w1")
    current = store.mirror.begin("s", "users", full=True)
    store.mirror.store(current, Page(stream="users", records=(user("a", mail="old@x"),)), now=NOW)
    assert store.mirror.watermark("s", "users") is None
    assert states(store, "user", "a", "b") == {"a": "live", "b": "live"}
    read(store, "users", [user("a"), user("b")], watermark="w2")
    assert store.mirror.watermark("s", "users") == "w2"


def test_only_the_last_page_of_a_full_round_removes_whom_it_did_not_mention(store: Store) -> None:
    read(store, "users", [user("a"), user("b"), user("c")])
    seq = store.mirror.seq("s")
    read(store, "users", [user("a")], [], [user("c")])
    assert states(store, "user", "a", "b", "c") == {"a": "live", "b": "gone", "c": "live"}
    assert moved(store, "user", 0) == ["a", "c"]
    assert store.mirror.seq("s") == seq + 1
    assert list(store.mirror.live_ids("s", "user")) == ["a", "c"]
    assert [one.id for one in store.mirror.live("s", "user")] == ["a", "c"]


def test_a_round_that_was_broken_off_does_not_shorten_the_next_ones_sweep(store: Store) -> None:
    read(store, "users", [user("a"), user("b")])
    broken = store.mirror.begin("s", "users")
    store.mirror.store(broken, Page(stream="users", records=(user("b"),)), now=NOW)
    read(store, "users", [user("a")])
    assert states(store, "user", "a", "b") == {"a": "live", "b": "gone"}


def test_an_unchanged_round_moves_no_number(store: Store) -> None:
    read(store, "users", [user("a", mail="a@x")])
    read(store, "groups", [group("g"), *users_in("g", "a")])
    read(store, "assignments", [Assignment(id="r", principal_id="g", principal_kind="group", role="User")])
    seq = store.mirror.seq("s")
    assert read(store, "users", [user("a", mail="a@x")]) == 0
    assert read(store, "groups", [group("g"), *users_in("g", "a")]) == 0
    assert read(store, "assignments", [Assignment(id="r", principal_id="g", principal_kind="group", role="User")]) == 0
    assert store.mirror.seq("s") == seq


def test_a_delta_merges_and_clears_and_leaves_what_it_does_not_name(store: Store) -> None:
    read(store, "users", [user("a", mail="a@x", title="Engineer"), user("b")])
    read(store, "users", [user("a", enabled=None, title=None)], full=False)
    found = store.mirror.objects("s", "user", ["a"])["a"]
    assert found.attributes == {"mail": "a@x", "title": None}
    assert found.enabled
    assert states(store, "user", "a", "b") == {"a": "live", "b": "live"}


def test_the_same_object_several_times_on_a_page_adds_up_in_a_delta_and_the_last_one_holds_in_a_full_round(
    store: Store,
) -> None:
    read(store, "users", [user("a", mail="old"), user("a", mail="new", title="Lead")])
    assert store.mirror.objects("s", "user", ["a"])["a"].attributes == {"mail": "new", "title": "Lead"}
    read(store, "users", [user("a", enabled=False, title="Head"), user("a", enabled=None, mail="newest")], full=False)
    found = store.mirror.objects("s", "user", ["a"])["a"]
    assert found.attributes == {"mail": "newest", "title": "Head"}
    assert not found.enabled


def test_a_delta_says_in_which_way_someone_went_and_who_came_back(store: Store) -> None:
    read(store, "users", [user("a", mail="a@x"), user("b")])
    gone = [Removal(kind="user", id="a", state="soft"), Removal(kind="user", id="b"), Removal(kind="user", id="nobody")]
    read(store, "users", [], full=False, removals=gone)
    assert states(store, "user", "a", "b", "nobody") == {"a": "soft", "b": "gone"}
    read(store, "users", [user("a", enabled=None)], full=False)
    found = store.mirror.objects("s", "user", ["a"])["a"]
    assert (found.state, found.attributes) == ("live", {"mail": "a@x"})


def test_a_replayed_delta_changes_nothing(store: Store) -> None:
    read(store, "users", [user("a"), user("b")])
    read(store, "groups", [group("g"), *users_in("g", "a")])
    said = [user("a", title="Lead")], [Removal(kind="user", id="b", state="soft")]
    read(store, "users", said[0], full=False, removals=said[1])
    seq = store.mirror.seq("s")
    assert read(store, "users", said[0], full=False, removals=said[1]) == 0
    leave = [Removal(kind="membership", id="g", member_id="a")]
    assert read(store, "groups", [], full=False, removals=leave) == 1
    assert read(store, "groups", [], full=False, removals=leave) == 0
    assert store.mirror.seq("s") == seq + 1


def test_what_a_full_round_could_not_tell_stays_as_it_was(store: Store) -> None:
    read(store, "users", [user("a"), user("b")])
    read(store, "groups", [group("g"), *users_in("g", "a", "b"), group("h"), *users_in("h", "a")])
    read(store, "assignments", [Assignment(id="r", principal_id="a", principal_kind="user")])
    read(store, "users", [user("a")], unknown=["b"])
    read(store, "groups", [group("g")], unknown=["g", "h"])
    read(store, "assignments", [], unknown=["r"])
    assert states(store, "user", "a", "b") == {"a": "live", "b": "live"}
    assert states(store, "group", "g", "h") == {"g": "live", "h": "live"}
    assert store.mirror.member_ids("s", "g", nested=False) == {"a", "b"}
    assert store.mirror.member_ids("s", "h", nested=False) == {"a"}
    assert store.mirror.assignments_of("s", ["a"]).keys() == {"a"}


def test_two_sources_do_not_see_each_other(store: Store) -> None:
    read(store, "users", [user("a", mail="one")], source="one")
    read(store, "users", [user("a", mail="two"), user("b")], source="two")
    read(store, "users", [user("b")], source="two")
    assert states(store, "user", "a", source="one") == {"a": "live"}
    assert states(store, "user", "a", source="two") == {"a": "gone"}
    assert store.mirror.counts("one")["users"] == 1
    assert store.mirror.named("one", "user", "a")[0].attributes == {"mail": "one"}


def test_a_page_of_a_round_that_somebody_else_has_begun_anew_is_refused(store: Store) -> None:
    read(store, "users", [user("a"), user("b")])
    mine = store.mirror.begin("s", "users")
    theirs = store.mirror.begin("s", "users")
    store.mirror.store(theirs, Page(stream="users", records=(user("a"), user("b"))), now=NOW)
    with pytest.raises(TakenOver):
        store.mirror.store(mine, Page(stream="users", records=(user("a"),)), now=NOW)
    store.mirror.store(theirs, Page(stream="users", records=(), last=True), now=NOW)
    assert states(store, "user", "a", "b") == {"a": "live", "b": "live"}


def test_a_snapshot_during_a_round_is_not_swept_away_by_it(store: Store) -> None:
    read(store, "users", [user("a")])
    read(store, "groups", [group("g")])
    rounds = {stream: store.mirror.begin("s", stream) for stream in ("users", "groups", "assignments")}
    store.mirror.store(rounds["users"], Page(stream="users", records=(user("a"),)), now=NOW)
    row = Assignment(id="r", principal_id="new", principal_kind="user", role="Admin")
    there = Snapshot(
        kind="user", object=user("new", mail="new@x"), memberships=tuple(users_in("g", "new")), assignments=(row,)
    )
    store.mirror.store_snapshot("s", there)
    for stream, records in (("users", ()), ("groups", (group("g"),)), ("assignments", ())):
        store.mirror.store(rounds[stream], Page(stream=stream, records=records, last=True), now=NOW)
    assert states(store, "user", "a", "new") == {"a": "live", "new": "live"}
    assert store.mirror.groups_of("s", ["new"], nested=False) == {"new": {"g"}}
    assert store.mirror.assignments_of("s", ["new"])["new"] == [row]


def test_a_snapshot_says_all_of_its_object_and_nothing_of_the_others(store: Store) -> None:
    read(store, "users", [user("a", title="Engineer"), user("b")])
    read(store, "groups", [group("g"), group("h"), *users_in("g", "a", "b")])
    rows = [Assignment(id=f"r{n}", principal_id=n, principal_kind="user") for n in ("a", "b")]
    read(store, "assignments", rows)
    seq = store.mirror.seq("s")
    now = Snapshot(kind="user", object=user("a", mail="a@x"), memberships=tuple(users_in("h", "a")))
    store.mirror.store_snapshot("s", now)
    assert store.mirror.objects("s", "user", ["a"])["a"].attributes == {"mail": "a@x"}
    assert store.mirror.groups_of("s", ["a", "b"], nested=False) == {"a": {"h"}, "b": {"g"}}
    assert store.mirror.assignments_of("s", ["a", "b"]).keys() == {"b"}
    assert moved(store, "user", seq) == ["a"]
    assert moved(store, "group", seq) == ["g", "h"]
    store.mirror.store_snapshot("s", Snapshot(kind="user", object=user("a"), state="soft"))
    assert states(store, "user", "a", "b") == {"a": "soft", "b": "live"}


def test_a_snapshot_of_a_group_replaces_its_members(store: Store) -> None:
    read(store, "users", [user("a"), user("b"), user("c")])
    read(store, "groups", [group("g"), *users_in("g", "a", "b"), group("h"), *users_in("h", "a")])
    new = Snapshot(kind="group", object=group("g", "Staff"), memberships=tuple(users_in("g", "b", "c")))
    store.mirror.store_snapshot("s", new)
    assert store.mirror.member_ids("s", "g", nested=False) == {"b", "c"}
    assert store.mirror.member_ids("s", "h", nested=False) == {"a"}


def test_a_large_round_is_swept_whole_and_in_parts(store: Store) -> None:
    ids = [f"u{n:05}" for n in range(2_300)]
    read(store, "users", [user(id_) for id_ in ids])
    read(
        store, "groups", [group("g"), *users_in("g", *ids), group("h"), *users_in("h", *ids[:10]), *groups_in("h", "g")]
    )
    rows = [Assignment(id=f"r{id_}", principal_id=id_, principal_kind="user") for id_ in ids]
    read(store, "assignments", rows)
    seq = store.mirror.seq("s")
    assert read(store, "assignments", rows[:1]) == 2_299
    assert moved(store, "user", seq) == ids[1:]
    seq = store.mirror.seq("s")
    assert read(store, "groups", [group("g"), *users_in("g", *ids[:3]), group("h"), *groups_in("h", "g")]) == 2_297 + 10
    assert store.mirror.member_ids("s", "h", nested=True) == set(ids[:3])
    assert moved(store, "user", seq) == [*ids[:10], *ids[10:]]
    read(store, "users", [user(ids[0]), user(ids[-1])])
    assert store.mirror.counts("s")["users"] == 2
    assert store.mirror.member_ids("s", "g", nested=False) == {ids[0]}


def test_streams_that_are_written_side_by_side_do_not_stand_in_each_others_way(store: Store) -> None:
    """Three writers of one source, each touching the others' rows: a new source, many pages, no dead lock."""
    ids = [f"u{n:03}" for n in range(60)]
    faults: list[BaseException] = []

    def write(stream: str) -> None:
        try:
            for turn in range(8):
                records = {
                    "users": [user(id_, turn=turn) for id_ in ids],
                    "groups": [group("g", str(turn)), *users_in("g", *ids[: 10 + turn])],
                    "assignments": [Assignment(id=f"r{turn}", principal_id="g", principal_kind="group")],
                }[stream]
                read(store, stream, records[:30], records[30:])  # type: ignore[arg-type]  # a stream's name
        except BaseException as fault:
            faults.append(fault)

    threads = [threading.Thread(target=write, args=(stream,)) for stream in ("users", "groups", "assignments")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []
    assert store.mirror.counts("s") == {"users": 60, "groups": 1, "assignments": 1}
    assert store.mirror.member_ids("s", "g", nested=False) == set(ids[:17])


def test_a_name_is_found_whatever_its_letters(store: Store) -> None:
    people = {
        "u1": "jane@contoso.example",
        "u2": "ÜNAL.Özgür@contoso.example",
        "u3": 'we"ird\\one@contoso.example',
        "u4": "100%_sure@contoso.example",
    }
    read(store, "users", [user(id_, userPrincipalName=name) for id_, name in people.items()])
    read(store, "groups", [group("g", "Größe und Straße"), group("h", "staff")])
    for asked, id_ in (
        ("JANE@contoso.example", "u1"),
        ("ünal.özgür@CONTOSO.example", "u2"),
        ('WE"IRD\\one@contoso.example', "u3"),
        ("100%_SURE@contoso.example", "u4"),
        ("u1", "u1"),
    ):
        assert [one.id for one in store.mirror.named("s", "user", asked)] == [id_]
    assert store.mirror.named("s", "user", "100xysure@contoso.example") == []
    assert store.mirror.named("s", "user", "contoso.example") == []
    assert [one.id for one in store.mirror.named("s", "group", "größe UND straße")] == ["g"]


def test_a_name_among_thousands_that_contain_it_is_found(store: Store) -> None:
    read(
        store, "users", [user(f"u{n:05}", userPrincipalName=f"a{n}@x") for n in range(2_500)] + [user("v", mail="A@X")]
    )
    assert [one.id for one in store.mirror.named("s", "user", "a@x")] == ["v"]


def test_odd_but_valid_values_come_back_as_they_were(store: Store) -> None:
    odd = {"a": "\0", "b": "\N{ROCKET} \u202e", "c": [1.5, None, True, {"x": []}], "d": 2**53, "e": "'\"%_\\"}
    read(store, "users", [user("a", **odd)])
    assert store.mirror.objects("s", "user", ["a"])["a"].attributes == odd


def test_an_edge_to_someone_unknown_waits_for_them(store: Store) -> None:
    read(store, "groups", [group("g"), Membership(group_id="g", member_id="later")])
    assert store.mirror.member_ids("s", "g", nested=False) == {"later"}
    read(store, "users", [user("later")])
    assert store.mirror.groups_of("s", ["later"], nested=False) == {"later": {"g"}}
