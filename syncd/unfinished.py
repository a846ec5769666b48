"""What earlier plans left open: rows whose request left, and of which nobody knows whether it was carried out.

Their process was killed, or the look-up failed that should have told; a target may also show late what it has done. They
are looked up, cycle after cycle, until that is known: the person may have left the scope meanwhile, and would keep an account
that has no link.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from connectors import Target
from state.errors import Owned
from state.in_hand import KILLED
from state.journal import Closing, Row, is_mark
from state.pending import Wait
from state.store import Store
from syncd.clock import Clock
from syncd.closings import LINKS_ANEW, Closings
from syncd.core.change import Action, Change, Link, Outcome
from syncd.core.model import Json, Kind
from syncd.draft import Draft
from syncd.evaluate import Evaluated
from syncd.failures import again, failed
from syncd.job import Job
from syncd.log_entry import change_facts
from syncd.observe.logs import Event, log
from syncd.real_ids import RealIds
from syncd.settle import Settler
from syncd.unsent import close_left

#: a target that is made of several machines shows on all of them after so long what it has done
SHOWN_WITHIN = timedelta(minutes=1)
#: members whom nobody could look up for so long are added again: a group that cannot be read would never get them
LOOKED_FOR = timedelta(days=1)
GIVE_UP_AFTER = 10  #: looks in a row that failed
#: of an object whose link has moved since, these may have left values that nothing else knows of
_LEAVES_VALUES = (Action.ADOPT, Action.REACTIVATE, Action.UPDATE, Action.REFERENCE, Action.DEACTIVATE)


class Unfinished:
    """The open rows of one job, settled before a plan is made. `draft`: of that plan, for the log."""

    def __init__(
        self,
        job: Job,
        store: Store,
        target: Target,
        draft: Draft,
        clock: Clock,
        *,
        stopping: asyncio.Event,
        others: Callable[[], Iterable[Job]],
    ) -> None:
        self.job, self.store, self.draft, self.clock, self.stopping = job, store, draft, clock, stopping
        self._settler = Settler(job, store, target, clock, others)
        self._closings = Closings(job, store, draft, clock)
        self._ids = RealIds(job, store, clock)

    async def settle(self) -> None:
        """Look up what was sent; what was not is planned anew."""
        journal, job = self.store.journal, self.job.name
        self.store.leases.release_dead(job)
        plans = journal.unfinished(job, now=self.clock.now())
        rows: list[tuple[str, Row]] = []
        for plan in plans:
            ready, lost = self._ids.resolve(list(journal.rows(plan, statuses=("sent",))))
            rows += [(plan, row) for row in ready]
            self._close(plan, [self._closings.not_done(row) for row in lost])
        await self._look_up(self._once_each(rows))
        for plan in plans:
            close_left(self.store, replace(self.draft, id=plan), now=self.clock.now())
            journal.put_off(plan, job, now=self.clock.now())
            journal.finish(plan, job, status="abandoned")

    def _once_each(self, rows: Sequence[tuple[str, Row]]) -> list[tuple[str, Row]]:
        """What was sent again by a later plan is looked up as that plan's row alone. Those that nobody could look up go
        last, the oldest look first: else a few of them would hide all others for ever."""
        newest = {row.key: plan for plan, row in rows}
        for plan, row in rows:
            if newest[row.key] != plan:
                self._close(plan, [Closing(row=row, status="skipped")])
        return sorted(
            ((plan, row) for plan, row in rows if newest[row.key] == plan),
            key=lambda each: str((each[1].error or {}).get("looked_at", "")),
        )

    async def _look_up(self, rows: Sequence[tuple[str, Row]]) -> None:
        for plan, row in rows:
            if self._settler.unanswered == GIVE_UP_AFTER or self.stopping.is_set():  # it stays open
                break
            link = self._closings.links([row]).get((row.change.kind, row.change.source_id))
            made = link is None and row.change.action in LINKS_ANEW  # whatever link there was when it was planned
            if made or not self.store.journal.superseded(self.job.name, [row]):
                closing = await self._looked_up(row, link)
            elif link is None or link.target_id != row.change.target_id or row.change.action not in _LEAVES_VALUES:
                closing = self._closings.not_done(row)
            else:
                closing = await self._overtaken(row, link)
            self._close(plan, [closing])

    def _close(self, plan: str, closings: Sequence[Closing]) -> None:
        try:
            self._closings.write(plan, closings)
        except Owned:  # linked by another process since the look
            self._closings.write(plan, [self._closings.not_done(one.row) for one in closings])

    async def _looked_up(self, row: Row, link: Link | None) -> Closing:
        outcome = await self._ask(row)
        if outcome.status == "maybe":
            return self._still_open(row, outcome, link)
        adopts = row.change.action is Action.ADOPT and row.change.kind == "group" and link is None
        if outcome.status == "done" and adopts:  # what its plan would have remembered of its members is lost
            closing = self._closings.not_done(row)
        elif outcome.status in ("done", "gone"):
            closing = self._closings.of(row, outcome, link)
        else:
            closing = self._closings.not_done(row, outcome, link)
            absent = self._absent(row.change, outcome)
            closing = replace(closing, members_out=[*closing.members_out, *absent])
        untouched = outcome.status == "failed" and not outcome.written
        return replace(closing, waits=self._next_looks(row) if untouched else self._looks(row.change))

    def _absent(self, change: Change, outcome: Outcome) -> list[str]:
        """Source ids of those who were to be added, are seen not to be there, and count as written all the same: a removal
        of them was taken for undone before. They would count as taken out by hand."""
        if change.action is not Action.ADD_MEMBERS or outcome.status != "failed" or outcome.permanent:
            return []
        return self._closings.source_ids(change, set(change.after["members"]) - set(outcome.written))

    async def _overtaken(self, row: Row, link: Link) -> Closing:
        """Something else was written to the account since. What it shows of this row is there, and its link would not
        know: a value, or an access, that was taken back at the source meanwhile."""
        outcome = await self._ask(row)
        if outcome.status == "maybe":
            return self._still_open(row, outcome, link)
        if outcome.status == "gone":
            return self._closings.of(row, outcome, link)
        if outcome.status == "done":
            outcome = replace(outcome, written=tuple(row.change.edited))
        return self._closings.not_done(row, outcome, link)

    async def _ask(self, row: Row) -> Outcome:
        age = None if row.changed_at is None else abs(self.clock.now() - row.changed_at)  # clocks are set back, too
        told = _told(row)
        unknown = Outcome(
            status="maybe",
            target_id=row.change.target_id,
            http_status=told.get("http_status"),
            message=told["message"],
        )
        outcome = await self._settler.settle(row.change, unknown, late=age is None or age >= SHOWN_WITHIN)
        facts = change_facts(self.draft, row.change)
        log.info(Event.CHANGE_SETTLED, job=self.draft.job, cycle=self.draft.id, status=outcome.status, **facts)
        return outcome

    def _still_open(self, row: Row, outcome: Outcome, link: Link | None) -> Closing:
        """Nothing was seen so soon, and the object is planned anew; or nobody could look: that is a failure of the
        object, told once, and tried again like any."""
        change, now = row.change, self.clock.now()
        if not self._settler.unanswered:
            return Closing(row=row, status="sent", error=_told(row), waits=self._next_looks(row))
        if row.error is None:
            closing = self._closings.of(row, outcome, link)
            return replace(closing, error={**closing.error, "looked_at": now.isoformat()})
        if self._added_since(row):
            return Closing(row=row, status="skipped")
        key = (change.kind, change.source_id)
        waits: list[Wait] = []
        if not self.store.pending.of(self.job.name, "failed", [key]):
            waits.append(failed(*key, row.error, now=now, before=None))
        return Closing(row=row, status="sent", error={**row.error, "looked_at": now.isoformat()}, waits=waits)

    def _added_since(self, row: Row) -> bool:
        """Whether members whom nobody could look up were added again: then their row tells nothing any more."""
        old = row.changed_at is not None and self.clock.now() - row.changed_at >= LOOKED_FOR
        if row.change.action is not Action.ADD_MEMBERS or not old:
            return False
        written = self.store.links.members(self.job.name, row.change.source_id)
        return set(row.change.after["members"]) <= set(written.values())

    def _next_looks(self, row: Row) -> list[Wait]:
        """After a look-up that showed nothing: at once, unless that was a failure, and not the first one of its object. Then
        its next try is the one that was told, or what a target never does would be sent to it in every cycle."""
        change = row.change
        told = self.store.pending.of(self.job.name, "failed", [(change.kind, change.source_id)])
        put_off = any(wait.attempts > 1 and wait.due_at > self.clock.now() for wait in told)
        return [] if put_off and "next_try" in (row.error or {}) else self._looks(change)

    def _looks(self, change: Change) -> list[Wait]:
        """After a look-up: at the object, which may have changed in a way that was no change to what was known to be
        written; and at the groups of a user who, by that, is there."""
        whom: list[tuple[Kind, str]] = [(change.kind, change.source_id)]
        if change.kind == "user" and change.action in (*LINKS_ANEW, Action.REACTIVATE):
            inside = self.store.mirror.groups_of(self.job.source, [change.source_id], nested=True)
            whom += [("group", id_) for id_ in sorted(inside[change.source_id])]
        return [again(kind, id_, now=self.clock.now()) for kind, id_ in whom]


def _told(row: Row) -> dict[str, Json]:
    """What was said of the row when it was left open."""
    return row.error or {"code": KILLED, "message": "its process was killed"}


def made_otherwise(
    job: Job, draft: Draft, one: Evaluated, sent: Mapping[str, Json] | None, *, now: datetime
) -> Wait | None:
    """What an object waits for that may have an account which is not found by what it is called now: `sent` is what left
    to create it, if nobody knows yet whether that was carried out."""
    if sent is None:
        return None
    values = one.desired.values if one.desired is not None else {}
    match = job.kinds[one.object.kind].mapping.match
    if all(is_mark(sent.get(path)) or sent.get(path) == values.get(path) for path in match):
        return None
    draft.warn(
        "Unsettled", f"{one.name} may have been created by another name: it waits for a look-up of that", one.name
    )
    return again(one.object.kind, one.object.id, now=now)
