"""What Prometheus sees."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

if TYPE_CHECKING:
    from collections.abc import Mapping


class Metrics:
    """Counters of one sidecar, in a registry of its own."""

    def __init__(self) -> None:
        self._all = own = CollectorRegistry()
        result, kind = ["provider", "result"], ["kind"]
        self.webhooks = Counter("thumbsmith_webhooks", "What came of them", result, registry=own)
        self.jobs = Counter("thumbsmith_jobs", "Reports", ["kind", "report"], registry=own)
        self.job_seconds = Histogram("thumbsmith_job_seconds", "Time taken", kind, registry=own)
        self.running = Gauge("thumbsmith_jobs_running", "Jobs under way", registry=own)
        self.database_up = Gauge("thumbsmith_database_up", "Whether it answers", registry=own)
        self._queue = Gauge("thumbsmith_queue", "As the database sees it", ["of"], registry=own)

    def set_queue(self, numbers: Mapping[str, object]) -> None:
        """Take over the numbers of private.queue_metrics()."""
        for name, value in numbers.items():
            if isinstance(value, (int, float)):
                self._queue.labels(name).set(value)

    def render(self) -> bytes:
        """Return the text that Prometheus reads."""
        return generate_latest(self._all)
