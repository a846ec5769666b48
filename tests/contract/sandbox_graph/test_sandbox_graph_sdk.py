"""The sandbox's Graph through the unmodified Microsoft Graph SDK, on its raw path."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from typing import Any

import orjson
import pytest
from azure.core.credentials import AccessToken
from kiota_abstractions.base_request_configuration import RequestConfiguration
from kiota_abstractions.method import Method
from kiota_abstractions.native_response_handler import NativeResponseHandler
from kiota_abstractions.request_information import RequestInformation
from kiota_authentication_azure.azure_identity_authentication_provider import AzureIdentityAuthenticationProvider
from kiota_http.middleware.options import ResponseHandlerOption, RetryHandlerOption
from msgraph import GraphRequestAdapter, GraphServiceClient
from msgraph.generated.models.o_data_errors.o_data_error import ODataError

# The SDK warns about its own request builders when it imports them.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


class Credential:
    def __init__(self) -> None:
        self.claims: list[Any] = []

    async def get_token(self, *scopes: str, **options: Any) -> AccessToken:
        self.claims.append(options.get("claims"))
        return AccessToken("sandbox", int(time.time()) + 3600)


@pytest.fixture
def credential() -> Credential:
    return Credential()


@pytest.fixture
async def adapter(url: str, credential: Credential) -> AsyncIterator[GraphRequestAdapter]:
    authentication = AzureIdentityAuthenticationProvider(
        credential, scopes=["https://graph.microsoft.com/.default"], allowed_hosts=["127.0.0.1"]
    )
    adapter = GraphRequestAdapter(authentication)
    adapter.base_url = f"{url}/v1.0"
    yield adapter
    # Closing kiota's client closes its wrapper only; the connections are in the transport inside.
    await adapter._http_client._transport.transport.aclose()
    await adapter._http_client.aclose()


@pytest.fixture
def client(adapter: GraphRequestAdapter) -> GraphServiceClient:
    return GraphServiceClient(request_adapter=adapter)


def raw() -> RequestConfiguration[Any]:
    return RequestConfiguration(
        options=[
            ResponseHandlerOption(NativeResponseHandler()),
            RetryHandlerOption(max_retries=0, should_retry=False),
        ]
    )


async def test_a_delta_round_by_native_responses(client, directory):
    directory.quirks.set({"users_page": 30, "awkward_tokens": True, "removed_in_initial": False})
    answer = await client.users.delta.get(raw())
    pages = [orjson.loads(answer.content)]
    while "@odata.deltaLink" not in pages[-1]:
        answer = await client.users.delta.with_url(pages[-1]["@odata.nextLink"]).get(raw())
        assert answer.status_code == 200
        pages.append(orjson.loads(answer.content))
    assert sum(len(page["value"]) for page in pages) == 118
    directory.delete(directory.users[0].id)
    answer = await client.users.delta.with_url(pages[-1]["@odata.deltaLink"]).get(raw())
    assert orjson.loads(answer.content)["value"] == [{"id": directory.users[0].id, "@removed": {"reason": "changed"}}]


async def test_the_sdk_sends_functions_and_casts_that_are_understood(client, app, directory):
    application = directory.application.id
    group = directory.groups[0].id
    for builder, expected in (
        (client.users.delta, "/v1.0/users/delta()"),
        (client.groups.delta, "/v1.0/groups/delta()"),
        (client.service_principals.delta, "/v1.0/servicePrincipals/delta()"),
        (client.directory.deleted_items.graph_user, "/v1.0/directory/deletedItems/graph.user"),
        (client.groups.by_group_id(group).members, f"/v1.0/groups/{group}/members"),
        (
            client.service_principals.by_service_principal_id(application).app_role_assigned_to,
            f"/v1.0/servicePrincipals/{application}/appRoleAssignedTo",
        ),
    ):
        answer = await builder.get(raw())
        assert answer.status_code == 200, answer.text
        assert list(app.journal)[-1].path == expected
    assert "kiota-python" in list(app.journal)[-1].headers["user-agent"]


async def test_the_default_base_url_doubles_the_slash_and_is_understood(adapter, client, app, url):
    adapter.base_url = f"{url}/v1.0/"
    answer = await client.users.delta.get(raw())
    assert answer.status_code == 200
    assert list(app.journal)[-1].path == "/v1.0//users/delta()"


async def call(adapter: GraphRequestAdapter, url: str, method: Method = Method.GET, body: Any = None) -> bytes:
    request = RequestInformation()
    request.http_method, request.url = method, url
    if body is not None:
        request.set_stream_content(orjson.dumps(body), "application/json")
    found: bytes = await adapter.send_primitive_async(request, "bytes", {"XXX": ODataError})
    return found


async def test_errors_arrive_typed_with_code_and_headers(adapter, client, directory, url):
    link = orjson.loads((await client.users.delta.get(raw())).content)["@odata.deltaLink"]
    directory.reset_stream("users")
    with pytest.raises(ODataError) as gone:
        await call(adapter, link)
    assert gone.value.response_status_code == 410
    assert gone.value.error.code == "resyncRequired"
    assert "$deltatoken=" in str(gone.value.response_headers.get("location"))
    with pytest.raises(ODataError) as missing:
        await call(adapter, f"{url}/v1.0/users/nobody")
    assert missing.value.error.code == "Request_ResourceNotFound"


async def test_get_by_ids_and_batches_are_posted_by_hand(adapter, client, directory, url):
    ids = [user.id for user in directory.users[:5]]
    found = orjson.loads(
        await call(
            adapter, f"{url}/v1.0/directoryObjects/getByIds?$select=id", Method.POST, {"ids": ids, "types": ["user"]}
        )
    )
    assert {one["id"] for one in found["value"]} == set(ids)
    requests = [{"id": "1", "method": "GET", "url": f"/users/{ids[1]}/manager?$select=id"}]
    answers = orjson.loads(await call(adapter, f"{url}/v1.0/$batch", Method.POST, {"requests": requests}))
    assert answers["responses"][0]["body"]["id"] == ids[0]


async def test_a_claims_challenge_is_answered_by_the_sdk(client, directory, credential):
    directory.quirks.set({"claims_challenge": True})
    answer = await client.users.delta.get(raw())
    assert answer.status_code == 200
    assert credential.claims[0] is None
    assert "access_token" in credential.claims[1]


async def test_the_sdk_retries_a_throttled_request_by_itself(client, app):
    app.faults.add({"match": {"stream": "users"}, "times": 1, "action": {"status": 429, "retry_after": 0}})
    options = RequestConfiguration(options=[ResponseHandlerOption(NativeResponseHandler())])
    answer = await client.users.delta.get(options)
    assert answer.status_code == 200
    assert [entry.status for entry in app.journal] == [429, 200]
    assert list(app.journal)[-1].headers["retry-attempt"] == "1"
