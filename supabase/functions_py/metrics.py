"""What Prometheus sees."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

if TYPE_CHECKING:
    from collections.abc import Mapping

# What private.queue_metrics() tells, for all sidecars together. A name ends with its unit.
_QUEUE = {
    "jobs_due": "Jobs that may be claimed now.",
    "jobs_leased": "Jobs that a sidecar has claimed.",
    "jobs_dead": "Jobs that were given up: dead letters.",
    "oldest_due_seconds": "How late the oldest due job is.",
    "oldest_due_poll_seconds": "How late the oldest due poll of a provider job is.",
    "max_job_tries": "The most failed tries in a row that a job has had.",
    "attempts_unknown": "Attempts whose submission was not answered.",
    "attempts_to_cancel": "Attempts that have to be stopped at the provider.",
    "stripe_alarms_open": "Alarms about Stripe that nobody has resolved.",
}


class Metrics:
    """Counters of one sidecar, in a registry of its own."""

    def __init__(self) -> None:
        self._all = own = CollectorRegistry()
        result, kind = ["provider", "result"], ["kind"]
        self.webhooks = Counter("thumbsmith_webhooks", "Webhooks received.", result, registry=own)
        self.jobs = Counter("thumbsmith_jobs", "Jobs reported.", ["kind", "report"], registry=own)
        self.reports_refused = Counter(
            "thumbsmith_reports_refused", "Reports that a rule refused.", ["slug"], registry=own
        )
        self.job_seconds = Histogram(
            "thumbsmith_job_seconds", "Duration of a job.", kind, registry=own
        )
        self.running = Gauge(
            "thumbsmith_jobs_running", "Jobs that run in this sidecar.", registry=own
        )
        self.database_up = Gauge(
            "thumbsmith_database_up", "1 if the database answers.", registry=own
        )
        self._queue = {
            name: Gauge(f"thumbsmith_{name}", text, registry=own) for name, text in _QUEUE.items()
        }

    def set_queue(self, numbers: Mapping[str, object]) -> None:
        """Take over the numbers of private.queue_metrics()."""
        for name, value in numbers.items():
            if name in self._queue and isinstance(value, (int, float)):
                self._queue[name].set(value)

    def render(self) -> bytes:
        """Return the text that Prometheus reads."""
        return generate_latest(self._all)
