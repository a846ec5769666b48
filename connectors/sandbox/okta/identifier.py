"""Okta's ids: twenty characters that begin with the kind, here counted up so that the same seed gives the same ids."""

from __future__ import annotations

import random

_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"

#: kind -> the three characters that its ids begin with
PREFIXES = {
    "user": "00u",
    "group": "00g",
    "app": "0oa",
    "user_type": "oty",
    "mapping": "prm",
    "push": "gPm",
    "schema": "osc",
    "token": "00T",
}


class Identifiers:
    """Gives ids in rising order: an id made later sorts behind every earlier one of its kind."""

    def __init__(self, seed: int) -> None:
        rng = random.Random(f"okta {seed}")  # noqa: S311 - reproducible test data, no secret
        self._org = "".join(rng.choices(_DIGITS[10:], k=4))
        self._next: dict[str, int] = {}
        self._random = rng

    def next(self, kind: str) -> str:
        """The next id of a kind of `PREFIXES`, e.g. "00ukfjq000000001d697"."""
        number = self._next.get(kind, 0) + 1
        self._next[kind] = number
        return f"{PREFIXES[kind]}{self._org}{number:09d}d697"

    def uuid(self) -> str:
        """A reproducible version 4 UUID, as the System Log has them."""
        bits = self._random.getrandbits(128)
        text = f"{bits:032x}"
        return f"{text[:8]}-{text[8:12]}-4{text[13:16]}-{'89ab'[bits & 3]}{text[17:20]}-{text[20:]}"
