"""What the connector relies on in the Okta SDK, and the traps that it walks around: a change of either shows here."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import AsyncIterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest

from tests.contract.okta_world import TOKEN, World, organisation

CONNECTOR = Path(__file__).parents[2] / "connectors" / "okta"


@pytest.fixture
async def world() -> AsyncIterator[World]:
    with organisation() as made:
        made.people(12)
        made.options(page_size=5)
        yield made
        await made.close()


def sdk_executor(world: World) -> Any:
    """The SDK's own request executor as it comes."""
    from okta.cache.no_op_cache import NoOpCache
    from okta.request_executor import RequestExecutor

    client = {"orgUrl": world.url, "authorizationMode": "SSWS", "token": TOKEN, "rateLimit": {"maxRetries": 2}}
    return RequestExecutor({"client": client}, NoOpCache())


async def test_okta_sdk_trap_table_unchanged(world: World) -> None:
    executor = sdk_executor(world)
    request, error = await executor.create_request("GET", f"{world.url}/api/v1/users?limit=5")
    assert error is None
    assert request["headers"]["Authorization"] == f"SSWS {TOKEN}", "the executor's header has a space"
    assert request["headers"]["User-Agent"].startswith(f"okta-sdk-python/{version('okta')}")

    _, response, _, error = await executor.fire_request(request)
    assert (response.status, error) == (200, None)
    assert response.links["next"]["url"].raw_path_qs.startswith("/api/v1/users?"), "links merges Link lines"

    world.fault({"status": 400})
    _, response, _, error = await executor.fire_request(request)
    assert (response.status, error) == (400, None), "an HTTP error is no error to fire_request"

    world.fault({"drop": "before"}, times=3)
    _, response, _, error = await executor.fire_request(request)
    assert response is None, "a broken connection gives no response"
    assert error is not None

    world.fault({"status": 429, "strip_headers": ["x-rate-limit-reset"]})
    _, response, _, error = await executor.fire_request(request)
    assert response.status == 429
    assert error is not None, "a 429 without headers gives both, and is not tried again"

    for status in (500, 502):
        world.forget()
        world.fault({"status": status})
        await executor.fire_request(request)
        assert len(world.requests()) == 1, f"{status} is never tried again"

    world.fault({"redirect": "same"})
    world.forget()
    world.fault({"redirect": "same"})
    _, response, _, _ = await executor.fire_request(request)
    assert (response.status, len(world.requests())) == (200, 2), "redirects are followed"


async def test_the_sdk_takes_its_configuration_from_whoever_constructs_the_executor(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OKTA_CLIENT_TOKEN", "stolen")
    request, _ = await sdk_executor(world).create_request("GET", "/api/v1/users")
    assert request["url"] == f"{world.url}/api/v1/users"
    assert "stolen" not in str(request)


def test_okta_no_typed_pagination_in_source() -> None:
    forbidden = {"paginate_all", "paginate_pages", "extract_next_cursor", "PaginationHelper", "Client"}
    modules = {"okta.client", "okta.pagination", "okta.models", "okta.api", "okta.api_client"}
    for file in CONNECTOR.glob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Name | ast.Attribute):
                assert (node.id if isinstance(node, ast.Name) else node.attr) not in forbidden, file
            if isinstance(node, ast.ImportFrom) and node.module:
                assert node.module not in modules, file


def test_the_sdk_is_loaded_only_when_a_source_is_opened() -> None:
    code = "import sys, connectors.okta.source, connectors.okta.settings; sys.exit('okta' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False, cwd=CONNECTOR.parents[1]).returncode == 0
