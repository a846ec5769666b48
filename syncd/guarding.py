"""The guard at work on a plan: rows over a limit, and not approved, are held in the journal; the rest goes on."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from state.journal import Row
from state.pending import Wait
from state.store import Store
from syncd.core.change import Action
from syncd.core.guard import emptied_held, removals_held, seats_held
from syncd.core.model import Kind
from syncd.draft import Draft
from syncd.job import Job
from syncd.observe.logs import Event, log

REMOVALS = (Action.DEACTIVATE, Action.DELETE)
_NEEDS_SEAT = (Action.CREATE, Action.ADOPT, Action.REACTIVATE)


class Guarding:
    """Guards one plan of one job."""

    def __init__(self, job: Job, store: Store, draft: Draft, *, now: datetime) -> None:
        self.job, self.store, self.draft, self.now = job, store, draft, now

    def after(self, kind: Kind) -> None:
        """Hold what is over a limit and not approved; the rest goes on."""
        journal, draft, job = self.store.journal, self.draft, self.job
        tally = journal.tally(draft.id)
        removals = sum(
            n for (action, k, status), n in tally.items() if k == kind and action in REMOVALS and status == "planned"
        )
        if removals:
            active = self.store.links.count(job.name).get((kind, True), 0)
            limit, earlier = job.guards.deletions.tripped(removals, active), 0
            if limit is None and (window := job.guards.deletions.window) is not None:
                earlier = self.store.log.removed(job.name, kind, since=self.now - window)
                active += earlier
                limit = job.guards.deletions.tripped(removals + earlier, active)
            if limit is not None:
                sentence = removals_held(kind, removals, active, limit, earlier=earlier)
                self._hold([row for action in REMOVALS for row in self._planned(kind, action)], sentence)
        if kind == "user" and job.guards.max_active_users is not None:
            self._seats(job.guards.max_active_users)

    def emptied_groups(self, groups: Collection[str]) -> None:
        """Hold the removals that would leave a group without a member."""
        if groups:
            rows = [row for row in self._planned("group", Action.REMOVE_MEMBERS) if row.change.source_id in groups]
            self._hold(rows, emptied_held(len(groups)))

    def _planned(self, kind: Kind, action: Action) -> list[Row]:
        return list(self.store.journal.rows(self.draft.id, action=action, kind=kind, statuses=("planned",), shown=True))

    def _hold(self, rows: Sequence[Row], sentence: str) -> None:
        journal, draft = self.store.journal, self.draft
        approved = journal.approved(self.job.name, now=self.now)
        held = [row for row in rows if row.key not in approved]
        journal.hold(draft.id, [row.key for row in held], sentence)
        for row in held:
            self.look_again(row.change.kind, row.change.source_id)
        if held:
            log.warning(Event.GUARD_HELD, job=self.job.name, held=len(held), sentence=sentence)
        freed = [row.key for row in rows if row.key in approved]
        draft.freed += freed
        if freed:
            log.info(Event.APPROVAL_USED, job=self.job.name, freed=len(freed))

    def _seats(self, seats: int) -> None:
        tally = self.store.journal.tally(self.draft.id)
        coming = sum(
            n for (action, k, s), n in tally.items() if k == "user" and action in _NEEDS_SEAT and s == "planned"
        )
        active = self.store.links.count(self.job.name).get(("user", True), 0)
        over = active + coming - seats
        if over > 0:
            # Deactivations come last, so their seats are free only in the next cycle.
            keep = max(0, seats - active)
            rows = [row for action in _NEEDS_SEAT for row in self._planned("user", action)]
            self._hold(rows[keep:], seats_held(over, active, seats))
        after = min(active + coming, max(seats, active)) - self._leaving()
        self.draft.seats = f"{after:,} active after this run, of {seats:,} seats"

    def _leaving(self) -> int:
        """Active accounts that this plan takes away."""
        rows = [row for action in REMOVALS for row in self._planned("user", action)]
        links = self.store.links.places(self.job.name, "user", [row.change.source_id for row in rows])
        return sum(link.active for link in links.values())

    def look_again(self, kind: Kind, source_id: str) -> None:
        """The object of a held row is looked at in every cycle until it is no longer held."""
        self.draft.waits.append(Wait(kind=kind, source_id=source_id, reason="held", since=self.now, due_at=self.now))
