"""SCIM schemas as data: attributes with their characteristics (RFC 7643 section 2.2), and JSON as /Schemas has it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from syncd.core.model import Json, Kind

Type = Literal["string", "boolean", "decimal", "integer", "dateTime", "reference", "binary", "complex"]
Mutability = Literal["readOnly", "readWrite", "immutable", "writeOnly"]
Returned = Literal["always", "never", "default", "request"]
Uniqueness = Literal["none", "server", "global"]

SCHEMA_SCHEMA = "urn:ietf:params:scim:schemas:core:2.0:Schema"


@dataclass(frozen=True, kw_only=True)
class Attribute:
    """One attribute or sub-attribute of a schema."""

    name: str
    type: Type = "string"
    multi_valued: bool = False
    required: bool = False
    case_exact: bool = False
    mutability: Mutability = "readWrite"
    returned: Returned = "default"
    uniqueness: Uniqueness = "none"
    canonical_values: tuple[str, ...] = ()
    closed: bool = False  #: values that are not canonical are refused; the RFC leaves that to the server
    reference_types: tuple[str, ...] = ()
    sub_attributes: tuple[Attribute, ...] = ()
    description: str = ""

    @cached_property
    def subs(self) -> Mapping[str, Attribute]:
        """Sub-attributes by lower-case name."""
        return {sub.name.lower(): sub for sub in self.sub_attributes}

    @property
    def comparable(self) -> Attribute:
        """What a filter without sub-attribute compares: the `value` of a complex attribute, else itself."""
        return self.subs.get("value", self) if self.type == "complex" else self

    @property
    def data(self) -> dict[str, Json]:
        """As /Schemas shows it (RFC 7643 section 7)."""
        shown: dict[str, Json] = {
            "name": self.name,
            "type": self.type,
            "multiValued": self.multi_valued,
            "description": self.description or self.name,
            "required": self.required,
            "caseExact": self.case_exact,
            "mutability": self.mutability,
            "returned": self.returned,
            "uniqueness": self.uniqueness,
        }
        if self.canonical_values:
            shown["canonicalValues"] = list(self.canonical_values)
        if self.reference_types:
            shown["referenceTypes"] = list(self.reference_types)
        if self.sub_attributes:
            shown["subAttributes"] = [sub.data for sub in self.sub_attributes]
        return shown

    @classmethod
    def parse(cls, data: Mapping[str, Json]) -> Attribute:
        """From the JSON of /Schemas; `closed` is a key of our own. Raises KeyError without a name."""
        return cls(
            name=data["name"],
            type=data.get("type", "string"),
            multi_valued=data.get("multiValued", False),
            required=data.get("required", False),
            case_exact=data.get("caseExact", False),
            mutability=data.get("mutability", "readWrite"),
            returned=data.get("returned", "default"),
            uniqueness=data.get("uniqueness", "none"),
            canonical_values=tuple(data.get("canonicalValues", ())),
            closed=data.get("closed", False),
            reference_types=tuple(data.get("referenceTypes", ())),
            sub_attributes=tuple(cls.parse(sub) for sub in data.get("subAttributes", ())),
            description=data.get("description", ""),
        )


@dataclass(frozen=True, kw_only=True)
class Schema:
    """A core schema or an extension of one."""

    id: str  #: the URN
    name: str
    extends: Kind  #: whose core schema this is, or whose resources it extends
    attributes: tuple[Attribute, ...]
    required: bool = False  #: of an extension: each resource must have it
    description: str = ""

    @cached_property
    def names(self) -> Mapping[str, Attribute]:
        """Attributes by lower-case name."""
        return {attribute.name.lower(): attribute for attribute in self.attributes}

    @property
    def data(self) -> dict[str, Json]:
        """As /Schemas shows it, without meta."""
        return {
            "schemas": [SCHEMA_SCHEMA],
            "id": self.id,
            "name": self.name,
            "description": self.description or self.name,
            "attributes": [attribute.data for attribute in self.attributes],
        }

    @classmethod
    def parse(cls, data: Mapping[str, Json]) -> Schema:
        """From the JSON of /Schemas; whom it extends is told by `extends`, else by the URN's end ("…:Group")."""
        last = str(data["id"]).rsplit(":", 1)[-1].lower()
        return cls(
            id=data["id"],
            name=data.get("name", data["id"]),
            extends=data.get("extends", "group" if last == "group" else "user"),
            attributes=tuple(Attribute.parse(each) for each in data["attributes"]),
            required=data.get("required", False),
            description=data.get("description", ""),
        )
