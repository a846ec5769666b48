"""PATCH (RFC 7644 section 3.5.2): the operations of one request, applied to a copy of one resource.

Nothing is stored before the last operation has succeeded, so a refused request leaves no trace.

operation  path                         effect
add        none                         each key of the value is added under its name
add        attribute                    single: replaced · complex: merged · multi-valued: appended, once
replace    attribute                    single: replaced · complex: merged · multi-valued: exactly these
remove     attribute                    unassigned
any        attribute[filter]            the elements that fit: merged, exchanged or removed
any        attribute[filter].sub        that sub-attribute of them
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Literal, cast

from connectors.sandbox.scim.catalogue import Place, UnknownAttribute
from connectors.sandbox.scim.elements import Elements
from connectors.sandbox.scim.error import ScimError, refused
from connectors.sandbox.scim.filter import FilterError, Path, parse_path
from connectors.sandbox.scim.intake import Intake
from connectors.sandbox.scim.member_patch import MemberPatch
from connectors.sandbox.scim.members import Members
from connectors.sandbox.scim.quirks import Quirks
from connectors.sandbox.scim.schema import Attribute
from syncd.core.model import Json, Kind

PATCH_SCHEMA = "urn:ietf:params:scim:api:messages:2.0:PatchOp"

Verb = Literal["add", "replace", "remove"]

#: A value that is not in the operation at all; null is a value.
_NO_VALUE = object()


class Patch:
    """One PATCH request at work on `resource` and `members`, which are the caller's copies and changed in place."""

    def __init__(
        self,
        kind: Kind,
        quirks: Quirks,
        resource: dict[str, Json],
        members: Members,
        enrol: Callable[[Mapping[str, Json]], Mapping[str, Json]],
    ) -> None:
        self.kind = kind
        self.quirks = quirks
        self.resource = resource
        self._intake = Intake(kind, quirks)
        self._members = MemberPatch(quirks, members, enrol)
        self._allowed = quirks.user_patch_paths if kind == "user" else quirks.group_patch_paths

    def apply(self, body: Json) -> None:
        """Carry out a PatchOp message. Raises ScimError; the copies are then half changed and to be thrown away."""
        for verb, path, value in operations(body):
            if path is None:
                self._pathless(verb, value)
            else:
                self._check_allowed(path)
                self._at(verb, path, value)

    def _pathless(self, verb: Verb, value: Json) -> None:
        if verb == "remove":
            raise refused("noTarget", "remove needs a path")
        if self.quirks.pathless == "refused":
            raise refused("invalidPath", "an operation without a path is not supported")
        if not isinstance(value, Mapping):
            raise refused("invalidValue", "an operation without a path needs an object as its value")
        for name, each in value.items():
            extension = self._intake.catalogue.extension(self.kind, name)
            if extension is not None and isinstance(each, Mapping):
                parts = {f"{extension.id}:{key}": part for key, part in each.items()}
            else:
                parts = {name: each}
            for key, part in parts.items():
                if key.lower() == "schemas" or (self._dotted(key) and self.quirks.pathless_dotted == "ignored"):
                    continue
                self._check_allowed(key)
                if self._dotted(key) and self.quirks.pathless_dotted == "refused":
                    raise refused("invalidPath", f"{key} is a path, not the name of an attribute")
                if self.quirks.pathless == "applied":
                    self._at(verb, key, part, pathless=True)

    def _dotted(self, key: str) -> bool:
        """A key with a sub-attribute, which an attribute's name cannot have (RFC 7643 section 2.1)."""
        return "[" in key or "." in (key.rpartition(":")[2] if key.lower().startswith("urn:") else key)

    def _check_allowed(self, path: str) -> None:
        if self._allowed is not None and path.lower() not in {each.lower() for each in self._allowed}:
            status = self.quirks.patch_refusal
            raise ScimError(
                status=status,
                scim_type="invalidPath" if status == 400 else None,
                detail=f"{path} cannot be changed by PATCH",
            )

    def _at(self, verb: Verb, text: str, value: Json, *, pathless: bool = False) -> None:
        if self.quirks.urn_paths == "split" and text.lower().startswith("urn:"):
            self._split(verb, text, value)
            return
        try:
            path = parse_path(text)
            place = self._intake.catalogue.place(self.kind, path.attribute)
        except FilterError as error:
            raise refused("invalidPath", str(error)) from None
        except UnknownAttribute:
            if self.quirks.unknown_attribute == "ignored":
                return
            raise refused("invalidPath", f"there is no attribute {text}") from None
        if place.attribute is None:
            self._extension(verb, place, value)
        elif place.attribute.name == "schemas" or self._read_only(verb, place, value):
            return
        elif place.attribute.name == "members":
            self._members.apply(verb, path, place, None if value is _NO_VALUE else value, pathless=pathless)
        else:
            self._attribute(verb, path, place, value)

    def _read_only(self, verb: Verb, place: Place, value: Json) -> bool:
        """Whether the operation is about a read-only attribute and, as it sends what is there, does no harm."""
        attribute = cast("Attribute", place.attribute)
        if attribute.mutability != "readOnly" and (place.sub is None or place.sub.mutability != "readOnly"):
            return False
        if verb != "remove" and place.sub is None and (place.value(self.resource) or None) == (value or None):
            return True
        raise refused("mutability", f"{(place.sub or attribute).name} is read-only")

    def _extension(self, verb: Verb, place: Place, value: Json) -> None:
        """The whole of an extension: merged or removed."""
        urn = cast("str", place.schema)
        if verb == "remove" or value is None:
            self.resource.pop(urn, None)
            return
        if not isinstance(value, Mapping):
            raise refused("invalidValue", f"{urn}: an object is due")
        for name, each in value.items():
            if name.lower() != "schemas":
                self._at(verb, f"{urn}:{name}", each)

    def _attribute(self, verb: Verb, path: Path, place: Place, value: Json) -> None:
        attribute = cast("Attribute", place.attribute)
        holder = self.resource.setdefault(place.schema, {}) if place.schema else self.resource
        if verb != "remove" and value is _NO_VALUE:
            raise refused("invalidValue", f"{verb} needs a value")
        sub = place.sub
        if path.sub is not None:
            sub = attribute.subs.get(path.sub.lower())
            if sub is None:
                raise refused("invalidPath", f"{attribute.name} has no sub-attribute {path.sub}")
        if attribute.multi_valued:
            elements = Elements(attribute, self._intake, holder.get(attribute.name) or [])
            given = None if value is _NO_VALUE else value
            changed = elements.patched(verb, path.where, sub, given)
        elif path.where is not None:
            raise refused("invalidPath", f"{attribute.name} has one value: there is nothing to filter")
        else:
            changed = self._single(verb, attribute, sub, holder.get(attribute.name), value)
        if changed:
            holder[attribute.name] = changed
        elif changed is None or changed in ([], {}):
            holder.pop(attribute.name, None)
        else:
            holder[attribute.name] = changed  # false, 0 and "" are values
        if place.schema and not holder:
            self.resource.pop(place.schema, None)

    def _single(self, verb: Verb, attribute: Attribute, sub: Attribute | None, seen: Json, value: Json) -> Json:
        if sub is not None:
            part = dict(seen or {})
            cleaned = None if verb == "remove" else self._intake.value(sub, value)
            if cleaned is None:
                part.pop(sub.name, None)
            else:
                part[sub.name] = cleaned
            return part
        if verb == "remove":
            return None
        cleaned = self._intake.value(attribute, value)
        if attribute.type == "complex" and isinstance(seen, Mapping) and isinstance(value, Mapping):
            gone = {attribute.subs[name.lower()].name for name in value if name.lower() in attribute.subs}
            return {**{name: each for name, each in seen.items() if name not in gone}, **(cleaned or {})}
        return cleaned

    def _split(self, verb: Verb, text: str, value: Json) -> None:
        """The fault of servers that take every dot for a step: "urn:…:2" becomes an attribute with a key "0:User:…"."""
        left, _, right = text.partition(".")
        part = self.resource.setdefault(left, {})
        if verb == "remove":
            part.pop(right, None)
        else:
            part[right] = value


def operations(body: Json) -> Sequence[tuple[Verb, str | None, Json]]:
    """Verb, path and value of each operation of a PatchOp message, in order. Raises ScimError (invalidSyntax).

    `op` is read without regard to case: the RFC writes it in lower case, Microsoft Entra capitalises it.
    """
    if not isinstance(body, Mapping):
        raise refused("invalidSyntax", "a PatchOp message is an object")
    urns = body.get("schemas")
    if not isinstance(urns, list) or PATCH_SCHEMA.lower() not in {str(urn).lower() for urn in urns}:
        raise refused("invalidSyntax", f"schemas must name {PATCH_SCHEMA}")
    given = body.get("Operations", body.get("operations"))
    if not isinstance(given, list) or not given:
        raise refused("invalidSyntax", "a PatchOp message has a list of Operations")
    found: list[tuple[Verb, str | None, Json]] = []
    for each in given:
        op = each.get("op") if isinstance(each, Mapping) else None
        verb = op.lower() if isinstance(op, str) else None
        if verb not in {"add", "replace", "remove"}:
            raise refused("invalidSyntax", "op is one of add, replace, remove")
        path = each.get("path")
        if path is not None and not isinstance(path, str):
            raise refused("invalidPath", "path is a text")
        found.append((cast("Verb", verb), path or None, each.get("value", _NO_VALUE)))
    return found
