"""One cycle, or the bare requests of one, in a process of its own: what it took of time, processor and memory."""

from __future__ import annotations

import asyncio
import cProfile
import gc
import multiprocessing
import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from importlib import import_module
from multiprocessing.connection import Connection
from pathlib import Path
from urllib.parse import urlsplit

import aiohttp
import orjson
import uvloop
from yarl import URL

from bench.directory import TOKEN, RunningDirectory
from bench.service import Request, RunningService
from syncd.cli.garbage import look_as_usual
from syncd.config import load
from syncd.cycle import Wish, sync
from syncd.observe.logs import set_up_logs
from syncd.runtime import Runtime

JOB = "bench"
CONCURRENCY = 8
#: modules that a command imports once it needs them
_LATE = (
    "syncd.connection",
    "connectors.graph.credentials",
    "connectors.graph.source",
    "connectors.graph.wire",
    "connectors.okta.sdk",
    "connectors.okta.source",
    "connectors.scim.target",
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Run:
    """What one run took."""

    wall: float  #: seconds by the clock on the wall
    cpu: float  #: seconds of this process's work: other load of the machine hardly disturbs them
    peak_mib: int  #: the most memory that the process ever had
    counts: dict[str, int] = field(default_factory=dict)  #: as in the report


def write_config(folder: Path, source: RunningDirectory, target: RunningService, *, scope: str = "all") -> Path:
    """config.toml for a job from the one to the other, in a folder."""
    path = folder / "config.toml"
    path.write_text(
        f'[state]\nurl = "sqlite:///{folder}/state.db"\n\n{source.config()}\n'
        f'[targets.bench]\nkind = "scim"\nurl = "{target.url}"\nauth = "none"\nconcurrency = {CONCURRENCY}\n\n'
        f'[jobs.{JOB}]\nsource = "bench"\ntarget = "bench"\nschedule = "40m"\nscope = "{scope}"\n'
    )
    return path


def cycle(config: Path, wish: Wish | None = None, *, profile: str = "") -> Run:
    """One cycle of the job in a process that has just started. `profile`: a file for cProfile's statistics."""
    with daemon(config, profile=profile) as running:
        return running.cycle(wish)


class Daemon:
    """A process that carries out one cycle after the other, as `syncd run` does."""

    def __init__(self, pipe: Connection) -> None:
        self._pipe = pipe

    def cycle(self, wish: Wish | None = None) -> Run:
        """One cycle of the job; RuntimeError where it does not end well."""
        self._pipe.send(wish or Wish())
        try:
            found: Run = self._pipe.recv()
        except EOFError:
            raise RuntimeError("the cycle failed; what its process printed says why") from None
        return found


@contextmanager
def daemon(config: Path, *, profile: str = "") -> Iterator[Daemon]:
    """Such a process. `profile`: a file for cProfile's statistics of all its cycles."""
    with _apart(_cycles, (config, profile)) as pipe:
        yield Daemon(pipe)


def _cycles(pipe: Connection, config: Path, profile: str) -> None:
    os.environ["BENCH_TOKEN"] = TOKEN
    set_up_logs("error")
    runtime = Runtime.open(load(config))
    for module in _LATE:  # a daemon has them in hand
        import_module(module)
    runtime.job(JOB)
    look_as_usual()
    watched = cProfile.Profile()

    def work(wish: Wish) -> dict[str, int]:
        begun = partial(uvloop.run, sync(runtime, [JOB], wish))
        result = (watched.runcall(begun) if profile else begun())[0]
        if result.exit_code not in (0, 2):
            raise RuntimeError(f"exit code {result.exit_code}: {result.error} {result.counts} {result.warnings[:3]}")
        return {**result.counts, "requests_to_source": result.read["requests"], "drift": len(result.drift)}

    with suppress(EOFError):
        while True:
            wish = pipe.recv()
            pipe.send(_measured(partial(work, wish)))
    if profile:
        watched.dump_stats(profile)


@dataclass(frozen=True, kw_only=True, slots=True)
class Asked:
    """Requests that a cycle made to one service."""

    root: str
    requests: Sequence[Request]
    headers: Mapping[str, str]
    in_streams: bool = False  #: those of one path only one after the other, as a list's pages; else so many at a time


def floor(asked: Sequence[Asked]) -> Run:
    """The same requests by a bare loop of aiohttp and orjson, one service after the other."""
    with _apart(_floor, (asked,)) as pipe:
        found: Run = pipe.recv()
    return found


def _floor(pipe: Connection, asked: Sequence[Asked]) -> None:
    async def run() -> int:
        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:
            for one in asked:
                lanes: dict[str, list[tuple[str, str, object]]] = {}
                for number, (method, path, body) in enumerate(one.requests):
                    lane = urlsplit(path).path if one.in_streams else str(number % CONCURRENCY)
                    lanes.setdefault(lane, []).append((method, path, orjson.loads(body) if body else None))
                await asyncio.gather(*(_send(session, one, some) for some in lanes.values()))
        return sum(len(one.requests) for one in asked)

    pipe.send(_measured(lambda: {"requests": uvloop.run(run())}))


async def _send(session: aiohttp.ClientSession, one: Asked, requests: Sequence[tuple[str, str, object]]) -> None:
    for method, path, body in requests:
        data = orjson.dumps(body) if body is not None else None
        url = URL(one.root + path, encoded=True)
        async with session.request(method, url, data=data, headers=one.headers) as response:
            text = await response.read()
            if text and response.status < 300:
                orjson.loads(text)


def _measured(work: Callable[[], dict[str, int]]) -> Run:
    gc.collect()
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")  # the peak begins anew
    wall, cpu = time.perf_counter(), time.process_time()
    counts = work()
    return Run(
        wall=time.perf_counter() - wall, cpu=time.process_time() - cpu, peak_mib=_peak_kib() // 1024, counts=counts
    )


def _peak_kib() -> int:
    """Of this process alone: getrusage would tell the parent's size where that was bigger."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(next(line.split()[1] for line in status.splitlines() if line.startswith("VmHWM")))


@contextmanager
def _apart(work: Callable[..., None], arguments: tuple[object, ...]) -> Iterator[Connection]:
    """The work in a process of its own, which is given one end of a pipe. Its memory is managed as systemd/syncd.service
    has it."""
    os.environ.setdefault("MALLOC_ARENA_MAX", "2")
    spawn = multiprocessing.get_context("spawn")
    ours, theirs = spawn.Pipe()
    process = spawn.Process(target=work, args=(theirs, *arguments))
    process.start()
    theirs.close()
    try:
        yield ours
    finally:
        ours.close()
        process.join()
