"""Counts in words."""

from __future__ import annotations


def amount(count: int, word: str) -> str:
    """1 user, 1,200 users."""
    return f"{count:,} {word}{'' if count == 1 else 's'}"
