"""One page's transaction in the mirror: its sequence number, and whom it gives that number to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import sqlalchemy as sa

from state.engine import parts, put_new
from state.tables import groups, members, sources, users
from syncd.core.model import Kind

OBJECTS: Mapping[Kind, sa.Table] = {"user": users, "group": groups}


class PageMark:
    """The number of one page of one source.

    The row of the source is locked from the start, so pages are committed in the order of their numbers, and two
    streams of one source that are written at once cannot wait for each other's rows.
    """

    def __init__(self, connection: sa.Connection, source: str) -> None:
        self.c, self.source = connection, source
        self.changed = 0  #: records that were new, different or gone
        self._taken = False
        mine = sa.select(sources.c.seq).where(sources.c.name == source).with_for_update()
        last = connection.scalar(mine)
        if last is None:
            put_new(connection, sources, {"name": source, "seq": 0})
            last = connection.scalar(mine)
        self._last = int(last or 0)

    @property
    def seq(self) -> int:
        """This page's number, taken at the first change: a page without one leaves the source's number alone."""
        if not self._taken:
            self.c.execute(sources.update().where(sources.c.name == self.source).values(seq=self._last + 1))
            self._taken = True
        return self._last + 1

    def touch(self, kind: Kind, ids: Iterable[str]) -> None:
        """Give objects this page's number although they themselves are as before."""
        for part in parts(dict.fromkeys(ids)):
            self._touch(kind, OBJECTS[kind].c.id.in_(part))

    def touch_groups_above(self, ids: Iterable[str]) -> None:
        """These groups, and all that contain them."""
        for part in parts(dict.fromkeys(ids)):
            inside = (members.c.source == self.source) & members.c.member_id.in_(part)
            start = sa.select(members.c.group_id.label("id")).where(inside).cte("above", recursive=True)
            above = start.union(
                sa.select(members.c.group_id).where(members.c.source == self.source, members.c.member_id == start.c.id)
            )
            self._touch("group", groups.c.id.in_(part))
            self._touch("group", groups.c.id.in_(sa.select(above.c.id)))

    def touch_users_below(self, ids: Iterable[str]) -> None:
        """Users in these groups, through nested ones too."""
        for part in parts(dict.fromkeys(ids)):
            mine = members.c.source == self.source
            nested = members.c.kind == "group"
            start = (
                sa.select(members.c.member_id.label("id"))
                .where(mine, nested, members.c.group_id.in_(part))
                .cte("below", recursive=True)
            )
            below = start.union(sa.select(members.c.member_id).where(mine, nested, members.c.group_id == start.c.id))
            inside = sa.select(members.c.member_id).where(mine, members.c.kind == "user")
            self._touch("user", users.c.id.in_(inside.where(members.c.group_id.in_(part))))
            self._touch("user", users.c.id.in_(inside.where(members.c.group_id.in_(sa.select(below.c.id)))))

    def _touch(self, kind: Kind, which: sa.ColumnElement[bool]) -> None:
        table = OBJECTS[kind]
        where = (table.c.source == self.source) & which & (table.c.seq < self.seq)
        self.c.execute(table.update().where(where).values(seq=self.seq))
