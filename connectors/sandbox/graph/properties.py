"""Properties of directory objects: which there are, which come without being asked for, and what they are worth.

A property is *never set* (`ABSENT`), *cleared* (None) or has a value; delta tells the three apart.
Source: Microsoft Graph documentation, resource types user, group and servicePrincipal.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Final

import regex

from connectors.sandbox.graph.entity import Entity, Group, ServicePrincipal, User
from connectors.sandbox.people import Person
from syncd.core.model import Json


class _Absent:
    def __repr__(self) -> str:
        return "ABSENT"


ABSENT: Final[Any] = _Absent()  #: never had a value

#: the directory extension that the generated tenant has
EXTENSION = "extension_0123456789abcdef0123456789abcdef_costCentre"
_EXTENSION = regex.compile(r"extension_[0-9a-fA-F]{32}_\w+")

USER_DEFAULT = (
    "businessPhones",
    "displayName",
    "givenName",
    "jobTitle",
    "mail",
    "mobilePhone",
    "officeLocation",
    "preferredLanguage",
    "surname",
    "userPrincipalName",
    "id",
)
GROUP_DEFAULT = (
    "id",
    "deletedDateTime",
    "classification",
    "createdDateTime",
    "description",
    "displayName",
    "groupTypes",
    "mail",
    "mailEnabled",
    "mailNickname",
    "onPremisesSyncEnabled",
    "proxyAddresses",
    "securityEnabled",
    "visibility",
)
PRINCIPAL_DEFAULT = (
    "id",
    "deletedDateTime",
    "accountEnabled",
    "appDisplayName",
    "appId",
    "appRoleAssignmentRequired",
    "displayName",
    "servicePrincipalType",
    "tags",
    "appRoles",
)
_MORE_OF_USER = (
    "accountEnabled ageGroup city companyName consentProvidedForMinor country createdDateTime creationType "
    "customSecurityAttributes deletedDateTime department employeeHireDate employeeId employeeLeaveDateTime "
    "employeeOrgData employeeType externalUserState externalUserStateChangeDateTime faxNumber identities imAddresses "
    "isResourceAccount lastPasswordChangeDateTime legalAgeGroupClassification mailNickname "
    "onPremisesDistinguishedName onPremisesDomainName onPremisesExtensionAttributes onPremisesImmutableId "
    "onPremisesLastSyncDateTime onPremisesProvisioningErrors onPremisesSamAccountName onPremisesSecurityIdentifier "
    "onPremisesSyncEnabled onPremisesUserPrincipalName otherMails passwordPolicies postalCode proxyAddresses "
    "securityIdentifier showInAddressList state streetAddress usageLocation userType"
)
_MORE_OF_GROUP = (
    "expirationDateTime isAssignableToRole membershipRule membershipRuleProcessingState onPremisesDomainName "
    "onPremisesLastSyncDateTime onPremisesNetBiosName onPremisesSamAccountName onPremisesSecurityIdentifier "
    "preferredDataLocation preferredLanguage renewedDateTime resourceProvisioningOptions securityIdentifier theme"
)
_MORE_OF_PRINCIPAL = "description homepage loginUrl notes oauth2PermissionScopes replyUrls servicePrincipalNames"

KNOWN: dict[type[Entity], frozenset[str]] = {
    User: frozenset((*USER_DEFAULT, *_MORE_OF_USER.split())),
    Group: frozenset((*GROUP_DEFAULT, *_MORE_OF_GROUP.split())),
    ServicePrincipal: frozenset((*PRINCIPAL_DEFAULT, *_MORE_OF_PRINCIPAL.split())),
}
DEFAULT: dict[type[Entity], tuple[str, ...]] = {
    User: USER_DEFAULT,
    Group: GROUP_DEFAULT,
    ServicePrincipal: PRINCIPAL_DEFAULT,
}
#: kept outside the directory store: 501 on a list, 400 on delta
_ELSEWHERE = (
    "aboutMe birthday hireDate interests mailboxSettings mySite pastProjects preferredName responsibilities schools "
    "skills"
)
ELSEWHERE = frozenset(_ELSEWHERE.split())
NAVIGATION = {"manager", "directReports", "memberOf", "members", "owners", "transitiveMembers", "appRoleAssignedTo"}


def known(kind: type[Entity], name: str) -> bool:
    """Whether the type has this property; every well-formed directory extension counts."""
    return kind not in KNOWN or name in KNOWN[kind] or _EXTENSION.fullmatch(name) is not None


def value(entity: Entity, name: str) -> Json:
    """The property's value, None when it was cleared, ABSENT when it was never set."""
    if name == "id":
        return entity.id
    if name == "userPrincipalName" and entity.deleted is not None:
        # A deleted user's login is free for somebody else: Graph puts the object id in front of it.
        return entity.id.replace("-", "") + str(_live_value(entity, name))
    return _live_value(entity, name)


def _live_value(entity: Entity, name: str) -> Json:
    if name in entity.values:
        return entity.values[name]
    if type(entity) is User and entity.person is not None:
        derive = _DERIVED.get(name)
        if derive is not None:
            return derive(entity, entity.person)
    if name == "createdDateTime":
        return stamp(entity.created)
    if name == "deletedDateTime" and entity.deleted is not None:
        return stamp(entity.deleted)
    return ABSENT


def ever_set(entity: Entity, names: tuple[str, ...] | frozenset[str]) -> dict[str, Json]:
    """What delta shows in its default mode: every named property that ever had a value."""
    if type(entity) is User and not entity.values and entity.person is not None and entity.deleted is None:
        # Nearly all users of a generated tenant: straight from the person, an order of magnitude faster.
        person = entity.person
        return {name: found for name, get in _plan(names) if (found := get(entity, person)) is not ABSENT}
    shown = {}
    for name in names:
        found = value(entity, name)
        if found is not ABSENT:
            shown[name] = found
    return shown


@lru_cache(maxsize=64)
def _plan(names: tuple[str, ...] | frozenset[str]) -> tuple[tuple[str, Callable[[User, Person], Json]], ...]:
    """The named properties of an untouched user with the functions that derive them."""
    plan = []
    for name in names:
        derive = _DERIVED.get(name)
        if derive is not None or name in {"id", "createdDateTime"}:
            plan.append((name, derive or _OF_USER[name]))
    return tuple(plan)


def with_nulls(entity: Entity, names: Iterable[str]) -> dict[str, Json]:
    """What a list shows: every named property, null when it has no value."""
    shown: dict[str, Json] = {}
    for name in names:
        found = value(entity, name)
        shown[name] = ([] if name in _COLLECTIONS else None) if found is ABSENT else found
    return shown


def stamp(seconds: float) -> str:
    """A time as Graph writes it: UTC, whole seconds."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


_COLLECTIONS = {"businessPhones", "otherMails", "proxyAddresses", "imAddresses", "identities", "groupTypes", "tags"}


def login_of(user: User, person: Person) -> str:
    """The user principal name; a guest's has the home address in front of #EXT#."""
    if user.guest:
        return f"{person.login_name}_partner.example#EXT#@{user.domain}"
    return f"{person.login_name}@{user.domain}"


def _mail(user: User, person: Person) -> str:
    return f"{person.login_name}@{'partner.example' if user.guest else user.domain}"


_NO_EXTENSION_ATTRIBUTES: dict[str, Json] = {f"extensionAttribute{n}": None for n in range(1, 16)}


def _extension_attributes(user: User, person: Person) -> Json:
    # Selectable as a whole only; a tenant without a local directory never had one.
    if user.number % 4:
        return ABSENT
    return {
        **_NO_EXTENSION_ATTRIBUTES,
        "extensionAttribute1": f"CC{int(person.employee_id) % 90 + 10}",
        "extensionAttribute2": person.office,
    }


_OF_USER: dict[str, Callable[[User, Person], Json]] = {
    "id": lambda u, _: u.id,
    "createdDateTime": lambda u, _: stamp(u.created),
}
#: Shares of users without a value: real tenants have gaps, and a gap is never null in delta.
_DERIVED: dict[str, Callable[[User, Person], Json]] = {
    "userPrincipalName": login_of,
    "displayName": lambda _, p: p.display_name,
    "givenName": lambda u, p: ABSENT if u.number % 211 == 210 else p.given_name,
    "surname": lambda _, p: p.surname,
    "mail": lambda u, p: ABSENT if u.number % 53 == 52 else _mail(u, p),
    "mailNickname": lambda _, p: p.login_name,
    "otherMails": lambda u, p: [_mail(u, p)] if u.guest else [],
    "proxyAddresses": lambda u, p: [f"SMTP:{_mail(u, p)}"],
    "accountEnabled": lambda u, _: u.enabled,
    "userType": lambda u, _: "Guest" if u.guest else "Member",
    "externalUserState": lambda u, _: "Accepted" if u.guest else ABSENT,
    "employeeId": lambda u, p: ABSENT if u.guest else p.employee_id,
    "employeeType": lambda u, _: "Contractor" if u.number % 9 == 8 else "Employee",
    "employeeHireDate": lambda u, _: f"20{u.number % 24 + 1:02d}-{u.number % 12 + 1:02d}-01T00:00:00Z",
    "employeeOrgData": lambda u, p: {"division": p.company, "costCenter": f"CC{u.number % 90 + 10}"},
    "department": lambda u, p: ABSENT if u.number % 23 == 22 else p.department,
    "jobTitle": lambda u, p: ABSENT if u.number % 19 == 18 else p.job_title,
    "companyName": lambda _, p: p.company,
    "city": lambda _, p: p.city,
    "state": lambda _, p: p.state,
    "postalCode": lambda _, p: p.postal_code,
    "streetAddress": lambda u, p: ABSENT if u.number % 5 == 4 else p.street,
    "country": lambda _, p: p.country,
    "usageLocation": lambda _, p: p.country,
    "preferredLanguage": lambda u, p: ABSENT if u.number % 4 == 3 else p.language,
    "officeLocation": lambda _, p: p.office,
    "businessPhones": lambda u, p: [] if u.number % 7 == 6 else [p.phone],
    "mobilePhone": lambda u, p: ABSENT if u.number % 3 == 2 else p.mobile,
    "identities": lambda u, p: [
        {"signInType": "userPrincipalName", "issuer": u.domain, "issuerAssignedId": login_of(u, p)}
    ],
    "onPremisesExtensionAttributes": _extension_attributes,
    EXTENSION: lambda u, _: f"CC{u.number % 90 + 10}" if u.number % 2 == 0 else ABSENT,
}
