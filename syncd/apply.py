"""Carrying a plan out: stage after stage, each row durable before its request leaves and closed when the answer is in.

Inside a stage a bounded window is in flight (window.py). What an answer leaves open is settled by looking, never by
sending again blindly.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from connectors import Target
from connectors.errors import TargetError, Unauthorized, Unreachable
from state.engine import parts
from state.errors import Owned
from state.journal import Closing, Row
from state.store import Store
from syncd.clock import Clock
from syncd.closings import LINKS_ANEW, Closings, put_off
from syncd.core.change import NEW, Action, Link, Outcome
from syncd.core.model import Kind
from syncd.draft import Draft
from syncd.job import Job
from syncd.member_names import named
from syncd.progress import UNWATCHED, Progress
from syncd.real_ids import RealIds
from syncd.settle import Settler
from syncd.under_way import twins
from syncd.unsent import close_unsent
from syncd.window import TOGETHER, Sent, Window

GIVE_UP_AFTER = 10  #: refusals of the credentials, or no answers, in a row
#: of Outcomes without a status: those of others say what is wrong with the object
_NO_ANSWER = frozenset({"Timeout", "WebExceptionProtocolError"})
_KINDS: tuple[Kind, ...] = ("user", "group")
_STAGES = tuple((action, kind) for action in Action for kind in _KINDS)
#: rows that may stand for something to remember alone
_MAY_BE_RIGHT = (Action.ADOPT, Action.REFERENCE, Action.DEACTIVATE, Action.ADD_MEMBERS)
#: rows of an object that is linked by then
_FOLLOWS = (Action.ADD_MEMBERS, Action.REMOVE_MEMBERS, Action.REFERENCE)
#: why a row is not sent
_NOT_THERE = {"code": "PutOff", "message": "its own creation or adoption did not come about"}
_NOBODY = put_off("whom it names did not come about")
_OLD = put_off("others are at work on it, or it has changed since it was planned")


@dataclass(kw_only=True, slots=True)
class Applied:
    """What came of carrying a plan out."""

    stopped: bool = False  #: told to stop before the end: the rest waits for the next cycle
    left: int = 0  #: rows of that rest
    error: TargetError | None = None  #: the target as a whole failed
    again: bool = False  #: some rows were planned on something that has changed since


class Applier:
    """Carries out one plan of one job."""

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
        on_demand: bool = False,
        progress: Progress = UNWATCHED,
    ) -> None:
        self._progress, self._work = progress, f"{job.name}: applying"
        self.on_demand = on_demand  # it has claimed its object instead of the job's lease
        self.job, self.store, self.target, self.draft, self.clock = job, store, target, draft, clock
        self.stopping = stopping
        self._settler, self._others = Settler(job, store, target, clock, others), others
        self._closings = Closings(job, store, draft, clock)
        self._ids = RealIds(job, store, clock)
        self.result = Applied()
        self._refused = 0

    async def run(self) -> Applied:
        """Every planned row of the plan, in order. Raises TakenOver when another process has taken the job."""
        await asyncio.to_thread(close_unsent, self.store, self.draft, now=self.clock.now())
        tally = await asyncio.to_thread(self.store.journal.tally, self.draft.id)
        planned = {(action, kind): n for (action, kind, status), n in tally.items() if status == "planned"}
        self._progress.begin(self._work, sum(planned.values()))
        for action, kind in (stage for stage in _STAGES if stage in planned):
            if self._over():
                break
            rows = self.store.journal.rows(
                self.draft.id, action=action, kind=kind, statuses=("planned",), size=2 * TOGETHER
            )
            window = Window(mark=self._mark, send=self._send, close=self._close_all)
            await window.run(parts(rows, TOGETHER), over=self._over)
        self.result.left = self.store.journal.put_off(self.draft.id, self.job.name, now=self.clock.now())
        self._progress.end(self._work)
        return self.result

    def _over(self) -> bool:
        self.result.stopped = self.stopping.is_set()
        return self.result.stopped or self.result.error is not None

    async def _mark(self, rows: Sequence[Row]) -> list[Sent]:
        """Make the intents durable. What cannot be sent is closed: it is looked at again."""
        return await asyncio.to_thread(self._marked, rows)

    def _marked(self, rows: Sequence[Row]) -> list[Sent]:
        now = self.clock.now()
        job, journal = self.job.name, self.store.journal
        links = self._closings.links(rows)
        ready, waiting = self._ids.resolve(rows)
        self.result.again = self.result.again or self._ids.again
        if self.target.member_names:
            ready = [replace(row, change=named(self.store, self.job, row.change)) for row in ready]
        owner = {"target": self.job.target, "claimed_by" if self.on_demand else "leased_by": self.store.leases.owner}
        handed = {row.key: link for row in ready if (link := self._handed(row)) is not None}
        others = [other.name for other in self._others()]
        free = journal.mark_sent(self.draft.id, job, ready, now=now, handed=handed, others=others, **owner)
        late = self._late([row for row in ready if row.key in free]) if others else set()
        free -= late
        closings, ends = list[Closing](), {row.key for row in waiting}
        for row in [*(row for row in ready if row.key not in free), *waiting]:
            lost = row.change.action in _FOLLOWS and (row.change.kind, row.change.source_id) not in links
            if lost or (row.change.target_id or "").startswith(NEW):
                # Its own creation or adoption did not come about, and that is remembered: once more would only fail again.
                closings.append(Closing(row=row, status="skipped", error=_NOT_THERE))
                continue
            self.result.again = True
            closings.append(replace(self._closings.not_done(row), error=_NOBODY if row.key in ends else _OLD))
        if closings:
            self._closings.write(self.draft.id, closings)
        return [
            Sent(row=row, link=links.get((row.change.kind, row.change.source_id))) for row in ready if row.key in free
        ]

    def _late(self, marked: Sequence[Row]) -> set[str]:
        """Of rows that are marked as sent: whose group another job has made meanwhile, or whose members have passed to one.
        From their marks on none of that can happen any more."""
        return twins(self._others, self.store, self.job, self.draft.id, marked) | self._ids.passed(marked)

    def _handed(self, row: Row) -> Link | None:
        """The link of another job that this row takes over."""
        change = row.change
        return self.draft.handed.get((change.kind, change.source_id)) if change.action is Action.ADOPT else None

    async def _close_all(self, answered: Sequence[tuple[Sent, Outcome]]) -> None:
        closed = await asyncio.to_thread(self._closed, answered)
        self._progress.advance(self._work, closed)

    def _closed(self, answered: Sequence[tuple[Sent, Outcome]]) -> int:
        for left in reversed(range(len(answered) + 1)):
            closings = self._judged(answered)
            try:
                self._closings.write(self.draft.id, closings)
                break
            except Owned:  # one of these accounts at least has got its owner since we looked
                if not left:
                    raise
        return len(closings)

    def _judged(self, answered: Sequence[tuple[Sent, Outcome]]) -> list[Closing]:
        outcomes = self._one_owner_each([sent.row for sent, _ in answered], [outcome for _, outcome in answered])
        pairs = zip(answered, outcomes, strict=True)
        self.result.again = self.result.again or any(outcome.status in ("gone", "again") for outcome in outcomes)
        closings = [self._closings.of(sent.row, outcome, sent.link) for (sent, _), outcome in pairs]
        return closings + self._remembered([one.row.change.source_id for one in closings if _adopted_group(one)])

    def _remembered(self, groups: Sequence[str]) -> list[Closing]:
        """The members that these groups had: in one transaction with their links, or they would count as never added."""
        if not groups:
            return []
        rows = self.store.journal.rows(
            self.draft.id, action=Action.ADD_MEMBERS, kind="group", statuses=("planned",), of=groups
        )
        had = [row for row in rows if row.change.only_remembers]
        return [self._closings.of(row, Outcome(status="done", target_id=row.change.target_id), None) for row in had]

    # --- sending ----------------------------------------------------------------------------------------------------

    async def _send(self, sent: Sent) -> Outcome:
        change = sent.row.change
        wrote = sent.link.wrote if sent.link else {}
        if change.action in _MAY_BE_RIGHT and not change.edited:
            return Outcome(status="done", target_id=change.target_id)
        outcome = await self.target.send(change, wrote)
        if outcome.status == "done" and change.action is Action.ADD_MEMBERS and change.source_id in self.draft.mended:
            return await self._settler.shown(change, outcome)
        if outcome.status == "maybe" or (outcome.status == "failed" and outcome.http_status == 409):
            outcome = await self._settler.settle(change, outcome)
        self._count_refusals(outcome)
        return outcome

    def _count_refusals(self, outcome: Outcome) -> None:
        """The target as a whole may be gone: then going on would only fail everybody."""
        nobody = outcome.status in ("failed", "maybe") and outcome.http_status is None and outcome.code in _NO_ANSWER
        refused = outcome.http_status == 401
        self._refused = self._refused + 1 if nobody or refused else 0
        if refused or self._refused >= GIVE_UP_AFTER:
            kind = Unauthorized if refused else Unreachable
            self.result.error = kind(target=self.job.target, detail=outcome.message)

    def _one_owner_each(self, rows: Sequence[Row], outcomes: Sequence[Outcome]) -> list[Outcome]:
        """An id that the target gives out a second time stays whose it is: there the other row has failed."""
        judged = list(outcomes)
        for kind in _KINDS:
            new = {
                number: outcome.target_id
                for number, (row, outcome) in enumerate(zip(rows, outcomes, strict=True))
                if row.change.kind == kind and row.change.action in LINKS_ANEW and outcome.status == "done"
                if outcome.target_id
            }
            owners = self.store.links.holders(self.job.target, kind, new.values()) if new else {}
            taken = {id_: (link.job, link.source_id) for id_, link in owners.items()}
            for number, target_id in new.items():
                me = (self.job.name, rows[number].change.source_id)
                owner = taken.setdefault(target_id, me)
                if owner != me:
                    text = f"the target answered with {target_id}, which belongs to job {owner[0]} as {owner[1]}"
                    judged[number] = replace(
                        outcomes[number], status="failed", code="Conflict", message=text, permanent=True
                    )
        return judged


def _adopted_group(closing: Closing) -> bool:
    change = closing.row.change
    return closing.link is not None and change.kind == "group" and change.action is Action.ADOPT
