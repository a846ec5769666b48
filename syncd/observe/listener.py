"""The HTTP listener of `[metrics] listen`: /metrics, /healthz and /readyz, by GET alone.

It runs in the daemon's own loop, so that /healthz answers only while that loop turns. The state DB is asked in a thread.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from aiohttp import web
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4

from syncd.core.errors import SyncdError
from syncd.observe.health import impediments
from syncd.observe.metrics import Metrics
from syncd.runtime import Runtime

#: how long one question to the state DB may take
PATIENCE_S = 10.0
#: of the request's body, which has no use here
_BODY_BYTES = 1024


@dataclass(kw_only=True, eq=False)
class NotListening(SyncdError):
    """metrics.listen: cannot listen on {address} ({reason}). Free it or choose another one, then start again: syncd run"""

    address: str
    reason: str


class Listener:
    """Serves one address from `open` to `close`."""

    def __init__(self, address: str, metrics: Metrics, runtime: Callable[[], Runtime]) -> None:
        self.address, self._metrics, self._runtime = address, metrics, runtime
        self._turn = asyncio.Lock()
        app = web.Application(client_max_size=_BODY_BYTES)
        app.router.add_get("/metrics", self._show_metrics)
        app.router.add_get("/healthz", self._show_health)
        app.router.add_get("/readyz", self._show_readiness)
        self._runner = web.AppRunner(app, access_log=None, handle_signals=False, keepalive_timeout=30)

    async def open(self) -> None:
        """Raises NotListening."""
        host, _, port = self.address.rpartition(":")
        await self._runner.setup()
        try:
            await web.TCPSite(self._runner, host.strip("[]"), int(port), backlog=16, shutdown_timeout=1).start()
        except OSError as error:
            await self._runner.cleanup()
            raise NotListening(address=self.address, reason=error.strerror or type(error).__name__) from error

    async def close(self) -> None:
        await self._runner.cleanup()

    async def _show_metrics(self, request: web.Request) -> web.Response:
        try:
            async with self._turn:  # one scrape at a time asks the state DB
                text = await asyncio.wait_for(asyncio.to_thread(self._metrics.text), PATIENCE_S)
        except TimeoutError:
            return web.Response(text=f"the state DB does not answer within {PATIENCE_S:g} s\n", status=503)
        return web.Response(body=text, headers={"Content-Type": CONTENT_TYPE_PLAIN_0_0_4})

    async def _show_health(self, request: web.Request) -> web.Response:
        return web.Response(text="ok\n")

    async def _show_readiness(self, request: web.Request) -> web.Response:
        try:
            async with self._turn:
                asked = asyncio.to_thread(lambda: list(impediments(self._runtime())))
                found = await asyncio.wait_for(asked, PATIENCE_S)
        except TimeoutError:
            found = [f"the state DB does not answer within {PATIENCE_S:g} s"]
        return web.Response(text="".join(f"{one}\n" for one in found or ["ready"]), status=503 if found else 200)
