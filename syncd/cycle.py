"""One cycle of one job, told in its order.

take the lease        one writer per job
settle                what a killed process left open is looked up at the target
ingest                the source is read into the mirror; what could not be read removes nothing
reconcile             dirty set → scope → map → diff → policy → guard → a plan in the journal, with its checksum
stop here if dry      the same plan, printed; the target was opened without a way to write
compare the checksum  where the caller asked for a certain plan
take the plan over    the plan begins and the job's sequence number moves, in one transaction
apply                 stage by stage, each row durable before it is sent
once more             for objects that moved under the plan (gone at the target, taken on demand meanwhile)
"""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import Coroutine, Iterable
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass, replace
from functools import partial

from connectors import Target
from connectors.errors import AccessDenied, NotConfigured, Unauthorized
from state.errors import Busy, StateError
from syncd.apply import Applier
from syncd.beside import beside
from syncd.core.errors import SyncdError
from syncd.core.guard import Guards
from syncd.core.quarantine import judge
from syncd.draft import CycleKind, Draft
from syncd.heartbeat import kept
from syncd.ingest import Reading, ingest
from syncd.job import Job
from syncd.observe.health import staleness
from syncd.observe.logs import Event, log
from syncd.observe.notify import Notifier
from syncd.quarantine import quarantine_data, quarantine_from
from syncd.reconcile import Reconciler
from syncd.report.result import JobResult
from syncd.runtime import Runtime
from syncd.unfinished import Unfinished

EXTRA_ROUNDS = 2


@dataclass(kw_only=True, eq=False)
class PlanMoved(SyncdError):
    """Job {job}: the plan is {found} now, not {asked}. Nothing was written. Look at it again: syncd --dry-run --job {job}"""

    job: str
    asked: str
    found: str


@dataclass(kw_only=True, eq=False)
class Stopped(SyncdError):
    """Job {job}: stopped {at}. What was done is kept. To go on: {command} --job {job}"""

    job: str
    at: str = "while it read its source, before any change"
    left: int = 0  #: changes of a plan that had begun
    command: str = "syncd sync"


@dataclass(frozen=True, kw_only=True, slots=True)
class Wish:
    """How a cycle is to be run."""

    dry: bool = False
    full: bool = False  #: read everything on both sides
    checksum: str | None = None  #: apply only a plan with this checksum
    failed_now: bool = True  #: try failing objects whatever their next try
    previews: bool = False  #: rows say which requests they become

    @property
    def command(self) -> str:
        """What gives such a cycle."""
        return "syncd --dry-run" if self.dry else "syncd sync"


async def sync(
    runtime: Runtime, names: Iterable[str] = (), wish: Wish | None = None, *, stopping: asyncio.Event | None = None
) -> list[JobResult]:
    """One cycle of each job, one after the other; each source is read once. Errors of a job are in its result."""
    readings: dict[str, Reading] = {}
    results, wish = [], wish or Wish()
    for name in runtime.job_names(names):
        if stopping is not None and stopping.is_set():
            results.append(_not_begun(runtime, name, wish))
        else:
            results.append(await cycle(runtime, name, wish, readings=readings, stopping=stopping))
    return results


def _not_begun(runtime: Runtime, name: str, wish: Wish) -> JobResult:
    result = _result(runtime, name, wish)
    result.error = Stopped(job=name, at="before it began", command=wish.command)
    return result


def _result(runtime: Runtime, name: str, wish: Wish) -> JobResult:
    said = runtime.settings.jobs[name]
    return JobResult(job=name, source=said.source, target=said.target, dry=wish.dry, started=runtime.clock.now())


async def cycle(
    runtime: Runtime,
    name: str,
    wish: Wish,
    *,
    readings: dict[str, Reading] | None = None,
    stopping: asyncio.Event | None = None,
) -> JobResult:
    """One cycle of one job. What goes wrong with the job as a whole is in the result's `error`."""
    result = _result(runtime, name, wish)
    begun = time.monotonic()
    lease: AbstractAsyncContextManager[None] = nullcontext()
    try:
        await runtime.acquaint(name)
        job = runtime.job(name)
        if not wish.dry:
            runtime.store.leases.take(name, now=runtime.clock.now())
            lease = kept(runtime.store, name, runtime.clock.now)
        async with lease:
            await _Cycle(runtime, job, wish, result, stopping or asyncio.Event()).run(
                readings if readings is not None else {}
            )
    except Stopped as error:
        result.error = error
    except SyncdError as error:
        result.error = error
        log.error(Event.CYCLE_FAILED, job=name, error=str(error))
    finally:
        result.seconds = time.monotonic() - begun
    if _remember(runtime, result, wish):
        said = runtime.settings.notify
        await Notifier(runtime.store, said.urls, said.on).tell(name, events(runtime, name))
    return result


class _Cycle:
    def __init__(self, runtime: Runtime, job: Job, wish: Wish, result: JobResult, stopping: asyncio.Event) -> None:
        self.runtime, self.job, self.wish, self.result, self.stopping = runtime, job, wish, result, stopping
        self.store, self.clock = runtime.store, runtime.clock
        self._others = partial(runtime.others, job.name)

    async def run(self, readings: dict[str, Reading]) -> None:
        runtime, job, wish = self.runtime, self.job, self.wish
        kind = self._kind()
        self.result.cycle = kind
        log.info(Event.CYCLE_STARTED, job=job.name, cycle=kind, dry=wish.dry)
        async with runtime.target(job.target, write=not wish.dry) as target:
            if wish.dry:
                self.result.warnings += beside(self.store, job.name, now=self.clock.now())
            else:
                draft = self._draft(kind)
                left = Unfinished(
                    job, self.store, target, draft, self.clock, stopping=self.stopping, others=self._others
                )
                await left.settle()
            reading = readings.get(job.source)
            if reading is None:
                async with runtime.source(job.source) as source:
                    progress = runtime.progress
                    work = ingest(self.store, source, self.clock, full=kind == "full", progress=progress)
                    reading = readings[job.source] = await self._unless_stopped(work)
            self._take_in(reading)
            again = await self._round(kind, target, failed_now=wish.failed_now, first=True)
            for _ in range(EXTRA_ROUNDS):
                if not again or self.result.error is not None or self.stopping.is_set():
                    break
                again = await self._round("incremental", target, failed_now=False, first=False)

    async def _unless_stopped(self, work: Coroutine[None, None, Reading]) -> Reading:
        """Reading has no change in hand, and may take longer than anybody waits for a service to stop."""
        task, stop = asyncio.create_task(work), asyncio.create_task(self.stopping.wait())
        try:
            await asyncio.wait({task, stop}, return_when=asyncio.FIRST_COMPLETED)
            if not task.done():
                raise Stopped(job=self.job.name, command=self.wish.command)
            return task.result()
        finally:
            stop.cancel()
            task.cancel()
            # What it fails with while it ends is nobody's any more, and asyncio is not to tell of it.
            await asyncio.gather(task, stop, return_exceptions=True)

    def _kind(self) -> CycleKind:
        memory = self.store.jobs.get(self.job.name)
        if memory.seq == 0 and memory.config is None:
            return "initial"
        due = self.runtime.settings.jobs[self.job.name].full_every
        swept = memory.full_at is not None and abs(self.clock.now() - memory.full_at) < due  # clocks are set back, too
        return "incremental" if swept and not self.wish.full and memory.restart is None else "full"

    def _draft(self, kind: CycleKind) -> Draft:
        return Draft(id=uuid.uuid4().hex, job=self.job.name, cycle=kind)

    def _applier(self, draft: Draft, target: Target) -> Applier:
        progress = self.runtime.progress
        return Applier(
            self.job,
            self.store,
            target,
            draft,
            self.clock,
            stopping=self.stopping,
            others=self._others,
            progress=progress,
        )

    def _take_in(self, reading: Reading) -> None:
        result = self.result
        result.read, result.complete = reading.data, reading.complete
        result.warnings += reading.warnings
        if reading.errors:
            result.error = reading.errors[0]

    async def _round(self, kind: CycleKind, target: Target, *, failed_now: bool, first: bool) -> bool:
        """Plan and apply once. True if some rows found something else than they were planned for."""
        wish, result, journal = self.wish, self.result, self.store.journal
        draft = self._draft(kind)
        maker = Reconciler(
            self._guarded(first),
            self.store,
            target,
            draft,
            now=self.clock.now(),
            previews=wish.previews,
            rivals=self.runtime.rivals(self.job.name),
            others=self._others,
        )
        planning = f"{self.job.name}: planning"
        self.runtime.progress.begin(planning)
        await maker.plan(failed_now=failed_now, dry=wish.dry)
        self.runtime.progress.end(planning)
        result.plans.append(draft.id)
        result.warnings += draft.warnings
        result.drift += draft.drift
        result.counts["skip"] += draft.right if first else 0
        result.seats = draft.seats or result.seats
        if first:
            result.checksum = draft.checksum
        again = False
        if not wish.dry:
            if first and wish.checksum is not None and not _same(wish.checksum, draft.checksum):
                journal.finish(draft.id, self.job.name, status="ready")
                result.count(self.store)
                raise PlanMoved(job=self.job.name, asked=wish.checksum, found=draft.checksum)
            memory: dict[str, object] = {}
            if kind in ("full", "initial") and result.complete:
                memory = {"full_at": self.clock.now(), "restart": None}
            journal.take_over(draft.id, self.job.name, waits=draft.waits, forget=draft.forgotten, **memory)
            applied = await self._applier(draft, target).run()
            journal.finish(draft.id, self.job.name)
            result.error = applied.error or result.error
            again = applied.again
            if applied.stopped and applied.left and result.error is None:
                left = f"with {applied.left:,} change{'' if applied.left == 1 else 's'} left"
                result.error = Stopped(job=self.job.name, at=left, left=applied.left, command=wish.command)
        result.count(self.store)
        return again

    def _guarded(self, first: bool) -> Job:
        """An extra round must not use the limits a second time: it removes nobody beyond what the first one let."""
        if first:
            return self.job
        limit = replace(self.job.guards.deletions, spent=True)
        guards = Guards(
            deletions=limit, max_active_users=self.job.guards.max_active_users, protect=self.job.guards.protect
        )
        return replace(self.job, guards=guards)


def _same(asked: str, found: str) -> bool:
    digits = asked.removeprefix("sha256:")
    return len(digits) >= 8 and found.removeprefix("sha256:").startswith(digits)


def _remember(runtime: Runtime, result: JobResult, wish: Wish) -> bool:
    """The job's memory of how the cycle went, for `status`; a dry run leaves no trace there. False: nothing to keep."""
    store, now = runtime.store, runtime.clock.now()
    result.waiting = 0 if wish.dry else store.pending.count(result.job, "failed")
    log.info(Event.CYCLE_FINISHED, job=result.job, dry=wish.dry, seconds=round(result.seconds, 3), **result.counts)
    error = result.error
    if wish.dry or isinstance(error, (Busy, StateError)) or (isinstance(error, Stopped) and not error.left):
        return False
    memory = store.jobs.get(result.job)
    before = quarantine_from(memory.quarantine)
    quarantine = judge(
        before,
        refused=str(result.error) if isinstance(result.error, (AccessDenied, NotConfigured, Unauthorized)) else None,
        failed=result.counts["failed"],
        done=sum(n for word, n in result.counts.items() if word not in ("skip", "held", "failed")),
        detail=f"{result.counts['failed']:,} changes failed. To see why: syncd log --job {result.job} --status failure",
        now=now,
    )
    if quarantine is not None:
        log.warning(Event.QUARANTINED, job=result.job, reason=quarantine.reason, next=str(quarantine.next_attempt))
    elif before is not None:
        log.info(Event.HEALED, job=result.job, reason=before.reason)
    well = result.exit_code in (0, 3, 4)
    store.jobs.update(
        result.job,
        steady_since=(memory.steady_since or now) if result.exit_code == 0 else None,
        quarantine=quarantine_data(quarantine),
        last={
            "cycle": result.cycle,
            "started": result.started.isoformat().replace("+00:00", "Z"),
            "seconds": round(result.seconds, 3),
            "result": result.word,
            "counts": result.counts,
            "checksum": result.checksum,
            "error": str(result.error) if result.error else None,
            "success": now.isoformat() if well else (memory.last or {}).get("success"),
        },
    )
    store.log.drop_before(now - runtime.settings.log.retention)
    return True


def events(runtime: Runtime, job: str) -> dict[str, str]:
    """What waits for a person now, each event with its sentence (see syncd/observe/notify.py)."""
    store, now = runtime.store, runtime.clock.now()
    memory, found = store.jobs.get(job), {}
    if held := store.pending.count(job, "held"):
        found["held"] = f"{held:,} changes wait for an approval. To look: syncd held --job {job}"
    if failing := store.pending.count(job, "failed"):
        found["failing"] = f"{failing:,} objects fail. To see why: syncd log --job {job} --status failure"
    if (quarantine := quarantine_from(memory.quarantine)) is not None:
        found["quarantine"] = f"{quarantine.detail} Next attempt {quarantine.next_attempt:%Y-%m-%d %H:%M} UTC."
    if (stale := staleness(memory, runtime.settings.jobs[job].schedule, now=now)) is not None:
        found["stale"] = f"{stale}. To see why: syncd status"
    return found
