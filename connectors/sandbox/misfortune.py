"""Carrying out a fault: from the action of a rule to the answer, or to the connection that breaks."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from email.utils import format_datetime

import orjson
from starlette.types import Receive, Scope, Send

from connectors.sandbox.clock import Clock
from connectors.sandbox.faults import Action
from syncd.core.model import Json

_HTML = b"<!DOCTYPE html><html><head><title>Service unavailable</title></head><body><h1>We will be back soon</h1></body></html>"
#: the header of a gzip stream, then what no inflater takes for a block
_NO_GZIP = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03" + b"\xff" * 32


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """One HTTP answer as a whole, uncompressed; header names in lower case."""

    status: int
    headers: tuple[tuple[bytes, bytes], ...]
    body: bytes

    @classmethod
    def of_json(cls, status: int, content: Json, headers: Mapping[str, str] | None = None) -> Answer:
        """An answer with a JSON body."""
        return cls(
            status=status,
            headers=((b"content-type", b"application/json"), *_encoded(headers or {})),
            body=orjson.dumps(content),
        )

    def with_headers(self, add: Mapping[str, str], strip: tuple[str, ...] = ()) -> Answer:
        """The same with other headers; one that is added takes the place of its namesakes."""
        gone = {name.lower().encode() for name in (*strip, *add)}
        return replace(self, headers=(*((n, v) for n, v in self.headers if n.lower() not in gone), *_encoded(add)))


def _encoded(headers: Mapping[str, str]) -> tuple[tuple[bytes, bytes], ...]:
    return tuple((name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers.items())


@dataclass(eq=False)
class Dropped(Exception):
    """The connection is to break: without an answer, or after `sent` bytes of the body of `answer`."""

    answer: Answer | None
    sent: int
    reset: bool

    async def carry_out(self, scope: Scope, receive: Receive, send: Send, *, date: str) -> None:
        """Break the connection. Needs a server that puts its transport into the scope's state, as serve.py does."""
        transport: asyncio.Transport | None = scope.get("state", {}).get("transport")
        if transport is None:
            raise ConnectionResetError("the sandbox dropped this connection")
        if self.answer is not None:
            length = str(len(self.answer.body)).encode()
            headers = [
                *(pair for pair in self.answer.headers if pair[0] != b"content-length"),
                (b"content-length", length),
                (b"date", date.encode()),
            ]
            await send({"type": "http.response.start", "status": self.answer.status, "headers": headers})
            await send({"type": "http.response.body", "body": self.answer.body[: self.sent], "more_body": True})
        if self.reset:
            plain: socket.socket | None = transport.get_extra_info("socket")
            if plain is not None:
                # Linger of zero seconds turns the close into an RST.
                plain.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            transport.abort()
        else:
            transport.close()
        while (await receive())["type"] != "http.disconnect":
            pass


async def suffer(
    action: Action,
    true_answer: Callable[[], Awaitable[Answer]],
    target: str,
    *,
    clock: Clock,
    error: Callable[[int], Answer],
    transforms: Mapping[str, Callable[[Json, Json], Json]],
) -> Answer:
    """What a faulted request is answered. Raises Dropped where it is the connection that breaks."""
    if action.drop == "before":
        raise Dropped(None, 0, action.reset)
    instead = _instead(action, target, clock, error)
    if instead is not None:
        if action.applied:
            await true_answer()
        return instead
    answer = _edited(await true_answer(), action, transforms).with_headers(action.add_headers, action.strip_headers)
    if action.drop == "answer":
        raise Dropped(None, 0, action.reset)
    if action.drop == "body":
        raise Dropped(answer, len(answer.body) // 2, action.reset)
    if action.truncate is not None:
        kept = int(action.truncate if action.truncate >= 1 else action.truncate * len(answer.body))
        if action.length == "wrong":
            raise Dropped(answer, kept, action.reset)
        answer = replace(answer, body=answer.body[:kept])
    if action.corrupt_gzip:
        answer = replace(answer, body=_NO_GZIP).with_headers({"content-encoding": "gzip"})
    return answer


def _instead(action: Action, target: str, clock: Clock, error: Callable[[int], Answer]) -> Answer | None:
    """The answer that takes the place of the true one, None where the true one is the base."""
    headers = dict(action.headers)
    if action.retry_after is not None:
        text = str(action.retry_after)
        if text.startswith("date:"):
            text = format_datetime(clock.now() + timedelta(seconds=float(text.removeprefix("date:"))), usegmt=True)
        headers["retry-after"] = text
    if action.redirect is not None:
        location = target if action.redirect == "same" else action.redirect
        return Answer(status=action.status or 302, headers=_encoded({**headers, "location": location}), body=b"")
    if action.html is not None:
        return Answer(
            status=action.html, headers=_encoded({**headers, "content-type": "text/html; charset=utf-8"}), body=_HTML
        )
    if action.replaces:
        return Answer.of_json(action.status or 200, action.replace, headers)
    if action.status is not None:
        if isinstance(action.body, str):
            answer = Answer(
                status=action.status,
                headers=((b"content-type", b"text/plain; charset=utf-8"),),
                body=action.body.encode(),
            )
        elif action.body is not None:
            answer = Answer.of_json(action.status, action.body)
        else:
            answer = error(action.status)
        return answer.with_headers(headers, action.strip_headers).with_headers(action.add_headers)
    return None


def _edited(answer: Answer, action: Action, transforms: Mapping[str, Callable[[Json, Json], Json]]) -> Answer:
    if action.edit is None and action.first is None and action.transform is None:
        return answer
    content = orjson.loads(answer.body)
    if action.first is not None:
        content = _with_first(content, action)
    if action.edit is not None:
        content = action.edit.applied_to(content)
    if action.transform is not None:
        content = transforms[action.transform](content, action.with_)
    return replace(answer, body=orjson.dumps(content))


def _with_first(content: Json, action: Action) -> Json:
    """The page with its first record changed: of a bare array, of Graph's `value` or of SCIM's `Resources`."""
    if action.first is None:
        return content
    if isinstance(content, list):
        return [action.first.applied_to(content[0]), *content[1:]] if content else content
    for key in ("value", "Resources"):
        records = content.get(key) if isinstance(content, dict) else None
        if records:
            return {**content, key: [action.first.applied_to(records[0]), *records[1:]]}
    return action.first.applied_to(content)
