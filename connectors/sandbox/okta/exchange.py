"""One HTTP request as the endpoints see it, and their reply."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import orjson

from connectors.sandbox.okta.errors import invalid
from syncd.core.model import Json


@dataclass(frozen=True, kw_only=True, slots=True)
class Request:
    """One request, its query decoded. Header names are lower-case."""

    method: str
    path: str
    params: Mapping[str, str]
    headers: Mapping[str, str]
    origin: str  #: the organisation's URL as the client wrote it: http://127.0.0.1:9000
    body: bytes = b""

    def json(self) -> dict[str, Json]:
        """The body as an object. OktaError E0000001 where it is none."""
        try:
            data = orjson.loads(self.body)
        except orjson.JSONDecodeError:
            data = None
        if not isinstance(data, dict):
            raise invalid("body", "must be a JSON object")
        return data


@dataclass(frozen=True, kw_only=True, slots=True)
class Reply:
    """One answer with a JSON body; rate-limit headers and the request id are added to every one."""

    status: int = 200
    body: bytes = b""
    headers: Sequence[tuple[bytes, bytes]] = field(default=())


def reply(content: Json, status: int = 200, headers: Mapping[str, str] | None = None) -> Reply:
    """An answer with this content as JSON."""
    lines = [(name.lower().encode(), value.encode("latin-1")) for name, value in (headers or {}).items()]
    return Reply(status=status, body=orjson.dumps(content), headers=lines)


def array(records: Sequence[bytes], headers: Sequence[tuple[bytes, bytes]] = ()) -> Reply:
    """An answer with an array of records that are JSON already."""
    return Reply(body=b"[" + b",".join(records) + b"]", headers=headers)
