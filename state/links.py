"""Links: which source object is which target object, which job owns it, and what was last written to it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

import sqlalchemy as sa

from state.engine import insert, parts, put, reading
from state.errors import Owned
from state.tables import link_members, links
from syncd.core.change import Link
from syncd.core.model import Kind

#: made once: apply asks for a few hundred links many times a second
_BY_SOURCE = (
    links.c.job == sa.bindparam("of_job"),
    links.c.kind == sa.bindparam("of_kind"),
    links.c.source_id.in_(sa.bindparam("ids", expanding=True)),
)
_BY_TARGET = (
    links.c.target == sa.bindparam("of_target"),
    links.c.kind == sa.bindparam("of_kind"),
    links.c.target_id.in_(sa.bindparam("ids", expanding=True)),
)
_OF, _OWNERS = sa.select(links).where(*_BY_SOURCE), sa.select(links).where(*_BY_TARGET)
_PLACE = (links.c.job, links.c.source_id, links.c.target_id, links.c.active)
_PLACES = sa.select(*_PLACE).where(*_BY_SOURCE)
_HOLDERS = sa.select(*_PLACE).where(*_BY_TARGET)
_MEMBERS = sa.select(link_members.c.member_id, link_members.c.target_id).where(
    link_members.c.job == sa.bindparam("of_job"), link_members.c.group_id == sa.bindparam("of_group")
)


class Place(NamedTuple):
    """Who is who, without what was written: what a link weighs is its values."""

    job: str
    source_id: str
    target_id: str
    active: bool


class Links:
    """Owner of the tables links and link_members."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine

    def of(self, job: str, kind: Kind, source_ids: Iterable[str]) -> dict[str, Link]:
        """Links by source id."""
        rows = self._found(_OF, source_ids, of_job=job, of_kind=kind)
        return {row.source_id: as_link(row) for row in rows}

    def owners(self, target: str, kind: Kind, target_ids: Iterable[str]) -> dict[str, Link]:
        """Links of any job by target id."""
        rows = self._found(_OWNERS, target_ids, of_target=target, of_kind=kind)
        return {row.target_id: as_link(row) for row in rows}

    def places(self, job: str, kind: Kind, source_ids: Iterable[str]) -> dict[str, Place]:
        """Where these objects are, by source id."""
        rows = self._found(_PLACES, source_ids, of_job=job, of_kind=kind)
        return {place.source_id: place for place in map(Place._make, rows)}

    def holders(self, target: str, kind: Kind, target_ids: Iterable[str]) -> dict[str, Place]:
        """Whose these objects are, of any job, by target id."""
        rows = self._found(_HOLDERS, target_ids, of_target=target, of_kind=kind)
        return {place.target_id: place for place in map(Place._make, rows)}

    def _found(self, statement: sa.Select[Any], ids: Iterable[str], **of: str) -> Iterator[Any]:
        """The rows of one of the statements above, for as many ids as there are."""
        for part in parts(ids):
            with reading(self._engine) as c:
                yield from c.execute(statement, {**of, "ids": part}).all()

    def count(self, job: str) -> dict[tuple[Kind, bool], int]:
        """How many links: {("user", True): active ones, …}."""
        with reading(self._engine) as c:
            rows = c.execute(
                sa.select(links.c.kind, links.c.active, sa.func.count())
                .where(links.c.job == job)
                .group_by(links.c.kind, links.c.active)
            )
            return {(kind, bool(active)): count for kind, active, count in rows}

    def members(self, job: str, group_id: str) -> dict[str, str]:
        """Members that were written to a group: {source id: target id}."""
        with reading(self._engine) as c:
            return dict(c.execute(_MEMBERS, {"of_job": job, "of_group": group_id}).all())

    def member_counts(self, job: str, group_ids: Iterable[str]) -> dict[str, int]:
        """How many members were written to each of these groups; a group without any is left out."""
        found: dict[str, int] = {}
        for part in parts(group_ids):
            where = (link_members.c.job == job) & link_members.c.group_id.in_(part)
            counts = sa.select(link_members.c.group_id, sa.func.count()).where(where).group_by(link_members.c.group_id)
            with reading(self._engine) as c:
                found |= dict(c.execute(counts).all())
        return found

    def groups_with(self, job: str, member_ids: Iterable[str]) -> set[str]:
        """Source ids of the groups to which one of these members was written."""
        found: set[str] = set()
        for part in parts(member_ids):
            with reading(self._engine) as c:
                where = (link_members.c.job == job) & link_members.c.member_id.in_(part)
                found.update(c.scalars(sa.select(link_members.c.group_id).where(where).distinct()))
        return found

    def forget(self, job: str) -> int:
        """Drop all links of a job; everything is matched anew. Returns how many."""
        with self._engine.begin() as c:
            c.execute(link_members.delete().where(link_members.c.job == job))
            return c.execute(links.delete().where(links.c.job == job)).rowcount


def put_links(c: sa.Connection, written: Iterable[tuple[str, Link]]) -> None:
    """Write links inside the journal's transaction, each with its target. An id there has one owner: the unique index
    says so. Raises Owned where that is somebody else by now."""
    rows = [
        {
            "job": link.job,
            "kind": link.kind,
            "source_id": link.source_id,
            "target": target,
            "target_id": link.target_id,
            "active": link.active,
            "wrote": dict(link.wrote),
            "out_since": link.out_since,
            "rev": link.rev,
        }
        for target, link in sorted(written, key=_in_order)
    ]
    if not rows:
        return
    new = insert(c, links)
    changed = {name: new.excluded[name] for name in ("target", "target_id", "active", "wrote", "out_since")}
    key = ["job", "kind", "source_id"]
    written_over = new.on_conflict_do_update(index_elements=key, set_={**changed, "rev": links.c.rev + 1})
    try:
        c.execute(written_over, rows)
    except sa.exc.IntegrityError as error:
        raise Owned(job=str(rows[0]["job"])) from error


def _in_order(written: tuple[str, Link]) -> tuple[str, str, str]:
    """One order for all: two processes that link the same accounts would else wait for each other."""
    target, link = written
    return target, link.kind, link.target_id


def drop_links(c: sa.Connection, job: str, kind: Kind, source_ids: Iterable[str]) -> None:
    """Forget links, and with them the memberships that were written for them."""
    side = link_members.c.group_id if kind == "group" else link_members.c.member_id
    for part in parts(source_ids):
        c.execute(link_members.delete().where(link_members.c.job == job, side.in_(part)))
        c.execute(links.delete().where(links.c.job == job, links.c.kind == kind, links.c.source_id.in_(part)))


def drop_links_to(c: sa.Connection, job: str, kind: Kind, places: Mapping[str, str]) -> None:
    """The same of {source id: target id}, unless a link leads to another object by now: on demand, or made anew."""
    for part in parts(places):
        found = c.execute(_PLACES, {"of_job": job, "of_kind": kind, "ids": part}).all()
        drop_links(c, job, kind, [place.source_id for place in found if place.target_id == places[place.source_id]])


def put_members(c: sa.Connection, job: str, written: Iterable[tuple[str, Mapping[str, str]]]) -> None:
    """Remember members as written: of a group, by source id, {member's source id: target id}."""
    rows = [
        {"job": job, "group_id": group_id, "member_id": member_id, "target_id": target_id}
        for group_id, members in written
        for member_id, target_id in members.items()
    ]
    put(c, link_members, rows)


def drop_members(c: sa.Connection, job: str, group_id: str, member_ids: Iterable[str]) -> None:
    """Remember members as no longer there, by source id."""
    for part in parts(member_ids):
        where = (link_members.c.job == job) & (link_members.c.group_id == group_id)
        c.execute(link_members.delete().where(where, link_members.c.member_id.in_(part)))


def as_link(row: Any) -> Link:
    return Link(
        job=row.job,
        kind=row.kind,
        source_id=row.source_id,
        target_id=row.target_id,
        active=bool(row.active),
        wrote=row.wrote or {},
        out_since=row.out_since,
        rev=row.rev,
    )
