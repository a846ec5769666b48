"""The sandbox's SCIM service and targets on it, for the tests of the SCIM target: faults are ordered, and no wait is waited."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from connectors.sandbox.emulator import Emulator
from connectors.sandbox.scim import Quirks, ScimDirectory, scim_app
from connectors.sandbox.serve import serve
from connectors.scim.settings import BearerToken, ScimSettings
from connectors.scim.target import ScimTarget, open_target
from syncd.core.change import Action, Outcome
from syncd.core.secret import Secret
from tests.contract.quick_time import QuickTime
from tests.contract.target_contract import change, person

TOKEN = "sandbox-token-of-the-faults"


class World:
    """The sandbox, one target on it, and a clock that does not wait."""

    def __init__(self, url: str, emulator: Emulator, store: ScimDirectory) -> None:
        self.url, self.emulator, self.store, self.time = url, emulator, store, QuickTime()
        self.open: list[ScimTarget] = []
        self.target = self.another()

    def another(self, **settings: Any) -> ScimTarget:
        given = {"name": "t", "url": self.url, "auth": BearerToken(token=Secret(TOKEN)), **settings}
        target = open_target(ScimSettings(**given), None, write=True, timing=self.time.timing)
        self.open.append(target)
        return target

    def fault(self, action: dict[str, Any], *, times: int | None = 1, **match: Any) -> None:
        self.emulator.faults.add({"match": match, "times": times, "action": action})

    def sent(self, method: str) -> int:
        return sum(entry.method == method for entry in self.emulator.journal.since(0))

    async def create(self, **more: Any) -> tuple[str, dict[str, Any]]:
        values = person(**more)
        outcome = await self.target.send(change(Action.CREATE, after=values), {})
        assert outcome.status == "done", outcome
        assert outcome.target_id is not None
        self.emulator.journal.clear()
        return outcome.target_id, values

    async def update(self, target_id: str, wrote: dict[str, Any], **after: Any) -> Outcome:
        before = {path: wrote.get(path) for path in after}
        return await self.target.send(change(Action.UPDATE, "user", target_id, before, after), wrote)

    def members(self) -> list[str]:
        return sorted(self.store.groups()[0].members.ids)

    def stored(self, target_id: str) -> Any:
        one = self.store.get("user", target_id)
        return None if one is None else one.attributes


Open = Callable[..., World]


@asynccontextmanager
async def worlds() -> AsyncIterator[Open]:
    """Starts a world for each call, with the quirks of the call; all of them end with the block."""
    opened: list[World] = []
    running: list[Any] = []

    def start(**quirks: Any) -> World:
        store = ScimDirectory()
        emulator = scim_app(store, quirks=Quirks(**quirks), token=TOKEN)
        served = serve({"scim": emulator}).start()
        running.append(served)
        opened.append(World(f"{served['scim']}/scim", emulator, store))
        return opened[-1]

    try:
        yield start
    finally:
        for one in opened:
            for target in one.open:
                await target.close()
        for served in running:
            served.stop()
