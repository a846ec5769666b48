"""What a plan is going to do, and what earlier ones left open: asked while the rest of it is made."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, timedelta

import sqlalchemy as sa

from state.approvals import Approvals
from state.engine import parts, reading
from state.in_hand import adopted, in_hand, joining
from state.overtaken import LONGEST_PLAN
from state.tables import changes, plans
from syncd.core.change import Action, Status
from syncd.core.model import Json, Kind

#: made once: building a statement costs more than carrying it out
_PLANNED = sa.select(changes.c.source_id, changes.c.action, changes.c.target_id).where(
    changes.c.plan == sa.bindparam("of_plan"),
    changes.c.kind == sa.bindparam("of_kind"),
    changes.c.source_id.in_(sa.bindparam("ids", expanding=True)),
    changes.c.status == "planned",
)
_OPEN_CREATIONS = (
    sa.select(changes.c.source_id, changes.c.after, changes.c.changed_at)
    .join(plans, plans.c.id == changes.c.plan)
    .where(
        plans.c.job == sa.bindparam("of_job"),
        plans.c.status.in_(["applying", "unsettled"]),
        changes.c.status == "sent",
        changes.c.action == int(Action.CREATE),
        changes.c.kind == sa.bindparam("of_kind"),
        changes.c.source_id.in_(sa.bindparam("ids", expanding=True)),
    )
)
_CREATIONS_SINCE = (
    sa.select(changes.c.after)
    .join(plans, plans.c.id == changes.c.plan)
    .where(
        plans.c.job == sa.bindparam("of_job"),
        plans.c.status == "applying",
        changes.c.status == "sent",
        changes.c.action == int(Action.CREATE),
        changes.c.kind == sa.bindparam("of_kind"),
        changes.c.changed_at > sa.bindparam("since"),
    )
)
#: of other plans, while a plan is made and carried out: what may be there by now although its look-ups did not find it
_MADE_BESIDE = (
    sa.select(changes.c.source_id, changes.c.status, changes.c.after)
    .join(plans, plans.c.id == changes.c.plan)
    .where(
        plans.c.job == sa.bindparam("of_job"),
        plans.c.created_at > sa.bindparam("made_since"),
        changes.c.stage == sa.bindparam("of_stage"),
        changes.c.status.in_(["sent", "done"]),
        changes.c.changed_at > sa.bindparam("since"),
    )
)


class PlannedRows(Approvals):
    """The part of the journal that looks at rows which plans have not ended yet."""

    def tally(self, plan: str) -> dict[tuple[Action, Kind, Status], int]:
        """How many rows of each kind; members count one by one only in the report."""
        with reading(self._engine) as c:
            columns = (changes.c.action, changes.c.kind, changes.c.status)
            rows = c.execute(sa.select(*columns, sa.func.count()).where(changes.c.plan == plan).group_by(*columns))
            return {(Action(action), kind, status): count for action, kind, status, count in rows}

    def counted(self, plan: str, *, but: Iterable[Action]) -> dict[tuple[Action, Status, bool], int]:
        """How many rows of each action, status and whether the guard holds them, without looking at what they change;
        less those of some actions, and those that are `sent`."""
        columns = (changes.c.action, changes.c.status, changes.c.guarded)
        where = (changes.c.plan == plan) & changes.c.action.not_in(list(map(int, but))) & (changes.c.status != "sent")
        with reading(self._engine) as c:
            rows = c.execute(sa.select(*columns, sa.func.count()).where(where).group_by(*columns))
            return {(Action(action), status, bool(guarded)): count for action, status, guarded, count in rows}

    def planned(self, plan: str, kind: Kind, ids: Iterable[str]) -> dict[str, list[tuple[Action, str | None]]]:
        """What a plan will do with these objects, less what is held or skipped: {source id: [(action, target id)]}."""
        found: dict[str, list[tuple[Action, str | None]]] = {}
        with reading(self._engine) as c:
            for part in parts(ids):
                for id_, action, target_id in c.execute(_PLANNED, {"of_plan": plan, "of_kind": kind, "ids": part}):
                    found.setdefault(id_, []).append((Action(action), target_id))
        return found

    def open_creations(
        self, job: str, kind: Kind, ids: Iterable[str], *, since: datetime | None = None
    ) -> dict[str, dict[str, Json]]:
        """What was sent to create these objects (`since` then), and of which nobody knows whether it was carried out:
        {source id: values by path}; what is redacted comes as its mark."""
        found: dict[str, dict[str, Json]] = {}
        with reading(self._engine) as c:
            for part in parts(ids):
                found |= {
                    row.source_id: row.after or {}
                    for row in c.execute(_OPEN_CREATIONS, {"of_job": job, "of_kind": kind, "ids": part})
                    if since is None or (row.changed_at is not None and row.changed_at > since)
                }
        return found

    def in_hand(self, job: str, kind: Kind, objects: Mapping[str, str]) -> set[str]:
        """Which of these objects, {source id: target id}, a job has sent a request for that has no known end."""
        with reading(self._engine) as c:
            return in_hand(c, job, kind, objects)

    def joining(self, job: str, groups: Iterable[str], *, since: datetime) -> dict[str, set[str]]:
        """Whom a job has sent to be added to these groups since then, without an answer that tells whether they were: {group:
        members}; a member is its target id, or "new:source:id" where it had none. Not what a killed process has sent."""
        with reading(self._engine) as c:
            return joining(c, job, groups, since=since)

    def adopted(self, jobs: Collection[str], kind: Kind, target_ids: Iterable[str], *, now: datetime) -> set[str]:
        """Which of these objects of a target some of these jobs are taking over right now, by target id."""
        with reading(self._engine) as c:
            return adopted(c, jobs, kind, target_ids, now=now)

    def creations_since(self, job: str, kind: Kind, since: datetime) -> list[dict[str, Json]]:
        """What a job has sent to create objects since then, and has no answer to yet: their values by path; what is
        redacted comes as its mark."""
        with reading(self._engine) as c:
            found = c.scalars(_CREATIONS_SINCE, {"of_job": job, "of_kind": kind, "since": since})
            return [after or {} for after in found]

    def made_beside(
        self, plan: str, job: str, kind: Kind, *, within: timedelta
    ) -> list[tuple[str, bool, dict[str, Json]]]:
        """What a job has sent to create objects since a plan of another one was begun, and `within` that time before, as
        their clocks may differ: (source id, whether it is known to be there, values by path)."""
        with reading(self._engine) as c:
            begun = c.scalar(sa.select(plans.c.created_at).where(plans.c.id == plan))
            if begun is None:
                return []
            since = begun - within
            of = {
                "of_job": job,
                "of_stage": Action.CREATE.stage(kind),
                "since": since,
                "made_since": since - LONGEST_PLAN,
            }
            found = c.execute(_MADE_BESIDE, of).all()
            return [(row.source_id, row.status == "done", row.after or {}) for row in found]

    def planned_names(self, plan: str, kind: Kind, ids: Iterable[str]) -> dict[str, Json]:
        """The user names that a plan writes: {source id: userName}; what is redacted comes as its mark."""
        found: dict[str, Json] = {}
        with reading(self._engine) as c:
            for part in parts(ids):
                where = (changes.c.plan == plan) & (changes.c.kind == kind) & changes.c.source_id.in_(part)
                rows = c.execute(
                    sa.select(changes.c.source_id, changes.c.after).where(where, changes.c.status == "planned")
                )
                found |= {id_: after["userName"] for id_, after in rows if after and "userName" in after}
        return found
