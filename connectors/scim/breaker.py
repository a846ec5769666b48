"""The circuit breaker of a target: after many failures in a row nothing is sent for a while, then one request as a trial."""

from __future__ import annotations

from connectors.scim.timing import Timing

FIRST_REST_S = 5.0
LONGEST_REST_S = 60.0
_FEWEST = 10


class Breaker:
    """Closed: requests go. Open: none goes until the rest is over. Half open: one goes, and decides.

    Any answer below 500 closes it: the service lives. A trial that fails doubles the rest, up to a minute. Opens after
    more failures than are in flight at a time, so that one bad moment does not do it.
    """

    def __init__(self, concurrency: int, timing: Timing) -> None:
        self.limit = max(_FEWEST, 2 * concurrency)
        self._timing = timing
        self._failures = 0
        self._said = ""
        self._rest = 0.0
        self._opened: float | None = None
        self._until = 0.0

    @property
    def is_open(self) -> bool:
        return self._opened is not None

    @property
    def open_for_s(self) -> float:
        """Seconds since it opened; 0 while it is closed."""
        return 0.0 if self._opened is None else self._timing.monotonic() - self._opened

    def rest_s(self) -> float:
        """Seconds until a request may leave. 0: now, and while it is open the caller's is the trial."""
        if self._opened is None:
            return 0.0
        now = self._timing.monotonic()
        if now < self._until:
            return self._until - now
        self._until = now + self._rest  # the others wait for the trial's end
        return 0.0

    def answered(self) -> None:
        """The service answered, and not with a fault of its own."""
        if self._failures:
            self._failures, self._opened = 0, None

    def failed(self, said: str, *, trial: bool) -> None:
        """A 5xx, or no answer. `trial`: the request left while the breaker was open."""
        self._failures += 1
        self._said = said
        now = self._timing.monotonic()
        if self._opened is None:
            if self._failures >= self.limit:
                self._opened, self._rest = now, FIRST_REST_S
                self._until = now + self._rest
        elif trial:
            self._rest = min(LONGEST_REST_S, 2 * self._rest)
            self._until = now + self._rest

    @property
    def words(self) -> str:
        """Its state, for an error message."""
        left = max(0.0, self._until - self._timing.monotonic())
        return (
            f"{self._failures} requests in a row failed, the last with: {self._said}; the circuit breaker is open for "
            f"{self.open_for_s:.0f} s and lets the next one try in {left:.0f} s"
        )
