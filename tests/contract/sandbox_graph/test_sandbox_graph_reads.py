"""Users, managers, deleted items and getByIds of the sandbox's Graph, asked by plain httpx."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from connectors.sandbox.clock import Clock
from connectors.sandbox.graph.app import graph_app
from tests.contract.sandbox_graph.walk import walk


@pytest.mark.parametrize("start", ["/v1.0/", "/v1.0//", "/graph/v1.0/"])
@pytest.mark.parametrize("function", ["delta", "delta()", "microsoft.graph.delta", "microsoft.graph.delta()"])
@pytest.mark.parametrize("collection", ["users", "groups", "servicePrincipals"])
def test_every_spelling_of_a_delta_url_is_understood(graph, start, function, collection):
    page = graph.get(f"{start}{collection}/{function}?$select=id").json()
    assert page["value"]
    assert "@odata.deltaLink" in page


def test_links_lead_back_to_where_the_request_came(graph):
    link = graph.get("/graph/v1.0/users?%24top=5").json()["@odata.nextLink"]
    assert link.startswith(f"{graph.base_url}/graph/v1.0/users?%24top=5&$skiptoken=")
    assert len(graph.get(link).json()["value"]) == 5


def test_a_user_list_pages_to_its_end_and_shows_nulls(graph, directory):
    users = walk(graph, "/v1.0/users?$select=displayName,mobilePhone,department&$top=50")
    assert [user["id"] for user in users] == [user.id for user in directory.users if user.live]
    assert {None} < {user["mobilePhone"] for user in users}
    assert set(users[0]) == {"id", "displayName", "mobilePhone", "department"}


def test_default_page_size_is_100_and_999_the_most(graph):
    assert len(graph.get("/v1.0/users").json()["value"]) == 100
    assert len(graph.get("/v1.0/users?$top=999").json()["value"]) == 118
    refused = graph.get("/v1.0/users?$top=1000")
    assert (refused.status_code, refused.json()["error"]["code"]) == (400, "Request_BadRequest")
    assert graph.get("/v1.0/users?$skip=5").status_code == 400


def test_users_are_found_by_login_mail_and_id(graph, directory):
    user = directory.users[3]
    login = graph.get(f"/v1.0/users/{user.id}").json()["userPrincipalName"]
    for url in (
        f"/v1.0/users/{login}",
        f"/v1.0/users('{user.id}')",
    ):
        assert graph.get(url).json()["id"] == user.id
    for clause in (
        f"userPrincipalName eq '{login.upper()}'",
        f"mail eq '{login}' and accountEnabled eq true",
        f"id in ('{user.id}', 'nobody')",
        f"startswith(userPrincipalName, '{login[:-3]}')",
        f"not(displayName ne null) or (mail eq '{login}')",
    ):
        found = graph.get("/v1.0/users", params={"$filter": clause}).json()["value"]
        assert [one["id"] for one in found] == [user.id], clause


@pytest.mark.parametrize("clause", ["nonsense", "nosuch eq 'x'", "id in ('" + "','".join("abcdefghijklmnop") + "')"])
def test_a_filter_that_graph_does_not_take_is_refused(graph, clause):
    assert graph.get("/v1.0/users", params={"$filter": clause}).status_code == 400


def test_an_apostrophe_in_a_filter_is_doubled(graph, directory):
    directory.create_user(userPrincipalName="pat@contoso.example", displayName="Pat O'Brien")
    found = graph.get("/v1.0/users", params={"$filter": "displayName eq 'Pat O''Brien'"}).json()["value"]
    assert [one["userPrincipalName"] for one in found] == ["pat@contoso.example"]


def test_unknown_properties_are_refused_and_those_kept_elsewhere_not_implemented(graph):
    assert graph.get("/v1.0/users?$select=nosuch").status_code == 400
    elsewhere = graph.get("/v1.0/users?$select=aboutMe")
    assert (elsewhere.status_code, elsewhere.json()["error"]["code"]) == (501, "NotImplemented")
    assert graph.get("/v1.0/users/delta?$select=aboutMe").status_code == 400


def test_a_manager_is_expanded_read_or_missing(graph, directory):
    user, top = directory.users[1], directory.users[0]
    assert user.manager is top
    expanded = graph.get(f"/v1.0/users/{user.id}?$select=id&$expand=manager($select=id,displayName)").json()["manager"]
    assert expanded == {"@odata.type": "#microsoft.graph.user", "id": top.id, "displayName": expanded["displayName"]}
    assert graph.get(f"/v1.0/users/{user.id}/manager?$select=id").json()["id"] == top.id
    missing = graph.get(f"/v1.0/users/{top.id}/manager")
    assert (missing.status_code, missing.json()["error"]["code"]) == (404, "Request_ResourceNotFound")


def test_get_by_ids_gives_what_exists_in_another_order(graph, directory):
    users = directory.users[:50]
    directory.delete(users[7].id)
    asked = [user.id for user in users] + ["00000000-0000-4000-8000-000000000000", directory.groups[0].id]
    answer = graph.post("/v1.0/directoryObjects/getByIds?$select=id,department", json={"ids": asked, "types": ["user"]})
    got = [one["id"] for one in answer.json()["value"]]
    assert set(got) == {user.id for user in users if user.live}
    assert got != [one for one in asked if one in got]
    assert answer.json()["value"][0]["@odata.type"] == "#microsoft.graph.user"
    too_many = graph.post("/v1.0/directoryObjects/microsoft.graph.getByIds", json={"ids": asked * 20})
    assert too_many.status_code == 400


def test_a_deleted_user_is_in_the_bin_for_30_days_under_another_login(graph, directory):
    user = directory.users[2]
    login = graph.get(f"/v1.0/users/{user.id}").json()["userPrincipalName"]
    directory.delete(user.id)
    assert graph.get(f"/v1.0/users/{user.id}").status_code == 404
    url = "/v1.0/directory/deletedItems/microsoft.graph.user?$select=id,userPrincipalName,deletedDateTime&$top=1"
    deleted = {one["id"]: one for one in walk(graph, url)}
    assert deleted[user.id]["userPrincipalName"] == user.id.replace("-", "") + login
    assert graph.get(f"/v1.0/directory/deletedItems/{user.id}").json()["id"] == user.id
    assert graph.get("/v1.0/directory/deletedItems").status_code == 400
    directory.clock.advance(30 * 86_400 + 1)
    assert user.id not in {one["id"] for one in walk(graph, url)}
    with pytest.raises(ValueError, match="not in the bin"):
        directory.restore(user.id)


def test_every_second_read_may_lag_behind(graph, directory):
    directory.quirks.set({"replica_lag": 30})
    user = directory.create_user()
    reads = [user in {one["id"] for one in walk(graph, "/v1.0/users?$select=id&$top=999")} for _ in range(4)]
    assert set(reads) == {True, False}
    directory.clock.advance(31)
    assert all(user in {one["id"] for one in walk(graph, "/v1.0/users?$select=id&$top=999")} for _ in range(3))


def test_errors_have_graphs_body_and_every_answer_its_headers(graph):
    answer = graph.get("/v1.0/nosuch", headers={"client-request-id": "mine"})
    assert answer.status_code == 404
    inner = answer.json()["error"]["innerError"]
    assert inner["client-request-id"] == "mine" == answer.headers["client-request-id"]
    assert set(inner) == {"date", "request-id", "client-request-id"}
    assert answer.headers["content-type"].startswith("application/json;odata.metadata=minimal")
    assert answer.headers["odata-version"] == "4.0"


def test_the_same_seed_gives_the_same_tenant():
    states = []
    for _ in range(2):
        app = graph_app(clock=Clock(datetime(2026, 1, 1, tzinfo=UTC)))
        app.control.reset({"seed": 7, "users": 90})
        states.append(app.control.state())
    assert states[0] == states[1]
