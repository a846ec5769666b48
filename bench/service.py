"""A minimal SCIM service in a process of its own, which costs next to nothing beside the client that is measured.

It believes whatever it is told: a POST is kept under a new id, lists and single objects show what was kept, a PATCH is
answered, and only managers and members in it are kept. A filter finds nobody. It notes its requests, to be sent once more by others.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import re
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from multiprocessing.connection import Connection
from urllib.parse import parse_qs

import orjson
import uvloop

from bench.crowd import Crowd
from syncd.core.attributes import ENTERPRISE_SCHEMA

#: method, path with its query, body
Request = tuple[str, str, bytes]

_LIST = b'{"schemas":["urn:ietf:params:scim:api:messages:2.0:ListResponse"],"totalResults":%d,"startIndex":%d,"itemsPerPage":%d,"Resources":[%b]}'
_HEAD = b"HTTP/1.1 %b\r\nContent-Type: application/scim+json\r\nContent-Length: %d\r\n\r\n"
_MANAGER = f"{ENTERPRISE_SCHEMA}:manager"
_ONE_MEMBER = re.compile(r'members\[value eq "(.*)"\]')
_PAGE = 1_000


class Kept:
    """What the service was told, by kind: Users, Groups."""

    def __init__(self, think_s: float) -> None:
        self.think_s = think_s
        self.objects: dict[str, list[bytes]] = {"Users": [], "Groups": []}
        self.requests: list[Request] = []

    def answer(self, method: str, target: str, body: bytes) -> tuple[bytes, bytes]:
        """Status line and body."""
        self.requests.append((method, target, body))
        path, _, query = target.partition("?")
        kind, _, id_ = path.removeprefix("/scim/").partition("/")
        objects = self.objects.get(kind)
        if objects is None:
            return b"404 Not Found", b"{}"
        if method == "POST":
            objects.append(b'{"id":"%d",' % (len(objects) + 1) + body[1:])
            return b"201 Created", objects[-1]
        if method == "GET" and not id_:
            return b"200 OK", self._list(objects, query)
        number = int(id_) - 1 if id_.isdecimal() else len(objects)
        if number >= len(objects):
            return b"404 Not Found", b"{}"
        if method == "PATCH" and (b":manager" in body or b'"members' in body):
            objects[number] = _patched(objects[number], body)
        return (b"200 OK", objects[number]) if method == "GET" else (b"204 No Content", b"")

    @staticmethod
    def _list(objects: list[bytes], query: str) -> bytes:
        asked = parse_qs(query)
        if "filter" in asked:
            return _LIST % (0, 1, 0, b"")
        start = max(1, int(asked.get("startIndex", ["1"])[0]))
        page = objects[start - 1 : start - 1 + min(_PAGE, int(asked.get("count", [_PAGE])[0]))]
        return _LIST % (len(objects), start, len(page), b",".join(page))


def _patched(resource: bytes, patch: bytes) -> bytes:
    found = orjson.loads(resource)
    for operation in orjson.loads(patch)["Operations"]:
        path, value = operation.get("path", ""), operation.get("value")
        if path == _MANAGER:
            found.setdefault(ENTERPRISE_SCHEMA, {})["manager"] = value
        elif path == "members" and operation["op"].lower() == "add":
            found.setdefault("members", []).extend(value)
        elif (one := _ONE_MEMBER.fullmatch(path)) is not None:
            found["members"] = [member for member in found.get("members", []) if member["value"] != one[1]]
    return orjson.dumps(found)


class _Connection(asyncio.Protocol):
    """HTTP/1.1 as far as a client that keeps its connections needs it."""

    def __init__(self, kept: Kept) -> None:
        self._kept = kept
        self._buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport: asyncio.Transport = transport  # type: ignore[assignment]  # a server's is a Transport

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while (end := self._buffer.find(b"\r\n\r\n")) >= 0:
            head = self._buffer[:end]
            at = head.lower().find(b"content-length:")
            length = int(head[at + 15 :].split(b"\r\n", 1)[0]) if at >= 0 else 0
            if len(self._buffer) < end + 4 + length:
                return
            body = self._buffer[end + 4 : end + 4 + length]
            self._buffer = self._buffer[end + 4 + length :]
            method, target, _ = head.split(b"\r\n", 1)[0].decode().split(" ")
            status, answer = self._kept.answer(method, target, body)
            whole = _HEAD % (status, len(answer)) + answer
            if self._kept.think_s:
                asyncio.get_running_loop().call_later(self._kept.think_s, self._transport.write, whole)
            else:
                self._transport.write(whole)


def _serve(pipe: Connection, think_s: float) -> None:
    kept = Kept(think_s)

    async def run() -> None:
        loop = asyncio.get_running_loop()
        server = await loop.create_server(partial(_Connection, kept), "127.0.0.1", 0)
        pipe.send(server.sockets[0].getsockname()[1])
        await loop.run_in_executor(None, _attend, pipe, kept)

    uvloop.run(run())


def _attend(pipe: Connection, kept: Kept) -> None:
    """Give the noted requests out whenever they are asked for, and take in crowds, until the other end of the pipe closes."""
    while True:
        try:
            asked = pipe.recv()
        except EOFError:
            return
        if isinstance(asked, Crowd):
            kept.objects["Users"].extend(asked.resources("user"))
            kept.objects["Groups"].extend(asked.resources("group"))
        noted, kept.requests = kept.requests, []
        pipe.send(noted)


class RunningService:
    """The service as its parent sees it: `url`, and what it was asked since the last time."""

    def __init__(self, pipe: Connection) -> None:
        self._pipe = pipe
        self.url = f"http://127.0.0.1:{pipe.recv()}/scim"

    @property
    def headers(self) -> dict[str, str]:
        """What a client sends with each request."""
        return {"Content-Type": "application/scim+json; charset=utf-8"}

    def join(self, crowd: Crowd) -> None:
        """They have been kept there for long: lists show them."""
        self._pipe.send(crowd)
        self._pipe.recv()

    def requests(self) -> list[Request]:
        self._pipe.send("requests")
        found: list[Request] = self._pipe.recv()
        return found


@contextmanager
def scim_service(*, think_s: float = 0.0) -> Iterator[RunningService]:
    """The service in a process of its own. `think_s`: how long it thinks about each request."""
    spawn = multiprocessing.get_context("spawn")
    ours, theirs = spawn.Pipe()
    process = spawn.Process(target=_serve, args=(theirs, think_s), daemon=True)
    process.start()
    theirs.close()
    try:
        yield RunningService(ours)
    finally:
        ours.close()
        process.join(10)
