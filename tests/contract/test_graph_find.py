"""On demand: one object by any of its names, with everything a cycle would know of it; and `syncd check`."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from email.utils import format_datetime

import pytest

from connectors.errors import AccessDenied, Incomplete
from connectors.graph.check import throttling_finding
from syncd.core.model import SourceUser
from tests.contract.graph_world import World, tenant


@pytest.fixture
def world() -> Iterator[World]:
    with tenant() as made:
        yield made


async def find(world: World, kind, name, **options):
    source = world.source(**options)
    try:
        return list(await source.find(kind, name))
    finally:
        await source.close()


async def check(world: World, **options):
    source = world.source(**options)
    try:
        return list(await source.check())
    finally:
        await source.close()


@pytest.fixture
def kim(world) -> str:
    """Someone with a manager, two groups and two roles."""
    boss = world.directory.users[0].id
    user = world.directory.create_user(
        userPrincipalName="kim.o'hara@contoso.example", mail="Kim@contoso.example", department="Sales", manager=boss
    )
    for name in ("One", "Two"):
        world.directory.create_group(name, members=[user])
    world.directory.assign(user, role="Admin")
    world.directory.assign(user, role="Guest")
    return user


@pytest.mark.parametrize("by", ["id", "kim.o'hara@contoso.example", "KIM@contoso.example"])
async def test_a_user_is_found_by_id_login_and_mail(world, kim, by):
    (found,) = await find(world, "user", kim if by == "id" else by)
    assert isinstance(found.object, SourceUser)
    assert (found.kind, found.state, found.object.id, found.object.enabled) == ("user", "live", kim, True)
    assert {key: v for key, v in found.object.attributes.items() if v not in (None, [])} == world.users[kim]
    assert {(m.group_id, m.member_id, m.member_kind) for m in found.memberships} == {
        edge for edge in world.edges if edge[1] == kim
    }
    assert {(row.principal_id, row.role) for row in found.assignments} == {(kim, "Admin"), (kim, "Guest")}


async def test_a_snapshot_says_what_a_round_says(world, kim):
    (found,) = await find(world, "user", kim)
    source = world.source()
    rows = [r for p in [page async for page in source.read("assignments", None)] for r in p.records]
    ours = sorted((row for row in rows if row.principal_id == kim), key=lambda row: row.id)
    assert sorted(found.assignments, key=lambda row: row.id) == ours
    assert len(ours) == 2
    await source.close()


async def test_assignments_are_found_without_the_permission_for_the_users_own_list(world, kim):
    world.fault({"status": 403}, path="/appRoleAssignments", times=None)
    (found,) = await find(world, "user", kim)
    assert {(row.principal_id, row.role) for row in found.assignments} == {(kim, "Admin"), (kim, "Guest")}
    world.fault({"status": 403}, path="/appRoleAssignedTo", times=None)
    with pytest.raises(AccessDenied, match=r"Application\.Read\.All"):
        await find(world, "user", kim)


async def test_a_user_without_manager_has_none(world):
    user = world.directory.create_user(userPrincipalName="solo@contoso.example")
    (found,) = await find(world, "user", "solo@contoso.example")
    assert found.object.id == user
    assert found.object.attributes["manager"] is None
    assert (found.memberships, found.assignments) == ((), ())


async def test_a_soft_deleted_user_is_found_under_the_old_login(world, kim):
    world.directory.delete(kim)
    for name in (kim, "kim.o'hara@contoso.example", "kim@contoso.example"):
        (found,) = await find(world, "user", name)
        assert found.state == "soft"
        assert found.object.attributes["userPrincipalName"] == "kim.o'hara@contoso.example"
        assert (found.memberships, found.assignments) == ((), ())


@pytest.mark.parametrize("name", ["nobody@contoso.example", "a0000000-0000-4000-8000-00000000dead", "'; drop", "a&b#c"])
async def test_nobody_is_found_under_a_name_that_nobody_has(world, name):
    assert await find(world, "user", name) == []
    assert await find(world, "group", name) == []


async def test_a_purged_user_is_not_found(world, kim):
    world.directory.purge(kim)
    assert await find(world, "user", kim) == []


async def test_groups_are_found_by_id_and_name_with_all_members(world, kim):
    inner = world.directory.create_group("Inner")
    outer = world.directory.create_group("Outer & sons", members=[kim, inner, world.directory.add_device("Laptop")])
    world.directory.assign(outer, role="User")
    for name in (outer, "Outer & sons"):
        (found,) = await find(world, "group", name)
        assert (found.kind, found.object.id, found.object.attributes["displayName"]) == ("group", outer, "Outer & sons")
        assert {(m.member_id, m.member_kind) for m in found.memberships} == {(kim, "user"), (inner, "group")}
        assert [row.role for row in found.assignments] == ["User"]


async def test_several_groups_of_one_name_are_all_found(world):
    twins = {world.directory.create_group("Twin") for _ in range(2)}
    assert {found.object.id for found in await find(world, "group", "Twin")} == twins


async def test_graph_cast_sends_header_and_count(world):
    await find(world, "group", world.directory.groups[0].id)
    casts = world.requests("/members/microsoft.graph.")
    assert casts
    for entry in casts:
        assert entry.headers["consistencylevel"] == "eventual"
        assert "$count=true" in entry.query
        assert entry.status == 200


async def test_a_group_of_many_members_is_read_whole():
    with tenant(users=2_100, groups=0, memberships=0, assignments=0) as world:
        members = {user.id for user in world.directory.users if user.live}
        group = world.directory.create_group("Everybody", members=members)
        (found,) = await find(world, "group", "Everybody")
        assert found.object.id == group
        assert {m.member_id for m in found.memberships} == members


async def test_a_look_up_does_not_wait_for_half_an_hour(world):
    world.fault({"status": 429, "retry_after": 120}, path="/users")
    with pytest.raises(Incomplete, match="over the budget"):
        await find(world, "user", "kim@contoso.example")


async def test_what_is_refused_is_not_taken_for_nobody(world, kim):
    world.fault({"status": 403}, path="/memberOf")
    with pytest.raises(AccessDenied, match=r"memberships of one user .*Directory\.Read\.All"):
        await find(world, "user", kim)
    world.fault({"status": 400}, path="/users")
    with pytest.raises(Incomplete, match="400"):
        await find(world, "user", kim)


async def test_check_ticks_everything_by_name(world):
    found = await check(world)
    assert [(finding.ok, finding.what) for finding in found] == [
        (True, "Graph: sign-in"),
        (True, "Graph: users can be read (User.Read.All)"),
        (True, "Graph: groups can be read (GroupMember.Read.All)"),
        (True, "Graph: assignments can be read (Application.Read.All)"),
        (True, "Graph: an unassignment can be confirmed"),
        (True, "Graph: deleted users can be read (User.Read.All)"),
        (True, "Graph: throttling"),
        (True, "Graph: clock"),
    ]
    assert "syncd sandbox" in found[3].detail
    assert "class M: 5,000 resource units in 10 seconds" in found[6].detail
    assert len(world.requests()) <= 9


@pytest.mark.parametrize(
    ("path", "permission", "place"),
    [
        ("/users", "User.Read.All", 1),
        ("/groups", "GroupMember.Read.All", 2),
        ("/servicePrincipals", "Application.Read.All", 3),
    ],
)
async def test_check_names_the_permission_that_lacks(world, path, permission, place):
    world.fault({"status": 403}, path=path)
    found = await check(world)
    assert [finding.ok for finding in found] == [n != place for n in range(len(found))]
    assert permission in found[place].what
    assert permission in found[place].remedy


async def test_check_names_the_permission_for_deleted_users(world):
    world.fault({"status": 403}, path="/deletedItems")
    refused = [finding for finding in await check(world) if not finding.ok]
    assert [(finding.what, "User.Read.All" in finding.remedy) for finding in refused] == [
        ("Graph: deleted users can be read (User.Read.All)", True)
    ]


async def test_check_says_how_unassignments_are_confirmed_where_the_short_way_is_closed(world):
    world.fault({"status": 403}, path="/appRoleAssignments")
    found = next(finding for finding in await check(world) if "confirmed" in finding.what)
    assert found.ok
    assert "whole list a second time" in found.detail
    assert "Directory.Read.All" in found.remedy


@pytest.mark.parametrize(
    ("ahead_s", "ok", "says"),
    [
        (0, True, "the same"),
        (90, True, "90 seconds ahead of"),
        (-90, True, "90 seconds behind"),
        (900, False, "900 seconds ahead of"),
    ],
)
async def test_check_tells_clock_skew(world, ahead_s, ok, says):
    start = world.clock.now().replace(microsecond=0)
    there = format_datetime(start - timedelta(seconds=ahead_s), usegmt=True)
    world.fault({"strip_headers": ["Date"], "add_headers": {"Date": there}}, times=None, path="/v1.0")
    found = next(finding for finding in await check(world, now=lambda: start) if finding.what == "Graph: clock")
    assert found.ok is ok
    assert says in found.detail
    assert bool(found.remedy) is (ahead_s != 0)


@pytest.mark.parametrize(
    ("users", "load", "ok", "says"),
    [
        (49, None, True, "class S: 3,500"),
        (50, None, True, "class M: 5,000"),
        (500, None, True, "class M: 5,000"),
        (501, None, True, "class L: 8,000"),
        (501, 0.9, True, "90% of the limit"),
        (501, 1.2, False, "120% of the limit"),
    ],
)
def test_throttling_class_goes_by_the_number_of_users(users, load, ok, says):
    found = throttling_finding(users, load)
    assert found.ok is ok
    assert says in found.detail


async def test_check_stops_at_a_refused_sign_in(world):
    world.fault({"status": 401}, times=None, path="/v1.0")
    (finding,) = await check(world)
    assert (finding.ok, finding.what) == (False, "Graph: sign-in")
    assert "tenant_id" in finding.remedy
    assert len(world.requests()) == 1


async def test_check_names_an_attribute_that_graph_does_not_know(world):
    found = await check(world, user_attributes=frozenset({"shoeSize"}))
    assert not found[1].ok
    assert "shoeSize" in found[1].detail


async def test_check_names_an_application_that_does_not_exist(world):
    found = await check(world, service_principal_id="c0000000-0000-4000-8000-00000000dead")
    assert not found[3].ok
    assert "c0000000-0000-4000-8000-00000000dead" in found[3].detail
    assert "config.toml" in found[3].remedy


async def test_check_never_raises_for_a_service_that_is_down(world):
    world.fault({"drop": "before"}, times=None, path="/v1.0")
    found = await check(world)
    assert found
    assert not any(finding.ok for finding in found[1:])
