"""The sandbox's Graph or Okta in a process of its own, as big as one likes: the source of the whole-run benchmarks."""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from multiprocessing.connection import Connection
from typing import Any, Literal

import httpx

from bench.crowd import Crowd, group_name, person, source_id
from bench.service import Request
from connectors.sandbox.graph.app import graph_app
from connectors.sandbox.graph.directory import GraphDirectory
from connectors.sandbox.graph.generate import Tenant
from connectors.sandbox.graph.generate import generate as generate_tenant
from connectors.sandbox.okta.directory import OktaDirectory
from connectors.sandbox.okta.generate import generate as generate_organisation
from connectors.sandbox.okta.service import okta_app
from connectors.sandbox.serve import serve

Kind = Literal["graph", "okta"]
TOKEN = "sandbox"


def _serve(pipe: Connection, kind: Kind, users: int, groups: int) -> None:
    tenant = GraphDirectory()
    if kind == "graph":
        wanted = Tenant(users=users, groups=groups, assignments=users)
        generate_tenant(tenant, wanted)
        tenant.quirks.set({"throttle": False})
        app, application = graph_app(tenant), wanted.service_principal_id
    else:
        organisation = OktaDirectory()
        application = generate_organisation(organisation, users=users, groups=groups).apps[0]
        organisation.access.add_api_token(TOKEN)
        app = okta_app(organisation)
    app.gzip_level = 0  # compressing would be paid for by the service alone
    with serve({"source": app}) as served:
        pipe.send((served["source"], application))
        with suppress(EOFError):
            while True:
                _join(tenant, pipe.recv())
                pipe.send(None)


def _join(tenant: GraphDirectory, crowd: Crowd) -> None:
    """They have been there for long: a delta round begins with them."""
    for number in range(crowd.users):
        tenant.create_user(object_id=source_id("user", number), **person(number))
    for number in range(crowd.groups):
        tenant.create_group(group_name(number), members=crowd.members(number), object_id=source_id("group", number))
    tenant.log = type(tenant.log)()


class RunningDirectory:
    """The directory as its parent sees it. `url` is its root, `application` the id of the application."""

    def __init__(self, kind: Kind, pipe: Connection) -> None:
        self.kind = kind
        self._pipe = pipe
        self.url, self.application = pipe.recv()
        self._control = httpx.Client(base_url=f"{self.url}/_emu", trust_env=False, timeout=300)

    def join(self, crowd: Crowd) -> None:
        """They have been in this tenant of Graph for long."""
        self._pipe.send(crowd)
        self._pipe.recv()

    def requests(self) -> list[Request]:
        """What it was asked since the last time."""
        told = self._control.get("/requests").raise_for_status().json()["requests"]
        self._control.delete("/requests").raise_for_status()
        return [(one["method"], f"{one['path']}?{one['query']}".rstrip("?"), b"") for one in told]

    @property
    def headers(self) -> dict[str, str]:
        """What lets a bare client in."""
        return {"Authorization": f"{'Bearer' if self.kind == 'graph' else 'SSWS'} {TOKEN}"}

    def state(self) -> Any:
        """Everything that is true there."""
        return self._control.get("/state").raise_for_status().json()

    def mutate(self, operations: Sequence[Mapping[str, object]]) -> None:
        """Changes as the sandbox's control API takes them."""
        self._control.post("/mutate", json=list(operations)).raise_for_status()

    def config(self) -> str:
        """This source in config.toml, under the name "bench"; its token is in the environment variable BENCH_TOKEN."""
        if self.kind == "graph":
            where = f'endpoint = "{self.url}/v1.0"\naccess_token = {{ env = "BENCH_TOKEN" }}'
            which = f'service_principal_id = "{self.application}"'
        else:
            where = f'org_url = "{self.url}"\ntoken = {{ env = "BENCH_TOKEN" }}'
            which = f'app_id = "{self.application}"'
        return f'[sources.bench]\nkind = "{self.kind}"\n{where}\n{which}\n'


@contextmanager
def directory(kind: Kind, *, users: int, groups: int) -> Iterator[RunningDirectory]:
    """The directory in a process of its own, generated anew."""
    spawn = multiprocessing.get_context("spawn")
    ours, theirs = spawn.Pipe()
    process = spawn.Process(target=_serve, args=(theirs, kind, users, groups), daemon=True)
    process.start()
    theirs.close()
    try:
        yield RunningDirectory(kind, ours)
    finally:
        ours.close()
        process.join(10)
