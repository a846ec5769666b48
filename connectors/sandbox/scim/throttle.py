"""Too many requests: so many are let in, then none until a pause is over."""

from __future__ import annotations

import math

from connectors.sandbox.clock import Clock


class Throttle:
    """Counts requests by the sandbox's clock."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.restart()

    def restart(self) -> None:
        """Count from nothing again."""
        self._counted = 0
        self._opens: float | None = None

    def wait_s(self, most: int | None, pause_s: float) -> int:
        """Whole seconds that this request is too early, 0 where it may come in. `most`: None lets everybody in."""
        if most is None:
            return 0
        now = self._clock.time()
        if self._opens is not None and now >= self._opens:
            self.restart()
        if self._opens is None and self._counted >= most:
            self._opens = now + pause_s
        if self._opens is not None:
            return max(1, math.ceil(self._opens - now))
        self._counted += 1
        return 0
