"""Working out a job's plan: what to look at, who is in scope, what is wished, what differs, what the guard holds.

Everything that is read comes from the state DB and, for matching, from the target; every row goes into the journal as
soon as it is known. Nothing is written at the target, and the job's sequence number stays until apply takes the plan
over: so a dry run is this, printed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from connectors import Target
from state.journal import Planned
from state.pending import Wait
from state.store import Store
from syncd.core.change import Action, Change, Link, Observed
from syncd.core.diff import Situation, diff
from syncd.core.model import Json, Kind
from syncd.core.scope import Scope
from syncd.draft import Draft
from syncd.evaluate import Evaluated, Evaluator
from syncd.guarding import Guarding
from syncd.job import Job
from syncd.member_rows import MemberRows
from syncd.observe.logs import Event, log
from syncd.owners import Owners, leaves, taken_over
from syncd.precedence import Claims
from syncd.references import reference_change
from syncd.target_view import TargetView, references_of
from syncd.unfinished import made_otherwise
from syncd.unique import UniqueValues

_REMOVALS = (Action.DEACTIVATE, Action.DELETE)
#: these rows may stand for something to remember alone, with nothing to send
_MAY_BE_EMPTY = (Action.ADOPT, Action.UPDATE, Action.ADD_MEMBERS, Action.REFERENCE, Action.DEACTIVATE)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Seen:
    """What the target, and the links of all jobs, say about a batch of objects."""

    matches: Mapping[str, list[Observed]]  #: by source id
    owners: Mapping[str, Link]  #: by target id
    gone: set[str]  #: source ids whose linked object is not there any more
    observed: Mapping[str, Observed]  #: by source id
    claims: Mapping[str, str]  #: by source id: which other job goes first
    sent: Mapping[str, Mapping[str, Json]]  #: by source id: an earlier creation that nobody knows the end of


def _woken_first(row: Mapping[str, Json]) -> bool:
    """Sorts the accounts that we deactivated and somebody woke before any other drift."""
    return not (row["attribute"] == "active" and row["wrote"] is False and row["seen"] is True)


class Reconciler:
    """Makes one plan of one job."""

    def __init__(
        self,
        job: Job,
        store: Store,
        target: Target,
        draft: Draft,
        *,
        now: datetime,
        previews: bool = False,
        rivals: Iterable[Job] = (),
        others: Callable[[], Iterable[Job]] = tuple,
    ) -> None:
        self.job, self.store, self.target, self.draft, self.now = job, store, target, draft, now
        self._previews = previews  # whether the rows also say which requests they will become
        self.evaluator = Evaluator(job, store, now=now)
        store.journal.conceal = self.evaluator.mark
        self._claims = Claims(job, rivals, store, now=now)
        self._owners = Owners(job, others, store, now=now)
        self._guard = Guarding(job, store, draft, now=now)
        self._view = TargetView(job, store, target, draft)
        self._unique: dict[Kind, UniqueValues] = {}
        self._found: dict[str, dict[str, Json]] = {}  # references of the accounts that this plan adopts, by source id
        self._members = MemberRows(job, store, target, draft, now=now, taken=self._owners.taken)

    async def plan(self, *, failed_now: bool = False, dry: bool = False) -> Draft:
        """The plan of a whole cycle: everything for `initial` and `full`, else what changed since the last one."""
        draft, job, store = self.draft, self.job, self.store
        seq = await asyncio.to_thread(store.mirror.seq, job.source)
        memory = store.jobs.get(job.name)
        store.journal.begin(draft.id, job.name, seq=seq, config=job.digest, now=self.now)
        everything = draft.cycle != "incremental" or memory.config != job.digest or job.uses_clock
        await asyncio.to_thread(self._fill, 0 if everything else memory.seq, everything=everything, failed=failed_now)
        if dry:  # else what was left open is settled by now
            await asyncio.to_thread(store.worklist.unfinished, draft.id, job.name)
        return await self._make(dry=dry)

    async def plan_for(self, kind: Kind, ids: Iterable[str], *, dry: bool) -> Draft:
        """The plan for some objects, on demand: their own changes and, for users, their memberships."""
        draft, job, store = self.draft, self.job, self.store
        store.journal.begin(draft.id, job.name, seq=None, config=job.digest, now=self.now)
        store.worklist.add(draft.id, kind, ids)
        return await self._make(dry=dry, members_of=set(ids) if kind == "user" else None)

    def _fill(self, since: int, *, everything: bool, failed: bool) -> None:
        worklist, draft, job = self.store.worklist, self.draft, self.job
        for kind, rules in job.kinds.items():
            every = rules.scope.scope == "all" or not rules.scope.select_needs_assignment
            worklist.changed(draft.id, job.name, job.source, kind, since, every=every)
        if everything:
            worklist.linked(draft.id, job.name)
        worklist.due(draft.id, job.name, now=self.now, failed_now=failed)

    async def _make(self, *, dry: bool, members_of: set[str] | None = None) -> Draft:
        try:
            await self._look(members_of, dry=dry)
        finally:
            self._view.close()
        draft = self.draft
        draft.drift.sort(key=_woken_first)
        draft.checksum = await asyncio.to_thread(self.store.journal.seal, draft.id, dry=dry)
        log.info(Event.PLAN_MADE, job=self.job.name, plan=draft.id, checksum=draft.checksum, right=draft.right)
        return draft

    async def _look(self, members_of: set[str] | None, *, dry: bool) -> None:
        draft, store, job = self.draft, self.store, self.job
        await self._objects("user")
        self._guard.after("user")
        await self._references()
        if "group" in job.kinds:
            if members_of is None:
                await asyncio.to_thread(store.worklist.groups_of_moved_users, draft.id, job.source)
                await self._objects("group")
                self._guard.after("group")
            else:  # one user on demand joins and leaves the groups that are there; it makes none
                inside = store.mirror.groups_of(job.source, members_of, nested=True)
                there = {id_ for ids in inside.values() for id_ in ids} | store.links.groups_with(job.name, members_of)
                draft.partly |= {("group", id_) for id_ in there}
                store.worklist.add(draft.id, "group", there)
            await self._memberships(members_of, dry=dry)
            self._guard.emptied_groups(self._members.emptied)

    def _add(self, rows: Iterable[tuple[Change, Link | None]]) -> None:
        """Into the journal, with the revision of the link that each row was worked out from."""
        self.store.journal.add(
            self.draft.id,
            [
                Planned(
                    change=change,
                    rev=link.rev if link else None,
                    requests=self._requests(change, link) if self._previews else None,
                )
                for change, link in rows
            ],
        )

    def _requests(self, change: Change, link: Link | None) -> list[Json]:
        if change.failed or change.skipped or (change.action in _MAY_BE_EMPTY and not change.edited):
            return []
        shown = replace(
            change,
            after={p: "[Redact]" if p in change.redacted and v is not None else v for p, v in change.after.items()},
        )
        return [request.data for request in self.target.preview(shown, link.wrote if link else {})]

    # --- users and groups -------------------------------------------------------------------------------------------

    async def _objects(self, kind: Kind) -> None:
        if kind not in self.job.kinds:
            return
        for ids in self.store.worklist.ids(self.draft.id, kind):
            found = await asyncio.to_thread(self.evaluator.load, kind, ids)
            await self._batch(kind, found)

    async def _batch(self, kind: Kind, found: Sequence[Evaluated]) -> None:
        gone, observed = await self._view.observe(kind, found)
        wishes = {
            one.object.id: one.desired
            for one in found
            if one.verdict.scope is Scope.IN
            and one.desired is not None
            and not one.missing
            and one.desired.active
            and (one.link is None or one.object.id in gone)
        }
        matches = await self._view.matches(kind, found, wishes, self._owners) if wishes else {}
        hits = [one for some in matches.values() for one in some]
        owners = await asyncio.to_thread(self._owners.of, kind, hits)
        new = {id_ for id_ in wishes if not matches[id_]}
        found = await self._with_unique(kind, found, new)
        claims = await asyncio.to_thread(self._claims.of, kind, wishes, new)
        sent = self._owners.sent(kind, wishes)
        seen = _Seen(matches=matches, owners=owners, gone=gone, observed=observed, claims=claims, sent=sent)
        rows: list[tuple[Change, Link | None]] = []
        decided = [(one, self._decide(kind, one, seen)) for one in found]
        leaving = [one for one, change in decided if one.link and leaves(one, change)]
        claimed = await self._view.claimed(kind, leaving, self._owners)
        for one, decision in decided:
            sentence = claimed.get(one.object.id)
            change = replace(decision, held=sentence) if decision is not None and sentence else decision
            if change is not None:
                rows.append((change, one.link))
                if change.held:
                    self._guard.look_again(kind, change.source_id)
                if change.action is Action.ADOPT:
                    self._found[one.object.id] = references_of(matches[one.object.id][0], one)
            self._put_off(kind, one, change)
            self._until_turn(kind, one)
            if one.object.id in gone and one.verdict.scope is not Scope.UNKNOWN:
                self._view.tell_gone(one, wanted=change is not None and not change.held)
        self._add(rows)
        self._want_references(kind, found)

    def _decide(self, kind: Kind, one: Evaluated, seen: _Seen) -> Change | None:
        id_, rules = one.object.id, self.job.kinds[kind]
        matches = seen.matches.get(id_)
        link, drifted = self._view.with_drift(kind, one, seen.observed.get(id_))
        if one.error is not None:
            return self._failed(one, str(one.error))
        if one.missing and one.verdict.scope is Scope.IN and link is None:
            text = f"{one.name} has no {' and no '.join(one.missing)}, which the target needs: not provisioned"
            self.draft.warn("MandatoryFieldsMissing", text, one.name)
            log.warning(Event.OBJECT_SKIPPED, job=self.job.name, source_id=id_, reason="MandatoryFieldsMissing")
            return None
        if one.verdict.scope is Scope.UNKNOWN:
            self.draft.warn("ScopeUnknown", f"{one.name}: {one.verdict.clause}", one.name)
        situation = Situation(
            kind=kind,
            source_id=id_,
            name=one.name,
            state=one.object.state,
            verdict=one.verdict,
            desired=one.desired,
            link=link,
            matches=matches,
            owner=self._owners.keeper(kind, id_, matches, seen.owners),
            gone=id_ in seen.gone,
            drifted=drifted,
        )
        change = diff(situation, rules.policy, now=self.now, mark=self.evaluator.mark)
        if change is None:
            self.draft.right += one.verdict.scope is Scope.IN and link is not None
            return None
        new = change.action in (Action.CREATE, Action.ADOPT)
        if new and (wait := made_otherwise(self.job, self.draft, one, seen.sent.get(id_), now=self.now)) is not None:
            self.draft.waits.append(wait)
            return None
        if new and not change.held and id_ in seen.claims:
            return replace(change, held=seen.claims[id_])
        if change.action is Action.ADOPT and (link := self._owners.released.get((kind, change.target_id or ""))):
            self.draft.handed[kind, id_] = link
            change = taken_over(change, link, seen.matches[id_][0], one.desired, rules.policy)
        return self._allowed(kind, one, change)

    def _allowed(self, kind: Kind, one: Evaluated, change: Change) -> Change | None:
        """The change less what must not happen: protected accounts, renames that the product does not do."""
        said = [one.name, *(str(v) for v in (one.link.wrote.values() if one.link else ()) if isinstance(v, str))]
        if change.action in _REMOVALS and self.job.guards.protects(said):
            text = f"{one.name} is protected by guards.protect and would be {change.action.word}d: left alone"
            self.draft.warn("Protected", text, one.name)
            return replace(change, skipped=text)
        if change.action is Action.CREATE or not change.edited:
            return change
        fixed = {path: why for path in change.edited if (why := self.job.refusal(kind, path))}
        if not fixed:
            return change
        text = f"{one.name}: {'; '.join(dict.fromkeys(fixed.values()))}"
        self.draft.warn("Immutable", text, one.name)
        # As if it were right already: the link remembers the wish, so it is reported once and not in every cycle.
        before = {**change.before, **{path: change.after.get(path) for path in fixed}}
        kept = replace(change, before=before)
        return replace(kept, skipped=text) if change.action is Action.UPDATE and not kept.edited else kept

    def _failed(self, one: Evaluated, message: str) -> Change:
        """A row for an object whose mapping failed: it is shown, remembered and tried again, and stops nobody else."""
        return Change(
            action=Action.UPDATE if one.link else Action.CREATE,
            kind=one.object.kind,
            source_id=one.object.id,
            target_id=one.link.target_id if one.link else None,
            name=one.name,
            before={},
            after={},
            why=one.verdict.clause,
            failed=message,
        )

    def _put_off(self, kind: Kind, one: Evaluated, change: Change | None) -> None:
        """Remember when the grace of an account that left the scope ends."""
        id_, policy = one.object.id, self.job.kinds[kind].policy
        leaving = change is not None and change.action is Action.DEACTIVATE and change.out
        if policy.delete_after is None or one.link is None or kind != "user" or one.verdict.scope is not Scope.OUT:
            return
        if leaving or (change is None and not one.link.active):
            since = one.link.out_since or self.now
            due = since + policy.delete_after
            self.draft.waits.append(Wait(kind=kind, source_id=id_, reason="grace", since=since, due_at=due))

    def _until_turn(self, kind: Kind, one: Evaluated) -> None:
        """Remember when a filter with a relative time may answer otherwise, although the object stays as it is."""
        due = self.job.kinds[kind].scope.filters.next_turn(one.entry, self.now)
        if due is not None:
            wait = Wait(kind=kind, source_id=one.object.id, reason="turn", since=self.now, due_at=due)
            self.draft.waits.append(wait)

    async def _with_unique(self, kind: Kind, found: Sequence[Evaluated], new: set[str]) -> Sequence[Evaluated]:
        """These objects, the new ones with values that nobody at the target has, nor gets by this plan."""
        rows = self.job.kinds[kind].mapping.unique
        if not rows or not new:
            return found
        values = (
            self._unique[kind] if kind in self._unique else UniqueValues(self.evaluator, await self._view.matcher(kind))
        )
        self._unique[kind] = values
        return [await values.chosen(one, rows) if one.object.id in new else one for one in found]

    # --- references and memberships ---------------------------------------------------------------------------------

    def _want_references(self, kind: Kind, found: Sequence[Evaluated]) -> None:
        wanted = [one.object.id for one in found if one.desired is not None and one.desired.references]
        if kind == "user" and wanted:
            self.store.worklist.add(self.draft.id, "reference", wanted)

    async def _references(self) -> None:
        """Managers, once it is known whom this plan brings: also for users who waited for one of those."""
        store, draft, job = self.store, self.draft, self.job
        waited = await asyncio.to_thread(store.worklist.waiting_for, draft.id, job.name)
        draft.partly |= {("user", id_) for id_ in waited}
        for ids in store.worklist.ids(draft.id, "reference"):
            found = await asyncio.to_thread(self.evaluator.load, "user", ids)
            managers = {v for one in found if one.desired for v in one.desired.references.values() if v}
            ends = self._members.present("user", {*managers, *ids})
            rows: list[tuple[Change, Link | None]] = []
            for one in found:
                change, waits = reference_change(one, ends, found=self._found.get(one.object.id, {}), now=self.now)
                draft.waits += waits
                if change is not None and job.kinds["user"].policy.allows(Action.UPDATE):
                    rows.append((change, one.link))
            self._add(rows)

    async def _memberships(self, members_of: set[str] | None, *, dry: bool) -> None:
        rules = self.job.kinds["group"]
        if not rules.mapping.writes_members or "update" not in rules.policy.actions:
            return
        for ids in self.store.worklist.ids(self.draft.id, "group"):
            found = await asyncio.to_thread(self.evaluator.load, "group", ids)
            there = self._members.present("group", ids)
            groups = [one for one in found if one.object.id in there and one.verdict.scope is Scope.IN]
            await self._members.look(groups)
            async for rows in self._members.lots(groups, there, members_of, dry=dry):
                self._add(rows)
