"""What Prometheus sees."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

if TYPE_CHECKING:
    from collections.abc import Mapping


class Metrics:
    """Counters of one sidecar, in a registry of its own."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self.webhooks = Counter(
            "thumbsmith_webhooks",
            "Webhooks by what became of them",
            ["provider", "result"],
            registry=self._registry,
        )
        self.jobs = Counter(
            "thumbsmith_jobs",
            "Jobs by kind and what was reported",
            ["kind", "report"],
            registry=self._registry,
        )
        self.job_seconds = Histogram(
            "thumbsmith_job_seconds",
            "How long the calls of a job took",
            ["kind"],
            buckets=(0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 40),
            registry=self._registry,
        )
        self.running = Gauge("thumbsmith_jobs_running", "Jobs under way", registry=self._registry)
        self._queue = Gauge(
            "thumbsmith_queue", "The queue, as the database sees it", ["of"], registry=self._registry
        )
        self.database_up = Gauge(
            "thumbsmith_database_up", "Whether the database answered", registry=self._registry
        )

    def set_queue(self, numbers: Mapping[str, object]) -> None:
        """Take over the numbers of private.queue_metrics()."""
        for name, value in numbers.items():
            if isinstance(value, (int, float)):
                self._queue.labels(name).set(value)

    def render(self) -> bytes:
        """Return the text that Prometheus reads."""
        return generate_latest(self._registry)
