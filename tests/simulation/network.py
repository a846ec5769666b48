"""Connections in memory between a simulated process and the services, in order within one and at random between them."""

from __future__ import annotations

import asyncio
import random
import socket
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any

import uvicorn
from starlette.types import ASGIApp
from uvicorn.server import ServerState

from connectors.sandbox.serve import _DroppableProtocol
from tests.simulation.process import Process

_LONGEST_S = 0.05


class _Socket:
    """What clients ask of a socket: where it leads to, and whether somebody has sent something unasked."""

    family = socket.AF_INET

    def __init__(self) -> None:
        self._silent, self._other = socket.socketpair()

    def fileno(self) -> int:
        return self._silent.fileno()

    def getpeername(self) -> tuple[str, int]:
        return "127.0.0.1", 40_000

    getsockname = getpeername

    def setsockopt(self, *_: object) -> None:
        pass


_SOCKET = _Socket()


class Network:
    """Which service answers on which port; any other address refuses, and is remembered."""

    def __init__(self, services: Mapping[int, ASGIApp], draw: random.Random) -> None:
        self._draw = draw
        self._servers = {port: _configured(app) for port, app in services.items()}
        self.strangers: list[int] = []

    def connect(
        self, loop: asyncio.AbstractEventLoop, port: int, make_client: Callable[[], Any], process: Process | None
    ) -> tuple[Pipe, Any]:
        if port not in self._servers:
            self.strangers.append(port)
            raise ConnectionRefusedError(111, f"nobody listens on port {port}")
        server = _DroppableProtocol(config=self._servers[port], server_state=ServerState(), app_state={}, _loop=loop)
        client = make_client()
        near, far = Pipe(loop, client, self._draw, process), Pipe(loop, server, self._draw, None)
        near.peer, far.peer = far, near
        server.connection_made(far)
        client.connection_made(near)
        return near, client


class Pipe(asyncio.Transport):
    """One end of a connection. What is written arrives at the other end's protocol, later and in order."""

    def __init__(
        self, loop: asyncio.AbstractEventLoop, protocol: Any, draw: random.Random, process: Process | None
    ) -> None:
        super().__init__()
        self._loop, self._protocol, self._draw, self._process = loop, protocol, draw, process
        self._waiting: deque[bytes | BaseException | None] = deque()  #: None: the other end has closed
        self._paused = self._closing = self._lost = False
        self.peer: Pipe = self

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        if name == "socket" and self._process is not None:
            return _SOCKET
        return ("127.0.0.1", 40_000) if name in ("peername", "sockname") else default

    def set_protocol(self, protocol: Any) -> None:
        self._protocol = protocol

    def get_protocol(self) -> Any:
        return self._protocol

    def is_closing(self) -> bool:
        return self._closing

    def is_reading(self) -> bool:
        return not self._paused

    def pause_reading(self) -> None:
        self._paused = True

    def resume_reading(self) -> None:
        self._paused = False
        self._loop.call_soon(self._deliver)

    def get_write_buffer_size(self) -> int:
        return 0

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        pass

    def can_write_eof(self) -> bool:
        return False

    def write(self, data: Any) -> None:
        if not self._closing:
            self._send(bytes(data))

    def writelines(self, list_of_data: Any) -> None:
        self.write(b"".join(list_of_data))

    def close(self) -> None:
        if not self._closing:
            self._closing = True
            self._send(None)
            self._loop.call_soon(self._lose, None)

    def abort(self) -> None:
        if not self._closing:
            self._closing = True
            self._send(ConnectionResetError(104, "Connection reset by peer"))
            self._loop.call_soon(self._lose, None)

    def _send(self, what: bytes | BaseException | None) -> None:
        self._loop.call_later(self._draw.random() * _LONGEST_S, self.peer._arrive)
        self.peer._waiting.append(what)

    def _arrive(self) -> None:
        sender = self.peer._process
        if sender is not None and sender.dead:
            self._waiting.clear()  # what a dead process had not sent yet
            self._lose(None)
        self._deliver()

    def _deliver(self) -> None:
        while self._waiting and not self._paused and not self._lost:
            what = self._waiting.popleft()
            if isinstance(what, bytes):
                self._protocol.data_received(what)
                continue
            self._closing = True
            if what is None:
                self._protocol.eof_received()
            self._lose(what)

    def _lose(self, why: BaseException | None) -> None:
        if not self._lost:
            self._lost = self._closing = True
            self._protocol.connection_lost(why)


def _configured(app: ASGIApp) -> uvicorn.Config:
    config = uvicorn.Config(
        app,
        http=_DroppableProtocol,
        ws="none",
        lifespan="off",
        log_config=None,
        log_level="critical",
        access_log=False,
        server_header=False,
        date_header=False,
        timeout_keep_alive=75,
    )
    config.load()
    return config
