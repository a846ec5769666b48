"""What the target says of a job's objects while a plan is made: who matches, who is gone, who has drifted."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace

from connectors import Target
from connectors.errors import Unusable
from state.store import Store
from syncd.core.attributes import parse_path, read
from syncd.core.change import Link, Observed
from syncd.core.desired import Desired
from syncd.core.diff import drifted
from syncd.core.model import Json, Kind
from syncd.draft import Draft
from syncd.evaluate import Evaluated
from syncd.job import Job
from syncd.log_entry import kept_by_target
from syncd.matching import LIST_FROM, PAGE, Matcher
from syncd.owners import Owners

#: entries of the provisioning log that are asked how the target took a value
LOOK_BACK = 20


def references_of(seen: Observed, one: Evaluated) -> dict[str, Json]:
    """What the target shows of the references that are wished."""
    wished = one.desired.references if one.desired else {}
    return {path: had for path in wished if (had := read(seen.resource, parse_path(path))) is not None}


class TargetView:
    """The target of one job, for the length of one plan."""

    def __init__(self, job: Job, store: Store, target: Target, draft: Draft) -> None:
        self.job, self.store, self.target, self.draft = job, store, target, draft
        self._matchers: dict[Kind, Matcher] = {}

    async def matcher(self, kind: Kind) -> Matcher:
        if kind not in self._matchers:
            match = self.job.kinds[kind].mapping.match
            unique = [row.path for row in self.job.kinds[kind].mapping.unique]
            listing = self.draft.cycle == "full" or self._listing_pays(kind)
            self._matchers[kind] = Matcher(self.target, kind, match, listing=listing, unique=unique)
        return self._matchers[kind]

    def close(self) -> None:
        """The target was looked at for this plan."""
        for matcher in self._matchers.values():
            matcher.close()

    def _listing_pays(self, kind: Kind) -> bool:
        """Whether one listing of the target costs fewer requests than a question for each object that has no link."""
        questions = self.store.worklist.unlinked(self.draft.id, self.job.name, kind)
        if questions < LIST_FROM:
            return False
        linked = sum(n for (k, _), n in self.store.links.count(self.job.name).items() if k == kind)
        return questions >= linked // PAGE

    async def observe(self, kind: Kind, found: Sequence[Evaluated]) -> tuple[set[str], dict[str, Observed]]:
        """In a full cycle: who of the linked is gone, and what the others look like now."""
        if self.draft.cycle != "full":
            return set(), {}
        matcher = await self.matcher(kind)
        links = {one.object.id: one.link for one in found if one.link is not None}
        observed = await matcher.by_id({id_: link.target_id for id_, link in links.items()})
        gone = links.keys() - observed.keys()
        return set(gone), observed

    async def matches(
        self, kind: Kind, found: Sequence[Evaluated], wishes: Mapping[str, Desired], owners: Owners
    ) -> dict[str, list[Observed]]:
        """The accounts that are there already, by source id: by what they are called, by a link that an earlier integration
        left at the source, and those of the same people whom another job has."""
        matcher = await self.matcher(kind)
        left = {one.object.id: str(id_) for one in found if (id_ := one.entry.app.get("externalId")) and not one.link}
        matches = await matcher.find_or_left(wishes, left)
        theirs = await matcher.by_id(await asyncio.to_thread(owners.of_the_same, kind, wishes, matches))
        return matches | {id_: [seen] for id_, seen in theirs.items()}

    async def claimed(self, kind: Kind, leaving: Sequence[Evaluated], owners: Owners) -> dict[str, str]:
        """Which of these linked objects that are to lose their accounts other jobs claim, or would if they had seen that
        their own is gone: a sentence by source id. Only full cycles see that, so it is looked up here."""
        found = await asyncio.to_thread(owners.claimed, kind, leaving)
        rest = [one for one in leaving if one.object.id not in found]
        for id_, place in (await asyncio.to_thread(owners.doubled, kind, rest)).items():
            if await self._is_gone(kind, place.target_id):
                found[id_] = (
                    f"job {place.job} wants an account here and takes this one over when it finds that its own, "
                    f"{place.target_id}, is gone; until then it stays as it is: syncd sync --job {place.job} --full"
                )
        return found

    async def _is_gone(self, kind: Kind, target_id: str) -> bool:
        try:
            return not await (await self.matcher(kind)).by_id({target_id: target_id})
        except Unusable:  # nobody can tell, so nobody loses anything
            return True

    def tell_gone(self, one: Evaluated, *, wanted: bool) -> None:
        """What becomes of a link that leads nowhere: matched again, or forgotten if nobody wants the account there."""
        then = "matched again" if wanted else "nobody is to have it, so its link is forgotten"
        self.draft.warn("InvalidAnchor", f"{one.name} is gone at the target; {then}", one.name)
        if not wanted and one.link is not None:
            self.draft.forgotten.append(one.link)

    def with_drift(self, kind: Kind, one: Evaluated, seen: Observed | None) -> tuple[Link | None, frozenset[str]]:
        """The link, and the paths that are to be repaired: of these it says that we had last written what is there."""
        if one.link is None or seen is None or self.job.drift == "ignore":
            return one.link, frozenset()
        mapped, facts = self.job.kinds[kind].mapping.paths, self.target.facts
        found = drifted(one.link, seen, shown=lambda path: path in mapped and facts.shows(kind, path))
        repair = self.job.drift == "repair"
        own = self._kept_by_target(one, found) if repair and found else set()
        for path, (wrote, had) in found.items():
            action = "repair" if repair and path not in own else "report"
            row = {"attribute": path, "wrote": wrote, "seen": had, "action": action}
            who = {"kind": kind, "source_id": one.object.id, "target_id": one.link.target_id, "name": one.name}
            self.draft.drift.append({**who, **row})
        if not repair or not found:
            return one.link, frozenset()
        mended = {path: had for path, (_, had) in found.items() if path not in own}
        wrote = {**one.link.wrote, **mended}
        return replace(one.link, wrote=wrote, active=wrote.get("active") is not False), frozenset(mended)

    def _kept_by_target(self, one: Evaluated, found: Mapping[str, tuple[Json, Json]]) -> set[str]:
        """Paths of which the target answered to our last writing that it keeps them as they are: it would for ever."""
        entries = self.store.log.newest(self.job.name, one.object.id, count=LOOK_BACK)
        own = {path for path, (wrote, had) in found.items() if kept_by_target(entries, path, wrote, had)}
        if own:
            text = f"{one.name}: the target keeps its own {', '.join(sorted(own))}, whatever is written: not repaired again"
            self.draft.warn("NotKept", text, one.name)
        return own
