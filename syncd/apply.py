"""Carrying a plan out: stage after stage, each row durable before its request leaves and closed when the answer is in.

Inside a stage a bounded window is in flight (window.py). What an answer leaves open is settled by looking, never by
sending again blindly.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from connectors import Target
from connectors.errors import TargetError, Unauthorized, Unreachable
from state.engine import parts
from state.journal import Closing, Row, is_mark
from state.log import LogEntry
from state.pending import Wait
from state.store import Store
from syncd.clock import Clock
from syncd.core.change import NEW, Action, Change, Link, Outcome, Status
from syncd.core.model import Json, Kind
from syncd.draft import Draft
from syncd.failures import again, failed
from syncd.job import Job
from syncd.log_entry import change_facts, log_entry
from syncd.member_names import named
from syncd.observe.logs import Event, log
from syncd.progress import UNWATCHED, Progress
from syncd.real_ids import RealIds
from syncd.settle import Settler
from syncd.unsent import close_left, close_unsent
from syncd.window import TOGETHER, Sent, Window

#: a target that is made of several machines shows on all of them after so long what it has done
SHOWN_WITHIN = timedelta(minutes=1)
GIVE_UP_AFTER = 10  #: refusals of the credentials, or no answers, in a row
#: of Outcomes without a status: those of others say what is wrong with the object
_NO_ANSWER = frozenset({"Timeout", "WebExceptionProtocolError"})
_KINDS: tuple[Kind, ...] = ("user", "group")
_STAGES = tuple((action, kind) for action in Action for kind in _KINDS)
_LINKS_ANEW = (Action.CREATE, Action.ADOPT)
#: rows that may stand for something to remember alone
_MAY_BE_RIGHT = (Action.ADOPT, Action.REFERENCE, Action.DEACTIVATE, Action.ADD_MEMBERS)
_GROUPS_ONLY = (Action.ADD_MEMBERS, Action.REMOVE_MEMBERS)


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
        on_demand: bool = False,
        progress: Progress = UNWATCHED,
    ) -> None:
        self._progress, self._work = progress, f"{job.name}: applying"
        self.on_demand = on_demand  # it has claimed its object instead of the job's lease
        self.job, self.store, self.target, self.draft, self.clock = job, store, target, draft, clock
        self.stopping = stopping
        self.settler = Settler(job, store, target)
        self._ids = RealIds(job, store, clock)
        self.result = Applied()
        self._refused = 0
        self._log = log.bind(job=draft.job, cycle=draft.id)

    async def run(self) -> Applied:
        """Every planned row of the plan, in order. Raises TakenOver when another process has taken the job."""
        await asyncio.to_thread(close_unsent, self.store, self.draft, now=self.clock.now())
        if self._progress.watched:
            tally = self.store.journal.tally(self.draft.id)
            self._progress.begin(self._work, sum(n for (_, _, status), n in tally.items() if status == "planned"))
        for action, kind in _STAGES:
            if self._over():
                break
            rows = self.store.journal.rows(self.draft.id, action=action, kind=kind, statuses=("planned",))
            window = Window(mark=self._mark, send=self._send, close=self._close_all)
            await window.run(parts(rows, TOGETHER), over=self._over)
        self.result.left = self.store.journal.put_off(self.draft.id, self.job.name, now=self.clock.now())
        self._progress.end(self._work)
        return self.result

    async def settle_unfinished(self) -> None:
        """Close what a killed process or a failed look left open: what was sent is looked up, the rest planned anew."""
        journal, job = self.store.journal, self.job.name
        for plan in journal.unfinished(job, now=self.clock.now()):
            rows = list(journal.rows(plan, statuses=("sent",)))
            links = self._links(rows)
            old = journal.superseded(job, rows)
            ready, lost = self._ids.resolve([row for row in rows if row.key not in old])
            for row in ready:
                if self.settler.unanswered == GIVE_UP_AFTER:  # nobody answers today: it stays open
                    break
                text = (row.error or {}).get("message", "its process was killed")
                killed = Outcome(status="maybe", target_id=row.change.target_id, message=text)
                late = row.changed_at is None or self.clock.now() - row.changed_at >= SHOWN_WITHIN
                outcome = await self.settler.settle(row.change, killed, late=late)
                self._log.info(Event.CHANGE_SETTLED, status=outcome.status, **change_facts(self.draft, row.change))
                failed_ = outcome.status not in ("done", "gone")
                link = links.get((row.change.kind, row.change.source_id))
                closing = self._not_done(row, outcome, link) if failed_ else self._close(row, outcome, link)
                if outcome.status == "maybe":
                    closing = replace(closing, status="sent", error=row.error or {"code": "Unsettled", "message": text})
                journal.close(plan, job, [replace(closing, waits=self._looks(row.change))], now=self.clock.now())
            left = [*lost, *(row for row in rows if row.key in old)]
            journal.close(plan, job, [self._not_done(row) for row in left], now=self.clock.now())
            close_left(self.store, replace(self.draft, id=plan), now=self.clock.now())
            journal.put_off(plan, job, now=self.clock.now())
            journal.finish(plan, job, status="abandoned")

    def _looks(self, change: Change) -> list[Wait]:
        """After a look-up: at the object, which may have changed in a way that was no change to what was known to be
        written; and at the groups of a user who, by that, is there."""
        whom: list[tuple[Kind, str]] = [(change.kind, change.source_id)]
        if change.kind == "user" and change.action in (*_LINKS_ANEW, Action.REACTIVATE):
            inside = self.store.mirror.groups_of(self.job.source, [change.source_id], nested=True)
            whom += [("group", id_) for id_ in sorted(inside[change.source_id])]
        return [again(kind, id_, now=self.clock.now()) for kind, id_ in whom]

    def _not_done(self, row: Row, outcome: Outcome | None = None, link: Link | None = None) -> Closing:
        """To be looked at again; what an outcome says was written is remembered, or it could never be taken back."""
        change = row.change
        closing = Closing(row=row, status="skipped", waits=[again(change.kind, change.source_id, now=self.clock.now())])
        return closing if outcome is None else replace(self._partly(closing, outcome, link), target=self.job.target)

    def _over(self) -> bool:
        self.result.stopped = self.stopping.is_set()
        return self.result.stopped or self.result.error is not None

    async def _mark(self, rows: Sequence[Row]) -> list[Sent]:
        """Make the intents durable. What cannot be sent is closed: it is looked at again."""
        now = self.clock.now()
        job, journal = self.job.name, self.store.journal
        links = self._links(rows)
        ready, waiting = self._ids.resolve(rows)
        self.result.again = self.result.again or self._ids.again
        if self.target.member_names:
            ready = [replace(row, change=named(self.store, self.job, row.change)) for row in ready]
        owner = {"claimed_by" if self.on_demand else "leased_by": self.store.leases.owner}
        free = await asyncio.to_thread(journal.mark_sent, self.draft.id, job, ready, now=now, **owner)
        closings: list[Closing] = []
        for row in [*(row for row in ready if row.key not in free), *waiting]:
            self._log.info(Event.CHANGE_PUT_OFF, **change_facts(self.draft, row.change))
            if (row.change.target_id or "").startswith(NEW):
                # Its own creation did not come about, and that is remembered: once more now would only fail again.
                closings.append(Closing(row=row, status="skipped"))
                continue
            self.result.again = True
            closings.append(self._not_done(row))
        if closings:
            await asyncio.to_thread(journal.close, self.draft.id, job, closings, now=now)
        return [
            Sent(row=row, link=links.get((row.change.kind, row.change.source_id))) for row in ready if row.key in free
        ]

    async def _close_all(self, answered: Sequence[tuple[Sent, Outcome]]) -> None:
        outcomes = self._one_owner_each([sent.row for sent, _ in answered], [outcome for _, outcome in answered])
        pairs = zip(answered, outcomes, strict=True)
        closings = [self._close(sent.row, outcome, sent.link) for (sent, _), outcome in pairs]
        await asyncio.to_thread(self.store.journal.close, self.draft.id, self.job.name, closings, now=self.clock.now())
        self._progress.advance(self._work, len(closings))

    def _links(self, rows: Sequence[Row]) -> dict[tuple[Kind, str], Link]:
        found: dict[tuple[Kind, str], Link] = {}
        for kind in ("user", "group"):
            ids = [row.change.source_id for row in rows if row.change.kind == kind]
            if ids:
                found |= {(kind, id_): link for id_, link in self.store.links.of(self.job.name, kind, ids).items()}
        return found

    # --- sending ----------------------------------------------------------------------------------------------------

    async def _send(self, sent: Sent) -> Outcome:
        change = sent.row.change
        wrote = sent.link.wrote if sent.link else {}
        if change.action in _MAY_BE_RIGHT and not change.edited:
            return Outcome(status="done", target_id=change.target_id)
        outcome = await self.target.send(change, wrote)
        if outcome.status == "done" and change.action is Action.ADD_MEMBERS and change.source_id in self.draft.mended:
            return await self.settler.shown(change, outcome)
        if outcome.status == "maybe" or (outcome.status == "failed" and outcome.http_status == 409):
            outcome = await self.settler.settle(change, outcome)
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
                if row.change.kind == kind and row.change.action in _LINKS_ANEW and outcome.status == "done"
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

    # --- closing ----------------------------------------------------------------------------------------------------

    def _close(self, row: Row, outcome: Outcome, link: Link | None) -> Closing:
        change, now = row.change, self.clock.now()
        facts = change_facts(self.draft, change)
        if outcome.status == "done":
            self._log.info(Event.CHANGE_DONE, **facts)
            entry = None if change.only_remembers else self._entry(change, "success", outcome, "done")
            return replace(self._done(row, outcome, link), entry=entry, done_with=("failed",), target=self.job.target)
        if outcome.status == "gone":
            self._log.warning(Event.CHANGE_PUT_OFF, reason="InvalidAnchor", **facts)
            self.result.again = True
            vanished = {"code": "InvalidAnchor", "message": f"{change.target_id} is gone at the target; matched again"}
            wait = again(change.kind, change.source_id, now=self.clock.now())
            entry = self._entry(change, "warning", outcome, "put off", vanished)
            return Closing(row=row, status="skipped", error=vanished, unlink=True, waits=[wait], entry=entry)
        before = self.store.pending.of(self.job.name, "failed", [(change.kind, change.source_id)])
        error: dict[str, Json] = {
            "code": outcome.code or "Failed",
            "http_status": outcome.http_status,
            "message": outcome.message,
            "remedy": outcome.remedy or None,
        }
        wait = failed(
            change.kind,
            change.source_id,
            error,
            now=now,
            before=before[0] if before else None,
            permanent=outcome.permanent,
        )
        error = {**error, "next_try": wait.due_at.isoformat()}
        self._log.warning(Event.CHANGE_FAILED, code=error["code"], http_status=outcome.http_status, **facts)
        # What nobody could look up stays sent: the next cycle looks, and a person who left by then is not forgotten.
        status: Status = "sent" if outcome.status == "maybe" else "failed"
        closing = Closing(row=row, status=status, error=error, waits=[wait], target=self.job.target)
        entry = self._entry(change, "failure", outcome, outcome.message, error)
        return replace(self._partly(closing, outcome, link), entry=entry)

    def _done(self, row: Row, outcome: Outcome, link: Link | None) -> Closing:
        change, mark = row.change, self.store.journal.conceal
        closing = Closing(row=row, status="done")
        match change.action:
            case Action.DELETE:
                return replace(closing, unlink=True)
            case Action.ADD_MEMBERS:
                owners = self.store.links.holders(self.job.target, "user", change.after["members"])
                written = {owner.source_id: id_ for id_, owner in owners.items() if owner.job == self.job.name}
                return replace(closing, members_in=written)
            case Action.REMOVE_MEMBERS:
                return replace(closing, members_out=self._source_ids(change, change.before["members"]))
            case _:
                # Of an account that replaces one which is gone, nothing of the old one's is written yet.
                wrote = dict(link.wrote) if link and change.action not in _LINKS_ANEW else {}
                for path, value in change.after.items():
                    if value is None or path in outcome.keeps:
                        wrote.pop(path, None)
                    else:
                        wrote[path] = mark(value) if path in change.redacted and not is_mark(value) else value
                target_id = outcome.target_id or change.target_id or ""
                if change.kind == "group" and change.action in _LINKS_ANEW:
                    closing = replace(
                        closing, members_out=list(self.store.links.members(self.job.name, change.source_id))
                    )
                return replace(closing, link=self._link(change, target_id, wrote, link))

    def _link(self, change: Change, target_id: str, wrote: dict[str, Json], link: Link | None) -> Link:
        return Link(
            job=self.job.name,
            kind=change.kind,
            source_id=change.source_id,
            target_id=target_id,
            active=wrote.get("active") is not False,
            wrote=wrote,
            out_since=(link.out_since if link and link.out_since else self.clock.now()) if change.out else None,
        )

    def _source_ids(self, change: Change, target_ids: Sequence[str]) -> list[str]:
        gone = set(target_ids)
        known = self.store.links.members(self.job.name, change.source_id)
        return [source_id for source_id, target_id in known.items() if target_id in gone]

    def _entry(self, change: Change, status: str, outcome: Outcome, said: str, error: Json = None) -> LogEntry:
        requests = f"{outcome.requests} requests" if outcome.requests != 1 else "1 request"
        return log_entry(
            self.draft,
            replace(change, target_id=outcome.target_id or change.target_id),
            status,
            f"{said} ({requests})",
            now=self.clock.now(),
            error=error,
            # Of an account just made nobody asks: what it keeps its own way shows when that is to be repaired.
            observed=None if change.action is Action.CREATE else outcome.observed,
        )

    def _partly(self, closing: Closing, outcome: Outcome, link: Link | None) -> Closing:
        """What a failed change wrote before it failed is remembered: it is there."""
        change = closing.row.change
        if not outcome.written:
            return closing
        match change.action:
            case Action.ADD_MEMBERS:
                owners = self.store.links.holders(self.job.target, "user", outcome.written)
                return replace(
                    closing, members_in={o.source_id: i for i, o in owners.items() if o.job == self.job.name}
                )
            case Action.REMOVE_MEMBERS:
                return replace(closing, members_out=self._source_ids(change, outcome.written))
            case Action.CREATE if outcome.target_id:
                wrote = {path: change.after[path] for path in outcome.written if change.after.get(path) is not None}
                return replace(closing, link=self._link(change, outcome.target_id, wrote, None))
            case _ if link is not None:
                wrote = {**link.wrote, **{path: change.after[path] for path in outcome.written if path in change.after}}
                wrote = {path: value for path, value in wrote.items() if value is not None}
                return replace(closing, link=replace(link, wrote=wrote, active=wrote.get("active") is not False))
            case _:
                return closing
