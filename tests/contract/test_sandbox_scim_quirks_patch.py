"""Ways in which the sandbox's SCIM service can differ from the RFC when something is patched."""

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


def remove_by_filter(member: str) -> dict[str, Any]:
    return {"op": "remove", "path": f'members[value eq "{member}"]'}


def remove_by_value(member: str) -> dict[str, Any]:
    return {"op": "remove", "path": "members", "value": [{"value": member}]}


class TestNoEffect:
    def test_a_rename_without_path_is_ignored(self, world: ScimWorld) -> None:
        world.become(pathless="ignored")
        staff = world.group("Staff")
        rename = {"op": "replace", "value": {"displayName": "New"}}
        assert world.patch(f"/Groups/{staff}", rename).status_code == 200
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
