"""What a change in the sandbox's organisation brings about: status, memberships and assignments."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from connectors.sandbox.okta import OktaDirectory
from tests.contract.okta_org import Org, org


@pytest.fixture
async def acme() -> AsyncIterator[Org]:
    async with org() as one:
        one.directory.create_app("TestMu")
        yield one


def app_id(acme: Org) -> str:
    return next(iter(acme.directory.apps))


async def app_users(acme: Org, **params: str) -> dict[str, Any]:
    found = await acme.pages(f"/api/v1/apps/{app_id(acme)}/users", **params)
    return {row["credentials"]["userName"].partition("@")[0]: row for page in found for row in page.json}


# -- users ---------------------------------------------------------------------------------------------------------


async def test_deactivation_takes_assignments_away_and_keeps_memberships(acme: Org) -> None:
    kim = acme.people(1)[0]
    group = acme.directory.create_group("Sales")
    acme.directory.add_member(group.id, kim.id)
    acme.directory.assign_group("TestMu", group.id)
    acme.directory.assign_user("TestMu", kim.id)
    acme.clock.advance(60)
    before = acme.directory.log.last
    await acme.control("mutate", {"op": "deactivate_user", "user": "user000@acme.example"})
    read = (await acme.get(f"/api/v1/users/{kim.id}")).json
    assert (read["status"], read["statusChanged"]) == ("DEPROVISIONED", "2026-03-02T11:16:00.000Z")
    assert read["lastUpdated"] == read["statusChanged"]
    assert await app_users(acme) == {}
    assert (await acme.get(f"/api/v1/apps/{app_id(acme)}/users/{kim.id}")).code == "E0000007"
    assert (await acme.get(f"/api/v1/groups/{group.id}/users")).ids == [kim.id]
    assert acme.events(after=before) == ["user.lifecycle.deactivate", "application.user_membership.remove"]
    await acme.control("mutate", {"op": "activate_user", "user": kim.id})
    assert set(await app_users(acme)) == {"user000"}  # by the group alone: the individual assignment is gone
    assert (await app_users(acme))["user000"]["scope"] == "GROUP"


async def test_only_deactivated_users_can_be_deleted_and_then_they_are_gone_everywhere(acme: Org) -> None:
    kim = acme.people(1)[0]
    group = acme.directory.create_group("Sales")
    acme.directory.add_member(group.id, kim.id)
    with pytest.raises(ValueError, match="only deactivated users"):
        acme.directory.delete_user(kim.id)
    acme.directory.set_status(kim.id, "DEPROVISIONED")
    acme.directory.delete_user(kim.id)
    assert (await acme.get(f"/api/v1/users/{kim.id}")).status == 404
    assert (await acme.get("/api/v1/users/user000%40acme.example")).status == 404
    assert (await acme.get("/api/v1/users", filter='status eq "DEPROVISIONED"')).json == []
    assert (await acme.get(f"/api/v1/groups/{group.id}/users")).json == []
    assert acme.events()[-2:] == ["user.lifecycle.delete.initiated", "user.lifecycle.delete.completed"]


async def test_suspension_keeps_assignment_and_membership(acme: Org) -> None:
    kim = acme.people(1)[0]
    acme.directory.assign_user("TestMu", kim.id)
    row = (await app_users(acme))["user000"]
    for op, status in (("suspend_user", "SUSPENDED"), ("unsuspend_user", "ACTIVE")):
        acme.clock.advance(60)
        await acme.control("mutate", {"op": op, "user": kim.id})
        assert (await acme.get(f"/api/v1/users/{kim.id}")).json["status"] == status
        assert (await app_users(acme))["user000"] == row


async def test_a_sign_in_moves_last_login_and_nothing_else(acme: Org) -> None:
    kim = acme.people(1)[0]
    before = (await acme.get(f"/api/v1/users/{kim.id}")).json
    acme.clock.advance(60)
    acme.directory.sign_in(kim.id)
    after = (await acme.get(f"/api/v1/users/{kim.id}")).json
    assert {name for name in before if before[name] != after[name]} == {"lastLogin"}
    acme.directory.sign_in(kim.id, finding="PASSWORD_EXPIRED")
    after = (await acme.get(f"/api/v1/users/{kim.id}")).json
    assert (after["status"], after["lastUpdated"]) == ("PASSWORD_EXPIRED", "2026-03-02T11:16:00.000Z")


async def test_an_asynchronous_transition_is_announced_first(acme: Org) -> None:
    kim = acme.people(1)[0]
    acme.directory.assign_user("TestMu", kim.id)
    acme.directory.set_options({"transition_s": 20})
    acme.directory.set_status(kim.id, "DEPROVISIONED")
    read = (await acme.get(f"/api/v1/users/{kim.id}")).json
    assert (read["status"], read["transitioningToStatus"]) == ("ACTIVE", "DEPROVISIONED")
    assert set(await app_users(acme)) == {"user000"}
    acme.clock.advance(21)
    read = (await acme.get(f"/api/v1/users/{kim.id}")).json
    assert read["status"] == "DEPROVISIONED"
    assert "transitioningToStatus" not in read
    assert await app_users(acme) == {}


async def test_renaming_a_login_moves_the_user_and_the_app_user_name(acme: Org) -> None:
    kim, lee = acme.people(2)
    acme.directory.assign_user("TestMu", kim.id)
    acme.clock.advance(60)
    acme.directory.update_user(kim.id, {"login": "kim@acme.example"})
    assert (await acme.get("/api/v1/users/user000%40acme.example")).status == 404
    assert (await acme.get("/api/v1/users/kim%40acme.example")).json["id"] == kim.id
    assert set(await app_users(acme)) == {"kim"}
    assert "application.user_membership.change_username" in acme.events()
    with pytest.raises(ValueError, match="is taken"):
        acme.directory.update_user(lee.id, {"login": "KIM@acme.example"})


# -- assignments ---------------------------------------------------------------------------------------------------


async def test_membership_gives_the_application_and_moves_the_group_but_not_the_user(acme: Org) -> None:
    kim = acme.people(1)[0]
    group = acme.directory.create_group("Sales")
    acme.directory.assign_group("TestMu", group.id)
    acme.clock.advance(60)
    before = acme.directory.log.last
    acme.directory.add_member(group.id, kim.id)
    read = (await acme.get(f"/api/v1/groups/{group.id}")).json
    assert read["lastMembershipUpdated"] == "2026-03-02T11:16:00.000Z"
    assert read["lastUpdated"] == "2026-03-02T11:15:00.000Z"
    assert (await acme.get(f"/api/v1/users/{kim.id}")).json["lastUpdated"] == "2026-03-02T11:15:00.000Z"
    row = (await app_users(acme))["user000"]
    assert row["scope"] == "GROUP"
    assert row["_links"]["group"] == {"name": "Sales", "href": f"{acme.url}/api/v1/groups/{group.id}"}
    assert acme.events(after=before) == ["group.user_membership.add", "application.user_membership.add"]
    acme.directory.remove_member(group.id, kim.id)
    assert await app_users(acme) == {}


async def test_a_membership_reaches_the_application_after_the_configured_delay(acme: Org) -> None:
    kim = acme.people(1)[0]
    group = acme.directory.create_group("Sales")
    acme.directory.assign_group("TestMu", group.id)
    acme.directory.set_options({"membership_delay_s": 30})
    acme.directory.add_member(group.id, kim.id)
    assert (await acme.get(f"/api/v1/groups/{group.id}/users")).ids == [kim.id]
    assert await app_users(acme) == {}
    acme.clock.advance(31)
    assert set(await app_users(acme)) == {"user000"}


async def test_individual_assignment_falls_back_to_the_group_that_still_covers_the_user(acme: Org) -> None:
    kim = acme.people(1)[0]
    group = acme.directory.create_group("Sales")
    acme.directory.add_member(group.id, kim.id)
    acme.directory.assign_user("TestMu", kim.id, {"role": "admin"})
    acme.directory.assign_group("TestMu", group.id, {"role": "viewer"})
    row = (await app_users(acme))["user000"]
    assert (row["scope"], row["profile"]["role"], "group" in row["_links"]) == ("USER", "admin", False)
    acme.directory.unassign_user("TestMu", kim.id)
    row = (await app_users(acme))["user000"]
    assert (row["scope"], row["profile"]["role"], row["_links"]["group"]["name"]) == ("GROUP", "viewer", "Sales")
    acme.directory.delete_group(group.id)
    assert await app_users(acme) == {}


async def test_lowest_priority_number_gives_the_values_and_arrays_are_combined(acme: Org) -> None:
    kim = acme.people(1)[0]
    first, second = (acme.directory.create_group(name) for name in ("A", "B"))
    for group, profile in (
        (first, {"role": "viewer", "licences": ["basic"]}),
        (second, {"role": "admin", "licences": ["pro", "basic"]}),
    ):
        acme.directory.add_member(group.id, kim.id)
        acme.directory.assign_group("TestMu", group.id, profile)
    path = f"/api/v1/apps/{app_id(acme)}/groups"
    assert [(row["id"], row["priority"]) for row in (await acme.get(path)).json] == [(first.id, 0), (second.id, 1)]
    row = (await app_users(acme))["user000"]
    assert (row["profile"]["role"], row["profile"]["licences"]) == ("viewer", ["basic", "pro"])
    acme.clock.advance(60)
    await acme.control("mutate", {"op": "set_app_group", "group": "A", "priority": 5})
    assert (await acme.get(path)).ids == [second.id, first.id]
    row = (await app_users(acme))["user000"]
    assert (row["profile"]["role"], row["profile"]["licences"]) == ("admin", ["pro", "basic"])
    assert row["_links"]["group"]["name"] == "B"
    assert row["lastUpdated"] == "2026-03-02T11:16:00.000Z"


async def test_app_user_moves_only_if_the_evaluated_profile_changed(acme: Org) -> None:
    kim = acme.people(1)[0]
    acme.directory.assign_user("TestMu", kim.id)
    row = (await app_users(acme))["user000"]
    acme.clock.advance(60)
    acme.directory.update_user(kim.id, {"nickName": "K"})
    assert (await acme.get(f"/api/v1/users/{kim.id}")).json["lastUpdated"] == "2026-03-02T11:16:00.000Z"
    assert (await app_users(acme))["user000"] == row
    acme.directory.update_user(kim.id, {"department": "Legal"})
    changed = (await app_users(acme))["user000"]
    assert (changed["profile"]["department"], changed["lastUpdated"]) == ("Legal", "2026-03-02T11:16:00.000Z")


async def test_expand_embeds_users_and_groups_only_on_request(acme: Org) -> None:
    group = acme.directory.create_group("Sales")
    for user in acme.people(5):
        acme.directory.add_member(group.id, user.id)
    acme.directory.assign_group("TestMu", group.id)
    pages = await acme.pages(f"/api/v1/apps/{app_id(acme)}/users", expand="user", limit="2")
    assert [len(page.json) for page in pages] == [2, 2, 1]
    for row in (row for page in pages for row in page.json):
        embedded = row["_embedded"]["user"]
        assert embedded == (await acme.get(f"/api/v1/users/{row['id']}")).json
        single = await acme.get(f"/api/v1/apps/{app_id(acme)}/users/{row['id']}", expand="user")
        assert single.json == row
    assert all("_embedded" not in row for row in (await app_users(acme)).values())
    path = f"/api/v1/apps/{app_id(acme)}/groups"
    [row] = (await acme.get(path, expand="group")).json
    assert row["_embedded"]["group"] == (await acme.get(f"/api/v1/groups/{group.id}")).json
    assert "_embedded" not in (await acme.get(path)).json[0]
    assert (await acme.get(f"{path}/{group.id}")).json == (await acme.get(path)).json[0]
    assert set(await app_users(acme, q="given3")) == {"user003"}


async def test_group_list_of_an_application_has_twenty_to_two_hundred_a_page(acme: Org) -> None:
    for number in range(45):
        acme.directory.assign_group("TestMu", acme.directory.create_group(f"Team {number:02}").id)
    path = f"/api/v1/apps/{app_id(acme)}/groups"
    pages = await acme.pages(path)
    assert [len(page.json) for page in pages] == [20, 20, 5]
    assert [row["priority"] for page in pages for row in page.json] == list(range(45))
    assert (await acme.get(path, limit="5")).code == "E0000001"


async def test_simulated_provisioning_leaves_an_external_id_that_survives_a_re_hire(acme: Org) -> None:
    kim = acme.people(1)[0]
    acme.directory.assign_user("TestMu", kim.id)
    row = (await app_users(acme))["user000"]
    assert (row["status"], row["syncState"], "externalId" in row) == ("ACTIVE", "DISABLED", False)
    acme.directory.unassign_user("TestMu", kim.id)
    acme.directory.set_options({"provisioning": True})
    acme.directory.assign_user("TestMu", kim.id)
    row = (await app_users(acme))["user000"]
    assert (row["status"], row["syncState"]) == ("PROVISIONED", "SYNCHRONIZED")
    acme.directory.unassign_user("TestMu", kim.id)
    acme.directory.assign_user("TestMu", kim.id)
    assert (await app_users(acme))["user000"]["externalId"] == row["externalId"]
    await acme.control("mutate", {"op": "set_app_user", "user": kim.id, "status": "STAGED", "sync_state": "ERROR"})
    row = (await app_users(acme))["user000"]
    assert (row["status"], row["syncState"]) == ("STAGED", "ERROR")


async def test_mapping_and_schema_changes_reach_every_app_user(acme: Org) -> None:
    kim, lee = acme.people(2)
    for user in (kim, lee):
        acme.directory.assign_user("TestMu", user.id)
    before = acme.directory.log.last
    await acme.control(
        "mutate", {"op": "set_mapping", "target": "displayName", "expression": 'user.lastName + ", " + user.firstName'}
    )
    assert (await app_users(acme))["user001"]["profile"]["displayName"] == "Family1, Given1"
    await acme.control(
        "mutate",
        [
            {"op": "set_attribute", "attribute": {"name": "loginUpper", "title": "Login"}},
            {"op": "set_mapping", "target": "loginUpper", "expression": "String.toUpperCase(user.login)"},
        ],
    )
    assert (await app_users(acme))["user000"]["profile"]["loginUpper"] == "USER000@ACME.EXAMPLE"
    await acme.control("mutate", {"op": "remove_attribute", "name": "loginUpper"})
    assert "loginUpper" not in (await app_users(acme))["user000"]["profile"]
    types = set(acme.events(after=before))
    assert types >= {
        "directory.mapping.update",
        "directory.app_user_profile.update",
        "application.user_membership.update",
    }


async def test_a_mapping_for_create_only_keeps_the_first_value(acme: Org) -> None:
    kim = acme.people(1, department="Sales")[0]
    given = {"op": "set_mapping", "target": "department", "expression": "user.department", "push_status": "DONT_PUSH"}
    await acme.control("mutate", given)
    acme.directory.assign_user("TestMu", kim.id)
    acme.directory.update_user(kim.id, {"department": "Legal"})
    assert (await app_users(acme))["user000"]["profile"]["department"] == "Sales"


async def test_user_name_template_is_followed(acme: Org) -> None:
    kim = acme.people(1)[0]
    acme.directory.assign_user("TestMu", kim.id)
    template = '${fn:substringBefore(source.login, "@")}'
    await acme.control("mutate", {"op": "set_app", "user_name_template": template})
    [row] = (await acme.get(f"/api/v1/apps/{app_id(acme)}/users")).json
    assert row["credentials"]["userName"] == "user000"
    read = (await acme.get(f"/api/v1/apps/{app_id(acme)}")).json
    assert read["credentials"]["userNameTemplate"] == {"template": template, "type": "CUSTOM", "pushStatus": "PUSH"}


async def test_wrong_mutations_are_refused_in_a_sentence(acme: Org) -> None:
    for wrong in ({"op": "promote_user"}, {"op": "suspend_user", "user": "nobody"}, {"op": "set_status", "user": "x"}):
        async with acme.session.post(f"{acme.url}/_emu/mutate", json=wrong) as response:
            assert response.status == 400
            assert (await response.json())["error"]
    with pytest.raises(ValueError, match="are not set by hand"):
        acme.directory.add_member(acme.directory.everyone_id, acme.people(1)[0].id)


def test_the_organisation_may_be_changed_without_a_server() -> None:
    directory = OktaDirectory(seed=5)
    user = directory.create_user({"login": "kim@acme.example", "firstName": "Kim", "lastName": "Berg"})
    app = directory.create_app("TestMu")
    row = directory.assign_user(app.id, user.id, {"role": "editor"})
    assert row.profile["role"] == "editor"
    assert row.profile["displayName"] == "Kim Berg"
    assert directory.app("TestMu").get(user.id) == row
