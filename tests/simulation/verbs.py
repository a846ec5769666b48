"""What the processes of a history do: the product's verbs, for some of the jobs that there are."""

from __future__ import annotations

from collections.abc import Sequence

from state.errors import Busy
from syncd.approval import NotApprovable, NothingToApprove, Outdated, approve, held
from syncd.control import restart
from syncd.cycle import Wish, sync
from syncd.provision import NobodyFound, provision
from syncd.report.result import JobResult
from syncd.runtime import Runtime


async def sync_jobs(runtime: Runtime, *, jobs: Sequence[str], wish: Wish) -> list[JobResult]:
    return await sync(runtime, jobs, wish)


async def provision_one(runtime: Runtime, *, jobs: Sequence[str], name: str) -> None:
    try:
        await provision(runtime, name, jobs)
    except (NobodyFound, Busy):
        return


async def approve_held(runtime: Runtime) -> int:
    freed = 0
    for row in held(runtime):
        if row["checksum"]:
            try:
                freed += approve(runtime, row["job"], row["checksum"])
            except (NothingToApprove, NotApprovable, Outdated):
                continue
    return freed


async def restart_job(runtime: Runtime, *, job: str, links: bool) -> None:
    restart(runtime, job, links=links)
