"""A reverse proxy on loopback that notes every request to a server that is not ours, and can make one go wrong."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Any

import httpx
import orjson
from starlette.types import ASGIApp, Receive, Scope, Send

from connectors.sandbox.emulator import Control, Emulator, emulator
from connectors.sandbox.journal import Entry
from connectors.sandbox.serve import serve
from tests.servers import RunningServer

#: hop by hop (RFC 9110 section 7.6.1), or untrue after the body was read
_NOT_PASSED_ON = frozenset({b"host", b"connection", b"content-length", b"transfer-encoding", b"content-encoding"})


class Recorder:
    """Stands before a server. `url` takes the place of the server's own."""

    def __init__(self, server: RunningServer) -> None:
        origin = httpx.URL(server.url).copy_with(path="/")
        # A connection for each request: a server may close an idle one just when the next request leaves on it,
        # and a proxy that then makes up a 500 would blame syncd for it.
        self._client = httpx.Client(trust_env=False, timeout=30, limits=httpx.Limits(max_keepalive_connections=0))
        app = _forward(str(origin).rstrip("/"), self._client)
        self.emulator: Emulator = emulator(app, control=Control(), gzip_level=0)
        self._served = serve({"server": self.emulator})
        self.url = self._served["server"] + httpx.URL(server.url).path

    def __enter__(self) -> Recorder:
        self._served.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._served.stop()
        self._client.close()

    @property
    def now(self) -> int:
        """The number of requests so far, for `writes`."""
        return self.emulator.journal.total

    def writes(self, since: int = 0) -> list[Entry]:
        """Requests after number `since` that were no GET."""
        return [entry for entry in self.emulator.journal.since(since) if entry.method != "GET"]

    def fail(self, *rules: Mapping[str, Any]) -> None:
        """Fault rules of the sandbox, for this server."""
        self.emulator.faults.add(list(rules))


def words(entries: Sequence[Entry]) -> list[str]:
    """ "METHOD /Users/id" of each entry: what an assertion shows when it fails."""
    return [f"{entry.method} {entry.path} {body_of(entry)}" for entry in entries]


def body_of(entry: Entry) -> Any:
    """The body as JSON, None where there was none."""
    return orjson.loads(entry.body) if entry.body else None


def _forward(origin: str, client: httpx.Client) -> ASGIApp:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        query = b"?" + scope["query_string"] if scope["query_string"] else b""
        answer = await asyncio.to_thread(
            client.request,
            scope["method"],
            origin + (scope["raw_path"] + query).decode("latin-1"),
            headers=[(name, value) for name, value in scope["headers"] if name.lower() not in _NOT_PASSED_ON],
            content=(await receive())["body"],
        )
        headers = [(name.lower(), value) for name, value in answer.headers.raw if name.lower() not in _NOT_PASSED_ON]
        await send({"type": "http.response.start", "status": answer.status_code, "headers": headers})
        await send({"type": "http.response.body", "body": answer.content})

    return app
