"""Which members of our groups somebody took out or put in at the target: looked up in a full cycle, group by group, and
in others where the last change of a group failed.

What we wrote and the target no longer shows is reported, and added again where the job repairs. An account of ours that
somebody put into a group is reported and stays, as it was not us who wrote that. What a change of our own left behind,
whose answer was lost, is no drift: it is put right whatever the job says of drift.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence

from connectors import Target
from connectors.errors import TargetError, Unauthorized
from state.log import LogEntry
from state.store import Store
from syncd.core.change import Action, Link, groups_of
from syncd.core.model import Json
from syncd.draft import Draft
from syncd.evaluate import Evaluated
from syncd.job import Job
from syncd.observe.logs import Event, log

#: a group to which more was written is not read again for this: such an answer has megabytes
MOST_MEMBERS = 10_000
#: of those whom a group lacks, so many are asked whether they are in it; and of the groups of a target that seems to show
#: no members, so many are read in each full cycle
SAMPLE = 3
#: of those whom a group lacks where groups show only some of their members; if there are more, the group is unknown
MOST_ASKED = 20
#: groups that are read side by side; their answers are in memory meanwhile
TOGETHER = 20
#: readings in a row that failed: then the target is not asked for further groups
GIVE_UP_AFTER = 3
#: entries of the provisioning log that are asked what was last done with a member
LOOK_BACK = 20


class MemberDrift:
    """The groups of one job as the target shows them, for the length of one plan."""

    def __init__(self, job: Job, store: Store, target: Target, draft: Draft) -> None:
        self.job, self.store, self.target, self.draft = job, store, target, draft
        self._shown: dict[str, frozenset[str] | None] = {}  # by target id
        self._failed = 0
        self._doubted = 0  # groups that were read although members are said not to be shown

    @property
    def _drifts(self) -> bool:
        """Whether others' changes count. Between full cycles they do not: a group whose change has just failed may be read
        from a replica that lacks whom the change before it added."""
        return self.draft.cycle == "full" and self.job.drift != "ignore"

    async def look(self, groups: Sequence[Link]) -> None:
        """Read the members of these groups; those before are forgotten. A group that cannot be read is unknown."""
        self._shown.clear()
        if not self._drifts:
            groups = self._failed_before(groups)
        if not groups:
            return
        few = self.store.links.member_counts(self.job.name, [link.source_id for link in groups])
        if self.target.facts.members_doubtful:
            await self._doubt(groups, few)
        limit = asyncio.Semaphore(TOGETHER)
        looking = [
            asyncio.create_task(self._look(link, limit))
            for link in groups
            if few.get(link.source_id, 0) <= MOST_MEMBERS
        ]
        try:
            await asyncio.gather(*looking)
        finally:  # where the credentials are refused, nobody waits for the others
            for task in looking:
                task.cancel()

    def _failed_before(self, groups: Sequence[Link]) -> list[Link]:
        """Those whose last change failed. A removal that a late read took for undone may have been carried out, and
        whoever is wished again meanwhile would not be added."""
        waits = self.store.pending.of(self.job.name, "failed", [("group", link.source_id) for link in groups])
        failed = {wait.source_id for wait in waits}
        return [link for link in groups if link.source_id in failed]

    async def _doubt(self, groups: Sequence[Link], few: Mapping[str, int]) -> None:
        """Read a few groups to which members were written, the largest first, until one shows some: what a read that came
        too early has taught of the target is corrected by that."""
        peopled = [link for link in groups if 0 < few.get(link.source_id, 0) <= MOST_MEMBERS]
        peopled.sort(key=lambda link: (-few[link.source_id], link.source_id))
        for link in peopled[: max(0, SAMPLE - self._doubted)]:
            facts = self.target.facts
            if not (facts.members_doubtful and facts.shows("group", "members")):
                return
            self._doubted += 1
            try:
                await self.target.get("group", link.target_id, members=True)
            except Unauthorized:
                raise
            except TargetError as error:
                self._unread(link, error)

    def _unread(self, link: Link, error: TargetError) -> None:
        self._failed += 1
        log.warning(Event.TARGET_UNREAD, job=self.job.name, target_id=link.target_id, error=str(error))

    async def _look(self, link: Link, limit: asyncio.Semaphore) -> None:
        group = link.target_id
        async with limit:
            facts = self.target.facts
            can_be_told = facts.members_shown or facts.members_partly
            if self._failed >= GIVE_UP_AFTER or not (can_be_told and facts.shows("group", "members")):
                return
            try:
                seen = await self.target.get("group", group, members=True)
                whole = seen is None or not seen.members or await self._whole(link, seen.members)
            except Unauthorized:
                raise
            except TargetError as error:
                self._unread(link, error)
                return
            self._failed = 0
            if seen is not None and whole:
                self._shown[group] = seen.members

    async def _whole(self, link: Link, shown: frozenset[str]) -> bool:
        """Whether these are all members: there are services that show of a large group the first page and no more. One
        whom it lacks may say itself that it is in the group (RFC 7643 section 4.1.2, groups). Where that is known to
        happen, each of them is asked: nobody is added a second time because others were taken out."""
        written = await asyncio.to_thread(self.store.links.members, self.job.name, link.source_id)
        lacking = sorted(set(written.values()) - shown)
        if not self.target.facts.members_partly:
            lacking = lacking[:SAMPLE]
        elif len(lacking) > MOST_ASKED:
            return False
        for member in lacking:
            seen = await self.target.get("user", member)
            if seen is not None and link.target_id in groups_of(seen.resource):
                return False
        return True

    def written(self, one: Evaluated, *, want: Mapping[str, str], written: Mapping[str, str]) -> dict[str, str]:
        """What counts as written to this group, {source id: target id}: less what is to be added again, and with what
        is to be removed although nothing is known of its adding."""
        group = one.link.target_id if one.link else ""
        if group not in self._shown:
            return dict(written)
        shown = self._shown[group]
        if shown is None:  # left out: nobody is in it, if this service is known to show members at all
            if self.target.facts.shown.get("group", {}).get("members") is not True:
                return dict(written)
            shown = frozenset()
        gone = {source: id_ for source, id_ in written.items() if want.get(source) == id_ and id_ not in shown}
        come = self._ours(shown - set(written.values()) - set(want.values()))
        if not gone and not come:
            return dict(written)
        entries = self.store.log.newest(self.job.name, one.object.id, count=LOOK_BACK)
        last = {id_: _last(entries, id_) for id_ in (*gone.values(), *come.values())}
        again = self._gone(one, gone, last)
        unknown = {source: id_ for source, id_ in come.items() if last[id_] == (Action.ADD_MEMBERS, "unsure")}
        if joined := sorted(id_ for source, id_ in come.items() if source not in unknown):
            self._tell(one, wrote=None, seen=joined, action="report")
        return {**{source: id_ for source, id_ in written.items() if source not in again}, **unknown}

    def _gone(self, one: Evaluated, gone: Mapping[str, str], last: Mapping[str, tuple[Action, str] | None]) -> set[str]:
        """Source ids of those who are to be added again."""
        unfinished = {source for source, id_ in gone.items() if last[id_] == (Action.REMOVE_MEMBERS, "unsure")}
        never = {source for source, id_ in gone.items() if last[id_] == (Action.ADD_MEMBERS, "absent")}
        drifted = gone.keys() - unfinished - never
        if not self._drifts:
            return unfinished
        repair = self.job.drift == "repair"
        if drifted:
            ids = sorted(gone[source] for source in drifted)
            self._tell(one, wrote=ids, seen=None, action="repair" if repair else "report")
        if never:
            self._tell(one, wrote=sorted(gone[source] for source in never), seen=None, action="report")
            text = f"{one.name}: the target does not keep {len(never):,} members, whatever is written: not added again"
            self.draft.warn("NotKept", text, one.name)
        if repair and drifted:
            self.draft.mended.add(one.object.id)
        return unfinished | (drifted if repair else set())

    def _ours(self, ids: frozenset[str]) -> dict[str, str]:
        """{source id: target id} of the active accounts of this job among these."""
        owners = self.store.links.owners(self.job.target, "user", ids) if ids else {}
        return {link.source_id: id_ for id_, link in owners.items() if link.job == self.job.name and link.active}

    def _tell(self, one: Evaluated, *, wrote: Json, seen: Json, action: str) -> None:
        if not self._drifts:
            return
        who = {"kind": "group", "source_id": one.object.id, "target_id": one.link.target_id if one.link else None}
        row = {"name": one.name, "attribute": "members", "wrote": wrote, "seen": seen, "action": action}
        self.draft.drift.append({**who, **row})


def _last(entries: Iterable[LogEntry], id_: str) -> tuple[Action, str] | None:
    """What was last done with a member, and how sure that is: sure, unsure (not known to have ended well), or absent
    (it ended well, and the target did not show the member then). `entries`: of its group, newest first."""
    for entry in entries:
        for row in entry.modified:
            if row["attribute"] != "members":
                continue
            if id_ in (row["new"] or ()):
                how = "unsure" if entry.status != "success" else "absent" if id_ in row.get("absent", ()) else "sure"
                return Action.ADD_MEMBERS, how
            if id_ in (row["old"] or ()):
                return Action.REMOVE_MEMBERS, "sure" if entry.status == "success" else "unsure"
    return None
