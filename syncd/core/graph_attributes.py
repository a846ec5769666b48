"""The attribute names of Microsoft Graph's users and groups, and those of Entra's portal for the same.

Sources: Microsoft Graph documentation, "user resource type" and "group resource type" (properties that a list or delta
query returns with $select); Microsoft Entra documentation, "Customize user provisioning attribute-mappings", whose names
are those of the older Azure AD Graph.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from syncd.core.entry import Entry
from syncd.core.model import Json, Kind
from syncd.core.source_attribute import MEMBERS, ROLES, SOFT_DELETED, Accessor, Property, SourceAttribute

_USER = """
accountEnabled ageGroup businessPhones city companyName consentProvidedForMinor country createdDateTime creationType
deletedDateTime department displayName employeeHireDate employeeId employeeLeaveDateTime employeeType externalUserState
externalUserStateChangeDateTime faxNumber givenName id identities imAddresses isResourceAccount jobTitle
lastPasswordChangeDateTime legalAgeGroupClassification mail mailNickname mobilePhone officeLocation
onPremisesDistinguishedName onPremisesDomainName onPremisesImmutableId onPremisesLastSyncDateTime
onPremisesSamAccountName onPremisesSecurityIdentifier onPremisesSyncEnabled onPremisesUserPrincipalName otherMails
passwordPolicies postalCode preferredDataLocation preferredLanguage proxyAddresses securityIdentifier showInAddressList
signInSessionsValidFromDateTime state streetAddress surname usageLocation userType
"""

_GROUP = """
classification createdDateTime deletedDateTime description displayName expirationDateTime groupTypes id
isAssignableToRole mail mailEnabled mailNickname membershipRule membershipRuleProcessingState onPremisesDomainName
onPremisesLastSyncDateTime onPremisesNetBiosName onPremisesSamAccountName onPremisesSecurityIdentifier
onPremisesSyncEnabled preferredDataLocation preferredLanguage proxyAddresses renewedDateTime securityEnabled
securityIdentifier theme uniqueName visibility
"""

#: the portal's name → Graph's
_USER_ALIASES = {
    "dirSyncEnabled": "onPremisesSyncEnabled",
    "facsimileTelephoneNumber": "faxNumber",
    "immutableId": "onPremisesImmutableId",
    "mobile": "mobilePhone",
    "objectId": "id",
    "originalUserPrincipalName": "userPrincipalName",
    "physicalDeliveryOfficeName": "officeLocation",
}
_GROUP_ALIASES = {"dirSyncEnabled": "onPremisesSyncEnabled", "objectId": "id"}

#: Names that people write and this source does not have → the one that they mean.
GRAPH_SUGGESTIONS: Mapping[str, str] = {
    "alias": "mailNickname",
    "email": "mail",
    "employeeOrgData": "employeeOrgData.division",
    "firstName": "givenName",
    "group.description": "description",
    "group.name": "displayName",
    "lastName": "surname",
    "login": "userPrincipalName",
    "onPremisesExtensionAttributes": "onPremisesExtensionAttributes.extensionAttribute1",
    "phone": "telephoneNumber",
    "sAMAccountName": "onPremisesSamAccountName",
    "sn": "surname",
    "title": "jobTitle",
    "upn": "userPrincipalName",
    "userName": "userPrincipalName",
    "user.email": "mail",
    "user.firstName": "givenName",
    "user.lastName": "surname",
    "user.login": "userPrincipalName",
    "zip": "postalCode",
}

#: Directory extensions: extension_<application id without hyphens>_<name> (Graph documentation, "extensionProperty").
_EXTENSION = re.compile(r"extension_[0-9a-fA-F]{32}_\w{1,128}", re.ASCII)


def _part(name: str, sub: str) -> Accessor:
    def value(entry: Entry) -> Json:
        holder = entry.attributes.get(name)
        return holder.get(sub) if isinstance(holder, Mapping) else None

    return value


def _first(name: str) -> Accessor:
    def value(entry: Entry) -> Json:
        values = entry.attributes.get(name)
        return values[0] if isinstance(values, list | tuple) and values else None

    return value


def guest_login(name: Json) -> Json:
    """The login of a guest at home: `alias_domain#EXT#@tenant` → `alias@domain`; any other value as it is.

    Microsoft Entra documentation, "Customize user provisioning attribute-mappings". A domain has no underscore, so the
    last one stands for the @.
    """
    if not isinstance(name, str):
        return name
    at = name.upper().find("#EXT#") if "#" in name else -1
    if at < 0:
        return name
    alias, underscore, domain = name[:at].rpartition("_")
    return f"{alias}@{domain}" if underscore and alias and domain else name


def _login(entry: Entry) -> Json:
    return guest_login(entry.attributes.get("userPrincipalName"))


def _attribute(name: str) -> SourceAttribute:
    return SourceAttribute(accessor=Property(name), reads=frozenset({name}))


def _user_attributes() -> dict[str, SourceAttribute]:
    found = {name: _attribute(name) for name in _USER.split()}
    found |= {alias: _attribute(name) for alias, name in _USER_ALIASES.items()}
    found["userPrincipalName"] = SourceAttribute(accessor=_login, reads=frozenset({"userPrincipalName"}))
    found["telephoneNumber"] = SourceAttribute(accessor=_first("businessPhones"), reads=frozenset({"businessPhones"}))
    for number in range(1, 16):
        extension = f"extensionAttribute{number}"
        attribute = SourceAttribute(
            accessor=_part("onPremisesExtensionAttributes", extension),
            reads=frozenset({"onPremisesExtensionAttributes"}),
        )
        found[extension] = found[f"onPremisesExtensionAttributes.{extension}"] = attribute
    for part in ("division", "costCenter"):
        found[f"employeeOrgData.{part}"] = SourceAttribute(
            accessor=_part("employeeOrgData", part), reads=frozenset({"employeeOrgData"})
        )
    # A manager is a reference: users/delta takes it in $select, and the value is the manager's source id.
    found["manager"] = _attribute("manager")
    found["IsSoftDeleted"] = SourceAttribute(accessor=SOFT_DELETED.accessor, reads=frozenset({"accountEnabled"}))
    found["appRoleAssignments"] = ROLES
    return found


def _group_attributes() -> dict[str, SourceAttribute]:
    found = {name: _attribute(name) for name in _GROUP.split()}
    found |= {alias: _attribute(name) for alias, name in _GROUP_ALIASES.items()}
    found |= {"members": MEMBERS, "IsSoftDeleted": SOFT_DELETED, "appRoleAssignments": ROLES}
    return found


GRAPH_ATTRIBUTES: Mapping[Kind, Mapping[str, SourceAttribute]] = {
    "user": _user_attributes(),
    "group": _group_attributes(),
}


def graph_extension(name: str) -> SourceAttribute | None:
    """A directory extension; None where the name is not one."""
    return _attribute(name) if _EXTENSION.fullmatch(name) else None
