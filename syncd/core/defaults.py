"""The mappings that hold where none are configured: Entra's default tables, and a template for Okta.

Sources: Microsoft Entra documentation, default attribute mapping of the generic SCIM application; Okta documentation,
default app user template of a SCIM 2.0 integration.
"""

from __future__ import annotations

from collections.abc import Mapping

from syncd.core.attributes import ENTERPRISE_SCHEMA
from syncd.core.mapping import MappingSpec
from syncd.core.model import Kind
from syncd.core.vocabulary import SourceKind

ACTIVE = 'Switch([IsSoftDeleted], , "False", "True", "True", "False")'


def _direct(*pairs: tuple[str, str]) -> tuple[MappingSpec, ...]:
    return tuple(MappingSpec(target=target, source=source) for target, source in pairs)


_GRAPH_USER = (
    MappingSpec(target="userName", source="userPrincipalName"),
    MappingSpec(target="active", expression=ACTIVE),
    *_direct(
        ("displayName", "displayName"),
        ("title", "jobTitle"),
        ('emails[type eq "work"].value', "mail"),
        ("preferredLanguage", "preferredLanguage"),
        ("name.givenName", "givenName"),
        ("name.familyName", "surname"),
    ),
    MappingSpec(target="name.formatted", expression='Join(" ", [givenName], [surname])'),
    *_direct(
        ('addresses[type eq "work"].formatted', "physicalDeliveryOfficeName"),
        ('addresses[type eq "work"].streetAddress', "streetAddress"),
        ('addresses[type eq "work"].locality', "city"),
        ('addresses[type eq "work"].region', "state"),
        ('addresses[type eq "work"].postalCode', "postalCode"),
        ('addresses[type eq "work"].country', "country"),
        ('phoneNumbers[type eq "work"].value', "telephoneNumber"),
        ('phoneNumbers[type eq "mobile"].value', "mobile"),
        ('phoneNumbers[type eq "fax"].value', "facsimileTelephoneNumber"),
        ("externalId", "mailNickname"),
        (f"{ENTERPRISE_SCHEMA}:employeeNumber", "employeeId"),
        (f"{ENTERPRISE_SCHEMA}:department", "department"),
        (f"{ENTERPRISE_SCHEMA}:manager", "manager"),
    ),
)

_OKTA_USER = (
    MappingSpec(target="userName", expression="Coalesce([appuser.userName], [user.login])"),
    MappingSpec(target="active", expression=ACTIVE),
    *_direct(
        ("externalId", "user.id"),
        ("displayName", "user.displayName"),
        ("nickName", "user.nickName"),
        ("name.givenName", "user.firstName"),
        ("name.middleName", "user.middleName"),
        ("name.familyName", "user.lastName"),
        ("name.honorificPrefix", "user.honorificPrefix"),
        ("name.honorificSuffix", "user.honorificSuffix"),
        ('emails[type eq "work"].value', "user.email"),
        ("title", "user.title"),
        ("userType", "user.userType"),
        ("preferredLanguage", "user.preferredLanguage"),
        ("locale", "user.locale"),
        ("timezone", "user.timezone"),
        ('phoneNumbers[type eq "work"].value', "user.primaryPhone"),
        ('phoneNumbers[type eq "mobile"].value', "user.mobilePhone"),
        ('addresses[type eq "work"].streetAddress', "user.streetAddress"),
        ('addresses[type eq "work"].locality', "user.city"),
        ('addresses[type eq "work"].region', "user.state"),
        ('addresses[type eq "work"].postalCode', "user.zipCode"),
        ('addresses[type eq "work"].country', "user.countryCode"),
        (f"{ENTERPRISE_SCHEMA}:employeeNumber", "user.employeeNumber"),
        (f"{ENTERPRISE_SCHEMA}:costCenter", "user.costCenter"),
        (f"{ENTERPRISE_SCHEMA}:organization", "user.organization"),
        (f"{ENTERPRISE_SCHEMA}:division", "user.division"),
        (f"{ENTERPRISE_SCHEMA}:department", "user.department"),
    ),
)

DEFAULT_MAPPINGS: Mapping[tuple[SourceKind, Kind], tuple[MappingSpec, ...]] = {
    ("graph", "user"): _GRAPH_USER,
    ("graph", "group"): _direct(("displayName", "displayName"), ("externalId", "objectId"), ("members", "members")),
    ("okta", "user"): _OKTA_USER,
    ("okta", "group"): _direct(("displayName", "group.name"), ("externalId", "group.id"), ("members", "members")),
}
