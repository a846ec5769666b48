"""Ways in which the sandbox's SCIM service can differ from the RFC in values, deletions and plain HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from syncd.core.attributes import ENTERPRISE_SCHEMA
from tests.contract.scim_world import ScimWorld, scim_world


@pytest.fixture(scope="module")
def world() -> Iterator[ScimWorld]:
    with scim_world() as served:
        yield served


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
