"""A job's quarantine as the state DB keeps it."""

from __future__ import annotations

from datetime import datetime

from syncd.core.model import Json
from syncd.core.quarantine import Quarantine


def quarantine_data(one: Quarantine | None) -> dict[str, Json] | None:
    """As JSON, with the field names that `syncd status -o json` shows."""
    if one is None:
        return None
    return {
        "reason": one.reason,
        "detail": one.detail,
        "since": one.since.isoformat(),
        "attempts": one.attempts,
        "next_attempt": one.next_attempt.isoformat(),
    }


def quarantine_from(data: Json) -> Quarantine | None:
    """From JSON."""
    if not data:
        return None
    return Quarantine(
        reason=data["reason"],
        detail=data["detail"],
        since=datetime.fromisoformat(data["since"]),
        attempts=data["attempts"],
        next_attempt=datetime.fromisoformat(data["next_attempt"]),
    )
