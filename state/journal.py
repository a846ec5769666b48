"""Plans and their rows: the journal. A row is durable before its request is sent, and closed when the answer is in.

A plan is `making` while rows come in, `ready` once it has its checksum (`dry` for a dry run), `applying` from the moment
in which, in the same transaction, its job takes over the plan's sequence number, and `done` at the end. What a killed
process leaves `applying` is settled by the next one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import orjson
import sqlalchemy as sa

from state.closing import close_rows
from state.engine import insert, parts, reading
from state.handover import hand_over
from state.jobs import update_job
from state.leases import keep_lease, lock_job
from state.links import drop_links_to
from state.moved_links import moved, taken
from state.overtaken import overtaken
from state.pending import Wait, clear_looked_at, put_waits
from state.planned import PlannedRows
from state.row import Closing, Planned, Row, change_data, change_key, is_mark, row_of, stored_data, unsent_error
from state.tables import changes, claims, pending, plans, worklist
from syncd.core.change import Action, Change, Link, Status
from syncd.core.model import Json, Kind

__all__ = ["Closing", "Journal", "Planned", "Row", "change_data", "change_key", "is_mark"]

KEEP_PLANS = timedelta(days=30)
_BOTH: tuple[Kind, ...] = ("user", "group")
#: a dry run with the same result as one so much older stands in for it
SAME_AGAIN = timedelta(hours=1)
#: made once: building a statement costs more than carrying it out
_MARK_SENT = (
    changes.update()
    .where(
        changes.c.plan == sa.bindparam("of_plan"),
        changes.c.key.in_(sa.bindparam("keys", expanding=True)),
        changes.c.status == "planned",
    )
    .values(status="sent", changed_at=sa.bindparam("at"))
    .returning(changes.c.key)
)
#: what the checksum is made of, and the place in the order
_SEALED = (
    *(changes.c.stage, changes.c.key, changes.c.action, changes.c.kind, changes.c.source_id, changes.c.target_id),
    *(changes.c.before, changes.c.after),
)


class Journal(PlannedRows):
    """Owner of the tables plans and changes."""

    def __init__(self, engine: sa.Engine) -> None:
        super().__init__(engine)
        #: values that must not rest in the DB, by row key and side; they live as long as this process
        self._vault: dict[tuple[str, str, str], dict[str, Json]] = {}
        #: stands for a redacted value in the DB: equal values have equal marks
        self.conceal: Callable[[Json], Json] = lambda value: {"redacted": True}

    # --- making a plan ----------------------------------------------------------------------------------------------

    def begin(self, plan: str, job: str, *, seq: int | None, config: str, now: datetime) -> None:
        """A new plan. `seq`: the mirror's number up to which it looks; None: on demand, the job's own stays."""
        with self._engine.begin() as c:
            old = sa.select(plans.c.id).where(plans.c.job == job, plans.c.created_at < now - KEEP_PLANS)
            # A dry run that was killed, and what is older than anybody looks at, goes.
            stale = sa.or_(
                plans.c.status.in_(["done", "dry", "abandoned", "ready"]) & plans.c.id.in_(old),
                (plans.c.status == "making") & (plans.c.created_at < now - timedelta(days=1)),
            )
            _drop_plans(c, list(c.scalars(sa.select(plans.c.id).where(plans.c.job == job, stale))))
            _move_before(c, job, now)
            values = {"job": job, "status": "making", "seq": seq, "config": config, "created_at": now}
            c.execute(plans.insert().values(id=plan, **values))

    def add(self, plan: str, rows: Iterable[Planned]) -> None:
        """Write rows of a plan that is being made."""
        for part in parts(rows, 500):
            values = [self._values(plan, row) for row in part]
            with self._engine.begin() as c:
                c.execute(changes.insert(), values)

    def _values(self, plan: str, row: Planned) -> dict[str, Json]:
        change = row.change
        before, after = self._shown(change.before, change), self._shown(change.after, change)
        key = change_key(replace(change, before=before, after=after))
        if change.redacted:
            for side, values in (("before", change.before), ("after", change.after)):
                self._vault[plan, key, side] = {p: values[p] for p in change.redacted if p in values}
        status = "held" if change.held else "skipped" if change.skipped else "failed" if change.failed else "planned"
        return {
            "plan": plan,
            "key": key,
            "stage": change.stage,
            "action": int(change.action),
            "kind": change.kind,
            "source_id": change.source_id,
            "target_id": change.target_id,
            "name": change.name,
            "before": before,
            "after": after,
            "why": change.why,
            "held": change.held,
            "guarded": False,
            "skipped": change.skipped,
            "out": change.out,
            "redacted": sorted(change.redacted) or None,
            "rev": row.rev,
            "requests": row.requests,
            "status": status,
            "error": unsent_error(change),
        }

    def _shown(self, values: Mapping[str, Json], change: Change) -> dict[str, Json]:
        return {
            path: self.conceal(value) if path in change.redacted and value is not None else value
            for path, value in values.items()
        }

    def hold(self, plan: str, keys: Iterable[str], sentence: str) -> None:
        """Rows of a plan that is being made wait for an approval."""
        with self._engine.begin() as c:
            for part in parts(keys):
                where = (changes.c.plan == plan) & changes.c.key.in_(part) & (changes.c.status == "planned")
                c.execute(changes.update().where(where).values(status="held", held=sentence, guarded=True))

    def seal(self, plan: str, *, dry: bool) -> str:
        """No more rows: compute the checksum over what the rows would do, in their order. No clock is in it."""
        sum_ = hashlib.sha256()
        of_plan = changes.c.plan == plan
        for row in self._stored(_SEALED, of_plan):
            sum_.update(orjson.dumps(stored_data(row), option=orjson.OPT_SORT_KEYS) + b"\n")
        checksum = f"sha256:{sum_.hexdigest()}"
        with self._engine.begin() as c:
            where = plans.c.id == plan
            c.execute(plans.update().where(where).values(status="dry" if dry else "ready", checksum=checksum))
            if dry:
                self._forget(plan)
                c.execute(worklist.delete().where(worklist.c.plan == plan))
                mine = c.execute(sa.select(plans.c.job, plans.c.created_at).where(where)).one()
                same = (plans.c.job == mine.job) & (plans.c.status == "dry") & (plans.c.checksum == checksum)
                older = same & (plans.c.created_at < mine.created_at - SAME_AGAIN)
                _drop_plans(c, list(c.scalars(sa.select(plans.c.id).where(older))))
        return checksum

    def _forget(self, plan: str) -> None:
        """Nothing more of this plan is sent, so its redacted values are no longer needed."""
        for key in [key for key in self._vault if key[0] == plan]:
            del self._vault[key]

    # --- carrying it out --------------------------------------------------------------------------------------------

    def take_over(
        self, plan: str, job: str, *, waits: Iterable[Wait], forget: Iterable[Link] = (), **memory: object
    ) -> None:
        """The plan begins and its job takes over the sequence number: one transaction, so nothing falls in between.

        `waits`: what this plan puts off. Everything that waited and was looked at waits no longer, unless it is here;
        failures are remembered until their object's row is closed. `forget`: links whose objects are gone at the target.
        """
        with self._engine.begin() as c:
            row = c.execute(sa.select(plans.c.seq, plans.c.config).where(plans.c.id == plan)).one()
            if row.seq is not None:
                update_job(c, job, seq=row.seq, config=row.config, **memory)
            clear_looked_at(c, plan, job, on_demand=row.seq is None)
            put_waits(c, job, waits)
            for kind in _BOTH:
                drop_links_to(c, job, kind, {link.source_id: link.target_id for link in forget if link.kind == kind})
            c.execute(plans.update().where(plans.c.id == plan).values(status="applying"))

    def rows(
        self,
        plan: str,
        *,
        action: Action | None = None,
        kind: Kind | None = None,
        statuses: Sequence[Status] = (),
        of: Collection[str] | None = None,
        shown: bool = False,
        size: int = 500,
    ) -> Iterator[Row]:
        """Rows in the plan's order; `of`: of these source ids, some hundreds at most. `shown`, for reports: redacted values
        stay marks, and a request of which nobody knows whether it was carried out has failed. Else they are real where
        known."""
        where = changes.c.plan == plan
        if action is not None:  # by stage, which the index is in the order of
            where &= changes.c.stage.in_([action.stage(one) for one in ((kind,) if kind else _BOTH)])
        elif kind is not None:
            where &= changes.c.kind == kind
        if statuses:
            where &= changes.c.status.in_(list(statuses))
        if of is not None:
            where &= changes.c.source_id.in_(list(of))
        return (self._row(row, shown=shown) for row in self._stored(tuple(changes.c), where, size=size))

    def _stored(
        self, columns: Sequence[sa.Column[Any]], where: sa.ColumnElement[bool], *, size: int = 500
    ) -> Iterator[Any]:
        """Rows as they are stored, in the plan's order."""
        order = (changes.c.stage, changes.c.source_id, changes.c.key)
        last: tuple[Any, ...] | None = None
        while True:
            query = sa.select(*columns).where(where)
            if last is not None:
                query = query.where(sa.tuple_(*order) > sa.tuple_(*last))
            with reading(self._engine) as c:
                found = c.execute(query.order_by(*order).limit(size)).all()
            if not found:
                return
            end = found[-1]
            last = (end.stage, end.source_id, end.key)
            yield from found

    def _row(self, row: Any, *, shown: bool) -> Row:
        before, after = row.before or {}, row.after or {}
        if shown:
            told = row_of(row, before, after)
            return replace(told, status="failed") if told.status == "sent" and told.error else told
        if row.redacted:
            before = {**before, **self._vault.get((row.plan, row.key, "before"), {})}
            after = {**after, **self._vault.get((row.plan, row.key, "after"), {})}
        return row_of(row, before, after)

    def mark_sent(
        self,
        plan: str,
        job: str,
        rows: Sequence[Row],
        *,
        now: datetime,
        handed: Mapping[str, Link] | None = None,
        target: str = "",
        others: Collection[str] = (),
        claimed_by: str = "",
        leased_by: str = "",
    ) -> set[str]:
        """Make the intents durable; returns the keys that may be sent.

        The lease of `leased_by` is extended in the same transaction. Raises TakenOver where it has passed to others.
        Left out, as the plan is old and the caller looks again: what on-demand work other than `claimed_by` has in hand,
        what was planned on a link that has moved since, adoptions of accounts of `target` that other jobs have linked
        since or `others` are adopting, and members of a group to which others have sent some since.
        `handed`: links of other jobs that pass to this one with these rows, by their keys, unless their jobs are at it.
        """
        with self._engine.begin() as c:
            if leased_by:
                keep_lease(c, job, leased_by, now=now)
            else:
                lock_job(c, job)
            theirs = (claims.c.job == job) & (claims.c.until > now) & (claims.c.owner != claimed_by)
            claimed = {
                (kind, id_) for kind, id_ in c.execute(sa.select(claims.c.kind, claims.c.source_id).where(theirs))
            }
            free = {row.key for row in rows if (row.change.kind, row.change.source_id) not in claimed}
            for kind in dict.fromkeys(row.change.kind for row in rows):
                free -= moved(c, job, kind, [row for row in rows if row.change.kind == kind])
            free -= overtaken(c, plan, rows)
            for row in rows:
                if row.key in free and (link := (handed or {}).get(row.key)) is not None:
                    free -= set() if hand_over(c, link, job=job, source_id=row.change.source_id, now=now) else {row.key}
            free -= taken(c, job, target, [row for row in rows if row.key in free], others=others, now=now)
            marked: set[str] = set()
            for part in parts(free):
                marked.update(c.scalars(_MARK_SENT, {"of_plan": plan, "keys": part, "at": now}))
        return marked

    def close(self, plan: str, job: str, closings: Sequence[Closing], *, now: datetime) -> None:
        """Write how rows ended, with their links, memberships, log entries and what still waits: one transaction.

        Raises Owned, and nothing is written, where an account that is to be linked is somebody else's by now.
        """
        with self._engine.begin() as c:
            close_rows(c, plan, job, closings, now=now)
        for one in closings:
            self._vault.pop((plan, one.row.key, "before"), None)
            self._vault.pop((plan, one.row.key, "after"), None)

    def finish(
        self, plan: str, job: str, *, waits: Iterable[Wait] = (), status: str = "done", **memory: object
    ) -> None:
        """The plan is over; its job remembers how it went. A plan with rows that are still sent is kept, unsettled."""
        self._forget(plan)
        with self._engine.begin() as c:
            put_waits(c, job, waits)
            if memory:
                update_job(c, job, **memory)
            if c.execute(sa.select(changes.c.key).where(changes.c.plan == plan, changes.c.status == "sent")).first():
                status = "unsettled"
            c.execute(plans.update().where(plans.c.id == plan).values(status=status))

    def put_off(self, plan: str, job: str, *, now: datetime) -> int:
        """What was planned and not begun waits for the next plan. Returns how many rows."""
        where = (changes.c.plan == plan) & (changes.c.status == "planned")
        columns = ["job", "kind", "source_id", "reason", "attempts", "since", "due_at"]
        when = sa.literal(now, pending.c.since.type)
        again = (sa.literal(job), changes.c.kind, changes.c.source_id, sa.literal("again"), sa.literal(0), when, when)
        with self._engine.begin() as c:
            waits = sa.select(*again).where(where).distinct()
            c.execute(insert(c, pending).from_select(columns, waits).on_conflict_do_nothing())
            return c.execute(changes.update().where(where).values(status="skipped", changed_at=now)).rowcount

    def superseded(self, job: str, rows: Sequence[Row]) -> set[str]:
        """Keys of rows whose object's link has moved since they were planned: somebody has dealt with it."""
        found: set[str] = set()
        with reading(self._engine) as c:
            for kind in _BOTH:
                found |= moved(c, job, kind, [row for row in rows if row.change.kind == kind])
        return found

    def unfinished(self, job: str, *, now: datetime) -> list[str]:
        """Plans that were begun and not ended, as their process was killed, and those with rows of which nobody knows
        whether they were carried out. On-demand work that still holds its claim is under way."""
        same = (claims.c.kind == changes.c.kind) & (claims.c.source_id == changes.c.source_id)
        claimed = sa.exists().where(changes.c.plan == plans.c.id, claims.c.job == job, same, claims.c.until > now)
        open_ = plans.c.status.in_(["applying", "unsettled"])
        mine = (plans.c.job == job) & open_ & sa.or_(plans.c.seq.is_not(None), ~claimed)
        with reading(self._engine) as c:
            return list(c.scalars(sa.select(plans.c.id).where(mine).order_by(plans.c.created_at, plans.c.id)))


def _move_before(c: sa.Connection, job: str, now: datetime) -> None:
    """Plans of a clock that was put back since get times just before this one, in their order. An older plan must not be
    the newest, as what a newer one holds could not be approved; and none may be too young to go for years."""
    ahead = sa.select(plans.c.id).where(plans.c.job == job, plans.c.created_at >= now)
    ids = list(c.scalars(ahead.order_by(plans.c.created_at.desc(), plans.c.id.desc())))
    if ids:
        moved_to = [{"of_id": id_, "at": now - timedelta(microseconds=n)} for n, id_ in enumerate(ids, 1)]
        c.execute(
            plans.update().where(plans.c.id == sa.bindparam("of_id")).values(created_at=sa.bindparam("at")), moved_to
        )
    for part in parts(ids):  # else all later plans would wait for what has ended long ago
        ended = changes.c.plan.in_(part), changes.c.status.in_(["done", "failed"]), changes.c.changed_at > now
        c.execute(changes.update().where(*ended).values(changed_at=now))


def _drop_plans(c: sa.Connection, ids: Sequence[str]) -> None:
    for part in parts(ids):
        for table in (changes, worklist):
            c.execute(table.delete().where(table.c.plan.in_(part)))
        c.execute(plans.delete().where(plans.c.id.in_(part)))
