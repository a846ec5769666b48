"""Memberships and assignments in the mirror, on both databases: nested groups, circles, and whom a change concerns."""

from __future__ import annotations

import pytest

from state.store import Store
from syncd.core.model import Assignment, Removal
from tests.contract.state_rows import group, groups_in, moved, read, user, users_in


@pytest.fixture
def nested(store: Store) -> Store:
    """top ⊃ {middle, t}, middle ⊃ {low, m}, low ⊃ {l}; aside ⊃ {s}; nobody is in empty."""
    read(store, "users", [user(id_) for id_ in ("l", "m", "n", "s", "t")])
    edges = [*groups_in("top", "middle"), *groups_in("middle", "low")]
    edges += [*users_in("top", "t"), *users_in("middle", "m"), *users_in("low", "l"), *users_in("aside", "s")]
    read(store, "groups", [*map(group, ("top", "middle", "low", "aside", "empty")), *edges])
    return store


def test_members_are_direct_ones_or_with_nested_all_below(nested: Store) -> None:
    mirror = nested.mirror
    assert mirror.member_ids("s", "top", nested=False) == {"t"}
    assert mirror.member_ids("s", "top", nested=True) == {"t", "m", "l"}
    assert mirror.member_ids("s", "empty", nested=True) == set()
    assert mirror.groups_of("s", ["l", "s", "n"], nested=False) == {"l": {"low"}, "s": {"aside"}, "n": set()}
    assert mirror.groups_of("s", ["l"], nested=True) == {"l": {"low", "middle", "top"}}


def test_a_circle_of_groups_ends(nested: Store) -> None:
    read(nested, "groups", groups_in("low", "top") + groups_in("low", "low"), full=False)
    everybody, circle = {"t", "m", "l"}, {"top", "middle", "low"}
    for id_ in circle:
        assert nested.mirror.member_ids("s", id_, nested=True) == everybody
    assert nested.mirror.groups_of("s", ["m"], nested=True) == {"m": circle}
    seq = nested.mirror.seq("s")
    read(nested, "groups", users_in("middle", "n"), full=False)
    assert moved(nested, "group", seq) == sorted(circle)
    assert moved(nested, "user", seq) == ["n"]


def test_a_membership_that_comes_or_goes_moves_its_user_and_the_groups_above(nested: Store) -> None:
    seq = nested.mirror.seq("s")
    assert read(nested, "groups", users_in("low", "n"), full=False) == 1
    assert moved(nested, "user", seq) == ["n"]
    assert moved(nested, "group", seq) == ["low", "middle", "top"]
    seq = nested.mirror.seq("s")
    gone = [Removal(kind="membership", id="low", member_id="n")]
    assert read(nested, "groups", [], full=False, removals=gone) == 1
    assert moved(nested, "user", seq) == ["n"]
    assert moved(nested, "group", seq) == ["low", "middle", "top"]


def test_a_nested_group_that_comes_or_goes_moves_everybody_below_it(nested: Store) -> None:
    seq = nested.mirror.seq("s")
    gone = [Removal(kind="membership", id="top", member_id="middle")]
    read(nested, "groups", [], full=False, removals=gone)
    assert moved(nested, "user", seq) == ["l", "m"]
    assert moved(nested, "group", seq) == ["top"]
    seq = nested.mirror.seq("s")
    read(nested, "groups", groups_in("aside", "middle"), full=False)
    assert moved(nested, "user", seq) == ["l", "m"]
    assert moved(nested, "group", seq) == ["aside"]


def test_a_sweep_moves_whoever_was_below_a_chain_that_went_at_once(nested: Store) -> None:
    seq = nested.mirror.seq("s")
    names = ("top", "middle", "low", "aside", "empty")
    read(nested, "groups", [*map(group, names), *users_in("aside", "s")])
    assert moved(nested, "user", seq) == ["l", "m", "t"]
    assert moved(nested, "group", seq) == ["low", "middle", "top"]


def test_whoever_is_restored_is_back_in_the_groups_although_no_group_tells(nested: Store) -> None:
    """Entra keeps the memberships of whom it keeps in the recycle bin, and need not tell them again."""
    read(nested, "users", [], full=False, removals=[Removal(kind="user", id="m", state="soft")])
    assert nested.mirror.member_ids("s", "top", nested=True) == {"t", "l"}
    names = ("top", "middle", "low", "aside", "empty")
    edges = [*users_in("top", "t"), *groups_in("top", "middle"), *groups_in("middle", "low"), *users_in("low", "l")]
    read(nested, "groups", [*map(group, names), *edges, *users_in("aside", "s")])
    assert nested.mirror.member_ids("s", "top", nested=True) == {"t", "l"}
    seq = nested.mirror.seq("s")
    read(nested, "users", [user("m")], full=False)
    assert nested.mirror.member_ids("s", "top", nested=True) == {"t", "m", "l"}
    assert moved(nested, "group", seq) == ["middle", "top"]


def test_a_deletion_told_late_takes_nothing_that_a_group_told_of_the_restored(nested: Store) -> None:
    """Users and groups come side by side: one may tell of yesterday what the other tells of today."""
    read(nested, "groups", users_in("aside", "m"), full=False)
    read(nested, "users", [], full=False, removals=[Removal(kind="user", id="m", state="soft")])
    assert nested.mirror.member_ids("s", "aside", nested=False) == {"s"}
    read(nested, "users", [user("m")], full=False)
    assert nested.mirror.member_ids("s", "aside", nested=False) == {"m", "s"}


def test_a_purge_takes_the_memberships_of_the_deleted_with_it(nested: Store) -> None:
    for state in ("soft", "gone"):
        read(nested, "users", [], full=False, removals=[Removal(kind="user", id="m", state=state)])
    read(nested, "users", [user("m")], full=False)
    assert nested.mirror.member_ids("s", "middle", nested=False) == set()


def test_no_membership_counts_without_its_ends(nested: Store) -> None:
    seq = nested.mirror.seq("s")
    read(nested, "users", [], full=False, removals=[Removal(kind="user", id="m", state="soft")])
    assert nested.mirror.member_ids("s", "middle", nested=False) == set()
    assert moved(nested, "group", seq) == ["middle", "top"]
    seq = nested.mirror.seq("s")
    read(nested, "groups", [], full=False, removals=[Removal(kind="group", id="low")])
    assert nested.mirror.groups_of("s", ["l"], nested=True) == {"l": set()}
    assert moved(nested, "user", seq) == ["l"]
    assert nested.mirror.member_ids("s", "top", nested=True) == {"t"}


def test_an_assignment_moves_its_user_or_everybody_in_its_group(nested: Store) -> None:
    seq = nested.mirror.seq("s")
    rows = [
        Assignment(id="1", principal_id="s", principal_kind="user", role="User"),
        Assignment(id="2", principal_id="middle", principal_kind="group", through="x"),
    ]
    assert read(nested, "assignments", rows) == 2
    assert moved(nested, "user", seq) == ["l", "m", "s"]
    assert moved(nested, "group", seq) == ["middle"]
    assert nested.mirror.assignments_of("s", ["s", "middle", "l"]) == {"s": [rows[0]], "middle": [rows[1]]}


def test_another_role_or_principal_of_a_row_moves_both_sides(nested: Store) -> None:
    read(nested, "assignments", [Assignment(id="1", principal_id="s", principal_kind="user", role="User")])
    seq = nested.mirror.seq("s")
    read(nested, "assignments", [Assignment(id="1", principal_id="s", principal_kind="user", role="Admin")])
    assert moved(nested, "user", seq) == ["s"]
    seq = nested.mirror.seq("s")
    read(nested, "assignments", [Assignment(id="1", principal_id="t", principal_kind="user", role="Admin")])
    assert moved(nested, "user", seq) == ["s", "t"]
    assert nested.mirror.assignments_of("s", ["s", "t"]).keys() == {"t"}


def test_an_unassigned_group_moves_everybody_in_it(nested: Store) -> None:
    rows = [Assignment(id=id_, principal_id=id_, principal_kind="group") for id_ in ("top", "aside")]
    read(nested, "assignments", rows)
    seq = nested.mirror.seq("s")
    read(nested, "assignments", rows[1:])
    assert moved(nested, "user", seq) == ["l", "m", "t"]
    seq = nested.mirror.seq("s")
    read(nested, "assignments", [], full=False, removals=[Removal(kind="assignment", id="aside")])
    assert moved(nested, "user", seq) == ["s"]
    assert nested.mirror.counts("s")["assignments"] == 0


def test_several_rows_of_one_principal_are_kept_apart(store: Store) -> None:
    rows = [
        Assignment(id=f"r{n}", principal_id="a", principal_kind="user", role=role, attributes={"n": n})
        for n, role in enumerate(("User", None, "Admin"))
    ]
    read(store, "users", [user("a")])
    read(store, "assignments", [*rows, rows[0]])
    assert store.mirror.assignments_of("s", ["a"])["a"] == rows
