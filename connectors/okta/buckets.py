"""Keeping below Okta's rate limits: one budget a kind of endpoint, as the answers' headers tell it.

Every answer carries X-Rate-Limit-Limit, -Remaining and -Reset (epoch seconds of Okta's clock). Okta API documentation,
"Rate limits". Reset is compared with the answer's own Date, so that this machine's clock does not matter.
"""

from __future__ import annotations

import contextlib
import math
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime

#: Share of a bucket that is left to others who use the same organisation.
RESERVE = 0.1

#: Okta counts in windows of a minute; a Reset further ahead is not believed.
LONGEST_WAIT_S = 120.0


@dataclass(kw_only=True, slots=True)
class Bucket:
    """What is known of one budget. Times are seconds of Okta's clock."""

    limit: int = 0
    remaining: int = 0
    reset: float = 0.0  #: 0: nothing is known yet
    in_flight: int = 0

    @property
    def reserve(self) -> int:
        return min(self.limit - 1, max(1, math.ceil(self.limit * RESERVE)))

    def wait_s(self, now: float) -> float:
        """How long the next request has to wait, 0 for not at all."""
        if self.reset and now > self.reset:
            self.remaining, self.reset = self.limit, now + 60  # a new window: its true end comes with the next answer
        if not self.reset or self.remaining - self.in_flight > self.reserve:
            return 0.0
        return min(self.reset - now + 1, LONGEST_WAIT_S)  # Date and Reset have whole seconds

    def learn(self, limit: int, remaining: int, reset: float) -> None:
        if limit <= 0:
            return  # the concurrency limit answers 0 of 0, which says nothing about the budget
        if self.reset and abs(reset - self.reset) < 1:
            remaining = min(remaining, self.remaining)  # answers overtake each other
        self.limit, self.remaining, self.reset = limit, remaining, reset


class Buckets:
    """All budgets of one organisation; one of them exhausted does not hold up the others."""

    def __init__(self, *, clock: Callable[[], float], sleep: Callable[[float], Awaitable[None]]) -> None:
        self._clock, self._sleep = clock, sleep
        self._ahead = 0.0  #: Okta's clock less ours
        self.told = False  #: an answer has told Okta's time
        self._buckets: dict[str, Bucket] = {}
        self.waited_s = 0.0  #: spent waiting for a new window, in all

    def now(self) -> float:
        """Okta's time, in epoch seconds, once an answer has told it."""
        return self._clock() + self._ahead

    def limit(self, path: str) -> int:
        """Requests a minute that this path's budget has, 0 where that is not known."""
        return self._buckets.get(bucket_of(path), Bucket()).limit

    async def admit(self, path: str) -> contextlib.AbstractContextManager[None]:
        """Wait until the budget of this path allows one more request, which lasts as long as the context."""
        bucket = self._buckets.setdefault(bucket_of(path), Bucket())
        while (wait_s := bucket.wait_s(self.now())) > 0:
            self.waited_s += wait_s
            await self._sleep(wait_s)
        bucket.in_flight += 1
        return _leaving(bucket)

    def learn(self, path: str, headers: Mapping[str, str]) -> None:
        """Take in the headers of an answer that has just come."""
        with contextlib.suppress(KeyError, ValueError, TypeError):
            self._ahead = parsedate_to_datetime(headers["Date"]).timestamp() - self._clock()
            self.told = True
        with contextlib.suppress(KeyError, ValueError):
            limit, remaining = int(headers["X-Rate-Limit-Limit"]), int(headers["X-Rate-Limit-Remaining"])
            self._buckets.setdefault(bucket_of(path), Bucket()).learn(
                limit, remaining, float(headers["X-Rate-Limit-Reset"])
            )


@contextlib.contextmanager
def _leaving(bucket: Bucket) -> Iterator[None]:
    try:
        yield
    finally:
        bucket.in_flight -= 1


def bucket_of(path: str) -> str:
    """The name of the budget that a path below the organisation's address draws on.

    Lists and single objects have budgets of their own, and everything below one application shares that of /apps.
    """
    parts = path.split("?", 1)[0].strip("/").split("/")
    if parts[:2] != ["api", "v1"] or len(parts) < 3:
        return parts[0]
    kind, depth = parts[2], min(len(parts) - 3, 2)
    if kind == "apps":
        return "apps/{id}" if depth == 1 else "apps"
    if kind in {"users", "groups"}:
        return (kind, f"{kind}/{{id}}", f"{kind}/{{id}}/{parts[-1]}")[depth]
    return kind if kind == "logs" else "other"
