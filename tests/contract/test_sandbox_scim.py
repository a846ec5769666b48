"""The sandbox's SCIM service as the plain RFC: what an oracle says, the token, resources, members, and the control API."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import httpx
import pytest
from scim2_tester import Status, check_server

from connectors.sandbox.scim import PRESETS, Quirks, preset
from syncd.core.attributes import ENTERPRISE_SCHEMA, USER_SCHEMA
from tests.contract.scim_world import TOKEN, Oracle, ScimWorld, scim_world

ERROR = "urn:ietf:params:scim:api:messages:2.0:Error"


@pytest.fixture(scope="module")
def served() -> Iterator[ScimWorld]:
    with scim_world() as running:
        yield running


@pytest.fixture
def world(served: ScimWorld) -> ScimWorld:
    served.become()
    return served


class TestOracle:
    def test_every_check_of_scim2_tester_passes(self, world: ScimWorld) -> None:
        results = check_server(Oracle(world.http))
        assert [(each.title, each.reason) for each in results if each.status != Status.SUCCESS] == []
        assert len(results) > 100

    def test_products_with_discovery_describe_themselves_rightly(self, world: ScimWorld) -> None:
        for name in (name for name, quirks in PRESETS.items() if quirks.discovery):
            world.become(name)
            results = check_server(Oracle(world.http), include_tags={"discovery"})
            assert [(name, each.title, each.reason) for each in results if each.status == Status.ERROR] == []
            assert any(each.status == Status.SUCCESS for each in results)


class TestToken:
    @pytest.mark.parametrize("header", [None, "Bearer wrong", f"Basic {TOKEN}", TOKEN, "Bearer"])
    def test_without_the_token_nobody_comes_in(self, world: ScimWorld, header: str | None) -> None:
        headers = {} if header is None else {"authorization": header}
        answer = httpx.get(f"{world.base}/Users", headers=headers)
        assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")
        assert answer.json()["schemas"] == [ERROR]

    def test_the_journal_does_not_have_it(self, world: ScimWorld) -> None:
        world.get("/Users")
        assert TOKEN not in world.control.get("/_emu/requests").text


class TestResources:
    def test_a_new_user_has_id_schemas_meta_location_and_version(self, world: ScimWorld) -> None:
        answer = world.post(
            "Users", userName="jane@x.org", name={"givenName": "Jane"}, **{ENTERPRISE_SCHEMA: {"department": "Sales"}}
        )
        user = answer.json()
        assert answer.status_code == 201
        assert answer.headers["content-type"] == "application/scim+json"
        assert answer.headers["location"] == user["meta"]["location"] == f"{world.base}/Users/{user['id']}"
        assert answer.headers["etag"] == user["meta"]["version"] == 'W/"1"'
        assert user["schemas"] == [USER_SCHEMA, ENTERPRISE_SCHEMA]
        assert user["meta"]["created"] == user["meta"]["lastModified"] == "2026-01-01T00:00:00.000Z"
        assert world.get(f"/Users/{user['id']}").json() == user

    def test_names_come_back_as_the_schema_writes_them_and_the_unknown_is_ignored(self, world: ScimWorld) -> None:
        user = world.post(
            "Users", USERNAME="jane", TiTle="Lead", shoeSize=44, meta={"resourceType": "User"}, id="own"
        ).json()
        assert (user["userName"], user["title"]) == ("jane", "Lead")
        assert user.keys() == {"schemas", "id", "userName", "title", "meta"}
        assert user["id"] != "own"

    def test_null_and_empty_lists_are_unassigned(self, world: ScimWorld) -> None:
        user = world.post("Users", userName="jane", title=None, roles=[], addresses=None).json()
        assert user.keys() == {"schemas", "id", "userName", "meta"}

    def test_a_password_is_shown_to_nobody(self, world: ScimWorld) -> None:
        answer = world.post("Users", userName="jane", password="hunter2-secret")
        state = world.control.get("/_emu/state").text
        assert "password" not in answer.json()
        assert "hunter2-secret" not in state + world.get("/Users").text

    @pytest.mark.parametrize("name", ["jane@x.org", "JANE@X.ORG"])
    def test_a_user_name_is_taken_whatever_its_letter_case(self, world: ScimWorld, name: str) -> None:
        world.user("jane@x.org")
        answer = world.post("Users", userName=name)
        assert (answer.status_code, answer.json()["scimType"]) == (409, "uniqueness")
        other = world.user("joe")
        assert world.patch(f"/Users/{other}", {"op": "replace", "path": "userName", "value": name}).status_code == 409

    def test_group_names_are_free_unless_the_server_says_otherwise(self, world: ScimWorld) -> None:
        world.group("Staff")
        assert world.post("Groups", displayName="staff").status_code == 201
        world.become(unique=["group.displayName"])
        world.group("Staff")
        assert world.post("Groups", displayName="staff").status_code == 409

    @pytest.mark.parametrize(
        ("body", "scim_type"),
        [
            ({"schemas": [USER_SCHEMA]}, "invalidValue"),
            ({"schemas": [USER_SCHEMA], "userName": ""}, "invalidValue"),
            ({"schemas": [USER_SCHEMA], "userName": 5}, "invalidValue"),
            ({"schemas": [USER_SCHEMA], "userName": "j", "active": "False"}, "invalidValue"),
            ({"schemas": [USER_SCHEMA], "userName": "j", "emails": {"value": "x"}}, "invalidValue"),
            ({"schemas": [USER_SCHEMA], "userName": "j", "x509Certificates": [{"value": "%"}]}, "invalidValue"),
            ({"userName": "j"}, "invalidSyntax"),
            ({"schemas": ["urn:other"], "userName": "j"}, "invalidSyntax"),
            (["x"], "invalidSyntax"),
        ],
    )
    def test_a_wrong_body_is_answered_with_the_rfcs_error(self, world: ScimWorld, body: Any, scim_type: str) -> None:
        answer = world.http.post("/Users", json=body)
        assert answer.status_code == 400
        assert answer.json() == {
            "schemas": [ERROR],
            "status": "400",
            "scimType": scim_type,
            "detail": answer.json()["detail"],
        }
        assert world.directory.users() == []

    def test_a_body_that_is_no_json_is_invalid_syntax(self, world: ScimWorld) -> None:
        assert world.http.post("/Users", content=b"{").json()["scimType"] == "invalidSyntax"

    def test_put_unassigns_what_it_does_not_mention(self, world: ScimWorld) -> None:
        jane = world.user("jane", title="Lead", emails=[{"value": "j@x.org"}])
        answer = world.put(f"/Users/{jane}", userName="jane", nickName="J", id="other", groups=[])
        assert answer.status_code == 200
        assert answer.json().keys() == {"schemas", "id", "userName", "nickName", "meta"}
        assert answer.json()["id"] == jane

    def test_patch_is_all_or_nothing(self, world: ScimWorld) -> None:
        jane = world.user("jane", title="Lead")
        answer = world.patch(
            f"/Users/{jane}",
            {"op": "replace", "path": "title", "value": "Head"},
            {"op": "replace", "path": "shoeSize", "value": "44"},
        )
        assert (answer.status_code, answer.json()["scimType"]) == (400, "invalidPath")
        assert world.get(f"/Users/{jane}").json()["title"] == "Lead"

    def test_a_required_attribute_cannot_be_removed(self, world: ScimWorld) -> None:
        jane = world.user("jane")
        assert world.patch(f"/Users/{jane}", {"op": "remove", "path": "userName"}).status_code == 400

    def test_a_change_without_effect_keeps_the_version_and_is_counted(self, world: ScimWorld) -> None:
        jane = world.user("jane", title="Lead")
        answer = world.patch(f"/Users/{jane}", {"op": "replace", "path": "title", "value": "Lead"})
        assert answer.json()["meta"]["version"] == 'W/"1"'
        assert world.directory.idle == {jane: 1}
        assert world.directory.writes == {"POST user": 1, "PATCH user": 1}
        assert world.directory.written == {jane: 2}

    @pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE"])
    def test_an_unknown_id_is_404(self, world: ScimWorld, method: str) -> None:
        group = world.group("Staff")
        for unknown in ("nobody", group):
            answer = world.http.request(method, f"/Users/{unknown}", json={})
            assert (answer.status_code, answer.json()["status"]) == (404, "404")

    def test_a_deleted_user_is_gone_and_its_name_free(self, world: ScimWorld) -> None:
        jane = world.user("jane")
        assert world.http.delete(f"/Users/{jane}").status_code == 204
        assert world.http.delete(f"/Users/{jane}").status_code == 404
        assert world.get(f"/Users/{jane}").status_code == 404
        assert world.found("Users", 'userName eq "jane"') == []
        assert world.user("jane") != jane


class TestMembers:
    def test_members_show_in_the_group_and_groups_in_the_member(self, world: ScimWorld) -> None:
        jane = world.user("jane")
        staff = world.group("Staff", jane)
        assert world.get(f"/Groups/{staff}").json()["members"] == [
            {"value": jane, "$ref": f"{world.base}/Users/{jane}", "type": "User"}
        ]
        assert world.get(f"/Users/{jane}").json()["groups"] == [
            {"value": staff, "display": "Staff", "$ref": f"{world.base}/Groups/{staff}", "type": "direct"}
        ]

    def test_groups_can_be_members(self, world: ScimWorld) -> None:
        inner = world.group("Inner")
        outer = world.group("Outer", inner)
        assert world.get(f"/Groups/{outer}").json()["members"][0]["type"] == "Group"

    def test_an_unknown_member_is_refused_unless_the_server_does_not_look(self, world: ScimWorld) -> None:
        staff = world.group("Staff")
        add = {"op": "add", "path": "members", "value": [{"value": "nobody"}]}
        assert world.patch(f"/Groups/{staff}", add).status_code == 400
        assert world.post("Groups", displayName="X", members=[{"value": "nobody"}]).status_code == 400
        world.become(unknown_members="stored")
        staff = world.group("Staff", "nobody")
        assert world.directory.members("Staff") == {"nobody"}

    def test_a_deleted_user_leaves_its_groups(self, world: ScimWorld) -> None:
        jane, joe = world.user("jane"), world.user("joe")
        staff = world.group("Staff", jane, joe)
        world.http.delete(f"/Users/{jane}")
        assert world.directory.members("Staff") == {"joe"}
        assert world.get(f"/Groups/{staff}").json()["meta"]["version"] == 'W/"2"'

    def test_a_deleted_group_leaves_its_members_profiles(self, world: ScimWorld) -> None:
        jane = world.user("jane")
        world.http.delete(f"/Groups/{world.group('Staff', jane)}")
        assert "groups" not in world.get(f"/Users/{jane}").json()

    def test_a_membership_is_found_from_either_side(self, world: ScimWorld) -> None:
        jane, joe = world.user("jane"), world.user("joe")
        staff = world.group("Staff", jane)
        world.group("Other", joe)
        assert world.found("Groups", f'members eq "{jane}"') == ["Staff"]
        assert world.found("Groups", f'members[value eq "{jane}"]') == ["Staff"]
        assert world.found("Groups", f'id eq "{staff}" and members eq "{joe}"') == []
        assert world.found("Users", f'groups.value eq "{staff}"') == ["jane"]

    def test_ten_thousand_members_go_in_and_out_in_parts(self, world: ScimWorld) -> None:
        world.become(unknown_members="stored")
        staff = world.group("Staff")
        ids = [f"u{n}" for n in range(10_000)]
        for at in range(0, len(ids), 1000):
            part = [{"value": each} for each in ids[at : at + 1000]]
            answer = world.patch(
                f"/Groups/{staff}",
                {"op": "add", "path": "members", "value": part},
                params={"excludedAttributes": "members"},
            )
            assert answer.status_code == 200
            assert "members" not in answer.json()
        for at in range(0, 5000, 1000):
            gone = [{"op": "remove", "path": f'members[value eq "{each}"]'} for each in ids[at : at + 1000]]
            assert world.patch(f"/Groups/{staff}", *gone).status_code == 200
        assert world.directory.members("Staff") == set(ids[5000:])


class TestControl:
    def test_a_service_can_be_populated_and_read_through_python_and_http(self, world: ScimWorld) -> None:
        summary = world.control.post("/_emu/reset", json={"users": 50, "groups": 3, "seed": 7}).json()
        assert summary == {"reset": {"users": 50, "groups": 3}}
        state = world.control.get("/_emu/state").json()
        assert [each["userName"] for each in state["users"]] == [each.name for each in world.directory.users()]
        assert len(state["groups"][0]["members"]) == len(world.directory.members("Team 1")) == 20
        assert state["active_users"] == world.directory.active_users == 50
        assert world.get("/Users").json()["totalResults"] == 50

    def test_people_change_things_behind_the_clients_back(self, world: ScimWorld) -> None:
        ops = [
            {"op": "create", "kind": "user", "resource": {"userName": "jane", "title": "Lead", "id": "j"}},
            {"op": "create", "kind": "group", "resource": {"displayName": "Staff"}},
            {"op": "add_member", "group": "Staff", "user": "jane"},
            {"op": "update", "kind": "user", "name": "jane", "set": {"active": False}, "remove": ["title"]},
        ]
        assert world.control.post("/_emu/mutate", json=ops).status_code == 200
        user = world.get("/Users/j").json()
        assert (user["active"], "title" in user, len(user["groups"])) == (False, False, 1)
        world.control.post("/_emu/mutate", json=[{"op": "remove_member", "group": "Staff", "user": "j"}])
        world.control.post("/_emu/mutate", json=[{"op": "delete", "kind": "user", "name": "jane"}])
        assert world.directory.users() == []
        assert world.directory.writes == {}

    def test_a_wrong_control_request_says_what_is_wrong(self, world: ScimWorld) -> None:
        for path, body, words in [
            ("quirks", {"colour": "red"}, "no such quirk: colour"),
            ("quirks", {"preset": "acme"}, "testmu"),
            ("quirks", {"page_size": "many"}, "page_size"),
            ("reset", {"planets": 9}, "planets"),
            ("mutate", [{"op": "explode"}], "explode"),
            ("mutate", [{"op": "delete", "kind": "user", "name": "nobody"}], "nobody"),
        ]:
            answer = world.control.post(f"/_emu/{path}", json=body)
            assert (answer.status_code, words in answer.json()["error"]) == (400, True)

    def test_faults_meet_requests_by_resource_and_operation(self, world: ScimWorld) -> None:
        rule = {"match": {"resource": "Users", "operation": "create"}, "action": {"status": 503, "retry_after": 7}}
        world.control.post("/_emu/faults", json=[rule])
        assert world.get("/Users").status_code == 200
        answer = world.post("Users", userName="jane")
        assert (answer.status_code, answer.headers["retry-after"], answer.json()["schemas"]) == (503, "7", [ERROR])
        assert world.directory.users() == []
        assert world.post("Users", userName="jane").status_code == 201

    def test_time_moves_by_the_sandboxs_clock(self, world: ScimWorld) -> None:
        jane = world.user("jane")
        before = world.get(f"/Users/{jane}").json()["meta"]["lastModified"]
        world.control.post("/_emu/clock", json={"advance_s": 60})
        world.patch(f"/Users/{jane}", {"op": "add", "path": "title", "value": "Lead"})
        after = world.get(f"/Users/{jane}").json()["meta"]["lastModified"]
        assert (datetime.fromisoformat(after) - datetime.fromisoformat(before)).total_seconds() == 60


def test_quirks_survive_the_way_through_json() -> None:
    for name in PRESETS:
        quirks = preset(name)
        assert Quirks().changed(quirks.data).data == quirks.data


def test_a_path_outside_the_base_is_not_the_service(world: ScimWorld) -> None:
    assert httpx.get(f"{world.base}x/Users", headers=world.http.headers).status_code == 404
    assert world.control.get("/Users", headers=world.http.headers).status_code == 404
