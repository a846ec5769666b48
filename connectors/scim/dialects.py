"""How an identity provider words its SCIM requests: dialects, as data.

`rfc7644` says what the standard says. The others send what the two large providers send, for services that were built
and tested against one of them: `entra` and `entra-2020` (Microsoft Entra without and with the option
aadOptscim062020; Microsoft Entra documentation, "Develop and plan provisioning for a SCIM endpoint" and "Known issues
with SCIM 2.0 protocol compliance"), `okta-put` and `okta-patch` (applications of Okta's App Integration Wizard and of
its Integration Network; Okta developer documentation, "SCIM 2.0 protocol reference").
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from connectors.scim.settings import DialectName
from syncd.core.attributes import ENTERPRISE_SCHEMA
from syncd.core.model import Json, Kind

ENTRA_GROUP_SCHEMA = "http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM/2.0/Group"


@dataclass(frozen=True, kw_only=True, slots=True)
class Dialect:
    """One way to word requests. The defaults are RFC 7644's."""

    name: str
    capitals: bool = False  #: "Add", "Replace", "Remove" in place of lower case
    text_booleans: bool = False  #: "True" and "False" as strings in a PATCH
    text_primary: bool = False  #: and in a path: roles[primary eq "True"]
    #: several simple attributes share one operation without a path: never; with dotted keys; or always, also for one
    pathless: Literal["never", "dotted", "always"] = "never"
    text_manager: bool = False  #: the manager as its id in place of {"value": id}
    text_roles: bool = False  #: in a PATCH each role is a JSON document in a string
    absent_element: Literal["element", "path"] = "element"  #: add the whole element, or under its filter path
    user_update: Literal["PATCH", "PUT"] = "PATCH"
    user_active: Literal["PATCH", "PUT"] = "PATCH"
    group_update: Literal["PATCH", "PUT"] = "PATCH"
    member_remove: Literal["filter", "value"] = "filter"
    member_ref: bool = False  #: members carry "$ref": null
    member_display: bool = False  #: members that are added carry their user name as `display`
    name_with_members: bool = False  #: each change of members repeats the group's name
    extension_schemas: bool = True  #: `schemas` of a POST lists custom extensions too
    always_schemas: Mapping[Kind, tuple[str, ...]] | None = None  #: `schemas` of a POST lists these in any case
    create_extras: Mapping[Kind, Mapping[str, Json]] | None = None  #: attributes of a POST that no mapping gives
    find_window: bool = False  #: a look-up carries startIndex=1&count=100


_ENTRA_SCHEMAS: Mapping[Kind, tuple[str, ...]] = {"user": (ENTERPRISE_SCHEMA,), "group": (ENTRA_GROUP_SCHEMA,)}
_ENTRA_EXTRAS: Mapping[Kind, Mapping[str, Json]] = {
    "user": {"meta": {"resourceType": "User"}, "roles": []},
    "group": {"meta": {"resourceType": "Group"}},
}
_OKTA_EXTRAS: Mapping[Kind, Mapping[str, Json]] = {"user": {"groups": []}, "group": {"members": []}}

DIALECTS: Mapping[DialectName, Dialect] = {
    "rfc7644": Dialect(name="rfc7644"),
    "entra": Dialect(
        name="entra",
        capitals=True,
        text_booleans=True,
        text_primary=True,
        text_manager=True,
        text_roles=True,
        absent_element="path",
        member_remove="value",
        member_ref=True,
        extension_schemas=False,
        always_schemas=_ENTRA_SCHEMAS,
        create_extras=_ENTRA_EXTRAS,
    ),
    "entra-2020": Dialect(
        name="entra-2020",
        pathless="dotted",
        text_primary=True,
        text_manager=True,
        absent_element="path",
        member_ref=True,
        extension_schemas=False,
        always_schemas=_ENTRA_SCHEMAS,
        create_extras=_ENTRA_EXTRAS,
    ),
    "okta-put": Dialect(
        name="okta-put",
        user_update="PUT",
        user_active="PUT",
        group_update="PUT",
        member_display=True,
        create_extras=_OKTA_EXTRAS,
        find_window=True,
    ),
    "okta-patch": Dialect(
        name="okta-patch",
        pathless="always",
        user_update="PUT",
        member_display=True,
        name_with_members=True,
        create_extras=_OKTA_EXTRAS,
        find_window=True,
    ),
}
