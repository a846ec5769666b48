"""Each way in which the sandbox's SCIM service can differ from the RFC, seen over HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from connectors.sandbox.clock import Clock
from connectors.sandbox.scim import ScimDirectory, scim_app
from connectors.sandbox.serve import serve
from syncd.core.attributes import ENTERPRISE_SCHEMA
from tests.contract.scim_world import TOKEN, ScimWorld


@pytest.fixture(scope="module")
def world() -> Iterator[ScimWorld]:
    directory = ScimDirectory(Clock(datetime(2026, 1, 1, tzinfo=UTC)))
    app = scim_app(directory, token=TOKEN)
    with serve({"scim": app}) as running:
        made = ScimWorld(app, directory, running["scim"])
        yield made
        made.close()


def remove_by_filter(member: str) -> dict[str, Any]:
    return {"op": "remove", "path": f'members[value eq "{member}"]'}


def remove_by_value(member: str) -> dict[str, Any]:
    return {"op": "remove", "path": "members", "value": [{"value": member}]}


class TestFilters:
    def test_an_ignored_filter_returns_everybody(self, world: ScimWorld) -> None:
        world.become(filter="ignored")
        world.user("jane"), world.user("joe")
        assert world.found("Users", 'userName eq "nobody"') == ["jane", "joe"]

    def test_a_filter_on_the_wrong_attribute(self, world: ScimWorld) -> None:
        world.become(filter="email")
        world.user("jane", externalId="e1", emails=[{"value": "j@x.org"}])
        assert world.found("Users", 'externalId eq "e1"') == []
        assert world.found("Users", 'externalId eq "j@x.org"') == ["jane"]

    def test_a_refused_filter(self, world: ScimWorld) -> None:
        world.become(filter="refused")
        assert world.get("/Users", filter='userName eq "jane"').status_code == 400
        assert world.get("/Users").status_code == 200

    def test_only_some_attributes_can_be_searched(self, world: ScimWorld) -> None:
        world.become(filter_attributes=["user.userName"], filter="eq")
        assert world.found("Users", 'userName eq "jane"') == []
        assert world.get("/Users", filter='externalId eq "e"').status_code == 400
        assert world.get("/Users", filter='userName sw "j"').status_code == 400
        assert world.get("/Groups", filter='displayName eq "Staff"').status_code == 400

    def test_letter_case_counts_in_a_user_name_that_is_searched_not_in_one_that_is_taken(
        self, world: ScimWorld
    ) -> None:
        world.become(case_sensitive_user_name=True)
        world.user("Jane")
        assert world.found("Users", 'userName eq "jane"') == []
        assert world.found("Users", 'userName eq "Jane"') == ["Jane"]
        assert world.post("Users", userName="jane").status_code == 409

    def test_users_who_are_not_active_are_hidden_but_their_names_are_taken(self, world: ScimWorld) -> None:
        world.become(hides_inactive=True)
        jane = world.user("jane", active=False)
        world.user("joe")
        assert world.found("Users", 'userName eq "jane"') == []
        assert world.page() == ["joe"]
        assert world.post("Users", userName="jane").status_code == 409
        assert world.get(f"/Users/{jane}").status_code == 200


class TestNoEffect:
    @pytest.mark.parametrize("operation", [{"op": "replace", "value": {"displayName": "New"}}])
    def test_a_rename_without_path_is_ignored(self, world: ScimWorld, operation: dict[str, Any]) -> None:
        world.become(pathless="ignored")
        staff = world.group("Staff")
        assert world.patch(f"/Groups/{staff}", operation).status_code == 200
        assert world.directory.group("New") is None

    def test_removing_members_by_value_list_is_ignored(self, world: ScimWorld) -> None:
        world.become(remove_by_value="ignored")
        jane = world.user("jane")
        staff = world.group("Staff", jane)
        assert world.patch(f"/Groups/{staff}", remove_by_value(jane)).status_code == 200
        assert world.directory.members("Staff") == {"jane"}

    def test_removing_all_members_is_ignored(self, world: ScimWorld) -> None:
        world.become(remove_all="ignored")
        jane = world.user("jane")
        staff = world.group("Staff", jane)
        assert world.patch(f"/Groups/{staff}", {"op": "remove", "path": "members"}).status_code == 200
        assert world.directory.members("Staff") == {"jane"}

    def test_attributes_are_dropped(self, world: ScimWorld) -> None:
        world.become(keeps_only=["userName", "displayName", "externalId", "active"])
        jane = world.user("jane", title="Lead", active=True, **{ENTERPRISE_SCHEMA: {"department": "S"}})
        assert world.get(f"/Users/{jane}").json().keys() == {"schemas", "id", "userName", "active", "meta"}
        assert world.patch(f"/Users/{jane}", {"op": "add", "path": "title", "value": "x"}).status_code == 200
        assert "title" not in world.get(f"/Users/{jane}").json()

    def test_members_are_never_shown(self, world: ScimWorld) -> None:
        world.become(members_shown=False)
        staff = world.group("Staff", world.user("jane"))
        assert world.get(f"/Groups/{staff}").json()["members"] == []
        assert world.get("/Groups").json()["Resources"][0]["members"] == []
        assert world.directory.members("Staff") == {"jane"}

    def test_a_fixed_attribute_stays_as_it_is(self, world: ScimWorld) -> None:
        world.become(fixed=["user.title"])
        jane = world.user("jane", title="Lead")
        assert world.patch(f"/Users/{jane}", {"op": "replace", "path": "title", "value": "x"}).json()["title"] == "Lead"
        assert world.put(f"/Users/{jane}", userName="jane").json()["title"] == "Lead"


class TestMembers:
    @pytest.mark.parametrize("operation", [{"path": "members"}, {}], ids=["path", "pathless"])
    def test_a_replacement_adds(self, world: ScimWorld, operation: dict[str, Any]) -> None:
        world.become(members_replace="adds")
        jane, joe = world.user("jane"), world.user("joe")
        staff = world.group("Staff", jane)
        value: Any = [{"value": joe}]
        value = value if operation else {"members": value}
        assert world.patch(f"/Groups/{staff}", {"op": "replace", **operation, "value": value}).status_code == 200
        assert world.directory.members("Staff") == {"jane", "joe"}

    def test_a_member_who_is_added_again_is_stored_twice(self, world: ScimWorld) -> None:
        world.become(duplicate_members=True)
        jane = world.user("jane")
        staff = world.group("Staff", jane)
        world.patch(f"/Groups/{staff}", {"op": "add", "path": "members", "value": [{"value": jane}]})
        assert [each["value"] for each in world.get(f"/Groups/{staff}").json()["members"]] == [jane, jane]
        world.patch(f"/Groups/{staff}", remove_by_filter(jane))
        assert world.get(f"/Groups/{staff}").json()["members"] == []

    def test_members_go_by_value_list_alone(self, world: ScimWorld) -> None:
        world.become(remove_by_filter=501)
        jane = world.user("jane")
        staff = world.group("Staff", jane)
        assert world.patch(f"/Groups/{staff}", remove_by_filter(jane)).status_code == 501
        assert world.patch(f"/Groups/{staff}", remove_by_value(jane)).status_code == 200
        assert world.directory.members("Staff") == set()

    def test_members_go_by_filter_alone(self, world: ScimWorld) -> None:
        world.become(remove_by_value=400)
        jane = world.user("jane")
        staff = world.group("Staff", jane)
        assert world.patch(f"/Groups/{staff}", remove_by_value(jane)).status_code == 400
        assert world.patch(f"/Groups/{staff}", remove_by_filter(jane)).status_code == 200
        assert world.directory.members("Staff") == set()

    def test_a_value_list_empties_the_group(self, world: ScimWorld) -> None:
        world.become(remove_by_value="all")
        jane, joe = world.user("jane"), world.user("joe")
        staff = world.group("Staff", jane, joe)
        world.patch(f"/Groups/{staff}", remove_by_value(jane))
        assert world.directory.members("Staff") == set()

    def test_a_group_holds_so_many_members(self, world: ScimWorld) -> None:
        world.become(member_limit=1)
        jane, joe = world.user("jane"), world.user("joe")
        staff = world.group("Staff", jane)
        answer = world.patch(f"/Groups/{staff}", {"op": "add", "path": "members", "value": [{"value": joe}]})
        assert answer.status_code == 400
        assert (
            world.put(f"/Groups/{staff}", displayName="S", members=[{"value": jane}, {"value": joe}]).status_code == 400
        )
        assert world.directory.members("Staff") == {"jane"}


class TestPatch:
    def test_a_path_to_an_absent_element_has_no_target(self, world: ScimWorld) -> None:
        operation = {"op": "add", "path": 'phoneNumbers[type eq "mobile"].value', "value": "+1"}
        world.become(absent_element="refused")
        answer = world.patch(f"/Users/{world.user('jane')}", operation)
        assert (answer.status_code, answer.json()["scimType"]) == (400, "noTarget")
        world.become(absent_element="created")
        operation["op"] = "replace"
        answer = world.patch(f"/Users/{world.user('jane')}", operation)
        assert answer.json()["phoneNumbers"] == [{"type": "mobile", "value": "+1"}]

    @pytest.mark.parametrize(("forms", "string", "complex_"), [(["string"], 200, 400), (["complex"], 400, 200)])
    def test_one_form_of_the_manager_is_refused(
        self, world: ScimWorld, forms: list[str], string: int, complex_: int
    ) -> None:
        world.become(manager_forms=forms)
        jane = world.user("jane")
        path = f"{ENTERPRISE_SCHEMA}:manager"
        text = world.patch(f"/Users/{jane}", {"op": "add", "path": path, "value": "m"})
        value = world.patch(f"/Users/{jane}", {"op": "add", "path": path, "value": {"value": "m"}})
        assert (text.status_code, value.status_code) == (string, complex_)

    def test_a_change_is_applied_although_the_answer_is_500(self, world: ScimWorld) -> None:
        world.become(applied_although_500=["PATCH", "POST"])
        assert world.post("Users", userName="jane").status_code == 500
        (jane,) = world.directory.users()
        assert world.patch(f"/Users/{jane.id}", {"op": "add", "path": "title", "value": "Lead"}).status_code == 500
        assert world.get(f"/Users/{jane.id}").json()["title"] == "Lead"

    def test_an_attribute_that_it_does_not_have_spoils_the_whole_patch(self, world: ScimWorld) -> None:
        world.become(unsupported=["title", "name.middleName", f"{ENTERPRISE_SCHEMA}:division"])
        jane = world.user("jane", title="Lead", nickName="J")
        operations = [{"op": "replace", "path": each, "value": "x"} for each in ("nickName", "title")]
        answer = world.patch(f"/Users/{jane}", *operations)
        assert (answer.status_code, answer.json()["scimType"]) == (400, "invalidPath")
        user = world.get(f"/Users/{jane}").json()
        assert (user["nickName"], "title" in user) == ("J", False)
        schemas = {each["id"]: each for each in world.get("/Schemas").json()["Resources"]}
        assert "division" not in str(schemas[ENTERPRISE_SCHEMA])
        assert "middleName" not in str(schemas)

    def test_an_extension_that_it_does_not_have(self, world: ScimWorld) -> None:
        world.become(unsupported=[ENTERPRISE_SCHEMA])
        jane = world.user("jane", **{ENTERPRISE_SCHEMA: {"department": "S"}})
        assert ENTERPRISE_SCHEMA not in world.get(f"/Users/{jane}").text
        assert ENTERPRISE_SCHEMA not in world.get("/Schemas").text

    def test_patch_is_not_implemented_but_put_is(self, world: ScimWorld) -> None:
        world.become(user_patch_paths=["active"], group_patch_paths=[], patch_refusal=501)
        jane = world.user("jane")
        assert world.patch(f"/Users/{jane}", {"op": "replace", "path": "title", "value": "x"}).status_code == 501
        assert world.patch(f"/Users/{jane}", {"op": "replace", "value": {"active": False}}).status_code == 200
        assert world.put(f"/Users/{jane}", userName="jane", title="x").json()["title"] == "x"
        staff = world.group("Staff")
        assert world.patch(f"/Groups/{staff}", remove_by_filter(jane)).status_code == 501

    def test_user_names_and_group_names_never_change(self, world: ScimWorld) -> None:
        world.become(immutable=["user.userName", "group.displayName"])
        jane, staff = world.user("jane"), world.group("Staff")
        for answer in (
            world.patch(f"/Users/{jane}", {"op": "replace", "path": "userName", "value": "joan"}),
            world.put(f"/Users/{jane}", userName="joan"),
            world.patch(f"/Groups/{staff}", {"op": "replace", "path": "displayName", "value": "X"}),
        ):
            assert (answer.status_code, answer.json()["scimType"]) == (400, "mutability")
        assert world.put(f"/Users/{jane}", userName="jane", title="x").status_code == 200

    def test_a_urn_is_cut_at_its_dot(self, world: ScimWorld) -> None:
        world.become(urn_paths="split")
        jane = world.user("jane")
        world.patch(f"/Users/{jane}", {"op": "add", "path": f"{ENTERPRISE_SCHEMA}:department", "value": "S"})
        assert "urn:ietf:params:scim:schemas:extension:enterprise:2" in world.get(f"/Users/{jane}").json()

    def test_patch_answers_204(self, world: ScimWorld) -> None:
        world.become(patch_answer=204)
        answer = world.patch(f"/Users/{world.user('jane')}", {"op": "add", "path": "title", "value": "x"})
        assert (answer.status_code, answer.content) == (204, b"")


class TestValues:
    def test_text_booleans_are_refused_taken_or_taken_for_true(self, world: ScimWorld) -> None:
        operation = {"op": "Replace", "path": "active", "value": "False"}
        for manner, expected in (("refused", None), ("accepted", False), ("truthy", True)):
            world.become(string_booleans=manner)
            answer = world.patch(f"/Users/{world.user('jane')}", operation)
            assert answer.json().get("active") is expected
            assert answer.status_code == (400 if manner == "refused" else 200)

    @pytest.mark.parametrize("value", ["", None])
    def test_an_empty_title_is_refused(self, world: ScimWorld, value: str | None) -> None:
        world.become(refuses_empty=["title"])
        jane = world.user("jane", title="Lead")
        assert world.patch(f"/Users/{jane}", {"op": "replace", "path": "title", "value": value}).status_code == 400
        assert world.post("Users", userName="joe", title=value).status_code == 400

    def test_more_is_required_than_the_schema_says(self, world: ScimWorld) -> None:
        world.become(required=["emails", "name.givenName", f"{ENTERPRISE_SCHEMA}:department"])
        full = {"emails": [{"value": "j@x"}], "name": {"givenName": "J"}, ENTERPRISE_SCHEMA: {"department": "S"}}
        for missing in full:
            assert (
                world.post("Users", userName="jane", **{k: v for k, v in full.items() if k != missing}).status_code
                == 400
            )
        jane = world.user("jane", **full)
        assert world.patch(f"/Users/{jane}", {"op": "remove", "path": "emails"}).status_code == 400

    def test_user_names_must_be_addresses(self, world: ScimWorld) -> None:
        world.become(email_user_names=True)
        assert world.post("Users", userName="jane").status_code == 400
        assert world.post("Users", userName="jane@x.org").status_code == 201

    def test_put_leaves_alone_what_it_does_not_mention(self, world: ScimWorld) -> None:
        world.become(put_is_partial=True)
        jane = world.user("jane", title="Lead")
        staff = world.group("Staff", jane)
        assert world.put(f"/Users/{jane}", userName="joan").json()["title"] == "Lead"
        world.put(f"/Groups/{staff}", displayName="Crew")
        assert world.directory.members("Crew") == {"joan"}

    @pytest.mark.parametrize(("ids", "user_id"), [("number", "100001"), ("name", "jane doe@x/y.org")])
    def test_ids_are_numbers_or_names(self, world: ScimWorld, ids: str, user_id: str) -> None:
        world.become(ids=ids)
        answer = world.post("Users", userName="jane doe@x/y.org")
        assert answer.json()["id"] == user_id
        assert world.http.get(answer.json()["meta"]["location"]).json()["id"] == user_id

    def test_seats_run_out(self, world: ScimWorld) -> None:
        world.become(seats=1)
        jane = world.user("jane", active=False)
        joe = world.user("joe", active=True)
        enable = {"op": "replace", "path": "active", "value": True}
        answer = world.patch(f"/Users/{jane}", enable)
        assert (answer.status_code, "No seats left" in answer.json()["detail"]) == (400, True)
        assert world.post("Users", userName="jim").status_code == 400
        world.patch(f"/Users/{joe}", {"op": "replace", "path": "active", "value": False})
        assert world.patch(f"/Users/{jane}", enable).status_code == 200

    def test_someone_is_in_another_organisation(self, world: ScimWorld) -> None:
        world.become(other_organisation=["Jane@x.org"])
        assert world.post("Users", userName="jane@x.org").status_code == 400
        assert world.get("/Users", filter='userName eq "jane@x.org"').status_code == 400
        assert world.found("Users", 'userName eq "joe@x.org"') == []


class TestDelete:
    def test_with_a_body(self, world: ScimWorld) -> None:
        world.become(delete_answer=200)
        answer = world.http.delete(f"/Users/{world.user('jane')}")
        assert (answer.status_code, answer.json()["userName"]) == (200, "jane")

    def test_a_tombstone_is_readable_and_keeps_the_name(self, world: ScimWorld) -> None:
        world.become(delete_user="tombstone")
        jane = world.user("jane")
        world.group("Staff", jane)
        assert world.http.delete(f"/Users/{jane}").status_code == 204
        assert world.get(f"/Users/{jane}").status_code == 200
        assert world.post("Users", userName="jane").status_code == 409
        assert world.found("Users", 'userName eq "jane"') == []
        assert world.patch(f"/Users/{jane}", {"op": "add", "path": "title", "value": "x"}).status_code == 404
        assert (world.directory.users(), world.directory.members("Staff")) == ([], set())

    @pytest.mark.parametrize("status", [404, 500])
    def test_the_second_delete(self, world: ScimWorld, status: int) -> None:
        world.become(second_delete=status)
        jane = world.user("jane")
        world.http.delete(f"/Users/{jane}")
        assert world.http.delete(f"/Users/{jane}").status_code == status
        assert world.http.delete("/Users/nobody").status_code == 404

    def test_it_only_deactivates(self, world: ScimWorld) -> None:
        world.become(delete_user="deactivated")
        jane = world.user("jane", active=True)
        for _ in range(2):
            assert world.http.delete(f"/Users/{jane}").status_code == 204
        assert world.get(f"/Users/{jane}").json()["active"] is False
        assert world.found("Users", 'userName eq "jane"') == ["jane"]

    def test_the_address_of_someone_deleted_stays_taken(self, world: ScimWorld) -> None:
        world.become(keeps_email=True)
        emails = [{"value": "J@x.org"}]
        world.http.delete(f"/Users/{world.user('jane', emails=emails)}")
        assert world.post("Users", userName="joan", emails=[{"value": "j@x.org"}]).status_code == 409
        assert world.post("Users", userName="jane").status_code == 201

    def test_a_softly_deleted_group_comes_back_without_members(self, world: ScimWorld) -> None:
        world.become(delete_group="soft", unique=["group.displayName"])
        jane = world.user("jane")
        staff = world.group("Staff", jane)
        assert world.http.delete(f"/Groups/{staff}").status_code == 204
        assert world.get(f"/Groups/{staff}").status_code == 404
        assert world.found("Groups", 'displayName eq "Staff"') == []
        assert "groups" not in world.get(f"/Users/{jane}").json()
        assert world.group("staff", jane) == staff
        assert world.directory.members("Staff") == set()
        assert world.post("Groups", displayName="Staff").status_code == 409
        world.http.delete(f"/Groups/{staff}")
        other = world.group("Crew")
        assert world.put(f"/Groups/{other}", displayName="Staff").status_code == 200

    def test_it_is_not_allowed(self, world: ScimWorld) -> None:
        world.become(refused_requests=["DELETE /Users"])
        assert world.http.delete(f"/Users/{world.user('jane')}").status_code == 405
        assert world.http.delete(f"/Groups/{world.group('Staff')}").status_code == 204


class TestDiscovery:
    def test_there_is_none(self, world: ScimWorld) -> None:
        world.become(discovery=False)
        for path in ("ServiceProviderConfig", "ResourceTypes", "Schemas"):
            assert world.get(f"/{path}").status_code == 404

    def test_lists_are_bare_arrays(self, world: ScimWorld) -> None:
        world.become(bare_arrays=True)
        assert [each["id"] for each in world.get("/ResourceTypes").json()] == ["User", "Group"]
        assert isinstance(world.get("/Schemas").json(), list)

    def test_it_denies_what_works(self, world: ScimWorld) -> None:
        world.become(announces_filter=False, announces_patch=False)
        config = world.get("/ServiceProviderConfig").json()
        assert (config["filter"]["supported"], config["patch"]["supported"]) == (False, False)
        world.user("jane")
        assert world.found("Users", 'userName eq "jane"') == ["jane"]

    def test_any_path_lists_groups_and_a_post_to_bulk_creates_one(self, world: ScimWorld) -> None:
        world.become(unknown_path="groups", announces_bulk=False, discovery=False)
        world.group("Staff")
        assert world.get("/ServiceProviderConfig").json()["Resources"][0]["displayName"] == "Staff"
        assert world.http.post("/Bulk", json={"Operations": []}).status_code == 201
        assert world.http.post("/.search", json={"displayName": "Found"}).status_code == 201
        assert [each.name for each in world.directory.groups()] == ["Staff", "Bulk", "Found"]

    def test_bulk_that_is_not_announced_is_not_there(self, world: ScimWorld) -> None:
        world.become(announces_bulk=False)
        assert world.http.post("/Bulk", json={}).status_code == 404

    @pytest.mark.parametrize(("groups", "status"), [("forbidden", 403), ("absent", 404)])
    def test_groups_are_forbidden_or_absent(self, world: ScimWorld, groups: str, status: int) -> None:
        world.become(groups=groups)
        assert world.get("/Groups").status_code == world.post("Groups", displayName="X").status_code == status
        assert world.get("/Groups/1").status_code == world.http.post("/Groups/.search", json={}).status_code == status


class TestPaging:
    @pytest.fixture(autouse=True)
    def _users(self, world: ScimWorld) -> None:
        world.become()
        for n in range(25):
            world.user(f"u{n:02}")

    def quirks(self, world: ScimWorld, **switches: Any) -> None:
        assert world.control.post("/_emu/quirks", json={"preset": "strict", **switches}).status_code == 200

    def test_a_page_has_twenty_unless_asked(self, world: ScimWorld) -> None:
        self.quirks(world, page_size=20)
        assert (len(world.page()), len(world.page(count=22))) == (20, 22)

    def test_past_the_end_comes_the_first_page_again(self, world: ScimWorld) -> None:
        self.quirks(world, past_the_end="first")
        assert world.page(startIndex=26, count=5) == world.page(count=5)
        assert world.get("/Users", startIndex=26, count=5).json()["startIndex"] == 1

    def test_count_is_ignored(self, world: ScimWorld) -> None:
        self.quirks(world, ignores_count=True, page_size=20)
        assert len(world.page(count=5)) == 20

    def test_start_index_is_ignored(self, world: ScimWorld) -> None:
        self.quirks(world, ignores_start_index=True)
        assert world.page(startIndex=11, count=5) == world.page(count=5)

    def test_a_count_is_answered_with_500(self, world: ScimWorld) -> None:
        self.quirks(world, count_status=500)
        assert world.get("/Users", count=5).status_code == 500
        assert world.get("/Users").status_code == 200

    def test_a_large_count_is_refused(self, world: ScimWorld) -> None:
        self.quirks(world, max_page=10, over_max_page="refused")
        assert world.get("/Users", count=11).status_code == 400

    def test_the_order_changes_from_request_to_request(self, world: ScimWorld) -> None:
        self.quirks(world, unstable_order=True)
        first, second = world.page(), world.page()
        assert first != second
        assert sorted(first) == sorted(second)

    def test_the_total_is_wrong(self, world: ScimWorld) -> None:
        self.quirks(world, total_results_off=-7)
        assert world.get("/Users").json()["totalResults"] == 18


class TestHttp:
    def test_versions_are_shown_but_not_enforced_or_not_there(self, world: ScimWorld) -> None:
        operation = {"op": "add", "path": "title", "value": "x"}
        for etag, shown in (("shown", True), ("absent", False)):
            world.become(etag=etag)
            jane = world.user("jane")
            answer = world.patch(f"/Users/{jane}", operation, headers={"if-match": 'W/"99"'})
            assert answer.status_code == 200
            assert ("etag" in answer.headers, "version" in answer.json()["meta"]) == (shown, shown)

    @pytest.mark.parametrize(
        ("style", "body"),
        [
            ("integer", {"schemas": ["urn:ietf:params:scim:api:messages:2.0:Error"], "status": 404}),
            ("no-status", {"schemas": ["urn:ietf:params:scim:api:messages:2.0:Error"]}),
            ("detail", {}),
        ],
    )
    def test_errors_have_another_shape(self, world: ScimWorld, style: str, body: dict[str, Any]) -> None:
        world.become(error_style=style)
        answer = world.get("/Users/nobody")
        assert answer.status_code == 404
        assert answer.json() == {**body, "detail": "User nobody not found"}

    def test_a_wrong_value_is_422_where_errors_are_details(self, world: ScimWorld) -> None:
        world.become(error_style="detail")
        assert world.post("Users", userName=5).status_code == 422

    def test_errors_are_html_pages(self, world: ScimWorld) -> None:
        world.become(error_style="html")
        answer = world.get("/Users/nobody")
        assert (answer.status_code, answer.headers["content-type"]) == (404, "text/html; charset=utf-8")
        assert answer.text.startswith("<!DOCTYPE html>")

    def test_errors_have_a_wrong_scim_type(self, world: ScimWorld) -> None:
        world.become(scim_type="invalidVers")
        assert world.get("/Users/nobody").json()["scimType"] == "invalidVers"

    def test_after_so_many_requests_comes_429_until_the_pause_is_over(self, world: ScimWorld) -> None:
        world.become(throttle_after=3, retry_after_s=60)
        assert [world.get("/Users").status_code for _ in range(5)] == [200, 200, 200, 429, 429]
        world.control.post("/_emu/clock", json={"advance_s": 45})
        answer = world.get("/Users")
        assert (answer.status_code, answer.headers["retry-after"]) == (429, "15")
        world.control.post("/_emu/clock", json={"advance_s": 15})
        assert [world.get("/Users").status_code for _ in range(4)] == [200, 200, 200, 429]

    def test_writes_are_answered_without_a_body(self, world: ScimWorld) -> None:
        world.become(answers_without_body=True)
        created = world.post("Users", userName="jane")
        assert (created.status_code, created.content) == (201, b"")
        path = created.headers["location"].removeprefix(world.base)
        for answer in (
            world.patch(path, {"op": "add", "path": "title", "value": "x"}),
            world.put(path, userName="jane"),
        ):
            assert (answer.status_code, answer.content) == (200, b"")
        assert world.get(path).json()["userName"] == "jane"
        assert world.http.post("/Users/.search", json={}).json()["totalResults"] == 1

    def test_creations_take_their_time_one_after_the_other(self, world: ScimWorld) -> None:
        world.become(seconds_per_create=0.05)
        created = world.post("Users", userName="jane")
        read = world.get("/Users")
        assert created.elapsed.total_seconds() >= 0.05
        assert (created.status_code, read.status_code) == (201, 200)


def test_every_switch_is_tested_here_or_with_its_product() -> None:
    """A new quirk without a test is found out: its name must stand in a test."""
    from dataclasses import fields
    from pathlib import Path

    from connectors.sandbox.scim import Quirks

    here = Path(__file__).parent
    sources = [
        *here.glob("test_sandbox_scim*.py"),
        *(here.parent / "unit" / "sandbox").glob("test_scim_*.py"),
    ]
    text = "".join(path.read_text() for path in sources)
    assert [each.name for each in fields(Quirks) if each.name not in text] == []
