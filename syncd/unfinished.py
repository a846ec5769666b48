"""What earlier plans left open: rows whose request left, and of which nobody knows whether it was carried out.

Their process was killed, or the look-up failed that should have told; a target may also show late what it has done. They
are looked up, cycle after cycle, until that is known: the person may have left the scope meanwhile, and would keep an account
that has no link.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

from connectors import Target
from state.journal import Closing, Row
from state.pending import Wait
from state.store import Store
from syncd.clock import Clock
from syncd.closings import LINKS_ANEW, Closings
from syncd.core.change import Action, Change, Link, Outcome
from syncd.core.model import Kind
from syncd.draft import Draft
from syncd.failures import again
from syncd.job import Job
from syncd.log_entry import change_facts
from syncd.observe.logs import Event, log
from syncd.real_ids import RealIds
from syncd.settle import Settler
from syncd.unsent import close_left

#: a target that is made of several machines shows on all of them after so long what it has done
SHOWN_WITHIN = timedelta(minutes=1)
GIVE_UP_AFTER = 10  #: looks in a row that failed


class Unfinished:
    """The open rows of one job, settled before a plan is made. `draft`: of that plan, for the log."""

    def __init__(self, job: Job, store: Store, target: Target, draft: Draft, clock: Clock) -> None:
        self.job, self.store, self.draft, self.clock = job, store, draft, clock
        self._settler = Settler(job, store, target)
        self._closings = Closings(job, store, draft, clock)
        self._ids = RealIds(job, store, clock)

    async def settle(self) -> None:
        """Look up what was sent; what was not is planned anew."""
        journal, job = self.store.journal, self.job.name
        for plan in journal.unfinished(job, now=self.clock.now()):
            rows = list(journal.rows(plan, statuses=("sent",)))
            links = self._closings.links(rows)
            old = journal.superseded(job, rows)
            ready, lost = self._ids.resolve([row for row in rows if row.key not in old])
            for row in ready:
                if self._settler.unanswered == GIVE_UP_AFTER:  # nobody answers today: it stays open
                    break
                journal.close(plan, job, [await self._looked_up(row, links)], now=self.clock.now())
            left = [*lost, *(row for row in rows if row.key in old)]
            journal.close(plan, job, [self._closings.not_done(row) for row in left], now=self.clock.now())
            close_left(self.store, replace(self.draft, id=plan), now=self.clock.now())
            journal.put_off(plan, job, now=self.clock.now())
            journal.finish(plan, job, status="abandoned")

    async def _looked_up(self, row: Row, links: Mapping[tuple[Kind, str], Link]) -> Closing:
        change, link = row.change, links.get((row.change.kind, row.change.source_id))
        text = (row.error or {}).get("message", "its process was killed")
        late = row.changed_at is None or self.clock.now() - row.changed_at >= SHOWN_WITHIN
        unknown = Outcome(status="maybe", target_id=change.target_id, message=text)
        outcome = await self._settler.settle(change, unknown, late=late)
        log.info(
            Event.CHANGE_SETTLED,
            job=self.draft.job,
            cycle=self.draft.id,
            status=outcome.status,
            **change_facts(self.draft, change),
        )
        if outcome.status in ("done", "gone"):
            closing = self._closings.of(row, outcome, link)
        else:
            closing = self._closings.not_done(row, outcome, link)
        if outcome.status == "maybe":
            closing = replace(closing, status="sent", error=row.error or {"code": "Unsettled", "message": text})
        return replace(closing, waits=self._looks(change))

    def _looks(self, change: Change) -> list[Wait]:
        """After a look-up: at the object, which may have changed in a way that was no change to what was known to be
        written; and at the groups of a user who, by that, is there."""
        whom: list[tuple[Kind, str]] = [(change.kind, change.source_id)]
        if change.kind == "user" and change.action in (*LINKS_ANEW, Action.REACTIVATE):
            inside = self.store.mirror.groups_of(self.job.source, [change.source_id], nested=True)
            whom += [("group", id_) for id_ in sorted(inside[change.source_id])]
        return [again(kind, id_, now=self.clock.now()) for kind, id_ in whom]
