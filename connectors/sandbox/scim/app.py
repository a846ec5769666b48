"""The sandbox's SCIM service as one ASGI application, behind the control API."""

from __future__ import annotations

from connectors.sandbox.clock import Clock
from connectors.sandbox.emulator import Emulator, emulator
from connectors.sandbox.scim.control import ScimControl
from connectors.sandbox.scim.directory import ScimDirectory
from connectors.sandbox.scim.presets import preset
from connectors.sandbox.scim.quirks import Quirks
from connectors.sandbox.scim.service import ScimService
from syncd.core.secret import Secret


def scim_app(
    store: ScimDirectory | None = None,
    clock: Clock | None = None,
    quirks: Quirks | str = "strict",
    token: Secret | str | None = None,
    *,
    base_path: str = "/scim",
    gzip_level: int = 1,
) -> Emulator:
    """A SCIM 2.0 service below `base_path`, in the manner of some quirks or of a preset by name.

    `store` is the truth to assert on; without one the application makes its own. `token`: what clients must send as
    bearer token; None: anybody may come.
    """
    store = store if store is not None else ScimDirectory(clock)
    service = ScimService(
        store,
        clock=store.clock,
        quirks=preset(quirks) if isinstance(quirks, str) else quirks,
        token=Secret(token) if isinstance(token, str) else token,
        base_path=base_path,
    )
    return emulator(service, control=ScimControl(service), clock=store.clock, gzip_level=gzip_level)
