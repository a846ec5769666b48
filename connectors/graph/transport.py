"""Requests to Graph that wait as told, try again in bounds and stay with one host.

Retries: 429, 503 and 504 by Retry-After (seconds or HTTP date, however long, as long as the round's budget lasts);
500, 502, interrupted connections and bodies that are no JSON with jittered back-off. Everything else is an answer.
Source of the rules: Microsoft Graph documentation, "Throttling guidance" and "Best practices".
"""

from __future__ import annotations

import asyncio
import random
import re
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import NoReturn, Protocol
from urllib.parse import urljoin

import orjson

from connectors.errors import AccessDenied, Incomplete
from connectors.graph.fault import Answer, Interrupted, SignInRefused, fault
from syncd.core.exchange import Exchange, Observer, unobserved
from syncd.core.model import Json

Sleep = Callable[[float], Awaitable[None]]

WAIT = frozenset({429, 503, 504})
AGAIN = frozenset({408, 500, 502})
REDIRECT = frozenset({301, 302, 303, 307, 308})

#: What httpx takes for an address. For anything else it raises InvalidURL, which is none of its RequestErrors.
_ADDRESS = re.compile(r"[^\x00-\x1f\x7f]{1,65536}")


@dataclass(frozen=True, kw_only=True, slots=True)
class Limits:
    """Bounds of what one source may use."""

    attempts: int = 10  #: of one request
    attempt_s: float = 180.0  #: wall time of one attempt, sign-in included
    waiting_s: float = 1800.0  #: sum of all waits in one round
    round_s: float = 12 * 3600.0  #: wall time of one round
    backoff_s: float = 60.0  #: longest wait that nobody asked for
    body_bytes: int = 64 * 1024 * 1024  #: of one answer, unpacked
    pages: int = 1_000_000  #: of one round
    redirects: int = 3  #: of one request, on the same host


class Wire(Protocol):
    """Sends one request with a token. Raises Interrupted or SignInRefused; every HTTP answer is returned."""

    async def send(self, method: str, url: str, headers: Mapping[str, str], body: bytes | None = None) -> Answer: ...

    async def close(self) -> None: ...


class Transport:
    """All requests of one source. A wire is made for the event loop that runs; a new loop gets a new one."""

    def __init__(
        self,
        connect: Callable[[], Wire],
        *,
        source: str,
        root: str,
        limits: Limits,
        sleep: Sleep = asyncio.sleep,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        monotonic: Callable[[], float] = time.monotonic,
        jitter: Callable[[], float] = random.random,
        observe: Observer = unobserved,
    ) -> None:
        self.source = source
        self.root = root
        self.limits = limits
        self.now = now
        self.monotonic = monotonic
        self.sleep = sleep
        self.jitter = jitter
        self.observe = observe
        self.requests = 0
        self.pace_s = 0.0  #: wait before each request, from x-ms-throttle-limit-percentage
        self.load: float | None = None  #: that header of the newest answer that had it: 1.0 is the limit
        self.skew_s: float | None = None  #: how far this machine's clock is ahead, by the newest Date header
        self._connect = connect
        self._wire: Wire | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    def wire(self) -> Wire:
        loop = asyncio.get_running_loop()
        if self._wire is None or self._loop is not loop:
            self._wire, self._loop = self._connect(), loop
        return self._wire

    def note(self, headers: Mapping[str, str]) -> None:
        """What every answer tells beside its body: how near the limit is, and what time it is there."""
        load = headers.get("x-ms-throttle-limit-percentage")
        self.note_load(load)
        if load and load.replace(".", "", 1).isdecimal():
            self.load = float(load)
        try:
            self.skew_s = (self.now() - parsedate_to_datetime(headers["date"])).total_seconds()
        except (KeyError, ValueError, TypeError, OverflowError):
            return

    def note_load(self, percentage: str | None) -> None:
        """Slow down from 0.8 of the limit, where Graph begins to say so, to four seconds a request at 1.8 of it."""
        try:
            load = float(percentage) if percentage else 0.0
        except ValueError:
            load = 0.0
        if load >= 0.8:
            self.pace_s = min(10.0, 4.0 * (load - 0.75))
        else:
            self.pace_s = self.pace_s / 2 if self.pace_s > 0.05 else 0.0

    async def close(self) -> None:
        wire, self._wire = self._wire, None
        if wire is not None and self._loop is asyncio.get_running_loop():
            await wire.close()


class Round:
    """The requests that belong together and share one budget: a round of a stream, a look-up, a check.

    Raises Incomplete where the budget ends, AccessDenied for 401 and 403, Fault for any other refusal.
    """

    def __init__(
        self, transport: Transport, *, step: str, permission: str, low: bool = False, waiting_s: float | None = None
    ) -> None:
        self.transport = transport
        self.step = step  #: for people: "users"
        self.permission = permission  #: what the application needs for it: "User.Read.All"
        self._priority = {"x-ms-throttle-priority": "low"} if low else {}
        self._waiting_s = transport.limits.waiting_s if waiting_s is None else waiting_s
        self._end = transport.monotonic() + transport.limits.round_s

    def incomplete(self, detail: str) -> Incomplete:
        return Incomplete(source=self.transport.source, step=self.step, detail=detail)

    async def get(self, link: str, headers: Mapping[str, str] | None = None) -> Json:
        """The JSON behind a link of Graph, or behind a path below the root."""
        return await self._call("GET", link, {**self._priority, **(headers or {})}, None)

    async def post(self, link: str, body: Json) -> Json:
        """The JSON answer to a POST that reads (getByIds)."""
        return await self._call("POST", link, dict(self._priority), orjson.dumps(body))

    async def _call(self, method: str, link: str, headers: Mapping[str, str], body: bytes | None) -> Json:
        url = self.transport.root + link if link.startswith("/") else link
        why, redirects = "", 0
        limits = self.transport.limits
        for attempt in range(limits.attempts):
            wait: float | None = None
            try:
                answer = await self._attempt(method, url, headers, body)
                while answer.status in REDIRECT:
                    redirects += 1
                    url = self._redirected(url, answer, redirects)
                    answer = await self._attempt(method, url, headers, body)
                if 200 <= answer.status < 300:
                    return orjson.loads(answer.body)
                if answer.status not in WAIT | AGAIN:
                    self._refuse(answer)
                why = str(fault(answer))
                wait = retry_after(answer.headers, self.transport.now()) if answer.status in WAIT else None
            except Interrupted as error:
                why = str(error)
            except TimeoutError:
                why = f"no answer within {limits.attempt_s:g} seconds"
            except orjson.JSONDecodeError:
                why = "an answer that is no JSON, or was cut off"
            if attempt + 1 < limits.attempts:
                await self.pause(attempt, wait, why)
        raise self.incomplete(f"{why}; gave up after {limits.attempts} attempts")

    async def _attempt(self, method: str, url: str, headers: Mapping[str, str], body: bytes | None) -> Answer:
        transport = self.transport
        if transport.pace_s:
            await transport.sleep(transport.pace_s)
        if transport.monotonic() > self._end:
            raise self.incomplete(f"it took more than {transport.limits.round_s:g} seconds")
        transport.requests += 1
        begun, status = transport.monotonic(), None
        try:
            async with asyncio.timeout(transport.limits.attempt_s):
                answer = await transport.wire().send(method, url, headers, body)
            status = answer.status
        except SignInRefused as error:
            raise self._denied(str(error), "Correct the credentials of the application.") from error
        finally:
            transport.observe(Exchange(method=method, status=status, seconds=transport.monotonic() - begun))
        transport.note(answer.headers)
        return answer

    def _redirected(self, url: str, answer: Answer, redirects: int) -> str:
        target = urljoin(url, answer.headers.get("location", ""))
        if not same_origin(target, self.transport.root):
            raise self.incomplete("a redirect to another host, which was not followed")
        if redirects > self.transport.limits.redirects:
            raise self.incomplete("too many redirects")
        return target

    def _refuse(self, answer: Answer) -> NoReturn:
        refused = fault(answer)
        if answer.status == 401:
            raise self._denied(str(refused), "Renew the credentials of the application.") from refused
        if answer.status == 403:
            raise self._denied(
                str(refused), f"Give the application the permission {self.permission}, with the consent of an admin."
            ) from refused
        raise refused

    def _denied(self, detail: str, remedy: str) -> AccessDenied:
        return AccessDenied(source=self.transport.source, step=f"reading {self.step}", detail=detail, remedy=remedy)

    def _backoff(self, attempt: int) -> float:
        return min(self.transport.limits.backoff_s, 2.0**attempt) * (0.5 + self.transport.jitter() / 2)

    async def pause(self, attempt: int, asked_s: float | None, why: str) -> None:
        """Wait as the service asked, or else longer from attempt to attempt. Raises Incomplete over the budget."""
        wait_s = self._backoff(attempt) if asked_s is None else asked_s
        if wait_s > self._waiting_s:
            raise self.incomplete(f"{why}; a wait of {wait_s:.0f} seconds is over the budget of this round")
        self._waiting_s -= wait_s
        await self.transport.sleep(wait_s)


def retry_after(headers: Mapping[str, str], now: datetime) -> float | None:
    """Seconds that a Retry-After header asks for, None where it is missing or unreadable.

    A date counts from the answer's own Date header, so that a wrong clock here does not matter. RFC 9110, 10.2.3.
    """
    text = headers.get("retry-after", "").strip()
    if text.isascii() and text.isdigit():
        return float(text)
    try:
        until = parsedate_to_datetime(text)
        seen = parsedate_to_datetime(headers["date"]) if "date" in headers else now
        return max(0.0, (until - seen).total_seconds())
    except (ValueError, TypeError, OverflowError):
        return None


def is_address(link: str) -> bool:
    """Whether a link can be asked for at all: one without line breaks and the like, of a bounded length."""
    return _ADDRESS.fullmatch(link) is not None


def same_origin(link: str, root: str) -> bool:
    """Whether a link leads to the very host that is configured: the prefix of the root up to its path."""
    end = root.find("/", root.find("://") + 3)
    origin = root if end < 0 else root[:end]
    return link.lower().startswith(origin.lower() + "/")
