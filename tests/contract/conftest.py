"""Fixtures for the contracts of sources and targets."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.contract.target_world import Open, worlds


@pytest.fixture
async def world() -> AsyncIterator[Open]:
    """Starts the sandbox's SCIM service with some quirks, and a target on it."""
    async with worlds() as start:
        yield start
