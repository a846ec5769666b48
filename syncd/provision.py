"""On demand and `explain`: one object through the same steps as a cycle, each step told.

connection → import → scope → match → action. `explain` stops before the last one; `provision` carries it out while a
long cycle may be running: the object is claimed, and the cycle leaves it alone.
"""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field
from functools import partial
from typing import Literal

from connectors import Target
from connectors.errors import SourceError, TargetError
from state.journal import is_mark
from state.log import LogEntry
from state.mirror import names
from syncd.apply import Applier
from syncd.core.attributes import parse_path, read
from syncd.core.errors import SyncdError
from syncd.core.model import Json, Kind
from syncd.core.redaction import REDACTED
from syncd.core.scope import Scope
from syncd.draft import Draft
from syncd.evaluate import Evaluated, Evaluator
from syncd.found import Found, find
from syncd.job import Job
from syncd.observe.logs import Event, log
from syncd.reconcile import Reconciler
from syncd.report.result import row_data
from syncd.runtime import Runtime

PAST = 5  #: entries of the provisioning log that a trace shows
SHOWN = 5  #: of those whom an ambiguous name may mean

StepName = Literal["connection", "import", "scope", "match", "action"]


@dataclass(kw_only=True, eq=False)
class NobodyFound(SyncdError):
    """Nobody and nothing is called {name} at the sources of {jobs}, nor was it ever read. Check the spelling, or try the id: syncd explain ID"""

    name: str
    jobs: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Step:
    """One of the five steps."""

    step: StepName
    status: Literal["ok", "failed", "skipped"]
    detail: str
    data: Mapping[str, Json] = field(default_factory=dict)


@dataclass(kw_only=True, slots=True)
class Trace:
    """The steps of one object in one job, and what they lead to."""

    job: str
    name: str
    steps: list[Step] = field(default_factory=list)
    changes: list[dict[str, Json]] = field(default_factory=list)
    found: bool = False

    def add(self, step: StepName, status: Literal["ok", "failed", "skipped"], detail: str, **data: Json) -> None:
        self.steps.append(Step(step=step, status=status, detail=detail, data=data))

    @property
    def data(self) -> dict[str, Json]:
        steps = [{"step": s.step, "status": s.status, "detail": s.detail, "data": dict(s.data)} for s in self.steps]
        return {"job": self.job, "name": self.name, "steps": steps, "changes": self.changes}

    @property
    def exit_code(self) -> int:
        """1 a step failed · 3 held · 4 the target refused · 2 a dry run found something · 0 done, or nothing to do."""
        if any(step.status == "failed" and step.step != "action" for step in self.steps):
            return 1
        seen = {change["status"] for change in self.changes}
        return next((code for word, code in (("held", 3), ("failed", 4), ("planned", 2)) if word in seen), 0)


async def provision(
    runtime: Runtime, name: str, jobs: Iterable[str] = (), *, kind: Kind = "user", dry: bool = False, act: bool = True
) -> list[Trace]:
    """One user or group, now, in each of these jobs. `act` False: explain only. Raises NobodyFound."""
    wanted = runtime.job_names(jobs)
    traces: list[Trace] = []
    for job_name in wanted:
        try:
            await runtime.acquaint(job_name)
        except TargetError as error:
            traces.append(Trace(job=job_name, name=name))
            traces[-1].add("connection", "failed", str(error))
            continue
        job = runtime.job(job_name)
        kinds: list[Kind] = [kind] if act else [kind, "group" if kind == "user" else "user"]
        found = [
            trace for k in kinds if k in job.kinds for trace in await _job(runtime, job, name, k, dry=dry, act=act)
        ]
        traces += [trace for trace in found if trace.found] or found[:1]
    known = [trace for trace in traces if trace.found or trace.steps[-1].step != "import"]
    if not known:
        raise NobodyFound(name=name, jobs=", ".join(wanted))
    return known


async def _job(runtime: Runtime, job: Job, name: str, kind: Kind, *, dry: bool, act: bool) -> list[Trace]:
    first = Trace(job=job.name, name=name)
    try:
        async with runtime.source(job.source) as source, runtime.target(job.target, write=act and not dry) as target:
            objects = await find(runtime.store.mirror, source, job.source, kind, name)
            if act and len(objects) > 1:
                objects = _concerned(runtime, job, objects) or objects[:1]
            if (refused := _refused(objects, name, job, kind)) is not None and (act or not objects):
                first.found = bool(objects)
                first.add("import", "failed", refused)
                return [first]
            return [await _one(runtime, job, target, one, dry=dry, act=act) for one in objects]
    except (SourceError, TargetError) as error:
        first.add("connection", "failed", str(error))
        return [first]


def _concerned(runtime: Runtime, job: Job, objects: Sequence[Found]) -> list[Found]:
    """Those with whom the job has anything to do: in its scope, or linked."""
    evaluator = Evaluator(job, runtime.store, now=runtime.clock.now())
    (kind,) = {one.object.kind for one in objects}
    seen = evaluator.load(kind, [one.object.id for one in objects])
    ours = {one.object.id for one in seen if one.link is not None or one.verdict.scope is not Scope.OUT}
    return [one for one in objects if one.object.id in ours]


def _refused(objects: Sequence[Found], name: str, job: Job, kind: Kind) -> str | None:
    """Why nothing may be done: whom the name means is not known, or what is known of them is old."""
    if not objects:
        return f"{job.source} has no {kind} called {name}"
    if len(objects) > 1:
        some = ", ".join(f"{names(one.object)[0]} ({one.object.id})" for one in objects[:SHOWN])
        more = f" and {len(objects) - SHOWN} more" if len(objects) > SHOWN else ""
        option = " --group" if kind == "group" else ""
        text = f"{name} means {len(objects)} {kind}s at {job.source}: {some}{more}"
        return f"{text}; nothing was done. Say which one by its id: syncd provision{option} ID"
    if objects[0].vanished:
        text = f"{job.source} has no {kind} called {name} any more; nothing was done"
        return f"{text}. A cycle reads what became of it: syncd sync --job {job.name}"
    return None


async def _one(runtime: Runtime, job: Job, target: Target, found: Found, *, dry: bool, act: bool) -> Trace:
    one = found.object
    trace = Trace(job=job.name, name=names(one)[0], found=True)
    evaluator = Evaluator(job, runtime.store, now=runtime.clock.now())
    (seen,) = await asyncio.to_thread(evaluator.load, one.kind, [one.id])
    trace.add("connection", "ok", f"{job.source} and {job.target} answer")
    state = {"live": "", "soft": ", in the recycle bin", "gone": ", deleted at the source"}[one.state]
    disabled = "" if one.enabled else ", disabled"
    old = "; the source does not know it any more, and this is how it was last read" if found.vanished else ""
    trace.add("import", "ok", f"{one.kind} {one.id}{state}{disabled}{old}", **_imported(evaluator, seen))
    in_scope = seen.verdict.scope is Scope.IN
    trace.add(
        "scope",
        "ok" if in_scope else "skipped",
        str(seen.verdict),
        scope=seen.verdict.scope.value,
        clause=seen.verdict.clause,
        saw=seen.verdict.saw,
        assigned=[row.through or "directly" for row in seen.paths.direct] + list(seen.paths.through),
        roles=list(seen.paths.roles),
    )
    past = runtime.store.log.newest(job.name, one.id, count=PAST)
    await _match(trace, job, target, seen)
    draft = Draft(id=uuid.uuid4().hex, job=job.name, cycle="on-demand")
    store, clock = runtime.store, runtime.clock
    rivals, others = runtime.rivals(job.name), partial(runtime.others, job.name)
    maker = Reconciler(job, store, target, draft, now=clock.now(), previews=True, rivals=rivals, others=others)
    with store.leases.claim(job.name, one.kind, one.id, now=clock.now()):
        await maker.plan_for(one.kind, [one.id], dry=dry or not act)
        if act and not dry:
            store.journal.take_over(draft.id, job.name, waits=draft.waits)
            applier = Applier(job, store, target, draft, clock, stopping=asyncio.Event(), on_demand=True, others=others)
            await applier.run()
            store.journal.finish(draft.id, job.name)
    trace.changes = [row_data(row) for row in store.journal.rows(draft.id, shown=True)]
    _action(trace, seen, draft, past, act=act and not dry)
    log.info(Event.PROVISIONED, job=job.name, source_id=one.id, acted=act and not dry, changes=len(trace.changes))
    return trace


def _imported(evaluator: Evaluator, seen: Evaluated) -> dict[str, Json]:
    """Each row of the mapping: the source attributes that it reads, what it says, what it gives."""
    return {
        "source_id": seen.object.id,
        "enabled": seen.object.enabled,
        "state": seen.object.state,
        "mapping": [
            {
                "target": told.row.path,
                "from": told.row.text,
                "reads": dict(told.reads),
                "gives": told.gives,
                "remark": told.remark,
                "error": told.error,
            }
            for told in evaluator.trace(seen)
        ],
        "error": str(seen.error) if seen.error else None,
    }


def _open(values: Mapping[str, Json], hidden: Set[str]) -> dict[str, Json]:
    """The values as they may be shown."""
    return {
        path: REDACTED if value is not None and (path in hidden or is_mark(value)) else value
        for path, value in values.items()
    }


async def _match(trace: Trace, job: Job, target: Target, seen: Evaluated) -> None:
    mapping = job.kinds[seen.object.kind].mapping
    if seen.link is not None:
        observed = await target.get(seen.object.kind, seen.link.target_id)
        there = "it is there" if observed else "it is gone at the target"
        active = "active" if seen.link.active else "inactive"
        now = {p: read(observed.resource, parse_path(p)) for p in seen.link.wrote} if observed else {}
        trace.add(
            "match",
            "ok" if observed else "failed",
            f"linked to {seen.link.target_id} ({active}); {there}",
            target_id=seen.link.target_id,
            wrote=_open(seen.link.wrote, mapping.redacted),
            seen=_open(now, mapping.redacted | {path for path, value in seen.link.wrote.items() if is_mark(value)}),
        )
        return
    if seen.verdict.scope is not Scope.IN or seen.desired is None:
        trace.add("match", "skipped", "not in scope and not linked: not ours")
        return
    tried = []
    for path in mapping.match:
        value = seen.desired.values.get(path)
        if value in (None, ""):
            continue
        found = await target.find(seen.object.kind, {path: value})
        if found:
            ids = [one.id for one in found]
            shown = REDACTED if path in mapping.redacted else repr(value)
            trace.add("match", "ok", f"{path} {shown} matches {', '.join(ids)}", attribute=path, target_ids=ids)
            return
        tried.append(path)
    by = f" by {' or '.join(tried)}" if tried else ""
    trace.add("match", "ok", f"nothing at the target matches{by}", target_ids=[])


def _before(past: Sequence[LogEntry]) -> list[Json]:
    """What the provisioning log says of an object, newest first: when it came, changed and went, and why."""
    return [
        {
            "time": f"{entry.time:%Y-%m-%dT%H:%M:%SZ}",
            "action": entry.action,
            "status": entry.status,
            "why": next((step["detail"] for step in entry.steps if step["step"] == "scope"), None),
            "attributes": [edit["attribute"] for edit in entry.modified],
            "error": entry.error["message"] if entry.error else None,
        }
        for entry in past
    ]


def _action(trace: Trace, seen: Evaluated, draft: Draft, past: Sequence[LogEntry], *, act: bool) -> None:
    if seen.error is not None:
        trace.add("action", "failed", str(seen.error))
        return
    if not trace.changes:
        said = "; ".join(str(warning["message"]) for warning in draft.warnings)
        right = "nothing to do: the target has what is wished" if seen.link else "nothing to do"
        if seen.desired is not None and not seen.desired.active and seen.link is None:
            right = "nothing to do: disabled accounts are not created"
        trace.add("action", "skipped", said or right, before=_before(past))
        return
    for change in trace.changes:
        words = f"{change['action']} {change['kind']} {change['name']}"
        edited = ", ".join(
            row["attribute"]
            if row["attribute"] == "members"
            else f"{row['attribute']}: {row['old']!r} → {row['new']!r}"
            for row in change["modified"]
        )
        status = change["status"]
        mark: Literal["ok", "failed", "skipped"] = status if status in ("failed", "skipped") else "ok"
        tail = change["held"] or (change["error"] or {}).get("message") or (status if act else "would be sent")
        trace.add("action", mark, f"{words}: {edited or 'whole'} ({tail})", before=_before(past))
