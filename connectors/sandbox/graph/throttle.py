"""Throttling in resource units, per application and tenant.

Source: Microsoft Graph documentation, "Microsoft Graph service-specific throttling limits", identity and access:
3,500 (up to 50 users), 5,000 (up to 500) or 8,000 resource units in 10 seconds; costs by request, not by row.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from email.utils import format_datetime

from connectors.sandbox.clock import Clock
from connectors.sandbox.graph.fault import GraphError
from connectors.sandbox.graph.query import Query
from connectors.sandbox.graph.quirks import Quirks

_LIMITS = {"S": 3_500, "M": 5_000, "L": 8_000}
_WINDOW_S = 10.0
_SHED = {"low": 0.9, "normal": 1.0, "high": 1.1}  # the load from which a priority is refused


def cost(query: Query) -> int:
    """Resource units of one request."""
    segments = query.segments
    if segments[-1:] == ("getByIds",):
        return 2 if "$select" in query.options else 5
    base = 1
    if segments[:1] == ("users",) and segments[1:2] != ("delta",) and segments[2:3] != ("manager",):
        base = 2
    elif "transitiveMembers" in segments:
        base = 5
    elif "members" in segments:
        base = 3
    elif segments[-1:] == ("appRoleAssignments",):
        base = 2
    base -= "$select" in query.options
    base += "$expand" in query.options
    top = query.options.get("$top", "")
    base -= top.isdigit() and int(top) < 20
    return max(1, base)


class Throttle:
    """The bucket: it drains with the clock, and refused requests count as well."""

    def __init__(self, clock: Clock, quirks: Quirks) -> None:
        self._clock = clock
        self._quirks = quirks
        self.reset()

    def reset(self) -> None:
        """An empty bucket, and counters at zero."""
        self._level = 0.0
        self._at = self._clock.time()
        self._owed = 0.0
        self.spent = 0  #: resource units so far
        self.refused = 0  #: requests so far

    def spend(self, units: int, *, users: int, priority: str) -> Mapping[str, str]:
        """Headers for a request that may pass. Raises GraphError 429 for one that may not."""
        size = self._quirks.tenant_size or ("S" if users < 50 else "M" if users <= 500 else "L")
        limit, now = _LIMITS[size], self._clock.time()
        self._level = max(0.0, self._level - (now - self._at) * limit / _WINDOW_S) + units
        self._at = now
        self.spent += units
        load = self._level / limit
        headers = {"x-ms-resource-unit": str(units)}
        if not self._quirks.throttle:
            return headers
        if load >= 0.8:
            headers["x-ms-throttle-limit-percentage"] = f"{load:.2f}"
        over = load - _SHED.get(priority.lower(), 1.0)
        if over > 0:
            # From the limit on a rising share is refused: a fifth just above it, four fifths at 1.8 times.
            self._owed += min(0.8, 0.2 + over * 0.75)
            if self._owed >= 1:
                self._owed -= 1
                self.refused += 1
                raise self.refusal(headers, seconds=max(1, round(over * _WINDOW_S)))
        return headers

    def refusal(self, headers: Mapping[str, str], *, seconds: int) -> GraphError:
        """A 429 in the form that the quirks ask for."""
        after = {
            "seconds": str(seconds),
            "long": "300",
            "date": format_datetime(self._clock.now() + timedelta(seconds=seconds), usegmt=True),
            "missing": None,
        }[self._quirks.retry_after]
        return GraphError(
            429,
            "TooManyRequests",
            "Too many requests",
            {
                **headers,
                **({"retry-after": after} if after else {}),
                "x-ms-throttle-scope": "Tenant_Application/ReadWrite/sandbox/contoso",
                "x-ms-throttle-information": "ResourceUnitLimitExceeded",
            },
        )
