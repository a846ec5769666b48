"""Prometheus metrics: counters of this process, and gauges read from the state DB at each scrape.

Gauges tell the truth after a restart too, since nothing but the state DB holds it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from sqlalchemy.exc import SQLAlchemyError

from state.errors import StateError
from syncd.core.exchange import Exchange
from syncd.report.result import JobResult
from syncd.runtime import Runtime

RESULTS = ("ok", "held", "partial", "failed")
SETTLED = ("done", "failed", "held", "skipped")
#: seconds; a quiet cycle takes less than one, a first one of a large directory an hour
CYCLE_BUCKETS = (0.1, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600, 1800, 3600, 7200)
REQUEST_BUCKETS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)


class Metrics:
    """All metrics of one daemon. `runtime` gives the one in force, which a reload replaces."""

    def __init__(self, runtime: Callable[[], Runtime]) -> None:
        self._runtime = runtime
        self.registry = registry = CollectorRegistry()
        job = ("job",)
        self._seconds = Histogram(
            "syncd_cycle_seconds", "How long cycles took.", job, buckets=CYCLE_BUCKETS, registry=registry
        )
        self._cycles = Counter("syncd_cycles", "Cycles by result.", ("job", "result"), registry=registry)
        self._changes = Counter(
            "syncd_changes", "Rows of plans by action and status.", ("job", "action", "status"), registry=registry
        )
        self._requests = Counter(
            "syncd_requests",
            "HTTP requests by endpoint and status; none: no answer came.",
            ("endpoint", "method", "status"),
            registry=registry,
        )
        self._request_seconds = Histogram(
            "syncd_request_seconds",
            "How long HTTP requests took.",
            ("endpoint",),
            buckets=REQUEST_BUCKETS,
            registry=registry,
        )
        self._throttled = Counter(
            "syncd_throttled", "Answers 429: the service asked to wait.", ("endpoint",), registry=registry
        )
        registry.register(_StateCollector(runtime))
        self.begin()

    def begin(self) -> None:
        """Bring out every series that is known beforehand at 0, so that its first increase can be seen."""
        settings = self._runtime().settings
        for name in settings.jobs:
            self._seconds.labels(name)
            for result in RESULTS:
                self._cycles.labels(name, result)
        for endpoint in (*(f"sources.{s}" for s in settings.sources), *(f"targets.{t}" for t in settings.targets)):
            self._throttled.labels(endpoint)
            self._request_seconds.labels(endpoint)

    def cycle(self, result: JobResult) -> None:
        """A cycle has ended. Raises StateError."""
        self._seconds.labels(result.job).observe(result.seconds)
        self._cycles.labels(result.job, result.word).inc()
        journal = self._runtime().store.journal
        for plan in result.plans:
            for (action, _, status), count in journal.tally(plan).items():
                if status in SETTLED:
                    self._changes.labels(result.job, action.word, status).inc(count)

    def request(self, endpoint: str, exchange: Exchange) -> None:
        """A request has ended."""
        status = "none" if exchange.status is None else str(exchange.status)
        self._requests.labels(endpoint, exchange.method, status).inc()
        self._request_seconds.labels(endpoint).observe(exchange.seconds)
        if exchange.status == 429:
            self._throttled.labels(endpoint).inc()

    def text(self) -> bytes:
        """The exposition format of Prometheus."""
        return generate_latest(self.registry)


class _StateCollector(Collector):
    """What the state DB says of each job and source. It is silent where the DB is: /readyz tells of that."""

    def __init__(self, runtime: Callable[[], Runtime]) -> None:
        self._runtime = runtime

    def describe(self) -> Iterable[Metric]:
        return _families().values()

    def collect(self) -> Iterator[Metric]:
        families = _families()
        try:
            self._fill(families, self._runtime())
        except (StateError, SQLAlchemyError):
            return
        yield from families.values()

    @staticmethod
    def _fill(families: dict[str, GaugeMetricFamily], runtime: Runtime) -> None:
        store, now = runtime.store, runtime.clock.now()
        for name in runtime.settings.jobs:
            memory = store.jobs.get(name)
            success = (memory.last or {}).get("success")
            if success:
                families["success"].add_metric([name], datetime.fromisoformat(success).timestamp())
            families["held"].add_metric([name], store.pending.count(name, "held"))
            families["failing"].add_metric([name], store.pending.count(name, "failed"))
            families["quarantined"].add_metric([name], int(memory.quarantine is not None))
            links = store.links.count(name)
            for kind in ("user", "group"):
                for active in (True, False):
                    labels = [name, kind, "active" if active else "inactive"]
                    families["links"].add_metric(labels, links.get((kind, active), 0))
        for name in runtime.settings.sources:
            if (ended := store.mirror.completed_at(name)) is not None:
                families["age"].add_metric([name], max(0.0, (now - ended).total_seconds()))


def _families() -> dict[str, GaugeMetricFamily]:
    job = ["job"]
    return {
        "success": GaugeMetricFamily(
            "syncd_last_success_timestamp_seconds", "When a cycle last went well, as Unix time.", labels=job
        ),
        "held": GaugeMetricFamily("syncd_held_changes", "Changes that wait for an approval.", labels=job),
        "failing": GaugeMetricFamily("syncd_failing_objects", "Objects that fail and are tried again.", labels=job),
        "quarantined": GaugeMetricFamily("syncd_quarantined", "1 for a job that is slowed down.", labels=job),
        "links": GaugeMetricFamily(
            "syncd_links", "Accounts and groups that a job manages.", labels=["job", "kind", "state"]
        ),
        "age": GaugeMetricFamily(
            "syncd_source_age_seconds", "Since when a source was last read to its end.", labels=["source"]
        ),
    }
