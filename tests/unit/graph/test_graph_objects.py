"""Users and groups out of delta pages (shapes: Microsoft Graph documentation, "Use delta query")."""

from dataclasses import fields

import pytest

from connectors.graph.find import original_name
from connectors.graph.groups import _FILL, membership
from connectors.graph.groups import read_groups as group_readings
from connectors.graph.users import read_users as user_readings
from syncd.core.model import Membership, Removal

KIM, LEE, MAX = (f"a0000000-0000-4000-8000-00000000000{n}" for n in (1, 2, 3))
SALES, STAFF = (f"b0000000-0000-4000-8000-00000000000{n}" for n in (1, 2))
USER = "#microsoft.graph.user"
GROUP = "#microsoft.graph.group"


def read_users(items):
    (said,) = user_readings(items)
    return said


def read_groups(items, full=True):
    (said,) = group_readings(items, full)
    return said


def member(object_id, kind=USER, removed=False):
    return {"@odata.type": kind, "id": object_id} | ({"@removed": {"reason": "deleted"}} if removed else {})


def test_null_clears_and_absence_says_nothing():
    (user,) = read_users([{"id": KIM, "mail": None}]).records
    assert user.attributes == {"id": KIM, "mail": None}


def test_annotations_are_no_attributes():
    (user,) = read_users(
        [{"@odata.type": USER, "@odata.id": "x", "id": KIM, "mail@odata.type": "s", "mail": "k"}]
    ).records
    assert user.attributes == {"id": KIM, "mail": "k"}


@pytest.mark.parametrize(("value", "enabled"), [(True, True), (False, False), (None, True)])
def test_account_enabled_decides(value, enabled):
    (user,) = read_users([{"id": KIM, "accountEnabled": value}]).records
    assert user.enabled is enabled


def test_silence_about_account_enabled_keeps_in_a_delta_and_is_yes_in_a_full_round():
    assert [said.records[0].enabled for said in user_readings([{"id": KIM}], False)] == [None]
    assert [said.records[0].enabled for said in user_readings([{"id": KIM}], True)] == [True]


def test_a_membership_made_fast_is_a_membership():
    made = membership("g", "m", "group")
    assert made == Membership(group_id="g", member_id="m", member_kind="group")
    assert repr(made) == repr(Membership(group_id="g", member_id="m", member_kind="group"))
    assert len(_FILL) == len(fields(Membership))


@pytest.mark.parametrize(
    ("changes", "manager"),
    [
        ([member(LEE)], LEE),
        ([member(LEE, removed=True), member(MAX)], MAX),
        ([member(MAX), member(LEE, removed=True)], MAX),
        ([member(LEE, removed=True)], None),
        ([member(LEE, "#microsoft.graph.orgContact")], LEE),
        (member(LEE), LEE),
    ],
)
def test_graph_manager_change_pair_and_single_entry(changes, manager):
    (user,) = read_users([{"id": KIM, "manager@delta": changes}]).records
    assert user.merged({"manager": LEE}) == {"id": KIM, "manager": manager}


def test_the_end_of_a_former_manager_told_again_leaves_the_next_one():
    ended = {"id": KIM, "manager@delta": [member(LEE, removed=True)]}
    (user,) = user_readings([dict(ended)], False)[-1].records
    assert user.merged({"manager": MAX}) == {"id": KIM, "manager": MAX}
    (user,) = user_readings([{"id": KIM, "manager@delta": [member(MAX)]}, dict(ended)], False)[-1].records
    assert (user.attributes["manager"], user.merged({"manager": LEE})["manager"]) == (MAX, MAX)
    (user,) = user_readings([dict(ended), {"id": KIM, "manager@delta": [member(MAX, removed=True)]}], False)[-1].records
    assert [user.merged({"manager": one})["manager"] for one in (LEE, MAX, KIM)] == [None, None, KIM]


def test_graph_manager_absent_means_unchanged():
    records = read_users([{"id": KIM, "mail": "k"}, {"id": LEE, "manager@delta": []}]).records
    assert all("manager" not in user.attributes for user in records)


@pytest.mark.parametrize(
    ("removed", "state"),
    [({"reason": "changed"}, "soft"), ({"reason": "deleted"}, "gone"), ({}, "soft"), (None, None), ("x", "soft")],
)
def test_a_removal_without_its_reason_counts_as_restorable(removed, state):
    said = read_users([{"id": KIM, "@removed": removed}])
    assert said.removals == ((Removal(kind="user", id=KIM, state=state),) if state else ())
    assert len(said.records) == (state is None)


def test_the_last_word_on_a_page_wins():
    gone, back = {"id": KIM, "@removed": {"reason": "changed"}}, {"id": KIM, "mail": "k"}
    assert read_users([dict(back), gone]).records == ()


def test_a_removal_and_a_return_on_one_page_keep_their_order():
    gone, back = {"id": KIM, "@removed": {"reason": "changed"}}, {"id": KIM, "mail": "k"}
    first, second = user_readings([gone, dict(back)])
    assert (first.records, [removal.id for removal in first.removals]) == ((), [KIM])
    assert ([user.id for user in second.records], second.removals) == ([KIM], ())
    first, second = group_readings([dict(gone), dict(back)])
    assert (first.records, [removal.id for removal in first.removals]) == ((), [KIM])
    assert ([group.id for group in second.records], second.removals) == ([KIM], ())


def test_the_same_user_twice_on_a_page_keeps_what_only_one_record_says():
    first = {"id": KIM, "mail": "old", "manager@delta": [member(LEE)]}
    (user,) = read_users([first, {"id": KIM, "mail": "new"}]).records
    assert user.attributes == {"id": KIM, "mail": "new", "manager": LEE}


def test_graph_delta_unrelated_extension_values_intact():
    item = {"id": KIM, "extension_0a_since": "2024-01-02", "extension_0a_uuid": SALES, "employeeId": "19-2026"}
    (user,) = read_users([dict(item)]).records
    assert user.attributes == item


def test_graph_member_remove_then_add_in_one_array():
    changes = [member(KIM), member(KIM, removed=True), member(LEE, removed=True)]
    said = read_groups([{"id": SALES, "members@delta": changes}])
    assert said.records[1:] == (Membership(group_id=SALES, member_id=KIM),)
    assert said.removals == (Removal(kind="membership", id=SALES, member_id=LEE),)


def test_graph_group_repeated_on_same_page_gives_the_union():
    said = read_groups(
        [{"id": SALES, "displayName": "Sales", "members@delta": [member(n)]} for n in (KIM, LEE)]
        + [{"id": SALES, "displayName": "Sales", "members@delta": [member(KIM, removed=True)]}]
    )
    assert said.records[1:] == (Membership(group_id=SALES, member_id=LEE),)
    assert said.removals == (Removal(kind="membership", id=SALES, member_id=KIM),)


def test_graph_member_types_filtered():
    kinds = [USER, GROUP, "#microsoft.graph.device", "#microsoft.graph.orgContact", "#microsoft.graph.servicePrincipal"]
    changes = [member(f"id-{kind}", kind) for kind in kinds] + [{"id": "no-type"}]
    said = read_groups([{"id": SALES, "members@delta": changes}])
    assert {(m.member_id, m.member_kind) for m in said.records[1:]} == {
        (f"id-{USER}", "user"),
        (f"id-{GROUP}", "group"),
        ("no-type", "user"),
    }


def test_graph_hidden_membership_reported_not_emptied():
    hidden = {"id": SALES, "visibility": "HiddenMembership"}
    assert read_groups([dict(hidden)], True).unknown == {SALES}
    assert read_groups([dict(hidden)], False).unknown == frozenset()
    assert read_groups([dict(hidden), {**hidden, "members@delta": [member(KIM)]}], True).unknown == frozenset()
    assert read_groups([{"id": STAFF, "visibility": "Private"}], True).unknown == frozenset()


def test_a_deleted_group_takes_its_edges_of_that_page_along():
    items = [{"id": SALES, "members@delta": [member(KIM)]}, {"id": SALES, "@removed": {"reason": "changed"}}]
    said = read_groups(items)
    assert said.records == ()
    assert said.removals == (Removal(kind="group", id=SALES, state="soft"),)


def test_graph_deleted_upn_never_written():
    item = {"id": KIM, "userPrincipalName": KIM.replace("-", "") + "kim@acme.example"}
    assert original_name(item) == "kim@acme.example"
    assert original_name({"id": KIM, "userPrincipalName": "kim@acme.example"}) == "kim@acme.example"


def test_graph_member_limited_info_tolerated():
    """Of what a permission does not open, Graph gives type and id alone."""
    limited = [
        {"@odata.type": "#microsoft.graph.user", "id": LEE},
        {"@odata.type": "#microsoft.graph.device", "id": MAX},
    ]
    (said,) = group_readings([{"id": KIM, "members@delta": limited}])
    assert [one for one in said.records if isinstance(one, Membership)] == [Membership(group_id=KIM, member_id=LEE)]
