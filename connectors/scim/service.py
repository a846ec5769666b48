"""A target's service as this process knows it: client, product, dialect and what was learned."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import NoReturn
from urllib.parse import quote as percent

from connectors.errors import TargetError, Unreachable, Unusable
from connectors.scim.answer import Answer, NoAnswer
from connectors.scim.client import ScimReader, ScimWriter
from connectors.scim.dialects import Dialect
from connectors.scim.errors import raise_for
from connectors.scim.knowledge import Knowledge
from connectors.scim.profile import Profile
from connectors.scim.requests import ENDPOINTS, object_path
from connectors.scim.template import NewBodies
from syncd.core.change import Observed
from syncd.core.model import Json, Kind

NO_MEMBERS = "excludedAttributes=members"
_KEEPS_MEMBERS = "refuses excludedAttributes"


@dataclass(frozen=True, kw_only=True, slots=True)
class Service:
    """One target; without `writer` it can only be read."""

    name: str
    reader: ScimReader
    writer: ScimWriter | None
    profile: Profile
    dialect: Dialect
    knowledge: Knowledge
    new_bodies: NewBodies = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "new_bodies", NewBodies(self.dialect))

    async def fetch(self, path: str) -> Answer:
        """The answer to a GET. Raises Unreachable where none came."""
        try:
            return await self.reader.get(path)
        except NoAnswer as broken:
            raise Unreachable(target=self.name, detail=self.reader.redact(broken.detail)) from None

    async def look(self, kind: Kind, target_id: str, *, members: bool = False) -> Answer:
        """The answer to a GET of one object. Raises NoAnswer, and Unusable where it is another object."""
        path = object_path(kind, target_id)
        lean = kind == "group" and not members and not self.knowledge.has(_KEEPS_MEMBERS)
        answer = await self.reader.get(f"{path}?{NO_MEMBERS}" if lean else path)
        if lean and answer.status in (400, 501):
            plain = await self.reader.get(path)
            if plain.ok:
                self.knowledge.learn(_KEEPS_MEMBERS)
            answer = plain
        if answer.ok and answer.id != target_id:
            raise Unusable(target=self.name, detail=f"GET {path} answered with another object or with none")
        if kind == "group" and members and answer.ok and answer.resource is not None:
            self.knowledge.read_group(answer.resource)
        return answer

    async def inspect(self, kind: Kind, target_id: str, *, members: bool = False) -> Observed | None:
        """One object as it is now, None where it is gone. Raises TargetError."""
        try:
            answer = await self.look(kind, target_id, members=members)
        except NoAnswer as broken:
            raise Unreachable(target=self.name, detail=self.reader.redact(broken.detail)) from None
        if answer.status in (404, 410):
            return None
        if not answer.ok or answer.resource is None:
            self.refuse(answer, f"read of {kind} {target_id}", kind)
        return Observed(id=target_id, resource=answer.resource, etag=answer.etag)

    def list_path(self, kind: Kind, query: Iterable[tuple[str, str]], *, members: bool = False) -> str:
        """The path of a list request, its values percent-encoded."""
        pairs = [f"{key}={percent(value, safe='')}" if value else key for key, value in query]
        if kind == "group" and not members and not self.knowledge.has(_KEEPS_MEMBERS):
            pairs.insert(0, NO_MEMBERS)
        return ENDPOINTS[kind] + ("?" + "&".join(pairs) if pairs else "")

    def refuse(self, answer: Answer, doing: str, kind: Kind | None = None) -> NoReturn:
        """Raise what an unusable answer to a read means, without any secret in it."""
        try:
            raise_for(answer, target=self.name, doing=doing, profile=self.profile, kind=kind)
        except TargetError as error:
            error.detail = self.reader.redact(error.detail)
            raise


def resources(answer: Answer) -> list[Mapping[str, Json]] | None:
    """The resources of a ListResponse, or of a bare array, which some services give; None where it is neither."""
    body = answer.body
    if isinstance(body, Mapping):
        body = next((value for key, value in body.items() if key.lower() == "resources"), None)
        if body is None and _number(answer.body, "totalResults") == 0:
            body = []
    return [entry for entry in body if isinstance(entry, Mapping)] if isinstance(body, list) else None


def total_results(answer: Answer) -> int | None:
    return _number(answer.body, "totalResults")


def _number(body: Json, name: str) -> int | None:
    value = body.get(name) if isinstance(body, Mapping) else None
    try:
        return None if value is None or isinstance(value, bool) else int(value)
    except (TypeError, ValueError):
        return None


def observed(resource: Mapping[str, Json]) -> Observed | None:
    """The resource under its id; None where it has none, so that it can be no account of ours."""
    identifier = resource.get("id")
    if not isinstance(identifier, (str, int)) or isinstance(identifier, bool) or identifier == "":
        return None
    meta = resource.get("meta")
    version = meta.get("version") if isinstance(meta, Mapping) else None
    return Observed(id=str(identifier), resource=resource, etag=version if isinstance(version, str) else None)
