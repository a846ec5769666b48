"""The journal: what a service was asked, so that a test can say what a client sent and what it never sent."""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import count

import orjson

from syncd.core.model import Json

#: Bodies are kept up to this size; a page of members is far below it.
BODY_LIMIT = 1_000_000


@dataclass(slots=True, kw_only=True)
class Entry:
    """One request as it came in, and what became of it."""

    n: int  #: 1, 2, 3, … in order of arrival
    at: float  #: seconds of the sandbox's clock
    method: str
    path: str  #: raw: percent-encoding, doubled slashes and all
    query: str  #: raw
    headers: dict[str, str]  #: lower-case names; Authorization as scheme and hash
    client_port: int
    concurrent: int  #: requests in flight with this one included
    body: bytes = b""
    status: int | None = None  #: None while in flight, 0 when the connection was dropped
    answered: int = 0  #: bytes of the answer's body, before any compression
    fault: str | None = None  #: the action of the fault rule that met it
    notes: dict[str, Json] = field(default_factory=dict)  #: what the service saw: stream, page, ignored parameters

    @property
    def data(self) -> dict[str, Json]:
        """The entry as JSON; the body parsed where it is JSON."""
        body: Json
        try:
            body = orjson.loads(self.body) if self.body else None
        except orjson.JSONDecodeError:
            body = self.body.decode(errors="replace")
        return {
            "n": self.n,
            "at": self.at,
            "method": self.method,
            "path": self.path,
            "query": self.query,
            "headers": self.headers,
            "client_port": self.client_port,
            "concurrent": self.concurrent,
            "body": body,
            "status": self.status,
            "fault": self.fault,
            **self.notes,
        }


def reduced(authorization: str) -> str:
    """An Authorization value as scheme and hash: equal for equal tokens, useless to whoever reads it."""
    scheme, separator, token = authorization.partition(" ")
    if not separator:
        scheme, token = "", authorization
    return f"{scheme} sha256:{hashlib.sha256(token.encode()).hexdigest()[:16]}".strip()


class Journal:
    """The last `keep` requests to one service, and how many there were of each kind."""

    def __init__(self, keep: int = 100_000) -> None:
        self._entries: deque[Entry] = deque(maxlen=keep)
        self._numbers = count(1)
        self.in_flight = 0
        self.total = 0

    def open(
        self, *, at: float, method: str, path: str, query: str, headers: Iterable[tuple[bytes, bytes]], client_port: int
    ) -> Entry:
        """A new entry, for a request whose head has arrived."""
        self.in_flight += 1
        self.total += 1
        shown: dict[str, str] = {}
        for raw_name, raw_value in headers:
            name, value = raw_name.decode("latin-1"), raw_value.decode("latin-1")
            value = reduced(value) if name in {"authorization", "proxy-authorization"} else value
            shown[name] = f"{shown[name]}, {value}" if name in shown else value
        entry = Entry(
            n=next(self._numbers),
            at=at,
            method=method,
            path=path,
            query=query,
            headers=shown,
            client_port=client_port,
            concurrent=self.in_flight,
        )
        self._entries.append(entry)
        return entry

    def close(self, entry: Entry, status: int) -> None:
        """The answer is out (status 0: the connection was dropped instead)."""
        self.in_flight -= 1
        entry.status = status

    def since(self, n: int = 0) -> list[Entry]:
        """Entries with a number greater than n, oldest first."""
        return [entry for entry in list(self._entries) if entry.n > n]

    def clear(self) -> None:
        """Forget the entries; numbers go on."""
        self._entries.clear()

    def __len__(self) -> int:
        return len(self._entries)

    def __iter__(self) -> Iterator[Entry]:
        return iter(list(self._entries))
