"""Objects for which a job has sent a request that has no known end: of their own, of a group that they join or leave, or to take
them over."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, timedelta

import sqlalchemy as sa

from state.engine import parts
from state.tables import changes, plans
from syncd.core.change import NEW, Action
from syncd.core.model import Kind

#: no request lasts so long: what is still open then was left by a process that was killed
LONGEST_REQUEST = timedelta(minutes=5)
KILLED = "Unsettled"  #: the code of a row whose process was killed after it had sent the request
_OPEN = (
    plans.c.job == sa.bindparam("of_job"),
    plans.c.status.in_(["applying", "unsettled"]),
    changes.c.status == "sent",
)
_THEIR_OWN = (
    sa.select(changes.c.source_id)
    .join(plans, plans.c.id == changes.c.plan)
    .where(
        *_OPEN, changes.c.kind == sa.bindparam("of_kind"), changes.c.source_id.in_(sa.bindparam("ids", expanding=True))
    )
)
_OF_MEMBERS = (
    sa.select(changes.c.before, changes.c.after)
    .join(plans, plans.c.id == changes.c.plan)
    .where(*_OPEN, changes.c.action.in_([int(action) for action in Action if action.of_members]))
)
_JOINING = (
    sa.select(changes.c.source_id, changes.c.after, changes.c.changed_at, changes.c.error)
    .join(plans, plans.c.id == changes.c.plan)
    .where(
        *_OPEN,
        changes.c.action == int(Action.ADD_MEMBERS),
        changes.c.source_id.in_(sa.bindparam("ids", expanding=True)),
    )
)
_ADOPTED = (
    sa.select(changes.c.target_id)
    .join(plans, plans.c.id == changes.c.plan)
    .where(
        plans.c.job.in_(sa.bindparam("of_jobs", expanding=True)),
        plans.c.status == "applying",
        changes.c.action == int(Action.ADOPT),
        changes.c.kind == sa.bindparam("of_kind"),
        changes.c.status == "sent",
        changes.c.changed_at > sa.bindparam("since"),
        changes.c.target_id.in_(sa.bindparam("ids", expanding=True)),
    )
)


def in_hand(c: sa.Connection, job: str, kind: Kind, objects: Mapping[str, str]) -> set[str]:
    """Which of these objects, {source id: target id}, by source id."""
    found: set[str] = set()
    for part in parts(objects):
        found.update(c.scalars(_THEIR_OWN, {"of_job": job, "of_kind": kind, "ids": part}))
    if kind == "user":
        for sides in c.execute(_OF_MEMBERS, {"of_job": job}):
            members = {id_ for side in sides for id_ in (side or {}).get("members", ())}
            new = {id_.removeprefix(NEW).partition(":")[2] for id_ in members if id_.startswith(NEW)}
            found |= {source_id for source_id, id_ in objects.items() if source_id in new or id_ in members}
    return found


def joining(c: sa.Connection, job: str, groups: Iterable[str], *, since: datetime) -> dict[str, set[str]]:
    """Whom a job has sent to be added to these groups since then, without an answer that tells whether they were: {group:
    members}; a member is its target id, or "new:source:id" where it had none. Not what a killed process has sent."""
    found: dict[str, set[str]] = {}
    for part in parts(groups):
        for row in c.execute(_JOINING, {"of_job": job, "ids": part}):
            told = row.error and row.error["code"] != KILLED
            if told and row.changed_at is not None and row.changed_at > since:
                found.setdefault(row.source_id, set()).update((row.after or {}).get("members", ()))
    return found


def adopted(
    c: sa.Connection, jobs: Collection[str], kind: Kind, target_ids: Iterable[str], *, now: datetime
) -> set[str]:
    """Which of these objects of a target some of these jobs are taking over right now, by target id."""
    found: set[str] = set()
    for part in parts(target_ids) if jobs else ():
        of = {"of_jobs": list(jobs), "of_kind": kind, "since": now - LONGEST_REQUEST, "ids": part}
        found.update(c.scalars(_ADOPTED, of))
    return found
