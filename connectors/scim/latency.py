"""Whether a target keeps up: its answers of now against the best that it gave."""

from __future__ import annotations

from dataclasses import dataclass

#: below this nobody is in pain, whatever the proportion
FAST_S = 0.05
_BEARABLE = 3.0
_NEWEST = 0.1  #: weight of one answer in the level of now


@dataclass(slots=True)
class _Level:
    best_s: float
    now_s: float


class Latency:
    """Judges each answer's time by those of its own method: a POST that hashes a password is no slow GET."""

    def __init__(self) -> None:
        self._levels: dict[str, _Level] = {}

    def holds(self, method: str, seconds: float, *, alone: bool) -> bool:
        """Takes an answer's time in. False: answers take far longer than the best did, so too many are in flight.

        `alone`: no other request was, so what it took is what this service takes, and the new measure.
        """
        level = self._levels.get(method)
        if level is None:
            self._levels[method] = _Level(best_s=seconds, now_s=seconds)
            return True
        level.now_s += _NEWEST * (seconds - level.now_s)
        if alone or level.now_s < level.best_s:
            level.best_s = level.now_s
        return level.now_s <= FAST_S or level.now_s <= _BEARABLE * level.best_s
