"""Writes one page of a source's answer into the mirror, inside one transaction."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

import orjson
import sqlalchemy as sa

from state.engine import parts
from state.tables import assignments, groups, members, sources, users
from syncd.core.model import (
    Assignment,
    Json,
    Kind,
    Membership,
    Removal,
    Snapshot,
    SourceGroup,
    SourceUser,
    State,
    Stream,
)

OBJECTS: Mapping[Kind, sa.Table] = {"user": users, "group": groups}


def digest(*facts: Json) -> str:
    """32 hexadecimal digits that are equal for equal JSON values, whatever the order of keys."""
    return hashlib.blake2b(orjson.dumps(facts, option=orjson.OPT_SORT_KEYS), digest_size=16).hexdigest()


class PageWriter:
    """Writes one page inside one transaction, and counts what it changed."""

    def __init__(
        self, connection: sa.Connection, source: str, generations: Mapping[Stream, int], *, full: bool
    ) -> None:
        self.c, self.source, self.generations, self.full = connection, source, generations, full
        self.changed = 0
        self._seq: int | None = None

    @property
    def seq(self) -> int:
        """This page's sequence number, taken at the first change. The row lock keeps pages in the order of commits."""
        if self._seq is None:
            moved = self.c.execute(
                sources.update().where(sources.c.name == self.source).values(seq=sources.c.seq + 1)
            ).rowcount
            if not moved:
                self.c.execute(sources.insert().values(name=self.source, seq=1))
            self._seq = int(self.c.scalar(sa.select(sources.c.seq).where(sources.c.name == self.source)) or 0)
        return self._seq

    def records(self, records: Iterable[SourceUser | SourceGroup | Membership | Assignment]) -> None:
        by_type: dict[type, list[Any]] = defaultdict(list)
        for record in records:
            by_type[type(record)].append(record)
        self._objects("user", by_type[SourceUser])
        self._objects("group", by_type[SourceGroup])
        self._edges(by_type[Membership])
        self._assign(by_type[Assignment])

    # --- objects

    def _objects(self, kind: Kind, records: list[Any]) -> None:
        table = OBJECTS[kind]
        columns = [table.c.id, table.c.digest, table.c.state]
        if kind == "user":
            columns.append(table.c.enabled)
        if not self.full:  # only a delta merges, so only a delta needs what was there
            columns.append(table.c.attributes)
        generation = self.generations["users" if kind == "user" else "groups"]
        last = {record.id: record for record in records}  # the same object twice on a page: the later one holds
        for part in parts(last.values()):
            where = (table.c.source == self.source) & table.c.id.in_([r.id for r in part])
            known = {row.id: row for row in self.c.execute(sa.select(*columns).where(where))}
            new, moved, same = [], [], []
            for record in part:
                old = known.get(record.id)
                attributes = dict(record.attributes)
                enabled = getattr(record, "enabled", True)
                if old is not None and not self.full:
                    attributes = {**(old.attributes or {}), **attributes}
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
            self._write_objects(table, new, moved, same, generation)

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
            rows = [{**row, "seq": self.seq, "source": row["b_source"], "id": row["b_id"]} for row in new]
            for row in rows:
                del row["b_source"], row["b_id"]
            self.c.execute(table.insert(), rows)
        if moved:
            self.c.execute(table.update().where(key), [{**row, "seq": self.seq} for row in moved])
        if same:
            where = (table.c.source == self.source) & table.c.id.in_(same)
            self.c.execute(table.update().where(where).values(generation=generation))
        self.changed += len(new) + len(moved)

    # --- memberships

    def _edges(self, records: list[Membership]) -> None:
        by_group: dict[str, dict[str, Membership]] = defaultdict(dict)
        for record in records:
            by_group[record.group_id][record.member_id] = record
        for group_id, wanted in by_group.items():
            fresh: list[Membership] = []
            for part in parts(wanted):
                where = (members.c.source == self.source) & (members.c.group_id == group_id)
                where &= members.c.member_id.in_(part)
                known = set(self.c.scalars(sa.select(members.c.member_id).where(where)))
                if known:
                    self.c.execute(
                        members.update()
                        .where(members.c.source == self.source, members.c.group_id == group_id)
                        .where(members.c.member_id.in_(list(known)))
                        .values(generation=self.generations["groups"])
                    )
                fresh += [wanted[id_] for id_ in part if id_ not in known]
            if fresh:
                self.c.execute(
                    members.insert(),
                    [
                        {
                            "source": self.source,
                            "group_id": group_id,
                            "member_id": edge.member_id,
                            "kind": edge.member_kind,
                            "generation": self.generations["groups"],
                        }
                        for edge in fresh
                    ],
                )
                self._edges_moved(group_id, [(edge.member_id, edge.member_kind) for edge in fresh])

    def _drop_edges(self, where: sa.ColumnElement[bool]) -> None:
        gone: dict[str, list[tuple[str, str]]] = defaultdict(list)
        columns = (members.c.group_id, members.c.member_id, members.c.kind)
        for row in self.c.execute(sa.select(*columns).where(members.c.source == self.source, where)):
            gone[row.group_id].append((row.member_id, row.kind))
        for group_id, edges in gone.items():
            self._edges_moved(group_id, edges)  # while the edges still stand: users below a nested group are found
        if gone:
            self.c.execute(members.delete().where(members.c.source == self.source, where))

    def _edges_moved(self, group_id: str, edges: list[tuple[str, str]]) -> None:
        self.changed += len(edges)
        self._touch("group", self._ancestors(group_id))
        self._touch("user", [id_ for id_, kind in edges if kind == "user"])
        for id_ in [id_ for id_, kind in edges if kind == "group"]:
            self._touch("user", self._users_below(id_))

    def _ancestors(self, group_id: str) -> list[str]:
        start = sa.select(sa.literal(group_id).label("id")).cte("above", recursive=True)
        above = start.union(
            sa.select(members.c.group_id).where(members.c.source == self.source, members.c.member_id == start.c.id)
        )
        return list(self.c.scalars(sa.select(above.c.id)))

    def _users_below(self, group_id: str) -> list[str]:
        start = sa.select(sa.literal(group_id).label("id")).cte("below", recursive=True)
        below = start.union(
            sa.select(members.c.member_id).where(
                members.c.source == self.source, members.c.group_id == start.c.id, members.c.kind == "group"
            )
        )
        where = (members.c.source == self.source) & (members.c.kind == "user")
        where &= members.c.group_id.in_(sa.select(below.c.id))
        return list(self.c.scalars(sa.select(members.c.member_id).where(where).distinct()))

    def _touch(self, kind: Kind, ids: Iterable[str]) -> None:
        """Give objects this page's number although they themselves are as before."""
        table = OBJECTS[kind]
        for part in parts(ids):
            where = (table.c.source == self.source) & table.c.id.in_(part) & (table.c.seq < self.seq)
            self.c.execute(table.update().where(where).values(seq=self.seq))

    # --- assignments

    def _assign(self, records: list[Assignment]) -> None:
        last = {record.id: record for record in records}
        for part in parts(last.values()):
            where = (assignments.c.source == self.source) & assignments.c.id.in_([r.id for r in part])
            known = {row.id: row for row in self.c.execute(sa.select(assignments).where(where))}
            same: list[str] = []
            for record in part:
                old = known.get(record.id)
                facts = (record.principal_id, record.principal_kind, record.role, record.through)
                row = {
                    "principal_id": record.principal_id,
                    "principal_kind": record.principal_kind,
                    "role": record.role,
                    "through": record.through,
                    "generation": self.generations["assignments"],
                    "digest": digest(facts, dict(record.attributes)),
                    "attributes": dict(record.attributes),
                }
                if old is not None and old.digest == row["digest"]:
                    same.append(record.id)
                    continue
                key = (assignments.c.source == self.source) & (assignments.c.id == record.id)
                if old is None:
                    self.c.execute(assignments.insert().values(source=self.source, id=record.id, **row))
                else:
                    self.c.execute(assignments.update().where(key).values(**row))
                    self._principal_moved(old.principal_id, old.principal_kind)
                self._principal_moved(record.principal_id, record.principal_kind)
            if same:
                where = (assignments.c.source == self.source) & assignments.c.id.in_(same)
                self.c.execute(assignments.update().where(where).values(generation=self.generations["assignments"]))

    def _principal_moved(self, id_: str, kind: str) -> None:
        self.changed += 1
        if kind == "group":
            self._touch("group", [id_])
            self._touch("user", self._users_below(id_))
        else:
            self._touch("user", [id_])

    def _unassign(self, where: sa.ColumnElement[bool]) -> None:
        columns = (assignments.c.principal_id, assignments.c.principal_kind)
        where = (assignments.c.source == self.source) & where
        gone = self.c.execute(sa.select(*columns).where(where)).all()
        for row in gone:
            self._principal_moved(row.principal_id, row.principal_kind)
        if gone:
            self.c.execute(assignments.delete().where(where))

    # --- what went

    def removals(self, removals: Iterable[Removal]) -> None:
        for removal in removals:
            match removal.kind:
                case "membership":
                    self._drop_edges((members.c.group_id == removal.id) & (members.c.member_id == removal.member_id))
                case "assignment":
                    self._unassign(assignments.c.id == removal.id)
                case "user" | "group" as kind:
                    self._gone(kind, [removal.id], removal.state)

    def _gone(self, kind: Kind, ids: list[str], state: State) -> None:
        table = OBJECTS[kind]
        for part in parts(ids):
            where = (table.c.source == self.source) & table.c.id.in_(part) & (table.c.state != state)
            self.changed += self.c.execute(table.update().where(where).values(state=state, seq=self.seq)).rowcount
            # A source need not say that a deleted user left its groups: no edge outlives its ends.
            self._drop_edges(members.c.member_id.in_(part))
            if kind == "group":
                self._drop_edges(members.c.group_id.in_(part))

    def sweep(self, stream: Stream) -> None:
        """What this full round did not mention is gone."""
        if stream == "assignments":
            self._unassign(assignments.c.generation < self.generations["assignments"])
            return
        kind: Kind = "user" if stream == "users" else "group"
        table = OBJECTS[kind]
        where = (
            (table.c.source == self.source)
            & (table.c.generation < self.generations[stream])
            & (table.c.state == "live")
        )
        self._gone(kind, list(self.c.scalars(sa.select(table.c.id).where(where))), "gone")
        if stream == "groups":
            self._drop_edges(members.c.generation < self.generations["groups"])

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
        """The memberships and assignments of one object are exactly these."""
        id_ = snapshot.object.id
        side = members.c.member_id if snapshot.kind == "user" else members.c.group_id
        other = members.c.group_id if snapshot.kind == "user" else members.c.member_id
        wanted = {m.group_id if snapshot.kind == "user" else m.member_id for m in snapshot.memberships}
        known = set(self.c.scalars(sa.select(other).where(members.c.source == self.source, side == id_)))
        for part in parts(known - wanted):
            self._drop_edges((side == id_) & other.in_(part))
        self._edges(list(snapshot.memberships))
        kept = {a.id for a in snapshot.assignments}
        where = (assignments.c.source == self.source) & (assignments.c.principal_id == id_)
        gone = [a for a in self.c.scalars(sa.select(assignments.c.id).where(where)) if a not in kept]
        if gone:
            self._unassign(assignments.c.id.in_(gone))
        self._assign(list(snapshot.assignments))
