"""How fast requests may leave: a rate per second, and pauses that the target asked for."""

from __future__ import annotations

from connectors.scim.timing import Timing


class Pace:
    """Gives each request its moment. One for all requests to a target, so that a pause holds them all.

    The bucket has the depth one: requests are spaced evenly, and never more than `rate` leave in any second.
    """

    def __init__(self, rate: float | None, timing: Timing) -> None:
        self._interval = 0.0 if rate is None else 1.0 / rate
        self._timing = timing
        self._next = 0.0
        self._pause_until = 0.0

    @property
    def free(self) -> bool:
        """Nothing ever held a request here."""
        return not self._interval and not self._pause_until

    async def wait(self) -> None:
        """Returns when the next request may leave."""
        while True:
            now = self._timing.monotonic()
            if (held := self._pause_until - now) > 0:
                await self._timing.sleep(held)
                continue
            if not self._interval:
                return
            slot = max(now, self._next)
            self._next = slot + self._interval
            if slot <= now:
                return
            await self._timing.sleep(slot - now)
            if self._pause_until <= self._timing.monotonic():
                return

    def pause(self, seconds: float) -> None:
        """No request leaves for so long; a longer pause that is already on stays."""
        self._pause_until = max(self._pause_until, self._timing.monotonic() + seconds)
