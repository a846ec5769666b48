"""The directory's append-only change log: what delta tells is worked out from it."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from typing import Literal

from connectors.sandbox.graph.entity import Entity

Kind = Literal["created", "set", "linked", "unlinked", "deleted", "purged", "restored"]


@dataclass(frozen=True, slots=True)
class Change:
    """One change of one object. Its sequence number is its place in the log, counted from 1."""

    at: float  #: seconds since 1970
    kind: Kind
    entity: Entity
    properties: frozenset[str] = frozenset()  #: set: the names
    navigation: str = ""  #: linked, unlinked: "members" or "manager"
    other: Entity | None = None  #: linked, unlinked: the member or the manager


class ChangeLog:
    """Changes in the order in which they were made; a fresh directory has none."""

    def __init__(self) -> None:
        self._changes: list[Change] = []
        self._times: list[float] = []

    def append(self, change: Change) -> None:
        self._changes.append(change)
        self._times.append(change.at)

    def __len__(self) -> int:
        return len(self._changes)

    def until(self, moment: float) -> int:
        """The sequence number of the last change made at that moment or before."""
        return bisect_right(self._times, moment)

    def between(self, after: int, last: int) -> list[Change]:
        """Changes with sequence numbers after < n <= last."""
        return self._changes[after:last]

    def since(self, moment: float) -> list[Change]:
        """Changes made later than that moment."""
        return self._changes[self.until(moment) :]
