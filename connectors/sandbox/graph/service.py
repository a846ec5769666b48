"""Microsoft Graph v1.0 as a synchronisation meets it: routing, authentication, throttling, headers, batches."""

from __future__ import annotations

import logging
import random
import uuid
from collections.abc import Mapping
from dataclasses import replace

import orjson
from starlette.types import Receive, Scope, Send

from connectors.sandbox.graph.access import Access, opens, require
from connectors.sandbox.graph.assignments import Assignments
from connectors.sandbox.graph.delta import Delta
from connectors.sandbox.graph.directory import GraphDirectory
from connectors.sandbox.graph.entity import Entity, Group, ServicePrincipal, User
from connectors.sandbox.graph.fault import GraphError, bad_request, error_body, not_found
from connectors.sandbox.graph.listing import Listing
from connectors.sandbox.graph.memberships import Memberships
from connectors.sandbox.graph.query import Query, taken_apart
from connectors.sandbox.graph.reads import Reads
from connectors.sandbox.graph.throttle import Throttle, cost
from connectors.sandbox.misfortune import Answer
from syncd.core.model import Json

log = logging.getLogger(__name__)

_CONTENT_TYPE = "application/json;odata.metadata=minimal;odata.streaming=true;IEEE754Compatible=false;charset=utf-8"
_LISTS: Mapping[str, type[Entity]] = {"users": User, "groups": Group, "servicePrincipals": ServicePrincipal}


class GraphService:
    """An ASGI application over one directory."""

    def __init__(self, directory: GraphDirectory) -> None:
        self.directory = directory
        self.delta = Delta(directory)
        self.access = Access(directory.quirks)
        self.throttle = Throttle(directory.clock, directory.quirks)
        listing = Listing(directory)
        self._reads = Reads(listing)
        self._memberships = Memberships(listing)
        self._assignments = Assignments(listing)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        parts = []
        while True:
            message = await receive()
            parts.append(message.get("body", b""))
            if not message.get("more_body"):
                break
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        answer = self.answer(
            method=scope["method"],
            scheme=scope["scheme"],
            host=headers.get("host", "localhost"),
            path=scope["raw_path"].decode("latin-1"),
            raw_query=scope["query_string"].decode("latin-1"),
            headers=headers,
            body=b"".join(parts),
        )
        await send({"type": "http.response.start", "status": answer.status, "headers": list(answer.headers)})
        await send({"type": "http.response.body", "body": answer.body})

    def answer(
        self, *, method: str, scheme: str, host: str, path: str, raw_query: str, headers: Mapping[str, str], body: bytes
    ) -> Answer:
        """The whole answer to one request."""
        with self.directory.lock:
            self.directory.empty_bin()
            try:
                query = taken_apart(
                    method=method, scheme=scheme, host=host, path=path, query=raw_query, headers=headers, body=body
                )
                status, content, extra = self._answered(query)
            except GraphError as error:
                status, content, extra = self._refused(error, headers)
            payload = orjson.dumps(content)
        request_id = str(uuid.uuid4())
        shown = {
            "content-type": _CONTENT_TYPE,
            "odata-version": "4.0",
            "cache-control": "no-cache",
            "request-id": request_id,
            "client-request-id": headers.get("client-request-id", request_id),
            "x-ms-ags-diagnostic": '{"ServerInfo":{"DataCenter":"Sandbox","Slice":"E","Ring":"1","ScaleUnit":"000","RoleInstance":"SANDBOX"}}',
            **extra,
        }
        if "return=minimal" in headers.get("prefer", "").lower() and status == 200:
            shown["preference-applied"] = "return=minimal"
        return Answer(status=status, headers=(), body=payload).with_headers(shown)

    def _answered(self, query: Query) -> tuple[int, Json, Mapping[str, str]]:
        """Status, JSON and further headers. Raises GraphError."""
        permissions = self.access.permissions(query.headers.get("authorization"))
        if query.segments == ("$batch",):
            return 200, self._batch(query), {}
        headers = self.throttle.spend(
            cost(query), users=len(self.directory.users), priority=query.headers.get("x-ms-throttle-priority", "normal")
        )
        try:
            return 200, self._content(query, permissions), headers
        except GraphError as error:
            error.headers = {**headers, **error.headers}
            raise

    def _content(self, query: Query, permissions: frozenset[str]) -> Json:
        reads = self._reads
        match (query.method, *query.segments):
            case "GET", ("users" | "groups" | "servicePrincipals") as stream, "delta":
                require(permissions, "applications" if stream == "servicePrincipals" else stream)
                return self.delta.answer(query, see_hidden=opens(permissions, "hidden membership"))
            case "GET", ("users" | "groups" | "servicePrincipals") as name:
                return reads.collection(query, _LISTS[name], permissions)
            case "GET", ("users" | "groups" | "servicePrincipals") as name, _:
                return reads.one(query, _LISTS[name], permissions)
            case "GET", "users", _, "manager":
                return reads.manager(query, permissions)
            case "GET", ("users" | "groups"), _, ("memberOf" | "transitiveMemberOf"), *_:
                return self._memberships.member_of(query, permissions)
            case "GET", "groups", _, ("members" | "transitiveMembers"), *_:
                return self._memberships.members(query, permissions)
            case "GET", ("users" | "groups"), _, "appRoleAssignments":
                return self._assignments.assignments_of(query, permissions)
            case "GET", "servicePrincipals", _, "appRoleAssignedTo":
                return self._assignments.assigned_to(query, permissions)
            case "GET", "directory", "deletedItems", *_:
                return reads.deleted(query, permissions)
            case "POST", "directoryObjects", "getByIds":
                return reads.get_by_ids(query, permissions)
        log.warning("the sandbox's Graph has no %s %s", query.method, query.path)
        raise not_found(query.path)

    def _batch(self, query: Query) -> Json:
        """JSON batching: up to 20 requests, answers in any order, each with its own status and throttling.

        Source: Microsoft Graph documentation, "Combine multiple HTTP requests using JSON batching".
        """
        requests = query.json.get("requests")
        if query.method != "POST" or not isinstance(requests, list) or not 1 <= len(requests) <= 20:
            raise bad_request("A batch has between 1 and 20 requests.")
        ids = [request.get("id") for request in requests if isinstance(request, dict)]
        if len(set(ids)) != len(requests) or not all(isinstance(one, str) for one in ids):
            raise bad_request("Request ids in a batch must be given and be unique.")
        answers: dict[str, Json] = {}
        for request in requests:
            answers[request["id"]] = self._batched(query, request, answers)
        responses = list(answers.values())
        random.Random(len(self.directory.log) + len(responses)).shuffle(responses)  # noqa: S311 - no client may rely on the order
        return {"responses": responses}

    def _batched(self, query: Query, request: Mapping[str, Json], answers: Mapping[str, Json]) -> Json:
        url = str(request.get("url", ""))
        path, _, raw_query = url.partition("?")
        own = {str(name).lower(): str(value) for name, value in (request.get("headers") or {}).items()}
        headers = {
            name: value for name, value in query.headers.items() if name in {"authorization", "x-ms-throttle-priority"}
        }
        body = request.get("body")
        inner = replace(
            query,
            method=str(request.get("method", "GET")).upper(),
            path=f"/{path.lstrip('/')}",
            raw_query=raw_query,
            headers={**headers, **own},
            body=b"" if body is None else orjson.dumps(body),
        )
        try:
            if any(answers.get(one, {"status": 424})["status"] >= 400 for one in request.get("dependsOn") or ()):
                raise GraphError(424, "FailedDependency", "A request that this one depends on failed.")
            if "://" in url or inner.segments == ("$batch",):
                raise bad_request("Batched requests have URLs relative to the version and are no batches themselves.")
            status, content, extra = self._answered(inner)
        except GraphError as error:
            status, content, extra = self._refused(error, inner.headers)
        shown = {"Content-Type": "application/json", **{name.title(): value for name, value in extra.items()}}
        return {"id": request["id"], "status": status, "headers": shown, "body": content}

    def _refused(self, error: GraphError, headers: Mapping[str, str]) -> tuple[int, Json, Mapping[str, str]]:
        content = error_body(
            error.code,
            error.message,
            date=self.directory.clock.now().strftime("%Y-%m-%dT%H:%M:%S"),
            client_request_id=headers.get("client-request-id", ""),
        )
        return error.status, content, error.headers
