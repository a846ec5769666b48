"""How long to wait before a request is tried again, and how often at most."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC
from email.utils import parsedate_to_datetime

from connectors.okta.buckets import LONGEST_WAIT_S


@dataclass(frozen=True, kw_only=True, slots=True)
class Backoff:
    """Jittered exponential waits, and Okta's own word where it gives one."""

    attempts: int = 8  #: of one request; eight refused minutes are an organisation that is busy otherwise
    budget_s: float = 900.0  #: of waiting for one request, in all
    first_s: float = 0.5
    longest_s: float = 30.0
    random: random.Random = field(default_factory=random.SystemRandom)

    def jitter_s(self, attempt: int) -> float:
        """The wait after the n-th failed attempt: doubled each time, of which the upper half is chance."""
        whole: float = min(self.longest_s, self.first_s * 2 ** (attempt - 1))
        return whole * self.random.uniform(0.5, 1.0)

    def throttled_s(self, attempt: int, headers: Mapping[str, str], now: float) -> float:
        """The wait after a 429: until X-Rate-Limit-Reset or Retry-After, whichever is later; `now` is Okta's time.

        A concurrency limit (0 of 0 requests) has a Reset that is only a hint, so chance decides, as without headers.
        """
        waits = [self.jitter_s(attempt)]
        reset = _number(headers.get("X-Rate-Limit-Reset"))
        if reset is not None and not concurrency_exceeded(headers):
            waits.append(reset - now + 1)  # whole seconds on both sides
        after = headers.get("Retry-After", "")
        if (seconds := _number(after)) is not None:
            waits.append(seconds)
        elif (at := _instant(after)) is not None:
            waits.append(at - now + 1)
        return min(max(waits), LONGEST_WAIT_S)


def concurrency_exceeded(headers: Mapping[str, str]) -> bool:
    """Too many requests at once, rather than in a minute."""
    return headers.get("X-Rate-Limit-Limit") == "0" and headers.get("X-Rate-Limit-Remaining") == "0"


def _number(text: str | None) -> float | None:
    try:
        return float(text or "")
    except ValueError:
        return None


def _instant(text: str) -> float | None:
    """An HTTP date as epoch seconds."""
    try:
        at = parsedate_to_datetime(text)
    except ValueError:
        return None
    return (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp()
