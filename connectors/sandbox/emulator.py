"""What the sandbox's services have in common: the control API, the journal, the faults, gzip and the Date header.

An `Emulator` stands in front of a service and is an ASGI application itself. Everything below `/_emu/` is its own:

POST /_emu/reset      options for `Control.reset`: a new world; journal and faults start afresh
POST /_emu/mutate     one mutation or a list of them, `{"op": name, ...}`; answers {"results": [...]}
POST /_emu/quirks     switches for `Control.quirks`
POST /_emu/clock      {"advance_s": n}; GET tells the time
POST /_emu/faults     rules to add (faults.py); GET lists them with their counters, DELETE forgets them
GET  /_emu/requests   the journal, ?since=n for entries after number n; DELETE forgets them
GET  /_emu/state      the whole truth, for assertions

A wrong control request is answered with 400 and a sentence that says what is wrong.
"""

from __future__ import annotations

import asyncio
import gzip
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from email.utils import format_datetime
from http import HTTPStatus
from urllib.parse import parse_qs

import orjson
from starlette.applications import Starlette
from starlette.routing import BaseRoute
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from connectors.sandbox.clock import Clock
from connectors.sandbox.faults import Faults
from connectors.sandbox.journal import BODY_LIMIT, Entry, Journal
from connectors.sandbox.misfortune import Answer, Dropped, suffer
from syncd.core.model import Json

log = logging.getLogger(__name__)

#: No client of ours sends more; a SCIM bulk of a thousand users has about one megabyte.
_REQUEST_LIMIT = 64_000_000
_GZIP_FROM = 1_000


class Control:
    """What a service tells the control API. Override what the service has; the rest says that it has not.

    Methods raise ValueError or KeyError for a request that makes no sense: that is answered with 400.
    """

    #: edits for the fault action `transform`: answer's JSON, the action's `with` -> other JSON
    transforms: Mapping[str, Callable[[Json, Json], Json]] = {}

    def reset(self, options: Mapping[str, Json]) -> Json:
        """Make a new world; gives back a summary."""
        raise ValueError("this service cannot be reset")

    def mutate(self, op: str, arguments: Mapping[str, Json]) -> Json:
        """Carry out one mutation and give back its result."""
        raise ValueError(f"this service knows no {op}")

    def quirks(self, switches: Mapping[str, Json]) -> Json:
        """Set switches, and give back all of them."""
        raise ValueError("this service has no quirks")

    def state(self) -> Json:
        """The whole truth."""
        return {}

    def describe(self, method: str, path: str, query: str, body: bytes) -> Mapping[str, Json]:
        """Facts about a request that fault rules may match and the journal notes, as `stream` and `page`."""
        return {}

    def error(self, status: int) -> Answer:
        """This service's own body for an error status, for faults that give none."""
        return Answer.of_json(status, {"error": HTTPStatus(status).phrase})


@dataclass(kw_only=True, slots=True)
class Emulator:
    """One service behind its control API. Python callers use `clock`, `journal`, `faults` and `control` directly."""

    service: ASGIApp
    clock: Clock
    journal: Journal
    faults: Faults
    control: Control
    gzip_level: int = 1  #: 0: never compress, for throughput measurements

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        path: str = scope["path"]
        body = await _whole_body(receive)
        if body is None:
            await self._send(scope, send, Answer.of_json(413, {"error": "request body too large"}))
        elif path.startswith("/_emu/"):
            await self._send(scope, send, self._controlled(scope, body))
        else:
            await self._serve(scope, receive, send, body)

    async def _serve(self, scope: Scope, receive: Receive, send: Send, body: bytes) -> None:
        method, raw_path, query = (
            scope["method"],
            scope["raw_path"].decode("latin-1"),
            scope["query_string"].decode("latin-1"),
        )
        entry = self.journal.open(
            at=self.clock.time(),
            method=method,
            path=raw_path,
            query=query,
            headers=scope["headers"],
            client_port=scope["client"][1] if scope.get("client") else 0,
        )
        entry.body = body[:BODY_LIMIT]
        dropped: Dropped | None = None
        status = 0
        try:
            entry.notes.update(self.control.describe(method, raw_path, query, body))
            answer = await self._answer(scope, entry, body)
            status = answer.status
            entry.answered = len(answer.body)
        except Dropped as drop:
            dropped = drop
        finally:
            # Before anything is sent: whoever has the answer finds it in the journal.
            self.journal.close(entry, status)
        if dropped is not None:
            await dropped.carry_out(scope, receive, send, date=self._date())
        else:
            await self._send(scope, send, answer)

    async def _answer(self, scope: Scope, entry: Entry, body: bytes) -> Answer:
        target = f"{entry.path}?{entry.query}" if entry.query else entry.path
        action = self.faults.meet(entry.method, target, body, entry.notes)

        async def true_answer() -> Answer:
            return await _collected(self.service, scope, body)

        if action is None:
            return await true_answer()
        entry.fault = action.name
        if action.delay_s:
            await asyncio.sleep(action.delay_s)
        return await suffer(
            action, true_answer, target, clock=self.clock, error=self.control.error, transforms=self.control.transforms
        )

    def _controlled(self, scope: Scope, body: bytes) -> Answer:
        try:
            given = orjson.loads(body) if body else {}
            result = self._control(scope["method"], scope["path"].removeprefix("/_emu/"), scope["query_string"], given)
        except (ValueError, KeyError, TypeError) as error:  # JSONDecodeError and ValidationError are ValueErrors
            return Answer.of_json(400, {"error": f"{type(error).__name__}: {error}"})
        return Answer.of_json(404, {"error": "no such control"}) if result is None else Answer.of_json(200, result)

    def _control(self, method: str, name: str, query: bytes, given: Json) -> Json:
        match method, name:
            case "POST", "reset":
                self.journal.clear()
                self.faults.clear()
                return {"reset": self.control.reset(given)}
            case "POST", "mutate":
                return {"results": self.mutate(given)}
            case "POST", "quirks":
                return {"quirks": self.control.quirks(given)}
            case (("POST" | "GET"), "clock"):
                self.clock.advance(float(given.get("advance_s", 0)))
                return {"now": self.clock.now().isoformat()}
            case "POST", "faults":
                self.faults.add(given)
                return {"faults": self.faults.data}
            case "GET", "faults":
                return {"faults": self.faults.data}
            case "DELETE", "faults":
                self.faults.clear()
                return {"faults": []}
            case "GET", "requests":
                since = int(parse_qs(query.decode()).get("since", ["0"])[0])
                return {"requests": [entry.data for entry in self.journal.since(since)], "total": self.journal.total}
            case "DELETE", "requests":
                self.journal.clear()
                return {"requests": []}
            case "GET", "state":
                return self.control.state()
        return None

    def mutate(self, ops: Sequence[Mapping[str, Json]] | Mapping[str, Json]) -> list[Json]:
        """Carry out mutations in their JSON form, in order; gives the result of each."""
        results = []
        for given in [ops] if isinstance(ops, Mapping) else ops:
            arguments = dict(given)
            results.append(self.control.mutate(arguments.pop("op"), arguments))
        return results

    def _date(self) -> str:
        return format_datetime(self.clock.now(), usegmt=True)

    async def _send(self, scope: Scope, send: Send, answer: Answer) -> None:
        headers = [(name, value) for name, value in answer.headers if name != b"content-length"]
        body = answer.body
        if not any(name == b"date" for name, _ in headers):
            headers.append((b"date", self._date().encode()))
        encoded = any(name == b"content-encoding" for name, _ in headers)
        if self.gzip_level and len(body) >= _GZIP_FROM and not encoded and _accepts_gzip(scope):
            # In a thread: compressing a page of a thousand users would hold up all other connections.
            body = await asyncio.to_thread(gzip.compress, body, self.gzip_level, mtime=0)
            headers += [(b"content-encoding", b"gzip"), (b"vary", b"accept-encoding")]
        if answer.status not in {204, 304} and answer.status >= 200:
            headers.append((b"content-length", str(len(body)).encode()))
        await send({"type": "http.response.start", "status": answer.status, "headers": headers})
        await send({"type": "http.response.body", "body": body})


def emulator(
    service: ASGIApp | Sequence[BaseRoute],
    *,
    control: Control,
    clock: Clock | None = None,
    journal: Journal | None = None,
    faults: Faults | None = None,
    gzip_level: int = 1,
) -> Emulator:
    """A service, given as an ASGI application or as Starlette routes, behind the control API."""
    return Emulator(
        service=Starlette(routes=service) if isinstance(service, Sequence) else service,
        clock=clock or Clock(),
        journal=journal or Journal(),
        faults=faults or Faults(),
        control=control,
        gzip_level=gzip_level,
    )


def _accepts_gzip(scope: Scope) -> bool:
    return any(name == b"accept-encoding" and b"gzip" in value for name, value in scope["headers"])


async def _whole_body(receive: Receive) -> bytes | None:
    parts: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] != "http.request":
            return b"".join(parts)
        part = message.get("body", b"")
        size += len(part)
        if size > _REQUEST_LIMIT:
            return None
        parts.append(part)
        if not message.get("more_body"):
            return b"".join(parts)


async def _collected(service: ASGIApp, scope: Scope, body: bytes) -> Answer:
    """The service's answer as a whole. A crash of the service is a 500 in its log, never a hung client."""
    given = False
    answer = Answer(status=500, headers=(), body=b"")
    parts: list[bytes] = []

    async def receive() -> Message:
        nonlocal given
        if given:
            return {"type": "http.disconnect"}
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Message) -> None:
        nonlocal answer
        if message["type"] == "http.response.start":
            answer = replace(answer, status=message["status"], headers=tuple(message.get("headers", ())))
        elif message["type"] == "http.response.body":
            parts.append(message.get("body", b""))

    try:
        await service(scope, receive, send)
    except Exception:
        log.exception("the sandbox's service failed on %s %s", scope["method"], scope["path"])
        return Answer.of_json(500, {"error": "the sandbox's service failed; its log says why"})
    return replace(answer, body=b"".join(parts))
