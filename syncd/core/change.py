"""What a job wants to do at a target, why, and what came of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import IntEnum
from functools import lru_cache
from typing import Literal

from syncd.core.attribute_type import AttributeType
from syncd.core.attributes import parse_path
from syncd.core.model import Json, Kind


class Action(IntEnum):
    """Kinds of change in the order in which they are applied: access is given before it is taken."""

    CREATE = 10
    ADOPT = 20
    REACTIVATE = 30
    UPDATE = 40
    ADD_MEMBERS = 60
    REMOVE_MEMBERS = 70
    REFERENCE = 80  #: an update of references alone (manager), once both ends exist; shown as "update"
    DEACTIVATE = 90
    DELETE = 100

    @property
    def word(self) -> str:
        """The contract's word for it."""
        return "update" if self is Action.REFERENCE else self.name.lower()

    @property
    def of_members(self) -> bool:
        """Whether it changes who is in a group, and no attribute."""
        return self in (Action.ADD_MEMBERS, Action.REMOVE_MEMBERS)

    def stage(self, kind: Kind) -> int:
        """Its place in the order of apply: by action, users before groups."""
        return int(self) * 2 + (kind == "group")


Status = Literal["planned", "sent", "done", "failed", "held", "skipped"]

#: Stands where the target id of an object will stand that this plan creates: new:<source>:<source id>.
NEW = "new:"


@dataclass(frozen=True, kw_only=True, slots=True)
class Request:
    """One HTTP request to a target, relative to its base URL; `new:…` ids are still in it before it is sent."""

    method: Literal["GET", "POST", "PUT", "PATCH", "DELETE"]
    path: str  #: "/Users/2819c223", percent-encoded, with query
    body: Json = None

    @property
    def data(self) -> dict[str, Json]:
        return {"method": self.method, "path": self.path, "body": self.body}


@dataclass(frozen=True, kw_only=True, slots=True)
class Change:
    """One row of a plan: one object, one action.

    `before` and `after` map attribute paths (see attributes.py) to values; a path whose `after` is None is removed at
    the target. A path whose two values are equal is not sent: an ADOPT row carries all that is wished, so that the link
    remembers it. ADD_MEMBERS has after = {"members": [target ids]}, REMOVE_MEMBERS before = {"members": [target ids]};
    ADD_MEMBERS with the same members before and after remembers those that a group has already.
    """

    action: Action
    kind: Kind
    source_id: str
    target_id: str | None  #: None where the target has no such object yet
    name: str  #: for people: user name or display name
    before: Mapping[str, Json]
    after: Mapping[str, Json]
    why: str  #: half a sentence: 'no longer assigned through group Staff'
    held: str | None = None  #: the guard's sentence
    skipped: str | None = None  #: why nothing is sent although something differs
    failed: str | None = None  #: why the object could not be mapped: the row is shown and tried again
    out: bool = False  #: the object has left the scope: the grace before a delete counts from here
    #: ADD_MEMBERS: user names by target id, for a target that is told them beside the ids (`Target.member_names`)
    called: Mapping[str, str] = field(default_factory=dict)
    redacted: frozenset[str] = frozenset()  #: paths whose values no report, log or database row may show

    @property
    def stage(self) -> int:
        """Its place in the order of apply."""
        return self.action.stage(self.kind)

    @property
    def only_remembers(self) -> bool:
        """References and members that were there already when the object was taken over: nothing is sent or told."""
        return self.action in (Action.REFERENCE, Action.ADD_MEMBERS) and not self.edited

    @property
    def edited(self) -> dict[str, tuple[Json, Json]]:
        """{path: (old, new)} of the attributes that differ; an ADOPT row also carries those that are right already."""
        paths = [*self.after, *(path for path in self.before if path not in self.after)]
        found = {path: (self.before.get(path), self.after.get(path)) for path in paths}
        return {path: pair for path, pair in found.items() if pair[0] != pair[1]}


def members_of(resource: Mapping[str, Json]) -> frozenset[str] | None:
    """The ids of the members that a SCIM group shows; None where it shows no such attribute."""
    return _ids_under("members", resource)


def groups_of(resource: Mapping[str, Json]) -> frozenset[str]:
    """The ids of the groups that a SCIM user shows itself in; many services show none."""
    return _ids_under("groups", resource) or frozenset()


def _ids_under(name: str, resource: Mapping[str, Json]) -> frozenset[str] | None:
    shown = next((value for key, value in resource.items() if key.lower() == name), None)
    if not isinstance(shown, list):
        return None
    found = (entry.get("value") if isinstance(entry, Mapping) else entry for entry in shown)
    return frozenset(str(value) for value in found if isinstance(value, (str, int)))


@dataclass(frozen=True, kw_only=True, slots=True)
class Observed:
    """What the target says now of one object."""

    id: str
    resource: Mapping[str, Json]  #: the SCIM resource as answered
    etag: str | None = None

    @property
    def members(self) -> frozenset[str] | None:
        """The ids of the members that a group shows; None where it shows no such attribute."""
        return members_of(self.resource)


@dataclass(kw_only=True, slots=True)  # not frozen: that would take a tenth of what the client adds to a request
class Outcome:
    """What became of one change. Nobody changes one that was given out: see `dataclasses.replace`.

    `maybe`: the request left and no trustworthy answer came (reset, timeout, 5xx): it must be settled by a look-up.
    `again`: the target has what the change was not planned for, so the object is planned anew.
    """

    status: Literal["done", "failed", "maybe", "gone", "again"]
    target_id: str | None = None
    observed: Mapping[str, Json] | None = None  #: the resource in the answer, where there was one
    http_status: int | None = None
    code: str | None = None  #: Conflict, TooManyRequests, … (the error codes of Entra's provisioning log)
    message: str = ""
    remedy: str = ""
    requests: int = 0
    written: tuple[str, ...] = ()  #: written before a failure: the ids of members, or the paths of attributes
    #: of a creation that found an account: the paths that are written on creation only, which the account keeps
    keeps: frozenset[str] = frozenset()
    permanent: bool = False  #: trying again is useless until something changes at the source or at the target


@dataclass(frozen=True, kw_only=True, slots=True)
class Link:
    """The pair source id ↔ target id of one object, owned by one job. Login, mail and names are attributes, not keys."""

    job: str
    kind: Kind
    source_id: str
    target_id: str
    active: bool = True  #: False once we deactivated it
    wrote: Mapping[str, Json] = field(
        default_factory=dict
    )  #: per path, last written and accepted, or found on adoption
    out_since: datetime | None = None  #: UTC; when it went out of scope: the grace before a delete counts from here
    rev: int = 1  #: grows with each write, so that a plan made on an older one is noticed


#: a sentence of TargetFacts.learned, where a read after an addition showed nobody; a profile that says so says it otherwise
UNSHOWN_MEMBERS = "does not show the members of a group"
#: another one, where somebody said to be in a group that did not show them
SOME_MEMBERS_SHOWN = "shows only some of the members of a large group"


@dataclass(frozen=True, kw_only=True, slots=True)
class TargetFacts:
    """What a target can do, by its discovery, its profile and what its answers taught us. Kept in the state DB."""

    patch: bool = True
    filter: bool = True
    bulk: bool = False
    etag: bool = False
    max_results: int = 200
    sort: bool = False
    cursor: bool = False  #: a list goes on by nextCursor, and not by startIndex (RFC 9865)
    attributes: Mapping[Kind, frozenset[str]] | None = None  #: paths that /Schemas announces; None: not announced
    #: what /Schemas says of them, by path without element filter, in lower case
    types: Mapping[Kind, Mapping[str, AttributeType]] = field(default_factory=dict)
    member_chunk: int = 100  #: members a PATCH
    member_remove: Literal["filter", "value", "put"] = "filter"  #: members[value eq "id"], or a value list, or a PUT
    members_shown: bool = True  #: a GET of a group lists its members
    unfilterable: frozenset[str] = frozenset()  #: match attributes whose filter is ignored or refused: list instead
    learned: tuple[str, ...] = ()  #: in words, for `check` and `status`
    #: whether answers showed what had been written, by path; a path that was never written is not here
    shown: Mapping[Kind, Mapping[str, bool]] = field(default_factory=dict)

    @property
    def members_doubtful(self) -> bool:
        """Whether no more than a read after an addition says that members are not shown: it may have come too early."""
        return not self.members_shown and UNSHOWN_MEMBERS in self.learned

    @property
    def members_partly(self) -> bool:
        """Whether groups show only some of their members, while accounts say which groups they are in."""
        return not self.members_shown and SOME_MEMBERS_SHOWN in self.learned

    def shows(self, kind: Kind, path: str) -> bool:
        """Whether a read of an object can show this path, as far as /Schemas and answers tell. Told nothing, it can."""
        if self.shown.get(kind, {}).get(path) is False:
            return False
        announced = (self.attributes or {}).get(kind)
        if not announced:
            return True
        parsed = parse_path(path)
        bare = parsed.bare.lower()
        type_ = self.types.get(kind, {}).get(bare)
        if type_ is not None and type_.mutability == "writeOnly":
            return False
        known = _folded(announced)
        return bare in known or (parsed.sub is not None and bare.rpartition(".")[0] in known)


@lru_cache(maxsize=32)
def _folded(paths: frozenset[str]) -> frozenset[str]:
    return frozenset(path.lower() for path in paths)
