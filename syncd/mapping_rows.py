"""The mapping rows that hold where a job configures none: the defaults of the source kind, the profile's in their place."""

from __future__ import annotations

from connectors.scim.profile import Profile
from syncd.core.defaults import DEFAULT_MAPPINGS
from syncd.core.mapping import MappingSpec
from syncd.core.model import Kind
from syncd.core.vocabulary import SourceKind


def default_rows(kind: Kind, source_kind: SourceKind, profile: Profile) -> tuple[MappingSpec, ...]:
    """One row for each target attribute, also for those that the product does not store."""
    rows = {spec.target: spec for spec in DEFAULT_MAPPINGS[source_kind, kind]}
    rows |= {spec.target: spec for spec in (MappingSpec(**row) for row in profile.kind(kind).rows(source_kind))}
    return tuple(rows.values())
