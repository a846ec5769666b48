"""What is known of a target, as JSON: the form in which the state DB keeps it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict

from syncd.core.attribute_type import AttributeType
from syncd.core.change import TargetFacts
from syncd.core.model import Json


def facts_data(facts: TargetFacts) -> dict[str, Json]:
    """Facts as JSON."""
    data = asdict(facts)
    if facts.attributes is not None:
        data["attributes"] = {kind: sorted(paths) for kind, paths in facts.attributes.items()}
    data["types"] = {kind: {p: asdict(type_) for p, type_ in some.items()} for kind, some in facts.types.items()}
    data["unfilterable"] = sorted(facts.unfilterable)
    data["learned"] = list(facts.learned)
    return data


def facts_from(data: Mapping[str, Json]) -> TargetFacts:
    """Facts from JSON; what another version wrote and this one does not know is left out."""
    known = {key: value for key, value in data.items() if key in TargetFacts.__slots__}
    attributes = known.get("attributes")
    if attributes is not None:
        known["attributes"] = {kind: frozenset(paths) for kind, paths in attributes.items()}
    known["types"] = {
        kind: {path: _type_from(said) for path, said in some.items()} for kind, some in known.get("types", {}).items()
    }
    known["unfilterable"] = frozenset(known.get("unfilterable", ()))
    known["learned"] = tuple(known.get("learned", ()))
    return TargetFacts(**known)


def _type_from(data: Mapping[str, Json]) -> AttributeType:
    return AttributeType(**{key: value for key, value in data.items() if key in AttributeType.__slots__})
