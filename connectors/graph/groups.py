"""Groups and their direct members as groups/delta tells them."""

from __future__ import annotations

from collections.abc import Callable
from itertools import chain

from connectors.graph.delta import DeltaStream, Reading
from connectors.graph.settings import GraphSettings
from connectors.graph.users import removed_state, without_annotations
from syncd.core.model import Json, Kind, Membership, Removal, SourceGroup

#: Member types that matter here. Devices, contacts and service principals are no accounts. A member without a type
#: stays one: to drop it would be to remove it.
MEMBER_KINDS: dict[str | None, Kind] = {
    "#microsoft.graph.user": "user",
    "#microsoft.graph.group": "group",
    None: "user",
}


# The __init__ of a frozen dataclass goes through object.__setattr__ for each field, which is most of the time that a
# big group takes; its slots can be filled directly.
_FILL = tuple(vars(Membership)[name].__set__ for name in ("group_id", "member_id", "member_kind"))


def membership(
    group_id: str, member_id: str, member_kind: Kind, fill: tuple[Callable[..., None], ...] = _FILL
) -> Membership:
    """Membership(group_id=…, member_id=…, member_kind=…) in half the time."""
    made = object.__new__(Membership)
    fill[0](made, group_id)
    fill[1](made, member_id)
    fill[2](made, member_kind)
    return made


def group_stream(settings: GraphSettings) -> DeltaStream:
    return DeltaStream(
        stream="groups",
        path="/groups/delta",
        permission="GroupMember.Read.All",
        select=settings.group_select,
        read=read_groups,
        assigned=settings.assigned_only,
    )


def read_groups(items: list[dict[str, Json]], full: bool = True) -> list[Reading]:
    """The groups and memberships of one page. Takes the items over.

    A group may come several times, on one page and on many, with other members each time. In one list of members the
    removals count before the additions. A group whose membership is hidden and that shows no member in a full round
    is unknown, not empty: without Member.Read.Hidden Graph leaves such members out. A group removed and told again
    begins a new reading, so that the order is kept.
    """
    before: list[Reading] = []
    page = _Gathered()
    for item in items:
        group_id = item["id"]
        removed = item.get("@removed")
        if removed is not None:
            page.remove_group(group_id, removed)
            continue
        if group_id in page.removals:
            before.append(page.reading())
            page = _Gathered()
        changes = item.pop("members@delta", None)
        if changes:
            page.change_members(group_id, changes)
        elif full and item.get("visibility") == "HiddenMembership":
            page.unknown.add(group_id)
        own = without_annotations(item)
        earlier = page.groups.get(group_id)
        page.groups[group_id] = SourceGroup(
            id=group_id, attributes=own if earlier is None else {**earlier.attributes, **own}
        )
    return [*before, page.reading()]


class _Gathered:
    """What was told so far, each object once and each edge once, by group and member."""

    def __init__(self) -> None:
        self.groups: dict[str, SourceGroup] = {}
        self.removals: dict[str, Removal] = {}
        self.members: dict[str, dict[str, Membership]] = {}
        self.dropped: dict[str, dict[str, Removal]] = {}
        self.unknown: set[str] = set()

    def remove_group(self, group_id: str, removed: Json) -> None:
        self.groups.pop(group_id, None)
        self.members.pop(group_id, None)
        self.dropped.pop(group_id, None)
        self.removals[group_id] = Removal(kind="group", id=group_id, state=removed_state(removed))

    def change_members(self, group_id: str, changes: list[dict[str, Json]]) -> None:
        members = self.members.setdefault(group_id, {})
        dropped = self.dropped.setdefault(group_id, {})
        kinds = MEMBER_KINDS
        added = [change for change in changes if "@removed" not in change]
        if len(added) < len(changes):
            for member_id in [change["id"] for change in changes if "@removed" in change]:
                members.pop(member_id, None)
                dropped[member_id] = Removal(kind="membership", id=group_id, member_id=member_id)
        for change in added:
            kind = kinds.get(change.get("@odata.type"))
            if kind is not None:
                members[change["id"]] = membership(group_id, change["id"], kind)
        if dropped:
            self.dropped[group_id] = {key: gone for key, gone in dropped.items() if key not in members}

    def reading(self) -> Reading:
        return Reading(
            records=(*self.groups.values(), *chain.from_iterable(edges.values() for edges in self.members.values())),
            removals=(*self.removals.values(), *chain.from_iterable(gone.values() for gone in self.dropped.values())),
            unknown=frozenset(group_id for group_id in self.unknown if not self.members.get(group_id)),
        )
