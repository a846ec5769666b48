"""Memberships and assignments of one page: each one that comes or goes moves the objects whose scope it may decide."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

import sqlalchemy as sa

from state.digest import digest
from state.engine import IN_LIST, parts
from state.mirror_mark import PageMark
from state.tables import assignments, members, users
from syncd.core.model import Assignment, Membership

_EDGE = (members.c.group_id, members.c.member_id, members.c.kind)
#: Edges of users in the recycle bin.
_RESTORABLE = sa.exists().where(
    members.c.kind == "user",
    users.c.source == members.c.source,
    users.c.id == members.c.member_id,
    users.c.state == "soft",
)
#: made once: building a statement costs more than carrying it out
_KNOWN = sa.select(members.c.member_id).where(
    members.c.source == sa.bindparam("of_source"),
    members.c.group_id == sa.bindparam("of_group"),
    members.c.member_id.in_(sa.bindparam("ids", expanding=True)),
)
_ROW = (assignments.c.id, assignments.c.principal_id, assignments.c.principal_kind)


class EdgeWriter:
    """Writes memberships inside one page's transaction."""

    def __init__(self, mark: PageMark, generation: int) -> None:
        self._mark, self._c, self._generation = mark, mark.c, generation
        self._mine = members.c.source == mark.source

    def add(self, records: Iterable[Membership]) -> None:
        by_group: dict[str, dict[str, Membership]] = defaultdict(dict)
        for record in records:
            by_group[record.group_id][record.member_id] = record
        fresh: list[Membership] = []
        for group_id, wanted in by_group.items():
            for part in parts(wanted):
                of = {"of_source": self._mark.source, "of_group": group_id, "ids": part}
                known = set(self._c.scalars(_KNOWN, of))
                if known:
                    where = self._mine & (members.c.group_id == group_id) & members.c.member_id.in_(part)
                    self._c.execute(members.update().where(where).values(generation=self._generation))
                fresh += [wanted[id_] for id_ in part if id_ not in known]
        for part_of_fresh in parts(fresh):
            rows = [
                {
                    "source": self._mark.source,
                    "group_id": edge.group_id,
                    "member_id": edge.member_id,
                    "kind": edge.member_kind,
                    "generation": self._generation,
                }
                for edge in part_of_fresh
            ]
            self._c.execute(members.insert(), rows)
        self._moved([(edge.group_id, edge.member_id, edge.member_kind) for edge in fresh])

    def drop(self, where: sa.ColumnElement[bool]) -> None:
        """Drop what an index finds quickly: the edges of some objects."""
        while rows := self._c.execute(sa.select(*_EDGE).where(self._mine, where).limit(IN_LIST)).all():
            self._drop(rows)

    def sweep(self) -> None:
        """Drop what this round did not mention: one pass in the order of the key, a part at a time.

        A round shows members who live; of a user who may come back it says nothing.
        """
        order = sa.tuple_(members.c.group_id, members.c.member_id)
        old = (members.c.generation < self._generation) & ~_RESTORABLE
        last = ("", "")
        while True:
            query = sa.select(*_EDGE).where(self._mine, order > sa.tuple_(*last), old)
            rows = self._c.execute(query.order_by(members.c.group_id, members.c.member_id).limit(IN_LIST)).all()
            if not rows:
                return
            last = (rows[-1].group_id, rows[-1].member_id)
            self._drop(rows)

    def _drop(self, rows: Sequence[Any]) -> None:
        # While the edges still stand, so that users below a nested group are found. Of a path that goes edge by edge
        # the first one to go finds the rest still standing, so no part misses anybody.
        self._moved([(row.group_id, row.member_id, row.kind) for row in rows])
        key = (members.c.group_id == sa.bindparam("b_group")) & (members.c.member_id == sa.bindparam("b_member"))
        gone = [{"b_group": row.group_id, "b_member": row.member_id} for row in rows]
        self._c.execute(members.delete().where(self._mine, key), gone)

    def _moved(self, edges: Sequence[tuple[str, str, str]]) -> None:
        if not edges:
            return
        self._mark.changed += len(edges)
        self._mark.touch_groups_above(group_id for group_id, _, _ in edges)
        self._mark.touch("user", [id_ for _, id_, kind in edges if kind == "user"])
        self._mark.touch_users_below([id_ for _, id_, kind in edges if kind == "group"])


class AssignmentWriter:
    """Writes assignments inside one page's transaction."""

    def __init__(self, mark: PageMark, generation: int) -> None:
        self._mark, self._c, self._generation = mark, mark.c, generation
        self._mine = assignments.c.source == mark.source

    def add(self, records: Iterable[Assignment]) -> None:
        last = {record.id: record for record in records}
        for part in parts(last.values()):
            where = self._mine & assignments.c.id.in_([r.id for r in part])
            columns = (*_ROW, assignments.c.digest)
            known = {row.id: row for row in self._c.execute(sa.select(*columns).where(where))}
            rows = {record.id: self._row(record) for record in part}
            same = [id_ for id_, row in rows.items() if id_ in known and known[id_].digest == row["digest"]]
            new = [{"source": self._mark.source, "id": id_, **row} for id_, row in rows.items() if id_ not in known]
            moved = [{"b_id": id_, **row} for id_, row in rows.items() if id_ in known and id_ not in same]
            if new:
                self._c.execute(assignments.insert(), new)
            if moved:
                key = self._mine & (assignments.c.id == sa.bindparam("b_id"))
                self._c.execute(assignments.update().where(key), moved)
            if same:
                where = self._mine & assignments.c.id.in_(same)
                self._c.execute(assignments.update().where(where).values(generation=self._generation))
            before = [known[row["b_id"]] for row in moved]
            self._moved([(row["principal_id"], row["principal_kind"]) for row in [*new, *moved]])
            self._moved([(row.principal_id, row.principal_kind) for row in before])

    def _row(self, record: Assignment) -> dict[str, Any]:
        facts = (record.principal_id, record.principal_kind, record.role, record.through)
        return {
            "principal_id": record.principal_id,
            "principal_kind": record.principal_kind,
            "role": record.role,
            "through": record.through,
            "generation": self._generation,
            "digest": digest(facts, dict(record.attributes)),
            "attributes": dict(record.attributes),
        }

    def drop(self, where: sa.ColumnElement[bool]) -> None:
        """Drop what an index finds quickly: some rows, or those of one principal."""
        while rows := self._c.execute(sa.select(*_ROW).where(self._mine, where).limit(IN_LIST)).all():
            self._drop(rows)

    def sweep(self) -> None:
        """Drop what this round did not mention, a part at a time."""
        last, old = "", assignments.c.generation < self._generation
        while True:
            query = sa.select(*_ROW).where(self._mine, assignments.c.id > last, old)
            rows = self._c.execute(query.order_by(assignments.c.id).limit(IN_LIST)).all()
            if not rows:
                return
            last = rows[-1].id
            self._drop(rows)

    def _drop(self, rows: Sequence[Any]) -> None:
        self._moved([(row.principal_id, row.principal_kind) for row in rows])
        self._c.execute(assignments.delete().where(self._mine, assignments.c.id.in_([row.id for row in rows])))

    def _moved(self, principals: Sequence[tuple[str, str]]) -> None:
        if not principals:
            return
        self._mark.changed += len(principals)
        group_ids = [id_ for id_, kind in principals if kind == "group"]
        self._mark.touch("user", [id_ for id_, kind in principals if kind != "group"])
        self._mark.touch("group", group_ids)
        self._mark.touch_users_below(group_ids)
