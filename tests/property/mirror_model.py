"""What the mirror must hold, in plain Python: sets and dictionaries, one page after the other."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from syncd.core.model import (
    Assignment,
    Kind,
    Membership,
    Page,
    Record,
    Removal,
    Snapshot,
    SourceGroup,
    SourceUser,
    State,
)


@dataclass(kw_only=True)
class Thing:
    """One object."""

    state: State
    attributes: dict[str, Any]
    enabled: bool = True


@dataclass
class Seen:
    """What a full round has mentioned so far."""

    objects: set[tuple[Kind, str]] = field(default_factory=set)
    edges: set[tuple[str, str]] = field(default_factory=set)
    rows: set[str] = field(default_factory=set)


class Model:
    """One source."""

    def __init__(self) -> None:
        self.things: dict[tuple[Kind, str], Thing] = {}
        self.edges: dict[tuple[str, str], Kind] = {}
        self.rows: dict[str, Assignment] = {}

    def page(self, page: Page, seen: Seen) -> None:
        for record in page.records:
            self._record(record, seen, merge=not page.full)
        for removal in page.removals:
            self._removal(removal)
        self.edges = {e: kind for e, kind in self.edges.items() if e[0] not in page.whole or e in seen.edges}
        if page.full:
            for id_ in page.unknown:
                self._unknown(page, id_, seen)
        if page.full and page.last:
            self._sweep(page, seen)

    def _unknown(self, page: Page, id_: str, seen: Seen) -> None:
        if page.stream == "assignments":
            seen.rows.add(id_)
            return
        seen.objects.add(("user" if page.stream == "users" else "group", id_))
        if page.stream == "groups":
            seen.edges |= {edge for edge in self.edges if edge[0] == id_}

    def snapshot(self, snapshot: Snapshot, rounds: Iterable[Seen]) -> None:
        id_ = snapshot.object.id
        for seen in rounds:
            self._record(snapshot.object, seen, merge=False)
        self._record(snapshot.object, Seen(), merge=False)
        if snapshot.state != "live":
            self._removal(Removal(kind=snapshot.kind, id=id_, state=snapshot.state))
        at = 1 if snapshot.kind == "user" else 0
        whole = snapshot.state == "live"
        self.edges = {edge: kind for edge, kind in self.edges.items() if not whole or edge[at] != id_}
        self.rows = {key: row for key, row in self.rows.items() if row.principal_id != id_}
        for record in (*snapshot.memberships, *snapshot.assignments):
            for seen in (Seen(), *rounds):
                self._record(record, seen, merge=False)

    def _record(self, record: Record, seen: Seen, *, merge: bool) -> None:
        match record:
            case SourceUser() | SourceGroup():
                kind: Kind = "user" if isinstance(record, SourceUser) else "group"
                old = self.things.get((kind, record.id))
                attributes = {**(old.attributes if old and merge else {}), **record.attributes}
                enabled = getattr(record, "enabled", True)
                if enabled is None:
                    enabled = old.enabled if old else True
                self.things[kind, record.id] = Thing(state="live", attributes=attributes, enabled=enabled)
                seen.objects.add((kind, record.id))
            case Membership():
                edge = (record.group_id, record.member_id)
                self.edges.setdefault(edge, record.member_kind)
                seen.edges.add(edge)
            case Assignment():
                self.rows[record.id] = record
                seen.rows.add(record.id)

    def _removal(self, removal: Removal) -> None:
        match removal.kind:
            case "membership":
                self.edges.pop((removal.id, str(removal.member_id)), None)
            case "assignment":
                self.rows.pop(removal.id, None)
            case "user" | "group" as kind:
                self._gone(kind, removal.id, removal.state)

    def _gone(self, kind: Kind, id_: str, state: State) -> None:
        if (thing := self.things.get((kind, id_))) is not None:
            thing.state = state
        stays = state == "soft" and (kind, id_) in self.things  # whoever may come back is back in the groups as well
        ends = {1} - ({1} if stays else set()) | ({0} if kind == "group" else set())
        self.edges = {edge: k for edge, k in self.edges.items() if all(edge[end] != id_ for end in ends)}

    def _sweep(self, page: Page, seen: Seen) -> None:
        if page.stream == "assignments":
            self.rows = {id_: row for id_, row in self.rows.items() if id_ in seen.rows}
            return
        swept: Kind = "user" if page.stream == "users" else "group"
        for (kind, id_), thing in list(self.things.items()):
            if kind == swept and thing.state == "live" and (kind, id_) not in seen.objects:
                self._gone(kind, id_, "gone")
        if page.stream == "groups":
            stay = {id_ for (kind, id_), thing in self.things.items() if kind == "user" and thing.state == "soft"}
            self.edges = {e: kind for e, kind in self.edges.items() if e in seen.edges or (e[1] in stay)}

    # --- what decides about an object -------------------------------------------------------------------------------

    def above(self, id_: str) -> frozenset[str]:
        """Every group that it is in, directly or not."""
        found: set[str] = set()
        frontier = {id_}
        while frontier:
            frontier = {g for g, m in self.edges if m in frontier} - found
            found |= frontier
        return frozenset(found)

    def below(self, id_: str) -> frozenset[str]:
        """Every user in a group, directly or not."""
        groups, frontier = {id_}, {id_}
        while frontier:
            frontier = {m for (g, m), kind in self.edges.items() if g in frontier and kind == "group"} - groups
            groups |= frontier
        users = {m for (g, m), kind in self.edges.items() if g in groups and kind == "user"}
        return frozenset(m for m in users if ("user", m) not in self.things or self.things["user", m].state == "live")

    def facts(self, kind: Kind, id_: str) -> Any:
        """All that a job may decide by; another value means that a job must look at the object again."""
        thing = self.things[kind, id_]
        who = {id_} if kind == "group" else {id_, *self.above(id_)}
        rows = sorted(
            (r.id, r.principal_id, str(r.role), str(r.through), repr(r.attributes))
            for r in self.rows.values()
            if r.principal_id in who
        )
        more = self.below(id_) if kind == "group" else self.above(id_)
        return thing.state, repr(sorted(thing.attributes.items())), thing.enabled, rows, more
