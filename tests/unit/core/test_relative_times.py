"""Clauses that compare with a time relative to now: what they answer, and when that turns."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from syncd.core.expression import EvaluationContext
from syncd.core.filters import Clause, Filters, compile_filters
from syncd.core.vocabulary import vocabulary
from tests.unit.core.build import entry

NOW = datetime(2026, 3, 31, 12, tzinfo=UTC)
AT_NOW = EvaluationContext(now=lambda: NOW)


def filters(*lists: list[tuple[str, str, Any]]) -> Filters:
    clauses = [[Clause(attribute=a, operator=o, value=v) for a, o, v in some] for some in lists]
    return compile_filters(clauses, vocabulary("graph", "user").resolve)


@pytest.mark.parametrize(
    ("operator", "value", "seen", "holds"),
    [
        ("BEFORE", "now", "2026-03-31T11:59:59Z", True),
        ("BEFORE", "now", "2026-03-31T12:00:01Z", False),
        ("AFTER", "now", "2026-04-01", True),
        ("AFTER", "-30d", "2026-03-02", True),
        ("AFTER", "-30d", "2026-03-01", False),
        ("BEFORE", "+2w", "2026-04-14T11:59:00Z", True),
        ("BEFORE", "+12h", "2026-03-31T23:59:00Z", True),
        ("AFTER", "-90m", "2026-03-31T10:31:00Z", True),
        ("AFTER", "-30d", None, False),
        ("AFTER", "-30d", "soon", False),
        ("BEFORE", "-99999w", "2026-03-31", False),
    ],
)
def test_a_time_may_be_relative_to_now(operator: str, value: str, seen: Any, holds: bool) -> None:
    found = filters([("employeeHireDate", operator, value)])
    assert not found.uses_clock, "when it turns can be told beforehand"
    assert (found.refused(entry(employeeHireDate=seen), AT_NOW) is None) is holds


@pytest.mark.parametrize("operator", ["BEFORE", "AFTER"])
@pytest.mark.parametrize(
    ("value", "seen", "turn"),
    [
        ("now", "2026-04-01T00:00:00Z", datetime(2026, 4, 1, tzinfo=UTC)),
        ("now", "2026-03-31T12:00:00Z", NOW),
        ("now", "2026-03-31T11:00:00Z", None),
        ("-30d", "2026-03-02", datetime(2026, 4, 1, tzinfo=UTC)),
        ("-30d", "2026-03-01", None),
        ("+2w", "2026-05-01T02:00:00+02:00", datetime(2026, 4, 17, tzinfo=UTC)),
        ("+2w", "soon", None),
        ("+2w", None, None),
        ("+99999w", "0001-01-01", None),
    ],
)
def test_when_a_relative_time_turns_is_known_beforehand(
    operator: str, value: str, seen: Any, turn: datetime | None
) -> None:
    found = filters([("employeeHireDate", operator, value)])
    due = found.next_turn(entry(employeeHireDate=seen), NOW)
    assert due == (None if turn is None else turn + timedelta(seconds=1))
    if due is not None:
        before, after = (
            found.refused(entry(employeeHireDate=seen), EvaluationContext(now=lambda at=at: at)) is None
            for at in (due - timedelta(seconds=2), due)
        )
        assert (before, after) == ((False, True) if operator == "BEFORE" else (True, False))


def test_the_first_turn_of_several_clauses_counts_and_a_fixed_time_never_turns() -> None:
    both = filters([("employeeHireDate", "BEFORE", "+7d")], [("employeeLeaveDateTime", "AFTER", "now")])
    person = entry(employeeHireDate="2026-04-10", employeeLeaveDateTime="2026-04-02")
    assert both.next_turn(person, NOW) == datetime(2026, 4, 2, 0, 0, 1, tzinfo=UTC)
    assert filters([("employeeHireDate", "BEFORE", "2026-04-10")]).next_turn(person, NOW) is None
