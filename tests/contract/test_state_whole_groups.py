"""Groups of which an incremental round tells every member: whom it leaves out is a member no more. On both databases."""

from __future__ import annotations

from state.store import Store
from syncd.core.model import Assignment, Page
from syncd.mirrored import Mirrored
from tests.contract.state_rows import NOW, group, moved, read, user, users_in


def told(store: Store, *pages: Page) -> int:
    """One round of the stream "groups"; gives the number of changes."""
    current = store.mirror.begin("s", "groups")
    return sum(store.mirror.store(current, page, now=NOW) for page in pages)


def filled(store: Store) -> None:
    read(store, "users", [user(id_) for id_ in ("a", "b", "c")])
    read(store, "groups", [group("g"), group("h"), *users_in("g", "a", "b"), *users_in("h", "a", "b")])


def test_a_whole_group_loses_whom_the_round_did_not_mention(store: Store) -> None:
    filled(store)
    seq = store.mirror.seq("s")
    first = Page(stream="groups", records=tuple(users_in("g", "b", "c")), full=False)
    assert told(store, first, Page(stream="groups", records=(), full=False, last=True, whole=frozenset({"g"}))) == 2
    assert store.mirror.member_ids("s", "g", nested=False) == {"b", "c"}
    assert store.mirror.member_ids("s", "h", nested=False) == {"a", "b"}
    assert moved(store, "user", seq) == ["a", "c"]
    assert moved(store, "group", seq) == ["g"]


def test_a_round_that_says_the_same_again_changes_nothing(store: Store) -> None:
    filled(store)
    seq = store.mirror.seq("s")
    page = Page(stream="groups", records=tuple(users_in("g", "a", "b")), full=False, last=True, whole=frozenset({"g"}))
    assert told(store, page) == 0
    assert store.mirror.seq("s") == seq


def test_a_whole_group_without_any_member_is_empty_and_a_round_that_breaks_empties_none(store: Store) -> None:
    filled(store)
    told(store, Page(stream="groups", records=(), full=False))
    assert store.mirror.member_ids("s", "g", nested=False) == {"a", "b"}
    told(store, Page(stream="groups", records=(), full=False, last=True, whole=frozenset({"g"})))
    assert store.mirror.member_ids("s", "g", nested=False) == set()


def test_a_source_sees_the_ids_that_are_mirrored(store: Store) -> None:
    filled(store)
    read(store, "assignments", [Assignment(id="user:a", principal_id="a", principal_kind="user")])
    read(store, "groups", users_in("h", "stranger"), full=False)
    mirrored = Mirrored(store.mirror, "s")
    assert set(mirrored.ids("users")) == {"a", "b", "c"}
    assert set(mirrored.ids("groups")) == {"g", "h"}
    assert set(mirrored.ids("assignments")) == {"user:a"}
    assert set(mirrored.among("user", ["a", "stranger", "nobody"])) == {"a", "stranger"}
    assert set(mirrored.among("group", ["g", "a"])) == {"g"}
    assert list(Mirrored(store.mirror, "other").ids("users")) == []
