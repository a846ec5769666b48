"""The control API of the sandbox's Graph over HTTP: reset, mutations, quirks, clock, journal, state, and its faults."""

from __future__ import annotations

import httpx
import pytest

from connectors.sandbox.graph.app import graph_app
from connectors.sandbox.graph.directory import GraphDirectory
from tests.contract.sandbox_graph.walk import delta, walk


def test_a_tenant_is_reset_to_its_options(graph):
    summary = graph.post(
        "/_emu/reset", json={"seed": 3, "users": 60, "groups": 7, "memberships": 200, "assignments": 20}
    ).json()
    assert summary["reset"]["count"] == {"users": 59, "groups": 7, "assignments": 21, "deleted": 1, "changes": 0}
    state = graph.get("/_emu/state").json()
    assert len(state["users"]) == 59
    assert 190 <= sum(len(group["members"]) for group in state["groups"].values()) <= 210
    assert graph.post("/_emu/reset", json={"people": 5}).status_code == 400


def test_every_mutation_goes_over_http_and_shows_in_the_state(graph):
    def mutate(*ops: dict) -> list:
        answer = graph.post("/_emu/mutate", json=list(ops))
        assert answer.status_code == 200, answer.text
        return answer.json()["results"]

    kim, lee = mutate(
        {"op": "create_user", "userPrincipalName": "kim@contoso.example", "displayName": "Kim", "department": "Sales"},
        {"op": "create_user", "userPrincipalName": "lee@contoso.example", "manager": "kim@contoso.example"},
    )
    (team,) = mutate({"op": "create_group", "name": "Team", "members": [kim]})
    mutate(
        {"op": "update_user", "user": kim, "displayName": "Kim B."},
        {"op": "clear_properties", "name": kim, "properties": ["department"]},
        {"op": "disable_user", "user": kim},
        {"op": "add_members", "group": "Team", "members": ["lee@contoso.example"]},
        {"op": "remove_members", "group": team, "members": [kim]},
        {"op": "rename_group", "group": "Team", "name": "Crew"},
        {"op": "assign", "principal": "Crew", "role": "Admin"},
        {"op": "assign", "principal": kim},
        {"op": "unassign", "principal": kim},
    )
    state = graph.get("/_emu/state").json()
    assert state["users"][kim]["displayName"] == "Kim B."
    assert state["users"][kim]["department"] is None
    assert state["users"][kim]["accountEnabled"] is False
    assert state["users"][lee]["manager"] == kim
    assert (state["groups"][team]["displayName"], state["groups"][team]["members"]) == ("Crew", [lee])
    assert [row["principal"] for row in state["assignments"] if row["principal"] in {kim, team}] == [team]
    mutate(
        {"op": "delete", "name": lee},
        {"op": "delete", "name": team},
        {"op": "restore", "name": team},
        {"op": "purge", "name": kim},
    )
    state = graph.get("/_emu/state").json()
    assert lee in state["deleted"]
    assert kim not in state["deleted"]
    assert state["groups"][team]["members"] == []


@pytest.mark.parametrize(
    "op",
    [
        {"op": "explode"},
        {"op": "update_user", "user": "nobody", "displayName": "x"},
        {"op": "write", "kind": "set"},
        {"op": "assign", "principal": "Engineering", "role": "Emperor"},
        {"op": "restore", "name": "Engineering"},
        {"user": "x"},
    ],
)
def test_a_mutation_that_makes_no_sense_is_refused_in_words(graph, op):
    answer = graph.post("/_emu/mutate", json=op)
    assert answer.status_code == 400
    assert len(answer.json()["error"]) > 5


def test_quirks_are_set_by_name_and_refused_by_wrong_ones(graph):
    assert graph.post("/_emu/quirks", json={"users_page": 7}).json()["quirks"]["users_page"] == 7
    assert len(graph.get("/v1.0/users/delta?$deltatoken=").json()["value"]) >= 7
    for wrong in ({"user_page": 7}, {"users_page": 0}, {"retry_after": "never"}):
        assert graph.post("/_emu/quirks", json=wrong).status_code == 400
    assert graph.post("/_emu/quirks", json={}).json()["quirks"]["users_page"] == 7


def test_the_clock_moves_dates_and_tokens(graph):
    link = delta(graph, "/v1.0/users/delta").link
    before = graph.get("/v1.0/users").headers["date"]
    graph.post("/_emu/clock", json={"advance_s": 8 * 86_400})
    assert graph.get("/v1.0/users").headers["date"] != before
    assert graph.get(link).json()["error"]["code"] == "syncStateNotFound"
    assert graph.post("/_emu/clock", json={"advance_s": -1}).status_code == 400


def test_the_journal_has_raw_urls_and_no_token(graph):
    graph.get("/v1.0//users/delta()?$select=id,displayName&%24top=5")
    graph.post("/v1.0/directoryObjects/getByIds", json={"ids": []})
    first, second = graph.get("/_emu/requests").json()["requests"]
    assert (first["path"], first["query"]) == ("/v1.0//users/delta()", "$select=id,displayName&%24top=5")
    assert first["headers"]["authorization"].startswith("Bearer sha256:")
    assert "sandbox" not in first["headers"]["authorization"]
    assert (second["method"], second["body"], second["status"]) == ("POST", {"ids": []}, 200)
    assert [one["n"] for one in graph.get(f"/_emu/requests?since={first['n']}").json()["requests"]] == [second["n"]]


def test_a_fault_strikes_one_page_of_one_stream(graph, directory):
    directory.quirks.set({"users_page": 40})
    graph.post(
        "/_emu/faults", json=[{"match": {"stream": "users", "page": 1}, "action": {"status": 503, "retry_after": 7}}]
    )
    first = graph.get("/v1.0/users/delta").json()
    struck = graph.get(first["@odata.nextLink"])
    assert (struck.status_code, struck.headers["retry-after"]) == (503, "7")
    assert struck.json()["error"]["code"] == "ServiceUnavailable"
    assert graph.get(first["@odata.nextLink"]).status_code == 200


@pytest.mark.parametrize(
    ("action", "wrong"),
    [
        ({"transform": "no_links"}, lambda page: not any(key.endswith("Link") for key in page)),
        ({"transform": "both_links"}, lambda page: {"@odata.nextLink", "@odata.deltaLink"} <= page.keys()),
        ({"edit": {"remove": ["value"]}}, lambda page: "value" not in page),
        ({"edit": {"set": {"value": {}}}}, lambda page: page["value"] == {}),
        ({"first": {"remove": ["id"]}}, lambda page: "id" not in page["value"][0]),
        ({"first": {"set": {"@removed": {}}}}, lambda page: page["value"][0]["@removed"] == {}),
        (
            {"transform": "every", "with": {"extension_x_date": "2024-01-02"}},
            lambda page: all(one.get("extension_x_date") == "2024-01-02" for one in page["value"]),
        ),
        (
            {"transform": "append", "with": [{"id": "x", "@odata.type": "#new"}]},
            lambda page: page["value"][-1]["id"] == "x",
        ),
        ({"transform": "empty"}, lambda page: page["value"] == [] and "@odata.deltaLink" in page),
        ({"replace": None}, lambda page: page is None),
    ],
)
def test_pages_are_edited_as_a_fault_says(graph, app, action, wrong):
    app.faults.add({"match": {"path": "users/delta"}, "action": action})
    assert wrong(graph.get("/v1.0/users/delta?$select=displayName").json())
    assert not wrong(graph.get("/v1.0/users/delta?$select=displayName").json())


def test_the_service_lives_below_any_prefix(graph):
    assert len(walk(graph, "/anything/v1.0/groups")) == 12
    assert graph.get("/v1.00/groups").status_code == 404
    assert graph.get("/beta/groups").status_code == 404


async def test_without_a_server_the_application_answers_as_well():
    app = graph_app(GraphDirectory())
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app), base_url="http://sandbox", headers={"Authorization": "Bearer sandbox"}
    ) as client:
        assert (await client.get("/v1.0/users")).json()["value"] == []
