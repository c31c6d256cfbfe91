"""What the sidecar asks of the database: a method for each function that its role may call.

The name of each SQL function stands here and nowhere else, so that the type checker guards the
contract.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable
    from uuid import UUID

    Json = dict[str, Any]


@dataclass(frozen=True)
class Job:
    """A row of private.claim_jobs(): work that is ours until its lease ends."""

    profile_id: UUID | None  # whose work it is; an object of Stripe has nobody
    job_id: int
    lease_token: UUID
    kind: str
    generation_id: UUID | None  # only a job of a picture has one
    try_number: int
    payload: dict[str, Any]


class Store(ABC):
    """The functions of the schema private. Raises DatabaseUnavailableError when none answers.

    A report returns ok, or stale when the lease is no longer ours. It raises RefusedError when the
    job is another person's.
    """

    @abstractmethod
    async def rows(self, function: str, *values: object) -> list[Json]:
        """Call a function that returns a table."""

    @abstractmethod
    async def value(self, function: str, *values: object) -> Any:
        """Call a function that returns one value."""

    @abstractmethod
    async def listen(self, on_wake: Callable[[], None]) -> None:
        """Call back at once and for each NOTIFY, until the connection is lost."""

    @abstractmethod
    async def can_connect(self) -> bool:
        """Return whether the role's password still opens a new connection."""

    async def claim_jobs(self, worker_id: str, max_jobs: int, lease_seconds: int) -> list[Job]:
        """Take due jobs for so many seconds."""
        rows = await self.rows("claim_jobs", worker_id, max_jobs, lease_seconds)
        return [Job(**row) for row in rows]

    async def declare_idle(self, worker_id: str) -> None:
        """Ask for a NOTIFY with the next job."""
        await self.value("declare_idle", worker_id)

    async def next_job_in_ms(self) -> int | None:
        """Return in how many milliseconds a job is due; None without any."""
        due = await self.value("next_job_in_ms")
        return None if due is None else int(due)

    async def sweep(self) -> dict[str, int]:
        """Clean up what is overdue, and return how much of each kind it was."""
        return dict(await self.value("sweep"))

    async def sidecar_ready(self) -> bool:
        """Return whether webhooks can be stored and jobs claimed."""
        return await self.value("sidecar_ready") is True

    async def queue_metrics(self) -> Json:
        """Return the state of the queue, for the metrics."""
        return dict(await self.value("queue_metrics"))

    async def report_provider_webhook(
        self, webhook_id: str, profile_id: UUID, attempt: UUID, body: Json
    ) -> str:
        """Store a webhook of Replicate once; return what became of it."""
        values = (webhook_id, profile_id, attempt, body)
        return str(await self.value("report_provider_webhook", *values))

    async def report_stripe_event(self, event: Json) -> str:
        """Store an event of Stripe once; return what became of it."""
        return str(await self.value("report_stripe_event", event))

    async def report_submitted(self, job: Job, prediction: Json) -> str:
        """Report that the provider took the attempt."""
        return await self._report("report_submitted", job, prediction)

    async def report_submit_refused(
        self, job: Job, http_status: int, detail: str, retry_after: int | None
    ) -> str:
        """Report that the provider refused and certainly made nothing."""
        return await self._report("report_submit_refused", job, http_status, detail, retry_after)

    async def report_submit_unknown(self, job: Job, detail: str) -> str:
        """Report that no answer came: the provider may have the attempt or not."""
        return await self._report("report_submit_unknown", job, detail)

    async def report_provider_job(self, job: Job, prediction: Json | None) -> str:
        """Report what the provider says of a prediction; None when it knows none."""
        return await self._report("report_provider_job", job, prediction)

    async def report_stored(self, job: Job, facts: Json) -> str:
        """Report where the picture lies and what it is."""
        return await self._report("report_stored", job, facts)

    async def report_removed(self, job: Job, answer: Json) -> str:
        """Report the answer to a deletion, which is kept as proof."""
        return await self._report("report_removed", job, answer)

    async def report_stripe(self, job: Job, answer: Json) -> str:
        """Report what Stripe answered."""
        return await self._report("report_stripe", job, answer)

    async def report_job_failed(
        self, job: Job, slug: str, detail: str, *, is_permanent: bool
    ) -> str:
        """Report that a job did not work; the database decides what follows."""
        return await self._report("report_job_failed", job, slug, detail, is_permanent)

    async def _report(self, function: str, job: Job, *values: object) -> str:
        held = (job.profile_id, job.job_id, job.lease_token)
        return str(await self.value(function, *held, *values))
