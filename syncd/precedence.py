"""Several jobs on one target: who of those that have no link yet may have an account. Incumbents are left alone."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime

from state.store import Store
from syncd.core.change import Action
from syncd.core.desired import Desired
from syncd.core.model import Json, Kind
from syncd.core.scope import Scope
from syncd.evaluate import Evaluated, Evaluator
from syncd.job import Job
from syncd.matching import match_key

#: what two wishes for the same account have in common: a match attribute and its value
Name = tuple[str, str]


class Claims:
    """What the jobs of higher precedence on a job's target want there and do not have, for the length of one plan.

    A rival with the same source claims an account for the same person. One with another source is evaluated as a whole,
    once, and only where somebody new is to be provisioned.
    """

    def __init__(self, job: Job, rivals: Iterable[Job], store: Store, *, now: datetime) -> None:
        self._job, self._store, self._now = job, store, now
        self._rivals: Sequence[Job] = sorted(rivals, key=lambda rival: -rival.precedence)
        self._wanted: dict[tuple[str, Kind], set[Name]] = {}

    def of(self, kind: Kind, wishes: Mapping[str, Desired], new: Collection[str] = ()) -> dict[str, str]:
        """Whose the accounts are first, by source id, as a sentence; nothing for those that nobody else claims. `new`: who has
        no account at the target; a rival that makes none does not claim that."""
        found: dict[str, str] = {}
        for rival in self._rivals:
            if kind not in rival.kinds or not wishes or self._store.jobs.get(rival.name).paused:
                continue
            if rival.source == self._job.source:
                theirs = self._names(rival, kind, wishes)
            else:
                key = (rival.name, kind)
                if key not in self._wanted:
                    everybody = [one.id for one in self._store.mirror.live(rival.source, kind)]
                    self._wanted[key] = self._names(rival, kind, everybody)
                theirs = self._wanted[key]
            makes = rival.kinds[kind].policy.allows(Action.CREATE)
            for id_, wish in wishes.items():
                if (
                    id_ not in found
                    and (makes or id_ not in new)
                    and not theirs.isdisjoint(named(rival, kind, wish.values))
                ):
                    found[id_] = (
                        f"job {rival.name} claims this account too, and its precedence is higher "
                        f"({rival.precedence} over {self._job.precedence}); it goes first: syncd sync --job {rival.name}"
                    )
        return found

    def _names(self, rival: Job, kind: Kind, ids: Iterable[str]) -> set[Name]:
        policy = rival.kinds[kind].policy
        if not policy.allows(Action.ADOPT):
            return set()
        seen = Evaluator(rival, self._store, now=self._now).load(kind, ids)
        return {name for one in seen if wants(one) and one.desired for name in named(rival, kind, one.desired.values)}


def wants(one: Evaluated) -> bool:
    """Whether an account is wished for somebody who has none."""
    if one.verdict.scope is not Scope.IN or one.link is not None or one.missing:
        return False
    return one.desired is not None and one.desired.active


def named(rival: Job, kind: Kind, values: Mapping[str, Json]) -> set[Name]:
    """By what the account with these values is found by that job."""
    paths = rival.kinds[kind].mapping.match
    return {(path, match_key(path, value)) for path in paths if (value := values.get(path)) not in (None, "")}


def alike(job: Job, kind: Kind, one: Mapping[str, Json], other: Mapping[str, Json]) -> bool:
    """Whether the job would find the same account by these values as by the others."""
    return not named(job, kind, one).isdisjoint(named(job, kind, other))
