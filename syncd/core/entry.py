"""One source object as mappings, filters and expressions see it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from syncd.core.model import Json, Kind


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """A user or group of the source, joined with what its assignments say. Names are read by a `Vocabulary`."""

    kind: Kind
    id: str  #: the source id that never changes
    attributes: Mapping[str, Json]  #: the source's own JSON: Graph's properties, Okta's user or group with `profile`
    enabled: bool = True  #: may sign in
    soft_deleted: bool = False  #: Entra's IsSoftDeleted: out of scope, unassigned, in the recycle bin or disabled
    roles: tuple[str, ...] = ()  #: values of the app roles that the object is assigned with
    #: Okta's app user, {"profile", "userName", "externalId", ...}; empty for Graph
    app: Mapping[str, Json] = field(default_factory=dict)
    groups: tuple[str, ...] = ()  #: names of the groups that a user is in
