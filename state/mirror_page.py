"""Writes pages of a source's answer into the mirror, inside one transaction."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import sqlalchemy as sa

from state.digest import digest
from state.engine import parts
from state.mirror_edges import AssignmentWriter, EdgeWriter
from state.mirror_mark import OBJECTS, PageMark
from state.tables import assignments, groups, members, users
from syncd.core.model import (
    Assignment,
    Json,
    Kind,
    Membership,
    Page,
    Record,
    Removal,
    Snapshot,
    SourceGroup,
    SourceUser,
    State,
    Stream,
)


def joined(pages: Sequence[Page]) -> Iterator[Page]:
    """The same told in fewer pages: one that says nothing but records has them told with those of the next.

    What a page removes or ends comes after its own records and before those of the next, so there the joining ends.
    """
    told: list[Record] = []
    for page, after in zip(pages, (*pages[1:], None), strict=True):
        told += page.records
        says_more = page.last or page.removals or page.unknown or page.whole
        if says_more or after is None or after.anew or after.full != page.full:
            yield replace(page, records=tuple(told))
            told = []


class PageWriter:
    """Writes pages inside one transaction, and counts what they changed."""

    def __init__(self, connection: sa.Connection, source: str, generations: Mapping[Stream, int]) -> None:
        self.c, self.source, self.generations = connection, source, generations
        self._mark = PageMark(connection, source)
        self._edges = EdgeWriter(self._mark, generations["groups"])
        self._assignments = AssignmentWriter(self._mark, generations["assignments"])

    @property
    def changed(self) -> int:
        """Records that were new, different or gone."""
        return self._mark.changed

    def records(self, records: Iterable[Record], *, full: bool) -> None:
        """Write records. `full`: each is all that there is of its object, else what has changed of it."""
        by_type: dict[type, list[Any]] = defaultdict(list)
        for record in records:
            by_type[type(record)].append(record)
        self._objects("user", by_type[SourceUser], full=full)
        self._objects("group", by_type[SourceGroup], full=full)
        self._edges.add(by_type[Membership])
        self._assignments.add(by_type[Assignment])

    # --- objects

    def _objects(self, kind: Kind, records: list[Any], *, full: bool) -> None:
        table = OBJECTS[kind]
        columns = [table.c.id, table.c.digest, table.c.state]
        if kind == "user":
            columns.append(table.c.enabled)
        if not full:  # only a delta merges, so only a delta needs what was there
            columns.append(table.c.attributes)
        generation = self.generations["users" if kind == "user" else "groups"]
        last = self._last(records, full=full)
        for part in parts(last.values()):
            where = (table.c.source == self.source) & table.c.id.in_([r.id for r in part])
            known = {row.id: row for row in self.c.execute(sa.select(*columns).where(where))}
            new, moved, same, back = [], [], [], []
            for record in part:
                old = known.get(record.id)
                attributes = dict(record.attributes)
                enabled = getattr(record, "enabled", True)
                if old is not None and not full:
                    known_before = old.attributes or {}
                    attributes = (
                        record.merged(known_before)
                        if isinstance(record, SourceUser)
                        else {**known_before, **attributes}
                    )
                if enabled is None:
                    enabled = old.enabled if old is not None else True
                row = {
                    "b_source": self.source,
                    "b_id": record.id,
                    "generation": generation,
                    "state": "live",
                    "digest": digest(attributes, enabled),
                    "attributes": attributes,
                }
                if kind == "user":
                    row["enabled"] = enabled
                if old is None:
                    new.append(row)
                elif old.digest == row["digest"] and old.state == "live":
                    same.append(record.id)
                else:
                    moved.append(row)
                    if old.state != "live":
                        back.append(record.id)
            self._write_objects(table, new, moved, same, generation)
            if kind == "user":
                self._mark.touch_groups_above(back)

    def _last(self, records: list[Any], *, full: bool) -> dict[str, Any]:
        """One record an object: of several on a page the later one holds; in a delta each adds to those before."""
        last: dict[str, Any] = {}
        for record in records:
            first = last.get(record.id)
            if first is None or full:
                last[record.id] = record
                continue
            if isinstance(record, SourceUser):
                last[record.id] = record.after(first)
            else:
                last[record.id] = SourceGroup(id=record.id, attributes={**first.attributes, **record.attributes})
        return last

    def _write_objects(
        self,
        table: sa.Table,
        new: list[dict[str, Json]],
        moved: list[dict[str, Json]],
        same: list[str],
        generation: int,
    ) -> None:
        key = (table.c.source == sa.bindparam("b_source")) & (table.c.id == sa.bindparam("b_id"))
        if new:
            rows = [{**row, "seq": self._mark.seq, "source": row["b_source"], "id": row["b_id"]} for row in new]
            for row in rows:
                del row["b_source"], row["b_id"]
            self.c.execute(table.insert(), rows)
        if moved:
            self.c.execute(table.update().where(key), [{**row, "seq": self._mark.seq} for row in moved])
        if same:
            where = (table.c.source == self.source) & table.c.id.in_(same)
            self.c.execute(table.update().where(where).values(generation=generation))
        self._mark.changed += len(new) + len(moved)

    # --- what went

    def removals(self, removals: Iterable[Removal]) -> None:
        for removal in removals:
            match removal.kind:
                case "membership":
                    self._edges.drop((members.c.group_id == removal.id) & (members.c.member_id == removal.member_id))
                case "assignment":
                    self._assignments.drop(assignments.c.id == removal.id)
                case "user" | "group" as kind:
                    self._gone(kind, [removal.id], removal.state)

    def _gone(self, kind: Kind, ids: list[str], state: State) -> None:
        table = OBJECTS[kind]
        where = (table.c.source == self.source) & table.c.id.in_(ids)
        known = {row.id: row.state for row in self.c.execute(sa.select(table.c.id, table.c.state).where(where))}
        found = [id_ for id_, before in known.items() if before != state]
        if found:
            where = (table.c.source == self.source) & table.c.id.in_(found)
            self.c.execute(table.update().where(where).values(state=state, seq=self._mark.seq))
            self._mark.changed += len(found)
        # A source need not say that a deleted user left its groups, nor that a restored one is back in them: edges of
        # whoever may come back stay and do not count meanwhile. No edge outlives an end that is gone for good.
        if kind == "user" and state == "soft":
            self._mark.touch_groups_above(found)
        self._edges.drop(members.c.member_id.in_([id_ for id_ in ids if state != "soft" or id_ not in known]))
        if kind == "group":
            self._edges.drop(members.c.group_id.in_(ids))

    def sweep(self, stream: Stream) -> None:
        """What this full round did not mention is gone. Read and written a part at a time: it may be everything."""
        if stream == "assignments":
            self._assignments.sweep()
            return
        kind: Kind = "user" if stream == "users" else "group"
        table, last = OBJECTS[kind], ""
        old = (table.c.generation < self.generations[stream]) & (table.c.state == "live")
        while True:
            where = (table.c.source == self.source) & (table.c.id > last) & old
            found = list(self.c.scalars(sa.select(table.c.id).where(where).order_by(table.c.id).limit(500)))
            if not found:
                break
            last = found[-1]
            self._gone(kind, found, "gone")
        if stream == "groups":
            self._edges.sweep()

    def whole(self, group_ids: Iterable[str]) -> None:
        """Of these groups this round has told every member: whom it did not mention is none any more."""
        old = members.c.generation < self.generations["groups"]
        for part in parts(group_ids):
            self._edges.drop(members.c.group_id.in_(part) & old)

    def keep(self, stream: Stream, ids: Iterable[str]) -> None:
        """What could not be told in this round stays as it was: objects, assignments, and the members of groups."""
        generation = self.generations[stream]
        table = {"users": users, "groups": groups, "assignments": assignments}[stream]
        for part in parts(ids):
            where = (table.c.source == self.source) & table.c.id.in_(part)
            self.c.execute(table.update().where(where).values(generation=generation))
            if stream == "groups":
                where = (members.c.source == self.source) & members.c.group_id.in_(part)
                self.c.execute(members.update().where(where).values(generation=generation))

    def replace_edges(self, snapshot: Snapshot) -> None:
        """The memberships and assignments of one object are exactly these; of one that may come back, at least these."""
        id_ = snapshot.object.id
        side = members.c.member_id if snapshot.kind == "user" else members.c.group_id
        other = members.c.group_id if snapshot.kind == "user" else members.c.member_id
        wanted = {m.group_id if snapshot.kind == "user" else m.member_id for m in snapshot.memberships}
        known = set(self.c.scalars(sa.select(other).where(members.c.source == self.source, side == id_)))
        for part in parts(known - wanted if snapshot.state == "live" else ()):
            self._edges.drop((side == id_) & other.in_(part))
        self._edges.add(snapshot.memberships)
        kept = {a.id for a in snapshot.assignments}
        where = (assignments.c.source == self.source) & (assignments.c.principal_id == id_)
        gone = [a for a in self.c.scalars(sa.select(assignments.c.id).where(where)) if a not in kept]
        for part in parts(gone):
            self._assignments.drop(assignments.c.id.in_(part))
        self._assignments.add(snapshot.assignments)
