"""Okta's times: UTC text of fixed width, so that text order is time order.

Stored times have whole seconds, as live organisations show them; the System Log has milliseconds.
"""

from __future__ import annotations

from datetime import UTC, datetime


def timestamp(at: datetime) -> str:
    """`2026-01-10T08:00:00.000Z`: whole seconds."""
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%S}.000Z"


def precise(at: datetime) -> str:
    """`2026-01-10T08:00:00.123Z`: milliseconds, for the System Log."""
    at = at.astimezone(UTC)
    return f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03d}Z"


def parse(text: str) -> datetime:
    """A time that a client wrote (ISO 8601, with or without fraction and zone). ValueError when it is none."""
    at = datetime.fromisoformat(text)
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def comparable(text: str) -> str:
    """A client's time in the form of `precise`, to compare it with stored ones. ValueError when it is none."""
    return precise(parse(text))
