"""Short ways to say what goes into a state DB: records, pages, changes, closings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from state.journal import Closing, Planned, Row
from state.log import LogEntry
from state.pending import Wait
from state.store import Store
from syncd.core.change import Action, Change, Link, Status
from syncd.core.model import Json, Kind, Membership, Page, Record, Removal, SourceGroup, SourceUser, Stream

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


def user(id_: str, *, enabled: bool | None = True, **attributes: Json) -> SourceUser:
    return SourceUser(id=id_, attributes=attributes, enabled=enabled)


def group(id_: str, name: str | None = None) -> SourceGroup:
    return SourceGroup(id=id_, attributes={"displayName": name or id_})


def users_in(group_id: str, *ids: str) -> list[Membership]:
    return [Membership(group_id=group_id, member_id=id_) for id_ in ids]


def groups_in(group_id: str, *ids: str) -> list[Membership]:
    return [Membership(group_id=group_id, member_id=id_, member_kind="group") for id_ in ids]


def read(
    store: Store,
    stream: Stream,
    *pages: Sequence[Record],
    full: bool = True,
    removals: Sequence[Removal] = (),
    unknown: Sequence[str] = (),
    watermark: str | None = "w",
    source: str = "s",
) -> int:
    """A whole round of some pages; the removals and what is unknown come with the last one. Returns the changes."""
    current = store.mirror.begin(source, stream)
    changed = 0
    for number, records in enumerate(pages, 1):
        last = number == len(pages)
        page = Page(
            stream=stream,
            records=tuple(records),
            removals=tuple(removals) if last else (),
            full=full,
            last=last,
            watermark=watermark if last else None,
            unknown=frozenset(unknown) if last else frozenset(),
        )
        changed += store.mirror.store(current, page, now=NOW)
    return changed


def states(store: Store, kind: Kind, *ids: str, source: str = "s") -> dict[str, str]:
    return {id_: found.state for id_, found in store.mirror.objects(source, kind, ids).items()}


def moved(store: Store, kind: Kind, since: int, *, source: str = "s") -> list[str]:
    """Whom a job that took everything in up to `since` looks at again."""
    plan = f"moved-{kind}-{since}"
    store.worklist.changed(plan, "nobody", source, kind, since, every=True)
    ids = [id_ for part in store.worklist.ids(plan, kind) for id_ in part]
    store.worklist.clear(plan)
    return ids


def change(
    source_id: str, action: Action = Action.CREATE, *, kind: Kind = "user", target_id: str | None = None, **other: Any
) -> Change:
    values: dict[str, Any] = {"before": {}, "after": {"userName": source_id}, "why": "assigned", "name": source_id}
    return Change(action=action, kind=kind, source_id=source_id, target_id=target_id, **{**values, **other})


def plan(
    store: Store,
    *changes: Change,
    id_: str = "p1",
    job: str = "j",
    seq: int | None = 7,
    revs: Mapping[str, int] | None = None,
    now: datetime = NOW,
    begin: bool = True,
) -> list[Row]:
    """A sealed plan; begun, too, unless told otherwise."""
    store.journal.begin(id_, job, seq=seq, config="c", now=now)
    store.journal.add(id_, [Planned(change=one, rev=(revs or {}).get(one.source_id)) for one in changes])
    store.journal.seal(id_, dry=False)
    if begin:
        store.journal.take_over(id_, job, waits=[])
    return list(store.journal.rows(id_))


def begun(store: Store, id_: str, *, job: str = "j", now: datetime = NOW) -> str:
    """A plan that is being made."""
    store.journal.begin(id_, job, seq=1, config="c", now=now)
    return id_


def link(source_id: str, target_id: str, *, kind: Kind = "user", job: str = "j", **other: Any) -> Link:
    return Link(job=job, kind=kind, source_id=source_id, target_id=target_id, **other)


def closing(row: Row, status: Status = "done", **other: Any) -> Closing:
    return Closing(row=row, status=status, target="t", **other)


def linked(store: Store, *links: Link, plan_id: str = "links", target: str = "t") -> None:
    """Links as a plan of earlier days left them."""
    for number, one in enumerate(links):
        id_ = f"{plan_id}-{one.job}-{number}"
        (row,) = plan(store, change(one.source_id, kind=one.kind), id_=id_, job=one.job, seq=None)
        store.journal.close(id_, one.job, [replace(closing(row, link=one), target=target)], now=NOW)
        store.journal.finish(id_, one.job)


def wait(source_id: str, reason: str = "again", *, kind: Kind = "user", **other: Any) -> Wait:
    return Wait(**{"kind": kind, "source_id": source_id, "reason": reason, "since": NOW, "due_at": NOW, **other})


def entry(name: str, **other: Any) -> LogEntry:
    values: dict[str, Any] = {
        "time": NOW, "job": "j", "cycle": "p1", "change": f"p1:create:{name}", "action": "create", "status": "success",
        "kind": "user", "source_id": f"id-{name}", "target_id": None, "name": name, "steps": [], "modified": [],
    }  # fmt: skip
    return LogEntry(**{**values, **other})
