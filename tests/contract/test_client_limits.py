"""Clients that many tasks share wait as their service says, and stay below half of what it allows."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest

from connectors.sandbox.clock import Clock
from connectors.sandbox.scim import ScimDirectory, scim_app
from connectors.sandbox.serve import serve
from connectors.scim.client import ScimReader
from connectors.scim.settings import BearerToken, ScimSettings
from connectors.scim.timing import Timing
from syncd.core.secret import Secret
from tests.contract.client_contract import Caller, ClientContract
from tests.contract.okta_world import organisation

START = datetime(2026, 3, 2, 11, 15, tzinfo=UTC)


class TestOktaClient(ClientContract):
    """One budget of an organisation, of which a token has the half."""

    limit = 40

    @pytest.fixture
    async def caller(self) -> AsyncIterator[Caller]:
        with organisation() as world:
            people = world.people(4)
            world.options(buckets={"user": self.limit}, plan="workforce")
            source = world.source()
            yield Caller(
                ask=lambda task: source.find("user", people[task].id),
                refuse=lambda action: world.fault(action, path="/api/v1/users/"),
                answered=lambda: [entry for entry in world.requests("/api/v1/users/") if entry.path.count("/") == 4],
            )
            await world.close()


class TestScimClient(ClientContract):
    """A target announces no limit: an administrator who knows it gives `rate` the half."""

    limit = 20
    window_s = 1.0

    @pytest.fixture
    async def caller(self) -> AsyncIterator[Caller]:
        clock = Clock(START)
        app = scim_app(ScimDirectory(clock), quirks="strict", token="limits")
        asking, due = 0, list[float]()

        async def sleep(seconds: float) -> None:
            """Until then by a clock that moves on once everybody waits: to the one who waits least."""
            until = clock.time() + max(seconds, 0.001)
            due.append(until)
            while clock.time() < until:
                if len(due) + len(client.gate._waiting) == asking and until == min(due):
                    clock.advance(until - clock.time() + 1e-6)
                await asyncio.sleep(0)
            due.remove(until)

        async def ask(task: int) -> None:
            nonlocal asking
            asking += 1
            await client.get(f"/Users/nobody-{task}")
            asking -= 1

        timing = Timing(now=clock.now, monotonic=clock.time, sleep=sleep, random=lambda: 0.5)
        with serve({"scim": app}) as served:
            token = BearerToken(token=Secret("limits"))
            settings = ScimSettings(name="t", url=f"{served['scim']}/scim", auth=token, rate=self.limit / 2)
            client = ScimReader(settings, timing)
            yield Caller(
                ask=ask,
                refuse=lambda action: app.faults.add({"match": {"path": "/Users"}, "action": action}),
                answered=lambda: [entry for entry in app.journal if "/Users" in entry.path],
            )
            await client.close()
