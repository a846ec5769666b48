"""What an administrator tells a job: pause, resume, retry, restart. The next cycle, or the daemon, obeys."""

from __future__ import annotations

from syncd.provision import NobodyFound
from syncd.runtime import Runtime


def pause(runtime: Runtime, job: str) -> None:
    """The daemon begins no further cycle of this job; one that is running ends."""
    (name,) = runtime.job_names([job])
    runtime.store.jobs.update(name, paused=True)


def resume(runtime: Runtime, job: str) -> None:
    (name,) = runtime.job_names([job])
    runtime.store.jobs.update(name, paused=False)


def retry(runtime: Runtime, job: str, name: str | None = None) -> int:
    """Failing objects, or one of them, are due now. Returns how many. Raises NobodyFound."""
    (job_name,) = runtime.job_names([job])
    now, pending = runtime.clock.now(), runtime.store.pending
    if name is None:
        return pending.make_due(job_name, now=now)
    source = runtime.settings.jobs[job_name].source
    known = [one for kind in ("user", "group") for one in runtime.store.mirror.named(source, kind, name)]
    if not known:
        raise NobodyFound(name=name, jobs=job_name)
    return sum(pending.make_due(job_name, now=now, source_id=one.id) for one in known)


def restart(runtime: Runtime, job: str, *, links: bool = False) -> int:
    """The next cycle is a full one. `links`: forget the links too, so that everything is matched anew. Returns how
    many links were forgotten; a job that config.toml no longer has may let its links go. Raises UnknownJob, and Busy while a
    cycle of the job is running."""
    store, now = runtime.store, runtime.clock.now()
    name = job if links and store.links.count(job) else runtime.job_names([job])[0]
    store.leases.take(name, now=now)
    try:
        store.jobs.update(name, restart="full")
        return store.links.forget(name) if links else 0
    finally:
        store.leases.give_back(name)
