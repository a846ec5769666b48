"""Members and assignments of the sandbox's Graph, asked by plain httpx."""

from __future__ import annotations

import pytest

from connectors.sandbox.graph.entity import ZERO_ROLE
from connectors.sandbox.graph.generate import Tenant
from tests.contract.sandbox_graph.walk import EVENTUAL, walk


def test_members_are_of_mixed_types_and_a_cast_needs_an_advanced_query(graph, directory):
    group = next(group for group in directory.groups if len({type(m) for m in group.members()}) > 2)
    everyone = walk(graph, f"/v1.0/groups/{group.id}/members?$select=id&$top=7")
    assert {one["id"] for one in everyone} == {member.id for member in group.members()}
    assert {"#microsoft.graph.user", "#microsoft.graph.device"} < {one["@odata.type"] for one in everyone}
    url = f"/v1.0/groups/{group.id}/members/graph.user?$select=id&$top=7"
    refused = graph.get(url)
    assert (refused.status_code, refused.json()["error"]["code"]) == (400, "Request_UnsupportedQuery")
    assert graph.get(f"{url}&$count=true").status_code == 400
    users = walk(graph, f"{url}&$count=true", **EVENTUAL)
    assert {one["id"] for one in users} == {m.id for m in group.members() if m.odata_type.endswith(".user")}
    assert graph.get(f"{url}&$count=true", headers=EVENTUAL).json()["@odata.count"] == len(users)


def test_transitive_members_are_flattened_without_doubles(graph, directory):
    ann, bob = directory.users[0].id, directory.users[1].id
    inner = directory.create_group("inner", members=[ann, bob])
    outer = directory.create_group("outer", members=[ann, inner])
    directory.add_members(inner, outer)
    ids = [one["id"] for one in walk(graph, f"/v1.0/groups/{outer}/transitiveMembers?$select=id")]
    assert sorted(ids) == sorted([ann, bob, inner])
    above = {one["id"] for one in walk(graph, f"/v1.0/users/{bob}/transitiveMemberOf?$select=id")}
    direct = {one["id"] for one in walk(graph, f"/v1.0/users/{bob}/memberOf?$select=id")}
    assert inner in direct
    assert outer not in direct
    assert {inner, outer} <= above


def test_service_principals_are_found_by_app_id_with_all_their_roles(graph):
    tenant = Tenant()
    for key in (tenant.service_principal_id, None):
        path = f"/{key}" if key else f"(appId='{tenant.app_id}')"
        found = graph.get(f"/v1.0/servicePrincipals{path}?$select=id,appId,appRoles").json()
        assert (found["id"], found["appId"]) == (tenant.service_principal_id, tenant.app_id)
        assert None in {role["value"] for role in found["appRoles"]}
        assert {True, False} == {role["isEnabled"] for role in found["appRoles"]}
    quoted = f"/v1.0/servicePrincipals(appId=%27{tenant.app_id}%27)/appRoleAssignedTo?$top=1"
    assert len(graph.get(quoted).json()["value"]) == 1
    assert graph.get("/v1.0/servicePrincipals(appId='nobody')").status_code == 404


def test_assignments_page_beyond_999_with_several_rows_a_principal(graph, app):
    app.control.reset({"users": 2600, "groups": 30, "assignments": 2500})
    url = f"/v1.0/servicePrincipals/{Tenant().service_principal_id}/appRoleAssignedTo?$top=999"
    first = graph.get(url).json()
    assert len(first["value"]) == 999
    assert "$top=999&$skiptoken=" in first["@odata.nextLink"]
    rows = walk(graph, url)
    assert len({row["id"] for row in rows}) == len(rows) >= 2500
    assert len({row["principalId"] for row in rows}) < len(rows)
    assert {row["principalType"] for row in rows} == {"User", "Group", "ServicePrincipal"}
    assert ZERO_ROLE in {row["appRoleId"] for row in rows}
    assert all(len(row["createdDateTime"].partition(".")[2]) == 8 for row in rows)
    for name in ("appRoleId", "principalType"):
        assert graph.get(url, params={"$filter": f"{name} eq 'x'"}).status_code == 400


def test_an_assignment_appears_and_vanishes_after_the_lag(graph, directory):
    url = f"/v1.0/servicePrincipals/{Tenant().service_principal_id}/appRoleAssignedTo?$top=999"
    user = directory.create_user()

    def shown() -> bool:
        return user in {row["principalId"] for row in walk(graph, url)}

    directory.quirks.set({"assignment_lag": 45})
    directory.assign(user, role="Admin")
    assert not shown()
    directory.clock.advance(46)
    assert shown()
    directory.unassign(user)
    assert shown()
    directory.clock.advance(46)
    assert not shown()


def test_assignment_rows_go_missing_only_where_the_quirk_says_so(graph, directory):
    url = f"/v1.0/servicePrincipals/{Tenant().service_principal_id}/appRoleAssignedTo"
    whole = len(walk(graph, url))
    directory.quirks.set({"assignment_rows_missing": 1})
    assert len(walk(graph, url)) < whole
    assert len(walk(graph, url)) == whole
    directory.quirks.set({"assignment_rows_need_top": True})
    assert len(walk(graph, url)) == whole - 1
    assert len(walk(graph, f"{url}?$top=999")) == whole


def test_assignments_go_with_a_deleted_user_and_come_back_with_a_restored_one(graph, directory):
    url = f"/v1.0/servicePrincipals/{Tenant().service_principal_id}/appRoleAssignedTo?$top=999"
    user = directory.create_user()
    directory.assign(user, role="Admin")
    before = walk(graph, url)
    directory.delete(user)
    assert [row["id"] for row in walk(graph, url)] == [row["id"] for row in before if row["principalId"] != user]
    directory.restore(user)
    assert walk(graph, url) == before
    assert graph.get(f"/v1.0/users/{user}/appRoleAssignments").json()["value"][0]["principalId"] == user


def test_one_user_has_one_assignment_a_role(directory):
    user = directory.create_user()
    directory.assign(user, role="Admin")
    with pytest.raises(ValueError, match="already assigned"):
        directory.assign(user, role="Administrator")
    directory.assign(user)
    assert directory.unassign(user, role="Admin") == 1
    assert directory.unassign(user) == 1
