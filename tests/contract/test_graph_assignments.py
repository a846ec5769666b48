"""Assignments to the application: paged, joined with the app roles, refused rather than read as empty."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from urllib.parse import unquote

import pytest

from connectors.errors import AccessDenied, Incomplete, NotConfigured
from syncd.core.model import Assignment
from tests.contract.graph_world import World, tenant


@pytest.fixture
def world() -> Iterator[World]:
    with tenant() as made:
        yield made


async def rows(world: World, **options) -> list[Assignment]:
    source = world.source(**options)
    try:
        pages = [page async for page in source.read("assignments", "whatever a caller kept")]
    finally:
        await source.close()
    assert all(page.full for page in pages)
    assert [page.last for page in pages] == [False] * (len(pages) - 1) + [True]
    assert pages[-1].watermark is None
    return [record for page in pages for record in page.records]


async def test_graph_assignments_paged_beyond_999():
    with tenant(users=2_600, groups=0, memberships=0, assignments=2_500) as world:
        found = await rows(world)
        truth = [r for r in world.directory.assignments if r.ended is None and r.principal.collection == "users"]
        assert {row.id for row in found} == {row.id for row in truth}
        assert len(found) >= 2_500 - 60
        asked = world.requests("appRoleAssignedTo")
        assert asked[0].query == "$top=999"
        assert len(asked) == 3


async def test_graph_assignment_several_roles_merged(world):
    user = world.directory.create_user()
    world.directory.assign(user, role="Admin")
    world.directory.assign(user, role="Guest")
    found = [row for row in await rows(world) if row.principal_id == user]
    assert sorted(str(row.role) for row in found) == ["Admin", "Guest"]
    assert len({row.id for row in found}) == 2


async def test_graph_assignment_zero_disabled_and_valueless_role(world):
    user = world.directory.create_user()
    for role in (None, "legacy", "Auditor"):
        world.directory.assign(user, role=role)
    found = [row.role for row in await rows(world) if row.principal_id == user]
    assert sorted(map(str, found)) == ["Auditor", "None", "legacy"]


async def test_a_role_that_was_deleted_since_has_no_name(world):
    user = world.directory.create_user()
    world.directory.assign(user, role="Admin")
    world.directory.edit_app_roles([])
    assert [row.role for row in await rows(world) if row.principal_id == user] == [None]


async def test_graph_assignment_group_direct_members_only(world):
    inner = world.directory.create_group("Inner", members=[world.directory.users[0].id])
    outer = world.directory.create_group("Outer", members=[inner])
    world.directory.assign(outer)
    found = [row for row in await rows(world) if row.principal_id in (inner, outer)]
    assert [(row.principal_id, row.principal_kind) for row in found] == [(outer, "group")]


async def test_graph_assignment_service_principal_ignored(world):
    assert any(row.principal.collection == "servicePrincipals" for row in world.directory.assignments)
    principals = {row.principal_id for row in await rows(world)}
    assert not principals & {principal.id for principal in world.directory.principals}


async def test_graph_assignment_two_paths_last_one_counts(world):
    user = world.directory.create_user()
    group = world.directory.create_group("Path", members=[user])
    world.directory.assign(user)
    world.directory.assign(group)
    world.directory.unassign(user)
    principals = {row.principal_id for row in await rows(world)}
    assert user not in principals
    assert group in principals


async def test_graph_assignment_403_or_sudden_empty_is_error(world):
    world.fault({"status": 403}, path="appRoleAssignedTo")
    with pytest.raises(AccessDenied) as caught:
        await rows(world)
    assert "Application.Read.All" in str(caught.value)
    world.fault({"edit": {"remove": ["value"]}}, path="appRoleAssignedTo")
    with pytest.raises(Incomplete, match="without its list"):
        await rows(world)


async def test_graph_app_role_edit_propagates(world):
    role = next(role for role in world.directory.application.roles if role["value"] == "Admin")
    user = world.directory.create_user()
    world.directory.assign(user, role="Admin")
    world.directory.edit_app_roles([{**role, "value": "Owner", "isEnabled": False}])
    assert [row.role for row in await rows(world) if row.principal_id == user] == ["Owner"]


async def test_a_row_that_comes_twice_is_given_once(world):
    first = world.root + f"/servicePrincipals/{world.directory.application.id}/appRoleAssignedTo?$top=999&again=1"
    world.fault({"edit": {"set": {"@odata.nextLink": first}}}, path="appRoleAssignedTo")
    found = await rows(world)
    assert len(found) == len({row.id for row in found})
    assert len(world.requests("appRoleAssignedTo")) == 2


async def test_a_row_without_principal_is_an_error(world):
    world.fault({"first": {"remove": ["principalId"]}}, path="appRoleAssignedTo")
    with pytest.raises(Incomplete, match="without a principal"):
        await rows(world)


async def test_the_application_is_found_by_either_id(world):
    by_object = await rows(world)
    app_id = world.directory.application.values["appId"]
    by_app = await rows(world, service_principal_id=None, app_id=app_id)
    assert by_app == by_object
    assert unquote(world.requests(app_id)[0].path) == f"/v1.0/servicePrincipals(appId='{app_id}')"


@pytest.mark.parametrize(
    ("ids", "says"),
    [
        ({"service_principal_id": "c0000000-0000-4000-8000-00000000dead"}, "service_principal_id"),
        ({"service_principal_id": None, "app_id": "d0000000-0000-4000-8000-00000000dead"}, "app_id"),
        ({"service_principal_id": None}, "neither"),
    ],
)
async def test_an_application_that_does_not_exist_is_the_operators_turn(world, ids, says):
    world.settings = replace(world.settings, **ids)
    with pytest.raises(NotConfigured, match=says):
        await rows(world)
