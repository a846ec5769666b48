"""When a job is quarantined, how it slows down, and that it heals."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from syncd.core.quarantine import PAUSES, Quarantine, judge

NOW = datetime(2026, 1, 31, 8, tzinfo=UTC)


def after(
    before: Quarantine | None = None, *, refused: str | None = None, failed: int = 0, done: int = 0
) -> Quarantine | None:
    return judge(before, refused=refused, failed=failed, done=done, detail="many failed", now=NOW)


def test_refused_credentials_quarantine_at_once() -> None:
    found = after(refused="the token is refused")
    assert found is not None
    assert (found.reason, found.detail, found.attempts) == ("credentials", "the token is refused", 1)
    assert found.next_attempt == NOW + timedelta(minutes=30)


@pytest.mark.parametrize(
    ("failed", "done", "quarantined"),
    [(19, 0, False), (20, 0, True), (20, 30, False), (20, 29, True), (100, 1000, False), (0, 0, False)],
)
def test_most_of_a_cycle_failing_quarantines(failed: int, done: int, quarantined: bool) -> None:
    assert (after(failed=failed, done=done) is not None) is quarantined


def test_pauses_grow_to_a_day_and_never_end() -> None:
    found = None
    for pause in [*PAUSES, PAUSES[-1], PAUSES[-1]]:
        found = after(found, refused="no")
        assert found is not None
        assert found.next_attempt - NOW == pause
    assert found is not None
    assert found.since == NOW
    assert PAUSES[-1] == timedelta(days=1)


def test_a_healthy_cycle_heals_and_another_reason_begins_anew() -> None:
    before = after(refused="no")
    assert after(before) is None
    other = after(before, failed=50)
    assert other is not None
    assert (other.reason, other.attempts) == ("failing", 1)
