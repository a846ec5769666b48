"""The sandbox's SCIM service answers any request with sense: a refusal is one of SCIM's, and changes nothing."""

from __future__ import annotations

from typing import Any

import orjson
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.sandbox.scim import PRESETS, ScimDirectory, preset
from connectors.sandbox.scim.members import Members
from connectors.sandbox.scim.request import Request
from connectors.sandbox.scim.service import ScimService
from syncd.core.attributes import ENTERPRISE_SCHEMA, GROUP_SCHEMA, USER_SCHEMA

PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp"

_names = st.sampled_from(
    [
        "userName",
        "active",
        "name",
        "emails",
        "value",
        "type",
        "primary",
        "members",
        "manager",
        "id",
        "meta",
        "schemas",
        "groups",
        "roles",
        "displayName",
        "externalId",
        "password",
        ENTERPRISE_SCHEMA,
        "nonsense",
        "name.givenName",
    ]
)
_json = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.sampled_from(["", "work", "jane", "u1", "False", "bulkId:x"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_names, inner, max_size=4),
    max_leaves=8,
)
_paths = st.sampled_from(
    [
        *(
            "active",
            "name",
            "name.givenName",
            "emails",
            "emails.value",
            'emails[type eq "work"]',
            "members",
            "schemas",
            "id",
        ),
        *(
            'emails[type eq "work"].value',
            'emails[primary eq "True"].value',
            'members[value eq "u1"]',
            "[",
            "a b",
            "urn:x:y",
        ),
        *(
            'members[value eq "u1"].display',
            "members.value",
            f"{ENTERPRISE_SCHEMA}:manager",
            f"{ENTERPRISE_SCHEMA}:manager.value",
        ),
        *(ENTERPRISE_SCHEMA, "meta.created", "password", 'roles[value eq "x" or type pr]', "groups"),
    ]
)
_operations = st.lists(
    st.fixed_dictionaries(
        {"op": st.sampled_from(["add", "replace", "remove", "Add", "Remove"])},
        optional={"path": _paths, "value": _json},
    ),
    max_size=3,
)
_bodies = (
    _json
    | _operations.map(lambda given: {"schemas": [PATCH], "Operations": given})
    | st.dictionaries(_names, _json, max_size=5).map(lambda given: {**given, "schemas": [USER_SCHEMA, GROUP_SCHEMA]})
)
_searches = st.dictionaries(
    st.sampled_from(["filter", "startIndex", "count", "sortBy", "sortOrder", "attributes", "excludedAttributes"]), _json
)
_targets = st.sampled_from(
    [
        *(("Users",), ("Groups",), ("Users", "u1"), ("Groups", "g1"), ("Users", ".search"), (".search",), ("Bulk",)),
        *(("Schemas",), ("Me",), ("elsewhere", "u1"), ()),
    ]
)
_parameters = st.dictionaries(
    st.sampled_from(["filter", "startIndex", "count", "sortBy", "attributes", "excludedAttributes"]),
    st.sampled_from(
        ["", "0", "-1", "x", "userName", "emails.value", 'userName eq "jane"', 'meta.created gt "x"', "members"]
    )
    | st.sampled_from(['emails[type eq "work"]', 'groups.value eq "g1"', "active eq true", ENTERPRISE_SCHEMA]),
    max_size=3,
)


def service(name: str) -> ScimService:
    directory = ScimDirectory()
    directory.add("user", "u1", {"userName": "jane@x.org", "emails": [{"value": "j@x", "type": "work"}]}, Members())
    members = Members()
    members.add({"value": "u1", "type": "User"})
    directory.add("group", "g1", {"displayName": "Staff"}, members)
    return ScimService(directory, clock=directory.clock, quirks=preset(name).changed({"groups": "on"}), token=None)


def truth(directory: ScimDirectory) -> list[Any]:
    return [
        (each.id, each.attributes, each.members.elements, each.version, each.gone)
        for kind in ("user", "group")
        for each in directory.listed(kind)
    ]


@settings(max_examples=400, deadline=None)
@given(
    st.sampled_from(sorted(PRESETS)),
    st.sampled_from(["GET", "POST", "PUT", "PATCH", "DELETE"]),
    _targets,
    _parameters,
    _bodies | _searches,
)
def test_any_request_is_answered_and_a_refused_one_changes_nothing(
    name: str, method: str, segments: tuple[str, ...], parameters: dict[str, str], body: Any
) -> None:
    served = service(name)
    before = truth(served.directory)
    reply = served.answered(
        Request(
            method=method,
            segments=list(segments),
            parameters=parameters,
            headers={},
            body=orjson.dumps(body),
            base="http://127.0.0.1/scim",
        )
    )
    orjson.dumps(reply.data)
    assert reply.status < 500 or reply.status == 501
    if reply.status >= 400:
        assert truth(served.directory) == before
        assert set(reply.data) >= ({"detail"} if name == "gitlab" else {"schemas", "status", "detail"})
    # The index of memberships says what the groups say.
    for group in served.directory.groups():
        for member_id in group.members.ids:
            assert group.id in [each.id for each in served.directory.groups_of(member_id)]
