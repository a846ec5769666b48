"""Patterns give up sooner here than in operation."""

from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("comparisons", "scope"):
        monkeypatch.setattr(f"syncd.core.{module}.REGEX_TIME_LIMIT_S", 0.01)
