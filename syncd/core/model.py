"""What a source said: users, groups, memberships and assignments, in pages that say whether they are the last.

Attributes keep the source's own names and values (Graph's or Okta's JSON); `null` stays `None`, so that a cleared
attribute can be told from one that was never sent. Portal names such as `mobile` are resolved when mapping.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Json = Any  # None, bool, int, float, str, list or dict

Kind = Literal["user", "group"]
Stream = Literal["users", "groups", "assignments"]
STREAMS: tuple[Stream, ...] = ("users", "groups", "assignments")

#: live: exists · soft: in the source's recycle bin, can be restored · gone: deleted for good
State = Literal["live", "soft", "gone"]


@dataclass(frozen=True, kw_only=True, slots=True)
class SourceUser:
    """One user, under the id that never changes."""

    id: str  #: Graph object id, Okta user id
    attributes: Mapping[str, Json]  #: as the source named and valued them; Graph: `manager` holds the manager's id
    enabled: bool | None = True  #: may sign in: Graph accountEnabled, Okta by status; None in a delta: as before
    #: in a delta, (attribute, value): no longer this value; another one that is known meanwhile stays
    ended: frozenset[tuple[str, str]] = frozenset()

    def after(self, earlier: SourceUser) -> SourceUser:
        """Both tellings in one, this one the later: of two in the same round each adds to what was said."""
        attributes = self.merged(earlier.attributes)
        told = self.attributes.keys()
        return SourceUser(
            id=self.id,
            attributes=attributes,
            enabled=earlier.enabled if self.enabled is None else self.enabled,
            ended=frozenset(pair for pair in earlier.ended if pair[0] not in told) | self.ended,
        )

    def merged(self, known: Mapping[str, Json]) -> dict[str, Json]:
        """The attributes, where these were known: what is told is set, what ended is None, all else stays."""
        attributes = {**known, **self.attributes}
        for name, value in self.ended:
            if attributes.get(name) == value:
                attributes[name] = None
        return attributes


@dataclass(frozen=True, kw_only=True, slots=True)
class SourceGroup:
    """One group without its members, which are `Membership`s."""

    id: str
    attributes: Mapping[str, Json]


@dataclass(frozen=True, kw_only=True, slots=True)
class Membership:
    """One direct member of one group. Nested groups are members of kind "group"."""

    group_id: str
    member_id: str
    member_kind: Kind = "user"


@dataclass(frozen=True, kw_only=True, slots=True)
class Assignment:
    """One row of the application's assignments: a principal, perhaps with a role or an app profile.

    A principal may have several rows, one a role (Graph). Okta resolves group assignments itself and gives one row a
    user, with its app profile, and one a group.
    """

    id: str  #: the row's own id at the source, unique in the stream
    principal_id: str
    principal_kind: Kind
    role: str | None = None  #: the app role's value, or its display name; None: assigned without a role
    attributes: Mapping[str, Json] = field(default_factory=dict)  #: Okta: {"profile", "credentials", "externalId", ...}
    through: str | None = None  #: the group that gave it, in words, where the source says so: 'Sales (00g7)'


@dataclass(frozen=True, kw_only=True, slots=True)
class Removal:
    """A delta said that an object went, or that one membership or assignment did."""

    kind: Literal["user", "group", "membership", "assignment"]
    id: str  #: of the object or assignment; the group's id for a membership
    member_id: str | None = None
    state: State = "gone"


Record = SourceUser | SourceGroup | Membership | Assignment


@dataclass(frozen=True, kw_only=True, slots=True)
class Page:
    """A part of one round of reading a stream.

    The stream "groups" carries groups and their memberships. A round is over with the page whose `last` is true;
    a connector that cannot get there raises a SourceError, and nothing is removed because of that round.
    """

    stream: Stream
    records: tuple[Record, ...]
    removals: tuple[Removal, ...] = ()
    full: bool = True  #: this round reads everything: what it does not mention does not exist
    #: the source knows no more where it was, and tells everything from here: what this round told before may have gone since
    anew: bool = False
    last: bool = False
    watermark: str | None = None  #: with `last`: where the next round starts; None where the next one reads everything
    #: unknown, not absent: the last known state holds. Stream "groups": ids of groups whose members (or who themselves)
    #: could not be read; "users": ids of users; "assignments": ids of assignment rows
    unknown: frozenset[str] = frozenset()
    #: stream "groups", a round that is not full: ids of groups of which this round, up to this page, has told every
    #: member; whom else the mirror has for them is a member no more
    whole: frozenset[str] = frozenset()


@dataclass(frozen=True, kw_only=True, slots=True)
class Snapshot:
    """Everything that a source says now about one object: for on-demand work. The lists are whole."""

    kind: Kind
    object: SourceUser | SourceGroup
    state: State = "live"
    memberships: tuple[Membership, ...] = ()  #: of a user: every group it is in; of a group: all its members
    assignments: tuple[Assignment, ...] = ()  #: of this object itself


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """One line of `syncd check`: a tick or a cross, and what to do about it."""

    ok: bool
    what: str  #: "Graph: users can be read"
    detail: str = ""
    remedy: str = ""
