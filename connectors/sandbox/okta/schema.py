"""Profile schemas: which attributes users and app users have, and how group assignments fill them.

Shape: Okta API documentation, "Schemas". `unique: "UNIQUE_VALIDATED"` is what live organisations send.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from syncd.core.model import Json

CORE = "urn:ietf:params:scim:schemas:core:2.0:User"
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"


@dataclass(frozen=True, kw_only=True, slots=True)
class Attribute:
    """One attribute of a profile schema."""

    name: str
    title: str
    type: Literal["string", "number", "integer", "boolean", "array"] = "string"
    required: bool = False
    unique: bool = False
    custom: bool = False
    scope: Literal["SELF", "NONE"] = "SELF"  #: NONE: a group assignment may set it too
    union: bool = False  #: an array that combines the values of all assigned groups
    enum: tuple[tuple[str, str], ...] = ()  #: value and title
    external_name: str | None = None  #: SCIM path at the target
    external_namespace: str | None = None

    @property
    def json(self) -> dict[str, Json]:
        """The attribute as a schema lists it."""
        data: dict[str, Json] = {
            "title": self.title,
            "type": self.type,
            "scope": self.scope,
            "mutability": "READ_WRITE",
            "permissions": [{"principal": "SELF", "action": "READ_ONLY"}],
            "master": {"type": "PROFILE_MASTER"},
        }
        if self.required:
            data["required"] = True
        if self.unique:
            data["unique"] = "UNIQUE_VALIDATED"
        values = {
            "enum": [value for value, _ in self.enum],
            "oneOf": [{"const": value, "title": title} for value, title in self.enum],
        }
        if self.type == "array":
            data["items"] = {"type": "string", **(values if self.enum else {})}
            data["union"] = "ENABLE" if self.union else "DISABLE"
        elif self.enum:
            data |= values
        if self.external_name:
            data |= {"externalName": self.external_name, "externalNamespace": self.external_namespace}
        return data


@dataclass(frozen=True, kw_only=True, slots=True)
class Schema:
    """The attributes of one kind of profile."""

    id: str
    name: str
    title: str
    attributes: tuple[Attribute, ...]
    created: str
    last_updated: str

    def __contains__(self, name: str) -> bool:
        return any(attribute.name == name for attribute in self.attributes)

    def with_attribute(self, attribute: Attribute, now: str) -> Schema:
        """A copy with one attribute added, or replaced by name."""
        others = tuple(known for known in self.attributes if known.name != attribute.name)
        return replace(self, attributes=(*others, attribute), last_updated=now)

    def without_attribute(self, name: str, now: str) -> Schema:
        """A copy that lacks one attribute."""
        return replace(
            self, attributes=tuple(known for known in self.attributes if known.name != name), last_updated=now
        )

    def json(self, org_url: str, path: str) -> dict[str, Json]:
        """The schema as Okta sends it."""

        def part(custom: bool) -> dict[str, Json]:
            chosen = [attribute for attribute in self.attributes if attribute.custom is custom]
            return {
                "id": "#custom" if custom else "#base",
                "type": "object",
                "properties": {attribute.name: attribute.json for attribute in chosen},
                "required": [attribute.name for attribute in chosen if attribute.required],
            }

        url = f"{org_url}/api/v1/meta/schemas/{path}"
        return {
            "id": url,
            "$schema": "http://json-schema.org/draft-04/schema#",
            "name": self.name,
            "title": self.title,
            "type": "object",
            "created": self.created,
            "lastUpdated": self.last_updated,
            "definitions": {"base": part(custom=False), "custom": part(custom=True)},
            "properties": {"profile": {"allOf": [{"$ref": "#/definitions/custom"}, {"$ref": "#/definitions/base"}]}},
            "_links": {"self": {"href": url, "method": "GET", "rel": "self"}},
        }


def user_attributes() -> tuple[Attribute, ...]:
    """The attributes of the default user type: Okta's own, and four that an administrator added."""
    base = (
        Attribute(name="login", title="Username", required=True, unique=True),
        Attribute(name="email", title="Primary email", required=True, unique=True),
        *(Attribute(name=name, title=title) for name, title in _USER_BASE.items()),
    )
    custom = (
        Attribute(name="badgeColour", title="Badge colour", custom=True),
        Attribute(name="sites", title="Sites", type="array", custom=True),
        Attribute(name="contractor", title="Contractor", type="boolean", custom=True),
        Attribute(name="grade", title="Grade", type="integer", custom=True),
    )
    return base + custom


_USER_BASE = {
    "firstName": "First name",
    "lastName": "Last name",
    "middleName": "Middle name",
    "displayName": "Display name",
    "nickName": "Nickname",
    "secondEmail": "Secondary email",
    "mobilePhone": "Mobile phone",
    "primaryPhone": "Primary phone",
    "title": "Title",
    "department": "Department",
    "division": "Division",
    "costCenter": "Cost center",
    "organization": "Organization",
    "employeeNumber": "Employee number",
    "userType": "User type",
    "manager": "Manager",
    "managerId": "ManagerId",
    "streetAddress": "Street address",
    "city": "City",
    "state": "State",
    "zipCode": "Zip code",
    "countryCode": "Country code",
    "preferredLanguage": "Preferred language",
    "locale": "Locale",
    "timezone": "Time zone",
}


def app_attributes() -> tuple[Attribute, ...]:
    """The app profile of a SCIM application: mapped core attributes, a role and licences that groups may give."""
    core = (
        ("email", "Primary email", "emails.^[primary==true].value", CORE),
        ("givenName", "Given name", "name.givenName", CORE),
        ("familyName", "Family name", "name.familyName", CORE),
        ("displayName", "Display name", "displayName", CORE),
        ("title", "Title", "title", CORE),
        ("primaryPhone", "Primary phone", "phoneNumbers.^[primary==true].value", CORE),
        ("locale", "Locale", "locale", CORE),
        ("department", "Department", "department", ENTERPRISE),
        ("employeeNumber", "Employee number", "employeeNumber", ENTERPRISE),
    )
    roles = (("viewer", "Viewer"), ("editor", "Editor"), ("admin", "Administrator"))
    licences = (("basic", "Basic"), ("pro", "Professional"), ("audit", "Audit"))
    return (
        *(
            Attribute(name=name, title=title, external_name=path, external_namespace=urn, required=name == "email")
            for name, title, path, urn in core
        ),
        Attribute(
            name="role",
            title="Role",
            custom=True,
            scope="NONE",
            enum=roles,
            external_name="roles.^[primary==true].value",
            external_namespace=CORE,
        ),
        Attribute(
            name="licences",
            title="Licences",
            type="array",
            custom=True,
            scope="NONE",
            union=True,
            enum=licences,
            external_name="licences",
            external_namespace="urn:okta:acme_testmu:1.0:user:custom",
        ),
        Attribute(name="projectCode", title="Project code", custom=True),
    )
