"""An exported schema as a configuration: what comes over, what does not and why, and that nothing widens the scope."""

from __future__ import annotations

import tomllib

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from syncd.core.defaults import DEFAULT_MAPPINGS
from syncd.entra_import import EntraSchemaError
from syncd.starter import starter
from tests.unit.starter.entra_job import LOGIN, about, function, imported, row, schema


def test_the_default_schema_is_the_default_mapping(exported, filled):
    found = imported(exported("default"))
    assert found.notes == ()
    for kind, objects in (("user", found.users), ("group", found.groups)):
        specs = DEFAULT_MAPPINGS["graph", kind]
        expected = [
            {"target": spec.target, **({"source": spec.source} if spec.source else {"expression": spec.expression})}
            for spec in specs
        ]
        assert list(objects.mappings) == expected
    assert (len(found.users.mappings), len(found.groups.mappings)) == (22, 3)
    job = filled(starter("graph", "generic", imported=found, imported_from="default.json").text).jobs["app"]
    assert job.users.match == ("userName",)
    assert job.groups.match == ("displayName",)
    assert job.users.actions == ("create", "update", "deactivate", "delete")
    assert job.groups.enabled
    assert job.groups.actions == ("create", "update", "delete")


def test_nested_roles_come_over_as_written(exported, filled):
    found = imported(exported("testmu"))
    job = filled(starter("graph", "testmu", imported=found, imported_from="testmu.json").text).jobs["testmu"]
    rows = {row.target.rpartition(":")[2]: row for row in job.users.mappings}
    assert rows["OrganizationRole"].expression.count("IIF(") == 3
    assert rows["OrganizationRole"].expression.count("\n") == 2
    assert rows["OrganizationRole"].default == "User"
    assert rows["LambdatestGroup"].constant == "Default"
    assert {rows[name].apply for name in ("name.givenName", "name.familyName")} == {"on-create"}
    assert rows["name.givenName"].default == "-"
    assert job.users.actions == ("create", "update", "deactivate")
    assert not job.groups.enabled
    assert len(job.groups.mappings) == 3
    assert found.notes == ()


def test_all_that_is_not_supported_is_told_and_the_rest_is_valid(exported, filled):
    found = imported(exported("unsupported"))
    made = starter("graph", "generic", imported=found, imported_from="unsupported.json")
    assert made.notes() == found.notes
    head = made.text.partition("[state]")[0]
    for note in found.notes:
        assert f"#   {note}" in head.splitlines()
    job = filled(made.text).jobs["app"]
    assert job.users.match == ("userName", "externalId")
    assert [row.target.rpartition(":")[2] for row in job.users.mappings] == [
        "externalId", "userName", "active", "OrganizationRole", "nickName", "userType", "locale",
        'emails[type eq "work"].value', "manager", "division", "costCenter", "preferredLanguage",
    ]  # fmt: skip
    assert [len(clauses) for clauses in job.users.filters] == [4, 3]
    assert job.users.actions == ("create", "update", "deactivate")
    assert job.groups.actions == ("update", "delete")
    assert job.groups.match == ("externalId",)
    assert [[c.operator for c in clauses] for clauses in job.groups.filters] == [["IS NULL"]]
    assert "Hunter2" not in made.text


@pytest.mark.parametrize(
    ("lost", "reason"),
    [
        (row("title", "jobTitle", flowType="MultiValueAddOnly"), "which MultiValueAddOnly never does"),
        (row("title", "jobTitle", flowType="ValueAddOnly"), "which ValueAddOnly never does"),
        (row("title", "jobTitle", flowType="Sometimes"), "the flow type Sometimes is not known"),
        (row("title"), "it has neither a source nor a default"),
        (row("id", "objectId"), "the target sets its id itself"),
        (row('emails[type eq "work".value]', "mail"), "is no attribute path"),
        (row("", "mail"), "is no attribute path"),
        (row("USERNAME", "mail"), "another row before it writes the same attribute"),
        (row("title", "sAMAccountName"), "no attribute sAMAccountName; the nearest is onPremisesSamAccountName"),
        (row("title", function("Trim([title])")), "no attribute title; the nearest is jobTitle"),
        (row("title", function("Frob([mail])")), "column 1: there is no function Frob"),
        (row("title", function("Join(")), "column 6: found the end"),
        (row("title", function("Trim([mail], [mail])")), "column 1"),
        (row("title", {"type": "Constant", "name": ""}), "its constant is empty"),
        (row("title", {"type": "Variable", "name": "x"}), "its source is of the unknown type Variable"),
    ],
)
def test_a_row_without_a_counterpart_is_left_out_with_the_reason(lost, reason):
    found = imported(schema(LOGIN, lost))
    (note,) = (note for note in found.notes if not note.startswith("groups"))
    assert note.startswith(f"users: {lost['targetAttributeName'] or '(no name)'}")
    assert " is left out: " in note
    assert reason in note
    assert len(found.users.mappings) == 1


@pytest.mark.parametrize(
    ("given_", "made", "told"),
    [
        (row("title", "jobTitle", flowType="ObjectAddOnly"), {"source": "jobTitle", "apply": "on-create"}, ""),
        (row("title", "jobTitle", flowType=None), {"source": "jobTitle"}, ""),
        (
            row("title", "jobTitle", flowType="AttributeAddOnly"),
            {"source": "jobTitle", "apply": "on-create"},
            "on-create",
        ),
        (row("title", "jobTitle", flowBehavior="FlowAlways"), {"source": "jobTitle"}, "FlowAlways is not needed"),
        (row("title", "jobTitle", defaultValue="Staff"), {"source": "jobTitle", "default": "Staff"}, ""),
        (row("title", "jobTitle", defaultValue=""), {"source": "jobTitle"}, ""),
        (
            row("title", None, defaultValue="Staff"),
            {"constant": "Staff", "apply": "on-create"},
            "has become a constant",
        ),
        (row("title", {"type": "Constant", "name": "Staff"}, defaultValue="x"), {"constant": "Staff"}, ""),
        (row("manager", "manager", defaultValue="x"), {"source": "manager"}, "a reference has none"),
        (row("title", function("Trim( [jobTitle] )")), {"expression": "Trim( [jobTitle] )"}, ""),
    ],
)
def test_a_row_comes_over_with_its_conditions(given_, made, told):
    found = imported(schema(LOGIN, given_))
    assert found.users.mappings[1] == {"target": given_["targetAttributeName"], **made}
    notes = [note for note in found.notes if not note.startswith("groups")]
    assert len(notes) == bool(told)
    assert all(told in note for note in notes)


def test_no_password_is_printed():
    secret = row("password", {"type": "Constant", "name": "Hunter2!"})
    default = row("password", function("RandomString(12)"), defaultValue="Hunter2!")
    for one in (secret, default, row("password", None, defaultValue="Hunter2!")):
        found = imported(schema(LOGIN, one))
        assert about(found, "a password in clear (not shown here)")
        assert "Hunter2" not in starter("graph", "generic", imported=found).text


def test_objects_are_matched_in_the_order_of_priority():
    rows = [
        row("externalId", "objectId", matchingPriority=3),
        row("userName", "userPrincipalName", matchingPriority=1),
        row('emails[type eq "work"].value', "mail", matchingPriority=2),
        row("title", "jobTitle", matchingPriority=None),
    ]
    assert imported(schema(*rows)).users.match == ("userName", 'emails[type eq "work"].value', "externalId")


@pytest.mark.parametrize(
    ("rows", "match"),
    [
        ([row("externalId", "objectId"), row("userName", "userPrincipalName")], ("userName",)),
        ([row("externalId", "objectId"), row("title", "jobTitle")], ("externalId",)),
        ([row("userName", function("SelectUniqueValue([mail], [userPrincipalName])"), matchingPriority=1)], ()),
        ([row("title", "nothing", matchingPriority=1)], ()),
    ],
)
def test_without_a_usable_priority_the_usual_attribute_matches(rows, match):
    found = imported(schema(*rows))
    assert found.users.match == match
    assert bool(about(found, "no row that was carried over has a matching priority")) == bool(match)


def test_a_match_attribute_that_the_loader_would_refuse_does_not_get_there(filled):
    unique = function("SelectUniqueValue([mail], [userPrincipalName])")
    found = imported(schema(row("userName", unique, matchingPriority=1), row("externalId", "objectId")))
    job = filled(starter("graph", "generic", imported=found).text).jobs["app"]
    assert job.users.match == ("externalId",)


@pytest.mark.parametrize(
    ("flows", "users", "groups"),
    [
        ("Add, Update, Delete", ("create", "update", "deactivate", "delete"), ("create", "update", "delete")),
        (None, ("create", "update", "deactivate", "delete"), ("create", "update", "delete")),
        ("add,update", ("create", "update", "deactivate"), ("create", "update")),
        ("Delete", ("delete",), ("delete",)),
        ("None", (), ()),
        ("", (), ()),
    ],
)
def test_flow_types_are_actions(flows, users, groups, filled):
    assert imported(schema(LOGIN, flowTypes=flows)).users.actions == users
    found = imported(schema(row("displayName", "displayName", matchingPriority=1), kind="Group", flowTypes=flows))
    assert found.groups.actions == groups
    assert filled(starter("graph", "generic", imported=found).text).jobs["app"].groups.actions == groups


def test_a_kind_without_a_mapping_or_with_a_disabled_one_is_off(filled):
    users = imported(schema(LOGIN))
    assert not users.groups.enabled
    assert about(users, "groups: the schema has no mapping of groups")
    groups = imported(schema(row("displayName", "displayName", matchingPriority=1), kind="Group"))
    assert groups.users.actions == ()
    assert about(groups, "users: the schema has no mapping of users")
    off = imported(schema(LOGIN, enabled=False))
    assert off.users.actions == ()
    assert about(off, "users: their mapping is disabled")
    for found in (users, groups, off):
        assert filled(starter("graph", "generic", imported=found).text)


def test_of_several_mappings_of_a_kind_the_enabled_one_comes_over():
    data = schema(LOGIN, enabled=False)
    data["synchronizationRules"] += schema(LOGIN, row("title", "jobTitle"))["synchronizationRules"]
    found = imported(data)
    assert len(found.users.mappings) == 2
    assert about(found, "a job has one mapping of users, and there is another")


def test_a_schema_that_flows_into_entra_alone_is_refused():
    with pytest.raises(EntraSchemaError, match="it maps neither users nor groups out of Entra"):
        imported(schema(LOGIN, target="Azure Active Directory"))
    with pytest.raises(EntraSchemaError):
        imported(schema(LOGIN, kind="Worker"))


def test_what_the_product_does_not_store_is_told(exported):
    made = starter("graph", "testmu", imported=imported(exported("default")))
    (note,) = made.notes()
    assert note.startswith("users: TestMu AI (formerly LambdaTest) stores no displayName, title, ")
    lightrun = starter("graph", "lightrun", imported=imported(exported("default")))
    assert any("Lightrun has none, so groups.enabled is false" in note for note in lightrun.notes())


TEXT = st.text(max_size=12) | st.sampled_from(
    ["userName", "title", "members", "manager", "mail", "\n]\n[x]\n", "'''", '"']
)
SOURCE = st.none() | st.fixed_dictionaries(
    {"type": st.sampled_from(["Attribute", "Constant", "Function"])},
    optional={"name": TEXT, "expression": TEXT | st.sampled_from(["Trim([mail])", "Append([mail], \"'''\r\n\")"])},
)
ROW = st.fixed_dictionaries(
    {"targetAttributeName": TEXT, "source": SOURCE},
    optional={
        "defaultValue": TEXT,
        "matchingPriority": st.integers(-1, 3),
        "flowType": st.sampled_from(["Always", "ObjectAddOnly", "ValueAddOnly", "odd"]),
    },
)
CLAUSE = st.fixed_dictionaries(
    {"sourceOperandName": TEXT, "operatorName": TEXT | st.sampled_from(["EQUALS", "IS NULL", "REGEX MATCH"])},
    optional={"targetOperand": st.fixed_dictionaries({"values": st.lists(TEXT, max_size=2)})},
)
SCOPE = st.fixed_dictionaries({"groups": st.lists(st.fixed_dictionaries({"clauses": st.lists(CLAUSE, max_size=2)}))})


MAPPING = st.fixed_dictionaries(
    {
        "sourceObjectName": st.sampled_from(["User", "group"]),
        "attributeMappings": st.lists(ROW, max_size=6),
        "scope": st.none() | SCOPE,
        "enabled": st.booleans(),
        "name": TEXT,
    }
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(mapping=MAPPING)
def test_whatever_the_schema_says_the_result_is_a_valid_configuration(filled, mapping):
    found = imported({"synchronizationRules": [{"objectMappings": [mapping]}]})
    text = starter("graph", "generic", imported=found, imported_from=mapping["name"]).text
    assert set(tomllib.loads(text)) == {"state", "sources", "targets", "jobs", "log"}
    job = filled(text).jobs["app"]
    objects = job.users if mapping["sourceObjectName"] == "User" else job.groups
    clauses = [each for each in (mapping["scope"] or {"groups": []})["groups"] if each["clauses"]]
    assert bool(objects.filters) == bool(clauses)
    assert all("\n" not in note for note in found.notes)
