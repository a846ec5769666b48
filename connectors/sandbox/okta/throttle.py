"""Okta's rate limits: buckets of requests a minute, a share of each for one principal, and concurrency.

Source: Okta API documentation, "Rate limits". Okta shows the true figures of an organisation only in its console; the
numbers here are those of a Workforce and of a free integrator organisation.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from connectors.sandbox.clock import Clock
from connectors.sandbox.okta.errors import OktaError
from connectors.sandbox.okta.options import Options

_WINDOW_S = 60
#: bucket -> path, requests a minute (Workforce, free)
_BUCKETS: tuple[tuple[str, str, int, int], ...] = (
    ("users", r"/api/v1/users", 600, 100),
    ("user", r"/api/v1/users/[^/]+", 2000, 100),
    ("groups", r"/api/v1/groups", 500, 100),
    ("group", r"/api/v1/groups/[^/]+", 1000, 100),
    ("group-users", r"/api/v1/groups/[^/]+/users", 500, 100),
    ("app", r"/api/v1/apps/[^/]+", 500, 100),
    ("apps", r"/api/v1/apps(/.*)?", 100, 20),
    ("logs", r"/api/v1/logs", 120, 20),
    ("other", r"/api/v1/.*", 1200, 100),
    ("token", r"/oauth2/v1/token", 150, 150),
)
_PATTERNS = tuple((name, re.compile(path)) for name, path, *_ in _BUCKETS)
_CONCURRENCY = {"workforce": 75, "free": 35}
_UNLIMITED = 1_000_000


def bucket_of(path: str) -> str:
    """The name of the bucket that a path counts for."""
    return next((name for name, pattern in _PATTERNS if pattern.fullmatch(path)), "other")


@dataclass(slots=True)
class _Window:
    began: float
    used: int = 0


class Throttle:
    """Counts requests per bucket and principal; windows of 60 seconds begin with their first request."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._windows: dict[tuple[str, str], _Window] = {}
        self.counts: dict[str, int] = {}
        self.refused: dict[str, int] = {}

    def clear(self) -> None:
        """Forget all windows and counts."""
        self._windows.clear()
        self.counts.clear()
        self.refused.clear()

    def limit(self, bucket: str, options: Options) -> int:
        """Requests a minute that one principal may send to a bucket."""
        whole = options.buckets.get(bucket)
        if whole is None:
            if options.plan == "unlimited":
                return _UNLIMITED
            workforce, free = next((row[2], row[3]) for row in _BUCKETS if row[0] == bucket)
            whole = workforce if options.plan == "workforce" else free
        return max(1, whole * options.share_percent // 100)

    def take(self, path: str, principal: str, options: Options, concurrent: int) -> dict[str, str]:
        """Count one request; gives the rate-limit headers of its answer. OktaError E0000047 over a limit.

        `concurrent`: requests in flight, this one included.
        """
        bucket = bucket_of(path)
        self.counts[bucket] = self.counts.get(bucket, 0) + 1
        now = self._clock.time()
        window = self._windows.get((bucket, principal))
        if window is None or now >= window.began + _WINDOW_S:
            window = self._windows[bucket, principal] = _Window(now)
        limit, reset = self.limit(bucket, options), int(window.began + _WINDOW_S) + 1
        at_once = options.concurrency or _CONCURRENCY.get(options.plan)
        if at_once is not None and concurrent > max(1, at_once * options.share_percent // 100):
            raise self._refusal(bucket, limit=0, reset=reset)
        window.used += 1
        if window.used > limit:
            raise self._refusal(bucket, limit=limit, reset=reset)
        return rate_headers(limit, limit - window.used, reset)

    def _refusal(self, bucket: str, *, limit: int, reset: int) -> OktaError:
        self.refused[bucket] = self.refused.get(bucket, 0) + 1
        return OktaError(
            code="E0000047",
            summary="API call exceeded rate limit due to too many requests.",
            headers=rate_headers(limit, 0, reset),
        )


def rate_headers(limit: int, remaining: int, reset: int) -> dict[str, str]:
    """The three headers; `reset` in seconds since 1970."""
    return {
        "x-rate-limit-limit": str(limit),
        "x-rate-limit-remaining": str(remaining),
        "x-rate-limit-reset": str(reset),
    }
