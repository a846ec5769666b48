"""The local mirror of the sources: objects, memberships and assignments, with a sequence number on every change.

A job remembers up to which number it has taken the mirror in; what changed is what has a higher one. A change of a
membership or an assignment also moves the users whose scope it may decide, so jobs need to look at users and groups
alone. Pages, and with the last one the watermark, are committed together, so nothing can be lost in between.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from state.engine import insert, parts, reading
from state.errors import TakenOver
from state.leases import keep_lease, reader_of
from state.mirror_mark import OBJECTS
from state.mirror_page import PageWriter, joined
from state.tables import assignments, groups, members, sources, streams, users
from syncd.core.model import STREAMS, Assignment, Json, Kind, Page, Removal, Snapshot, State, Stream

#: A member who was deleted as a user. Someone who is not known yet is none of these.
_AWAY = sa.exists().where(
    members.c.kind == "user",
    users.c.source == members.c.source,
    users.c.id == members.c.member_id,
    users.c.state != "live",
)

#: made once: building a statement costs more than carrying it out
_MEMBERS = sa.select(members.c.member_id, members.c.kind).where(
    members.c.source == sa.bindparam("of_source"),
    members.c.group_id.in_(sa.bindparam("ids", expanding=True)),
    ~_AWAY,
)


@dataclass(frozen=True, kw_only=True, slots=True)
class MirrorObject:
    """One user or group as it is mirrored."""

    kind: Kind
    id: str
    state: State
    enabled: bool
    attributes: Mapping[str, Json]


@dataclass(frozen=True, kw_only=True, slots=True)
class Round:
    """One reading of one stream, under way."""

    source: str
    stream: Stream
    generation: int


class Mirror:
    """Owner of the tables sources, streams, users, groups, members and assignments."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine

    # --- reading rounds ---------------------------------------------------------------------------------------------

    def watermark(self, source: str, stream: Stream) -> str | None:
        """Where the next round of a stream starts; None: it reads everything."""
        with reading(self._engine) as c:
            return c.scalar(
                sa.select(streams.c.watermark).where(streams.c.source == source, streams.c.stream == stream)
            )

    def begin(
        self, source: str, stream: Stream, *, full: bool = False, now: datetime | None = None, leased_by: str = ""
    ) -> Round:
        """Begin a round; until its last page is stored the stream counts as incomplete, and pages of an earlier round
        are refused. One that is to be `full` gives the watermark up: where it breaks off, what it has stored may be
        older than what an earlier round brought, and changes since that one would not tell of it again. With `now` the
        reader's lease, held by `leased_by`, is extended; raises TakenOver where it has passed to others."""
        with self._engine.begin() as c:
            if now is not None:
                keep_lease(c, reader_of(source), leased_by, now=now)
            new = insert(c, streams).values(source=source, stream=stream, generation=1, complete=False)
            begun = {"generation": streams.c.generation + 1, "complete": False}
            statement = new.on_conflict_do_update(
                index_elements=["source", "stream"], set_=begun | {"watermark": None} if full else begun
            ).returning(streams.c.generation)
            return Round(source=source, stream=stream, generation=c.execute(statement).scalar_one())

    def store(self, reading_round: Round, *pages: Page, now: datetime, leased_by: str = "") -> int:
        """Store pages in their order, in one transaction; with the last page of a full round, what the round did not
        mention goes. Returns changes.

        The reader's lease, held by `leased_by`, is extended in the same transaction. Raises TakenOver where it has passed
        to others, and when somebody else has begun a newer round of this stream: its sweep would take our marks for
        objects that were not mentioned.
        """
        source, stream = reading_round.source, reading_round.stream
        key = (streams.c.source == source) & (streams.c.stream == stream)
        with self._engine.begin() as c:
            if leased_by:
                keep_lease(c, reader_of(source), leased_by, now=now)
            if c.scalar(sa.select(streams.c.generation).where(key).with_for_update()) != reading_round.generation:
                raise TakenOver(job=reader_of(source))
            writer = PageWriter(c, source, dict.fromkeys(STREAMS, reading_round.generation))
            for page in joined(pages):
                writer.records(page.records, full=page.full)
                writer.removals(page.removals)
                if page.whole:
                    writer.whole(page.whole)
                if page.full and page.unknown:
                    writer.keep(stream, page.unknown)
                if page.last:
                    if page.full:
                        writer.sweep(stream)
                    values = {"watermark": page.watermark, "complete": True, "completed_at": now}
                    c.execute(streams.update().where(key).values(**values))
            return writer.changed

    def store_snapshot(self, source: str, snapshot: Snapshot) -> None:
        """Store what a source says now of one object, its memberships and its assignments."""
        with self._engine.begin() as c:
            # Rows count as seen in a round that runs meanwhile, or that round would sweep them away.
            # The lock keeps one from beginning in between, which would not know of this object.
            mine = sa.select(streams.c.stream, streams.c.generation).where(streams.c.source == source)
            found = c.execute(mine.order_by(streams.c.stream).with_for_update())
            generations = {**dict.fromkeys(STREAMS, 0), **{row.stream: row.generation for row in found}}
            writer = PageWriter(c, source, generations)
            writer.records([snapshot.object], full=True)
            if snapshot.state != "live":
                writer.removals([Removal(kind=snapshot.kind, id=snapshot.object.id, state=snapshot.state)])
            writer.replace_edges(snapshot)

    # --- questions --------------------------------------------------------------------------------------------------

    def seq(self, source: str) -> int:
        """The sequence number of the newest change."""
        with reading(self._engine) as c:
            return c.scalar(sa.select(sources.c.seq).where(sources.c.name == source)) or 0

    def complete(self, source: str) -> dict[str, bool]:
        """Which streams were read to their end the last time."""
        with reading(self._engine) as c:
            rows = c.execute(sa.select(streams.c.stream, streams.c.complete).where(streams.c.source == source))
            return {row.stream: row.complete for row in rows}

    def completed_at(self, source: str) -> datetime | None:
        """Since when everything here is known to have been so: the oldest of the streams' last ends; None before them."""
        with reading(self._engine) as c:
            ends = c.scalars(sa.select(streams.c.completed_at).where(streams.c.source == source)).all()
            return min(ends) if ends and None not in ends else None

    def counts(self, source: str) -> dict[str, int]:
        """Objects that live: {"users", "groups", "assignments"}."""
        with reading(self._engine) as c:

            def live(table: sa.Table) -> int:
                where = (table.c.source == source) & (table.c.state == "live")
                return c.scalar(sa.select(sa.func.count()).select_from(table).where(where)) or 0

            total = c.scalar(sa.select(sa.func.count()).select_from(assignments).where(assignments.c.source == source))
            return {"users": live(users), "groups": live(groups), "assignments": total or 0}

    def assigned_users(self, source: str) -> int:
        """Assignments whose principal is a user."""
        where = (assignments.c.source == source) & (assignments.c.principal_kind == "user")
        with reading(self._engine) as c:
            return c.scalar(sa.select(sa.func.count()).select_from(assignments).where(where)) or 0

    def objects(self, source: str, kind: Kind, ids: Iterable[str]) -> dict[str, MirrorObject]:
        table = OBJECTS[kind]
        found: dict[str, MirrorObject] = {}
        with reading(self._engine) as c:
            for part in parts(ids):
                for row in c.execute(sa.select(table).where(table.c.source == source, table.c.id.in_(part))):
                    found[row.id] = _object(kind, row)
        return found

    def live_ids(self, source: str, kind: Kind) -> Iterator[str]:
        """The ids of every live object, in order."""
        table, after = OBJECTS[kind], ""
        while True:
            with reading(self._engine) as c:
                where = (table.c.source == source) & (table.c.id > after) & (table.c.state == "live")
                found = list(c.scalars(sa.select(table.c.id).where(where).order_by(table.c.id).limit(5000)))
            if not found:
                return
            after = found[-1]
            yield from found

    def assignment_ids(self, source: str) -> list[str]:
        """The ids of every assignment row."""
        with reading(self._engine) as c:
            return list(c.scalars(sa.select(assignments.c.id).where(assignments.c.source == source)))

    def known_ids(self, source: str, kind: Kind) -> Iterator[tuple[str, State]]:
        """The id and state of every object that lives or may come back, in order."""
        table, after = OBJECTS[kind], ""
        while True:
            with reading(self._engine) as c:
                where = (table.c.source == source) & (table.c.id > after) & (table.c.state != "gone")
                statement = sa.select(table.c.id, table.c.state).where(where).order_by(table.c.id).limit(5000)
                found = [(row.id, row.state) for row in c.execute(statement)]
            if not found:
                return
            after = found[-1][0]
            yield from found

    def needed_ids(self, source: str, kind: Kind, *, members_too: bool, lacking: bool) -> list[str]:
        """Principals of assignments and, with `members_too`, members of groups; with `lacking` those without an object
        that lives or may come back."""
        mine = (assignments.c.source == source) & (assignments.c.principal_kind == kind)
        found: sa.Select[Any] | sa.CompoundSelect[Any] = sa.select(assignments.c.principal_id.label("id")).where(mine)
        if members_too:
            inside = (members.c.source == source) & (members.c.kind == kind)
            found = sa.union(
                sa.select(assignments.c.principal_id.label("id")).where(mine),
                sa.select(members.c.member_id).where(inside),
            )
        ids, table = found.subquery(), OBJECTS[kind]
        query = sa.select(ids.c.id).distinct().order_by(ids.c.id)
        if lacking:
            there = (table.c.source == source) & (table.c.id == ids.c.id) & (table.c.state != "gone")
            query = query.where(~sa.exists().where(there))
        with reading(self._engine) as c:
            return list(c.scalars(query))

    def all_assignments(self, source: str) -> Iterator[Assignment]:
        """Every assignment row, by id, a few thousand at a time."""
        after = ""
        while True:
            with reading(self._engine) as c:
                where = (assignments.c.source == source) & (assignments.c.id > after)
                found = c.execute(sa.select(assignments).where(where).order_by(assignments.c.id).limit(5000)).all()
            if not found:
                return
            after = found[-1].id
            yield from map(_assignment, found)

    def live(self, source: str, kind: Kind) -> Iterator[MirrorObject]:
        """Every live object, by id, a thousand rows at a time."""
        table, after = OBJECTS[kind], ""
        while True:
            with reading(self._engine) as c:
                where = (table.c.source == source) & (table.c.id > after) & (table.c.state == "live")
                rows = c.execute(sa.select(table).where(where).order_by(table.c.id).limit(1000)).all()
            if not rows:
                return
            after = rows[-1].id
            yield from (_object(kind, row) for row in rows)

    def assignments_of(self, source: str, ids: Iterable[str]) -> dict[str, list[Assignment]]:
        """Assignment rows by principal id."""
        found: dict[str, list[Assignment]] = defaultdict(list)
        with reading(self._engine) as c:
            for part in parts(ids):
                where = (assignments.c.source == source) & assignments.c.principal_id.in_(part)
                for row in c.execute(sa.select(assignments).where(where).order_by(assignments.c.id)):
                    found[row.principal_id].append(_assignment(row))
        return found

    def groups_of(self, source: str, ids: Iterable[str], *, nested: bool) -> dict[str, set[str]]:
        """The groups that each of these objects is in: directly, or with `nested` through other groups as well."""
        found: dict[str, set[str]] = {id_: set() for id_ in ids}
        frontier: dict[str, set[str]] = {id_: {id_} for id_ in found}  # member -> objects it stands for
        with reading(self._engine) as c:
            while frontier:
                above: dict[str, set[str]] = defaultdict(set)
                for part in parts(frontier):
                    where = (members.c.source == source) & members.c.member_id.in_(part)
                    for group_id, member_id in c.execute(
                        sa.select(members.c.group_id, members.c.member_id).where(where)
                    ):
                        for object_id in frontier[member_id]:
                            if group_id not in found[object_id]:  # a cycle of groups ends here
                                found[object_id].add(group_id)
                                above[group_id].add(object_id)
                frontier = dict(above) if nested else {}
        return found

    def member_ids(self, source: str, group_id: str, *, nested: bool) -> set[str]:
        """User ids in a group: direct ones, or with `nested` those of its groups as well; without deleted users."""
        found: set[str] = set()
        seen, frontier = {group_id}, [group_id]
        with reading(self._engine) as c:
            while frontier:
                below: list[str] = []
                for part in parts(frontier):
                    for member_id, kind in c.execute(_MEMBERS, {"of_source": source, "ids": part}):
                        if kind == "user":
                            found.add(member_id)
                        elif nested and member_id not in seen:
                            seen.add(member_id)
                            below.append(member_id)
                frontier = below
        return found

    def named(self, source: str, kind: Kind, name: str) -> list[MirrorObject]:
        """Objects with this id, or whose login, e-mail or name it is (letter case aside). For people's commands only:
        it looks at every row."""
        direct = self.objects(source, kind, [name])
        if direct:
            return list(direct.values())
        table, low, after = OBJECTS[kind], name.casefold(), ""
        # The databases differ in what they fold beyond ASCII, so they sort out by ASCII alone, and Python decides.
        part = max(re.findall(r"[!#-\[\]-~]+", name.lower()), key=len, default="")
        text = sa.func.lower(sa.cast(table.c.attributes, sa.Text))
        found: list[MirrorObject] = []
        while True:
            where = (table.c.source == source) & (table.c.id > after) & text.contains(part, autoescape=True)
            with reading(self._engine) as c:
                rows = c.execute(sa.select(table).where(where).order_by(table.c.id).limit(1000)).all()
            if not rows:
                return found
            after = rows[-1].id
            found += [o for row in rows if low in map(str.casefold, names(o := _object(kind, row)))]


def names(one: MirrorObject) -> list[str]:
    """What a person may call this object: the first is its name in reports."""
    a = one.attributes
    profile = a.get("profile")
    inner = profile if isinstance(profile, Mapping) else {}
    keys = ("userPrincipalName", "mail") if one.kind == "user" else ("displayName",)
    inner_keys = ("login", "email") if one.kind == "user" else ("name",)
    found = [*(a.get(key) for key in keys), *(inner.get(key) for key in inner_keys)]
    return [text for text in found if isinstance(text, str) and text] or [one.id]


def _object(kind: Kind, row: Any) -> MirrorObject:
    enabled = bool(row.enabled) if kind == "user" else True
    return MirrorObject(kind=kind, id=row.id, state=row.state, enabled=enabled, attributes=row.attributes or {})


def _assignment(row: Any) -> Assignment:
    return Assignment(
        id=row.id,
        principal_id=row.principal_id,
        principal_kind=row.principal_kind,
        role=row.role,
        through=row.through,
        attributes=row.attributes or {},
    )
