"""The accounts and groups of one SCIM server, in memory, with the indexes that its searches need.

Tests and the demo read it as the truth: `users()`, `user("jane")`, `members("Staff")`, `writes`.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from connectors.sandbox.clock import Clock
from connectors.sandbox.scim.index import Index, folded
from connectors.sandbox.scim.members import Members
from syncd.core.model import Json, Kind


@dataclass(frozen=True, kw_only=True, slots=True)
class Stored:
    """One resource as the server keeps it. Never changed in place: a write stores another one under the same id."""

    id: str
    kind: Kind
    number: int  #: order of creation, in which lists are given
    attributes: Mapping[str, Json]  #: canonical names; extensions under their URNs; no id, meta, schemas, members
    members: Members = field(default_factory=Members)  #: of a group
    created: str  #: dateTime in UTC
    modified: str
    version: int = 1
    gone: bool = False  #: deleted, but kept: a tombstone, or a group that can be revived

    @property
    def name(self) -> str:
        """userName or displayName."""
        return str(self.attributes.get("userName" if self.kind == "user" else "displayName") or "")


class ScimDirectory:
    """All resources of one server. One thread at a time may write; reading from others is safe."""

    def __init__(self, clock: Clock | None = None) -> None:
        self.clock = clock or Clock()
        self.clear()

    def clear(self) -> None:
        """Forget everything, counts included."""
        self._stored: dict[str, Stored] = {}
        self._order: dict[Kind, list[int]] = {"user": [], "group": []}
        self._by_number: dict[int, str] = {}
        self._memberships: dict[str, dict[str, None]] = {}
        self._numbers = 0
        self._active = 0
        self.index = Index()
        #: addresses of deleted accounts, in lower case, that the server does not give out again
        self.held_emails: set[str] = set()
        #: ids of what was deleted, so that a second DELETE can be told from one of nobody
        self.deleted: set[str] = set()
        #: writes that were carried out, by "POST user" and the like
        self.writes: Counter[str] = Counter()
        #: the same, by id of the resource
        self.written: Counter[str] = Counter()
        #: writes that changed nothing, by id: what a good client does not send
        self.idle: Counter[str] = Counter()

    # What the service does

    def next_number(self) -> int:
        """The number that the next new resource gets."""
        return self._numbers + 1

    def add(self, kind: Kind, resource_id: str, attributes: Mapping[str, Json], members: Members) -> Stored:
        """Store a new resource. The id is unused."""
        self._numbers += 1
        self.deleted.discard(resource_id)
        now = moment_text(self.clock.now())
        stored = Stored(
            id=resource_id,
            kind=kind,
            number=self._numbers,
            attributes=attributes,
            members=members,
            created=now,
            modified=now,
        )
        self._order[kind].append(stored.number)
        self._by_number[stored.number] = resource_id
        self._put(None, stored)
        return stored

    def change(self, before: Stored, attributes: Mapping[str, Json], members: Members, *, gone: bool = False) -> Stored:
        """Store what a resource has become; unless something differs it stays as it is, version and all."""
        touched = bool(members.touched) and members != before.members
        if attributes == before.attributes and not touched and gone == before.gone:
            self.idle[before.id] += 1
            return before
        stored = replace(
            before,
            attributes=attributes,
            members=members if touched else before.members,
            modified=moment_text(self.clock.now()),
            version=before.version + 1,
            gone=gone,
        )
        self._put(before, stored)
        return stored

    def remove(self, stored: Stored) -> None:
        """Forget a resource; it leaves its groups."""
        self.leave_groups(stored.id)
        order = self._order[stored.kind]
        del order[bisect_left(order, stored.number)]
        del self._by_number[stored.number]
        del self._stored[stored.id]
        self.index.drop(stored.kind, stored.id, stored.attributes)
        self._active -= _is_active(stored)
        for member_id in stored.members.ids:
            self._memberships.get(member_id, {}).pop(stored.id, None)

    def leave_groups(self, member_id: str) -> None:
        """Take a user or group out of every group."""
        for group_id in list(self._memberships.get(member_id, ())):
            group = self._stored[group_id]
            members = group.members.copy()
            members.discard(member_id)
            self.change(group, group.attributes, members, gone=group.gone)
        self._memberships.pop(member_id, None)

    def note(self, method: str, stored: Stored) -> None:
        """Count a write that was carried out."""
        self.writes[f"{method} {stored.kind}"] += 1
        self.written[stored.id] += 1

    def _put(self, before: Stored | None, after: Stored) -> None:
        self._stored[after.id] = after
        if before is not None:
            self.index.drop(before.kind, before.id, before.attributes)
            self._active -= _is_active(before)
        self.index.take(after.kind, after.id, after.attributes)
        self._active += _is_active(after)
        if after.kind == "group" and (before is None or after.members is not before.members):
            for member_id in after.members.touched:
                if member_id in after.members:
                    self._memberships.setdefault(member_id, {})[after.id] = None
                else:
                    self._memberships.get(member_id, {}).pop(after.id, None)
            after.members.touched.clear()

    # What anybody may ask

    def get(self, kind: Kind, resource_id: str) -> Stored | None:
        """One resource, gone or not."""
        found = self._stored.get(resource_id)
        return found if found is not None and found.kind == kind else None

    def either(self, resource_id: str) -> Stored | None:
        """One user or group."""
        return self._stored.get(resource_id)

    def listed(self, kind: Kind, start: int = 0, stop: int | None = None) -> Iterator[Stored]:
        """Resources in order of creation, from position `start` up to `stop`."""
        for number in self._order[kind][start:stop]:
            yield self._stored[self._by_number[number]]

    def count(self, kind: Kind) -> int:
        """How many there are, gone ones that are kept included."""
        return len(self._order[kind])

    @property
    def active_users(self) -> int:
        """Accounts that take a seat: those not set inactive."""
        return self._active

    def groups_of(self, member_id: str) -> list[Stored]:
        """The groups that someone is a direct member of, in the order of joining."""
        return [self._stored[group_id] for group_id in self._memberships.get(member_id, ())]

    def users(self) -> list[Stored]:
        """Every user that is not gone."""
        return [each for each in self.listed("user") if not each.gone]

    def groups(self) -> list[Stored]:
        """Every group that is not gone."""
        return [each for each in self.listed("group") if not each.gone]

    def user(self, name: str) -> Stored | None:
        """The user with this userName, letter case aside, or this id."""
        return self._named("user", "userName", name)

    def group(self, name: str) -> Stored | None:
        """The first group with this displayName, letter case aside, or this id."""
        return self._named("group", "displayName", name)

    def members(self, group: str) -> set[str]:
        """The names of a group's members; the group by displayName or id. Raises KeyError without such a group."""
        found = self.group(group)
        if found is None:
            raise KeyError(group)
        return {(member.name if (member := self.either(each)) else each) for each in found.members.ids}

    def _named(self, kind: Kind, attribute: str, name: str) -> Stored | None:
        found = [each for i in self.index.find(kind, attribute, folded(name)) if (each := self._stored[i])]
        found.sort(key=lambda each: (each.gone, each.number))
        return found[0] if found else self.get(kind, name)


def _is_active(stored: Stored) -> bool:
    return stored.kind == "user" and not stored.gone and stored.attributes.get("active") is not False


def moment_text(moment: datetime) -> str:
    """A dateTime as SCIM writes it, in UTC."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
