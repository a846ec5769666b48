"""Which attribute names a source has, what they read, and the nearest one for a name that it has not."""

from __future__ import annotations

from types import MappingProxyType

import pytest

from syncd.core.entry import Entry
from syncd.core.graph_attributes import guest_login
from syncd.core.vocabulary import UnknownAttribute, vocabulary

APP = "0123456789abcdef0123456789abcdef"
GRAPH = Entry(
    kind="user",
    id="u1",
    attributes=MappingProxyType(
        {
            "id": "u1",
            "userPrincipalName": "jane_doe_fabrikam.com#EXT#@contoso.com",
            "mail": "",
            "surname": None,
            "mobilePhone": "+47 1",
            "businessPhones": ["+47 2", "+47 3"],
            "officeLocation": "Oslo",
            "faxNumber": "+47 4",
            "accountEnabled": True,
            "onPremisesExtensionAttributes": {"extensionAttribute1": "one", "extensionAttribute15": None},
            "employeeOrgData": {"division": "EMEA", "costCenter": "77"},
            "manager": "u2",
            f"extension_{APP}_shoeSize": 43,
        }
    ),
    soft_deleted=True,
    roles=("Admin", "User"),
)
OKTA = Entry(
    kind="user",
    id="00u1",
    attributes={
        "id": "00u1",
        "status": "ACTIVE",
        "created": "2026-01-10T08:00:00.000Z",
        "type": {"id": "oty1"},
        "profile": {
            "login": "kim@acme.example",
            "email": "",
            "badgeColour": "blue",
            "created": "by hand",
            "sites": ["OSL"],
        },
    },
    app={
        "userName": "kim.berg",
        "externalId": None,
        "profile": {"role": "editor", "externalId": "e7", "userName": "no"},
    },
    groups=("Sales", "Staff"),
)
GROUP = Entry(
    kind="group",
    id="00g1",
    attributes={
        "id": "00g1",
        "type": "OKTA_GROUP",
        "profile": {"name": "Sales", "description": None, "samAccountName": "sales"},
        "members": ["00u1"],
    },
)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("objectId", "u1"),
        ("id", "u1"),
        ("mail", ""),
        ("surname", None),
        ("givenName", None),
        ("mobile", "+47 1"),
        ("mobilePhone", "+47 1"),
        ("telephoneNumber", "+47 2"),
        ("businessPhones", ["+47 2", "+47 3"]),
        ("physicalDeliveryOfficeName", "Oslo"),
        ("facsimileTelephoneNumber", "+47 4"),
        ("extensionAttribute1", "one"),
        ("onPremisesExtensionAttributes.extensionAttribute1", "one"),
        ("extensionAttribute15", None),
        ("extensionAttribute2", None),
        ("employeeOrgData.division", "EMEA"),
        ("employeeOrgData.costCenter", "77"),
        ("manager", "u2"),
        ("accountEnabled", True),
        (f"extension_{APP}_shoeSize", 43),
        ("userPrincipalName", "jane_doe@fabrikam.com"),
        ("originalUserPrincipalName", "jane_doe_fabrikam.com#EXT#@contoso.com"),
        ("IsSoftDeleted", True),
        ("appRoleAssignments", ["Admin", "User"]),
    ],
)
def test_graph_gives_portal_names_and_its_own(name, value):
    assert vocabulary("graph", "user").resolve(name)(GRAPH) == value


@pytest.mark.parametrize("number", range(1, 16))
def test_graph_has_fifteen_extension_attributes(number):
    known = vocabulary("graph", "user")
    entry = Entry(
        kind="user", id="u", attributes={"onPremisesExtensionAttributes": {f"extensionAttribute{number}": number}}
    )
    assert known.resolve(f"extensionAttribute{number}")(entry) == number
    with pytest.raises(UnknownAttribute):
        known.resolve("extensionAttribute16")


@pytest.mark.parametrize(
    "attributes",
    [{}, {"businessPhones": []}, {"businessPhones": None}, {"onPremisesExtensionAttributes": None}],
)
def test_a_part_of_nothing_is_nothing(attributes):
    entry = Entry(kind="user", id="u", attributes=attributes)
    known = vocabulary("graph", "user")
    for name in known.names:
        if name != "IsSoftDeleted":
            assert known.resolve(name)(entry) == attributes.get(name)


def test_an_object_without_roles_and_groups_has_none():
    entry = Entry(kind="user", id="u", attributes={})
    assert vocabulary("graph", "user").resolve("appRoleAssignments")(entry) is None
    assert vocabulary("okta", "user").resolve("groups")(entry) is None
    assert vocabulary("okta", "user").resolve("appuser.userName")(entry) is None


@pytest.mark.parametrize(
    ("name", "at_home"),
    [
        ("alias_domain.com#EXT#@tenant.onmicrosoft.com", "alias@domain.com"),
        ("a_b_domain.com#ext#@tenant", "a_b@domain.com"),
        ("jane@contoso.com", "jane@contoso.com"),
        ("noUnderscore#EXT#@tenant", "noUnderscore#EXT#@tenant"),
        ("_domain.com#EXT#@tenant", "_domain.com#EXT#@tenant"),
        ("", ""),
        (None, None),
    ],
)
def test_a_guest_reads_as_at_home(name, at_home):
    assert guest_login(name) == at_home


@pytest.mark.parametrize(
    ("names", "reads"),
    [
        (["mobile", "mobilePhone"], {"mobilePhone"}),
        (["telephoneNumber"], {"businessPhones"}),
        (
            ["extensionAttribute1", "onPremisesExtensionAttributes.extensionAttribute2"],
            {"onPremisesExtensionAttributes"},
        ),
        (["objectId", "originalUserPrincipalName"], {"id", "userPrincipalName"}),
        (["employeeOrgData.division"], {"employeeOrgData"}),
        (["manager"], {"manager"}),
        (["IsSoftDeleted"], {"accountEnabled"}),
        (["appRoleAssignments"], set()),
        ([f"extension_{APP}_x"], {f"extension_{APP}_x"}),
        ([], set()),
    ],
)
def test_graph_is_asked_for_what_the_names_need(names, reads):
    assert vocabulary("graph", "user").reads(names) == reads


def test_okta_sends_whole_objects():
    assert vocabulary("okta", "user").reads(["user.email", "appuser.role", "groups"]) == frozenset()


def test_groups_of_graph():
    known = vocabulary("graph", "group")
    entry = Entry(kind="group", id="g", attributes={"id": "g", "displayName": "Staff", "members": ["u1"]}, roles=("R",))
    assert known.resolve("objectId")(entry) == "g"
    assert known.resolve("displayName")(entry) == "Staff"
    assert known.resolve("members")(entry) == ["u1"]
    assert known.resolve("appRoleAssignments")(entry) == ["R"]
    assert known.reads(["objectId", "description", "members"]) == {"id", "description"}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("user.login", "kim@acme.example"),
        ("user.email", ""),
        ("user.badgeColour", "blue"),
        ("user.sites", ["OSL"]),
        ("user.neverSet", None),
        ("user.id", "00u1"),
        ("user.status", "ACTIVE"),
        ("user.type", "oty1"),
        ("user.created", "by hand"),
        ("appuser.userName", "kim.berg"),
        ("appuser.externalId", "e7"),
        ("appuser.role", "editor"),
        ("appuser.neverSet", None),
        ("groups", ["Sales", "Staff"]),
        ("IsSoftDeleted", False),
        ("appRoleAssignments", None),
    ],
)
def test_okta_gives_profile_attributes_first(name, value):
    assert vocabulary("okta", "user").resolve(name)(OKTA) == value


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("group.name", "Sales"),
        ("group.description", None),
        ("group.samAccountName", "sales"),
        ("group.id", "00g1"),
        ("group.type", "OKTA_GROUP"),
        ("members", ["00u1"]),
    ],
)
def test_groups_of_okta(name, value):
    assert vocabulary("okta", "group").resolve(name)(GROUP) == value


@pytest.mark.parametrize(
    ("source", "kind", "name", "hint"),
    [
        ("graph", "user", "Mail", "the nearest is mail"),
        ("graph", "user", "userprincipalname", "the nearest is userPrincipalName"),
        ("graph", "user", "sAMAccountName", "the nearest is onPremisesSamAccountName"),
        ("graph", "user", "[mail]", "write it without brackets and spaces: mail"),
        ("graph", "user", " mail", "write it without brackets and spaces: mail"),
        ("graph", "user", "user.email", "the nearest is mail"),
        ("graph", "user", "employeeOrgData", "the nearest is employeeOrgData.division"),
        (
            "graph",
            "user",
            "extension_12_x",
            "write a property of Graph's users such as mail, or extension_<appid>_<name>",
        ),
        ("graph", "group", "group.name", "the nearest is displayName"),
        ("graph", "group", "mail_nickname", "the nearest is mailNickname"),
        ("okta", "user", "email", "the nearest is user.email"),
        ("okta", "user", "User.email", "the nearest is user.email"),
        ("okta", "user", "userPrincipalName", "the nearest is user.login"),
        ("okta", "user", "isSoftDeleted", "the nearest is IsSoftDeleted"),
        (
            "okta",
            "user",
            "group.name",
            "write user.<attribute>, appuser.<attribute>, groups, IsSoftDeleted or appRoleAssignments",
        ),
        ("okta", "group", "name", "the nearest is group.name"),
        ("okta", "group", "user.email", "write group.name, group.description, group.<attribute> or members"),
    ],
)
def test_a_name_that_cannot_exist_is_refused_with_the_nearest(source, kind, name, hint):
    with pytest.raises(UnknownAttribute) as caught:
        vocabulary(source, kind).resolve(name)
    assert (caught.value.name, caught.value.hint) == (name, hint)
    assert str(caught.value) == (
        f"The source has no attribute {name}; {hint}. Correct the mapping or filter, then run: syncd check"
    )
    with pytest.raises(UnknownAttribute):
        vocabulary(source, kind).reads([name])


@pytest.mark.parametrize("source", ["graph", "okta"])
@pytest.mark.parametrize("kind", ["user", "group"])
def test_every_suggestion_that_is_made_exists(source, kind):
    known = vocabulary(source, kind)
    for name in known.suggestions:
        with pytest.raises(UnknownAttribute) as caught:
            known.resolve(name)
        if caught.value.hint.startswith("the nearest is "):
            known.resolve(caught.value.hint.removeprefix("the nearest is "))
