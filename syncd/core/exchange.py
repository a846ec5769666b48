"""One HTTP request of a connector and what came of it, as those who watch are told."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple


class Exchange(NamedTuple):
    """A request that left. It names neither path nor body, which hold people's data."""

    method: str
    status: int | None  #: None: no answer came
    seconds: float  #: until the answer was whole, or until it was clear that none would come


Observer = Callable[[Exchange], None]


def unobserved(exchange: Exchange) -> None:
    """Nobody watches."""
