"""Whose accounts are, of several jobs on one target: an incumbent keeps one as long as its own scope has the person.

Whom it lets go passes to a job that claims the account: that one adopts it, link and all (state/handover.py). Until it
has, the incumbent leaves the account as it is, so that access has no gap.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from state.links import Place
from state.row import is_mark
from state.store import Store
from syncd.core.attributes import parse_path, read
from syncd.core.change import Action, Change, Link, Observed
from syncd.core.desired import Desired
from syncd.core.diff import Policy
from syncd.core.likeness import same
from syncd.core.model import Json, Kind
from syncd.core.scope import Scope
from syncd.evaluate import Evaluated, Evaluator
from syncd.job import Job
from syncd.precedence import Name, alike, named, wants
from syncd.under_way import made_by_others, makers
from syncd.unfinished import LOOKED_FOR


class Owners:
    """What the other jobs on a job's target have and claim there, for the length of one plan."""

    def __init__(self, job: Job, others: Callable[[], Iterable[Job]], store: Store, *, now: datetime) -> None:
        self._job, self._others, self._store, self._now = job, others, store, now
        self.taken: dict[tuple[Kind, str], str] = {}  #: target ids that this plan adopts, and for whom
        self._conflicts: dict[tuple[str, Kind], set[Name]] = {}  # what jobs with another source claim, and do not get
        self._makers: dict[tuple[Kind, str], str] = {}  # target ids that other jobs are making right now
        self._busy: set[tuple[str, Kind, str]] = set()  # jobs, and their objects with a request of unknown end
        self.released: dict[tuple[Kind, str], Link] = {}  #: by target id: links that their jobs let go

    def sent(self, kind: Kind, ids: Collection[str]) -> dict[str, dict[str, Json]]:
        """What was sent to create these objects, by this job or for the last day by others, and of which nobody knows yet
        whether it was carried out: {source id: values by path}."""
        if not ids:
            return {}
        since = self._now - LOOKED_FOR
        theirs = made_by_others(self._others(), self._store, self._job.source, kind, ids, since=since)
        return theirs | self._store.journal.open_creations(self._job.name, kind, ids)

    def of(self, kind: Kind, found: Sequence[Observed]) -> dict[str, Link]:
        """Links of any job to these accounts, by target id, less those that are released."""
        making = makers(self._others, self._store, kind, found, now=self._now)
        self._makers |= {(kind, id_): name for id_, name in making.items()}
        links = self._store.links.owners(self._job.target, kind, [one.id for one in found]) if found else {}
        theirs = [link for link in links.values() if link.job != self._job.name]
        for other in self._others() if theirs else ():
            mine = {link.source_id: link for link in theirs if link.job == other.name}
            if not mine or kind not in other.kinds:
                continue
            places = {id_: link.target_id for id_, link in mine.items()}
            busy = self._store.journal.in_hand(other.name, kind, places)
            self._busy |= {(other.name, kind, id_) for id_ in busy}
            for one in Evaluator(other, self._store, now=self._now).load(kind, mine.keys() - busy):
                if one.verdict.scope is Scope.OUT:
                    link = links.pop(mine[one.object.id].target_id)
                    self.released[kind, link.target_id] = link
        return links

    def of_the_same(
        self, kind: Kind, wishes: Mapping[str, Desired], matches: Mapping[str, Sequence[Observed]]
    ) -> dict[str, str]:
        """{source id: target id} where another job has the account of the very same object of the source, both would call
        it alike, and it is not found by that: its owner has not written a rename yet, or somebody renamed it there."""
        found: dict[str, str] = {}
        for other in self._others():
            if other.source != self._job.source or kind not in other.kinds:
                continue
            theirs = self._store.links.of(other.name, kind, wishes)
            hidden = [id_ for id_, link in theirs.items() if link.target_id not in {one.id for one in matches[id_]}]
            evaluator = Evaluator(other, self._store, now=self._now)
            for one in evaluator.load(kind, hidden):
                wish = evaluator.would_wish(one)
                if wish and one.link and alike(self._job, kind, wish.values, wishes[one.object.id].values):
                    found[one.object.id] = one.link.target_id
        return found

    def keeper(
        self, kind: Kind, source_id: str, matches: Sequence[Observed] | None, owners: Mapping[str, Link]
    ) -> str | None:
        """Whose the one match is already: another job's, or another source object's of this job."""
        if not matches or len(matches) > 1:
            return None
        target_id, name = matches[0].id, self._job.name
        link = owners.get(target_id)
        if link is not None and (link.job, link.source_id) != (name, source_id):
            return self._told(link)
        if link is None and (kind, target_id) in self._makers:
            return self._makers[kind, target_id]
        first = self.taken.setdefault((kind, target_id), source_id)
        return None if first == source_id else f"{name} as {first}"

    def _told(self, link: Link) -> str:
        """The owner in words; of a job that was renamed or taken out of config.toml with how to let its accounts go."""
        if link.job == self._job.name:
            return f"{link.job} as {link.source_id}"
        if (link.job, link.kind, link.source_id) in self._busy:
            return f"{link.job} (with a request under way that its next cycle looks up: syncd sync --job {link.job})"
        if link.job in {other.name for other in self._others()}:
            return link.job
        return f"{link.job} (no job of this target any more; to let all of its accounts go: syncd restart {link.job} --links)"

    def claimed(self, kind: Kind, leaving: Sequence[Evaluated]) -> dict[str, str]:
        """Which of these linked objects that are to lose their accounts others claim: a sentence by source id.

        Of a job with another source those count that met with this as a conflict: nobody else is evaluated.
        """
        found: dict[str, str] = {}
        links = {one.object.id: one.link for one in leaving if one.link is not None}
        for other in self._takers(kind) if links else ():
            theirs = self._wished(other, kind, links)
            renamed = self._renamed(other, kind, leaving)
            for id_, link in links.items():
                if id_ not in found and not theirs.isdisjoint(named(other, kind, link.wrote) | renamed.get(id_, set())):
                    found[id_] = (
                        f"job {other.name} claims this account and takes it over in its next cycle; until then it stays "
                        f"as it is: syncd sync --job {other.name}"
                    )
        return found

    def doubled(self, kind: Kind, leaving: Sequence[Evaluated]) -> dict[str, Place]:
        """Which of these linked objects that are to lose their accounts another job with the same source wants, too, and
        believes to have another account for that it would call alike: where that is, by source id. One of the two is gone
        if names are unique at the target, and the other job would claim this one if it knew that."""
        found: dict[str, Place] = {}
        links = {one.object.id: one.link for one in leaving if one.link is not None}
        for other in self._takers(kind) if links else ():
            if other.source != self._job.source:
                continue
            renamed = self._renamed(other, kind, leaving)
            for one in Evaluator(other, self._store, now=self._now).load(kind, links):
                id_, theirs, wish = one.object.id, one.link, one.desired
                if theirs is None or wish is None or not wants(replace(one, link=None)):
                    continue
                names = named(other, kind, links[id_].wrote) | renamed.get(id_, set())
                if theirs.target_id != links[id_].target_id and not names.isdisjoint(named(other, kind, wish.values)):
                    found[id_] = Place(job=other.name, source_id=id_, target_id=theirs.target_id, active=theirs.active)
        return found

    def _takers(self, kind: Kind) -> Iterator[Job]:
        """The other jobs that may take an account over."""
        for other in self._others():
            adopts = kind in other.kinds and other.kinds[kind].policy.allows(Action.ADOPT)
            if adopts and not self._store.jobs.get(other.name).paused:
                yield other

    def _wished(self, other: Job, kind: Kind, leaving: Mapping[str, Link]) -> set[Name]:
        if other.source == self._job.source:
            return self._names(other, kind, leaving)
        key = (other.name, kind)
        if key not in self._conflicts:
            waiting = self._store.pending.of(other.name, "held")
            self._conflicts[key] = self._names(other, kind, [wait.source_id for wait in waiting if wait.kind == kind])
        return self._conflicts[key]

    def _renamed(self, other: Job, kind: Kind, leaving: Iterable[Evaluated]) -> dict[str, set[Name]]:
        """By what a job with the same source may find these objects, by their ids: they may have been renamed as they left."""
        if other.source != self._job.source:
            return {}
        evaluator = Evaluator(self._job, self._store, now=self._now)
        wishes = {one.object.id: evaluator.would_wish(one) for one in leaving}
        return {id_: named(other, kind, wish.values) for id_, wish in wishes.items() if wish is not None}

    def _names(self, other: Job, kind: Kind, ids: Iterable[str]) -> set[Name]:
        seen = Evaluator(other, self._store, now=self._now).load(kind, ids)
        return {name for one in seen if wants(one) and one.desired for name in named(other, kind, one.desired.values)}


def taken_over(change: Change, link: Link, seen: Observed, desired: Desired | None, policy: Policy) -> Change:
    """The adoption of an account that its job lets go, by that one's link: what that one wrote, and this one leaves empty, is
    taken away, unless others wrote something else. Where the account shows already what this one wants, be it nothing, and
    that is not what was written last, it is written all the same: the look may have come too early."""
    before, after = dict(change.before), dict(change.after)
    for path, want in (desired.values if desired and policy.allows(Action.UPDATE) else {}).items():
        wrote = link.wrote.get(path)
        if wrote is None or is_mark(wrote):
            continue
        had = read(seen.resource, parse_path(path))
        if want is None and (had is None or same(wrote, had, fold=True)):
            before[path], after[path] = wrote if had is None else had, None
        elif path in after and same(want, had, fold=True) and not same(want, wrote, fold=True):
            before[path] = wrote
    why = f"{change.why}; job {link.job} lets it go: out of its scope"
    return replace(change, before=before, after=after, why=why)


def leaves(one: Evaluated, change: Change | None) -> bool:
    """Whether this account is to go because its person left the scope."""
    if change is None or change.action not in (Action.DEACTIVATE, Action.DELETE) or change.skipped or change.held:
        return False
    return one.verdict.scope is Scope.OUT
