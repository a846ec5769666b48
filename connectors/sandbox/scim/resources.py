"""The five things that are done with one resource: POST, GET, PUT, PATCH and DELETE (RFC 7644 section 3)."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field

import orjson

from connectors.sandbox.scim.admission import Admission
from connectors.sandbox.scim.directory import ScimDirectory, Stored
from connectors.sandbox.scim.error import ScimError, refused
from connectors.sandbox.scim.index import folded, keys
from connectors.sandbox.scim.intake import Intake
from connectors.sandbox.scim.member_patch import listed
from connectors.sandbox.scim.members import Members
from connectors.sandbox.scim.patch import Patch
from connectors.sandbox.scim.quirks import Quirks
from connectors.sandbox.scim.representation import RESOURCE_TYPES, Projection, Representation
from syncd.core.model import Json, Kind


@dataclass(frozen=True, kw_only=True, slots=True)
class Reply:
    """What the service answers, before it is put into bytes."""

    status: int
    data: Json = None  #: None: no body
    headers: Mapping[str, str] = field(default_factory=dict)


class Resources:
    """One kind of resource of one directory, seen under one base URL."""

    def __init__(self, kind: Kind, directory: ScimDirectory, quirks: Quirks, representation: Representation) -> None:
        self._kind = kind
        self._directory = directory
        self._quirks = quirks
        self._representation = representation
        self._intake = Intake(kind, quirks)
        self._admission = Admission(kind, directory, quirks)

    def create(self, body: Json, projection: Projection | None) -> Reply:
        """POST: 201 with the new resource."""
        attributes = self._intake.resource(self._checked(body))
        members = Members()
        self._fill(members, body)
        revived = self._revivable(attributes)
        attributes = self._admission.admitted(revived, attributes)
        if revived is not None:
            stored = self._directory.change(revived, attributes, _emptied(revived))
            self._directory.deleted.discard(stored.id)
        else:
            stored = self._directory.add(self._kind, self._new_id(attributes), attributes, members)
        self._directory.note("POST", stored)
        return self._answer(201, stored, projection)

    def read(self, resource_id: str, projection: Projection | None, none_match: str | None) -> Reply:
        """GET: 200, or 304 where the client has this version."""
        stored = self._directory.get(self._kind, resource_id)
        if stored is None or (stored.gone and not self._readable_when_gone()):
            raise self._missing(resource_id)
        if none_match is not None and self._quirks.etag != "absent" and self._matches(stored, none_match):
            return Reply(status=304, headers={"etag": self._representation.version(stored)})
        return self._answer(200, stored, projection)

    def replace(self, resource_id: str, body: Json, projection: Projection | None, match: str | None) -> Reply:
        """PUT: 200. What the body does not mention is unassigned (RFC 7644 section 3.5.1)."""
        before = self._present(resource_id, match)
        attributes = self._intake.resource(self._checked(body))
        members = before.members
        if "members" in body or not self._quirks.put_is_partial:
            members = before.members.copy()
            self._fill(members, body)
        if self._quirks.put_is_partial:
            attributes = {**before.attributes, **attributes}
        elif "password" in before.attributes:
            attributes.setdefault("password", before.attributes["password"])
        stored = self._directory.change(before, self._admission.admitted(before, attributes), members)
        self._directory.note("PUT", stored)
        return self._answer(200, stored, projection)

    def patch(self, resource_id: str, body: Json, projection: Projection | None, match: str | None) -> Reply:
        """PATCH: 200, or 204 where this server answers so. All operations or none."""
        before = self._present(resource_id, match)
        resource = orjson.loads(orjson.dumps(before.attributes))
        members = before.members.copy() if self._kind == "group" else before.members
        seen = {"id": before.id, "meta": self._representation.meta(before)}
        resource.update(seen)
        Patch(self._kind, self._quirks, resource, members, self._enrolled).apply(body)
        for name in seen:
            resource.pop(name, None)
        stored = self._directory.change(before, self._admission.admitted(before, resource), members)
        self._directory.note("PATCH", stored)
        if self._quirks.patch_answer == 204 and projection is None:
            return Reply(status=204, headers=self._headers(stored))
        return self._answer(200, stored, projection)

    def delete(self, resource_id: str, match: str | None) -> Reply:
        """DELETE: 204, and what it does to the account differs from product to product."""
        quirks = self._quirks
        if resource_id in self._directory.deleted:
            raise ScimError(status=quirks.second_delete, detail=f"{resource_id} is deleted already")
        before = self._present(resource_id, match)
        body = self._representation.shown(before)
        effect = quirks.delete_user if self._kind == "user" else quirks.delete_group
        if effect == "deactivated":
            self._directory.change(before, {**before.attributes, "active": False}, before.members)
        else:
            self._directory.deleted.add(before.id)
            if quirks.keeps_email and self._kind == "user":
                self._directory.held_emails.update(keys(before.attributes, "emails"))
            if effect == "removed":
                self._directory.remove(before)
            else:
                self._directory.leave_groups(before.id)
                self._directory.change(before, before.attributes, _emptied(before), gone=True)
        self._directory.note("DELETE", before)
        return Reply(status=204) if quirks.delete_answer == 204 else Reply(status=200, data=body)

    def _answer(self, status: int, stored: Stored, projection: Projection | None) -> Reply:
        return Reply(status=status, data=self._representation.shown(stored, projection), headers=self._headers(stored))

    def _headers(self, stored: Stored) -> dict[str, str]:
        headers = {"location": self._representation.location(stored)}
        if self._quirks.etag != "absent":
            headers["etag"] = self._representation.version(stored)
        return headers

    def _present(self, resource_id: str, match: str | None) -> Stored:
        stored = self._directory.get(self._kind, resource_id)
        if stored is None or stored.gone:
            raise self._missing(resource_id)
        if match is not None and self._quirks.etag == "enforced" and not self._matches(stored, match):
            raise ScimError(status=412, detail=f"{resource_id} has changed since version {match}")
        return stored

    def _matches(self, stored: Stored, given: str) -> bool:
        tags = [each.strip() for each in given.split(",")]
        return "*" in tags or self._representation.version(stored) in tags

    def _missing(self, resource_id: str) -> ScimError:
        return ScimError(status=404, detail=f"{RESOURCE_TYPES[self._kind]} {resource_id} not found")

    def _readable_when_gone(self) -> bool:
        return "tombstone" in {self._quirks.delete_user if self._kind == "user" else self._quirks.delete_group}

    def _checked(self, body: Json) -> Mapping[str, Json]:
        """A body that names its schema (RFC 7643 section 3.1)."""
        if not isinstance(body, Mapping):
            raise refused("invalidSyntax", "a resource is an object")
        urns = body.get("schemas")
        core = self._quirks.catalogue.core[self._kind].id
        if not isinstance(urns, list) or core.lower() not in {str(urn).lower() for urn in urns}:
            raise refused("invalidSyntax", f"schemas must name {core}")
        return body

    def _revivable(self, attributes: Mapping[str, Json]) -> Stored | None:
        """The soft-deleted group of this name, which comes back without its members."""
        if self._kind != "group" or self._quirks.delete_group != "soft":
            return None
        name = folded(str(attributes.get("displayName")))
        named = [
            self._directory.get("group", each) for each in self._directory.index.find("group", "displayName", name)
        ]
        return None if any(each and not each.gone for each in named) else next(iter(named), None)

    def _new_id(self, attributes: Mapping[str, Json]) -> str:
        if self._quirks.ids == "number":
            return str(100_000 + self._directory.next_number())
        if self._quirks.ids == "name":
            name = str(attributes["userName" if self._kind == "user" else "displayName"])
            if self._directory.either(name) is not None:
                raise ScimError(status=409, scim_type="uniqueness", detail=f"{name} is already in use")
            return name
        return str(uuid.uuid4())

    def _fill(self, members: Members, body: Mapping[str, Json]) -> None:
        """Exactly the members of a POST or PUT body."""
        if self._kind != "group":
            return
        members.replace([self._enrolled(each) for each in listed(body.get("members"))])
        limit = self._quirks.member_limit
        if limit is not None and len(members) > limit:
            raise refused("tooMany", f"a group has at most {limit} members")

    def _enrolled(self, sent: Mapping[str, Json]) -> Mapping[str, Json]:
        """The element to store for a member as sent. Raises ScimError for someone who is not here."""
        member_id = sent["value"]
        member = self._directory.either(member_id)
        if member is None or member.gone:
            if self._quirks.unknown_members == "refused":
                raise refused("invalidValue", f"there is no user or group {member_id}")
            return {"value": member_id}
        element = {
            "value": member_id,
            "$ref": self._representation.location(member),
            "type": RESOURCE_TYPES[member.kind],
        }
        if isinstance(sent.get("display"), str):
            element["display"] = sent["display"]
        return element


def _emptied(stored: Stored) -> Members:
    members = stored.members.copy()
    members.replace(())
    return members
