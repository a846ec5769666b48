"""One GET at the Okta Management API: paced, tried again where that can help, and answered as plain JSON."""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import aiohttp
import orjson

from connectors.okta.backoff import Backoff, concurrency_exceeded
from connectors.okta.buckets import Buckets
from connectors.okta.failure import Failure, error_facts
from connectors.okta.lanes import Lanes
from connectors.okta.oddities import without_unstorable
from connectors.okta.settings import OktaSettings
from syncd.core.model import Json

if TYPE_CHECKING:
    from connectors.okta.sdk import OktaExecutor

#: What breaks on the way: worth another attempt.
_BROKEN = (aiohttp.ClientError, TimeoutError, OSError, UnicodeDecodeError)

_NEXT = re.compile(r"""\brel\s*=\s*["']?\s*next\b""", re.IGNORECASE)

#: An answer that is no JSON may be a proxy's passing mood; more than three are not.
_MALFORMED_ATTEMPTS = 3


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """What a request with status 200 brought."""

    data: Json
    next: str | None = None  #: path and query of the next page; None: this is the last one
    headers: Mapping[str, str]


class OktaClient:
    """Reads from one organisation; nothing here can write.

    `clock` gives seconds that only ever grow, `sleep` waits that many; both are there for tests.
    """

    def __init__(
        self,
        settings: OktaSettings,
        *,
        backoff: Backoff | None = None,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        from connectors.okta import sdk  # noqa: PLC0415 - costs a second and 100 MB that a Graph-only daemon saves

        self.settings = settings
        self.buckets = Buckets(clock=clock, sleep=sleep)
        self.lanes = Lanes(settings.concurrency)
        self._backoff = backoff or Backoff()
        self._clock, self._sleep = clock, sleep
        self._executor: OktaExecutor = sdk.executor(settings)
        self.throttled = 0  #: answers with 429

    @property
    def requests(self) -> int:
        return self._executor.http.sent

    def may_ask(self, scope: str) -> bool:
        """Whether the access token is asked for with this scope; an API token needs none."""
        return self._executor.scopes is None or scope in self._executor.scopes

    def server_time(self) -> datetime | None:
        """Okta's time, which is never ahead of its clock; None before the first answer."""
        return datetime.fromtimestamp(self.buckets.now(), UTC) if self.buckets.told else None

    async def get(self, path: str, *, attempts: int | None = None, attempts_at_500: int | None = None) -> Answer:
        """The answer to GET `path`, which begins with "/api/v1/" and has its query encoded.

        Raises Failure once it is certain, or after `attempts` of them; `attempts_at_500` where the caller knows
        something better than to ask the same again.
        """
        waited_s, attempt, renewed, modest = 0.0, 0, False, False
        most = attempts or self._backoff.attempts
        while True:
            attempt += 1
            try:
                return await self._attempt(path)
            except Failure as failure:
                failure.attempts = attempt
                if failure.code == "invalid_scope" and not modest and self._executor.ask_for_less():
                    modest = True  # an optional scope is not granted, which fails the whole request for a token
                    if not self.may_ask(failure.scope):
                        raise
                    continue
                refused = failure.status == 401 and not failure.of_token and not renewed
                if refused and self._executor.forget_token(failure.generation):
                    renewed = True  # revoked, or ended early: once more with a new token
                    continue
                enough = {200: _MALFORMED_ATTEMPTS, 500: attempts_at_500}.get(failure.status) or most
                if not failure.transient or attempt >= min(most, enough):
                    raise
                wait_s = self._wait_s(failure, attempt)
                if waited_s + wait_s > self._backoff.budget_s:
                    raise
                waited_s += wait_s
                await self._sleep(wait_s)

    def _wait_s(self, failure: Failure, attempt: int) -> float:
        if failure.status == 429 or "Retry-After" in failure.headers:
            return self._backoff.throttled_s(attempt, failure.headers, self.buckets.now())
        return self._backoff.jitter_s(attempt)

    async def _attempt(self, path: str) -> Answer:
        with await self.buckets.admit(path):
            async with self.lanes.one():
                generation = self._executor.generation
                request = await self._request(path)
                _, response, text, error = await self._executor.fire_request(request)
        if response is None:
            raise _unanswered(path, error)
        self.buckets.learn(path, response.headers)
        if response.status != 200:
            failure = _refused(path, response, text)
            failure.generation = generation
            if failure.status == 429:
                self.throttled += 1
                if concurrency_exceeded(response.headers):
                    self.lanes.narrow()
            raise failure
        return Answer(data=_parsed(path, text), next=self._next(path, response), headers=response.headers)

    async def _request(self, path: str) -> dict[str, Any]:
        """The request as the SDK makes it up: with its headers, and with an access token where one is needed."""
        try:
            request, error = await self._executor.create_request("GET", self.settings.origin + path)
        except (AttributeError, TypeError, ValueError, KeyError) as odd:  # a token answer that the SDK did not expect
            raise Failure(path=path, of_token=True, summary=f"unusable token answer ({type(odd).__name__})") from odd
        if error is None:
            made: dict[str, Any] = request
            return made
        status = getattr(error, "status", None) or 0
        raise Failure(
            path=path,
            status=status,
            code=str(getattr(error, "error_code", "")),
            summary=str(getattr(error, "error_summary", "") or type(error).__name__),
            of_token=True,
            transient=status == 429 or status >= 500 or isinstance(error, _BROKEN),
            headers=dict(getattr(error, "headers", None) or getattr(error, "response_headers", None) or {}),
        ) from error

    @staticmethod
    def _next(path: str, response: Any) -> str | None:
        """Path and query of the next page. The host in the link may be another one, of a custom domain: it is not used."""
        try:
            link = response.links.get("next")
        except ValueError:
            link = None
        if link is not None:
            return str(link["url"].raw_path_qs)
        if any(_NEXT.search(line) for line in response.headers.getall("Link", ())):
            raise Failure(path=path, summary="a link to the next page that cannot be read")
        return None

    async def close(self) -> None:
        await self._executor.http.close()


def _unanswered(path: str, error: Exception | None) -> Failure:
    """No answer: refused, reset, cut off, too slow (all worth another attempt), too large or not trusted (not)."""
    from connectors.okta.sdk import TooLarge, Unsent  # noqa: PLC0415 - loaded by the client already

    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        return Failure(path=path, summary=f"its certificate is not trusted: {error.certificate_error}")
    if isinstance(error, TooLarge | Unsent):
        return Failure(path=path, summary=str(error))
    return Failure(path=path, summary=type(error).__name__ if error is not None else "no answer", transient=True)


def _refused(path: str, response: Any, text: str | None) -> Failure:
    status: int = response.status
    if 300 <= status < 400:
        summary = f"a redirect{_to(response)}, which is not followed; org_url must be the organisation's own address"
        return Failure(path=path, status=status, summary=summary)
    try:
        code, summary, error_id = error_facts(orjson.loads(text or ""))
    except orjson.JSONDecodeError:
        code, summary, error_id = "", f"{response.content_type} instead of JSON", ""
    return Failure(
        path=path,
        status=status,
        code=code,
        summary=summary,
        error_id=error_id,
        transient=status == 429 or status >= 500,
        headers=dict(response.headers),
    )


def _to(response: Any) -> str:
    """Where a redirect leads, by host alone: the rest may hold what is nobody's business."""
    try:
        host = urlsplit(response.headers.get("Location", "")).hostname
    except ValueError:
        host = None
    return f" to {host}" if host else ""


def _parsed(path: str, text: str | None) -> Json:
    """Never None: null, under a status 200, says nothing of the thing that was asked for, nor that there is none."""
    if (data := _json(path, text)) is None:
        raise Failure(path=path, status=200, summary="an answer that is null", transient=True)
    return data


def _json(path: str, text: str | None) -> Json:
    try:
        return orjson.loads(text or "")
    except orjson.JSONDecodeError:
        try:
            # Half a surrogate pair is legal JSON, orjson refuses it: odd in one record, no fault of the others.
            return without_unstorable(json.loads(text or ""))
        except (ValueError, RecursionError):  # the latter: thousands of brackets, one inside the other
            raise Failure(path=path, status=200, summary="an answer that is no JSON", transient=True) from None
