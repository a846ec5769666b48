"""What Okta's records mean: who may sign in, who is assigned, who is a member, who is gone."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from connectors.errors import AccessDenied
from connectors.okta import app_users
from connectors.sandbox.okta.schema import Attribute
from syncd.core.model import Removal
from tests.contract.okta_world import World, organisation


@pytest.fixture
async def world() -> AsyncIterator[World]:
    with organisation() as made:
        yield made
        await made.close()


# --- users


@pytest.mark.parametrize("scope", ["assigned", "all"])
async def test_okta_user_status_matrix(world: World, scope: str) -> None:
    expected = {
        "STAGED": True,
        "PROVISIONED": True,
        "ACTIVE": True,
        "RECOVERY": True,
        "PASSWORD_EXPIRED": True,
        "LOCKED_OUT": True,
        "SUSPENDED": True,
        "DEPROVISIONED": False,
    }
    for status, user in zip(expected, world.people(len(expected)), strict=True):
        world.directory.set_status(user.id, status)  # type: ignore[arg-type]
    read = await world.read("users", scope=scope)
    seen = {user.attributes["status"]: user.enabled for user in read.users}
    if scope == "assigned":
        del expected["DEPROVISIONED"]  # deactivation takes the assignment away
    assert seen == expected


async def test_okta_suspend_policy_switch(world: World) -> None:
    user = world.people(1)[0]
    world.directory.set_status(user.id, "SUSPENDED")
    assert (await world.read("users")).users[0].enabled
    assert not (await world.read("users", deactivate_suspended=True)).users[0].enabled
    world.directory.set_status(user.id, "ACTIVE")
    assert (await world.read("users", deactivate_suspended=True)).users[0].enabled


async def test_okta_credential_states_do_not_flap(world: World) -> None:
    user = world.people(1)[0]
    seen = []
    for status in ("ACTIVE", "LOCKED_OUT", "ACTIVE", "PASSWORD_EXPIRED", "RECOVERY"):
        world.directory.set_status(user.id, status)  # type: ignore[arg-type]
        read = await world.read("users")
        seen.append((read.users[0].enabled, read.users[0].attributes["profile"]))
    assert all(one == seen[0] for one in seen)
    assert seen[0][0] is True


async def test_okta_transitioning_to_deprovisioned_is_effective(world: World) -> None:
    user = world.people(1)[0]
    world.options(transition_s=120)
    world.directory.set_status(user.id, "DEPROVISIONED")
    read = await world.read("users")
    assert (read.users[0].attributes["status"], read.users[0].enabled) == ("ACTIVE", False)
    group = world.directory.create_group("Sales")
    world.directory.add_member(group.id, user.id)
    assert (await world.read("groups")).members[group.id] == set()


async def test_okta_deprovisioned_pass_included(world: World) -> None:
    users = world.people(12, assigned=False)
    for user in users[:3]:
        world.directory.set_status(user.id, "DEPROVISIONED")
    world.options(page_size=5)
    read = await world.read("users", scope="all")
    assert read.full
    assert {user.id: user.enabled for user in read.users} == {user.id: user not in users[:3] for user in users}


async def test_someone_on_both_lists_is_asked_for_by_id(world: World) -> None:
    user = world.people(1, assigned=False)[0]
    world.options(index_delay_s=60)
    world.directory.set_status(user.id, "DEPROVISIONED")
    world.clock.advance(61)
    world.directory.set_status(user.id, "ACTIVE")  # which the index does not know yet
    read = await world.read("users", scope="all")
    assert [one.enabled for one in read.users] == [True, True]
    assert len(world.requests(f"/api/v1/users/{user.id}")) == 1


async def test_okta_expand_user_single_pass(world: World) -> None:
    world.people(1000)
    source = world.source()
    read = await world.read("users", source)
    assert len(read.users) == 1000
    assert source.requests == 2
    assert len((await world.read("assignments", source)).principals) == 1000
    assert source.requests == 3  # the application's groups; its users are known from just now


@pytest.mark.parametrize(("first", "second"), [("users", "assignments"), ("assignments", "users")])
async def test_the_second_stream_of_a_cycle_is_served_from_the_walk_of_the_first_once(
    world: World, first: str, second: str
) -> None:
    world.people(3)
    source = world.source()
    await world.read(first, source)  # type: ignore[arg-type]
    served = await world.read(second, source)  # type: ignore[arg-type]
    assert len(world.requests("expand=user")) == 1
    assert len(served.users) + len(served.principals) == 3
    world.people(1, prefix="new")
    again = await world.read(second, source)  # type: ignore[arg-type]
    assert len(again.users) + len(again.principals) == 4
    assert len(world.requests("expand=user")) == 2


async def test_what_was_kept_is_not_served_when_it_is_old_or_long(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.people(3)
    source = world.source()
    await world.read("users", source)
    world.clock.advance(601)
    await world.read("assignments", source)
    assert len(world.requests("expand=user")) == 2
    monkeypatch.setattr(app_users, "KEPT_ROWS", 2)
    await world.read("users", world.source())
    other = world.source()
    await world.read("users", other)
    await world.read("assignments", other)
    assert len(world.requests("expand=user")) == 5


# --- assignments


async def test_okta_app_user_status_matrix(world: World) -> None:
    assigned = ["ACTIVE", "PROVISIONED", "STAGED", "IMPORTED", "MATCHED", "IMPLICIT", "APPROVED", "PENDING"]
    not_assigned = ["DEPROVISIONED", "REVOKED", "UNASSIGNED", "INACTIVE", "SUSPENDED"]
    users = world.people(len(assigned + not_assigned))
    for status, user in zip(assigned + not_assigned, users, strict=True):
        world.directory.set_app_user(world.app.id, user.id, status=status)
    read = await world.read("assignments")
    assert [one.attributes["status"] for one in read.assignments] == assigned
    assert read.unknown == set()
    assert read.full


async def test_okta_username_from_app_credentials(world: World) -> None:
    world.directory.set_app(world.app.id, user_name_template='${fn:substringBefore(source.login, "@")}')
    world.people(1)
    read = await world.read("assignments")
    assert read.assignments[0].attributes["userName"] == "user0000"


async def test_okta_external_id_adopted(world: World) -> None:
    user = world.people(1)[0]
    world.directory.set_app_user(world.app.id, user.id, external_id="scim-7f31")
    assert (await world.read("assignments")).assignments[0].attributes["externalId"] == "scim-7f31"


async def test_okta_group_scope_profile_and_priority(world: World) -> None:
    world.directory.set_attribute(Attribute(name="role", type="string", scope="NONE"), app=world.app.id)
    user = world.people(1, assigned=False)[0]
    sales, staff = world.directory.create_group("Sales"), world.directory.create_group("Staff")
    for group, role in ((sales, "editor"), (staff, "reader")):
        world.directory.add_member(group.id, user.id)
        world.directory.assign_group(world.app.id, group.id, {"role": role})
    read = await world.read("assignments")
    by_id = {one.id: one for one in read.assignments}
    assert by_id[f"user:{user.id}"].role == "editor"
    assert by_id[f"user:{user.id}"].through == f"Sales ({sales.id})"
    assert by_id[f"group:{staff.id}"].attributes == {"profile": {"role": "reader"}, "priority": 1}
    assert by_id[f"group:{staff.id}"].principal_kind == "group"
    world.directory.assign_group(world.app.id, staff.id, priority=0)
    world.directory.assign_group(world.app.id, sales.id, priority=1)
    read = await world.read("assignments")
    assert {one.id: one for one in read.assignments}[f"user:{user.id}"].role == "reader"


async def test_okta_direct_to_group_assignment_no_flap(world: World) -> None:
    user = world.people(1)[0]
    group = world.directory.create_group("Sales")
    world.directory.add_member(group.id, user.id)
    world.directory.assign_group(world.app.id, group.id)
    before = await world.read("assignments")
    world.directory.unassign_user(world.app.id, user.id)
    after = await world.read("assignments")
    assert before.principals == after.principals == [user.id]
    assert [one.id for one in before.assignments] == [one.id for one in after.assignments]
    assert after.assignments[0].through == f"Sales ({group.id})"


async def test_okta_unassign_deactivates_after_complete_scan(world: World) -> None:
    users = world.people(3)
    world.directory.unassign_user(world.app.id, users[1].id)
    read = await world.read("assignments")
    assert read.full
    assert read.principals == [users[0].id, users[2].id]


async def test_okta_rehire_keeps_scim_id(world: World) -> None:
    user = world.people(1)[0]
    before = (await world.read("assignments")).assignments[0]
    world.directory.unassign_user(world.app.id, user.id)
    assert (await world.read("assignments")).principals == []
    world.directory.assign_user(world.app.id, user.id)
    after = (await world.read("assignments")).assignments[0]
    assert (before.id, before.attributes["externalId"]) == (after.id, after.attributes["externalId"])


# --- groups


async def test_okta_duplicate_group_names_keyed_by_id(world: World) -> None:
    users = world.people(2)
    groups = [
        world.directory.create_group("Sales"),
        world.directory.create_group("Sales", type="APP_GROUP", source_id="0oaad"),
    ]
    for group, user in zip(groups, users, strict=True):
        world.directory.add_member(group.id, user.id)
    read = await world.read("groups")
    for group, user in zip(groups, users, strict=True):
        assert read.members[group.id] == {user.id}
    found = await world.source().find("group", "sales")
    assert {one.object.id for one in found} == {group.id for group in groups}


async def test_okta_app_group_and_builtin_group_handled(world: World) -> None:
    world.people(2)
    app_group = world.directory.create_group("Sales", type="APP_GROUP", source_id="0oaad")
    read = await world.read("groups", group_selection=lambda raw: raw["type"] != "BUILT_IN")
    types = {group.attributes["type"] for group in read.groups}
    assert types == {"BUILT_IN", "APP_GROUP"}
    assert {group.id: group.attributes.get("source") for group in read.groups}[app_group.id] == {"id": "0oaad"}
    assert read.members[world.directory.everyone_id] == set()
    assert not world.requests(f"/groups/{world.directory.everyone_id}/users")
    assert len((await world.read("groups")).members[world.directory.everyone_id]) == 2


@pytest.mark.parametrize("listed", [True, False])
async def test_okta_deprovisioned_group_members_filtered(world: World, listed: bool) -> None:
    users = world.people(3)
    group = world.directory.create_group("Sales")
    for user in users:
        world.directory.add_member(group.id, user.id)
    world.directory.set_status(users[0].id, "DEPROVISIONED")
    world.options(deprovisioned_members=listed)
    assert (await world.read("groups")).members[group.id] == {users[1].id, users[2].id}


async def test_okta_group_rename_keeps_target_group(world: World) -> None:
    group = world.directory.create_group("Sales")
    world.directory.update_group(group.id, {"name": "Sales EMEA"})
    read = await world.read("groups")
    assert {one.id: one.attributes["profile"]["name"] for one in read.groups}[group.id] == "Sales EMEA"


async def test_only_assigned_groups_are_read_where_only_they_count(world: World) -> None:
    users = world.people(7)
    wanted = [world.directory.create_group(f"Sales {n}") for n in range(3)]
    other = world.directory.create_group("Other")
    for group in (*wanted, other):
        for user in users:
            world.directory.add_member(group.id, user.id)
    for group in wanted:
        world.directory.assign_group(world.app.id, group.id)
    read = await world.read("groups", assigned_groups_only=True)
    assert read.members == {group.id: {user.id for user in users} for group in wanted}
    assert not world.requests(other.id)


async def test_large_groups_are_read_in_pages_and_each_member_once(world: World) -> None:
    users = world.people(450)
    groups = [world.directory.create_group(f"Group {n}") for n in range(3)]
    for group in groups:
        for user in users:
            world.directory.add_member(group.id, user.id)
    read = await world.read("groups")
    assert len(read.memberships) == 3 * 450 + 450  # Everyone, too
    for group in groups:
        assert read.members[group.id] == {user.id for user in users}


async def test_a_group_whose_members_cannot_be_read_is_unknown_and_stops_no_other(world: World) -> None:
    users = world.people(3)
    groups = [world.directory.create_group(f"Group {n}") for n in range(6)]
    for group in groups:
        for user in users:
            world.directory.add_member(group.id, user.id)
    world.fault({"status": 403}, path=f"/groups/{groups[2].id}/users", times=None)
    source = world.source()
    read = await world.read("groups", source)
    assert read.unknown == {groups[2].id}
    assert read.members[groups[2].id] == set()
    assert all(len(read.members[group.id]) == 3 for group in groups if group is not groups[2])
    assert len(source.warnings) == 1
    assert groups[2].id in source.warnings[0]


async def test_no_group_s_members_may_be_read_is_a_refusal(world: World) -> None:
    for n in range(12):
        world.directory.create_group(f"Group {n}")
    world.fault({"status": 403}, path="/groups/[^/]+/users", times=None)
    with pytest.raises(AccessDenied, match=r"okta\.groups\.read"):
        await world.read("groups")
    assert len(world.requests("/users?")) < 12


async def test_a_group_deleted_while_it_is_read_is_unknown(world: World) -> None:
    group = world.directory.create_group("Sales")
    world.fault({"status": 404}, path=f"/groups/{group.id}/users", times=None)
    read = await world.read("groups")
    assert read.unknown == {group.id}


# --- who is gone


async def test_okta_delete_needs_complete_scan_and_404(world: World) -> None:
    users = world.people(6)
    ids = [user.id for user in users]
    world.directory.set_status(ids[0], "DEPROVISIONED")
    world.directory.delete_user(ids[0])
    world.directory.set_status(ids[1], "DEPROVISIONED")
    world.directory.unassign_user(world.app.id, ids[2])
    read = await world.read("users", known=lambda: ids)
    assert read.removals == [Removal(kind="user", id=ids[0], state="gone")]
    assert {user.id: user.enabled for user in read.users} == {
        ids[1]: False,
        ids[2]: True,
        ids[3]: True,
        ids[4]: True,
        ids[5]: True,
    }
    assert not read.full


async def test_okta_hard_delete_without_log_found_by_full(world: World) -> None:
    users = world.people(4, assigned=False)
    ids = [user.id for user in users]
    world.directory.set_status(ids[0], "DEPROVISIONED")
    world.directory.delete_user(ids[0])
    read = await world.read("users", scope="all", known=lambda: ids)
    assert read.removals == [Removal(kind="user", id=ids[0], state="gone")]
    assert not read.full


async def test_a_user_that_the_index_lost_for_a_moment_is_not_gone(world: World) -> None:
    user, *_ = world.people(3, assigned=False)
    world.options(index_delay_s=600)
    world.directory.set_status(user.id, "DEPROVISIONED")  # off the plain list at once, on the filtered one in a while
    read = await world.read("users", scope="all", known=lambda: [user.id])
    assert read.removals == []
    assert {one.id: one.enabled for one in read.users}[user.id] is False


async def test_without_proof_absence_from_the_assignments_says_nothing_about_a_user(world: World) -> None:
    world.people(2)
    read = await world.read("users")
    assert not read.full
    assert read.removals == []


async def test_a_404_that_is_not_okta_s_proves_nothing(world: World) -> None:
    world.people(2)
    world.fault({"status": 404, "body": "not found"}, path="/users/00uabsent", times=None)
    with pytest.raises(Exception, match="404"):
        await world.read("users", known=lambda: ["00uabsent"])


# --- on demand


async def test_a_user_is_found_by_id_login_and_e_mail_with_groups_and_assignment(world: World) -> None:
    user = world.directory.create_user({"login": "kim@acme.example", "email": "k.berg@acme.example"})
    world.people(3)
    group = world.directory.create_group("Sales")
    world.directory.add_member(group.id, user.id)
    world.directory.assign_group(world.app.id, group.id)
    for name in (user.id, "KIM@acme.example", "K.Berg@acme.example"):
        found = await world.source().find("user", name)
        assert len(found) == 1, name
        assert found[0].object.id == user.id
        assert {one.group_id for one in found[0].memberships} == {group.id, world.directory.everyone_id}
        assert [one.id for one in found[0].assignments] == [f"user:{user.id}"]
    assert await world.source().find("user", "nobody@acme.example") == []


async def test_a_deactivated_user_is_found_disabled_and_without_groups(world: World) -> None:
    user = world.people(1)[0]
    group = world.directory.create_group("Sales")
    world.directory.add_member(group.id, user.id)
    world.directory.set_status(user.id, "DEPROVISIONED")
    found = (await world.source().find("user", user.login))[0]
    assert (found.object.enabled, found.memberships, found.assignments) == (False, (), ())  # type: ignore[union-attr]


@pytest.mark.parametrize("name", ['a"b', "back\\slash", "Sales/EMEA", "Søm & Co", "a or b", "x eq y", "50%"])
async def test_any_group_name_is_found_whatever_is_in_it(world: World, name: str) -> None:
    group = world.directory.create_group(name)
    user = world.people(1)[0]
    world.directory.add_member(group.id, user.id)
    world.directory.assign_group(world.app.id, group.id)
    found = await world.source().find("group", name)
    assert [one.object.id for one in found] == [group.id]
    assert [one.member_id for one in found[0].memberships] == [user.id]
    assert [one.id for one in found[0].assignments] == [f"group:{group.id}"]


async def test_okta_membership_change_seen_via_group(world: World) -> None:
    user = world.people(1)[0]
    group = world.directory.create_group("Sales")
    before = (await world.read("users")).users[0].attributes["lastUpdated"]
    world.clock.advance(60)
    world.directory.add_member(group.id, user.id)
    assert (await world.read("users")).users[0].attributes["lastUpdated"] == before
    assert (await world.read("groups")).members[group.id] == {user.id}


async def test_two_rounds_over_an_unchanged_organisation_are_equal(world: World) -> None:
    users = world.people(12)
    group = world.directory.create_group("Sales")
    for user in users:
        world.directory.add_member(group.id, user.id)
    world.directory.assign_group(world.app.id, group.id)
    world.options(page_size=5)
    for stream in ("users", "groups", "assignments"):
        first, second = await world.read(stream), await world.read(stream)  # type: ignore[arg-type]
        for part in ("users", "groups", "assignments"):
            assert getattr(first, part) == getattr(second, part)
        assert set(first.memberships) == set(second.memberships)
