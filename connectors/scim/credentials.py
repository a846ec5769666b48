"""The Authorization header of a target: fixed, or fetched and renewed by OAuth client credentials."""

from __future__ import annotations

import asyncio
from base64 import b64encode
from collections.abc import Callable
from urllib.parse import quote

import aiohttp
import orjson
from yarl import URL

from connectors.errors import Unauthorized
from connectors.scim.answer import NoAnswer, read_answer
from connectors.scim.body import read_body
from connectors.scim.settings import Auth, Basic, BearerToken, NoAuth, OAuthClientCredentials, secure_url
from connectors.scim.timing import Timing
from syncd.core.model import Json
from syncd.core.secret import Secret

_BODY_LIMIT_BYTES = 256 * 1024
_RENEW_EARLY_S = 60.0
_DEFAULT_LIFE_S = 300.0


class Credentials:
    """Gives the header's value and knows which secrets must not be repeated in a message."""

    def __init__(
        self, auth: Auth, *, target: str, timing: Timing, session: Callable[[], aiohttp.ClientSession]
    ) -> None:
        self._auth = auth
        self._target = target
        self._timing = timing
        self._session = session
        self._lock = asyncio.Lock()
        self._token: Secret | None = None
        self._until = 0.0
        self._token_url: URL | None = None
        self.fixed: str | None = None  #: the header's value where it is always the same
        match auth:
            case BearerToken(token=token):
                self.fixed = f"Bearer {token.reveal()}"
            case Basic(username=username, password=password):
                self.fixed = "Basic " + b64encode(f"{username}:{password.reveal()}".encode()).decode("ascii")
            case _:
                pass
        if isinstance(auth, OAuthClientCredentials):
            self._token_url = secure_url(auth.token_url, target=target, key="oauth.token_url")

    @property
    def renewable(self) -> bool:
        return isinstance(self._auth, OAuthClientCredentials)

    @property
    def secrets(self) -> tuple[Secret, ...]:
        match self._auth:
            case BearerToken(token=secret) | Basic(password=secret):
                return (secret,)
            case OAuthClientCredentials(client_secret=secret):
                return (secret,) if self._token is None else (secret, self._token)
            case NoAuth():
                return ()

    async def header(self) -> str | None:
        """The value of Authorization; None without credentials. Raises Unauthorized, or NoAnswer of the token service."""
        if not isinstance(self._auth, OAuthClientCredentials):
            return self.fixed
        async with self._lock:
            if self._token is None or self._timing.monotonic() >= self._until:
                self._token = await self._fetch(self._auth)
            return f"Bearer {self._token.reveal()}"

    def refused(self, header: str | None) -> None:
        """The target answered 401 to this header: the next one is made of a new token."""
        if self._token is not None and header == f"Bearer {self._token.reveal()}":
            self._token = None

    async def _fetch(self, auth: OAuthClientCredentials) -> Secret:
        """One token. The client authenticates by HTTP Basic, and where that is refused in the body (RFC 6749 section 2.3.1)."""
        form = {"grant_type": "client_credentials"} | ({"scope": auth.scope} if auth.scope else {})
        pair = f"{quote(auth.client_id, safe='')}:{quote(auth.client_secret.reveal(), safe='')}"
        basic = {"Authorization": "Basic " + b64encode(pair.encode()).decode("ascii")}
        status, body = await self._post(form, basic)
        if status in (400, 401):
            secret = {"client_id": auth.client_id, "client_secret": auth.client_secret.reveal()}
            status, body = await self._post(form | secret, {})
        token = body.get("access_token")
        if status != 200 or not isinstance(token, str) or not token:
            reason = body.get("error") if isinstance(body.get("error"), str) else f"status {status}"
            raise Unauthorized(target=self._target, detail=f"the token service gave no token: {reason}")
        if not token.isascii() or not token.isprintable():
            raise Unauthorized(target=self._target, detail="the token service gave a token that no header can carry")
        try:
            life_s = float(body.get("expires_in", _DEFAULT_LIFE_S))
        except (TypeError, ValueError):
            life_s = _DEFAULT_LIFE_S
        self._until = self._timing.monotonic() + max(life_s - _RENEW_EARLY_S, life_s / 2)
        return Secret(token)

    async def _post(self, form: dict[str, str], headers: dict[str, str]) -> tuple[int, dict[str, Json]]:
        if self._token_url is None:
            raise Unauthorized(target=self._target, detail="no token service is configured")
        try:
            async with self._session().post(
                self._token_url, data=form, headers={"Accept": "application/json"} | headers, allow_redirects=False
            ) as response:
                raw = await read_body(response, _BODY_LIMIT_BYTES)
                answer = read_answer(response.status, raw, response.headers, 1)
        except NoAnswer as broken:
            raise NoAnswer(f"token service: {broken.detail}", sent=False, final=True) from None
        except (aiohttp.ClientError, TimeoutError, orjson.JSONDecodeError) as error:
            raise NoAnswer(f"token service: {type(error).__name__}", sent=False) from None
        if answer.status >= 500 or answer.status == 429:
            raise NoAnswer(f"token service: status {answer.status}", sent=False)
        return answer.status, dict(answer.body) if isinstance(answer.body, dict) else {}
