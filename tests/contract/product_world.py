"""The sandbox in a product's manner, and a target with that product's profile on it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

from connectors.sandbox.scim import ScimDirectory, preset, scim_app
from connectors.sandbox.serve import serve
from connectors.scim.settings import BearerToken, ScimSettings
from connectors.scim.target import ScimTarget, open_target
from syncd.core.secret import Secret
from tests.contract.quick_time import QuickTime

TOKEN = "product-token"
WORK = 'emails[type eq "work"].value'

OpenProduct = Callable[..., tuple[ScimTarget, ScimDirectory]]


@asynccontextmanager
async def products() -> AsyncIterator[OpenProduct]:
    """Starts a product for each call, with the quirks of the call; all of them end with the block."""
    running: list[Any] = []
    targets: list[ScimTarget] = []

    def start(name: str, *, flag: str = "", **quirks: Any) -> tuple[ScimTarget, ScimDirectory]:
        store = ScimDirectory()
        served = serve({"scim": scim_app(store, quirks=replace(preset(name), **quirks), token=TOKEN)}).start()
        running.append(served)
        settings = ScimSettings(
            name=name, url=f"{served['scim']}/scim{flag}", auth=BearerToken(token=Secret(TOKEN)), profile=name
        )
        targets.append(open_target(settings, None, write=True, timing=QuickTime().timing))
        return targets[-1], store

    try:
        yield start
    finally:
        for target in targets:
            await target.close()
        for served in running:
            served.stop()


def employee(login: str = "adele@contoso.example", **more: Any) -> dict[str, Any]:
    """What the default mappings give for a person, in short."""
    return {
        "userName": login,
        "externalId": "e-1",
        "active": True,
        "name.givenName": "Adele",
        "name.familyName": "Vance",
        WORK: login,
        **more,
    }
