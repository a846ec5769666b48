"""The Okta organisation as an HTTP service: routes, credentials, scopes, rate limits and errors.

Served at the root of a host and port of its own, since an organisation's URL has no path. The checks come in Okta's
order: token, rate limit, scope, then the endpoint.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from dataclasses import dataclass
from itertools import count
from urllib.parse import parse_qsl, unquote

from starlette.types import Receive, Scope, Send

from connectors.sandbox.clock import Clock
from connectors.sandbox.emulator import Emulator
from connectors.sandbox.faults import Faults
from connectors.sandbox.journal import Journal
from connectors.sandbox.okta import apps_api, groups_api, logs_api, push_api, schemas_api, users_api
from connectors.sandbox.okta.access import require
from connectors.sandbox.okta.control import OktaControl
from connectors.sandbox.okta.directory import OktaDirectory
from connectors.sandbox.okta.errors import OktaError, not_found
from connectors.sandbox.okta.exchange import Reply, Request
from connectors.sandbox.okta.throttle import Throttle
from connectors.sandbox.okta.token import PATH as TOKEN_PATH
from connectors.sandbox.okta.token import token

log = logging.getLogger(__name__)

Endpoint = Callable[..., Reply]


@dataclass(frozen=True, slots=True)
class Route:
    """One endpoint: its path below /api/v1 and the scopes it needs, all of them."""

    method: str
    path: str
    scopes: tuple[str, ...]
    endpoint: Endpoint

    @property
    def pattern(self) -> re.Pattern[str]:
        """Each `{}` is one segment, given to the endpoint."""
        return re.compile(r"/api/v1" + self.path.replace("{}", "([^/]+)"))


_USERS, _GROUPS, _APPS, _SCHEMAS = (
    ("okta.users.read",),
    ("okta.groups.read",),
    ("okta.apps.read",),
    ("okta.schemas.read",),
)
_PUSH = ("okta.apps.read", "okta.groups.read")
_PUSH_MANAGE = ("okta.apps.manage", "okta.groups.manage")
ROUTES = (
    Route("GET", "/users", _USERS, users_api.list_users),
    Route("GET", "/users/{}", _USERS, users_api.get_user),
    Route("GET", "/users/{}/groups", _USERS, users_api.list_user_groups),
    Route("GET", "/groups", _GROUPS, groups_api.list_groups),
    Route("GET", "/groups/{}", _GROUPS, groups_api.get_group),
    Route("GET", "/groups/{}/users", _GROUPS, groups_api.list_group_users),
    Route("GET", "/apps", _APPS, apps_api.list_apps),
    Route("GET", "/apps/{}", _APPS, apps_api.get_app),
    Route("GET", "/apps/{}/users", _APPS, apps_api.list_app_users),
    Route("GET", "/apps/{}/users/{}", _APPS, apps_api.get_app_user),
    Route("GET", "/apps/{}/groups", _APPS, apps_api.list_app_groups),
    Route("GET", "/apps/{}/groups/{}", _APPS, apps_api.get_app_group),
    Route("GET", "/apps/{}/group-push/mappings", _PUSH, push_api.list_pushes),
    Route("POST", "/apps/{}/group-push/mappings", _PUSH_MANAGE, push_api.create_push),
    Route("GET", "/apps/{}/group-push/mappings/{}", _PUSH, push_api.get_push),
    Route("PATCH", "/apps/{}/group-push/mappings/{}", _PUSH_MANAGE, push_api.update_push),
    Route("DELETE", "/apps/{}/group-push/mappings/{}", _PUSH_MANAGE, push_api.delete_push),
    Route("GET", "/meta/schemas/user/{}", _SCHEMAS, schemas_api.get_user_schema),
    Route("GET", "/meta/schemas/apps/{}/default", _SCHEMAS, schemas_api.get_app_schema),
    Route("GET", "/meta/types/user", ("okta.userTypes.read",), schemas_api.list_user_types),
    Route("GET", "/mappings", ("okta.profileMappings.read",), schemas_api.list_mappings),
    Route("GET", "/mappings/{}", ("okta.profileMappings.read",), schemas_api.get_mapping),
    Route("GET", "/logs", ("okta.logs.read",), logs_api.list_log_events),
)
_ROUTES = tuple((route, route.pattern) for route in ROUTES)


class OktaService:
    """Answers requests about one organisation: an ASGI application without the control API."""

    def __init__(self, directory: OktaDirectory, journal: Journal, throttle: Throttle) -> None:
        self._directory = directory
        self._journal = journal
        self._throttle = throttle
        self._numbers = count(1)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        message = await receive()
        answer, headers = self._answer(_request(scope, message.get("body", b"")))
        lines = [
            (b"content-type", b"application/json"),
            (b"x-okta-request-id", f"req{next(self._numbers):017d}".encode()),
            (b"cache-control", b"no-cache, no-store"),
            *((name.encode(), value.encode("latin-1")) for name, value in headers.items()),
            *answer.headers,
        ]
        await send({"type": "http.response.start", "status": answer.status, "headers": lines})
        await send({"type": "http.response.body", "body": answer.body})

    def _answer(self, request: Request) -> tuple[Reply, dict[str, str]]:
        headers: dict[str, str] = {}
        try:
            with self._directory.lock:
                self._directory.settle()
                return self._handle(request, headers), headers
        except OktaError as error:
            return Reply(status=error.status, body=error.body(self._error_id())), {**headers, **error.headers}
        except Exception:
            log.exception("the sandbox's Okta service failed on %s %s", request.method, request.path)
            crash = OktaError(code="E0000009", summary="Internal Server Error")
            return Reply(status=crash.status, body=crash.body(self._error_id())), headers

    def _handle(self, request: Request, headers: dict[str, str]) -> Reply:
        directory, options, path = self._directory, self._directory.options, request.path
        if path == TOKEN_PATH:
            headers.update(self._throttle.take(path, "", options, 1))
            return token(directory.access, directory.clock, request)
        if not path.startswith("/api/v1/"):
            raise not_found(path, "Path")
        principal = directory.access.admit(request, lenient_ssws=options.lenient_ssws)
        headers.update(self._throttle.take(path, principal.id, options, self._journal.in_flight))
        reached = [(route, match) for route, pattern in _ROUTES if (match := pattern.fullmatch(path))]
        for route, match in reached:
            if route.method == request.method:
                require(principal, route.scopes)
                return route.endpoint(directory, request, *(unquote(part) for part in match.groups()))
        if reached:
            raise OktaError(code="E0000022", summary="The endpoint does not support the provided HTTP method")
        # A client that gets here relies on a path that the sandbox, and perhaps Okta, does not have.
        log.warning("the sandbox's Okta service has no %s %s", request.method, path)
        raise not_found(path, "Path")

    def _error_id(self) -> str:
        return f"oae{next(self._numbers):017d}"


def _request(scope: Scope, body: bytes) -> Request:
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
    return Request(
        method=scope["method"],
        path=scope["raw_path"].decode("latin-1"),
        params=dict(parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)),
        headers=headers,
        origin=f"{scope['scheme']}://{headers.get('host', '127.0.0.1')}",
        body=body,
    )


def okta_app(
    directory: OktaDirectory,
    clock: Clock | None = None,
    *,
    journal: Journal | None = None,
    gzip_level: int = 1,
) -> Emulator:
    """The organisation behind its control API (`/_emu/…`), ready for `serve({"okta": okta_app(directory)})`.

    `clock`: the directory's own, if any is given. Let a client in first: `directory.access.add_api_token`.
    """
    if clock is not None and clock is not directory.clock:
        raise ValueError("the organisation has another clock")
    journal = Journal() if journal is None else journal
    throttle = Throttle(directory.clock)
    return Emulator(
        service=OktaService(directory, journal, throttle),
        clock=directory.clock,
        journal=journal,
        faults=Faults(),
        control=OktaControl(directory, throttle),
        gzip_level=gzip_level,
    )
