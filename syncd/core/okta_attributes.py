"""The attribute names of Okta's users, app users and groups.

`user.<attribute>` and `appuser.<attribute>` are written as in Okta's Expression Language; any attribute of a profile
may be custom, so a name is refused only for its form. Sources: Okta API documentation, "Users", "Application Users",
"Groups"; Okta Expression Language overview.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from syncd.core.entry import Entry
from syncd.core.model import Json, Kind
from syncd.core.source_attribute import GROUPS, MEMBERS, ROLES, SOFT_DELETED, Accessor, SourceAttribute

#: Of Okta's base user profile ("Default user profile"): for hints and documentation, not a limit.
_PROFILE = """
login email secondEmail firstName lastName middleName honorificPrefix honorificSuffix title displayName nickName
profileUrl primaryPhone mobilePhone streetAddress city state zipCode countryCode postalAddress preferredLanguage locale
timezone userType employeeNumber costCenter organization division department managerId manager
"""

#: Beside the profile.
_USER_TOP = "id status created activated statusChanged lastLogin lastUpdated passwordChanged type transitioningToStatus"
_GROUP_TOP = "id type created lastUpdated lastMembershipUpdated objectClass"

_NAME = re.compile(r"(?P<holder>user|appuser|group)\.(?P<attribute>[A-Za-z_$][\w$-]{0,255})", re.ASCII)

#: Names that people write and this source does not have → the one that they mean.
OKTA_SUGGESTIONS: Mapping[str, str] = {
    "accountEnabled": "user.status",
    "city": "user.city",
    "country": "user.countryCode",
    "department": "user.department",
    "description": "group.description",
    "displayName": "user.displayName",
    "employeeId": "user.employeeNumber",
    "externalId": "appuser.externalId",
    "givenName": "user.firstName",
    "jobTitle": "user.title",
    "mail": "user.email",
    "manager": "user.managerId",
    "mobile": "user.mobilePhone",
    "name": "group.name",
    "objectId": "user.id",
    "postalCode": "user.zipCode",
    "surname": "user.lastName",
    "telephoneNumber": "user.primaryPhone",
    "userName": "appuser.userName",
    "userPrincipalName": "user.login",
}


def _of_profile(name: str, top: str) -> Accessor:
    """The profile's value first, then that of the object itself: a custom attribute may be named `status`."""
    beside = name in top.split()

    def value(entry: Entry) -> Json:
        profile = entry.attributes.get("profile")
        if isinstance(profile, Mapping) and name in profile:
            return profile[name]
        if not beside:
            return None
        found = entry.attributes.get(name)
        return found.get("id") if isinstance(found, Mapping) else found

    return value


def _of_app(name: str) -> Accessor:
    """Of the app user: its own userName and externalId, else what Okta worked out for the app profile."""
    own = name in ("userName", "externalId")

    def value(entry: Entry) -> Json:
        if own and (found := entry.app.get(name)) is not None:
            return found
        profile = entry.app.get("profile")
        return profile.get(name) if isinstance(profile, Mapping) else None

    return value


def okta_attribute(kind: Kind, name: str) -> SourceAttribute | None:
    """`user.…` and `appuser.…` of a user, `group.…` of a group; None where the name has not that form."""
    found = _NAME.fullmatch(name)
    if found is None or (found["holder"] == "group") != (kind == "group"):
        return None
    match found["holder"]:
        case "user":
            return SourceAttribute(accessor=_of_profile(found["attribute"], _USER_TOP))
        case "appuser":
            return SourceAttribute(accessor=_of_app(found["attribute"]))
        case _:
            return SourceAttribute(accessor=_of_profile(found["attribute"], _GROUP_TOP))


def _user_attributes() -> dict[str, SourceAttribute]:
    found = {
        f"user.{name}": SourceAttribute(accessor=_of_profile(name, _USER_TOP))
        for name in f"{_PROFILE} {_USER_TOP}".split()
    }
    found |= {f"appuser.{name}": SourceAttribute(accessor=_of_app(name)) for name in ("userName", "externalId")}
    found |= {"IsSoftDeleted": SOFT_DELETED, "appRoleAssignments": ROLES, "groups": GROUPS}
    return found


def _group_attributes() -> dict[str, SourceAttribute]:
    names = ["name", "description", *_GROUP_TOP.split()]
    found = {f"group.{name}": SourceAttribute(accessor=_of_profile(name, _GROUP_TOP)) for name in names}
    found |= {"members": MEMBERS, "IsSoftDeleted": SOFT_DELETED, "appRoleAssignments": ROLES}
    return found


OKTA_ATTRIBUTES: Mapping[Kind, Mapping[str, SourceAttribute]] = {
    "user": _user_attributes(),
    "group": _group_attributes(),
}
