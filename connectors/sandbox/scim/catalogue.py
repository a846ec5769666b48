"""What one server knows: its schemas and extensions, and which attribute a path means."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache

from connectors.sandbox.scim.core_schemas import COMMON, ENTERPRISE_USER, GROUP, USER
from connectors.sandbox.scim.schema import Attribute, Schema
from syncd.core.model import Json, Kind

_COMMON: Mapping[str, Attribute] = {attribute.name.lower(): attribute for attribute in COMMON}


class UnknownAttribute(LookupError):
    """No schema of this server has that attribute."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a path leads: an attribute in the core or in an extension, perhaps one of its sub-attributes.

    Without an attribute: the extension as a whole.
    """

    schema: str | None  #: the extension's URN; None in the core schema
    attribute: Attribute | None
    sub: Attribute | None = None

    def value(self, resource: Mapping[str, Json]) -> Json:
        """The attribute's value (not the sub-attribute's) in a resource whose names are canonical."""
        holder = resource if self.schema is None else resource.get(self.schema)
        if self.attribute is None:
            return holder
        return holder.get(self.attribute.name) if holder else None


class Catalogue:
    """The schemas of one server. `without` names attributes that it does not have: "title", "name.middleName"."""

    def __init__(self, extensions: Iterable[Schema] = (), without: Iterable[str] = ()) -> None:
        gone = {name.lower() for name in without}
        self.core: Mapping[Kind, Schema] = {"user": _less(USER, gone), "group": _less(GROUP, gone)}
        kept = [_less(each, gone) for each in (ENTERPRISE_USER, *extensions) if each.id.lower() not in gone]
        self._extensions = {each.id.lower(): each for each in kept}
        self._of: Mapping[Kind, tuple[Schema, ...]] = {
            kind: tuple(each for each in kept if each.extends == kind) for kind in self.core
        }
        self._place = lru_cache(maxsize=4096)(self._find)

    @property
    def schemas(self) -> tuple[Schema, ...]:
        """Every schema, the core ones first."""
        return (*self.core.values(), *self._extensions.values())

    def extensions(self, kind: Kind) -> tuple[Schema, ...]:
        """The extensions of this kind of resource."""
        return self._of[kind]

    def extension(self, kind: Kind, urn: str) -> Schema | None:
        """The extension with this URN, letter case aside."""
        found = self._extensions.get(urn.lower())
        return found if found is not None and found.extends == kind else None

    def top(self, kind: Kind, name: str) -> Attribute | None:
        """A core or common attribute by name, letter case aside."""
        low = name.lower()
        return self.core[kind].names.get(low) or _COMMON.get(low)

    def place(self, kind: Kind, path: str) -> Place:
        """Where `[URN:]attribute[.sub]` leads (RFC 7644 section 3.10). Raises UnknownAttribute."""
        return self._place(kind, path)

    def _find(self, kind: Kind, path: str) -> Place:
        rest, schema = path, None
        if path.lower().startswith("urn:"):
            if (whole := self.extension(kind, path)) is not None:
                return Place(whole.id, None)
            urn, _, rest = path.rpartition(":")
            if urn.lower() != self.core[kind].id.lower():
                schema = self.extension(kind, urn)
                if schema is None:
                    raise UnknownAttribute(path)
        name, _, sub_name = rest.partition(".")
        attribute = self.top(kind, name) if schema is None else schema.names.get(name.lower())
        if attribute is None:
            raise UnknownAttribute(path)
        sub = attribute.subs.get(sub_name.lower()) if sub_name else None
        if sub_name and sub is None:
            raise UnknownAttribute(path)
        return Place(schema.id if schema else None, attribute, sub)


def _less(schema: Schema, gone: set[str]) -> Schema:
    """A schema without some attributes; names may carry the schema's URN."""
    if not gone:
        return schema
    prefix = f"{schema.id.lower()}:"
    names = {name.removeprefix(prefix) for name in gone}
    kept = []
    for attribute in schema.attributes:
        low = attribute.name.lower()
        if low in names:
            continue
        subs = tuple(sub for sub in attribute.sub_attributes if f"{low}.{sub.name.lower()}" not in names)
        kept.append(attribute if subs == attribute.sub_attributes else replace(attribute, sub_attributes=subs))
    return replace(schema, attributes=tuple(kept))
