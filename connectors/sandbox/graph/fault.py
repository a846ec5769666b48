"""The errors that the Graph service answers with, in Graph's own body.

Source: Microsoft Graph documentation, "Microsoft Graph error responses and resource types".
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field

from syncd.core.model import Json


@dataclass(eq=False)
class GraphError(Exception):
    """An answer that is an error."""

    status: int
    code: str
    message: str
    headers: Mapping[str, str] = field(default_factory=dict)


def error_body(code: str, message: str, *, date: str, request_id: str = "", client_request_id: str = "") -> Json:
    """The JSON of an error."""
    request_id = request_id or str(uuid.uuid4())
    inner = {"date": date, "request-id": request_id, "client-request-id": client_request_id or request_id}
    return {"error": {"code": code, "message": message, "innerError": inner}}


#: the code that goes with a status when a fault rule gives only the status
CODES: dict[int, tuple[str, str]] = {
    400: ("Request_BadRequest", "The request is not valid."),
    401: ("InvalidAuthenticationToken", "Access token is empty or not valid."),
    403: ("Authorization_RequestDenied", "Insufficient privileges to complete the operation."),
    404: ("Request_ResourceNotFound", "The resource does not exist."),
    410: ("resyncRequired", "Resynchronization is required."),
    429: ("TooManyRequests", "Too many requests."),
    500: ("InternalServerError", "The service met an internal error."),
    501: ("NotImplemented", "The property is not supported here."),
    502: ("BadGateway", "Bad gateway."),
    503: ("ServiceUnavailable", "The service is not available."),
    504: ("GatewayTimeout", "The service did not answer in time."),
}


def bad_request(message: str) -> GraphError:
    """400 Request_BadRequest."""
    return GraphError(400, "Request_BadRequest", message)


def not_found(what: str) -> GraphError:
    """404 Request_ResourceNotFound."""
    return GraphError(
        404,
        "Request_ResourceNotFound",
        f"Resource '{what}' does not exist or one of its queried reference-property objects are not present.",
    )


def denied() -> GraphError:
    """403 Authorization_RequestDenied."""
    return GraphError(403, *CODES[403])
