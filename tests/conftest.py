"""Fixtures for the whole suite: third-party servers and a database, each started once a session when first asked for."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from state.process import Process, process_mark, this_host
from state.store import Store
from tests import servers


@pytest.fixture(scope="session")
def scim2_server() -> Iterator[servers.RunningServer]:
    with servers.scim2_server() as server:
        yield server


@pytest.fixture(scope="session")
def django_scim2() -> Iterator[servers.RunningServer]:
    with servers.django_scim2() as server:
        yield server


@pytest.fixture(scope="session")
def scimmy() -> Iterator[servers.RunningServer]:
    with servers.scimmy() as server:
        yield server


@pytest.fixture(scope="session")
def postgres() -> Iterator[servers.Postgres]:
    """`postgres.database()` gives the URL of a new, empty database."""
    with servers.postgres() as cluster:
        yield cluster


@pytest.fixture(params=["sqlite", "postgresql"])
def state_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of a new, empty state DB: each test that asks for it runs on both databases."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/state.db"
    cluster: servers.Postgres = request.getfixturevalue("postgres")
    return cluster.database()


@pytest.fixture
def store(state_url: str) -> Iterator[Store]:
    """An open state DB with its schema."""
    opened = Store.open(state_url)
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def dead() -> Process:
    """A process of this host that has ended."""
    with subprocess.Popen([sys.executable, "-c", "import sys; sys.stdin.read()"], stdin=subprocess.PIPE) as child:
        mark = process_mark(child.pid)
        assert mark is not None
        child.communicate()
    return Process(host=this_host(), mark=mark)
