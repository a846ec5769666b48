"""One request as the SCIM service sees it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import parse_qsl, unquote

import orjson
from starlette.types import Receive, Scope

from connectors.sandbox.scim.error import refused
from connectors.sandbox.scim.representation import Projection
from connectors.sandbox.scim.search import names
from syncd.core.model import Json


@dataclass(frozen=True, kw_only=True, slots=True)
class Request:
    """One HTTP request, as far as SCIM is concerned."""

    method: str
    segments: Sequence[str]  #: of the path below the service's base, unescaped
    parameters: Mapping[str, str]
    headers: Mapping[str, str]  #: lower-case names
    body: bytes
    base: str  #: the service's URL, without a slash at the end

    @property
    def json(self) -> Json:
        """The body. Raises ScimError (invalidSyntax)."""
        try:
            return orjson.loads(self.body)
        except orjson.JSONDecodeError as error:
            raise refused("invalidSyntax", f"the body is no JSON: {error}") from None

    @property
    def projection(self) -> Projection | None:
        """The attributes that the answer is to have."""
        return Projection.of(names(self.parameters.get("attributes")), names(self.parameters.get("excludedAttributes")))


async def received(scope: Scope, receive: Receive, base_path: str) -> Request:
    """The request of one ASGI connection, taken apart. A path that is not below `base_path` has no segments."""
    parts, more = [], True
    while more:
        message = await receive()
        parts.append(message.get("body", b""))
        more = message.get("more_body", False)
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
    raw = scope["raw_path"].decode("latin-1")
    below = raw.removeprefix(base_path).strip("/") if raw.startswith(f"{base_path}/") else ""
    return Request(
        method=scope["method"],
        segments=[unquote(each) for each in below.split("/")] if below else [],
        parameters=dict(parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)),
        headers=headers,
        body=b"".join(parts),
        base=f"{scope['scheme']}://{headers.get('host', 'localhost')}{base_path}",
    )
