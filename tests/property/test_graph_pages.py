"""However Graph cuts, repeats and replays what it says, the same directory comes out."""

from __future__ import annotations

import itertools

from hypothesis import given
from hypothesis import strategies as st

from connectors.graph.groups import read_groups
from connectors.graph.users import read_users
from syncd.core.model import Page
from tests.contract.graph_mirror import Mirror

IDS = [f"a{n}" for n in range(4)]
GROUPS = [f"b{n}" for n in range(3)]
USER = "#microsoft.graph.user"

user_items = st.one_of(
    st.fixed_dictionaries(
        {"id": st.sampled_from(IDS)},
        optional={
            "mail": st.one_of(st.none(), st.sampled_from(["x", "y"])),
            "accountEnabled": st.booleans(),
            "manager@delta": st.lists(
                st.fixed_dictionaries(
                    {"id": st.sampled_from(IDS)}, optional={"@removed": st.just({"reason": "deleted"})}
                ),
                min_size=1,
                max_size=3,
            ),
        },
    ),
    st.fixed_dictionaries(
        {
            "id": st.sampled_from(IDS),
            "@removed": st.fixed_dictionaries({"reason": st.sampled_from(["changed", "deleted"])}),
        }
    ),
)
group_items = st.one_of(
    st.fixed_dictionaries(
        {"id": st.sampled_from(GROUPS)},
        optional={
            "displayName": st.sampled_from(["S", "T"]),
            "members@delta": st.lists(
                st.fixed_dictionaries(
                    {"id": st.sampled_from(IDS), "@odata.type": st.just(USER)},
                    optional={"@removed": st.just({"reason": "deleted"})},
                ),
                max_size=4,
            ),
        },
    ),
    st.fixed_dictionaries({"id": st.sampled_from(GROUPS), "@removed": st.just({"reason": "deleted"})}),
)


def copied(items):
    """The readers take their items over."""
    return [{k: [dict(e) for e in v] if isinstance(v, list) else v for k, v in item.items()} for item in items]


def told(stream, items, cuts, *, full=False):
    """A mirror after these items in pages that end at the cuts."""
    mirror = Mirror()
    read = read_users if stream == "users" else read_groups
    bounds = sorted({0, len(items), *(cut % (len(items) + 1) for cut in cuts)})
    for start, end in zip(bounds, [*bounds[1:], len(items)], strict=True):
        for said in read(copied(items[start:end]), full):
            mirror.apply(Page(stream=stream, records=said.records, removals=said.removals, full=full))
    return mirror


@given(st.lists(user_items, max_size=12), st.lists(st.integers(0, 99), max_size=6))
def test_page_boundaries_do_not_change_the_users(items, cuts):
    assert told("users", items, cuts).users == told("users", items, range(13)).users


@given(st.lists(group_items, max_size=12), st.lists(st.integers(0, 99), max_size=6))
def test_page_boundaries_do_not_change_groups_and_members(items, cuts):
    whole, single = told("groups", items, cuts), told("groups", items, range(13))
    assert (whole.groups, whole.edges) == (single.groups, single.edges)


@given(st.lists(group_items, max_size=10), st.lists(st.integers(0, 99), max_size=4))
def test_replaying_a_whole_round_changes_nothing(items, cuts):
    once, twice = told("groups", items, cuts), told("groups", items + items, cuts)
    assert (once.groups, once.edges) == (twice.groups, twice.edges)


@given(st.lists(user_items, max_size=12), st.lists(st.integers(0, 99), max_size=6))
def test_no_user_is_at_once_told_and_removed(items, cuts):
    bounds = sorted({0, len(items), *(cut % (len(items) + 1) for cut in cuts)})
    for start, end in itertools.pairwise(bounds):
        for said in read_users(copied(items[start:end])):
            assert not {user.id for user in said.records} & {removal.id for removal in said.removals}
            assert len({user.id for user in said.records}) == len(said.records)
