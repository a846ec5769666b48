"""Settling what is "maybe done": a lost answer, or a row that a killed process left sent. By looking, never blindly."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

from connectors import Target
from connectors.errors import TargetError
from state.store import Store
from syncd.clock import Clock
from syncd.core.attributes import parse_path, read
from syncd.core.change import Action, Change, Link, Observed, Outcome
from syncd.core.diff import same
from syncd.core.model import Json
from syncd.job import Job
from syncd.under_way import makers


class Settler:
    """Looks at the target to say what became of a change."""

    def __init__(
        self, job: Job, store: Store, target: Target, clock: Clock, others: Callable[[], Iterable[Job]]
    ) -> None:
        self._job, self._store, self._target, self._clock, self._others = job, store, target, clock, others
        self.unanswered = 0  #: looks in a row that failed

    async def settle(self, change: Change, outcome: Outcome, *, late: bool = False) -> Outcome:
        """The outcome after a look: done, or failed as it said; still maybe, where the look itself failed, or where
        nothing, or no such object, is seen so soon: the target may show it later, or may still be at it. `late`: that
        time is over.

        A 409 on a create adopts the one account that it means.
        """
        try:
            seen = await self._seen(change, outcome)
        except TargetError as error:
            self.unanswered += 1
            return replace(outcome, message=f"{outcome.message}; and the look-up failed: {error}")
        self.unanswered = 0
        if seen.status in ("failed", "gone") and outcome.status == "maybe" and not late and not seen.permanent:
            return replace(seen, status="maybe")
        return seen

    async def _seen(self, change: Change, outcome: Outcome) -> Outcome:
        if change.kind not in self._job.kinds:
            text = f"{outcome.message}; the job has no {change.kind}s any more"
            return replace(_failed(outcome), message=text, permanent=True)
        match change.action:
            case Action.CREATE:
                return await self._created(change, outcome)
            case Action.DELETE:
                there = await self._target.get(change.kind, change.target_id or "")
                return _failed(outcome) if there else Outcome(status="done", target_id=change.target_id)
            case Action.ADD_MEMBERS | Action.REMOVE_MEMBERS:
                return await self._members(change, outcome)
            case _:
                return await self._written(change, outcome)

    async def shown(self, change: Change, outcome: Outcome) -> Outcome:
        """The outcome of members that were added again, with the group as it is now: a target may not keep them."""
        try:
            seen = await self._target.get("group", change.target_id or "", members=True)
        except TargetError:
            return outcome
        return outcome if seen is None else replace(outcome, observed=seen.resource, requests=outcome.requests + 1)

    async def _created(self, change: Change, outcome: Outcome) -> Outcome:
        found = await self._matches(change)
        exists = outcome.http_status == 409  # it is none that this change has made
        making = makers(self._others, self._store, change.kind, found, now=self._clock.now())
        owners = self._store.links.owners(self._job.target, change.kind, [one.id for one in found])
        if len(found) != 1:
            ids = ", ".join(one.id for one in found)
            text = f"{outcome.message}; {len(found)} accounts match: {ids}" if found else outcome.message
            return replace(_failed(outcome), message=text)
        one = found[0]
        if (theirs := self._conflict(change, one.id, owners, outcome)) is not None:
            return theirs
        if one.id in making and one.id not in owners:  # without the 409 it may be either's
            return replace(outcome, status="again" if exists else "maybe")
        if change.kind == "group" and not owners and await self._peopled(one.id):
            return replace(outcome, status="again")
        # After a 409 the account is older than this change, so it is compared as exactly as any that is adopted, save for
        # what the product does not change any more; and like any that is adopted it keeps what only a creation writes.
        keeps = self._job.kinds[change.kind].mapping.on_create & change.after.keys() if exists else frozenset()
        plain = {
            path: value for path, value in change.after.items() if path not in change.redacted and path not in keeps
        }
        wrong = {
            path: value
            for path, value in plain.items()
            if not _shows(one, path, value, fold=not exists or self._job.refusal(change.kind, path) is not None)
        }
        if wrong:  # an older account with this name, or a server that stored only a part
            rest = replace(
                change,
                action=Action.UPDATE,
                target_id=one.id,
                before={path: read(one.resource, parse_path(path)) for path in wrong},
                after=wrong,
            )
            sent = await self._target.send(rest, {})
            if sent.status != "done":  # of an account that was just made, what it has is ours
                there = () if exists else tuple(path for path in plain if path not in wrong)
                # Whoever looks this up later has to know what this account is.
                status = outcome.http_status if exists and sent.status == "maybe" else sent.http_status
                return replace(sent, target_id=one.id, written=there, http_status=status)
        requests = outcome.requests + 1
        return Outcome(status="done", target_id=one.id, observed=one.resource, requests=requests, keeps=keeps)

    async def _peopled(self, group: str) -> bool:
        """Whether it has members: then it is none that was just made, and is planned anew, to be adopted with them. With
        a link that knows of none of them they would be added once more, and never taken out."""
        seen = await self._target.get("group", group, members=True)
        return bool(seen and seen.members)

    def _conflict(self, change: Change, target_id: str, owners: Mapping[str, Link], outcome: Outcome) -> Outcome | None:
        """What becomes of taking over an account that belongs to somebody else by now; None: it belongs to nobody."""
        owner = owners.get(target_id)
        if owner is None or (owner.job, owner.source_id) == (self._job.name, change.source_id):
            return None
        text = f"{target_id} matches, but belongs to job {owner.job} as {owner.source_id}, which keeps it"
        return replace(_failed(outcome), code="Conflict", message=text, permanent=True)

    async def _matches(self, change: Change) -> list[Observed]:
        for path in self._job.kinds[change.kind].mapping.match:
            value = change.after.get(path)
            if value not in (None, "") and (found := await self._target.find(change.kind, {path: value})):
                return list(found)
        return []

    async def _written(self, change: Change, outcome: Outcome) -> Outcome:
        target_id = change.target_id or ""
        seen = await self._target.get(change.kind, target_id)
        if seen is None:
            return Outcome(status="gone", target_id=change.target_id, message=outcome.message)
        if change.action is Action.ADOPT:
            owners = self._store.links.owners(self._job.target, change.kind, [target_id])
            if (theirs := self._conflict(change, target_id, owners, outcome)) is not None:
                return theirs
        # A redacted value does not survive its process, so there is nothing to compare with: it is written once more.
        there = tuple(
            path for path, (_, new) in change.edited.items() if path not in change.redacted and _shows(seen, path, new)
        )
        if len(there) == len(change.edited):
            return Outcome(status="done", target_id=change.target_id, observed=seen.resource)
        return replace(_failed(outcome), written=there)

    async def _members(self, change: Change, outcome: Outcome) -> Outcome:
        seen = await self._target.get("group", change.target_id or "", members=True)
        if seen is None:
            return Outcome(status="gone", target_id=change.target_id, message=outcome.message)
        facts, there, adds = self._target.facts, seen.members, change.action is Action.ADD_MEMBERS
        if there is None and adds and facts.shown.get("group", {}).get("members") is True:
            there = frozenset()  # what it shows otherwise, it leaves out where it is empty
        if there is None or not facts.members_shown:
            # Not shown, so nobody can look; but members are a set, and adding or removing them twice is the same.
            again = await self._target.send(change, {})
            return again if again.status != "maybe" else outcome
        ids = change.after["members"] if adds else change.before["members"]
        written = tuple(id_ for id_ in ids if (id_ in there) == adds)
        if len(written) == len(ids):
            return Outcome(status="done", target_id=change.target_id)
        return replace(_failed(outcome), written=written)


def _shows(seen: Observed, path: str, value: Json, *, fold: bool = True) -> bool:
    return same(value, read(seen.resource, parse_path(path)), fold=fold)


def _failed(outcome: Outcome) -> Outcome:
    return replace(outcome, status="failed")
