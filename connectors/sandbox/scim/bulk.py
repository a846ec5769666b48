"""Bulk (RFC 7644 section 3.7): many operations in one request, which may name each other by bulkId."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from connectors.sandbox.scim.error import ScimError, refused
from connectors.sandbox.scim.quirks import Quirks
from connectors.sandbox.scim.resources import Reply
from syncd.core.model import Json

BULK_SCHEMA = "urn:ietf:params:scim:api:messages:2.0:BulkRequest"
_RESPONSE_SCHEMA = "urn:ietf:params:scim:api:messages:2.0:BulkResponse"
_PREFIX = "bulkId:"


class Run(Protocol):
    """Carries out one operation as if it had come alone; refusals come back as replies."""

    def __call__(self, method: str, path: str, data: Json, version: str | None) -> Reply: ...


class _Unresolved(LookupError):
    """A bulkId whose resource does not exist yet."""


def carried_out(body: Json, quirks: Quirks, run: Run) -> dict[str, Json]:
    """The BulkResponse. Operations that wait for another's bulkId come after it. Raises ScimError."""
    operations = _operations(body, quirks)
    most = body.get("failOnErrors")
    results: dict[int, dict[str, Json]] = {}
    ids: dict[str, str] = {}
    waiting = list(enumerate(operations))
    errors = 0
    while waiting:
        again = []
        for n, operation in waiting:
            if isinstance(most, int) and most > 0 and errors >= most:
                break
            try:
                path = _resolved(operation["path"], ids)
                data = _resolved(operation.get("data"), ids)
            except _Unresolved:
                again.append((n, operation))
                continue
            reply = run(operation["method"].upper(), path, data, operation.get("version"))
            results[n] = _result(operation, reply)
            errors += reply.status >= 400
            if reply.status == 201 and operation.get("bulkId"):
                ids[operation["bulkId"]] = reply.data["id"]
        if len(again) == len(waiting):
            for n, operation in again:
                lost = ScimError(status=409, detail="bulkId of a resource that was not created")
                results[n] = _result(operation, Reply(status=409, data=lost.data))
            break
        waiting = again
    return {"schemas": [_RESPONSE_SCHEMA], "Operations": [results[n] for n in sorted(results)]}


def _operations(body: Json, quirks: Quirks) -> list[Mapping[str, Json]]:
    operations = body.get("Operations") if isinstance(body, Mapping) else None
    if not isinstance(operations, list):
        raise refused("invalidSyntax", "a BulkRequest has a list of Operations")
    if len(operations) > quirks.bulk_operations:
        raise ScimError(status=413, detail=f"at most {quirks.bulk_operations} operations in one request")
    for each in operations:
        if not isinstance(each, Mapping) or not all(isinstance(each.get(key), str) for key in ("method", "path")):
            raise refused("invalidSyntax", "a bulk operation has a method and a path")
        if each["method"].upper() not in {"POST", "PUT", "PATCH", "DELETE"}:
            raise refused("invalidSyntax", f"{each['method']} is no bulk method")
        if each["method"].upper() == "POST" and not each.get("bulkId"):
            raise refused("invalidSyntax", "a POST in a bulk request needs a bulkId")
    return operations


def _resolved(value: Json, ids: Mapping[str, str]) -> Json:
    """The value with every bulkId in the place of a value, or in a path, exchanged for the id."""
    if isinstance(value, str) and _PREFIX in value:
        head, _, name = value.partition(_PREFIX)
        if head and not head.endswith("/"):
            return value
        if name not in ids:
            raise _Unresolved(name)
        return head + ids[name]
    if isinstance(value, list):
        return [_resolved(each, ids) for each in value]
    if isinstance(value, Mapping):
        return {name: _resolved(each, ids) for name, each in value.items()}
    return value


def _result(operation: Mapping[str, Json], reply: Reply) -> dict[str, Json]:
    result: dict[str, Json] = {"method": operation["method"].upper(), "status": str(reply.status)}
    if operation.get("bulkId"):
        result["bulkId"] = operation["bulkId"]
    if "location" in reply.headers:
        result["location"] = reply.headers["location"]
    if "etag" in reply.headers:
        result["version"] = reply.headers["etag"]
    if reply.status >= 400:
        result["response"] = reply.data
    return result
