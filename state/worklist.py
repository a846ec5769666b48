"""Which objects a plan must look at: filled by set statements, so that an idle cycle costs no pass over the mirror."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Literal

import sqlalchemy as sa

from state.engine import insert, parts, put, reading
from state.pending import LONGEST_PAUSE
from state.tables import assignments, changes, groups, links, members, pending, plans, users, worklist
from syncd.core.change import Action
from syncd.core.model import Kind

#: reference: users whose references are worked out, once it is known who comes
WorkKind = Literal["user", "group", "reference"]

_OBJECTS = {"user": users, "group": groups}
_MOVES_MEMBERSHIPS = (Action.CREATE, Action.ADOPT, Action.REACTIVATE, Action.DEACTIVATE, Action.DELETE)


class Worklist:
    """Owner of the table worklist; it reads the mirror, the links and what is pending."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine

    def changed(self, plan: str, job: str, source: str, kind: Kind, since: int, *, every: bool) -> None:
        """Objects whose number is above `since`: all of them where everyone is in scope (`every`), else those that are
        assigned, that an assigned group may bring in, or that have a link."""
        table = _OBJECTS[kind]
        where = (table.c.source == source) & (table.c.seq > since)
        # EXISTS and no IN: of an IN, SQLite would make a list of the whole directory for one changed object.
        if every:
            self._add(plan, kind, sa.select(table.c.id).where(where, table.c.state == "live"))
        else:
            direct = _assigned(source, kind).where(assignments.c.principal_id == table.c.id)
            self._add(plan, kind, sa.select(table.c.id).where(where, direct.exists()))
            if kind == "user":
                inside = self._above(source, since) if since else self._below(source)
                self._add(plan, kind, inside)
        linked = sa.exists().where(links.c.job == job, links.c.kind == kind, links.c.source_id == table.c.id)
        self._add(plan, kind, sa.select(table.c.id).where(where, linked))

    @staticmethod
    def _below(source: str) -> sa.Select[tuple[str]]:
        """Users below an assigned group, through nested ones too: too many rather than too few, scope decides."""
        start = _assigned(source, "group").cte("inside", recursive=True)
        inside = start.union(
            sa.select(members.c.member_id).where(
                members.c.source == source, members.c.group_id == start.c.principal_id, members.c.kind == "group"
            )
        )
        below = sa.select(members.c.member_id).where(
            members.c.source == source,
            members.c.kind == "user",
            members.c.group_id.in_(sa.select(inside.c.principal_id)),
        )
        return sa.select(users.c.id).where(users.c.source == source, users.c.id.in_(below))

    @staticmethod
    def _above(source: str, since: int) -> sa.Select[tuple[str]]:
        """The same of users who changed, from them to their groups: the cost is theirs, not the directory's."""
        start = (
            sa.select(users.c.id.label("user_id"), members.c.group_id)
            .join_from(users, members, (members.c.source == source) & (members.c.member_id == users.c.id))
            .where(users.c.source == source, users.c.seq > since)
            .cte("above", recursive=True)
        )
        above = start.union(
            sa.select(start.c.user_id, members.c.group_id).where(
                members.c.source == source, members.c.member_id == start.c.group_id
            )
        )
        assigned = _assigned(source, "group").where(assignments.c.principal_id == above.c.group_id)
        return sa.select(above.c.user_id).where(assigned.exists())

    def linked(self, plan: str, job: str) -> None:
        """Everything that has a link."""
        for kind in ("user", "group"):
            self._add(plan, kind, sa.select(links.c.source_id).where(links.c.job == job, links.c.kind == kind))

    def due(self, plan: str, job: str, *, now: datetime, failed_now: bool) -> None:
        """What was put off and is due. `failed_now`: failing objects whenever their next try is."""
        for kind in ("user", "group"):
            where = (pending.c.job == job) & (pending.c.kind == kind) & (pending.c.reason != "reference")
            at_once = ["again", "held", "failed"] if failed_now else ["again", "held"]
            # Whatever the clock says that was put back since: these wait for no time, and what failed for none so far off.
            never = (pending.c.reason == "failed") & (pending.c.due_at > now + 2 * LONGEST_PAUSE)
            due = (pending.c.due_at <= now) | pending.c.reason.in_(at_once) | never
            self._add(plan, kind, sa.select(pending.c.source_id).where(where, due))

    def unfinished(self, plan: str, job: str) -> None:
        """What plans of this job that have begun and not ended still have to do, or may have done: for a dry run, which
        settles nothing."""
        for kind in ("user", "group"):
            left = (changes.c.kind == kind) & changes.c.status.in_(["planned", "sent"])
            mine = (plans.c.job == job) & plans.c.status.in_(["applying", "unsettled"])
            self._add(
                plan, kind, sa.select(changes.c.source_id).join(plans, plans.c.id == changes.c.plan).where(mine, left)
            )

    def groups_of_moved_users(self, plan: str, source: str) -> None:
        """Groups whose memberships this plan's user changes touch, those above them too."""
        # From the changes to their groups: as an IN, SQLite would walk all memberships of the source instead.
        inside = (members.c.source == source) & (members.c.member_id == changes.c.source_id)
        start = (
            sa.select(members.c.group_id)
            .select_from(changes.join(members, inside))
            .where(
                changes.c.plan == plan,
                changes.c.kind == "user",
                changes.c.action.in_([int(action) for action in _MOVES_MEMBERSHIPS]),
            )
            .cte("above", recursive=True)
        )
        above = start.union(
            sa.select(members.c.group_id).where(members.c.source == source, members.c.member_id == start.c.group_id)
        )
        self._add(plan, "group", sa.select(above.c.group_id))

    def waiting_for(self, plan: str, job: str) -> set[str]:
        """Users whose reference (a manager) waits for somebody whom this plan creates, adopts or brings back. Returns those
        of them who were not on the list."""
        come = sa.select(changes.c.source_id).where(
            changes.c.plan == plan,
            changes.c.kind == "user",
            changes.c.action.in_([int(a) for a in (Action.CREATE, Action.ADOPT, Action.REACTIVATE)]),
        )
        where = (pending.c.job == job) & (pending.c.reason == "reference")
        linked = sa.exists().where(links.c.job == job, links.c.kind == "user", links.c.source_id == pending.c.wants)
        waiting = sa.select(pending.c.source_id)
        return {
            *self._add(plan, "reference", waiting.where(where, pending.c.wants.in_(come)), told=True),
            *self._add(plan, "reference", waiting.where(where, linked), told=True),
        }

    def add(self, plan: str, kind: WorkKind, ids: Iterable[str]) -> None:
        """These objects, unless they are on the list already."""
        for part in parts(dict.fromkeys(ids)):
            with self._engine.begin() as c:
                put(c, worklist, [{"plan": plan, "kind": kind, "source_id": id_} for id_ in part])

    def _add(self, plan: str, kind: str, ids: sa.Select[tuple[str]], *, told: bool = False) -> list[str]:
        found = ids.subquery()
        rows = sa.select(sa.literal(plan), sa.literal(kind), next(iter(found.c)))
        # Without a WHERE, SQLite would take the ON of ON CONFLICT for one of a join.
        rows = rows.where(sa.literal(1) == 1)
        with self._engine.begin() as c:
            statement = insert(c, worklist).from_select(["plan", "kind", "source_id"], rows).on_conflict_do_nothing()
            if told:
                return list(c.scalars(statement.returning(worklist.c.source_id)))
            c.execute(statement)
            return []

    def ids(self, plan: str, kind: WorkKind, *, size: int = 500) -> Iterator[list[str]]:
        """The ids in order, `size` at a time; what is added behind the last one while walking is seen too."""
        after = ""
        while True:
            where = (worklist.c.plan == plan) & (worklist.c.kind == kind) & (worklist.c.source_id > after)
            with reading(self._engine) as c:
                found = list(
                    c.scalars(sa.select(worklist.c.source_id).where(where).order_by(worklist.c.source_id).limit(size))
                )
            if not found:
                return
            after = found[-1]
            yield found

    def count(self, plan: str) -> int:
        with reading(self._engine) as c:
            return c.scalar(sa.select(sa.func.count()).select_from(worklist).where(worklist.c.plan == plan)) or 0

    def unlinked(self, plan: str, job: str, kind: Kind) -> int:
        """How many objects on the list have no link."""
        link = sa.exists().where(links.c.job == job, links.c.kind == kind, links.c.source_id == worklist.c.source_id)
        where = (worklist.c.plan == plan) & (worklist.c.kind == kind) & ~link
        with reading(self._engine) as c:
            return c.scalar(sa.select(sa.func.count()).select_from(worklist).where(where)) or 0

    def clear(self, plan: str) -> None:
        with self._engine.begin() as c:
            c.execute(worklist.delete().where(worklist.c.plan == plan))


def _assigned(source: str, kind: Kind) -> sa.Select[tuple[str]]:
    """What is assigned to the application itself."""
    return sa.select(assignments.c.principal_id).where(
        assignments.c.source == source, assignments.c.principal_kind == kind
    )
