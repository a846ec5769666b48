"""Permissions, throttling and batches of the sandbox's Graph, asked by plain httpx."""

from __future__ import annotations

import httpx
import pytest

from connectors.sandbox.graph.generate import Tenant
from tests.contract.sandbox_graph.walk import delta, walk


def test_hidden_members_are_shown_only_with_the_permission(graph, app, directory):
    group = directory.create_group("secret", members=[directory.users[0].id], visibility="HiddenMembership")
    app.control.mutate("grant", {"token": "plain", "permissions": ["Directory.Read.All"]})
    plain = {"Authorization": "Bearer plain"}
    url = f"/v1.0/groups/{group}/members?$select=id"
    assert len(walk(graph, url)) == 1
    member = {"@odata.type": "#microsoft.graph.user", "id": directory.users[0].id}
    for headers, expected in (({}, [member]), (plain, None)):
        records = delta(graph, "/v1.0/groups/delta?$select=members", **headers).records
        assert next(one for one in records if one["id"] == group).get("members@delta") == expected
    assert graph.get(url, headers=plain).json()["value"] == []
    directory.quirks.set({"hidden_membership": "forbidden"})
    assert graph.get(url, headers=plain).status_code == 403


def test_members_of_a_type_that_may_not_be_read_have_id_and_type_only(graph, app, directory):
    app.control.mutate("grant", {"token": "groups", "permissions": ["GroupMember.Read.All"]})
    group = next(group for group in directory.groups if group.members())
    members = graph.get(f"/v1.0/groups/{group.id}/members", headers={"Authorization": "Bearer groups"}).json()["value"]
    assert all(set(one) == {"@odata.type", "id"} for one in members if one["@odata.type"].endswith(".user"))


@pytest.mark.parametrize(
    ("permission", "allowed"),
    [
        ("User.Read.All", {"users", "users/delta", "deletedItems user"}),
        ("GroupMember.Read.All", {"groups", "groups/delta"}),
        ("Group.Read.All", {"groups", "groups/delta", "deletedItems group"}),
        ("Application.Read.All", {"servicePrincipals", "appRoleAssignedTo"}),
        (None, set()),
    ],
)
def test_each_permission_opens_its_own_data_and_nothing_else(graph, app, permission, allowed):
    app.control.mutate("grant", {"token": "one", "permissions": [permission] if permission else []})
    urls = {
        "users": "/v1.0/users",
        "users/delta": "/v1.0/users/delta",
        "deletedItems user": "/v1.0/directory/deletedItems/microsoft.graph.user",
        "groups": "/v1.0/groups",
        "groups/delta": "/v1.0/groups/delta",
        "deletedItems group": "/v1.0/directory/deletedItems/microsoft.graph.group",
        "servicePrincipals": "/v1.0/servicePrincipals",
        "appRoleAssignedTo": f"/v1.0/servicePrincipals/{Tenant().service_principal_id}/appRoleAssignedTo",
    }
    answers = {name: graph.get(url, headers={"Authorization": "Bearer one"}) for name, url in urls.items()}
    assert {name for name, answer in answers.items() if answer.status_code == 200} == allowed
    refused = [answer for answer in answers.values() if answer.status_code != 200]
    assert {(r.status_code, r.json()["error"]["code"]) for r in refused} <= {(403, "Authorization_RequestDenied")}


@pytest.mark.parametrize("header", [None, "Bearer stranger", "Basic c2FuZGJveDo=", "Bearer"])
def test_without_a_known_token_nothing_is_answered(graph, header):
    answer = httpx.get(f"{graph.base_url}/v1.0/users", headers={"Authorization": header} if header else {})
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith("Bearer ")
    assert answer.json()["error"]["code"] == "InvalidAuthenticationToken"


def test_a_claims_challenge_comes_once_a_token(graph, app, directory):
    directory.quirks.set({"claims_challenge": True})
    challenged = graph.get("/v1.0/users")
    assert challenged.status_code == 401
    assert 'error="insufficient_claims"' in challenged.headers["www-authenticate"]
    assert graph.get("/v1.0/users").status_code == 200
    app.control.mutate("challenge", {})
    assert graph.get("/v1.0/users").status_code == 401


def test_batch_answers_each_request_on_its_own(graph, directory):
    directory.quirks.set({"throttle": False})
    requests = [
        {"id": str(n), "method": "GET", "url": f"/users/{u.id}/manager?$select=id"}
        for n, u in enumerate(directory.users[:18])
    ]
    requests += [{"id": "bad", "method": "GET", "url": "/users/nobody"}]
    requests += [{"id": "after", "method": "GET", "url": "/users", "dependsOn": ["bad"]}]
    answer = graph.post("/v1.0/$batch", json={"requests": requests})
    assert answer.status_code == 200
    responses = {one["id"]: one for one in answer.json()["responses"]}
    assert [one["id"] for one in answer.json()["responses"]] != [one["id"] for one in requests]
    assert responses["1"]["body"]["id"] == directory.users[0].id
    assert (responses["0"]["status"], responses["bad"]["status"], responses["after"]["status"]) == (404, 404, 424)


@pytest.mark.parametrize(
    "requests",
    [
        [{"id": str(n), "method": "GET", "url": "/users"} for n in range(21)],
        [{"id": "1", "method": "GET", "url": "/users"}, {"id": "1", "method": "GET", "url": "/groups"}],
        [],
    ],
)
def test_a_batch_that_graph_does_not_take_is_refused(graph, requests):
    assert graph.post("/v1.0/$batch", json={"requests": requests}).status_code == 400


def test_a_batch_is_throttled_request_by_request(graph, directory):
    directory.quirks.set({"tenant_size": "S"})
    requests = [{"id": str(n), "method": "GET", "url": "/groups/x/transitiveMembers"} for n in range(20)]
    statuses: set[int] = set()
    for _ in range(45):
        answer = graph.post("/v1.0/$batch", json={"requests": requests})
        assert answer.status_code == 200
        for one in answer.json()["responses"]:
            statuses.add(one["status"])
            assert one["status"] != 429 or int(one["headers"]["Retry-After"]) >= 1
    assert statuses == {404, 429}


def test_throttling_warns_then_refuses_then_lets_go(graph, app, directory):
    directory.quirks.set({"tenant_size": "S"})
    throttle = app.control.service.throttle
    throttle.spend(2900, users=1, priority="normal")
    warned = graph.get("/v1.0/users?$select=id")
    assert warned.status_code == 200
    assert 0.8 <= float(warned.headers["x-ms-throttle-limit-percentage"]) <= 1
    assert warned.headers["x-ms-resource-unit"] == "1"
    throttle.spend(1500, users=1, priority="high")
    answers = [graph.get("/v1.0/users?$select=id") for _ in range(20)]
    refused = [answer for answer in answers if answer.status_code == 429]
    assert 0 < len(refused) < 20
    assert refused[0].headers["x-ms-throttle-information"] == "ResourceUnitLimitExceeded"
    assert int(refused[0].headers["retry-after"]) >= 1
    directory.clock.advance(20)
    assert graph.get("/v1.0/users?$select=id").status_code == 200
