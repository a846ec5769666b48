"""The schemas of RFC 7643: common attributes (3.1), User (4.1), Group (4.2) and the enterprise User (4.3)."""

from __future__ import annotations

from connectors.sandbox.scim.schema import Attribute, Schema
from syncd.core.attributes import ENTERPRISE_SCHEMA, GROUP_SCHEMA, USER_SCHEMA


def _strings(*names: str) -> tuple[Attribute, ...]:
    return tuple(Attribute(name=name) for name in names)


def _plural(name: str, *types: str, value: Attribute | None = None) -> Attribute:
    """A multi-valued attribute with the sub-attributes of RFC 7643 section 2.4."""
    return Attribute(
        name=name,
        type="complex",
        multi_valued=True,
        sub_attributes=(
            value or Attribute(name="value"),
            Attribute(name="display"),
            Attribute(name="type", canonical_values=types),
            Attribute(name="primary", type="boolean"),
        ),
    )


def _reference(name: str, *types: str) -> Attribute:
    return Attribute(name=name, type="reference", reference_types=types, case_exact=True)


#: Of every resource; they belong to no schema's list (RFC 7643 section 3.1).
COMMON = (
    Attribute(
        name="schemas",
        type="reference",
        multi_valued=True,
        required=True,
        returned="always",
        case_exact=True,
        reference_types=("uri",),
    ),
    Attribute(name="id", returned="always", mutability="readOnly", case_exact=True, uniqueness="server"),
    Attribute(name="externalId", case_exact=True),
    Attribute(
        name="meta",
        type="complex",
        mutability="readOnly",
        sub_attributes=(
            Attribute(name="resourceType", mutability="readOnly", case_exact=True),
            Attribute(name="created", type="dateTime", mutability="readOnly"),
            Attribute(name="lastModified", type="dateTime", mutability="readOnly"),
            Attribute(name="location", type="reference", mutability="readOnly", case_exact=True),
            Attribute(name="version", mutability="readOnly", case_exact=True),
        ),
    ),
)

USER = Schema(
    id=USER_SCHEMA,
    name="User",
    extends="user",
    description="User Account",
    attributes=(
        Attribute(name="userName", required=True, uniqueness="server"),
        Attribute(
            name="name",
            type="complex",
            sub_attributes=_strings(
                "formatted", "familyName", "givenName", "middleName", "honorificPrefix", "honorificSuffix"
            ),
        ),
        *_strings("displayName", "nickName"),
        _reference("profileUrl", "external"),
        *_strings("title", "userType", "preferredLanguage", "locale", "timezone"),
        Attribute(name="active", type="boolean"),
        Attribute(name="password", case_exact=True, mutability="writeOnly", returned="never"),
        _plural("emails", "work", "home", "other"),
        _plural("phoneNumbers", "work", "home", "mobile", "fax", "pager", "other"),
        _plural("ims", "aim", "gtalk", "icq", "xmpp", "msn", "skype", "qq", "yahoo"),
        _plural("photos", "photo", "thumbnail", value=_reference("value", "external")),
        Attribute(
            name="addresses",
            type="complex",
            multi_valued=True,
            sub_attributes=(
                *_strings("formatted", "streetAddress", "locality", "region", "postalCode", "country"),
                Attribute(name="type", canonical_values=("work", "home", "other")),
                Attribute(name="primary", type="boolean"),
            ),
        ),
        Attribute(
            name="groups",
            type="complex",
            multi_valued=True,
            mutability="readOnly",
            sub_attributes=(
                Attribute(name="value", mutability="readOnly", case_exact=True),
                Attribute(
                    name="$ref", type="reference", reference_types=("Group",), mutability="readOnly", case_exact=True
                ),
                Attribute(name="display", mutability="readOnly"),
                Attribute(name="type", mutability="readOnly", canonical_values=("direct", "indirect")),
            ),
        ),
        _plural("entitlements"),
        _plural("roles"),
        _plural("x509Certificates", value=Attribute(name="value", type="binary", case_exact=True)),
    ),
)

GROUP = Schema(
    id=GROUP_SCHEMA,
    name="Group",
    extends="group",
    description="Group",
    attributes=(
        Attribute(name="displayName", required=True),
        Attribute(
            name="members",
            type="complex",
            multi_valued=True,
            sub_attributes=(
                Attribute(name="value", mutability="immutable", case_exact=True),
                Attribute(
                    name="$ref",
                    type="reference",
                    reference_types=("User", "Group"),
                    mutability="immutable",
                    case_exact=True,
                ),
                Attribute(name="type", mutability="immutable", canonical_values=("User", "Group")),
                Attribute(name="display"),
            ),
        ),
    ),
)

ENTERPRISE_USER = Schema(
    id=ENTERPRISE_SCHEMA,
    name="EnterpriseUser",
    extends="user",
    description="Enterprise User",
    attributes=(
        *_strings("employeeNumber", "costCenter", "organization", "division", "department"),
        Attribute(
            name="manager",
            type="complex",
            sub_attributes=(
                Attribute(name="value", case_exact=True),
                _reference("$ref", "User"),
                Attribute(name="displayName", mutability="readOnly"),
            ),
        ),
    ),
)
