"""The products that the sandbox can play, each as its public documentation describes it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from connectors.sandbox.scim.testmu import TESTMU_GROUP, TESTMU_USER
from syncd.core.attributes import ENTERPRISE_SCHEMA
from tests.contract.scim_world import ScimWorld, scim_world

JANE: dict[str, Any] = {
    "userName": "jane@x.org",
    "active": True,
    "name": {"givenName": "Jane", "familyName": "Doe"},
    "emails": [{"value": "jane@x.org", "type": "work", "primary": True}],
}


@pytest.fixture(scope="module")
def world() -> Iterator[ScimWorld]:
    with scim_world() as served:
        yield served


def person(world: ScimWorld, name: str = "jane@x.org", **more: Any) -> str:
    answer = world.post("Users", **{**JANE, "userName": name, **more})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


class TestTestmu:
    @pytest.fixture(autouse=True)
    def _testmu(self, world: ScimWorld) -> None:
        world.become("testmu", groups="on")

    @pytest.mark.parametrize("missing", ["userName", "active", "name"])
    def test_a_user_needs_name_state_and_an_address_as_user_name(self, world: ScimWorld, missing: str) -> None:
        assert world.post("Users", **{key: value for key, value in JANE.items() if key != missing}).status_code == 400
        assert world.post("Users", **{**JANE, "userName": "jane"}).status_code == 400

    def test_ids_are_numbers_and_the_extension_is_listed(self, world: ScimWorld) -> None:
        answer = world.post("Users", **JANE, **{TESTMU_USER: {"OrganizationRole": "Guest", "LambdatestGroup": "G1"}})
        user = answer.json()
        assert user["id"].isdigit()
        assert TESTMU_USER in user["schemas"]
        assert user[TESTMU_USER] == {"OrganizationRole": "Guest", "LambdatestGroup": "G1"}

    def test_roles_are_an_enumeration(self, world: ScimWorld) -> None:
        assert world.post("Users", **JANE, **{TESTMU_USER: {"OrganizationRole": "Owner"}}).status_code == 400

    def test_users_are_found_by_user_name_alone(self, world: ScimWorld) -> None:
        person(world)
        assert world.found("Users", 'userName eq "JANE@x.org"') == ["jane@x.org"]
        assert world.found("Users", 'userName eq "nobody@x.org"') == []
        for text in ('externalId eq "x"', 'displayName eq "x"', 'emails.value eq "x"', 'userName sw "j"'):
            assert world.get("/Users", filter=text).status_code == 400

    def test_the_flag_of_entra_is_no_hindrance(self, world: ScimWorld) -> None:
        answer = world.http.get("/Users?aadOptscim062020&filter=userName%20eq%20%22nobody@x.org%22")
        assert (answer.status_code, answer.json()["totalResults"]) == (200, 0)

    def test_patch_takes_state_and_extension_only(self, world: ScimWorld) -> None:
        jane = person(world)
        for path, value in [
            ("active", False),
            (f"{TESTMU_USER}:OrganizationRole", "Admin"),
            (f"{TESTMU_USER}:LambdatestGroup", "G2"),
        ]:
            answer = world.patch(f"/Users/{jane}", {"op": "Replace", "path": path, "value": value})
            assert (answer.status_code, answer.json()["userName"]) == (200, "jane@x.org")
        for operation in (
            {"op": "Replace", "path": "name.givenName", "value": "X"},
            {"op": "Replace", "path": "userName", "value": "x@x.org"},
            {"op": "replace", "value": {"active": True}},
        ):
            assert world.patch(f"/Users/{jane}", operation).status_code == 400
        stored = world.directory.user(jane)
        assert stored is not None
        assert stored.attributes["active"] is False
        assert stored.attributes[TESTMU_USER] == {"OrganizationRole": "Admin", "LambdatestGroup": "G2"}

    def test_put_is_partial_and_changes_no_names(self, world: ScimWorld) -> None:
        jane = person(world)
        answer = world.put(
            f"/Users/{jane}", userName="jane@x.org", name={"givenName": "X", "familyName": "Y"}, active=False
        )
        assert answer.status_code == 200
        assert (answer.json()["name"], answer.json()["active"]) == (JANE["name"], False)
        assert answer.json()["emails"] == JANE["emails"]
        assert world.put(f"/Users/{jane}", userName="new@x.org").json()["scimType"] == "mutability"

    def test_delete_deactivates(self, world: ScimWorld) -> None:
        jane = person(world)
        assert world.http.delete(f"/Users/{jane}").status_code == 204
        assert world.get(f"/Users/{jane}").json()["active"] is False
        assert world.post("Users", **JANE).status_code == 409

    def test_there_is_no_discovery_and_a_page_has_twenty(self, world: ScimWorld) -> None:
        assert world.get("/Schemas").status_code == 404
        for n in range(21):
            person(world, f"u{n}@x.org")
        assert len(world.page()) == 20

    def test_group_provisioning_is_forbidden_until_it_is_switched_on(self, world: ScimWorld) -> None:
        world.become("testmu")
        assert world.post("Groups", displayName="Staff").status_code == 403
        assert world.get("/Groups").status_code == 403
        assert world.get("/Users").status_code == 200

    def test_groups_have_unique_names_also_when_renamed(self, world: ScimWorld) -> None:
        world.group("Staff")
        crew = world.group("Crew")
        assert world.post("Groups", displayName="STAFF").status_code == 409
        rename = {"op": "Replace", "path": "displayName", "value": "Staff"}
        assert world.patch(f"/Groups/{crew}", rename).status_code == 409

    def test_members_go_by_value_list_alone(self, world: ScimWorld) -> None:
        jane, joe = person(world), person(world, "joe@x.org")
        staff = world.group("Staff")
        add = {"op": "Add", "path": "members", "value": [{"value": jane}, {"value": joe}]}
        answer = world.patch(f"/Groups/{staff}", add)
        assert (answer.status_code, len(answer.json()["members"])) == (200, 2)
        assert (
            world.patch(f"/Groups/{staff}", {"op": "remove", "path": f'members[value eq "{jane}"]'}).status_code == 400
        )
        assert world.patch(
            f"/Groups/{staff}", {"op": "Remove", "path": "members", "value": [{"value": jane}]}
        ).is_success
        assert world.directory.members("Staff") == {"joe@x.org"}

    def test_a_deleted_group_comes_back_without_its_members(self, world: ScimWorld) -> None:
        jane = person(world)
        staff = world.group("Staff", jane)
        assert world.http.delete(f"/Groups/{staff}").status_code == 204
        assert world.group("Staff", jane) == staff
        assert world.directory.members("Staff") == set()

    def test_the_highest_role_of_ones_groups_wins_and_goes_with_the_membership(self, world: ScimWorld) -> None:
        jane = person(world, **{TESTMU_USER: {"OrganizationRole": "Guest"}})
        guests = world.group("Guests", jane)
        admins = world.group("Admins", jane)
        for group, role in ((guests, "User"), (admins, "Admin")):
            operation = {"op": "Replace", "path": f"{TESTMU_GROUP}:LambdatestRoles", "value": [role]}
            assert world.patch(f"/Groups/{group}", operation).json()[TESTMU_GROUP] == {"LambdatestRoles": [role]}

        def role_now() -> str:
            return str(world.get(f"/Users/{jane}").json()[TESTMU_USER]["OrganizationRole"])

        assert role_now() == "Admin"
        world.patch(f"/Groups/{admins}", {"op": "Remove", "path": "members", "value": [{"value": jane}]})
        assert role_now() == "User"
        world.http.delete(f"/Groups/{guests}")
        assert role_now() == "Guest"

    def test_someone_of_another_organisation_is_400_also_when_searched(self, world: ScimWorld) -> None:
        world.become("testmu", other_organisation=["jane@x.org"])
        assert world.post("Users", **JANE).status_code == 400
        assert world.get("/Users", filter='userName eq "jane@x.org"').status_code == 400


class TestModyo:
    @pytest.fixture(autouse=True)
    def _modyo(self, world: ScimWorld) -> None:
        world.become("modyo")

    def test_a_user_needs_an_address_and_is_never_deleted(self, world: ScimWorld) -> None:
        assert world.post("Users", **{key: value for key, value in JANE.items() if key != "emails"}).status_code == 400
        assert world.http.delete(f"/Users/{person(world)}").status_code == 405

    def test_it_understands_entra_without_the_flag(self, world: ScimWorld) -> None:
        jane = person(world)
        answer = world.patch(
            f"/Users/{jane}",
            {"op": "Replace", "path": "active", "value": "False"},
            {"op": "Add", "path": f"{ENTERPRISE_SCHEMA}:manager", "value": "m-1"},
            {"op": "Replace", "path": 'phoneNumbers[type eq "mobile"].value', "value": "+1"},
            {"op": "Add", "value": {"name.givenName": "Joan"}},
        )
        assert answer.status_code == 200
        user = answer.json()
        assert (user["active"], user[ENTERPRISE_SCHEMA]["manager"]) == (False, {"value": "m-1"})
        assert user["phoneNumbers"] == [{"type": "mobile", "value": "+1"}]
        assert user["name"]["givenName"] == "Joan"

    def test_groups_are_created_changed_and_deleted(self, world: ScimWorld) -> None:
        jane = person(world)
        staff = world.group("Staff")
        world.patch(f"/Groups/{staff}", {"op": "Add", "path": "members", "value": [{"$ref": None, "value": jane}]})
        assert world.found("Groups", 'displayName eq "staff"') == ["Staff"]
        world.patch(f"/Groups/{staff}", {"op": "Remove", "path": "members", "value": [{"$ref": None, "value": jane}]})
        assert world.directory.members("Staff") == set()
        assert world.http.delete(f"/Groups/{staff}").status_code == 204


class TestLightrun:
    def test_it_has_schemas_and_users_but_no_groups(self, world: ScimWorld) -> None:
        world.become("lightrun")
        assert "Group" not in [each["id"] for each in world.get("/ResourceTypes").json()["Resources"]]
        assert world.get("/Schemas").status_code == 200
        assert world.get("/Groups").status_code == 404
        world.become("lightrun", groups="on")
        assert world.get("/Groups").status_code == 200

    def test_a_home_address_may_be_nothing_but_not_primary(self, world: ScimWorld) -> None:
        world.become("lightrun")
        jane = person(world)
        path = 'emails[type eq "home"].primary'
        user = world.patch(f"/Users/{jane}", {"op": "Add", "path": path, "value": "False"}).json()
        assert user["emails"] == [*JANE["emails"], {"type": "home", "primary": False}]

    def test_roles_are_a_list_of_values(self, world: ScimWorld) -> None:
        world.become("lightrun")
        roles = [
            {"value": "ROLE_USER", "display": "Developer", "type": "WindowsAzureActiveDirectoryRole", "primary": False}
        ]
        jane = person(world, roles=roles)
        assert world.get(f"/Users/{jane}").json()["roles"] == roles


class TestKeepnet:
    def test_an_address_is_mandatory_and_seats_are_limited(self, world: ScimWorld) -> None:
        world.become("keepnet", seats=1)
        assert world.post("Users", **{key: value for key, value in JANE.items() if key != "emails"}).status_code == 400
        person(world)
        assert world.post("Users", **{**JANE, "userName": "joe@x.org"}).status_code == 400

    def test_a_user_becomes_inactive_and_a_delete_is_final(self, world: ScimWorld) -> None:
        world.become("keepnet")
        jane = person(world)
        world.patch(f"/Users/{jane}", {"op": "Replace", "path": "active", "value": "False"})
        assert world.get(f"/Users/{jane}").json()["active"] is False
        world.http.delete(f"/Users/{jane}")
        assert world.directory.users() == []
