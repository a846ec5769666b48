"""Delta rounds of the sandbox's Graph: initial ones, later ones, and what they say."""

from __future__ import annotations

import pytest

from tests.contract.sandbox_graph.walk import Copy, delta, truth

USERS = "/v1.0/users/delta?$select=displayName,mobilePhone,department,accountEnabled,manager"
GROUPS = "/v1.0/groups/delta?$select=displayName,description,members"


def test_an_initial_round_has_every_user_and_manager_once(graph, directory):
    directory.quirks.set({"users_page": 50, "removed_in_initial": False})
    found = delta(graph, USERS)
    assert [len(page) for page in found.pages] == [50, 50, 18]
    assert found.ids == [user.id for user in directory.users if user.live]
    copy = Copy()
    copy.merge(found)
    assert copy.managers == truth(directory).managers


def test_a_property_that_was_never_set_is_absent_and_a_cleared_one_null(graph, directory):
    user = directory.create_user(displayName="Kim", mobilePhone="+49 1", department="Sales")
    directory.clear_properties(user, ["mobilePhone"])
    record = next(one for one in delta(graph, USERS).records if one["id"] == user)
    assert record == {
        "id": user,
        "displayName": "Kim",
        "mobilePhone": None,
        "department": "Sales",
        "accountEnabled": True,
    }
    other = directory.create_user(displayName="Lee")
    record = next(one for one in delta(graph, USERS).records if one["id"] == other)
    assert set(record) == {"id", "displayName", "accountEnabled"}


def test_an_initial_round_may_name_a_few_who_are_gone(graph, directory):
    gone = [record for record in delta(graph, USERS).records if "@removed" in record]
    assert gone
    assert all(record == {"id": record["id"], "@removed": {"reason": "changed"}} for record in gone)
    assert {record["id"] for record in gone} <= set(directory.bin)
    member = directory.users[2]
    group = directory.create_group("leavers", members=[member.id, directory.users[3].id])
    directory.delete(member.id)
    record = next(one for one in delta(graph, GROUPS).records if one["id"] == group)
    assert {"@odata.type", "id", "@removed"} in [set(edge) for edge in record["members@delta"]]
    copy = Copy()
    copy.merge(delta(graph, GROUPS))
    assert copy.members[group] == {directory.users[3].id}


def test_an_idle_round_is_empty_and_has_a_new_link(graph, directory):
    first = delta(graph, USERS)
    directory.clock.advance(60)
    second = delta(graph, first.link)
    assert second.pages == [[]]
    assert second.link != first.link


def test_only_selected_properties_surface_an_object(graph, directory):
    link = delta(graph, USERS).link
    user = directory.users[0].id
    directory.update_user(user, jobTitle="Poet")
    assert delta(graph, link).records == []
    directory.update_user(user, mobilePhone=None, jobTitle="Novelist")
    (record,) = delta(graph, link).records
    assert record["mobilePhone"] is None
    assert "department" in record
    assert "jobTitle" not in record


def test_minimal_mode_shows_what_changed_and_says_so(graph, directory):
    link = delta(graph, USERS).link
    user = directory.users[0].id
    directory.update_user(user, mobilePhone=None)
    directory.disable_user(user)
    answer = graph.get(link, headers={"Prefer": "return=minimal"})
    assert answer.json()["value"] == [{"mobilePhone": None, "accountEnabled": False, "id": user}]
    assert answer.headers["preference-applied"] == "return=minimal"


def test_a_new_manager_is_a_removal_and_an_addition(graph, directory):
    user, old, new = directory.users[1], directory.users[0], directory.users[9]
    link = delta(graph, USERS).link
    directory.set_manager(user.id, new.id)
    (record,) = delta(graph, link).records
    kind = "#microsoft.graph.user"
    removal = {"@odata.type": kind, "id": old.id, "@removed": {"reason": "deleted"}}
    assert record["manager@delta"] == [removal, {"@odata.type": kind, "id": new.id}]
    directory.quirks.set({"manager_single_entry": True})
    assert delta(graph, link).records[0]["manager@delta"] == [{"@odata.type": kind, "id": new.id}]
    directory.set_manager(user.id, None)
    (record,) = delta(graph, link).records
    assert {edge["id"] for edge in record["manager@delta"] if "@removed" in edge} >= {new.id}
    assert delta(graph, "/v1.0/users/delta?$deltatoken=latest&$select=displayName").records == []


def test_a_manager_who_was_not_selected_is_no_change(graph, directory):
    link = delta(graph, "/v1.0/users/delta?$select=displayName").link
    directory.set_manager(directory.users[1].id, directory.users[9].id)
    assert delta(graph, link).records == []


def test_delete_restore_and_purge_are_told_apart(graph, directory):
    user = directory.users[1]
    link = delta(graph, USERS).link
    directory.delete(user.id)
    assert delta(graph, link).records == [{"id": user.id, "@removed": {"reason": "changed"}}]
    directory.restore(user.id)
    (back,) = delta(graph, link).records
    assert "@removed" not in back
    assert back["manager@delta"][0]["id"] == directory.users[0].id
    directory.purge(user.id)
    assert delta(graph, link).records == [{"id": user.id, "@removed": {"reason": "deleted"}}]


def test_a_restore_may_stay_invisible(graph, directory):
    user = directory.users[1].id
    directory.delete(user)
    link = delta(graph, USERS).link
    directory.quirks.set({"restore_invisible": True})
    directory.restore(user)
    assert delta(graph, link).records == []


def test_who_stays_in_the_bin_for_30_days_is_gone_for_good(graph, directory):
    directory.quirks.set({"delta_age_s": 90 * 86_400})
    link = delta(graph, USERS).link
    directory.delete(directory.users[1].id)
    directory.clock.advance(31 * 86_400)
    reasons = {record["id"]: record["@removed"]["reason"] for record in delta(graph, link).records}
    assert reasons[directory.users[1].id] == "deleted"
    assert not directory.bin


def test_a_big_group_comes_back_on_further_pages(graph, directory, app):
    app.control.reset({"users": 1300, "groups": 0})
    everyone = [user.id for user in directory.users if user.live]
    group = directory.create_group("everyone", members=everyone)
    found = delta(graph, GROUPS)
    occurrences = [record for record in found.records if record["id"] == group]
    assert [len(record["members@delta"]) for record in occurrences] == [500, 500, len(everyone) - 1000]
    assert {edge["id"] for record in occurrences for edge in record["members@delta"]} == set(everyone)
    assert all(record["displayName"] == "everyone" for record in occurrences)
    assert max(len([r for r in page if r["id"] == group]) for page in found.pages) == 1
    directory.quirks.set({"repeat_on_page": True})
    found = delta(graph, GROUPS)
    assert max(len([r for r in page if r["id"] == group]) for page in found.pages) == 3


def test_later_rounds_have_only_the_differences_of_members(graph, directory):
    ann, bob, eve = (user.id for user in directory.users[:3])
    group = directory.create_group("team", members=[ann, bob])
    other = directory.create_group("other", members=[ann])
    link = delta(graph, GROUPS).link
    directory.rename_group(other, "another")
    directory.remove_members(group, ann)
    directory.add_members(group, eve)
    directory.remove_members(group, bob)
    directory.add_members(group, bob)
    records = {record["id"]: record for record in delta(graph, link).records}
    assert records[other] == {"id": other, "displayName": "another"}
    edges = [(edge["id"], "@removed" in edge) for edge in records[group]["members@delta"]]
    assert edges == [(ann, True), (bob, True), (eve, False), (bob, False)]
    assert records[group]["displayName"] == "team"


def test_a_group_without_members_has_no_key_for_them(graph, directory):
    group = directory.create_group("empty")
    record = next(one for one in delta(graph, "/v1.0/groups/delta").records if one["id"] == group)
    assert "members@delta" not in record


def test_without_members_in_the_selection_memberships_are_no_change(graph, directory):
    found = delta(graph, "/v1.0/groups/delta?$select=displayName")
    assert not any("members@delta" in record for record in found.records)
    directory.add_members(directory.groups[0].id, directory.create_user())
    assert delta(graph, found.link).records == []


@pytest.mark.parametrize("silent", [True, False])
def test_a_deleted_member_is_told_to_groups_only_where_the_quirk_says_so(graph, directory, silent):
    user = directory.users[2].id
    group = directory.create_group("team", members=[user])
    link = delta(graph, GROUPS).link
    directory.quirks.set({"silent_member_removal": silent})
    directory.delete(user)
    records = {record["id"]: record for record in delta(graph, link).records}
    assert (group in records) is not silent
    directory.restore(user)
    records = {record["id"]: record for record in delta(graph, link).records}
    assert {"@odata.type": "#microsoft.graph.user", "id": user} in records[group]["members@delta"]


def test_a_security_group_is_deleted_for_good_where_the_quirk_says_so(graph, directory):
    soft, hard = directory.create_group("soft"), directory.create_group("hard")
    link = delta(graph, GROUPS).link
    directory.delete(soft)
    directory.quirks.set({"group_hard_delete": True})
    directory.delete(hard)
    reasons = {record["id"]: record["@removed"]["reason"] for record in delta(graph, link).records}
    assert reasons == {soft: "changed", hard: "deleted"}


def test_changes_during_a_round_come_in_the_next_one(graph, directory):
    directory.quirks.set({"users_page": 50})
    first = graph.get(USERS).json()
    directory.update_user(directory.users[0].id, department="Space")
    newcomer = directory.create_user()
    rest = delta(graph, first["@odata.nextLink"])
    later = {record["id"]: record for record in delta(graph, rest.link).records}
    assert later[directory.users[0].id]["department"] == "Space"
    assert newcomer in later


def test_latest_gives_a_link_and_nothing_else(graph, directory):
    found = delta(graph, "/v1.0/users/delta?$deltatoken=latest&$select=displayName")
    assert found.pages == [[]]
    directory.update_user(directory.users[0].id, displayName="New", department="New")
    assert delta(graph, found.link).records == [{"id": directory.users[0].id, "displayName": "New"}]


def test_an_id_filter_keeps_to_its_ids_and_others_are_refused(graph, directory):
    wanted = [user.id for user in directory.users[:3]]
    clause = " or ".join(f"id eq '{one}'" for one in wanted)
    found = delta(graph, f"/v1.0/users/delta?$select=displayName&$filter={clause}")
    assert found.ids == wanted
    directory.update_user(wanted[0], displayName="A")
    directory.update_user(directory.users[5].id, displayName="B")
    assert delta(graph, found.link).ids == wanted[:1]
    for refused in ("displayName eq 'x'", " or ".join(["id eq 'x'"] * 51)):
        assert graph.get("/v1.0/users/delta", params={"$filter": refused}).status_code == 400
