"""What a client sends, checked against the schemas and brought to canonical names (RFC 7643 sections 2 and 3.1)."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable, Mapping

from connectors.sandbox.scim.error import refused
from connectors.sandbox.scim.predicate import moment
from connectors.sandbox.scim.quirks import Quirks
from connectors.sandbox.scim.schema import Attribute
from syncd.core.model import Json, Kind


class Intake:
    """Takes in the values of one kind of resource. Whatever does not fit raises ScimError (invalidValue)."""

    def __init__(self, kind: Kind, quirks: Quirks) -> None:
        self.kind = kind
        self.quirks = quirks
        self.catalogue = quirks.catalogue

    def resource(self, body: Mapping[str, Json]) -> dict[str, Json]:
        """The resource that a POST or PUT body means, without `schemas`, `id`, `meta` and what else is read-only.

        Unknown attributes and schemas are ignored, as RFC 7644 section 3.3 allows; members stay in the body's form.
        """
        taken: dict[str, Json] = {}
        for name, value in body.items():
            extension = self.catalogue.extension(self.kind, name)
            if extension is not None:
                part = self._part(value, extension.names, name)
                if part:
                    taken[extension.id] = part
                continue
            attribute = self.catalogue.top(self.kind, name)
            if attribute is None or attribute.mutability == "readOnly" or attribute.name in {"schemas", "members"}:
                continue
            cleaned = self.value(attribute, value)
            if cleaned is not None:
                taken[attribute.name] = cleaned
        return taken

    def value(self, attribute: Attribute, value: Json, *, lone: bool = False) -> Json:
        """One attribute's value in canonical form, None where it is unassigned: null, [] and {} (RFC 7643 section 2.5).

        `lone`: a multi-valued attribute may be given as its one element, as PATCH clients do.
        """
        if value is None or value == "":
            self._refuse_empty(attribute)
        if value is None:
            return None
        if not attribute.multi_valued:
            return self.element(attribute, value)
        if lone and not isinstance(value, list):
            value = [value]
        if not isinstance(value, list):
            raise refused("invalidValue", f"{attribute.name} is multi-valued: an array is due")
        elements = [cleaned for each in value if (cleaned := self.element(attribute, each)) is not None]
        one_primary(elements, attribute)
        return elements or None

    def element(self, attribute: Attribute, value: Json) -> Json:
        """One value of an attribute, by its type."""
        if attribute.type == "complex":
            return self._complex(attribute, value)
        if attribute.type == "boolean":
            return self._boolean(attribute, value)
        if attribute.type in {"integer", "decimal"}:
            if isinstance(value, bool) or not isinstance(value, int if attribute.type == "integer" else int | float):
                raise refused("invalidValue", f"{attribute.name}: {value!r} is no {attribute.type}")
            return value
        if not isinstance(value, str):
            raise refused("invalidValue", f"{attribute.name}: a text is due, not {type(value).__name__}")
        self._check_text(attribute, value)
        # A password is taken and shown to nobody; that there is one is all that is kept.
        return "***" if attribute.returned == "never" else value

    def _complex(self, attribute: Attribute, value: Json) -> Json:
        if attribute.name == "manager":
            value = self._manager(attribute, value)
        if not isinstance(value, Mapping):
            raise refused("invalidValue", f"{attribute.name} is complex: an object is due, not {type(value).__name__}")
        return self._part(value, attribute.subs, attribute.name) or None

    def _part(self, value: Json, names: Mapping[str, Attribute], of: str) -> dict[str, Json]:
        """The known, writable and assigned attributes of an object."""
        if not isinstance(value, Mapping):
            raise refused("invalidValue", f"{of}: an object is due, not {type(value).__name__}")
        part = {}
        for name, each in value.items():
            attribute = names.get(name.lower())
            if attribute is None or attribute.mutability == "readOnly":
                continue
            cleaned = self.value(attribute, each)
            if cleaned is not None:
                part[attribute.name] = cleaned
        return part

    def _manager(self, attribute: Attribute, value: Json) -> Json:
        """A manager as {"value": id}; which forms are taken differs from server to server."""
        forms = self.quirks.manager_forms
        form = "complex" if isinstance(value, Mapping) else "list" if isinstance(value, list) else "string"
        if form not in forms:
            raise refused("invalidValue", f"{attribute.name}: the {form} form is not understood")
        if form == "list" and len(value) != 1:
            raise refused("invalidValue", f"{attribute.name} has one value")
        value = value[0] if form == "list" else value
        return {"value": value} if isinstance(value, str) else value

    def _boolean(self, attribute: Attribute, value: Json) -> bool:
        if isinstance(value, bool):
            return value
        if isinstance(value, str) and self.quirks.string_booleans == "truthy":
            return bool(value)
        if isinstance(value, str) and self.quirks.string_booleans == "accepted" and value.lower() in {"true", "false"}:
            return value.lower() == "true"
        raise refused("invalidValue", f"{attribute.name}: {value!r} is no Boolean")

    def _check_text(self, attribute: Attribute, value: str) -> None:
        if attribute.closed and value not in attribute.canonical_values:
            allowed = ", ".join(attribute.canonical_values)
            raise refused("invalidValue", f"{attribute.name}: {value!r} is none of {allowed}")
        if attribute.type == "dateTime":
            moment(value)
        if attribute.type == "binary":
            try:
                base64.b64decode(value, validate=True)
            except binascii.Error:
                raise refused("invalidValue", f"{attribute.name} is no base64") from None

    def _refuse_empty(self, attribute: Attribute) -> None:
        if attribute.name in self.quirks.refuses_empty:
            raise refused("invalidValue", f"{attribute.name} must not be empty")


def one_primary(elements: Iterable[Json], attribute: Attribute) -> None:
    """At most one element is primary (RFC 7643 section 2.4). Raises ScimError."""
    if sum(isinstance(each, Mapping) and each.get("primary") is True for each in elements) > 1:
        raise refused("invalidValue", f"{attribute.name}: only one value can be primary")
