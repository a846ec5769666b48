"""Serving the sandbox on loopback: each service on a port of its own, by uvicorn, in a thread of this process."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from types import TracebackType

import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.h11_impl import H11Protocol

_START_S = 30.0
_STOP_S = 10.0


class _DroppableProtocol(H11Protocol):
    """HTTP/1.1 whose requests know their transport, so that a fault can break the connection."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as in the parent
        super().connection_made(transport)
        self.app_state = {**self.app_state, "transport": transport}


@dataclass(frozen=True, kw_only=True, slots=True)
class Certificate:
    """Files for TLS, in PEM."""

    certificate_file: str
    key_file: str


class Served:
    """Services that answer on loopback as long as the context lasts.

    `urls` has one base URL a service, "http://127.0.0.1:PORT" without a slash at the end. Raises OSError when a port
    is taken, RuntimeError when a service does not start within 30 seconds.
    """

    def __init__(
        self,
        apps: Mapping[str, ASGIApp],
        *,
        port: int = 0,
        host: str = "127.0.0.1",
        certificate: Certificate | None = None,
    ) -> None:
        self._sockets: dict[str, socket.socket] = {}
        try:
            for number, name in enumerate(apps):
                self._sockets[name] = _bound(host, port + number if port else 0)
        except OSError:
            self._close_sockets()
            raise
        scheme = "https" if certificate else "http"
        at = f"[{host}]" if ":" in host else host
        self.urls: dict[str, str] = {
            name: f"{scheme}://{at}:{sock.getsockname()[1]}" for name, sock in self._sockets.items()
        }
        self._servers = {
            name: uvicorn.Server(
                uvicorn.Config(
                    app,
                    http=_DroppableProtocol,
                    ws="none",
                    lifespan="off",
                    loop="none",
                    log_config=None,
                    log_level="critical",
                    access_log=False,
                    server_header=False,
                    date_header=False,
                    timeout_keep_alive=75,
                    timeout_graceful_shutdown=0,
                    backlog=1024,
                    ssl_certfile=certificate.certificate_file if certificate else None,
                    ssl_keyfile=certificate.key_file if certificate else None,
                )
            )
            for name, app in apps.items()
        }
        self._thread = threading.Thread(target=self._run, name="sandbox", daemon=True)
        self._failure: BaseException | None = None

    def start(self) -> Served:
        """Begin to answer; gives itself back. The sockets listen before this returns."""
        self._thread.start()
        waited = threading.Event()
        for _ in range(int(_START_S / 0.005)):
            if all(server.started for server in self._servers.values()):
                return self
            if self._failure is not None or not self._thread.is_alive():
                break
            waited.wait(0.005)
        self.stop()
        raise RuntimeError("the sandbox did not start") from self._failure

    def wait(self) -> None:
        """Block until the services stop or the process is interrupted."""
        self._thread.join()

    def stop(self) -> None:
        """Stop answering, close connections and sockets."""
        for server in self._servers.values():
            server.should_exit = True
        if self._thread.is_alive():
            self._thread.join(_STOP_S)
        self._close_sockets()

    def _close_sockets(self) -> None:
        for sock in self._sockets.values():
            sock.close()

    def __enter__(self) -> Served:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def __getitem__(self, name: str) -> str:
        return self.urls[name]

    def _run(self) -> None:
        async def all_of_them() -> None:
            await asyncio.gather(
                *(server.serve(sockets=[self._sockets[name]]) for name, server in self._servers.items())
            )

        try:
            with asyncio.Runner(loop_factory=_loop) as runner:
                runner.run(all_of_them())
        except BaseException as failure:  # told to the thread that waits for the start
            self._failure = failure


def serve(
    apps: Mapping[str, ASGIApp], *, port: int = 0, host: str = "127.0.0.1", certificate: Certificate | None = None
) -> Served:
    """Serve each application on a port of its own: free ones, or `port`, `port + 1`, … in the mapping's order.

    `with serve({"graph": app}) as served: served["graph"]` gives the base URL. A foreground command enters the
    context and then waits for its signal.
    """
    return Served(apps, port=port, host=host, certificate=certificate)


def _bound(host: str, port: int) -> socket.socket:
    sock = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        sock.bind((host, port))
    except OSError:
        sock.close()
        raise
    return sock


def _loop() -> asyncio.AbstractEventLoop:
    try:
        import uvloop  # noqa: PLC0415 - absent on platforms that it does not support
    except ImportError:
        return asyncio.new_event_loop()
    return uvloop.new_event_loop()
