"""The Okta SDK, used for what it does well: signing, tokens, DPoP and headers. Importing this module takes a second.

Not used, each for a reason that was measured with okta 3.4.6: its configuration (environment variables and okta.yaml
leak in), its retries (429 or 503 without rate-limit headers ends in an exception, 500 and 502 are never tried again),
its typed models (one odd record loses the whole page) and its pagination (it ends in silence when a page fails).
"""

from __future__ import annotations

import asyncio
import json
import logging
import ssl
import time
from functools import partial
from typing import Any
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import aiohttp
from okta.cache.no_op_cache import NoOpCache
from okta.http_client import HTTPClient
from okta.request_executor import RequestExecutor

from connectors.errors import NotConfigured
from connectors.okta.settings import OAuth, OktaSettings, is_loopback
from syncd.core.exchange import Exchange

_CONNECT_TIMEOUT_S = 15.0

# Its debug messages hold whole requests with their Authorization; the SDK's own client switches it off by default, too.
logging.getLogger("okta-sdk-python").disabled = True


class Unsent(aiohttp.ClientError):
    """A request that must not be sent: to another address than the organisation's, or after the end."""


class TooLarge(aiohttp.ClientError):
    """An answer over the size that is read."""


class OktaHTTPClient(HTTPClient):  # type: ignore[misc]  # the SDK has no types
    """Sends what the SDK has made up, to one origin only, on connections that are kept.

    No redirect is followed, an attempt ends in time, a body ends at its cap, TLS is verified.
    """

    def __init__(self, http_config: dict[str, Any], *, settings: OktaSettings) -> None:
        super().__init__(http_config)
        self._settings = settings
        self._attempt = aiohttp.ClientTimeout(
            total=settings.timeout_s, connect=min(_CONNECT_TIMEOUT_S, settings.timeout_s)
        )
        self._connections: aiohttp.ClientSession | None = None  # opened in the event loop, by the first request
        self._closed = False
        self.sent = 0  #: requests, those for tokens included

    async def send_request(self, request: dict[str, Any]) -> tuple[Any, Any, str | None, Exception | None]:
        """request info, response, body as text, error: the SDK's own contract. Never raises for a failed request."""
        if not request["url"].startswith(self._settings.origin + "/"):
            return None, None, None, Unsent("refused to send a request to another address than org_url")
        if self._closed:
            return None, None, None, Unsent("the source is closed")
        begun, status = time.monotonic(), None
        body = request.get("form") or (json.dumps(request["data"]) if request.get("data") else None)
        self.sent += 1
        try:
            async with self._opened().request(
                request["method"],
                request["url"],
                headers={**self._default_headers, **request["headers"]},
                data=body,
                timeout=self._attempt,
                allow_redirects=False,
                proxy=_proxy(self._settings.origin),
            ) as response:
                text = (await self._body(response)).decode()
                status = response.status
                token = request["headers"].get("Authorization", "").rpartition(" ")[2]
                if status >= 400 and token:  # its words are shown to people, and it may repeat what it was sent
                    text = text.replace(token, "***")
                return response.request_info, response, text, None
        except (aiohttp.ClientError, TimeoutError, OSError, UnicodeDecodeError) as error:
            return None, None, None, error
        finally:
            self._settings.observe(Exchange(method=request["method"], status=status, seconds=time.monotonic() - begun))

    async def _body(self, response: aiohttp.ClientResponse) -> bytes:
        body = bytearray()
        async for part in response.content.iter_any():
            body += part
            if len(body) > self._settings.max_body_bytes:
                response.close()
                raise TooLarge(f"an answer of more than {self._settings.max_body_bytes} bytes")
        return bytes(body)

    def _opened(self) -> aiohttp.ClientSession:
        if self._connections is None:
            context = ssl.create_default_context(cafile=self._settings.ca_file)
            connector = aiohttp.TCPConnector(ssl=context, limit=self._settings.concurrency)
            # No cookies, and nothing from the environment: netrc would replace our Authorization.
            self._connections = aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar())
        return self._connections

    async def close(self) -> None:
        """Close the connections for good; TLS ones need a moment to say goodbye."""
        self._closed = True
        if self._connections is not None:
            await self._connections.close()
            self._connections = None
            await asyncio.sleep(0)


class OktaExecutor(RequestExecutor):  # type: ignore[misc]  # the SDK has no types
    """The SDK's request executor without its cache, and with tokens that can be thrown away."""

    generation = 0  #: of the access token: how many were thrown away

    @property
    def http(self) -> OktaHTTPClient:
        client: OktaHTTPClient = self._http_client
        return client

    async def fire_request(self, request: dict[str, Any]) -> tuple[Any, Any, str | None, Exception | None]:
        """As the SDK's, less a second parsing of each body for a cache that is off."""
        answer: tuple[Any, Any, str | None, Exception | None] = await self.fire_request_helper(request, 0, time.time())
        return answer

    @property
    def scopes(self) -> list[str] | None:
        """The scopes that access tokens are asked for with; None for an API token."""
        found: list[str] | None = self._config["client"].get("scopes")
        return found

    def ask_for_less(self) -> bool:
        """From now on no token is asked for with the optional scopes; False where there are none."""
        client = self._config["client"]
        optional = client.get("optionalScopes", [])
        if optional:
            client["scopes"] = [scope for scope in client["scopes"] if scope not in optional]
        return bool(optional)

    def forget_token(self, generation: int) -> bool:
        """Drop the access token that was refused, the n-th; False where there is none to renew (API tokens)."""
        if self._oauth is None:
            return False
        if generation == self.generation:  # else a neighbour has renewed it already
            self.generation += 1
            self._oauth.clear_access_token()
        return True


def executor(settings: OktaSettings) -> OktaExecutor:
    """An executor for this organisation, configured by `settings` alone. Raises NotConfigured for an unusable key."""
    client: dict[str, Any] = {
        "orgUrl": settings.origin,
        "userAgent": "syncd",
        "requestTimeout": 0,
        "rateLimit": {"maxRetries": 0},
        "oauthTokenRenewalOffset": 5,
    }
    credential = settings.credential
    if isinstance(credential, OAuth):
        client |= {
            "authorizationMode": "PrivateKey",
            "clientId": credential.client_id,
            "scopes": [*credential.scopes, *credential.optional_scopes],
            "optionalScopes": list(credential.optional_scopes),
            "privateKey": _key(credential, settings.name),
            "dpopEnabled": credential.dpop,
        }
        if credential.key_id:
            client["kid"] = credential.key_id
    else:
        client |= {"authorizationMode": "SSWS", "token": credential.reveal()}
    return OktaExecutor({"client": client}, NoOpCache(), partial(OktaHTTPClient, settings=settings))


def _key(credential: OAuth, source: str) -> Any:
    """The key as the SDK takes it; proven here, so that a bad one is a configuration error and not a failed read."""
    from okta.jwt import JWT  # noqa: PLC0415 - needed for this kind of credential only

    text = credential.private_key.reveal().strip()
    try:
        key = json.loads(text) if text.startswith("{") else text
        if isinstance(key, str) and "-----BEGIN" not in key:
            raise ValueError
        JWT.get_PEM_JWK(key)
    except Exception:  # the SDK raises what its parts raise; the text of the key may be in it
        raise NotConfigured(source=source, detail="private_key is no RSA private key in PEM or JWK form") from None
    return key


def _proxy(origin: str) -> str | None:
    """The machine's proxy for this address (HTTPS_PROXY, NO_PROXY)."""
    parts = urlsplit(origin)
    host = parts.hostname or ""
    if is_loopback(host) or proxy_bypass(host):
        return None
    return getproxies().get(parts.scheme)
