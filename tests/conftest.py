"""Fixtures for the whole suite: third-party servers and a database, each started once a session when first asked for."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

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
