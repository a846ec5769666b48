"""A generated tenant of 120 users behind a server on loopback."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from connectors.sandbox.clock import Clock
from connectors.sandbox.emulator import Emulator
from connectors.sandbox.graph.app import graph_app
from connectors.sandbox.graph.directory import GraphDirectory
from connectors.sandbox.graph.generate import Tenant, generate
from connectors.sandbox.serve import serve


@pytest.fixture
def directory() -> GraphDirectory:
    directory = GraphDirectory(clock=Clock())
    generate(directory, Tenant(users=120, groups=12))
    return directory


@pytest.fixture
def app(directory: GraphDirectory) -> Emulator:
    return graph_app(directory)


@pytest.fixture
def url(app: Emulator) -> Iterator[str]:
    """The service's root, without /v1.0."""
    with serve({"graph": app}) as served:
        yield served["graph"]


@pytest.fixture
def graph(url: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=url, headers={"Authorization": "Bearer sandbox"}) as client:
        yield client
