"""The ids of a plan's rows become real: where a row says "new:…", the object has been created by now, or has not; and a member
who was to be taken over is ours by now, or is not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import replace

from state.journal import Row
from state.store import Store
from syncd.clock import Clock
from syncd.core.change import NEW, Action, Change
from syncd.core.model import Json, Kind
from syncd.failures import again
from syncd.job import Job


class RealIds:
    """Looks the ids of one job up. `again`: some member did not come, and its group is looked at once more."""

    def __init__(self, job: Job, store: Store, clock: Clock) -> None:
        self.job, self.store, self.clock = job, store, clock
        self.again = False

    def resolve(self, rows: Sequence[Row]) -> tuple[list[Row], list[Row]]:
        """Rows with real ids, and rows whose other end did not come: those wait, without harm to the others."""
        wanted: dict[Kind, set[str]] = {"user": set(), "group": set()}
        for row in rows:
            kind: Kind = row.change.kind
            if row.change.target_id and row.change.target_id.startswith(NEW):
                wanted[kind].add(self._source_id(row.change.target_id))
            for text in _references(row.change):
                if isinstance(text, str) and text.startswith(NEW):
                    wanted["user"].add(self._source_id(text))
        ours = self._ours(rows)
        real: dict[tuple[Kind, str], str] = {}
        for which, ids in wanted.items():
            real |= {
                (which, i): link.target_id for i, link in self.store.links.places(self.job.name, which, ids).items()
            }
        ready: list[Row] = []
        waiting: list[Row] = []
        for row in rows:
            change = self._real(row.change, real, ours)
            if change is None:
                waiting.append(row)
            else:
                ready.append(row if change is row.change else replace(row, change=change))
        return ready, waiting

    def passed(self, rows: Sequence[Row]) -> set[str]:
        """Keys of rows with real ids that add members who have passed to another job since: it would not take them out."""
        ours = self._ours(rows)
        return {row.key for row in rows if _adds(row.change) and not ours.issuperset(row.change.after["members"])}

    def _source_id(self, text: str) -> str:
        return text.removeprefix(f"{NEW}{self.job.source}:")

    def _ours(self, rows: Sequence[Row]) -> set[str]:
        """The members, by target id, that these rows add and that have a link of this job: nobody would remember others."""
        ids = {m for row in rows if _adds(row.change) for m in row.change.after["members"] if not m.startswith(NEW)}
        holders = self.store.links.holders(self.job.target, "user", ids) if ids else {}
        return {id_ for id_, holder in holders.items() if holder.job == self.job.name}

    def _real(self, change: Change, real: Mapping[tuple[Kind, str], str], ours: Set[str]) -> Change | None:
        """The change with real ids; None if nothing of it can be done."""
        target_id = change.target_id
        if (target_id is None or not target_id.startswith(NEW)) and not _references(change):
            return change
        if target_id is not None and target_id.startswith(NEW):
            target_id = real.get((change.kind, self._source_id(target_id)))
            if target_id is None:
                return None
        after: dict[str, Json] = dict(change.after)
        if change.action is Action.ADD_MEMBERS:
            members = change.after["members"]
            new = {m: real.get(("user", self._source_id(m))) for m in members if m.startswith(NEW)}
            known = ours if _adds(change) else set(members)
            come = [new.get(m) if m in new else m if m in known else None for m in members]
            after["members"] = [m for m in come if m is not None]
            if len(after["members"]) < len(members):
                self.again = True
                self.store.pending.put(self.job.name, [again("group", change.source_id, now=self.clock.now())])
            if not after["members"]:
                return None
        elif change.action is Action.REFERENCE:
            for path, value in change.after.items():
                if isinstance(value, str) and value.startswith(NEW):
                    after[path] = real.get(("user", self._source_id(value)))
                    if after[path] is None:
                        return None
        return replace(change, target_id=target_id, after=after)


def _adds(change: Change) -> bool:
    """Not those that the group has already, and that are to be remembered alone."""
    return change.action is Action.ADD_MEMBERS and bool(change.edited)


def _references(change: Change) -> list[Json]:
    match change.action:
        case Action.ADD_MEMBERS:
            return list(change.after["members"])
        case Action.REFERENCE:
            return list(change.after.values())
        case _:
            return []
