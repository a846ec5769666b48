"""The daemon: every job on its schedule until SIGTERM, which lets the changes in hand end and begins no others.

SIGHUP reads the configuration again: jobs that are new begin at once, jobs that are gone begin no cycle any more, changed
schedules hold from now on, a cycle under way ends under the old settings. A configuration that is no good is refused as a
whole, in one line of the log, and the old one stays in force.
"""

from __future__ import annotations

import asyncio
import contextlib
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from apscheduler.events import EVENT_JOB_ERROR, JobExecutionEvent
from apscheduler.executors.asyncio import AsyncIOExecutor
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.interval import IntervalTrigger

from state.errors import Busy, StateError
from syncd.config import Settings
from syncd.core.errors import SyncdError
from syncd.cycle import Stopped, Wish, cycle
from syncd.observe.listener import Listener
from syncd.observe.logs import Event, log
from syncd.observe.metrics import Metrics
from syncd.observe.service_manager import ServiceManager
from syncd.quarantine import quarantine_from
from syncd.runtime import Runtime
from syncd.timetable import trigger

#: how long after its time a cycle may still begin: the next one would do the same work
GRACE = timedelta(hours=1)
#: the scheduler's own entry that feeds the watchdog; no job of a configuration has a colon in its name
WATCHDOG = "syncd:watchdog"
LOOK_AT_CLOCK_S = 10.0
_WISH = Wish(failed_now=False)


@dataclass(kw_only=True, eq=False)
class NeedsRestart(SyncdError):
    """{key} cannot change while the daemon runs; the configuration in force stays. To take the new one over: systemctl restart syncd"""

    key: str


class Daemon:
    """Runs the jobs of one configuration. One instance of each job at a time; missed cycles become one.

    `reread` gives the configuration as its file says it now, and raises SyncdError; `accepted` is told when one that
    was read again is in force.
    """

    def __init__(
        self, runtime: Runtime, *, reread: Callable[[], Settings], accepted: Callable[[Settings], None]
    ) -> None:
        self._runtime, self._reread, self._accepted = runtime, reread, accepted
        self._manager = ServiceManager()
        self._metrics = Metrics(lambda: self._runtime)
        runtime.observe = self._metrics.request
        self._stopping = asyncio.Event()
        self._reloading = asyncio.Lock()
        self._running: set[asyncio.Task[Any]] = set()
        self._working: dict[str, datetime] = {}  #: jobs whose cycle is under way, since when
        self._sources: dict[str, asyncio.Lock] = {}
        self._scheduler = AsyncIOScheduler(executors={"default": AsyncIOExecutor()}, timezone="UTC")

    async def run(self) -> None:
        """Until SIGTERM or SIGINT. A first cycle of each job starts at once. Raises NotListening."""
        loop = asyncio.get_running_loop()
        listener = self._listener()
        if listener is not None:
            await listener.open()
            log.info(Event.LISTENING, address=listener.address)
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self.stop)
        reloads: set[asyncio.Task[None]] = set()
        loop.add_signal_handler(signal.SIGHUP, lambda: reloads.add(loop.create_task(self.reload())))
        self._scheduler.add_listener(self._failed, EVENT_JOB_ERROR)
        for name in self._runtime.settings.jobs:
            self._begin(name)
        self._feed_watchdog()
        self._scheduler.start()
        log.info(Event.DAEMON_STARTED, jobs=list(self._runtime.settings.jobs))
        self._manager.ready()
        watch = loop.create_task(self._watch_clock())
        await self._stopping.wait()
        watch.cancel()
        if self._running:
            await asyncio.wait(self._running)
        self._scheduler.shutdown(wait=False)
        if reloads:
            await asyncio.wait(reloads)
        if listener is not None:
            await listener.close()
        log.info(Event.DAEMON_STOPPED)

    def stop(self) -> None:
        """Begin no further change; `run` returns when those in hand have ended."""
        if self._stopping.is_set():
            return
        log.info(Event.DAEMON_STOPPING, working=sorted(self._working))
        self._manager.stopping()
        self._stopping.set()
        self._tell()

    async def reload(self) -> None:
        """Take over the configuration as it is now; on any fault the old one stays."""
        async with self._reloading:
            if self._stopping.is_set():
                return
            self._manager.reloading()
            try:
                fresh = await asyncio.to_thread(self._renewed)
            except SyncdError as error:
                log.error(Event.CONFIG_REFUSED, error=" ".join(str(error).split()))
            else:
                self._take_over(fresh)
            finally:
                self._manager.ready()
                self._tell()

    def _renewed(self) -> Runtime:
        settings, old = self._reread(), self._runtime.settings
        for key, changed in (
            ("[state]", settings.state != old.state),
            ("metrics.listen", settings.metrics.listen != old.metrics.listen),
        ):
            if changed:
                raise NeedsRestart(key=key)
        return self._runtime.with_settings(settings)

    def _take_over(self, fresh: Runtime) -> None:
        before, now = self._runtime.settings.jobs, fresh.settings.jobs
        self._runtime = fresh
        self._accepted(fresh.settings)
        self._metrics.begin()
        gone, new = sorted(before.keys() - now.keys()), sorted(now.keys() - before.keys())
        changed = sorted(name for name in before.keys() & now.keys() if before[name] != now[name])
        for name in gone:
            self._scheduler.remove_job(name)
        for name in new:
            self._begin(name)
        for name in changed:
            if before[name].schedule != now[name].schedule:
                self._reschedule(name)
        log.info(Event.CONFIG_RELOADED, added=new, removed=gone, changed=changed)

    def _listener(self) -> Listener | None:
        address = self._runtime.settings.metrics.listen
        return None if address is None else Listener(address, self._metrics, lambda: self._runtime)

    def _begin(self, name: str) -> None:
        self._scheduler.add_job(
            self._cycle,
            trigger(self._runtime.settings.jobs[name].schedule),
            args=[name],
            id=name,
            max_instances=1,
            coalesce=True,
            misfire_grace_time=int(GRACE.total_seconds()),
            next_run_time=datetime.now(tz=self._runtime.clock.now().tzinfo),
        )

    def _reschedule(self, name: str) -> None:
        """The job's next cycle by its schedule, from now on."""
        self._scheduler.reschedule_job(name, trigger=trigger(self._runtime.settings.jobs[name].schedule))
        with contextlib.suppress(StateError):  # the next cycle writes it down too
            self._remember_due(name)

    async def _watch_clock(self) -> None:
        """The scheduler waits for times, and after the clock was put back for ones that are long over: cycles would not
        begin, and the watchdog would starve."""
        ahead = _ahead()
        while True:
            await asyncio.sleep(LOOK_AT_CLOCK_S)
            before, ahead = ahead, _ahead()
            if before - ahead > LOOK_AT_CLOCK_S:
                for name in self._runtime.settings.jobs:
                    self._reschedule(name)
                if self._scheduler.get_job(WATCHDOG) is not None:
                    self._scheduler.remove_job(WATCHDOG)
                    self._feed_watchdog()
                self._tell()

    def _feed_watchdog(self) -> None:
        """By an entry of the scheduler itself: a loop that is stuck, or a scheduler that is dead, lets it starve."""
        if (period := self._manager.watchdog_s) is None:
            return
        self._manager.alive()

        async def feed() -> None:
            self._manager.alive()

        every = IntervalTrigger(seconds=max(0.1, period / 3), timezone="UTC")
        self._scheduler.add_job(feed, every, id=WATCHDOG, coalesce=True, misfire_grace_time=None)

    async def _cycle(self, name: str) -> None:
        if self._stopping.is_set():
            return
        task, runtime = asyncio.current_task(), self._runtime
        if task is not None:
            self._running.add(task)
        try:
            jobs = runtime.store.jobs
            memory = jobs.get(name)
            quarantine = quarantine_from(memory.quarantine)
            if memory.paused or (quarantine is not None and quarantine.rests(runtime.clock.now())):
                return
            # Jobs of one source take turns with reading it; their plans and their targets do not wait.
            source = runtime.settings.jobs[name].source
            async with self._sources.setdefault(source, asyncio.Lock()):
                if self._stopping.is_set():
                    return
                self._working[name] = runtime.clock.now()
                self._tell()
                result = await cycle(runtime, name, _WISH, stopping=self._stopping)
            if not isinstance(result.error, (Busy, Stopped)):
                self._metrics.cycle(result)
            if not isinstance(result.error, Busy):
                self._remember_due(name)
        finally:
            self._working.pop(name, None)
            self._running.discard(task)
            self._tell()

    def _remember_due(self, name: str) -> None:
        due = self._scheduler.get_job(name)
        self._runtime.store.jobs.update(name, next_at=due.next_run_time if due else None)

    def _tell(self) -> None:
        """The cycles under way, or when the next one begins, for `systemctl status`."""
        working = ", ".join(f"{name} since {since:%H:%M:%S} UTC" for name, since in sorted(self._working.items()))
        if self._stopping.is_set():
            text = f"Stopping; finishing the changes in hand of {working}" if working else "Stopping"
        elif working:
            text = f"Cycle of {working}"
        else:
            due = min(self._jobs_due(), key=lambda job: job.next_run_time, default=None)
            text = f"Idle; next cycle: {due.id} at {due.next_run_time:%Y-%m-%d %H:%M:%S} UTC" if due else "Idle"
        self._manager.status(text)

    def _jobs_due(self) -> list[Any]:
        return [job for job in self._scheduler.get_jobs() if job.id != WATCHDOG and job.next_run_time is not None]

    @staticmethod
    def _failed(event: JobExecutionEvent) -> None:
        """A fault that syncd has no word for ends this cycle, not the daemon."""
        log.error(Event.CYCLE_FAILED, job=event.job_id, error=repr(event.exception), traceback=event.traceback)


def _ahead() -> float:
    """How far the clock is ahead of the time that nobody can put back, in seconds."""
    return datetime.now(UTC).timestamp() - time.monotonic()
