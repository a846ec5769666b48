"""A stored resource as a client sees it: schemas, meta, groups, and only the attributes asked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import quote

from connectors.sandbox.scim.catalogue import UnknownAttribute
from connectors.sandbox.scim.directory import ScimDirectory, Stored
from connectors.sandbox.scim.error import refused
from connectors.sandbox.scim.quirks import Quirks
from connectors.sandbox.scim.testmu import TESTMU_GROUP, TESTMU_ROLES, TESTMU_USER
from syncd.core.model import Json, Kind

ENDPOINTS: Mapping[Kind, str] = {"user": "Users", "group": "Groups"}
RESOURCE_TYPES: Mapping[Kind, str] = {"user": "User", "group": "Group"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Projection:
    """Which attributes an answer has (RFC 7644 section 3.9): only these, or all but those. Lower-case paths."""

    only: frozenset[str] | None = None
    without: frozenset[str] = frozenset()

    @classmethod
    def of(cls, attributes: Sequence[str], excluded: Sequence[str]) -> Projection | None:
        """From the two parameters, None where neither is given. Raises ScimError where both are."""
        if attributes and excluded:
            raise refused("invalidSyntax", "attributes and excludedAttributes exclude each other")
        if not attributes and not excluded:
            return None
        return cls(
            only=frozenset(each.lower() for each in attributes) if attributes else None,
            without=frozenset(each.lower() for each in excluded),
        )

    @property
    def members(self) -> bool:
        """Whether an answer has the members of groups."""
        return "members" not in self.without and (
            self.only is None or any(each.rpartition(":")[2].partition(".")[0] == "members" for each in self.only)
        )


class Representation:
    """Shows the resources of one directory under one base URL."""

    def __init__(self, directory: ScimDirectory, quirks: Quirks, base: str) -> None:
        self._directory = directory
        self._quirks = quirks
        self._base = base

    def location(self, stored: Stored) -> str:
        """The resource's URL; the id escaped, as it may be a name."""
        return f"{self._base}/{ENDPOINTS[stored.kind]}/{quote(stored.id, safe='')}"

    def version(self, stored: Stored) -> str:
        """Its weak ETag."""
        return f'W/"{stored.version}"'

    def meta(self, stored: Stored) -> dict[str, Json]:
        """RFC 7643 section 3.1."""
        meta = {
            "resourceType": RESOURCE_TYPES[stored.kind],
            "created": stored.created,
            "lastModified": stored.modified,
            "location": self.location(stored),
        }
        if self._quirks.etag != "absent":
            meta["version"] = self.version(stored)
        return meta

    def shown(self, stored: Stored, projection: Projection | None = None) -> dict[str, Json]:
        """The resource as JSON."""
        quirks, attributes = self._quirks, stored.attributes
        schemas = [quirks.catalogue.core[stored.kind].id]
        schemas += [each.id for each in quirks.catalogue.extensions(stored.kind) if each.id in attributes]
        resource = {"schemas": schemas, "id": stored.id, **attributes, "meta": self.meta(stored)}
        if stored.kind == "group":
            if projection is None or projection.members:
                resource["members"] = stored.members.elements[: quirks.members_most] if quirks.members_shown else []
        else:
            resource.pop("password", None)
            groups = [each for each in self._directory.groups_of(stored.id) if not each.gone]
            if groups:
                resource["groups"] = [
                    {"value": each.id, "display": each.name, "$ref": self.location(each), "type": "direct"}
                    for each in groups
                ]
                if quirks.group_roles_win:
                    _give_role(resource, groups)
        return resource if projection is None else self._projected(resource, projection, stored.kind)

    def _projected(self, resource: dict[str, Json], projection: Projection, kind: Kind) -> dict[str, Json]:
        if projection.only is None:
            kept = dict(resource)
            for path in projection.without:
                self._strike(kept, path, kind)
            return kept
        kept = {name: resource[name] for name in ("schemas", "id")}
        for path in projection.only:
            self._keep(resource, kept, path, kind)
        return kept

    def _strike(self, kept: dict[str, Json], path: str, kind: Kind) -> None:
        """Take out one attribute; one that no schema has is no error, and `id` and `schemas` are always shown."""
        try:
            place = self._quirks.catalogue.place(kind, path)
        except UnknownAttribute:
            return
        if place.attribute is None:
            kept.pop(str(place.schema), None)
            return
        if place.attribute.returned == "always":
            return
        holder = kept
        if place.schema is not None:
            holder = kept[place.schema] = dict(kept.get(place.schema) or {})
        name = place.attribute.name
        if place.sub is None:
            holder.pop(name, None)
        elif name in holder:
            holder[name] = _each(
                holder[name], lambda part, sub=place.sub.name: {k: v for k, v in part.items() if k != sub}
            )
        if place.schema is not None and not holder:
            kept.pop(place.schema, None)

    def _keep(self, resource: Mapping[str, Json], kept: dict[str, Json], path: str, kind: Kind) -> None:
        try:
            place = self._quirks.catalogue.place(kind, path)
        except UnknownAttribute:
            return
        source, holder = resource, kept
        if place.schema is not None:
            source = resource.get(place.schema) or {}
            if place.attribute is None:
                kept.update({place.schema: source} if source else {})
                return
            holder = kept.setdefault(place.schema, {})
        name = place.attribute.name if place.attribute else ""
        if name in source:
            if place.sub is None:
                holder[name] = source[name]
            else:
                holder[name] = _merged(holder.get(name), source[name], place.sub.name)
        if place.schema is not None and not holder:
            kept.pop(place.schema, None)


def _each(value: Json, change: Json) -> Json:
    """A complex value, or each element of a multi-valued one, changed."""
    return [change(part) for part in value] if isinstance(value, list) else change(value)


def _merged(kept: Json, value: Json, sub: str) -> Json:
    """A complex value with no more than the sub-attributes kept so far, and this one."""
    if isinstance(value, list):
        before = kept or [{} for _ in value]
        return [_merged(old, new, sub) for old, new in zip(before, value, strict=True)]
    return {**(kept or {}), **({sub: value[sub]} if sub in value else {})}


def _give_role(resource: dict[str, Json], groups: Sequence[Stored]) -> None:
    """TestMu computes a member's role from its groups: Admin before User before Guest."""
    given = {role for group in groups for role in group.attributes.get(TESTMU_GROUP, {}).get("LambdatestRoles", ())}
    role = next((each for each in TESTMU_ROLES if each in given), None)
    if role is not None:
        resource[TESTMU_USER] = {**resource.get(TESTMU_USER, {}), "OrganizationRole": role}
        if TESTMU_USER not in resource["schemas"]:
            resource["schemas"] = [*resource["schemas"], TESTMU_USER]
