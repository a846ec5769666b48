"""Delta tokens and pages of the sandbox's Graph: how they end, and every quirk of what lies between."""

from __future__ import annotations

from urllib.parse import unquote

import pytest

from tests.contract.sandbox_graph.walk import Copy, delta, truth

USERS = "/v1.0/users/delta?$select=displayName,mobilePhone,department,accountEnabled,manager"
GROUPS = "/v1.0/groups/delta?$select=displayName,description,members"


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
