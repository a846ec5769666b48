"""One request to Graph, taken apart: version prefix, normalised segments, system query options."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from urllib.parse import parse_qsl, unquote

import orjson
import regex

from connectors.sandbox.graph.fault import bad_request, not_found
from syncd.core.model import Json

_KEY = regex.compile(r"(?P<collection>\w+)\((?:(?P<name>\w+)=)?'(?P<value>[^']*)'\)")


@dataclass(frozen=True, kw_only=True)
class Query:
    """What was asked. `segments` has no empty parts, casts without `microsoft.`, functions without `()`.

    The double slash that the SDK sends after `/v1.0`, `delta()`, `microsoft.graph.delta` and keys in parentheses
    all come out as the plain form: ("users", "delta"), ("servicePrincipals", "appId=…").
    """

    method: str
    base: str  #: scheme, host and path up to and with /v1.0
    path: str  #: raw, behind the base
    raw_query: str
    headers: Mapping[str, str] = field(default_factory=dict)  #: lower-case names
    body: bytes = b""

    @cached_property
    def segments(self) -> tuple[str, ...]:
        found: list[str] = []
        for raw in self.path.split("/"):
            part = unquote(raw).removesuffix("()")
            key = _KEY.fullmatch(part)
            if key:
                name = key["name"]
                found += [key["collection"], f"{name}={key['value']}" if name and name != "id" else key["value"]]
            elif part:
                found.append(part.removeprefix("microsoft."))
        return tuple(
            "delta" if part == "graph.delta" else "getByIds" if part == "graph.getByIds" else part for part in found
        )

    @cached_property
    def options(self) -> dict[str, str]:
        """System query options, decoded, names with their dollar."""
        return dict(parse_qsl(self.raw_query, keep_blank_values=True))

    @cached_property
    def select(self) -> tuple[str, ...] | None:
        """`$select`, without doubles; None when it was not given."""
        given = self.options.get("$select")
        if given is None:
            return None
        return tuple(dict.fromkeys(name.strip() for name in given.split(",") if name.strip()))

    def top(self, *, default: int = 100, most: int = 999) -> int:
        """The page size. Raises 400 for one that is out of bounds."""
        given = self.options.get("$top")
        if given is None:
            return default
        if not given.isdigit() or not 1 <= int(given) <= most:
            raise bad_request(f"Invalid page size specified: '{given}'. Must be between 1 and {most} inclusive.")
        return int(given)

    @property
    def advanced(self) -> bool:
        """Both marks of an advanced query: the header and `$count=true`."""
        return self.headers.get("consistencylevel", "").lower() == "eventual" and self.options.get("$count") == "true"

    @cached_property
    def json(self) -> Json:
        """The body. Raises 400 when it is no JSON object."""
        try:
            content = orjson.loads(self.body)
        except orjson.JSONDecodeError:
            content = None
        if not isinstance(content, dict):
            raise bad_request("Unable to read JSON request payload.")
        return content


def taken_apart(
    *, method: str, scheme: str, host: str, path: str, query: str, headers: Mapping[str, str], body: bytes
) -> Query:
    """The query of an HTTP request. Raises 404 for a path without `/v1.0`."""
    before, version, rest = path.partition("/v1.0")
    if not version or (rest and not rest.startswith("/")):
        raise not_found(path)
    return Query(
        method=method,
        base=f"{scheme}://{host}{before}/v1.0",
        path=rest,
        raw_query=query,
        headers=headers,
        body=body,
    )
