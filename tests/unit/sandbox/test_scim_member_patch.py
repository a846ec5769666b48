"""The members of a group under PATCH, without HTTP: adding, replacing and every way of removing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.sandbox.scim.error import ScimError
from connectors.sandbox.scim.members import Members
from connectors.sandbox.scim.patch import PATCH_SCHEMA, Patch
from connectors.sandbox.scim.quirks import Quirks

PLAIN = Quirks()


def enrolled(sent: Mapping[str, Any]) -> Mapping[str, Any]:
    return {"value": sent["value"]}


def group(*ids: str) -> Members:
    members = Members()
    members.replace([{"value": each} for each in ids])
    return members


def members_after(before: Members, *operations: dict[str, Any], quirks: Quirks = PLAIN) -> list[str]:
    members = before.copy()
    Patch("group", quirks, {"displayName": "Staff"}, members, enrolled).apply(
        {"schemas": [PATCH_SCHEMA], "Operations": list(operations)}
    )
    return [each["value"] for each in members.elements]


def refusal(operation: dict[str, Any], quirks: Quirks = PLAIN) -> tuple[int, str | None]:
    with pytest.raises(ScimError) as caught:
        members_after(group("a"), operation, quirks=quirks)
    return caught.value.status, caught.value.scim_type


class TestMembers:
    def test_added_once_each(self) -> None:
        add = {"op": "add", "path": "members", "value": [{"value": "b"}, {"value": "a"}]}
        assert members_after(group("a"), add, add) == ["a", "b"]

    def test_stored_twice_on_servers_that_add_without_looking(self) -> None:
        twice = PLAIN.changed({"duplicate_members": True})
        add = {"op": "add", "path": "members", "value": [{"value": "a"}]}
        assert members_after(group("a"), add, quirks=twice) == ["a", "a"]
        remove = {"op": "remove", "path": 'members[value eq "a"]'}
        assert members_after(group("a", "b"), add, remove, quirks=twice) == ["b"]

    def test_replaced_as_a_whole(self) -> None:
        replace = {"op": "replace", "path": "members", "value": [{"value": "b"}]}
        assert members_after(group("a"), replace) == ["b"]
        assert members_after(group("a"), {"op": "replace", "value": {"members": [{"value": "b"}]}}) == ["b"]

    def test_replace_that_adds(self) -> None:
        with_path = {"op": "replace", "path": "members", "value": [{"value": "b"}]}
        without = {"op": "replace", "value": {"members": [{"value": "b"}]}}
        adds, pathless = (PLAIN.changed({"members_replace": each}) for each in ("adds", "adds-pathless"))
        assert members_after(group("a"), with_path, quirks=adds) == ["a", "b"]
        assert members_after(group("a"), with_path, quirks=pathless) == ["b"]
        assert members_after(group("a"), without, quirks=pathless) == ["a", "b"]

    def test_removed_by_filter_by_value_list_and_all_at_once(self) -> None:
        assert members_after(group("a", "b"), {"op": "remove", "path": 'members[value eq "a"]'}) == ["b"]
        either = 'members[value eq "a" or value eq "c"]'
        assert members_after(group("a", "b", "c"), {"op": "remove", "path": either}) == ["b"]
        listed = {"op": "Remove", "path": "members", "value": [{"$ref": None, "value": "a"}]}
        assert members_after(group("a", "b"), listed) == ["b"]
        assert members_after(group("a", "b"), {"op": "remove", "path": "members"}) == []

    @pytest.mark.parametrize(
        ("switch", "operation"),
        [
            ("remove_by_filter", {"op": "remove", "path": 'members[value eq "a"]'}),
            ("remove_by_value", {"op": "remove", "path": "members", "value": [{"value": "a"}]}),
            ("remove_all", {"op": "remove", "path": "members"}),
        ],
    )
    def test_each_way_of_removing_can_be_ignored_or_refused(self, switch: str, operation: dict[str, Any]) -> None:
        assert members_after(group("a", "b"), operation, quirks=PLAIN.changed({switch: "ignored"})) == ["a", "b"]
        assert refusal(operation, quirks=PLAIN.changed({switch: 501})) == (501, None)
        assert refusal(operation, quirks=PLAIN.changed({switch: 400})) == (400, "invalidPath")

    def test_a_value_list_read_strictly_removes_everybody(self) -> None:
        operation = {"op": "remove", "path": "members", "value": [{"value": "a"}]}
        assert members_after(group("a", "b"), operation, quirks=PLAIN.changed({"remove_by_value": "all"})) == []

    @pytest.mark.parametrize(
        ("operation", "scim_type"),
        [
            ({"op": "add", "path": "members", "value": ["a"]}, "invalidValue"),
            ({"op": "add", "path": "members", "value": [{"value": ""}]}, "invalidValue"),
            ({"op": "replace", "path": 'members[value eq "a"].value', "value": "b"}, "mutability"),
        ],
    )
    def test_what_is_no_member_is_refused(self, operation: dict[str, Any], scim_type: str) -> None:
        assert refusal(operation) == (400, scim_type)

    def test_a_limit_holds_for_the_group_not_for_the_request(self) -> None:
        quirks = PLAIN.changed({"member_limit": 2})
        two = [{"value": "b"}, {"value": "c"}]
        assert refusal({"op": "add", "path": "members", "value": two}, quirks=quirks) == (400, "tooMany")
        assert members_after(group("a"), {"op": "add", "path": "members", "value": two[:1]}, quirks=quirks) == [
            "a",
            "b",
        ]


_ids = st.sampled_from("abcdefgh")
_steps = st.lists(
    st.tuples(st.sampled_from(["add", "listed", "filter", "replace"]), st.lists(_ids, max_size=4)), max_size=12
)


@given(st.frozensets(_ids), _steps)
def test_members_behave_as_a_set_whatever_the_order_of_operations(
    start: frozenset[str], steps: list[tuple[str, list[str]]]
) -> None:
    wanted = set(start)
    operations: list[dict[str, Any]] = []
    for how, ids in steps:
        values = [{"value": each} for each in ids]
        if how == "filter":
            operations += [{"op": "remove", "path": f'members[value eq "{each}"]'} for each in ids]
            wanted -= set(ids)
        elif how == "replace":
            operations.append({"op": "replace", "path": "members", "value": values})
            wanted = set(ids)
        elif how == "listed" and ids:
            operations.append({"op": "remove", "path": "members", "value": values})
            wanted -= set(ids)
        elif how == "add":
            operations.append({"op": "add", "path": "members", "value": values})
            wanted |= set(ids)
    before = group(*start)
    after = before.copy()
    if operations:
        Patch("group", PLAIN, {"displayName": "Staff"}, after, enrolled).apply(
            {"schemas": [PATCH_SCHEMA], "Operations": operations}
        )
    assert set(after.ids) == wanted
    assert set(before.ids) == start
    assert after.touched >= wanted ^ start
