"""The sandbox's SCIM service as the plain RFC: searches, versions and Bulk."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from syncd.core.attributes import ENTERPRISE_SCHEMA, USER_SCHEMA
from tests.contract.scim_world import ScimWorld, scim_world

BULK = "urn:ietf:params:scim:api:messages:2.0:BulkRequest"
SEARCH = "urn:ietf:params:scim:api:messages:2.0:SearchRequest"
ERROR = "urn:ietf:params:scim:api:messages:2.0:Error"


@pytest.fixture(scope="module")
def served() -> Iterator[ScimWorld]:
    with scim_world() as running:
        yield running


@pytest.fixture
def world(served: ScimWorld) -> ScimWorld:
    served.become()
    return served


class TestSearches:
    def test_indexed_and_scanned_filters_find_the_same(self, world: ScimWorld) -> None:
        for n in range(30):
            world.user(
                f"u{n}@x.org", externalId=f"e{n}", title=f"t{n % 3}", emails=[{"value": f"m{n}@x.org", "type": "work"}]
            )
        for indexed, scanned in [
            ('userName eq "U7@x.org"', 'userName sw "u7@" and userName ew ".org"'),
            ('externalId eq "e7"', 'externalId sw "e7"'),
            ('externalId eq "E7"', 'externalId sw "E7"'),
            ('emails.value eq "M7@x.org"', 'emails.value sw "M7@"'),
            ('emails[type eq "work"].value eq "m7@x.org"', 'emails[type eq "work"].value sw "m7@"'),
            ('emails[type eq "home" and value eq "m7@x.org"]', 'emails[type eq "home"]'),
            ('title eq "t1" and userName eq "u7@x.org"', 'title eq "t1" and userName sw "u7@"'),
            ('title eq "t2" and userName eq "u7@x.org"', 'title eq "t2" and userName sw "u7@"'),
        ]:
            assert world.found("Users", indexed) == world.found("Users", scanned)

    def test_an_index_follows_every_change(self, world: ScimWorld) -> None:
        jane = world.user("jane", emails=[{"value": "a@x"}])
        world.patch(
            f"/Users/{jane}",
            {"op": "replace", "path": "userName", "value": "joan"},
            {"op": "replace", "path": "emails", "value": [{"value": "b@x"}]},
        )
        assert world.found("Users", 'userName eq "jane"') == world.found("Users", 'emails eq "a@x"') == []
        assert world.found("Users", 'userName eq "joan"') == world.found("Users", 'emails eq "b@x"') == ["joan"]

    def test_pages_have_each_user_once_in_order_of_creation(self, world: ScimWorld) -> None:
        names = [f"u{n}" for n in range(25)]
        ids = [world.user(name) for name in names]
        world.http.delete(f"/Users/{ids[3]}")
        del names[3]
        assert [name for at in range(1, 25, 10) for name in world.page(startIndex=at, count=10)] == names
        body = world.get("/Users", startIndex=21, count=10).json()
        assert {key: body[key] for key in ("totalResults", "startIndex", "itemsPerPage")} == {
            "totalResults": 24,
            "startIndex": 21,
            "itemsPerPage": 4,
        }
        assert world.page(startIndex=99) == []
        assert world.page(startIndex=-3, count=1) == ["u0"]
        assert world.get("/Users", count=-1).json()["totalResults"] == 24
        assert world.page(count=0) == []

    def test_a_page_is_capped_at_what_the_configuration_announces(self, world: ScimWorld) -> None:
        world.become(max_page=5)
        for n in range(9):
            world.user(f"u{n}")
        assert len(world.page(count=1000)) == 5
        assert world.get("/ServiceProviderConfig").json()["filter"]["maxResults"] == 5

    def test_results_are_sorted_by_an_attribute_with_the_unassigned_last(self, world: ScimWorld) -> None:
        for name, title in (("c", "b"), ("a", None), ("b", "A")):
            world.user(name, title=title)
        assert world.page(sortBy="title") == ["b", "c", "a"]
        assert world.page(sortBy="userName", sortOrder="descending") == ["c", "b", "a"]
        assert world.get("/Users", sortBy="shoeSize").status_code == 400

    def test_attributes_and_excluded_attributes_choose_what_is_shown(self, world: ScimWorld) -> None:
        jane = world.user(
            "jane", title="Lead", name={"givenName": "J", "familyName": "D"}, **{ENTERPRISE_SCHEMA: {"department": "S"}}
        )
        only = world.get(f"/Users/{jane}", attributes=f"name.givenName, {ENTERPRISE_SCHEMA}:department,shoeSize").json()
        assert only == {
            "schemas": [USER_SCHEMA, ENTERPRISE_SCHEMA],
            "id": jane,
            "name": {"givenName": "J"},
            ENTERPRISE_SCHEMA: {"department": "S"},
        }
        less = world.get(f"/Users/{jane}", excludedAttributes="id,title,name.givenName,meta").json()
        assert less.keys() == {"schemas", "id", "userName", "name", ENTERPRISE_SCHEMA}
        assert less["name"] == {"familyName": "D"}
        assert world.get("/Users", attributes="id", excludedAttributes="meta").status_code == 400

    def test_a_search_can_be_posted_for_one_type_and_for_all(self, world: ScimWorld) -> None:
        world.user("jane")
        world.group("Staff")
        body = {"schemas": [SEARCH], "filter": 'userName eq "jane"', "attributes": ["userName"], "count": 10}
        answer = world.http.post("/Users/.search", json=body)
        assert (answer.status_code, answer.json()["totalResults"]) == (200, 1)
        assert world.http.post("/.search", json={"schemas": [SEARCH]}).json()["totalResults"] == 2

    @pytest.mark.parametrize("text", ['userName eq "x', 'shoeSize eq "44"', "active gt true"])
    def test_a_filter_that_cannot_be_used_is_refused(self, world: ScimWorld, text: str) -> None:
        answer = world.get("/Users", filter=text)
        assert (answer.status_code, answer.json()["scimType"]) == (400, "invalidFilter")

    def test_a_number_that_is_none_is_refused(self, world: ScimWorld) -> None:
        assert world.get("/Users", count="many").status_code == 400


class TestVersions:
    def test_a_write_with_an_old_version_is_refused(self, world: ScimWorld) -> None:
        jane = world.user("jane")
        rename = {"op": "replace", "path": "title", "value": "Lead"}
        first = {"if-match": 'W/"1"'}
        assert world.patch(f"/Users/{jane}", rename, headers=first).headers["etag"] == 'W/"2"'
        assert world.patch(f"/Users/{jane}", rename, headers=first).status_code == 412
        assert world.http.delete(f"/Users/{jane}", headers=first).status_code == 412
        assert world.http.delete(f"/Users/{jane}", headers={"if-match": "*"}).status_code == 204

    def test_a_version_that_the_client_has_is_not_sent_again(self, world: ScimWorld) -> None:
        jane = world.user("jane")
        answer = world.http.get(f"/Users/{jane}", headers={"if-none-match": 'W/"1"'})
        assert (answer.status_code, answer.content) == (304, b"")
        assert world.http.get(f"/Users/{jane}", headers={"if-none-match": 'W/"0"'}).status_code == 200


class TestBulk:
    def test_operations_may_name_each_other_in_any_order(self, world: ScimWorld) -> None:
        group = {"schemas": ["urn:ietf:params:scim:schemas:core:2.0:Group"], "displayName": "Staff"}
        operations = [
            {"method": "POST", "path": "/Groups", "bulkId": "g", "data": {**group, "members": [{"value": "bulkId:u"}]}},
            {"method": "POST", "path": "/Users", "bulkId": "u", "data": {"schemas": [USER_SCHEMA], "userName": "jane"}},
            {"method": "DELETE", "path": "/Users/nobody"},
        ]
        answer = world.http.post("/Bulk", json={"schemas": [BULK], "Operations": operations}).json()
        assert [each["status"] for each in answer["Operations"]] == ["201", "201", "404"]
        assert answer["Operations"][2]["response"]["schemas"] == [ERROR]
        assert answer["Operations"][0]["version"] == 'W/"1"'
        assert world.directory.members("Staff") == {"jane"}

    def test_it_stops_after_so_many_errors(self, world: ScimWorld) -> None:
        operations = [{"method": "DELETE", "path": f"/Users/{n}"} for n in range(5)]
        body = {"schemas": [BULK], "failOnErrors": 2, "Operations": operations}
        assert len(world.http.post("/Bulk", json=body).json()["Operations"]) == 2

    def test_a_name_that_no_operation_gives_is_a_conflict(self, world: ScimWorld) -> None:
        operations = [{"method": "DELETE", "path": "/Users/bulkId:x"}]
        answer = world.http.post("/Bulk", json={"schemas": [BULK], "Operations": operations}).json()
        assert answer["Operations"][0]["status"] == "409"

    def test_more_operations_than_announced_are_413(self, world: ScimWorld) -> None:
        world.become(bulk_operations=3)
        operations = [{"method": "DELETE", "path": f"/Users/{n}"} for n in range(4)]
        assert world.http.post("/Bulk", json={"schemas": [BULK], "Operations": operations}).status_code == 413
        assert world.get("/ServiceProviderConfig").json()["bulk"]["maxOperations"] == 3
