"""Limits of the guard, at their edges."""

from __future__ import annotations

import pytest

from syncd.core.guard import DeletionLimit, Guards, emptied_held, removals_held, seats_held

ALL = "all of them"


@pytest.mark.parametrize(
    ("removals", "active", "tripped"),
    [
        (0, 0, None),
        (0, 100, None),
        (1, 0, None),
        (1, 1, None),
        (1, 9, None),
        (1, 10, None),
        (2, 10, "limit 10 %"),
        (2, 9, None),
        (8, 9, None),
        (9, 9, ALL),
        (2, 2, ALL),
        (3, 2, ALL),
        (100, 1000, None),
        (101, 1000, "limit 10 %"),
        (500, 10_000, None),
        (501, 10_000, "limit 500"),
        (1000, 1000, ALL),
    ],
)
def test_the_usual_limit_is_passed_one_above_it(removals: int, active: int, tripped: str | None) -> None:
    assert DeletionLimit().tripped(removals, active) == tripped


@pytest.mark.parametrize(
    ("limit", "removals", "active", "tripped"),
    [
        (DeletionLimit(count=0), 0, 100, None),
        (DeletionLimit(count=0), 1, 100, "limit 0"),
        (DeletionLimit(percent=0, minimum=0), 1, 100, "limit 0 %"),
        (DeletionLimit(percent=0, minimum=0), 0, 100, None),
        (DeletionLimit(percent=100), 99, 100, None),
        (DeletionLimit(percent=100), 100, 100, ALL),
        (DeletionLimit(percent=2.5), 5, 200, None),
        (DeletionLimit(percent=2.5), 6, 200, "limit 2.5 %"),
        (DeletionLimit(minimum=0), 1, 1, "limit 10 %"),
        (DeletionLimit(minimum=0), 1, 0, "limit 10 %"),
        (DeletionLimit(spent=True), 0, 100, None),
        (DeletionLimit(spent=True), 1, 100, "found after this cycle's removals were counted"),
        (DeletionLimit(spent=True), 11, 100, "limit 10 %"),
    ],
)
def test_a_limit_of_ones_own_is_passed_one_above_it(
    limit: DeletionLimit, removals: int, active: int, tripped: str | None
) -> None:
    assert limit.tripped(removals, active) == tripped


def test_a_protected_name_is_known_in_any_letter_case() -> None:
    guards = Guards(protect=frozenset({"admin@contoso.com"}))
    assert guards.protects(["x", "Admin@Contoso.com"])
    assert not guards.protects(["jane@contoso.com"])
    assert not guards.protects([])


def test_the_sentences_have_the_numbers() -> None:
    assert removals_held("user", 412, 2031, "limit 10 %") == (
        "412 of 2,031 linked users would be deactivated or deleted (20.3 %, limit 10 %); "
        "none of these was sent, the rest went on"
    )
    assert "1 of 0 linked groups would be deactivated or deleted (limit 0)" in removals_held("group", 1, 0, "limit 0")
    assert seats_held(20, 990, 1000) == ("no seat: 990 of 1,000 seats are taken, and 20 more accounts would need one")
    assert emptied_held(1).startswith("1 group would")
    assert emptied_held(2).startswith("2 groups would")
