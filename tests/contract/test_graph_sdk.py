"""What the Graph SDK sends, and its traps that the connector walks around: a change of either shows here, row by row.

A version that changes a row needs another look at connectors/graph/wire.py.
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Awaitable, Iterator
from importlib.metadata import requires
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from azure.core.credentials import AccessToken
from azure.identity.aio import ClientSecretCredential
from kiota_abstractions.base_request_configuration import RequestConfiguration
from kiota_abstractions.method import Method
from kiota_abstractions.native_response_handler import NativeResponseHandler
from kiota_abstractions.request_information import RequestInformation
from kiota_authentication_azure.azure_identity_authentication_provider import AzureIdentityAuthenticationProvider
from kiota_http.middleware import retry_handler
from kiota_http.middleware.options import ResponseHandlerOption
from msgraph import GraphRequestAdapter, GraphServiceClient
from msgraph_core import PageIterator
from msgraph_core.authentication import AzureIdentityAuthenticationProvider as CoreAuthenticationProvider

from tests.contract.graph_world import TOKEN, World, tenant

# The SDK warns about its own request builders when it imports them.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")

ID = "a0000000-0000-4000-8000-000000000001"
AWKWARD = "$deltatoken=a%2Bb%2Fc%3Dd%24e%2Df%2Eg'(h)"


class Credential:
    def __init__(self) -> None:
        self.asked: list[tuple[tuple[str, ...], bool]] = []

    async def get_token(self, *scopes: str, **options: Any) -> AccessToken:
        self.asked.append((scopes, options["enable_cae"]))
        return AccessToken(TOKEN, int(time.time()) + 3600)


@pytest.fixture
def world() -> Iterator[World]:
    with tenant(users=5) as made:
        yield made


@pytest.fixture
def credential() -> Credential:
    return Credential()


@pytest.fixture
async def adapter(world: World, credential: Credential) -> AsyncIterator[GraphRequestAdapter]:
    """The adapter as the SDK makes it, with its whole chain of middleware."""
    adapter = GraphRequestAdapter(
        AzureIdentityAuthenticationProvider(credential, scopes=["s/.default"], allowed_hosts=["127.0.0.1"])
    )
    adapter.base_url = world.root
    yield adapter
    await adapter._http_client._transport.transport.aclose()
    await adapter._http_client.aclose()


@pytest.fixture
def client(adapter: GraphRequestAdapter) -> GraphServiceClient:
    return GraphServiceClient(request_adapter=adapter)


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """What the SDK's retries wait, which costs no time here."""
    waited: list[float] = []

    async def sleep(seconds: float) -> None:
        waited.append(seconds)

    monkeypatch.setattr(retry_handler, "asyncio", SimpleNamespace(sleep=sleep))
    return waited


def raw(**parameters: Any) -> RequestConfiguration[Any]:
    return RequestConfiguration(options=[ResponseHandlerOption(NativeResponseHandler())], **parameters)


async def raised(work: Awaitable[Any]) -> str:
    try:
        await work
    except Exception as error:  # whatever the SDK raises is what the table says
        return type(error).__name__
    return "nothing"


async def test_graph_sdk_url_shapes_unchanged(world: World, adapter: GraphRequestAdapter, client: GraphServiceClient):
    from msgraph.generated.users.users_request_builder import UsersRequestBuilder

    delta, group = client.users.delta, client.groups.by_group_id(ID)
    principal = client.service_principals.by_service_principal_id(ID)
    by_app_id = client.service_principals_with_app_id(ID)
    shapes = (
        (delta, "/users/delta()?"),
        (client.groups.delta, "/groups/delta()?"),
        (client.service_principals.delta, "/servicePrincipals/delta()?"),
        (client.directory.deleted_items.graph_user, "/directory/deletedItems/graph.user?"),
        (group.members.graph_user, f"/groups/{ID}/members/graph.user?"),
        (group.transitive_members.graph_user, f"/groups/{ID}/transitiveMembers/graph.user?"),
        (principal.app_role_assigned_to, f"/servicePrincipals/{ID}/appRoleAssignedTo?"),
        (by_app_id, f"/servicePrincipals(appId='{ID}')?"),
        (delta.with_url(f"{world.root}/users/delta?{AWKWARD}"), f"/users/delta?{AWKWARD}"),
        (delta.with_url(f"{world.root}/users/delta?%24deltatoken=a"), "/users/delta?$deltatoken=a"),
    )
    found = []
    for builder, _ in shapes:
        world.forget()
        await builder.get(raw())
        (entry,) = world.requests("/v1.0/")
        found.append(f"{entry.path.removeprefix('/v1.0')}?{entry.query}")
    assert found == [shape for _, shape in shapes]
    world.forget()
    columns = UsersRequestBuilder.UsersRequestBuilderGetQueryParameters(select=["id", "displayName"], top=999)
    await client.users.get(raw(query_parameters=columns))
    assert [entry.query for entry in world.requests()] == ["$select=id,displayName&$top=999"]
    assert not hasattr(by_app_id, "app_role_assigned_to"), "what is assigned is asked for by object id alone"
    for builder, shape in (
        (client.directory_objects.delta, "delta()"),
        (client.directory_objects.get_by_ids, "getByIds"),
    ):
        url = RequestInformation(Method.GET, builder.url_template, builder.path_parameters).url
        assert url == f"{world.root}/directoryObjects/{shape}"
    standing = GraphRequestAdapter(adapter._authentication_provider)
    assert standing.base_url == "https://graph.microsoft.com/v1.0/"
    world.forget()
    adapter.base_url = f"{world.root}/"
    await client.users.delta.get(raw())
    assert [entry.path for entry in world.requests()] == ["/v1.0//users/delta()"], "the base URL as it comes"


async def authorized(url: str, **options: Any) -> str:
    """What the SDK's sign-in makes of a request to a URL."""
    credential = Credential()
    request = RequestInformation()
    request.http_method, request.url = Method.GET, url
    provider = AzureIdentityAuthenticationProvider(credential, **options)
    if (error := await raised(provider.authenticate_request(request))) != "nothing":
        return error
    if not request.headers.get("authorization"):
        return "no token"
    return f"token for {' '.join(credential.asked[0][0])}"


async def test_graph_sdk_trap_table_unchanged(client: GraphServiceClient, credential: Credential):
    every: dict[str, Any] = {"scopes": ["s"], "allowed_hosts": []}
    found = {
        "loopback": await authorized("http://127.0.0.1:8080/x", **every),
        "loopback by name": await authorized("http://localhost:8080/x", **every),
        "loopback of IPv6": await authorized("http://[::1]:8080/x", **every),
        "plain http by address": await authorized("http://10.0.0.1/x", **every),
        "plain http by name": await authorized("http://graph-emulator:8080/x", **every),
        "no list of hosts": await authorized("https://foreign.example/x", **every),
        "not in the list": await authorized("https://foreign.example/x", scopes=["s"], allowed_hosts=["graph.example"]),
        "no scopes": await authorized("http://127.0.0.1:8080/x"),
    }
    assert found == {
        "loopback": "token for s",
        "loopback by name": "token for s",
        "loopback of IPv6": "token for s",
        "plain http by address": "HTTPError",
        "plain http by name": "HTTPError",
        "no list of hosts": "token for s",
        "not in the list": "no token",
        "no scopes": "token for http://127.0.0.1/.default",
    }
    for _ in range(3):
        await client.users.delta.get(raw())
    assert credential.asked == [(("s/.default",), True)] * 3, "a token is asked for with each request"
    with pytest.raises(ValueError, match="cannot contain 'https://'"):
        CoreAuthenticationProvider(credential)
    with pytest.raises(ValueError, match="must be a TLS protected"):
        ClientSecretCredential("tenant", "client", "secret", authority="http://127.0.0.1:9")


async def test_graph_sdk_trap_table_unchanged_of_pages(
    world: World, adapter: GraphRequestAdapter, client: GraphServiceClient
):
    """The SDK's own iterator ends at an empty page in the middle, and does not see the delta link."""
    from msgraph.generated.users.delta.delta_get_response import DeltaGetResponse

    builder = client.groups.by_group_id(ID).members.ref
    link = f"{world.root}/groups/{ID}/members/$ref?$skiptoken="
    pages = (
        ({"value": ["1", "2"], "@odata.nextLink": f"{link}a"}, r"\$ref$"),
        ({"value": [], "@odata.nextLink": f"{link}b"}, "skiptoken=a"),
        ({"value": ["3"]}, "skiptoken=b"),
    )
    for page, path in pages:
        world.fault({"replace": page}, path=path)
    seen: list[str] = []

    def note(item: str) -> bool:
        seen.append(item)
        return True

    await PageIterator(await builder.get(), adapter).iterate(note)
    assert (seen, len(world.requests())) == (["1", "2"], 2)
    end = DeltaGetResponse(value=[], odata_delta_link=f"{link}c")
    assert PageIterator(end, adapter).delta_link == ""
    # Its objects for $batch need a package that it does not ask for.
    assert not [need for need in requires("msgraph-core") or () if need.lower().startswith("deprecated")]


async def test_graph_sdk_trap_table_unchanged_of_retries(world: World, client: GraphServiceClient, waits: list[float]):
    async def tried(action: dict[str, Any], times: int = 1) -> tuple[int, list[float]]:
        world.forget()
        waits.clear()
        world.fault(action, times=times)
        await client.users.delta.get(raw())
        return len(world.requests()), list(waits)

    found: dict[Any, Any] = {}
    for status in (408, 410, 429, 500, 502, 503, 504):
        found[status] = await tried({"status": status, "retry_after": 7})
    found["180 seconds"] = await tried({"status": 429, "retry_after": 180})
    found["for ever"] = await tried({"status": 429, "retry_after": 7}, times=9)
    found["marks"] = [entry.headers.get("retry-attempt") for entry in world.requests()]
    assert found == {
        **dict.fromkeys((408, 410, 500, 502), (1, [])),
        **dict.fromkeys((429, 503, 504), (2, [7])),
        "180 seconds": (1, []),
        "for ever": (4, [7, 7, 7]),
        "marks": [None, "1", "2", "3"],
    }
    for silent in ({"status": 429}, {"status": 429, "retry_after": 0}):
        count, (wait,) = await tried(silent)
        assert count == 2
        assert 3.0 < wait < 4.5, "without Retry-After, or with zero, over three seconds and a jitter"


async def test_graph_sdk_trap_table_unchanged_of_transport(
    world: World, adapter: GraphRequestAdapter, client: GraphServiceClient
):
    async def met(action: dict[str, Any]) -> tuple[str, int]:
        world.forget()
        world.fault(action)
        return await raised(client.users.delta.get()), len(world.requests())

    found: dict[Any, Any] = {
        "dropped": await met({"drop": "before"}),
        "cut off": await met({"truncate": 0.5, "length": "correct"}),
    }
    with tenant(users=0) as other:
        for status in (301, 302, 303, 307, 308):
            other.forget()
            world.fault({"redirect": f"{other.root}/users/delta", "status": status})
            await client.users.delta.get(raw())
            found[status] = [entry.path for entry in other.requests()]
        other.forget()
        world.fault({"status": 410, "headers": {"Location": f"{other.root}/users/delta"}})
        found[410] = ((await client.users.delta.get(raw())).status_code, other.requests())
    pool = adapter._http_client._transport.transport._pool
    found["pool"] = (pool._max_connections, pool._max_keepalive_connections, pool._http2)
    assert found == {
        "dropped": ("RemoteProtocolError", 1),
        "cut off": ("JSONDecodeError", 1),
        **{status: ["/v1.0/users/delta"] for status in (301, 302, 303, 307, 308)},
        410: (410, []),
        "pool": (100, 20, True),
    }
    assert adapter._http_client.timeout == httpx.Timeout(100, connect=30)
