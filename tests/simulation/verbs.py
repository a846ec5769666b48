"""What the processes of a history do: the product's verbs, for the one job that there is."""

from __future__ import annotations

from state.errors import Busy
from syncd.approval import NothingToApprove, Outdated, approve, held
from syncd.control import restart
from syncd.cycle import Wish, sync
from syncd.provision import NobodyFound, provision
from syncd.report.result import JobResult
from syncd.runtime import Runtime
from tests.simulation.ground import JOB


async def sync_job(runtime: Runtime, *, wish: Wish) -> list[JobResult]:
    return await sync(runtime, [JOB], wish)


async def provision_one(runtime: Runtime, *, name: str) -> None:
    try:
        await provision(runtime, name, [JOB])
    except (NobodyFound, Busy):
        return


async def approve_held(runtime: Runtime) -> int:
    freed = 0
    for row in held(runtime, [JOB]):
        if row["checksum"]:
            try:
                freed += approve(runtime, JOB, row["checksum"])
            except (NothingToApprove, Outdated):
                continue
    return freed


async def restart_job(runtime: Runtime, *, links: bool) -> None:
    restart(runtime, JOB, links=links)
