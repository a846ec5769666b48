"""Whether what a write would store may be stored: required and unique attributes, what never changes, seats."""

from __future__ import annotations

import re
from collections.abc import Mapping

from connectors.sandbox.scim.catalogue import Catalogue
from connectors.sandbox.scim.directory import ScimDirectory, Stored
from connectors.sandbox.scim.error import ScimError, refused
from connectors.sandbox.scim.index import INDEXED, folded, keys
from connectors.sandbox.scim.quirks import Quirks
from connectors.sandbox.scim.schema import Schema
from syncd.core.model import Json, Kind

_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")


class Admission:
    """The rules for one kind of resource of one directory."""

    def __init__(self, kind: Kind, directory: ScimDirectory, quirks: Quirks) -> None:
        self._kind = kind
        self._directory = directory
        self._quirks = quirks
        self._catalogue: Catalogue = quirks.catalogue
        self._unique = [name for name in INDEXED[kind] if f"{kind}.{name}" in quirks.unique]
        if kind == "user":
            self._unique.insert(0, "userName")

    def admitted(self, before: Stored | None, attributes: dict[str, Json]) -> dict[str, Json]:
        """The attributes to store. Raises ScimError for what breaks a rule. `before`: None for a new resource."""
        if before is not None:
            attributes = self._with_fixed(before, attributes)
            self._check_immutable(before.attributes, attributes)
        kept = self._quirks.keeps_only
        if self._kind == "user" and kept is not None:
            attributes = {name: value for name, value in attributes.items() if name in kept}
        self._check_required(attributes)
        if self._kind == "user":
            self._check_user_name(attributes)
            self._check_single(attributes)
            self._check_seats(before, attributes)
        self._check_unique(before, attributes)
        return attributes

    def _with_fixed(self, before: Stored, attributes: dict[str, Json]) -> dict[str, Json]:
        """What the server leaves as it is, whatever was sent."""
        for each in self._quirks.fixed:
            kind, _, name = each.partition(".")
            if kind == self._kind:
                rest = {key: value for key, value in attributes.items() if key != name}
                attributes = {**rest, name: before.attributes[name]} if name in before.attributes else rest
        return attributes

    def _check_immutable(self, before: Mapping[str, Json], after: Mapping[str, Json]) -> None:
        """An immutable attribute that has a value keeps it (RFC 7643 section 2.2)."""
        names = [each.partition(".")[2] for each in self._quirks.immutable if each.startswith(f"{self._kind}.")]
        for name in names:
            if before.get(name) != after.get(name):
                raise refused("mutability", f"{name} cannot be changed")
        pairs: list[tuple[Schema, Mapping[str, Json], Mapping[str, Json]]] = [
            (self._catalogue.core[self._kind], before, after)
        ]
        pairs += [
            (each, before.get(each.id) or {}, after.get(each.id) or {})
            for each in self._catalogue.extensions(self._kind)
        ]
        for schema, old, new in pairs:
            for attribute in schema.attributes:
                name = attribute.name
                if attribute.mutability == "immutable" and name in old and old[name] != new.get(name):
                    raise refused("mutability", f"{name} cannot be changed")

    def _check_required(self, attributes: Mapping[str, Json]) -> None:
        for attribute in self._catalogue.core[self._kind].attributes:
            if attribute.required and attributes.get(attribute.name) in (None, "", []):
                raise refused("invalidValue", f"{attribute.name} is required")
        for schema in self._catalogue.extensions(self._kind):
            part = attributes.get(schema.id)
            if schema.required and not part:
                raise refused("invalidValue", f"{schema.id} is required")
            for attribute in schema.attributes:
                if part and attribute.required and part.get(attribute.name) in (None, "", []):
                    raise refused("invalidValue", f"{schema.id}:{attribute.name} is required")
        if self._kind == "user":
            for path in self._quirks.required:
                place = self._catalogue.place("user", path)
                value = place.value(attributes)
                if place.sub is not None and isinstance(value, Mapping):
                    value = value.get(place.sub.name)
                if value in (None, "", [], {}):
                    raise refused("invalidValue", f"{path} is required")

    def _check_user_name(self, attributes: Mapping[str, Json]) -> None:
        name = str(attributes["userName"])
        if self._quirks.email_user_names and not _EMAIL.fullmatch(name):
            raise refused("invalidValue", "userName must be a valid e-mail address")
        self.check_organisation(name)

    def _check_single(self, attributes: Mapping[str, Json]) -> None:
        for name in self._quirks.single_valued:
            values = attributes.get(name) or []
            if len(values) > 1:
                raise refused("invalidValue", f"{name} takes a single value")
            if name == "emails" and any(each.get("primary") is not True for each in values):
                raise refused("invalidValue", "the e-mail address must be marked as primary")

    def check_organisation(self, user_name: str) -> None:
        """Raises ScimError for someone who belongs to another organisation of the product."""
        if folded(user_name) in {folded(each) for each in self._quirks.other_organisation}:
            raise ScimError(status=400, detail="User belongs to another organization")

    def _check_seats(self, before: Stored | None, attributes: Mapping[str, Json]) -> None:
        seats = self._quirks.seats
        if seats is None or attributes.get("active") is False:
            return
        takes_one = before is None or before.gone or before.attributes.get("active") is False
        if takes_one and self._directory.active_users >= seats:
            raise refused("invalidValue", f"No seats left: the licence has {seats}")

    def _check_unique(self, before: Stored | None, attributes: Mapping[str, Json]) -> None:
        """RFC 7644 section 3.3: 409 with scimType uniqueness. Letter case does not make a value another one."""
        for name in self._unique:
            for key in keys(attributes, name):
                others = self._directory.index.find(self._kind, name, key)
                if any((before is None or other != before.id) and self._holds_name(other) for other in others):
                    raise ScimError(status=409, scim_type="uniqueness", detail=f"{name} is already in use")
        if before is None and not self._directory.held_emails.isdisjoint(keys(attributes, "emails")):
            raise ScimError(status=409, scim_type="uniqueness", detail="emails: the address is already in use")

    def _holds_name(self, resource_id: str) -> bool:
        """A tombstone keeps its name; a softly deleted group gives it up."""
        stored = self._directory.get(self._kind, resource_id)
        return stored is not None and not (stored.gone and self._quirks.delete_group == "soft")
