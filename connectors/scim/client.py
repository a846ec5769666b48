"""The HTTP client of one SCIM target: one session, a bounded and gentle one.

`ScimReader` has GET alone; `ScimWriter` adds the methods that write. A dry run is given a reader, and a reader refuses
every other method a second time on the wire.
"""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import Awaitable, Mapping
from typing import ClassVar
from urllib.parse import urlencode

import aiohttp
import orjson
from aiohttp.payload import BytesPayload
from yarl import URL

from connectors.errors import ReadOnly
from connectors.scim.answer import Answer, NoAnswer, read_answer
from connectors.scim.body import read_body
from connectors.scim.breaker import Breaker
from connectors.scim.credentials import Credentials
from connectors.scim.errors import describe
from connectors.scim.gate import Gate
from connectors.scim.latency import Latency
from connectors.scim.pace import Pace
from connectors.scim.requests import ENDPOINTS
from connectors.scim.settings import ScimSettings, tenant_url
from connectors.scim.timing import Timing
from connectors.scim.tls import tls_context
from syncd.core.exchange import Exchange
from syncd.core.model import Json
from syncd.core.secret import Secret

_REPEATABLE = frozenset({"GET", "PUT", "DELETE"})  # RFC 9110 section 9.2.2
_OVERLOADED = frozenset({429, 503})
_REDIRECTIONS = frozenset({301, 302, 303, 307, 308})
_FAULTS = frozenset({500, 502, 503, 504})
_FIRST_WAIT_S = 0.5
_LONGEST_WAIT_S = 30.0
_REDIRECTS = 3
_SCIM_JSON = "application/scim+json; charset=utf-8"  #: RFC 7644 section 3.1
_SHORTEST_SECRET = 4  # a shorter one would black out words, and so show itself


def _worth_repeating(method: str, answer: Answer, attempt: int) -> bool:
    garbled = method == "GET" and answer.ok and answer.body is None and bool(answer.text) and attempt == 1
    return answer.status == 429 or (answer.status in _FAULTS and method in _REPEATABLE) or garbled


class ScimReader:
    """Sends GET requests. Counts every request that leaves in `requests`."""

    methods: ClassVar[frozenset[str]] = frozenset({"GET"})

    def __init__(self, settings: ScimSettings, timing: Timing | None = None) -> None:
        self.settings = settings
        self.timing = timing or Timing()
        self.requests = 0
        self.gate = Gate(settings.concurrency)
        self.latency = Latency()
        self.breaker = Breaker(settings.concurrency, self.timing)
        self.pace = Pace(settings.rate, self.timing)
        tenant = tenant_url(settings)
        self.base = tenant.base
        self._query = urlencode(tenant.query)
        self._urls: dict[str, URL] = {}
        own = {name: value.reveal() if isinstance(value, Secret) else value for name, value in settings.headers.items()}
        usual = {"User-Agent": settings.user_agent, "Accept": "application/scim+json, application/json;q=0.9"}
        configured = {name.lower() for name in own}
        self._headers = {name: value for name, value in usual.items() if name.lower() not in configured} | own
        self._tls = tls_context(settings)
        self._session: aiohttp.ClientSession | None = None
        self._closed = False
        self.credentials = Credentials(
            settings.auth, target=settings.name, timing=self.timing, session=self._open_session
        )
        #: what every request of the session has; a token service, which shares it, is told none of the target's headers
        self._session_headers = {"User-Agent": settings.user_agent}
        if self.credentials.fixed is not None:
            self._session_headers = {**self._headers, "Authorization": self.credentials.fixed}
            self._headers = {}

    async def get(self, path: str) -> Answer:
        """The answer to a GET. Raises NoAnswer, Unauthorized where no token can be had."""
        return await self._exchange("GET", path)

    async def close(self) -> None:
        self._closed = True
        if self._session is not None:
            await self._session.close()
            self._session = None

    def redact(self, text: str) -> str:
        """The text without any of this target's secrets, in case that the service repeats them."""
        for secret in (
            *self.credentials.secrets,
            *(v for v in self.settings.headers.values() if isinstance(v, Secret)),
        ):
            if len(shown := secret.reveal()) >= _SHORTEST_SECRET:
                text = text.replace(shown, "***")
        return text

    def _open_session(self) -> aiohttp.ClientSession:
        if self._closed:
            raise NoAnswer("the work with this target has ended", sent=False, final=True)
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=0, ssl=self._tls if self._tls is not None else True),
                timeout=aiohttp.ClientTimeout(
                    total=self.settings.timeout_s, sock_connect=min(10.0, self.settings.timeout_s)
                ),
                cookie_jar=aiohttp.DummyCookieJar(),
                headers=self._session_headers,
                trust_env=False,
            )
        return self._session

    async def _exchange(self, method: str, path: str, body: Json | bytes = None, *, etag: str | None = None) -> Answer:
        """One request with its bounded repeats: after 429 always, after faults where repeating is harmless.

        A 429 says that nothing was done. A 5xx or a broken connection says nothing, so only methods that may be
        repeated are; the caller settles the others. Connections that were never made are tried again for all. A read
        that was answered with something unreadable is asked for once more.
        """
        if method not in self.methods:
            raise ReadOnly(target=self.settings.name, detail=f"{method} {path.partition('?')[0]}")
        data = body if body is None or isinstance(body, bytes) else orjson.dumps(body)
        attempt, waited, renewed, left = 0, 0.0, False, False
        while True:
            attempt += 1
            trial = False
            if self.breaker.is_open or not self.gate.enter_at_once():
                trial, rested = await self._turn(waited, sent=left)
                waited += rested
            answer, fault, header = await self._attempt(method, path, data, etag, trial=trial)
            if attempt == 1 and answer is not None and answer.status < 300 and answer.body is not None:
                return answer  # as nearly always
            if answer is not None and answer.status == 401 and self.credentials.renewable and not renewed:
                renewed = True
                self.credentials.refused(header)
                attempt -= 1
                continue
            if answer is not None and not _worth_repeating(method, answer, attempt):
                return answer if attempt == 1 else answer._replace(attempts=attempt)
            left = left or (answer.status in _FAULTS if answer is not None else bool(fault and fault.sent))
            asked = None if answer is None else answer.retry_after_s(self.timing.now())
            wait = self._wait_s(attempt, asked)
            over = attempt >= self.settings.attempts or waited + wait > self.settings.patience_s
            if fault is not None and (over or fault.final or (fault.sent and method not in _REPEATABLE)):
                fault.attempts, fault.sent = attempt, left
                raise fault
            if answer is not None and over:
                return answer._replace(attempts=attempt)
            waited += wait
            if asked is not None and answer is not None and answer.status in _OVERLOADED:
                self.pace.pause(wait)
            else:
                await self.timing.sleep(wait)

    async def _attempt(
        self, method: str, path: str, data: bytes | None, etag: str | None, *, trial: bool
    ) -> tuple[Answer | None, NoAnswer | None, str | None]:
        """One try, whose turn it is: the answer or why there is none, and the Authorization that was sent."""
        gate, breaker = self.gate, self.breaker
        overloaded = slow = False
        header: str | None = None
        try:
            if not self.pace.free:
                await self.pace.wait()
            header = self.credentials.fixed or await self.credentials.header()
            begun, alone = self.timing.monotonic(), gate.in_flight == 1
            headers = self._headers_for(header, etag)
            answer = await self._send(method, url := self.url(path), data, headers)
            if answer.status in _REDIRECTIONS:
                answer = await self._followed(url, answer, method, data, headers)
            slow = not self.latency.holds(method, self.timing.monotonic() - begun, alone=alone)
            overloaded = answer.status in _OVERLOADED
            if answer.status >= 500 and answer.status != 501:
                breaker.failed(self.redact(describe(answer)), trial=trial)
            else:
                breaker.answered()
            return answer, None, header
        except NoAnswer as broken:
            overloaded = broken.timeout
            breaker.failed(self.redact(broken.detail), trial=trial)
            return None, broken, header
        finally:
            gate.leave(overloaded=overloaded, slow=slow)

    async def _turn(self, waited: float, *, sent: bool) -> tuple[bool, float]:
        """A place among those in flight, once the breaker lets requests go: whether it is its trial, and the seconds that
        it was waited for, in all no longer than a request may wait.

        Raises NoAnswer where the target has been away for longer than that already: then nobody waits once more.
        """
        rested, patience = 0.0, self.settings.patience_s
        while True:
            await self.gate.enter()
            if not self.breaker.is_open:
                return False, rested
            if (rest := self.breaker.rest_s()) == 0:
                return True, rested
            self.gate.give_back()
            if waited + rested + rest > patience or self.breaker.open_for_s > patience:
                raise NoAnswer(self.breaker.words, sent=sent, final=True)
            rest = min(rest, 1.0)  # somebody's trial may close it meanwhile
            await self.timing.sleep(rest)
            rested += rest

    def _wait_s(self, attempt: int, asked: float | None) -> float:
        dice = self.timing.random()
        if asked is not None:
            return asked + dice * min(1.0, 0.1 * asked)
        return float(min(_LONGEST_WAIT_S, _FIRST_WAIT_S * 2 ** (attempt - 1)) * (0.5 + dice))

    def _headers_for(self, header: str | None, etag: str | None) -> Mapping[str, str]:
        """Those of one request beside those of the session and of its body."""
        if etag is None and header == self.credentials.fixed:
            return self._headers
        headers = dict(self._headers)
        if header is not None:
            headers["Authorization"] = header
        if etag is not None:
            headers["If-Match"] = etag
        return headers

    async def _followed(
        self, url: URL, answer: Answer, method: str, data: bytes | None, headers: Mapping[str, str]
    ) -> Answer:
        """The answer at the end of redirects, of which this is the first."""
        for _ in range(_REDIRECTS):
            url = self._redirected(url, answer, method)
            answer = await self._send(method, url, data, headers)
            if answer.status not in _REDIRECTIONS:
                return answer
        raise NoAnswer("too many redirects", sent=False, final=True)

    def url(self, path: str) -> URL:
        """The whole URL of a path below the base, as it is sent."""
        if path in self._urls:
            return self._urls[path]
        mark = "&" if "?" in path else "?"
        url = URL(f"{self.base}{path}" + (f"{mark}{self._query}" if self._query else ""), encoded=True)
        if path in ENDPOINTS.values():
            self._urls[path] = url
        return url

    def _redirected(self, url: URL, answer: Answer, method: str) -> URL:
        """Where a redirect leads, if that is the same host: the token is for that host alone."""
        try:
            to = url.join(URL(answer.headers["Location"], encoded=True))
            same, host = to.origin() == self.base.origin(), to.host
            named = to.raw_user is not None or to.raw_password is not None
        except (KeyError, ValueError):
            raise NoAnswer("redirected to nowhere", sent=False, final=True) from None
        if not same:
            raise NoAnswer(f"redirected to another host ({host}), which is refused", sent=False, final=True)
        if named or not str(to).isprintable():
            raise NoAnswer("redirected to an address with a user name or a control character", sent=False, final=True)
        if method != "GET" and answer.status not in (307, 308):
            raise NoAnswer(f"redirected ({answer.status}) to {to.path}: correct the url", sent=False, final=True)
        return to

    async def _send(self, method: str, url: URL, data: bytes | None, headers: Mapping[str, str]) -> Answer:
        """The answer to one request on the wire, which is told to the observer whatever becomes of it."""
        self.requests += 1
        begun, status, limit = self.timing.monotonic(), None, self.settings.body_limit_bytes
        try:
            response = await (self._session or self._open_session()).request(
                method,
                url,
                data=None if data is None else BytesPayload(data, content_type=_SCIM_JSON),
                headers=headers,
                allow_redirects=False,
            )
            try:
                given = response.headers
                if "Content-Encoding" not in given and (response.content_length or limit + 1) <= limit:
                    raw = await response.read()
                else:
                    raw = await read_body(response, limit)
                    response.release()
            except BaseException:
                response.close()
                raise
            answer = read_answer(response.status, raw, given)
            status = answer.status
            return answer
        except aiohttp.ClientConnectorCertificateError as error:
            raise NoAnswer(
                f"its certificate is not trusted: {error.certificate_error}", sent=False, final=True
            ) from None
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
            reason = error.strerror if isinstance(error, aiohttp.ClientConnectorError) else "connecting took too long"
            raise NoAnswer(
                f"no connection to {url.host}:{url.port}: {reason or type(error).__name__}", sent=False
            ) from None
        except TimeoutError:
            raise NoAnswer(f"no answer within {self.settings.timeout_s:g} s", sent=True, timeout=True) from None
        except (aiohttp.ClientError, OSError, zlib.error, asyncio.IncompleteReadError) as error:
            raise NoAnswer(f"the connection broke: {type(error).__name__}", sent=True) from None
        finally:
            self.settings.observe(Exchange(method, status, self.timing.monotonic() - begun))


class ScimWriter(ScimReader):
    """Sends every method."""

    methods: ClassVar[frozenset[str]] = frozenset({"GET", "POST", "PUT", "PATCH", "DELETE"})

    def write(self, method: str, path: str, body: Json | bytes = None, *, etag: str | None = None) -> Awaitable[Answer]:
        """The answer to a writing request, whose body may be JSON already. Raises NoAnswer, whose `sent` says whether
        it may have been carried out."""
        return self._exchange(method, path, body, etag=etag)
