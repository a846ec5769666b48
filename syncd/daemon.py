"""The daemon: every job on its schedule until SIGTERM, which lets the changes in hand end and begins no others."""

from __future__ import annotations

import asyncio
import random
import signal
from datetime import datetime, timedelta
from typing import Any

from apscheduler.events import EVENT_JOB_ERROR, JobExecutionEvent
from apscheduler.executors.asyncio import AsyncIOExecutor
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.base import BaseTrigger
from apscheduler.triggers.combining import OrTrigger
from apscheduler.triggers.cron import CronTrigger
from apscheduler.triggers.interval import IntervalTrigger

from state.errors import Busy
from syncd.config.schedule import Schedule
from syncd.cycle import Wish, cycle
from syncd.observe.logs import Event, log
from syncd.quarantine import quarantine_from
from syncd.runtime import Runtime

#: a share of the interval by which cycles are spread, so that many daemons do not ask at the same second
JITTER = 0.05
#: how long after its time a cycle may still begin: the next one would do the same work
GRACE = timedelta(hours=1)
_WISH = Wish(failed_now=False)


class Daemon:
    """Runs the jobs of one configuration. One instance of each job at a time; missed cycles become one."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._stopping = asyncio.Event()
        self._running: set[asyncio.Task[Any]] = set()
        self._sources: dict[str, asyncio.Lock] = {}
        self._scheduler = AsyncIOScheduler(executors={"default": AsyncIOExecutor()}, timezone="UTC")

    async def run(self) -> None:
        """Until SIGTERM or SIGINT. A first cycle of each job starts at once."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self.stop)
        scheduler, now = self._scheduler, datetime.now(tz=self._runtime.clock.now().tzinfo)
        scheduler.add_listener(self._failed, EVENT_JOB_ERROR)
        for name, said in self._runtime.settings.jobs.items():
            scheduler.add_job(
                self._cycle,
                trigger(said.schedule),
                args=[name],
                id=name,
                max_instances=1,
                coalesce=True,
                misfire_grace_time=int(GRACE.total_seconds()),
                next_run_time=now,
            )
        scheduler.start()
        log.info(Event.DAEMON_STARTED, jobs=list(self._runtime.settings.jobs))
        await self._stopping.wait()
        scheduler.pause()
        if self._running:
            await asyncio.wait(self._running)
        scheduler.shutdown(wait=False)
        log.info(Event.DAEMON_STOPPED)

    def stop(self) -> None:
        """Begin no further change; `run` returns when those in hand have ended."""
        log.info(Event.DAEMON_STOPPING)
        self._stopping.set()

    async def _cycle(self, name: str) -> None:
        if self._stopping.is_set():
            return
        task = asyncio.current_task()
        if task is not None:
            self._running.add(task)
        try:
            jobs = self._runtime.store.jobs
            memory = jobs.get(name)
            quarantine = quarantine_from(memory.quarantine)
            waits = quarantine is not None and self._runtime.clock.now() < quarantine.next_attempt
            if memory.paused or waits:
                return
            # Jobs of one source take turns with reading it; their plans and their targets do not wait.
            source = self._runtime.settings.jobs[name].source
            async with self._sources.setdefault(source, asyncio.Lock()):
                result = await cycle(self._runtime, name, _WISH, stopping=self._stopping)
            due = self._scheduler.get_job(name)
            if not isinstance(result.error, Busy):
                jobs.update(name, next_at=due.next_run_time if due else None)
        finally:
            self._running.discard(task)

    @staticmethod
    def _failed(event: JobExecutionEvent) -> None:
        """A fault that syncd has no word for ends this cycle, not the daemon."""
        log.error(Event.CYCLE_FAILED, job=event.job_id, error=repr(event.exception), traceback=event.traceback)


def trigger(schedule: Schedule) -> BaseTrigger:
    """APScheduler's trigger for a configured schedule, in UTC, spread a little."""
    if schedule.every is not None:
        seconds = schedule.every.total_seconds()
        return IntervalTrigger(seconds=max(1, int(seconds)), jitter=seconds * JITTER * random.random(), timezone="UTC")  # noqa: S311 - no secret
    crons = [CronTrigger.from_crontab(text, timezone="UTC") for text in schedule.crons]
    return crons[0] if len(crons) == 1 else OrTrigger(crons)
