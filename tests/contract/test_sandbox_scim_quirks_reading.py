"""Ways in which the sandbox's SCIM service can differ from the RFC when it is searched, listed and discovered."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.contract.scim_world import ScimWorld, scim_world


@pytest.fixture(scope="module")
def world() -> Iterator[ScimWorld]:
    with scim_world() as served:
        yield served


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
