"""What is remembered of a change once its outcome is known: its row's end, link, memberships, log entry, and what waits."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import get_args

from state.journal import Closing, Row, is_mark
from state.log import LogEntry
from state.store import Store
from syncd.clock import Clock
from syncd.core.change import Action, Change, Link, Outcome, Status
from syncd.core.model import Json, Kind
from syncd.draft import Draft
from syncd.failures import again, failed
from syncd.job import Job
from syncd.log_entry import change_facts, log_entry
from syncd.observe.logs import Event, log

#: a link that these make is a new one, whatever an older one said
LINKS_ANEW = (Action.CREATE, Action.ADOPT)


def put_off(why: str) -> Json:
    """The reason of a row that is not sent, for a report."""
    return {"code": "PutOff", "message": f"{why}: it is looked at again"}


class Closings:
    """How the rows of one plan end."""

    def __init__(self, job: Job, store: Store, draft: Draft, clock: Clock) -> None:
        self.job, self.store, self.draft, self.clock = job, store, draft, clock
        self._log = log.bind(job=draft.job, cycle=draft.id)
        self._failed: set[tuple[Kind, str]] = set()  # objects of which a row has failed

    def links(self, rows: Sequence[Row]) -> dict[tuple[Kind, str], Link]:
        """The links of the rows' objects as they are now."""
        found: dict[tuple[Kind, str], Link] = {}
        for kind in get_args(Kind):
            ids = [row.change.source_id for row in rows if row.change.kind == kind]
            if ids:
                found |= {(kind, id_): link for id_, link in self.store.links.of(self.job.name, kind, ids).items()}
        return found

    def write(self, plan: str, closings: Sequence[Closing]) -> None:
        """Make them durable, and only then say how the rows ended. Raises Owned; then nothing was written."""
        self.store.journal.close(plan, self.job.name, closings, now=self.clock.now())
        for one in closings:
            self._tell(one)

    def _tell(self, closing: Closing) -> None:
        facts, error = change_facts(self.draft, closing.row.change), closing.error or {}
        if closing.status == "done":
            self._log.info(Event.CHANGE_DONE, **facts)
        elif closing.unlink:
            self._log.warning(Event.CHANGE_PUT_OFF, reason=error["code"], **facts)
        elif closing.status == "skipped":
            self._log.info(Event.CHANGE_PUT_OFF, **facts)
        elif closing.entry is not None:  # what stays open is told once
            self._log.warning(Event.CHANGE_FAILED, code=error["code"], http_status=error["http_status"], **facts)

    def of(self, row: Row, outcome: Outcome, link: Link | None) -> Closing:
        """The end of a row whose outcome is known; `link`: as it was when the row was sent."""
        change, now = row.change, self.clock.now()
        if outcome.status == "done":
            entry = None if change.only_remembers else self._entry(change, "success", outcome, "done")
            # A member that came does not mean that the group's new name, a row of this plan or none of it, is there.
            key = (change.kind, change.source_id)
            over = () if key in self._failed or key in self.draft.partly else ("failed",)
            # Whatever failed of it may have been this, so it is looked at again.
            fails = key in self.draft.partly and self.store.pending.of(self.job.name, "failed", [key])
            closing = replace(self._done(row, outcome, link), waits=[again(*key, now=now)] if fails else [])
            return replace(closing, entry=entry, done_with=over, target=self.job.target)
        if outcome.status == "again":
            return replace(self.not_done(row), error=put_off("the target has what this was not planned for"))
        if outcome.status == "gone":
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
        self._failed.add((change.kind, change.source_id))
        error = {**error, "next_try": wait.due_at.isoformat()}
        # What nobody could look up stays sent: the next cycle looks, and a person who left by then is not forgotten.
        status: Status = "sent" if outcome.status == "maybe" else "failed"
        closing = Closing(row=row, status=status, error=error, waits=[wait], target=self.job.target)
        entry = self._entry(change, "failure", outcome, outcome.message, error)
        return replace(self._partly(closing, outcome, link), entry=entry)

    def not_done(self, row: Row, outcome: Outcome | None = None, link: Link | None = None) -> Closing:
        """To be looked at again; what an outcome says was written is remembered, or it could never be taken back."""
        change = row.change
        closing = Closing(row=row, status="skipped", waits=[again(change.kind, change.source_id, now=self.clock.now())])
        return closing if outcome is None else replace(self._partly(closing, outcome, link), target=self.job.target)

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
                return replace(closing, members_out=self.source_ids(change, change.before["members"]))
            case _:
                # Of an account that replaces one which is gone, nothing of the old one's is written yet.
                wrote = dict(link.wrote) if link and change.action not in LINKS_ANEW else {}
                for path, value in change.after.items():
                    if value is None or path in outcome.keeps:
                        wrote.pop(path, None)
                    else:
                        wrote[path] = mark(value) if path in change.redacted and not is_mark(value) else value
                target_id = outcome.target_id or change.target_id or ""
                passed = (change.kind, change.source_id) in self.draft.handed  # with the members that its job wrote
                if change.kind == "group" and change.action in LINKS_ANEW and not passed:
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

    def source_ids(self, change: Change, target_ids: Iterable[str]) -> list[str]:
        """Of these accounts those that count as written to the group of the change, by source id."""
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
                return replace(closing, members_out=self.source_ids(change, outcome.written))
            case Action.CREATE if outcome.target_id:
                wrote = {path: change.after[path] for path in outcome.written if change.after.get(path) is not None}
                return replace(closing, link=self._link(change, outcome.target_id, wrote, None))
            case _ if link is not None:
                wrote = {**link.wrote, **{path: change.after[path] for path in outcome.written if path in change.after}}
                wrote = {path: value for path, value in wrote.items() if value is not None}
                return replace(closing, link=replace(link, wrote=wrote, active=wrote.get("active") is not False))
            case _:
                return closing
