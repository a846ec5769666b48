"""The SCIM service itself: an ASGI application that takes requests apart, has them done, and answers in its own style."""

from __future__ import annotations

import asyncio
import hmac
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Literal
from urllib.parse import unquote

import orjson
from starlette.types import Receive, Scope, Send

from connectors.sandbox.clock import Clock
from connectors.sandbox.scim.bulk import carried_out
from connectors.sandbox.scim.directory import ScimDirectory
from connectors.sandbox.scim.discovery import BULK_BYTES, discovered
from connectors.sandbox.scim.error import ScimError, refused
from connectors.sandbox.scim.quirks import Quirks
from connectors.sandbox.scim.representation import ENDPOINTS, Representation
from connectors.sandbox.scim.request import Request, received
from connectors.sandbox.scim.resources import Reply, Resources
from connectors.sandbox.scim.search import Query, Search
from connectors.sandbox.scim.throttle import Throttle
from syncd.core.attributes import GROUP_SCHEMA
from syncd.core.model import Json, Kind
from syncd.core.secret import Secret

_KINDS: Mapping[str, Kind] = {endpoint: kind for kind, endpoint in ENDPOINTS.items()}
_HTML = b"<!DOCTYPE html><html><head><title>Error</title></head><body><h1>Something went wrong</h1></body></html>"


class ScimService:
    """Users and groups of `directory` below `base_path`, in the manner of `quirks`, which may be exchanged at any time.

    `token`: the bearer token that every request must carry; None: none is asked for.
    """

    def __init__(
        self, directory: ScimDirectory, *, clock: Clock, quirks: Quirks, token: Secret | None, base_path: str = "/scim"
    ) -> None:
        self.directory = directory
        self.quirks = quirks
        self.throttle = Throttle(clock)
        self._token = token
        self._base_path = base_path.rstrip("/")
        self._creating = asyncio.Lock()
        self._turn = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = await received(scope, receive, self._base_path)
        if request.method == "POST" and request.segments == ["Users"] and self.quirks.seconds_per_create:
            async with self._creating:
                await asyncio.sleep(self.quirks.seconds_per_create)
        status, headers, body = self._encoded(self.answered(request))
        await send(
            {
                "type": "http.response.start",
                "status": status,
                "headers": [(name.encode(), value.encode("latin-1")) for name, value in headers.items()],
            }
        )
        await send({"type": "http.response.body", "body": body})

    def answered(self, request: Request) -> Reply:
        """The reply to one request; refusals are replies too."""
        try:
            self._admit(request)
            reply = self._routed(request)
        except ScimError as error:
            return self._refusal(error)
        if request.method in self.quirks.applied_although_500:
            return self._refusal(ScimError(status=500, detail="Internal error"))
        writes = request.method != "GET" and request.segments[-1] not in {".search", "Bulk"}
        if self.quirks.answers_without_body and writes and reply.status < 300:
            return replace(reply, data=None)
        return reply

    def _admit(self, request: Request) -> None:
        """Throttling and the token come before everything else."""
        wait_s = self.throttle.wait_s(self.quirks.throttle_after, self.quirks.retry_after_s)
        if wait_s:
            raise ScimError(status=429, detail="Too many requests", headers={"retry-after": str(wait_s)})
        if self._token is None:
            return
        scheme, _, given = request.headers.get("authorization", "").partition(" ")
        right = hmac.compare_digest(given.strip().encode(), self._token.reveal().encode())
        if scheme.lower() != "bearer" or not right:
            raise ScimError(
                status=401, detail="the bearer token is missing or wrong", headers={"www-authenticate": "Bearer"}
            )

    def _routed(self, request: Request) -> Reply:
        segments = request.segments
        if f"{request.method} /{segments[0] if segments else ''}" in self.quirks.refused_requests:
            raise _not_allowed(request)
        match segments:
            case [("Users" | "Groups") as endpoint]:
                return self._collection(_KINDS[endpoint], request)
            case [("Users" | "Groups") as endpoint, ".search"] if request.method == "POST":
                self._check_provisioned(_KINDS[endpoint])
                return self._searched([_KINDS[endpoint]], request.json, request)
            case [("Users" | "Groups") as endpoint, resource_id]:
                return self._single(_KINDS[endpoint], resource_id, request)
            case [("ServiceProviderConfig" | "ResourceTypes" | "Schemas") as name, *rest] if len(rest) <= 1:
                if self.quirks.discovery:
                    return self._discovered(name, rest[0] if rest else None, request)
            case [".search"] if request.method == "POST" and self.quirks.unknown_path == "404":
                return self._searched(["user", "group"], request.json, request)
            case ["Bulk"] if request.method == "POST" and self.quirks.announces_bulk:
                return self._bulk(request)
            case ["Me"] if self.quirks.unknown_path == "404":
                raise ScimError(status=501, detail="/Me is not supported")
        if self.quirks.unknown_path == "groups":
            return self._groups_after_all(request)
        raise ScimError(status=404, detail="no such endpoint")

    def _collection(self, kind: Kind, request: Request) -> Reply:
        self._check_provisioned(kind)
        if request.method == "GET":
            return self._searched([kind], request.parameters, request)
        if request.method == "POST":
            return self._resources(kind, request).create(request.json, request.projection)
        raise _not_allowed(request)

    def _groups_after_all(self, request: Request) -> Reply:
        """The fault of servers whose every path leads to the groups: a POST to /Bulk makes one."""
        if request.method == "POST":
            given = request.json
            name = given.get("displayName") if isinstance(given, Mapping) else None
            group = {"schemas": [GROUP_SCHEMA], "displayName": name or "/".join(request.segments)}
            request = replace(request, body=orjson.dumps(group))
        return self._collection("group", request)

    def _single(self, kind: Kind, resource_id: str, request: Request) -> Reply:
        self._check_provisioned(kind)
        resources = self._resources(kind, request)
        match = request.headers.get("if-match")
        match request.method:
            case "GET":
                return resources.read(resource_id, request.projection, request.headers.get("if-none-match"))
            case "PUT":
                return resources.replace(resource_id, request.json, request.projection, match)
            case "PATCH":
                return resources.patch(resource_id, request.json, request.projection, match)
            case "DELETE":
                return resources.delete(resource_id, match)
        raise _not_allowed(request)

    def _searched(self, kinds: Sequence[Kind], given: Json, request: Request) -> Reply:
        if not isinstance(given, Mapping):
            raise refused("invalidSyntax", "a SearchRequest is an object")
        self._turn += 1
        search = Search(self.directory, self.quirks, self._representation(request))
        return Reply(status=200, data=search.answer(kinds, Query.of(given), self._turn))

    def _discovered(self, name: str, item: str | None, request: Request) -> Reply:
        if request.method != "GET":
            raise _not_allowed(request)
        if "filter" in request.parameters:
            # RFC 7644 section 4: a filter on these endpoints is answered with 403
            raise ScimError(status=403, detail="discovery takes no filter")
        return Reply(status=200, data=discovered(name, item, self.quirks, request.base))

    def _bulk(self, request: Request) -> Reply:
        if len(request.body) > BULK_BYTES:
            raise ScimError(status=413, detail=f"a bulk request has at most {BULK_BYTES} bytes")

        def run(method: str, path: str, data: Json, version: str | None) -> Reply:
            single = replace(
                request,
                method=method,
                segments=[unquote(each) for each in path.strip("/").split("/")],
                parameters={},
                headers={"if-match": version} if version else {},
                body=orjson.dumps(data),
            )
            try:
                return self._routed(single) if single.segments[0] in _KINDS else self._refusal(_not_allowed(single))
            except ScimError as error:
                return self._refusal(error)

        return Reply(status=200, data=carried_out(request.json, self.quirks, run))

    def _check_provisioned(self, kind: Kind) -> None:
        if kind == "group" and self.quirks.groups == "forbidden":
            raise ScimError(status=403, detail="Group provisioning is disabled")
        if kind == "group" and self.quirks.groups == "absent":
            raise ScimError(status=404, detail="no such endpoint")

    def _representation(self, request: Request) -> Representation:
        return Representation(self.directory, self.quirks, request.base)

    def _resources(self, kind: Kind, request: Request) -> Resources:
        return Resources(kind, self.directory, self.quirks, self._representation(request))

    def _refusal(self, error: ScimError) -> Reply:
        """An error in this server's style; in HTML there is no data at all."""
        data, status = error.data, error.status
        style: Literal["scim", "integer", "no-status", "detail", "html"] = self.quirks.error_style
        if self.quirks.scim_type is not None:
            data["scimType"] = self.quirks.scim_type
        if style == "integer":
            data["status"] = status
        elif style == "no-status":
            del data["status"]
        elif style == "detail":
            data, status = {"detail": error.detail}, 422 if status == 400 else status
        return Reply(status=status, data=data, headers=error.headers)

    def _encoded(self, reply: Reply) -> tuple[int, dict[str, str], bytes]:
        headers = dict(reply.headers)
        if reply.status >= 400 and self.quirks.error_style == "html":
            return reply.status, {**headers, "content-type": "text/html; charset=utf-8"}, _HTML
        if reply.data is None:
            return reply.status, headers, b""
        return reply.status, {**headers, "content-type": "application/scim+json"}, orjson.dumps(reply.data)


def _not_allowed(request: Request) -> ScimError:
    return ScimError(status=405, detail=f"{request.method} is not allowed here")
