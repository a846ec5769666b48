"""Real processes of the product beside a sandbox that can kill or hold them at a chosen request."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import uvloop
from starlette.types import ASGIApp, Receive, Scope, Send

from connectors.sandbox.scim.quirks import Quirks
from connectors.sandbox.world import World, WorldSize
from syncd.config import load
from syncd.cycle import sync
from syncd.runtime import Runtime

LIMIT_S = 120
HERE = Path(__file__).parents[2]
#: a configuration of no more than it needs; its last table is the job
SMALLEST = """
[sources.contoso]
kind = "graph"
endpoint = "http://127.0.0.1:9/v1.0"
access_token = { file = "token" }
service_principal_id = "c0000000-0000-4000-8000-000000000001"
[targets.wiki]
kind = "scim"
url = "http://127.0.0.1:9/scim"
token = { file = "token" }
[jobs.wiki]
source = "contoso"
target = "wiki"
"""
Watch = Callable[[str, str, str], None]


@dataclass
class Wire:
    """What a service is asked: `watch` is told of each request, before it is carried out and after."""

    app: ASGIApp
    watch: Watch = lambda moment, method, path: None
    hold: threading.Event | None = None  #: requests that write wait for it before they are answered

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"].startswith("/_emu"):
            await self.app(scope, receive, send)
            return
        answer: list[Any] = []

        async def keep(message: Any) -> None:
            answer.append(message)

        self.watch("before", scope["method"], scope["path"])
        await self.app(scope, receive, keep)
        self.watch("after", scope["method"], scope["path"])
        while self.hold is not None and scope["method"] != "GET" and not self.hold.is_set():
            await asyncio.sleep(0.005)
        for message in answer:
            await send(message)


@dataclass
class Site:
    """A folder with a configuration, the sandbox that it names, and processes that work there."""

    folder: Path
    state_url: str | None = None
    users: int = 24
    seed: int = 1
    world: World = field(init=False)
    staff: list[str] = field(init=False)  #: ids of people who are there, enabled and assigned, from the start
    wires: dict[str, Wire] = field(init=False)

    def __enter__(self) -> Site:
        size = WorldSize(users=self.users, groups=4, seed=self.seed, quirks=Quirks(duplicate_members=True))
        self.world = World(size)
        graph = self.world.graph
        self.staff = [user.id for user in graph.users if user.live and user.enabled]
        for id_ in [*self.staff, *(group.id for group in graph.groups)]:
            with contextlib.suppress(ValueError):  # it is assigned already
                graph.assign(id_)
        self.wires = {name: Wire(self.world.apps[name]) for name in ("graph", "scim")}
        self.world.apps.update(self.wires)
        self.world.serve()
        guards = "\n[jobs.entra.guards]\ndeletions = { count = 500, percent = 100, minimum = 500 }\n"
        config = self.world.write_config(self.folder, extra=guards)
        if self.state_url is not None:
            url = self.state_url.replace(":@", "@")  # an empty password would be one inside the URL
            config.write_text(re.sub(r'url = "sqlite:.*"', f'url = "{url}"', config.read_text()))
        return self

    def __exit__(self, *_: object) -> None:
        self.world.__exit__(None, None, None)

    def start(self, *arguments: str, **environ: str) -> subprocess.Popen[str]:
        """A process of the product; `environ` comes on top of this process's environment."""
        command = [sys.executable, "-m", "syncd", "--config", str(self.folder / "config.toml"), *arguments]
        return subprocess.Popen(
            command,
            cwd=self.folder,
            env={**os.environ, "PYTHONPATH": str(HERE), **environ},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, *arguments: str) -> tuple[int, str, str]:
        """(exit code, stdout, stderr) of a process that runs to its end."""
        return end(self.start(*arguments))

    def run_here(self, job: str) -> int:
        """The exit code of a cycle in this process: quicker, where nothing is to be killed."""
        runtime = Runtime.open(load(self.folder / "config.toml"))
        try:
            (result,) = uvloop.run(sync(runtime, [job]))
        finally:
            runtime.close()
        return result.exit_code

    def run_and_kill(self, *arguments: str, at: int) -> bool:
        """SIGKILL for a process at its moment number `at`: before or after some request to either service. False if it
        ended before that."""
        process = self.start(*arguments)
        moments = iter(range(1, 1_000_000))

        def watch(moment: str, method: str, path: str) -> None:
            if next(moments) == at:
                process.kill()

        for wire in self.wires.values():
            wire.watch = watch
        code, _, _ = end(process)
        for wire in self.wires.values():
            wire.watch = lambda moment, method, path: None
        return code == -signal.SIGKILL

    def truth(self) -> dict[str, Any]:
        """The target, by names in place of ids."""
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
            "groups": sorted((each.name, sorted(names[str(e["value"])] for e in each.members.elements)) for each in scim.groups()),
            "made": {what: scim.writes[what] for what in ("POST user", "POST group", "DELETE user", "DELETE group")},
        }  # fmt: skip


def end(process: subprocess.Popen[str]) -> tuple[int, str, str]:
    try:
        out, err = process.communicate(timeout=LIMIT_S)
    except subprocess.TimeoutExpired:
        process.kill()
        out, err = process.communicate()
        raise AssertionError(f"it did not end: {out}\n{err}") from None
    return process.returncode, out, err
