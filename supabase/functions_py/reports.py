"""What became of a job: each kind of report knows how it is sent."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

if TYPE_CHECKING:
    from functions_py.store import Job, Store

    Json = dict[str, Any]


class Report(ABC):
    """The outcome of a job. `name` is what logs and metrics show."""

    name: ClassVar[str]

    @property
    def failure(self) -> str | None:
        """Return the slug of what went wrong, if anything did."""
        return None

    @abstractmethod
    async def send(self, store: Store, job: Job) -> str:
        """Report it; return ok or stale."""


@dataclass(frozen=True)
class Submitted(Report):
    """The provider took the attempt."""

    prediction: Json
    name: ClassVar[str] = "submitted"

    async def send(self, store: Store, job: Job) -> str:
        """Report it; return ok or stale."""
        return await store.report_submitted(job, self.prediction)


@dataclass(frozen=True)
class SubmitRefused(Report):
    """The provider refused and certainly made nothing."""

    http_status: int
    detail: str
    retry_after: int | None
    name: ClassVar[str] = "submit_refused"

    async def send(self, store: Store, job: Job) -> str:
        """Report it; return ok or stale."""
        return await store.report_submit_refused(
            job, self.http_status, self.detail, self.retry_after
        )


@dataclass(frozen=True)
class SubmitUnknown(Report):
    """No answer came."""

    detail: str
    name: ClassVar[str] = "submit_unknown"

    async def send(self, store: Store, job: Job) -> str:
        """Report it; return ok or stale."""
        return await store.report_submit_unknown(job, self.detail)


@dataclass(frozen=True)
class ProviderJob(Report):
    """What the provider says of a prediction; None when it knows none."""

    prediction: Json | None
    name: ClassVar[str] = "provider_job"

    async def send(self, store: Store, job: Job) -> str:
        """Report it; return ok or stale."""
        return await store.report_provider_job(job, self.prediction)


@dataclass(frozen=True)
class Stored(Report):
    """The picture lies in Storage."""

    facts: Json
    name: ClassVar[str] = "stored"

    async def send(self, store: Store, job: Job) -> str:
        """Report it; return ok or stale."""
        return await store.report_stored(job, self.facts)


@dataclass(frozen=True)
class Removed(Report):
    """Something was deleted."""

    answer: Json
    name: ClassVar[str] = "removed"

    async def send(self, store: Store, job: Job) -> str:
        """Report it; return ok or stale."""
        return await store.report_removed(job, self.answer)


@dataclass(frozen=True)
class StripeAnswered(Report):
    """Stripe answered."""

    answer: Json
    name: ClassVar[str] = "stripe"

    async def send(self, store: Store, job: Job) -> str:
        """Report it; return ok or stale."""
        return await store.report_stripe(job, self.answer)


@dataclass(frozen=True)
class JobFailed(Report):
    """The job did not work; `is_permanent` when the same call would be refused again."""

    slug: str
    detail: str
    is_permanent: bool
    name: ClassVar[str] = "job_failed"

    @property
    def failure(self) -> str | None:
        """Return the slug of what went wrong."""
        return self.slug

    async def send(self, store: Store, job: Job) -> str:
        """Report it; return ok or stale."""
        return await store.report_job_failed(
            job, self.slug, self.detail, is_permanent=self.is_permanent
        )
