"""The Graph SDK as an authenticated transport: one request in, one whole answer out.

Nothing of the SDK but its request adapter, authentication, claims-challenge retry and telemetry is used. Its models
drop nulls and cost some hundred times the parsing; its own retry leaves out 500, 502 and waits over 180 seconds; its
redirects go to other hosts; its parameter decoding changes links. So those parts are left out of the chain, and
answers come as bytes. This is the one module that imports the SDK, which takes about half a second.
"""

from __future__ import annotations

import logging
import ssl
import zlib
from collections.abc import Mapping

import httpx
from azure.core.credentials_async import AsyncTokenCredential
from azure.core.exceptions import AzureError, ClientAuthenticationError
from kiota_abstractions.method import Method
from kiota_abstractions.native_response_handler import NativeResponseHandler
from kiota_abstractions.request_information import RequestInformation
from kiota_authentication_azure.azure_identity_authentication_provider import AzureIdentityAuthenticationProvider
from kiota_http.middleware import BaseMiddleware
from kiota_http.middleware.options import ResponseHandlerOption
from kiota_http.middleware.user_agent_handler import UserAgentHandler
from kiota_http.observability_options import ObservabilityOptions
from msgraph import GraphRequestAdapter
from msgraph.graph_request_adapter import options as graph_options
from msgraph_core import GraphClientFactory
from msgraph_core.middleware import GraphTelemetryHandler
from msgraph_core.middleware.options import GraphTelemetryHandlerOption

from connectors.graph.fault import Answer, Interrupted, SignInRefused, printable
from connectors.graph.settings import GraphSettings

_BODY = httpx.Timeout(60.0, connect=10.0)

# httpx writes every URL at INFO and httpcore every header of an answer at DEBUG; ours carry logins and link tokens.
for _name in ("httpx", "httpcore"):
    logging.getLogger(_name).setLevel(logging.WARNING)


class Gate(BaseMiddleware):  # type: ignore[misc]  # the SDK is untyped
    """Last in the chain: nothing leaves without a token or to another origin, and no answer grows without bound.

    Where a host is not allowed the SDK sends the request without Authorization instead of failing, hence the check.
    The answer is decompressed here, because httpx has no bound for what a small gzip body unpacks to.
    """

    def __init__(self, origin: httpx.URL, body_bytes: int) -> None:
        super().__init__()
        self._origin = _origin(origin)
        self._cap = body_bytes
        self._transports: set[httpx.AsyncBaseTransport] = set()

    async def close(self) -> None:
        """Close the connections: the SDK's transport does not hand the closing of its client on to the one inside."""
        while self._transports:
            await self._transports.pop().aclose()

    async def send(self, request: httpx.Request, transport: httpx.AsyncBaseTransport) -> httpx.Response:
        if _origin(request.url) != self._origin:
            raise SignInRefused("a link leads to another host; nothing was sent there")
        if "authorization" not in request.headers:
            raise SignInRefused("the sign-in gave no token; nothing was sent")
        self._transports.add(transport)
        response: httpx.Response = await super().send(request, transport)
        try:
            body = self._unpack(response.headers.get("content-encoding", ""), await self._whole(response))
        finally:
            await response.aclose()
        if response.is_error:  # its words are shown to people, and it may repeat what it was sent
            token = request.headers["authorization"].rpartition(" ")[2].encode()
            body = body.replace(token, b"***") if token else body
        headers = [(k, v) for k, v in response.headers.multi_items() if k not in ("content-encoding", "content-length")]
        return httpx.Response(
            response.status_code, headers=headers, content=body, extensions=response.extensions, request=request
        )

    async def _whole(self, response: httpx.Response) -> bytes:
        parts: list[bytes] = []
        size = 0
        async for part in response.aiter_raw():
            size += len(part)
            if size > self._cap:
                raise Interrupted(f"an answer of more than {self._cap} bytes")
            parts.append(part)
        return b"".join(parts)

    def _unpack(self, encoding: str, body: bytes) -> bytes:
        match encoding.strip().lower():
            case "" | "identity":
                return body
            case "gzip" | "x-gzip" | "deflate":
                unpacker = zlib.decompressobj(wbits=47)
                try:
                    text = unpacker.decompress(body, self._cap + 1)
                except zlib.error as error:
                    raise Interrupted("a body that does not unpack") from error
                if len(text) > self._cap:
                    raise Interrupted(f"an answer of more than {self._cap} bytes")
                if not unpacker.eof:
                    raise Interrupted("a compressed body that was cut off")
                return text
            case other:
                raise Interrupted(f"content-encoding {printable(other, 40)}")


class Wire:
    """One adapter of the SDK with its HTTP client, bound to the event loop it is first used in."""

    def __init__(self, settings: GraphSettings, credential: AsyncTokenCredential, *, body_bytes: int) -> None:
        self._credential = credential
        self._gate = Gate(httpx.URL(settings.root), body_bytes)
        trust = ssl.create_default_context()
        if settings.ca_file is not None:
            trust.load_verify_locations(settings.ca_file)
        self._client = GraphClientFactory.create_with_custom_middleware(
            middleware=[
                UserAgentHandler(),
                GraphTelemetryHandler(options=graph_options[GraphTelemetryHandlerOption.get_key()]),
                self._gate,
            ],
            # HTTP/1.1: a chain of pages has one request in flight, and HTTP/2 framing in Python halves the throughput.
            client=httpx.AsyncClient(
                timeout=_BODY,
                verify=trust,
                follow_redirects=False,
                headers={"User-Agent": "syncd", "Accept": "application/json", "Accept-Encoding": "gzip"},
            ),
        )
        self._adapter = GraphRequestAdapter(
            AzureIdentityAuthenticationProvider(credential, scopes=[settings.scope], allowed_hosts=[settings.host]),
            client=self._client,
        )
        self._adapter.base_url = settings.root
        self._adapter.observability_options = ObservabilityOptions(include_euii_attributes=False)
        self._raw = [ResponseHandlerOption(NativeResponseHandler())]

    async def send(self, method: str, url: str, headers: Mapping[str, str], body: bytes | None = None) -> Answer:
        """Any HTTP answer is returned. Raises Interrupted where none came whole, SignInRefused where no token did."""
        request = RequestInformation()
        request.http_method, request.url = Method(method), url
        for name, value in headers.items():
            request.headers.add(name, value)
        request.add_request_options(self._raw)
        if body is not None:
            request.set_stream_content(body, "application/json")
        try:
            response: httpx.Response = await self._adapter.send_primitive_async(request, "bytes", {})
        except httpx.RequestError as error:
            raise Interrupted(printable(f"{type(error).__name__} {error}")) from error
        except ClientAuthenticationError as error:
            if (error.status_code or 0) >= 500 or error.status_code == 429:
                raise Interrupted(printable(f"sign-in: {error.message}")) from error
            raise SignInRefused(printable(error.message)) from error
        except AzureError as error:
            raise Interrupted(printable(f"sign-in: {error.message}")) from error
        return Answer(status=response.status_code, headers=response.headers, body=response.content)

    async def close(self) -> None:
        """Close connections and credential; both belong to this wire."""
        await self._client.aclose()
        await self._gate.close()
        await self._credential.close()


def _origin(url: httpx.URL) -> tuple[str, str, int | None, bytes]:
    return url.scheme, url.host, url.port, url.userinfo
