"""The PATCH engine: every form of operation on one resource, without HTTP."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from connectors.sandbox.scim.error import ScimError
from connectors.sandbox.scim.members import Members
from connectors.sandbox.scim.patch import PATCH_SCHEMA, Patch
from connectors.sandbox.scim.quirks import Quirks
from connectors.sandbox.scim.schema import Schema
from syncd.core.attributes import ENTERPRISE_SCHEMA

BADGE = "urn:example:params:scim:schemas:extension:badge:2.0:User"
PLAIN = Quirks().changed(
    {
        "extensions": [
            {
                "id": BADGE,
                "attributes": [
                    {"name": "colour", "canonicalValues": ["red", "blue"], "closed": True},
                    {"name": "tags", "multiValued": True},
                    {"name": "level", "type": "integer"},
                ],
            }
        ]
    }
)
WORK = {"value": "jane@work.org", "type": "work", "primary": True}
HOME = {"value": "jane@home.org", "type": "home"}


def jane() -> dict[str, Any]:
    return {
        "id": "7",
        "userName": "jane",
        "title": "Lead",
        "active": True,
        "name": {"givenName": "Jane", "familyName": "Doe"},
        "emails": [dict(WORK), dict(HOME)],
        ENTERPRISE_SCHEMA: {"department": "Sales", "manager": {"value": "m-1"}},
    }


def enrolled(sent: Mapping[str, Any]) -> Mapping[str, Any]:
    return {"value": sent["value"]}


def patched(
    *operations: dict[str, Any], quirks: Quirks = PLAIN, resource: dict[str, Any] | None = None
) -> dict[str, Any]:
    resource = jane() if resource is None else resource
    Patch("user", quirks, resource, Members(), enrolled).apply(
        {"schemas": [PATCH_SCHEMA], "Operations": list(operations)}
    )
    return resource


def refusal(*operations: dict[str, Any], quirks: Quirks = PLAIN) -> tuple[int, str | None]:
    with pytest.raises(ScimError) as caught:
        patched(*operations, quirks=quirks)
    return caught.value.status, caught.value.scim_type


class TestSingleValues:
    @pytest.mark.parametrize("op", ["add", "replace", "Add", "Replace", "REPLACE"])
    def test_add_and_replace_set_a_value(self, op: str) -> None:
        assert patched({"op": op, "path": "title", "value": "Head"})["title"] == "Head"

    def test_names_are_read_without_regard_to_case_and_stored_as_the_schema_has_them(self) -> None:
        assert patched({"op": "replace", "path": "TITLE", "value": "Head"})["title"] == "Head"

    def test_remove_unassigns(self) -> None:
        assert "title" not in patched({"op": "remove", "path": "title"})

    @pytest.mark.parametrize("value", [None, []])
    def test_replace_by_nothing_unassigns(self, value: object) -> None:
        after = patched({"op": "replace", "path": "emails", "value": value})
        assert "emails" not in after

    def test_false_and_the_empty_text_are_values(self) -> None:
        after = patched(
            {"op": "replace", "path": "active", "value": False}, {"op": "add", "path": "title", "value": ""}
        )
        assert (after["active"], after["title"]) == (False, "")

    def test_a_sub_attribute_is_set_and_removed_alone(self) -> None:
        after = patched(
            {"op": "replace", "path": "name.givenName", "value": "Joan"}, {"op": "remove", "path": "name.familyName"}
        )
        assert after["name"] == {"givenName": "Joan"}

    def test_the_last_sub_attribute_takes_the_attribute_with_it(self) -> None:
        after = patched({"op": "remove", "path": "name.givenName"}, {"op": "remove", "path": "name.familyName"})
        assert "name" not in after

    def test_a_complex_value_is_merged_and_null_takes_its_part_away(self) -> None:
        after = patched({"op": "replace", "path": "name", "value": {"givenName": "Joan", "familyName": None}})
        assert after["name"] == {"givenName": "Joan"}

    def test_the_core_schema_may_stand_before_the_name(self) -> None:
        path = "urn:ietf:params:scim:schemas:core:2.0:User:title"
        assert patched({"op": "replace", "path": path, "value": "Head"})["title"] == "Head"


class TestPathless:
    def test_each_key_is_set_under_its_name(self) -> None:
        after = patched({"op": "replace", "value": {"title": "Head", "name": {"givenName": "Joan"}, "active": False}})
        assert (after["title"], after["name"], after["active"]) == (
            "Head",
            {"givenName": "Joan", "familyName": "Doe"},
            False,
        )

    def test_an_extension_is_reached_nested_and_by_the_whole_urn(self) -> None:
        nested = patched({"op": "add", "value": {ENTERPRISE_SCHEMA: {"costCenter": "C1"}}})
        flat = patched({"op": "add", "value": {f"{ENTERPRISE_SCHEMA}:costCenter": "C1"}})
        assert nested == flat
        assert nested[ENTERPRISE_SCHEMA] == {"department": "Sales", "manager": {"value": "m-1"}, "costCenter": "C1"}

    def test_dotted_keys_are_no_names(self) -> None:
        assert refusal({"op": "add", "value": {"name.givenName": "X"}}) == (400, "invalidPath")
        taken = patched(
            {"op": "add", "value": {"name.givenName": "X"}}, quirks=PLAIN.changed({"pathless_dotted": "applied"})
        )
        assert taken["name"]["givenName"] == "X"
        ignored = patched(
            {"op": "add", "value": {"name.givenName": "X"}}, quirks=PLAIN.changed({"pathless_dotted": "ignored"})
        )
        assert ignored == jane()

    def test_the_id_may_be_repeated_but_not_changed(self) -> None:
        assert patched({"op": "replace", "value": {"id": "7", "title": "Head"}})["title"] == "Head"
        assert refusal({"op": "replace", "value": {"id": "8"}}) == (400, "mutability")


class TestExtensions:
    def test_an_attribute_under_its_urn(self) -> None:
        after = patched(
            {"op": "replace", "path": f"{ENTERPRISE_SCHEMA}:department", "value": "R&D"},
            {"op": "add", "path": f"{BADGE}:colour", "value": "red"},
        )
        assert after[ENTERPRISE_SCHEMA]["department"] == "R&D"
        assert after[BADGE] == {"colour": "red"}

    def test_an_extension_goes_with_its_last_attribute(self) -> None:
        added = patched({"op": "add", "path": f"{BADGE}:colour", "value": "red"})
        assert BADGE not in patched({"op": "remove", "path": f"{BADGE}:colour"}, resource=added)

    def test_an_extension_as_a_whole(self) -> None:
        assert ENTERPRISE_SCHEMA not in patched({"op": "remove", "path": ENTERPRISE_SCHEMA})
        merged = patched({"op": "add", "path": ENTERPRISE_SCHEMA, "value": {"division": "North"}})
        assert merged[ENTERPRISE_SCHEMA]["division"] == "North"
        assert merged[ENTERPRISE_SCHEMA]["department"] == "Sales"

    def test_a_manager_is_an_object_unless_the_server_takes_texts(self) -> None:
        path = f"{ENTERPRISE_SCHEMA}:manager"
        assert patched({"op": "add", "path": path, "value": {"value": "m-2"}})[ENTERPRISE_SCHEMA]["manager"] == {
            "value": "m-2"
        }
        assert refusal({"op": "add", "path": path, "value": "m-2"}) == (400, "invalidValue")
        texts = PLAIN.changed({"manager_forms": ["string", "list"]})
        for form in ("m-2", [{"value": "m-2"}]):
            after = patched({"op": "add", "path": path, "value": form}, quirks=texts)
            assert after[ENTERPRISE_SCHEMA]["manager"] == {"value": "m-2"}
        assert refusal({"op": "add", "path": path, "value": {"value": "m-2"}}, quirks=texts) == (400, "invalidValue")

    def test_a_closed_list_of_values_is_kept(self) -> None:
        assert refusal({"op": "add", "path": f"{BADGE}:colour", "value": "green"}) == (400, "invalidValue")

    def test_simple_multi_values_are_added_once_and_removed_by_filter(self) -> None:
        after = patched(
            {"op": "add", "path": f"{BADGE}:tags", "value": ["a", "b"]},
            {"op": "add", "path": f"{BADGE}:tags", "value": "b"},
            {"op": "remove", "path": f'{BADGE}:tags[value eq "a"]'},
        )
        assert after[BADGE] == {"tags": ["b"]}


class TestMultiValues:
    def test_add_appends_and_does_not_repeat(self) -> None:
        new = {"value": "j@x.org", "type": "other"}
        after = patched({"op": "add", "path": "emails", "value": [new, HOME]})
        assert after["emails"] == [WORK, HOME, new]

    def test_replace_leaves_exactly_the_given_ones(self) -> None:
        assert patched({"op": "replace", "path": "emails", "value": [HOME]})["emails"] == [HOME]

    def test_a_new_primary_ends_the_old_ones_time(self) -> None:
        after = patched({"op": "add", "path": "emails", "value": {"value": "j@x.org", "primary": True}})
        assert [each.get("primary") for each in after["emails"]] == [False, None, True]
        chosen = patched({"op": "replace", "path": 'emails[type eq "home"].primary', "value": True})
        assert [each["primary"] for each in chosen["emails"]] == [False, True]

    def test_two_primaries_at_once_are_refused(self) -> None:
        two = [{"value": "a", "primary": True}, {"value": "b", "primary": True}]
        assert refusal({"op": "replace", "path": "emails", "value": two}) == (400, "invalidValue")

    def test_a_filter_chooses_the_element_whose_part_is_set(self) -> None:
        after = patched({"op": "replace", "path": 'emails[type eq "work"].value', "value": "new@work.org"})
        assert after["emails"] == [{**WORK, "value": "new@work.org"}, HOME]

    def test_a_filter_chooses_the_element_that_is_exchanged_merged_or_removed(self) -> None:
        path = 'emails[type eq "home"]'
        exchanged = patched({"op": "replace", "path": path, "value": {"value": "n@h.org"}})
        assert exchanged["emails"] == [WORK, {"value": "n@h.org"}]
        merged = patched({"op": "add", "path": path, "value": {"value": "n@h.org"}})
        assert merged["emails"] == [WORK, {"value": "n@h.org", "type": "home"}]
        assert patched({"op": "remove", "path": path})["emails"] == [WORK]

    def test_a_part_without_filter_means_every_element(self) -> None:
        after = patched({"op": "replace", "path": "emails.display", "value": "Jane"})
        assert [each["display"] for each in after["emails"]] == ["Jane", "Jane"]

    def test_adding_below_an_absent_element_creates_it_and_replacing_has_no_target(self) -> None:
        path = 'phoneNumbers[type eq "mobile"].value'
        assert patched({"op": "add", "path": path, "value": "+1"})["phoneNumbers"] == [
            {"type": "mobile", "value": "+1"}
        ]
        assert refusal({"op": "replace", "path": path, "value": "+1"}) == (400, "noTarget")

    def test_an_absent_element_is_created_or_refused_as_the_server_does(self) -> None:
        path = 'phoneNumbers[type eq "mobile"].value'
        created = patched(
            {"op": "replace", "path": path, "value": "+1"}, quirks=PLAIN.changed({"absent_element": "created"})
        )
        assert created["phoneNumbers"] == [{"type": "mobile", "value": "+1"}]
        never = PLAIN.changed({"absent_element": "refused"})
        assert refusal({"op": "add", "path": path, "value": "+1"}, quirks=never) == (400, "noTarget")

    def test_removing_an_absent_element_is_done_or_refused_as_the_server_does(self) -> None:
        operation = {"op": "remove", "path": 'emails[type eq "other"]'}
        assert patched(operation) == jane()
        assert refusal(operation, quirks=PLAIN.changed({"absent_removal": "refused"})) == (400, "noTarget")

    def test_an_element_that_a_filter_does_not_describe_cannot_be_created(self) -> None:
        operation = {"op": "add", "path": 'phoneNumbers[type ne "work"].value', "value": "+1"}
        assert refusal(operation) == (400, "noTarget")

    def test_a_primary_asked_for_by_text_is_found_where_texts_are_booleans(self) -> None:
        operation = {"op": "replace", "path": 'emails[primary eq "True"].value', "value": "x@y.z"}
        after = patched(operation, quirks=PLAIN.changed({"string_booleans": "accepted"}))
        assert after["emails"][0]["value"] == "x@y.z"


class TestBooleans:
    @pytest.mark.parametrize(("manner", "becomes"), [("accepted", False), ("truthy", True)])
    def test_a_text_for_a_boolean(self, manner: str, becomes: bool) -> None:
        after = patched(
            {"op": "replace", "path": "active", "value": "False"}, quirks=PLAIN.changed({"string_booleans": manner})
        )
        assert after["active"] is becomes

    def test_a_text_for_a_boolean_is_refused_by_the_rfc(self) -> None:
        assert refusal({"op": "replace", "path": "active", "value": "False"}) == (400, "invalidValue")


class TestRefusals:
    @pytest.mark.parametrize(
        ("operation", "scim_type"),
        [
            ({"op": "remove"}, "noTarget"),
            ({"op": "move", "path": "title"}, "invalidSyntax"),
            ({"path": "title", "value": "x"}, "invalidSyntax"),
            ({"op": "add", "path": "title"}, "invalidValue"),
            ({"op": "add", "value": "x"}, "invalidValue"),
            ({"op": "add", "path": "shoeSize", "value": "44"}, "invalidPath"),
            ({"op": "add", "path": "name.nick", "value": "x"}, "invalidPath"),
            ({"op": "add", "path": "emails[", "value": "x"}, "invalidPath"),
            ({"op": "add", "path": 'title[value eq "x"]', "value": "x"}, "invalidPath"),
            ({"op": "add", "path": 'emails[colour eq "x"].value', "value": "x"}, "invalidFilter"),
            ({"op": "add", "path": "title", "value": 5}, "invalidValue"),
            ({"op": "add", "path": "title", "value": ["x"]}, "invalidValue"),
            ({"op": "add", "path": "name", "value": "Jane"}, "invalidValue"),
            ({"op": "add", "path": "emails", "value": ["a@b"]}, "invalidValue"),
            ({"op": "add", "path": f"{BADGE}:level", "value": "5"}, "invalidValue"),
            ({"op": "add", "path": f"{BADGE}:level", "value": True}, "invalidValue"),
            ({"op": "replace", "path": "id", "value": "8"}, "mutability"),
            ({"op": "remove", "path": "groups"}, "mutability"),
            ({"op": "replace", "path": "meta.created", "value": "x"}, "mutability"),
            ({"op": "replace", "path": f"{ENTERPRISE_SCHEMA}:manager.displayName", "value": "x"}, "mutability"),
        ],
    )
    def test_an_operation_that_cannot_be_done_says_why(self, operation: dict[str, Any], scim_type: str) -> None:
        assert refusal(operation) == (400, scim_type)

    @pytest.mark.parametrize(
        "body",
        [[], {"Operations": [{"op": "remove", "path": "title"}]}, {"schemas": [PATCH_SCHEMA]}]
        + [{"schemas": [PATCH_SCHEMA], "Operations": given} for given in ([], "x", ["x"])],
    )
    def test_what_is_no_patch_message_is_invalid_syntax(self, body: object) -> None:
        with pytest.raises(ScimError) as caught:
            Patch("user", PLAIN, jane(), Members(), enrolled).apply(body)
        assert caught.value.scim_type == "invalidSyntax"


class TestAllowedPaths:
    def test_only_listed_paths_are_taken_with_and_without_path(self) -> None:
        quirks = PLAIN.changed({"user_patch_paths": ["active"], "patch_refusal": 501})
        assert patched({"op": "replace", "path": "Active", "value": False}, quirks=quirks)["active"] is False
        assert patched({"op": "replace", "value": {"active": False}}, quirks=quirks)["active"] is False
        assert refusal({"op": "replace", "path": "title", "value": "x"}, quirks=quirks) == (501, None)
        assert refusal({"op": "replace", "value": {"title": "x"}}, quirks=quirks) == (501, None)

    def test_an_operation_without_path_can_be_ignored_or_refused(self) -> None:
        operation = {"op": "replace", "value": {"title": "Head"}}
        assert patched(operation, quirks=PLAIN.changed({"pathless": "ignored"})) == jane()
        assert refusal(operation, quirks=PLAIN.changed({"pathless": "refused"})) == (400, "invalidPath")

    def test_an_unknown_attribute_can_be_ignored(self) -> None:
        operation = {"op": "add", "path": "shoeSize", "value": "44"}
        assert patched(operation, quirks=PLAIN.changed({"unknown_attribute": "ignored"})) == jane()

    def test_a_urn_cut_at_its_dot_ruins_the_record(self) -> None:
        path = f"{ENTERPRISE_SCHEMA}:department"
        after = patched({"op": "replace", "path": path, "value": "R&D"}, quirks=PLAIN.changed({"urn_paths": "split"}))
        assert after[ENTERPRISE_SCHEMA]["department"] == "Sales"
        assert after["urn:ietf:params:scim:schemas:extension:enterprise:2"] == {"0:User:department": "R&D"}


def test_a_schema_is_read_back_from_its_own_data() -> None:
    (badge,) = PLAIN.extensions
    assert Schema.parse(badge.data).data == badge.data
