"""Member rows of a plan: whom each group gains and loses, by the ids that will be there when the rows are sent."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from connectors import Target
from connectors.errors import TargetError, Unauthorized
from state.store import Store
from syncd.core.change import NEW, Action, Change, Link
from syncd.core.model import Kind
from syncd.draft import Draft
from syncd.evaluate import Evaluated
from syncd.failures import again
from syncd.job import Job
from syncd.member_drift import MemberDrift
from syncd.member_names import names_in_plan
from syncd.memberships import member_changes
from syncd.observe.logs import Event, log
from syncd.unfinished import LOOKED_FOR, SHOWN_WITHIN

#: members whose rows are written together, less those of the group that makes them so many
TOGETHER = 5_000


class MemberRows:
    """The member rows of one plan. `taken`: target ids that the plan adopts, and for whom."""

    def __init__(
        self,
        job: Job,
        store: Store,
        target: Target,
        draft: Draft,
        *,
        now: datetime,
        taken: Mapping[tuple[Kind, str], str],
    ) -> None:
        self.job, self.store, self.target, self.draft, self.now = job, store, target, draft, now
        self._joining: Mapping[str, set[str]] = {}  # who may be in a group by now, of the groups that are looked at
        self.emptied: set[str] = set()  #: groups that this plan leaves without any of the members that it wrote
        self._taken = taken
        self._drift = MemberDrift(job, store, target, draft)

    async def look(self, groups: Iterable[Evaluated]) -> None:
        """See what the target shows of these groups, where this cycle looks for drift."""
        await self._drift.look([one.link for one in groups if one.link is not None])

    async def lots(
        self,
        groups: Sequence[Evaluated],
        there: Mapping[str, str],
        members_of: set[str] | None,
        *,
        dry: bool,
    ) -> AsyncIterator[list[tuple[Change, Link | None]]]:
        """The rows of these groups, of several at a time unless they are large. `there`: {source id: target id}."""
        ids = [one.object.id for one in groups]
        # A cycle looks up what is older before it plans, which a dry run of one does not; on demand nothing is looked up.
        looks = dry and self.draft.cycle != "on-demand"
        since = self.now - (SHOWN_WITHIN if looks else LOOKED_FOR)
        self._joining = await asyncio.to_thread(self.store.journal.joining, self.job.name, ids, since=since)
        lot: list[tuple[Change, Link | None]] = []
        members = 0
        for one in groups:
            rows = await self.of(one, there[one.object.id], members_of)
            lot += rows
            members += sum(len(side.get("members", ())) for change, _ in rows for side in (change.before, change.after))
            if members >= TOGETHER:
                yield lot
                lot, members = [], 0
        yield lot

    async def of(self, one: Evaluated, group: str, members_of: set[str] | None) -> list[tuple[Change, Link | None]]:
        """The rows of one group, which has the id `group` at the target. `members_of`: of these users alone."""
        job, id_ = self.job, one.object.id
        wanted_ids = await asyncio.to_thread(self.store.mirror.member_ids, job.source, id_, nested=job.nested_groups)
        want = await asyncio.to_thread(self.present, "user", wanted_ids, active=True)
        written, found = self.store.links.members(job.name, id_), dict[str, str]()
        if one.link is None or one.link.target_id != group:  # what was written was written to another group
            found = {} if group.startswith(NEW) else await self._found_members(group)
            handed = self.draft.handed.get(("group", id_))
            written = {**(self.store.links.members(handed.job, handed.source_id) if handed else {}), **found}
        else:
            if members_of is None:
                written = self._drift.written(one, want=want, written=written)
            found = await self._adopted_members(group, want=want, written=written)
            written = {**written, **found}
        if members_of is not None:
            want = {u: t for u, t in want.items() if u in members_of}
            written = {u: t for u, t in written.items() if u in members_of}
        if members_of is None and not want and len(written) >= job.guards.deletions.minimum:
            self.emptied.add(id_)
        open_ = self._open(one, want=want, written=written)
        changes = member_changes(one, group, want=want, written=written, found=found, joining=open_)
        return [(await self._naming(change, want), one.link) for change in changes]

    def _open(self, one: Evaluated, *, want: Mapping[str, str], written: Mapping[str, str]) -> set[str]:
        """Source ids of those who lack in a group and may be in it by now. They wait until that is known: there are
        services that keep a member twice."""
        sent = self._joining.get(one.object.id, set())
        lacking = [source for source, id_ in want.items() if sent and written.get(source) != id_]
        found = {id_ for id_ in lacking if want[id_] in sent or f"{NEW}{self.job.source}:{id_}" in sent}
        if found:
            text = f"{one.name}: {len(found):,} may have been added already: they wait for a look-up of that"
            self.draft.warn("Unsettled", text, one.name)
            failing = self.store.pending.of(self.job.name, "failed", [("group", one.object.id)])
            self.draft.waits += [again("group", one.object.id, now=self.now), *failing]  # it is not right before that
        return found

    async def _naming(self, change: Change, want: Mapping[str, str]) -> Change:
        """With the members' user names, where the target is told them."""
        if not self.target.member_names or change.action is not Action.ADD_MEMBERS or not change.edited:
            return change
        called = await asyncio.to_thread(names_in_plan, self.store, self.job, self.draft.id, want)
        return replace(change, called={i: called[i] for i in change.after["members"] if i in called})

    async def _found_members(self, group: str) -> dict[str, str]:
        """Of a group that is adopted: those of its members that are accounts of this job. The others are not ours."""
        seen = await self.target.get("group", group, members=True)
        ids = (seen.members if seen else None) or frozenset()
        owners = self.store.links.holders(self.job.target, "user", ids)
        found = {link.source_id: id_ for id_, link in owners.items() if link.job == self.job.name}
        found |= {source_id: id_ for (kind, id_), source_id in self._taken.items() if kind == "user" and id_ in ids}
        return found

    async def _adopted_members(
        self, group: str, *, want: Mapping[str, str], written: Mapping[str, str]
    ) -> dict[str, str]:
        """Of a group that is ours: those of its members whom this plan adopts and who belong there. Nobody added them,
        and once more would be twice where a service keeps that. A group that cannot be read has none of them."""
        new = {s: t for s, t in want.items() if written.get(s) != t and self._taken.get(("user", t)) == s}
        try:
            there = await self._found_members(group) if new else {}
        except Unauthorized:
            raise
        except TargetError as error:
            log.warning(Event.TARGET_UNREAD, job=self.job.name, target_id=group, error=str(error))
            return {}
        return {source_id: id_ for source_id, id_ in new.items() if there.get(source_id) == id_}

    def present(self, kind: Kind, ids: Iterable[str], *, active: bool = False) -> dict[str, str]:
        """Target ids of these objects after this plan's creations, "new:…" for what it creates. `active`: less those
        that are inactive, or will be."""
        wanted = list(ids)
        places = self.store.links.places(self.job.name, kind, wanted)
        planned = self.store.journal.planned(self.draft.id, kind, wanted)
        found = {id_: place.target_id for id_, place in places.items() if place.active or not active}
        for id_, actions in planned.items():
            for action, target_id in actions:
                if action is Action.CREATE:
                    found[id_] = f"{NEW}{self.job.source}:{id_}"
                elif action in (Action.ADOPT, Action.REACTIVATE) and target_id:
                    found[id_] = target_id
                elif action is Action.DELETE or (action is Action.DEACTIVATE and active):
                    found.pop(id_, None)
        return found
