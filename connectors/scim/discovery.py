"""What a target says of itself: /ServiceProviderConfig, /ResourceTypes, /Schemas (RFC 7644 section 4).

Only GETs, and none of it is believed blindly: services were seen that answer any unknown path with a list of groups,
give bare arrays, have no discovery at all, or call unsupported what works.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import get_args

from connectors.scim.answer import Answer
from connectors.scim.service import Service, resources
from syncd.core.attribute_type import AttributeType, Mutability, Type
from syncd.core.attributes import CORE_SCHEMAS
from syncd.core.change import TargetFacts
from syncd.core.model import Json, Kind

_LARGEST_PAGE = 200
_NO_FACT = (401, 408, 429, 502, 503, 504)
_RESOURCE_NAMES: Mapping[Kind, str] = {"user": "user", "group": "group"}
#: RFC 7643 section 3.1: part of every resource, announced or not.
_COMMON = frozenset({"id", "externalId", "meta", "schemas"})
_TYPES: Mapping[str, Type] = {word.lower(): word for word in get_args(Type) if word != "any"}
_MUTABILITY: Mapping[str, Mutability] = {word.lower(): word for word in get_args(Mutability)}


async def discover(service: Service) -> TargetFacts:
    """The facts, corrected by what discovery says. A target without discovery keeps those of its profile.

    Raises Unauthorized, Unreachable: what a target with a bad token or out of order says is no fact to keep.
    """
    facts = service.knowledge.facts
    if not service.profile.discovery:
        return facts
    config = await service.fetch("/ServiceProviderConfig")
    if config.status in _NO_FACT:
        service.refuse(config, "discovery")
    if (said := _config(config)) is not None:
        facts = _with_config(facts, said, service)
    types = _listed(await service.fetch("/ResourceTypes"), "endpoint")
    schemas = _listed(await service.fetch("/Schemas"), "attributes")
    found = {kind: dict(_announced(kind, types, schemas)) for kind in CORE_SCHEMAS}
    return replace(
        facts,
        attributes={kind: _COMMON.union(paths) for kind, paths in found.items() if paths} or None,
        types={
            kind: {path.lower(): type_ for path, type_ in paths.items() if type_ is not None}
            for kind, paths in found.items()
            if paths
        },
    )


def _config(answer: Answer) -> Mapping[str, Json] | None:
    body = answer.body
    if isinstance(body, list) and len(body) == 1:
        body = body[0]
    if answer.ok and isinstance(body, Mapping) and isinstance(body.get("patch"), Mapping):
        return body
    return None


def _with_config(facts: TargetFacts, said: Mapping[str, Json], service: Service) -> TargetFacts:
    patch = _supported(said, "patch", facts.patch) if service.profile.patch is None else facts.patch
    page = facts.max_results
    filtering = said.get("filter")
    limit = filtering.get("maxResults") if isinstance(filtering, Mapping) else None
    if isinstance(limit, int) and not isinstance(limit, bool) and limit > 0:
        page = min(limit, max(page, _LARGEST_PAGE) if service.profile.name == "generic" else page)
    return replace(
        facts,
        cursor=_cursor(said, facts.cursor) if service.profile.paging is None else facts.cursor,
        patch=patch,
        filter=_supported(said, "filter", facts.filter),
        bulk=_supported(said, "bulk", False),
        etag=_supported(said, "etag", False),
        sort=_supported(said, "sort", False),
        max_results=page,
        member_remove=facts.member_remove if patch else "put",
    )


def _cursor(said: Mapping[str, Json], default: bool) -> bool:
    """Whether a list can be read by cursor alone (RFC 9865 section 4). Where both work, the index is known to."""
    paging = said.get("pagination")
    if not isinstance(paging, Mapping) or not isinstance(paging.get("cursor"), bool):
        return default
    return paging["cursor"] is True and paging.get("index") is not True


def _supported(said: Mapping[str, Json], key: str, default: bool) -> bool:
    part = said.get(key)
    value = part.get("supported") if isinstance(part, Mapping) else None
    if isinstance(value, str):
        return value.lower() == "true"
    return value if isinstance(value, bool) else default


def _listed(answer: Answer, key: str) -> list[Mapping[str, Json]]:
    """The entries of a list that really are of this sort: they have the key that none of the others has."""
    found = resources(answer) if answer.ok else None
    return [entry for entry in found or () if key in entry]


_Announced = Iterable[tuple[str, AttributeType | None]]


def _announced(kind: Kind, types: Iterable[Mapping[str, Json]], schemas: Iterable[Mapping[str, Json]]) -> _Announced:
    """Each path that /Schemas has for a kind of object, and its type; None where that is no type of RFC 7643."""
    by_id = {str(schema.get("id", "")).lower(): schema for schema in schemas}
    core = CORE_SCHEMAS[kind]
    if core.lower() not in by_id:
        return
    yield from _names(by_id[core.lower()], "")
    extensions: set[str] = set()
    for entry in types:
        if str(entry.get("schema", "")).lower() == core.lower():
            listed = entry.get("schemaExtensions")
            for extension in listed if isinstance(listed, list) else ():
                if isinstance(extension, Mapping):
                    extensions.add(str(extension.get("schema", "")))
    if not extensions:
        word = f":{_RESOURCE_NAMES[kind]}"
        extensions = {
            str(schema.get("id")) for low, schema in by_id.items() if ":extension:" in low and low.endswith(word)
        }
    for extension in extensions:
        if (schema := by_id.get(extension.lower())) is not None:
            yield from _names(schema, f"{extension}:")


def _names(schema: Mapping[str, Json], prefix: str) -> _Announced:
    attributes = schema.get("attributes")
    for attribute in attributes if isinstance(attributes, list) else ():
        if not isinstance(attribute, Mapping) or not isinstance(name := attribute.get("name"), str):
            continue
        yield f"{prefix}{name}", _type(attribute)
        subs = attribute.get("subAttributes")
        for sub in subs if isinstance(subs, list) else ():
            if isinstance(sub, Mapping) and isinstance(sub.get("name"), str):
                yield f"{prefix}{name}.{sub['name']}", _type(sub)


def _type(attribute: Mapping[str, Json]) -> AttributeType | None:
    """The characteristics of one attribute (RFC 7643 section 7). What is never returned counts as write-only."""
    word = _TYPES.get(str(attribute.get("type", "string")).lower())
    if word is None:
        return None
    exact = attribute.get("caseExact")
    mutability = _MUTABILITY.get(str(attribute.get("mutability")).lower(), "readWrite")
    hidden = str(attribute.get("returned")).lower() == "never" and mutability == "readWrite"
    return AttributeType(
        type=word,
        multi=attribute.get("multiValued") is True,
        case_exact=exact if isinstance(exact, bool) else None,
        required=attribute.get("required") is True,
        mutability="writeOnly" if hidden else mutability,
    )
