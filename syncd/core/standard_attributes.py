"""The attributes of RFC 7643: User (4.1), Group (4.2) and the enterprise User (4.3), spelled and typed as there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from syncd.core.attribute_type import AttributeType, Type
from syncd.core.model import Kind

USER_SCHEMA = "urn:ietf:params:scim:schemas:core:2.0:User"
GROUP_SCHEMA = "urn:ietf:params:scim:schemas:core:2.0:Group"
ENTERPRISE_SCHEMA = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
CORE_SCHEMAS: Mapping[Kind, str] = {"user": USER_SCHEMA, "group": GROUP_SCHEMA}

_TEXTS = "userName displayName nickName title userType preferredLanguage locale timezone password"
_NAME = "formatted familyName givenName middleName honorificPrefix honorificSuffix"
_ADDRESS = "formatted streetAddress locality region postalCode country type"
_PLURAL = "value display type"
_ENTERPRISE = "employeeNumber costCenter organization division department"
#: multi-valued attributes and the type of their `value`
_LISTS: Mapping[str, Type] = {
    "emails": "string",
    "phoneNumbers": "string",
    "ims": "string",
    "photos": "reference",
    "groups": "string",
    "entitlements": "string",
    "roles": "string",
    "x509Certificates": "binary",
    "members": "string",
}
_TEXT = AttributeType()
_EXACT = AttributeType(case_exact=True)
_BOOLEAN = AttributeType(type="boolean")
_REFERENCE = AttributeType(type="reference", case_exact=True)
_COMPLEX_LIST = AttributeType(type="complex", multi=True)


def _standard() -> Iterator[tuple[str, AttributeType]]:
    for name in _TEXTS.split():
        yield name, _TEXT
    yield from (("active", _BOOLEAN), ("externalId", _EXACT), ("profileUrl", _REFERENCE))
    yield from (("id", _EXACT), ("schemas", AttributeType(multi=True)), ("meta", AttributeType(type="complex")))
    yield "name", AttributeType(type="complex")
    for sub in _NAME.split():
        yield f"name.{sub}", _TEXT
    for name, type_ in _LISTS.items():
        yield name, _COMPLEX_LIST
        for sub in _PLURAL.split():
            yield f"{name}.{sub}", AttributeType(type=type_) if sub == "value" else _TEXT
        yield from ((f"{name}.primary", _BOOLEAN), (f"{name}.$ref", _REFERENCE))
    yield "addresses", _COMPLEX_LIST
    for sub in _ADDRESS.split():
        yield f"addresses.{sub}", _TEXT
    yield "addresses.primary", _BOOLEAN
    for name in _ENTERPRISE.split():
        yield f"{ENTERPRISE_SCHEMA}:{name}", _TEXT
    manager = f"{ENTERPRISE_SCHEMA}:manager"
    # Written as an id alone: that it stands in an object is the resource's affair (attributes.place).
    yield from ((manager, _EXACT), (f"{manager}.value", _EXACT), (f"{manager}.$ref", _REFERENCE))
    yield f"{manager}.displayName", AttributeType(mutability="readOnly")


#: by path without element filter
STANDARD: Mapping[str, AttributeType] = dict(_standard())
#: path in lower case → as the RFC spells it
SPELLING: Mapping[str, str] = {path.lower(): path for path in STANDARD}
