"""A process that is killed at a chosen moment, and a small company to do that to.

Killing is simulated from outside of the product: from the moment on, no statement reaches the state DB, no request is
carried out by the target, and the run is torn down. What a process has done until then stays, and that alone.

What lasts are commits and requests that were carried out, so the moments are those after each of them: before a request
is after the commit that announced it, in a request is after the target did it and before it answered, after a request is
before the commit that closes it. Between two moments nothing happens that anybody could find later.
"""

from __future__ import annotations

import asyncio
import contextlib
import copy
import gc
import shutil
import subprocess
import sys
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import httpx
import sqlalchemy as sa
import uvloop
from starlette.types import ASGIApp, Receive, Scope, Send

from connectors.sandbox.scim.quirks import Quirks
from connectors.sandbox.world import SCIM_TOKEN, World, WorldSize
from state.engine import make_engine
from state.leases import Leases
from state.process import Process, process_mark, this_host
from state.store import Store
from syncd.config import load
from syncd.core.attributes import USER_SCHEMA
from syncd.cycle import Wish, sync
from syncd.report.result import JobResult
from syncd.runtime import Runtime
from tests.servers import Postgres

JOB = "entra"
#: nobody is held, so that every kind of change happens
_GUARDS = "\n[jobs.entra.guards]\ndeletions = { count = 500, percent = 100, minimum = 100 }\n"


class Killed(BaseException):
    """The process is no more."""


@cache
def dead_process() -> Process:
    """A process of this host that has ended."""
    with subprocess.Popen([sys.executable, "-c", "import sys; sys.stdin.read()"], stdin=subprocess.PIPE) as child:
        mark = process_mark(child.pid)
        child.communicate()
    return Process(host=this_host(), mark=str(mark))


@dataclass
class Kill:
    """Counts the moments of a run, and ends it at number `at`. 0: never."""

    at: int = 0
    moments: list[str] = field(default_factory=list)
    dead: bool = False
    end: Callable[[], object] = lambda: None

    def moment(self, what: str) -> None:
        """After something that lasts. Raises Killed at the chosen one, and at all that follow."""
        if not self.dead:
            self.moments.append(what)
            self.dead = len(self.moments) == self.at
            if self.dead:
                self.end()
        self.check()

    def check(self) -> None:
        """Before anything that would last."""
        if self.dead:
            raise Killed


class Gate:
    """The target behind a wire that a kill cuts: a moment after every request that writes, before its answer."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self.kill = Kill()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        kill, writes = self.kill, scope.get("method") not in ("GET", None)
        answer: list[Any] = []

        async def keep(message: Any) -> None:
            answer.append(message)

        try:
            kill.check()
            await self._app(scope, receive, keep)
            if writes:
                kill.moment(f"{scope['method']} {scope['path']}")
            kill.check()
        except Killed:
            answer = [
                {"type": "http.response.start", "status": 502, "headers": [(b"connection", b"close")]},
                {"type": "http.response.body", "body": b""},
            ]
        for message in answer:
            await send(message)


@contextlib.contextmanager
def watched(engine: sa.Engine, kill: Kill) -> Iterator[None]:
    """A moment after every commit of the state DB; no statement and no commit once the process is dead."""
    commit = engine.dialect.do_commit

    def do_commit(connection: Any) -> None:
        kill.check()
        commit(connection)
        kill.moment("commit")

    def check(*_: object) -> None:
        kill.check()

    engine.dialect.do_commit = do_commit  # type: ignore[method-assign]  # the one place that all commits pass
    sa.event.listen(engine, "before_cursor_execute", check)
    try:
        yield
    finally:
        sa.event.remove(engine, "before_cursor_execute", check)
        engine.dialect.do_commit = commit  # type: ignore[method-assign]  # as it was


@contextlib.contextmanager
def untidy() -> Iterator[None]:
    """A dead process closes no sockets and ends no generators, and nobody complains."""
    hook, sys.unraisablehook = sys.unraisablehook, lambda _: None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ResourceWarning)
            yield
            gc.collect()
    finally:
        sys.unraisablehook = hook


class Company:
    """Twelve people, three groups and an application at Entra, beside a SCIM target that stores a member twice if told
    twice."""

    def __init__(self, folder: Path, cluster: Postgres | None = None) -> None:
        self.cluster = cluster
        self.world = World(WorldSize(users=1, groups=1, quirks=Quirks(duplicate_members=True)))
        self.gate = Gate(self.world.apps["scim"])
        self.world.apps["scim"] = self.gate
        self._folder, self._target = folder, dict[str, Any]()
        self._file, self._base = str(folder / "run.db"), str(folder / "base.db")
        self.url = cluster.database() if cluster else f"sqlite:///{self._file}"
        Store.open(self.url).close()
        self._engine = make_engine(sa.make_url(self.url))
        if cluster is None:  # a killed process loses nothing that the system has, so nobody waits for the disk
            sa.event.listen(self._engine, "connect", lambda c, _: c.execute("PRAGMA synchronous=OFF"))
        self._hire_everybody()

    def __enter__(self) -> Company:
        self.world.serve()
        self._settings = load(self.world.write_config(self._folder, extra=_GUARDS))
        return self

    def __exit__(self, *_: object) -> None:
        self.world.__exit__(None, None, None)
        self._engine.dispose()

    def _hire_everybody(self) -> None:
        graph, tenant = self.world.graph, self.world.tenant
        graph.clear(domain="contoso.example", seed=1)
        graph.create_application("App", object_id=tenant.service_principal_id, app_id=tenant.app_id)
        for number in range(12):
            graph.create_user(
                userPrincipalName=self.login(number),
                displayName=f"Person {number}",
                givenName=f"Given{number}",
                surname="Person",
                mail=self.login(number),
                jobTitle="Engineer" if number % 2 else None,
                department="Sales",
                manager=self.login((number - 1) // 3) if number else None,
            )
        graph.create_group("Staff", members=[self.login(n) for n in range(8)])
        graph.create_group("Leads", members=[self.login(n) for n in (0, 1, 2)])
        graph.create_group("Club", members=[self.login(n) for n in (3, 4)])
        for principal in ("Staff", "Leads", "Club", *(self.login(n) for n in range(8, 12))):
            graph.assign(principal)

    @staticmethod
    def login(number: int) -> str:
        return f"p{number:02}@contoso.example"

    def change_everything(self) -> None:
        """A change of every kind."""
        graph, login = self.world.graph, self.login
        graph.update_user(login(0), jobTitle="Director", department=None)
        graph.update_user(login(1), userPrincipalName="renamed@contoso.example")
        graph.enable_user(login(2))
        graph.disable_user(login(5))
        graph.unassign(login(8))
        graph.purge(login(9))
        graph.set_manager(login(6), login(10))
        graph.set_manager(login(7), None)
        graph.create_user(userPrincipalName="new@contoso.example", displayName="New", manager=login(0))
        graph.create_user(userPrincipalName="known@contoso.example", displayName="Known", jobTitle="Adopted")
        graph.add_members("Staff", "new@contoso.example", "known@contoso.example", login(10))
        graph.set_manager(login(11), "new@contoso.example")
        graph.remove_members("Leads", "renamed@contoso.example")
        graph.rename_group("Leads", "Leadership")
        graph.delete("Club")
        graph.create_group("Board", members=[login(0), "new@contoso.example"])
        graph.assign("Board")

    def add_account(self, login: str, **attributes: Any) -> None:
        """An account that somebody made at the target by hand."""
        headers = {"Authorization": f"Bearer {SCIM_TOKEN}"}
        body = {"schemas": [USER_SCHEMA], "userName": login, "active": True, **attributes}
        httpx.post(
            f"{self.world.url('scim')}/scim/Users", json=body, headers=headers, trust_env=False
        ).raise_for_status()

    # --- states to begin from ---------------------------------------------------------------------------------------

    def keep(self) -> None:
        """From here every run begins: the state DB and the target as they are now."""
        if self.cluster is not None:
            self._base = self.url
        else:
            shutil.copy(self._file, self._base)
        self._target = {k: copy.deepcopy(v) for k, v in vars(self.world.scim).items() if k != "clock"}

    def restore(self) -> None:
        """Begin anew from what was kept."""
        vars(self.world.scim).update(copy.deepcopy(self._target))
        for counts in (self.world.scim.writes, self.world.scim.written, self.world.scim.idle):
            counts.clear()
        if self.cluster is not None:
            self.url = self.cluster.database(like=self._base)
        else:
            shutil.copy(self._base, self._file)

    def open(self) -> Runtime:
        """A new process, as far as the state DB can tell."""
        if self.cluster is not None:
            return Runtime(self._settings, Store.open(self.url))
        return Runtime(self._settings, Store(self._engine))  # one engine, so that statements are compiled once

    # --- runs -------------------------------------------------------------------------------------------------------

    def run(self, times: int = 1) -> list[JobResult]:
        """Undisturbed cycles of a new process."""
        self.gate.kill = Kill()
        runtime = self.open()

        async def live() -> list[JobResult]:
            return [result for _ in range(times) for result in await sync(runtime, [JOB], Wish())]

        try:
            return uvloop.run(live())
        finally:
            runtime.close()

    def run_and_kill(self, at: int) -> Kill:
        """One cycle of a process that is killed at its moment number `at`; 0 counts the moments only."""
        kill = self.gate.kill = Kill(at=at)
        runtime = self.open()
        runtime.store.leases = Leases(runtime.store.engine, dead_process())

        async def live() -> None:
            task = asyncio.ensure_future(sync(runtime, [JOB], Wish()))
            loop = asyncio.get_running_loop()
            kill.end = lambda: loop.call_soon_threadsafe(task.cancel)
            with contextlib.suppress(asyncio.CancelledError):
                await task

        with untidy():
            with watched(runtime.store.engine, kill), contextlib.suppress(Killed):
                uvloop.run(live())
            runtime.close()
        return kill

    def truth(self) -> dict[str, Any]:
        """The target, by names in place of ids, so that two of them can be compared."""
        scim = self.world.scim
        names = {each.id: each.name for each in (*scim.users(), *scim.groups())}

        def plain(value: Any) -> Any:
            if isinstance(value, dict):
                return {key: plain(inner) for key, inner in value.items()}
            if isinstance(value, (list, tuple)):
                return [plain(inner) for inner in value]
            return names.get(value, value) if isinstance(value, str) else value

        return {
            "users": sorted((each.name, repr(sorted(plain(dict(each.attributes)).items()))) for each in scim.users()),
            "groups": sorted(
                (each.name, sorted(names[str(e["value"])] for e in each.members.elements)) for each in scim.groups()
            ),
            "made": dict(
                sorted((k, n) for k, n in scim.writes.items() if not k.startswith("P") or k.startswith("POST"))
            ),
        }
