"""What is lost where the Graph SDK parses for its caller, which is why the connector takes answers as bytes."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import orjson
import pytest
from kiota_serialization_json.json_parse_node_factory import JsonParseNodeFactory

from tests.contract.graph_world import World, tenant

# The SDK warns about its own request builders when it imports them.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")

ID = "a0000000-0000-4000-8000-000000000001"


@pytest.fixture
def world() -> Iterator[World]:
    with tenant(users=5) as made:
        yield made


def test_graph_sdk_trap_table_unchanged_of_models():
    """Shown with small models; what all of them share is the parser, and parsing a user imports a thousand more."""
    from msgraph.generated.models.app_role import AppRole
    from msgraph.generated.models.password_credential import PasswordCredential
    from msgraph.generated.models.user import User

    def parsed(model: Any, properties: dict[str, Any]) -> Any:
        node = JsonParseNodeFactory().get_root_parse_node("application/json", orjson.dumps(properties))
        return node.get_object_value(model)

    cleared, absent = parsed(AppRole, {"id": ID, "value": None}), parsed(AppRole, {"id": ID})
    texts = {"day": "2024-01-02", "code": ID, "cost": "19-2026", "none": None}
    changes = {"manager@delta": [{"id": ID}], "@removed": {"reason": "changed"}}
    found = {
        "cleared": (cleared.value, cleared.additional_data),
        "absent": (absent.value, absent.additional_data),
        "id": cleared.id,
        "unknown": parsed(AppRole, texts | changes).additional_data,
        "time": parsed(PasswordCredential, {"startDateTime": "2024-01-02T00:00:00.1234567Z"}).start_date_time,
        "type": User().odata_type,
    }
    assert found == {
        "cleared": (None, {}),
        "absent": (None, {}),
        "id": UUID(ID),
        "unknown": {
            "day": datetime.fromisoformat("2024-01-02"),
            "code": UUID(ID),
            "cost": "19-2026",
            "none": None,
            "manager@delta": [{"id": UUID(ID)}],
            "@removed": {"reason": "changed"},
        },
        "time": datetime(2024, 1, 2, microsecond=123_456, tzinfo=UTC),
        "type": "#microsoft.graph.user",
    }


def test_graph_sdk_trap_table_unchanged_of_a_fresh_process(world: World):
    """The parser comes with the service client alone: without it an error has no code. And a client has one loop."""
    world.fault({"status": 400, "body": {"error": {"code": "syncStateNotFound", "message": "m"}}}, times=2)
    script = f"""
import asyncio, warnings
warnings.simplefilter("ignore")
from kiota_abstractions.authentication import AnonymousAuthenticationProvider
from kiota_abstractions.method import Method
from kiota_abstractions.request_information import RequestInformation
from msgraph import GraphRequestAdapter, GraphServiceClient

async def ask(adapter):
    from msgraph.generated.models.o_data_errors.o_data_error import ODataError
    request = RequestInformation()
    request.http_method, request.url = Method.GET, {world.root + "/users/delta"!r}
    try:
        await adapter.send_primitive_async(request, "bytes", {{"XXX": ODataError}})
    except Exception as error:
        code = getattr(getattr(error, "error", None), "code", None)
        return type(error).__name__, getattr(error, "response_status_code", None), code

async def both():
    adapter = GraphRequestAdapter(AnonymousAuthenticationProvider())
    print(*await ask(adapter))
    GraphServiceClient(request_adapter=adapter)
    print(*await ask(adapter))
    return adapter

adapter = asyncio.run(both())
print(asyncio.run(ask(adapter))[0])
"""
    done = subprocess.run([sys.executable, "-c", script], check=False, capture_output=True, text=True, timeout=60)
    assert done.stdout.splitlines() == [
        "APIError 400 None",
        "ODataError 400 syncStateNotFound",
        "RuntimeError",
    ], done.stderr
