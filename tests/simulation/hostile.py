"""A service that means no good: whatever it is asked, it answers with something that it should not."""

from __future__ import annotations

import asyncio
import random
from typing import Any
from urllib.parse import unquote

import orjson
from starlette.types import Receive, Scope, Send

#: texts that break out of quotes, paths, lines and terminals, or pass for others
NASTY = (
    "", " ", "\x00", "a\r\nX-Injected: 1", "a\nb", '" or userName pr or userName eq "', "\\", '\\" or 1 eq 1', "a/b", "..",
    "../../Users", "%2e%2e%2f", "100%", "a?b=c", "a#b", "a;b", "\u202egnp.exe", "\u200b", "\u0430dmin", "İ", "ß", "e\u0301",
    "\ud7ff", "\U0001f4a9", "null", "true", "[]", "{}", "${jndi:ldap://x}", "{{7*7}}", "<script>", "'; DROP TABLE links;--",
    "x" * 5000, "\x1b[31m", "=cmd|' /C calc'!A0", "http://127.0.0.1:9/",
)  # fmt: skip
ELSEWHERE = (
    "http://127.0.0.1:9/steal",
    "http://elsewhere.example/",
    "//127.0.0.1:9/x",
    "file:///etc/passwd",
    "gopher://127.0.0.1:9/",
)
_STATUS = (
    200,
    200,
    200,
    200,
    200,
    201,
    204,
    206,
    301,
    302,
    307,
    308,
    400,
    401,
    403,
    404,
    409,
    410,
    412,
    413,
    422,
    429,
    500,
    503,
)


class Hostile:
    """Answers at random. `answered` counts; `asked` keeps the raw paths and filters of what it was asked."""

    def __init__(self, draw: random.Random) -> None:
        self._draw = draw
        self.answered = 0
        self.paths: list[str] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        while (await receive()).get("more_body"):
            pass
        self.answered += 1
        self.paths.append(scope["raw_path"].decode("latin-1") + "?" + scope["query_string"].decode("latin-1"))
        draw = self._draw
        status, body = draw.choice(_STATUS), self._body(scope)
        headers = [(b"content-type", draw.choice((b"application/scim+json", b"application/json", b"text/html", b"x")))]
        if status in (301, 302, 307, 308):
            headers.append((b"location", draw.choice(ELSEWHERE).encode()))
        if status in (429, 503) or draw.random() < 0.05:
            headers.append(
                (b"retry-after", draw.choice((b"0", b"-5", b"1e9", b"soon", b"1", b"Wed, 21 Oct 2099 07:28:00 GMT")))
            )
        if draw.random() < 0.1:
            headers.append((b"link", f'<{draw.choice(ELSEWHERE)}>; rel="next"'.encode()))
        if draw.random() < 0.05:
            headers.append((b"content-encoding", draw.choice((b"gzip", b"br", b"deflate"))))
        await send({"type": "http.response.start", "status": status, "headers": headers})
        if status == 204:
            body = b""
        slowly = draw.random() < 0.02
        for start in range(0, len(body) if slowly else 0, max(1, len(body) // 5)):
            await asyncio.sleep(3)
            await send(
                {"type": "http.response.body", "body": body[start : start + max(1, len(body) // 5)], "more_body": True}
            )
        await send({"type": "http.response.body", "body": b"" if slowly else body})

    def _body(self, scope: Scope) -> bytes:
        draw = self._draw
        match draw.randrange(10):
            case 0:
                return draw.randbytes(draw.randrange(200))
            case 1:
                return b"[" * draw.choice((10, 2000)) + b"]" * draw.choice((0, 10))
            case 2:
                return orjson.dumps(draw.choice((None, 1, "x", [], {}, [[]], True)))
            case 3:
                return orjson.dumps(self._record())[: draw.randrange(1, 80)]
            case _:
                return orjson.dumps(self._page(scope))

    def _page(self, scope: Scope) -> Any:
        draw = self._draw
        records = [self._record() for _ in range(draw.randrange(4))]
        page: Any = {
            "schemas": ["urn:ietf:params:scim:api:messages:2.0:ListResponse"],
            "totalResults": draw.choice((len(records), 0, -1, 10**9, "many", None)),
            "Resources": records,
            "value": records,
            "itemsPerPage": draw.choice((0, 1, len(records))),
        }
        if draw.random() < 0.3:
            page["@odata.nextLink"] = draw.choice((*ELSEWHERE, scope["path"], 5))
        elif draw.random() < 0.7:
            page["@odata.deltaLink"] = draw.choice(
                (*ELSEWHERE, "http://127.0.0.1:1001/v1.0/users/delta?$deltatoken=x", {})
            )
        if draw.random() < 0.3:
            return records
        return {**page, draw.choice(tuple(page)): self._value(2)}

    def _record(self) -> Any:
        draw = self._draw
        record: dict[str, Any] = {
            "id": draw.choice(NASTY),
            "userName": draw.choice(NASTY),
            "displayName": draw.choice(NASTY),
            "userPrincipalName": draw.choice(NASTY),
            "active": draw.choice((True, False, "False", None, 1)),
            "members": [{"value": draw.choice(NASTY)}],
            "members@delta": [{"@odata.type": "#microsoft.graph.user", "id": draw.choice(NASTY)}],
            "profile": {"login": draw.choice(NASTY)},
            "status": draw.choice(("ACTIVE", "x", None)),
        }
        for _ in range(draw.randrange(3)):
            record[draw.choice(tuple(record))] = self._value(3)
        return record

    def _value(self, depth: int) -> Any:
        draw = self._draw
        match draw.randrange(8 if depth else 5):
            case 0:
                return draw.choice(NASTY)
            case 1:
                return draw.choice((0, -1, 2**53, 1e308))
            case 2:
                return None
            case 3:
                return draw.random() < 0.5
            case 4:
                return "y" * draw.randrange(3000)
            case 5:
                return [self._value(depth - 1) for _ in range(draw.randrange(4))]
            case _:
                return {draw.choice(NASTY): self._value(depth - 1) for _ in range(draw.randrange(4))}


def stays_inside(path: str) -> bool:
    """Whether a request to the target is for what it was meant: one resource, or a list, or what discovery has."""
    raw, _, _ = path.partition("?")
    parts = raw.removeprefix("/scim/").split("/")
    return raw.startswith("/scim/") and len(parts) <= 2 and all(unquote(part) != "" for part in parts[:1])
