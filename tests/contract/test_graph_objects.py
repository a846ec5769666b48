"""Members, managers and lives of users, as rounds bring them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from syncd.core.model import Membership, Removal, SourceUser
from tests.contract.graph_world import World, tenant


@pytest.fixture
def world() -> Iterator[World]:
    with tenant() as made:
        yield made


@pytest.fixture
def crowd() -> Iterator[World]:
    with tenant(users=10_050, groups=0, memberships=0, assignments=0) as made:
        yield made


async def both(world: World):
    source = world.source()
    users = await world.mirror.read(source, "users")
    groups = await world.mirror.read(source, "groups")
    await source.close()
    return users, groups


async def test_graph_group_large_membership_over_many_pages(crowd):
    members = [user.id for user in crowd.directory.users if user.live][:9_993]
    group = crowd.directory.create_group("Everybody", members=members)
    crowd.quirks.set({"members_page": 500, "members_budget": 500})
    source = crowd.source()
    pages = await crowd.mirror.read(source, "groups")
    await source.close()
    assert len(pages) >= 20
    assert crowd.mirror.edges == {(group, member, "user") for member in members}


async def test_graph_group_repeated_on_same_and_later_page(world):
    world.quirks.set({"members_page": 3, "members_budget": 9, "repeat_on_page": True})
    await both(world)
    assert world.same_groups()


async def test_graph_member_removed_in_initial_not_counted(world):
    leaver = next(group for group in world.directory.groups if group.members())
    world.directory.purge(leaver.members()[0].id)
    await both(world)
    assert world.same_groups()
    assert any(removal.kind == "membership" for removal in world.mirror.removed)


async def test_graph_group_without_members_key_is_unchanged(world):
    await both(world)
    group = max(world.directory.groups, key=lambda g: len(g.members()))
    edges = set(world.mirror.edges)
    world.directory.update_group(group.id, description="New words")
    _, pages = await both(world)
    assert [record.id for page in pages for record in page.records] == [group.id]
    assert world.mirror.edges == edges
    assert world.mirror.groups[group.id]["description"] == "New words"


async def test_graph_member_types_filtered(world):
    device = world.directory.add_device("Laptop")
    group = world.directory.create_group("Mixed", members=[device, world.directory.users[0].id])
    await both(world)
    assert {edge[1:] for edge in world.mirror.edges if edge[0] == group} == {(world.directory.users[0].id, "user")}


async def test_graph_member_before_user_known(world):
    source = world.source()
    await world.mirror.read(source, "groups")
    await source.close()
    assert world.mirror.users == {}
    assert world.mirror.edges == world.edges


async def leaves(world: World) -> list[Removal]:
    """What the groups stream told of the memberships of someone who was deleted."""
    await both(world)
    leaver = next(edge[1] for edge in world.mirror.edges if edge[2] == "user")
    world.directory.delete(leaver)
    await both(world)
    assert not [edge for edge in world.mirror.edges if edge[1] == leaver]
    assert world.same_groups()
    return [removal for removal in world.mirror.removed if removal.member_id == leaver]


async def test_graph_user_delete_drops_edges_without_group_signal(world):
    world.quirks.silent_member_removal = True
    assert await leaves(world) == []


async def test_graph_user_delete_with_group_signal(world):
    world.quirks.silent_member_removal = False
    assert await leaves(world)


@pytest.mark.parametrize("hard", [False, True])
async def test_graph_group_delete_and_restore(world, hard):
    await both(world)
    group = next(g for g in world.directory.groups if g.members())
    world.directory.purge(group.id) if hard else world.directory.delete(group.id)
    await both(world)
    assert world.mirror.removed[-1] == Removal(kind="group", id=group.id, state="gone" if hard else "soft")
    assert world.same_groups()
    if not hard:
        world.directory.restore(group.id)
        await both(world)
        assert group.id in world.mirror.groups


async def test_graph_group_rename_keeps_target_group(world):
    await both(world)
    group = world.directory.groups[0]
    world.directory.rename_group(group.id, "Renamed")
    _, pages = await both(world)
    assert [record.id for page in pages for record in page.records] == [group.id]
    assert world.mirror.groups[group.id]["displayName"] == "Renamed"
    assert all(not page.removals for page in pages)


async def test_graph_nested_group_direct_only_by_default(world):
    inner = world.directory.create_group("Inner", members=[world.directory.users[0].id])
    outer = world.directory.create_group("Outer", members=[inner])
    await both(world)
    assert {edge[1:] for edge in world.mirror.edges if edge[0] == outer} == {(inner, "group")}


async def test_graph_hidden_membership_reported_not_emptied():
    with tenant(groups=0, memberships=0, assignments=0) as world:
        group = world.directory.create_group(
            "Quiet", members=[world.directory.users[0].id], visibility="HiddenMembership"
        )
        await both(world)
        edges = set(world.mirror.edges)
        assert edges
        world.directory.reset_stream("groups")
        world.fault({"first": {"remove": ["members@delta"]}}, path="groups/delta", nth=2)
        _, pages = await both(world)
        assert pages[-1].full
        assert pages[-1].unknown == {group}
        assert world.mirror.edges == edges


async def test_membership_changes_come_as_edges_alone(world):
    stays, leaver, joiner = (user.id for user in world.directory.users[:3])
    group = world.directory.create_group("Team", members=[stays, leaver])
    await both(world)
    world.directory.add_members(group, joiner)
    world.directory.remove_members(group, leaver)
    _, pages = await both(world)
    assert world.same_groups()
    told = [record for page in pages for record in page.records if isinstance(record, Membership)]
    assert told == [Membership(group_id=group, member_id=joiner)]
    assert [removal for page in pages for removal in page.removals] == [
        Removal(kind="membership", id=group, member_id=leaver)
    ]


@pytest.mark.parametrize("single", [False, True])
async def test_graph_manager_change_pair_and_single_entry(world, single):
    world.quirks.manager_single_entry = single
    await both(world)
    user, boss = world.directory.users[10], world.directory.users[20]
    world.directory.set_manager(user.id, boss.id)
    await both(world)
    assert world.mirror.users[user.id]["manager"] == boss.id
    assert world.same_users()


async def test_graph_manager_absent_means_unchanged(world):
    await both(world)
    user = next(u for u in world.directory.users if u.live and u.manager is not None)
    world.directory.update_user(user.id, jobTitle="Other")
    users, _ = await both(world)
    (record,) = [record for page in users for record in page.records]
    assert "manager" not in record.attributes
    assert world.mirror.users[user.id]["manager"] == user.manager.id


@pytest.mark.parametrize("single", [False, True])
async def test_graph_manager_cleared(world, single):
    world.quirks.manager_single_entry = single
    await both(world)
    user = next(u for u in world.directory.users if u.live and u.manager is not None)
    world.directory.set_manager(user.id, None)
    await both(world)
    assert world.mirror.users[user.id]["manager"] is None


async def test_graph_manager_orgcontact_and_cycle_tolerated(world):
    contact = world.directory.others[-1].id
    one, two = world.directory.users[10].id, world.directory.users[11].id
    world.directory.set_manager(one, two)
    world.directory.set_manager(two, one)
    world.directory.set_manager(world.directory.users[12].id, contact)
    await both(world)
    assert (world.mirror.users[one]["manager"], world.mirror.users[two]["manager"]) == (two, one)
    assert world.mirror.users[world.directory.users[12].id]["manager"] == contact


async def test_managers_are_not_asked_for_unless_they_are_mapped(world):
    source = world.source(user_attributes=frozenset())
    pages = [page async for page in source.read("users", None)]
    await source.close()
    assert all("manager" not in record.attributes for page in pages for record in page.records)
    assert "manager" not in world.requests("users/delta")[0].query


async def test_graph_account_disabled_and_enabled(world):
    await both(world)
    user = next(u for u in world.directory.users if u.live and u.enabled).id
    for enabled in (False, True):
        world.directory.enable_user(user) if enabled else world.directory.disable_user(user)
        users, _ = await both(world)
        (record,) = [record for page in users for record in page.records]
        assert isinstance(record, SourceUser)
        assert record.enabled is record.attributes["accountEnabled"] is enabled


async def test_graph_soft_delete_deactivates(world):
    await both(world)
    user = world.directory.users[3].id
    world.directory.delete(user)
    users, _ = await both(world)
    assert [r for page in users for r in page.removals] == [Removal(kind="user", id=user, state="soft")]


async def test_graph_hard_delete_by_policy(world):
    await both(world)
    user = world.directory.users[3].id
    world.directory.purge(user)
    users, _ = await both(world)
    assert [r for page in users for r in page.removals] == [Removal(kind="user", id=user, state="gone")]


async def test_graph_purge_after_30_days(world):
    await both(world)
    user = world.directory.users[3].id
    world.directory.delete(user)
    states = []
    for _ in range(8):
        users, _ = await both(world)
        states += [removal.state for page in users for removal in page.removals if removal.id == user]
        world.clock.advance(5 * 86_400)
        world.directory.empty_bin()
    assert states == ["soft", "gone"]


async def test_graph_restore_visible(world):
    await both(world)
    user = world.directory.users[3].id
    world.directory.delete(user)
    await both(world)
    assert user not in world.mirror.users
    world.directory.restore(user)
    await both(world)
    assert world.same_users()


async def test_graph_restore_invisible_found_by_sweep(world):
    await both(world)
    user = world.directory.users[3].id
    world.directory.delete(user)
    await both(world)
    world.quirks.restore_invisible = True
    world.directory.restore(user)
    await both(world)
    assert user not in world.mirror.users
    world.mirror.watermarks.clear()
    await both(world)
    assert world.same_users()
    assert world.same_groups()


async def test_graph_upn_change_keeps_target_id(world):
    await both(world)
    user = world.directory.users[3].id
    world.directory.update_user(user, userPrincipalName="new.name@contoso.example")
    users, _ = await both(world)
    assert [record.id for page in users for record in page.records] == [user]
    assert world.same_users()


async def test_graph_second_run_is_idempotent(world):
    await both(world)
    for pages in await both(world):
        assert [page for page in pages if page.records or page.removals] == []


async def test_graph_delta_unrelated_extension_values_intact(world):
    name = "extension_0123456789abcdef0123456789abcdef_costCentre"
    user = world.directory.users[0].id
    for value in ("2024-01-02", "a0000000-0000-4000-8000-000000000001", "19-2026"):
        world.directory.update_user(user, **{name: value})
        source = world.source(user_attributes=frozenset({name}))
        pages = [page async for page in source.read("users", None)]
        await source.close()
        (record,) = [record for page in pages for record in page.records if record.id == user]
        assert record.attributes[name] == value
