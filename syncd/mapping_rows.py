"""The mapping rows that hold where a job configures none: the defaults of the source kind, the profile's in their place."""

from __future__ import annotations

from collections.abc import Iterator
from typing import get_args

from connectors.scim.profile import Profile
from syncd.core.defaults import DEFAULT_MAPPINGS
from syncd.core.errors import SyncdError
from syncd.core.mapping import MappingSpec, compile_mapping
from syncd.core.model import Kind
from syncd.core.vocabulary import SourceKind, vocabulary


def default_rows(kind: Kind, source_kind: SourceKind, profile: Profile) -> tuple[MappingSpec, ...]:
    """One row for each target attribute, also for those that the product does not store."""
    rows = {spec.target: spec for spec in DEFAULT_MAPPINGS[source_kind, kind]}
    rows |= {spec.target: spec for spec in (MappingSpec(**row) for row in profile.kind(kind).rows(source_kind))}
    return tuple(rows.values())


def row_faults(source_kind: SourceKind, profile: Profile) -> Iterator[str]:
    """What is wrong with a profile's own rows where it is used with this kind of source: each row for itself."""
    for kind in get_args(Kind):
        table = "users" if kind == "user" else "groups"
        for origin in ("any", source_kind):
            for number, row in enumerate(profile.kind(kind).mappings.get(origin, ())):
                try:
                    compile_mapping([MappingSpec(**row)], vocabulary=vocabulary(source_kind, kind), match=())
                except SyncdError as error:
                    told = str(error).rpartition(". ")[0] or str(error)
                    yield f"{table}.mappings.{origin}[{number}]: {told}"
