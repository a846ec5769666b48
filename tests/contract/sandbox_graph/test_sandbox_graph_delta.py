"""Delta rounds of the sandbox's Graph: initial ones, later ones, and every quirk of their pages."""

from __future__ import annotations

from urllib.parse import unquote

import pytest

from tests.contract.sandbox_graph.walk import Copy, delta

USERS = "/v1.0/users/delta?$select=displayName,mobilePhone,department,accountEnabled,manager"
GROUPS = "/v1.0/groups/delta?$select=displayName,description,members"


def truth(directory) -> Copy:
    """What a client must know: live objects, their live members and managers."""
    return Copy(
        objects={},
        members={group.id: {member.id for member in group.members()} for group in directory.groups if group.live},
        managers={
            user.id: user.manager.id for user in directory.users if user.live and user.manager and user.manager.live
        },
    )


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


def test_tokens_expire_after_seven_days(graph, directory):
    link = delta(graph, USERS).link
    directory.clock.advance(7 * 86_400 - 60)
    assert graph.get(link).status_code == 200
    directory.clock.advance(120)
    expired = graph.get(link)
    assert (expired.status_code, expired.json()["error"]["code"]) == (400, "syncStateNotFound")
    directory.quirks.set({"expired_as": 410})
    assert graph.get(link).status_code == 410


def test_a_reset_stream_answers_410_with_the_way_to_start_over(graph, directory):
    users, groups = delta(graph, USERS).link, delta(graph, GROUPS).link
    directory.reset_stream("users")
    gone = graph.get(users)
    assert (gone.status_code, gone.json()["error"]["code"]) == (410, "resyncRequired")
    assert gone.headers["location"].endswith("/v1.0/users/delta?$deltatoken=")
    assert len(delta(graph, gone.headers["location"]).records) > 100
    assert graph.get(groups).status_code == 200
    directory.quirks.set({"resync_location": None, "resync_code": "resyncApplyDifferences"})
    assert "location" not in graph.get(users).headers


def test_tampered_foreign_and_repeated_parameters_are_refused(graph, directory):
    link = delta(graph, USERS).link
    for wrong in (
        link.replace("$deltatoken=", "$deltatoken=x"),
        link.replace("$deltatoken", "$skiptoken"),
        link + "&$select=id",
        link.replace("users/", "groups/"),
    ):
        refused = graph.get(wrong)
        assert (refused.status_code, refused.json()["error"]["code"]) == (400, "Request_BadRequest")
    directory.quirks.set({"users_page": 20, "skip_age_s": 60})
    stale = graph.get(USERS).json()["@odata.nextLink"]
    directory.clock.advance(61)
    assert (graph.get(stale).status_code, graph.get(stale).json()["error"]["code"]) == (404, "UnknownError")


def test_awkward_tokens_come_back_byte_for_byte(graph, directory, app):
    directory.quirks.set({"awkward_tokens": True, "users_page": 40})
    found = delta(graph, USERS)
    assert "%2B%2F%3D" in found.link
    assert unquote(found.link).endswith("+/=")
    app.journal.clear()
    graph.get(found.link)
    (entry,) = app.journal
    assert f"{entry.path}?{entry.query}" == found.link.removeprefix(str(graph.base_url))


@pytest.mark.parametrize(
    "quirks",
    [
        {"empty_pages": True},
        {"short_pages": True},
        {"random_order": True},
        {"duplicates": True},
        {"single_group_pages": True},
        {"repeat_on_page": True, "members_page": 7},
        {"members_budget": 10, "members_page": 3},
        {"removed_in_initial": False},
        {"manager_single_entry": True},
        {"silent_member_removal": False},
        {"replays": 0.5},
        {
            "empty_pages": True,
            "short_pages": True,
            "random_order": True,
            "duplicates": True,
            "replays": 0.5,
            "members_page": 9,
        },
    ],
    ids="+".join,
)
def test_whatever_the_pages_look_like_the_copy_is_true(graph, directory, quirks):
    directory.quirks.set({"users_page": 25, **quirks})
    users, groups = Copy(), Copy()
    links = {}
    for copy, url in ((users, USERS), (groups, GROUPS)):
        found = delta(graph, url)
        copy.merge(found)
        links[url] = found.link
    for step in range(3):
        ids = [user.id for user in directory.users if user.live]
        directory.update_user(ids[3], displayName=f"Step {step}", mobilePhone=None)
        directory.set_manager(ids[5 + step], ids[40])
        directory.set_manager(ids[6], None)
        newcomer = directory.create_user(displayName="Newcomer", manager=ids[2])
        group = directory.create_group(f"step {step}", members=[newcomer, *ids[:20]])
        directory.remove_members(group, *ids[:5])
        directory.delete(directory.groups[step].id)
        for copy, url in ((users, USERS), (groups, GROUPS)):
            found = delta(graph, links[url])
            copy.merge(found)
            links[url] = found.link
    expected = truth(directory)
    assert users.objects.keys() == {user.id for user in directory.users if user.live}
    assert users.objects[ids[3]]["displayName"] == "Step 2"
    assert users.managers == expected.managers
    assert groups.members == expected.members


def test_empty_pages_stand_first_in_the_middle_and_before_the_last(graph, directory):
    directory.quirks.set({"empty_pages": True, "users_page": 20, "removed_in_initial": False})
    lengths = [len(page) for page in delta(graph, USERS).pages]
    assert lengths[0] == 0
    assert lengths[-2] == 0
    assert 0 in lengths[1:-2]
    assert lengths[-1] > 0


def test_duplicates_bring_the_older_version_first(graph, directory):
    directory.quirks.set({"duplicates": True, "users_page": 50})
    records = [record for record in delta(graph, USERS).records if "@removed" not in record]
    twice = [record for record in records if [r["id"] for r in records].count(record["id"]) == 2]
    assert len(twice) == 4
    assert twice[0]["displayName"] == f"{twice[1]['displayName']} (before)"


def test_replays_bring_old_changes_again(graph, directory):
    directory.quirks.set({"replays": 1})
    directory.update_user(directory.users[0].id, displayName="Once")
    link = delta(graph, USERS).link
    assert delta(graph, link).ids == [directory.users[0].id]


def test_a_change_is_visible_only_after_its_delay(graph, directory):
    directory.quirks.set({"late_visibility": 30})
    link = delta(graph, USERS).link
    directory.update_user(directory.users[0].id, displayName="Late")
    early = delta(graph, link)
    assert early.records == []
    directory.clock.advance(31)
    assert delta(graph, early.link).ids == [directory.users[0].id]


def test_an_endless_chain_repeats_itself(graph, directory):
    directory.quirks.set({"endless_chain": True})
    with pytest.raises(AssertionError, match="no deltaLink within 20 pages"):
        delta(graph, USERS, most=20)


def test_links_may_point_to_another_host(graph, directory):
    directory.quirks.set({"foreign_host_link": "http://127.0.0.2:9", "users_page": 20})
    assert graph.get(USERS).json()["@odata.nextLink"].startswith("http://127.0.0.2:9/v1.0/users/delta?$skiptoken=")
    assert graph.get("/v1.0/users?$top=5").json()["@odata.nextLink"].startswith("http://127.0.0.2:9/v1.0/users?$top=5")


def test_options_that_delta_ignores_are_noted_in_the_journal(graph, app):
    page = graph.get("/v1.0/users/delta?$select=id&$top=5&$orderby=id").json()
    assert len(page["value"]) > 100
    (entry,) = app.journal
    assert entry.notes == {"stream": "users", "page": 0, "ignored": ["$top", "$orderby"]}


def test_role_edits_of_the_service_principal_come_by_delta(graph, directory):
    found = delta(
        graph, f"/v1.0/servicePrincipals/delta?$select=id,appRoles&$filter=id eq '{directory.application.id}'"
    )
    role = directory.application.roles[0]
    directory.edit_app_roles([{**role, "displayName": "Boss", "isEnabled": False}])
    (record,) = delta(graph, found.link).records
    assert [(one["id"], one["displayName"], one["isEnabled"]) for one in record["appRoles"]] == [
        (role["id"], "Boss", False)
    ]
