"""Fixtures for the contracts of sources and targets."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.contract.product_world import OpenProduct, products
from tests.contract.target_world import Open, worlds


@pytest.fixture
async def world() -> AsyncIterator[Open]:
    """Starts the sandbox's SCIM service with some quirks, and a target on it."""
    async with worlds() as start:
        yield start


@pytest.fixture
async def product() -> AsyncIterator[OpenProduct]:
    """Starts the sandbox in a product's manner, and a target with its profile on it."""
    async with products() as start:
        yield start
