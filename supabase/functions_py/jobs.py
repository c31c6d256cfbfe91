"""One handler for each kind of job: make the calls, say what came of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from functions_py.errors import (
    RejectedError,
    SubmitRefusedError,
    SubmitUnknownError,
    TransientError,
)
from functions_py.log import log, origin
from functions_py.media import normalize
from functions_py.reports import (
    JobFailed,
    ProviderJob,
    Removed,
    Report,
    Stored,
    StripeAnswered,
    SubmitRefused,
    Submitted,
    SubmitUnknown,
)

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from functions_py.download import Downloader
    from functions_py.replicate_gateway import ReplicateGateway
    from functions_py.store import Job
    from functions_py.stripe_gateway import StripeGateway
    from functions_py.supabase_gateway import SupabaseGateway

    Payload = dict[str, Any]
    Handler = Callable[[Payload], Awaitable[Report]]

STRIPE_KINDS = ("customer", "checkout", "fetch", "find_invoice", "find_session", "reconcile")


class Jobs:
    """The handlers. Each takes a payload of private.claim_jobs() and returns a report."""

    def __init__(
        self,
        provider: ReplicateGateway,
        files: SupabaseGateway,
        downloader: Downloader,
        public_url: str,
        stripe: StripeGateway | None = None,
    ) -> None:
        self._provider = provider
        self._files = files
        self._downloader = downloader
        self._stripe = stripe
        self._webhook = f"{public_url.rstrip('/')}/webhooks/replicate"
        self.handlers: dict[str, Handler] = {
            "submit": self.submit,
            "find": self.find,
            "poll": self.poll,
            "store": self.store,
            "cancel": self.cancel,
            "remove_user_image": self.remove,
            "erase": self.remove,
            **dict.fromkeys(STRIPE_KINDS, self.ask_stripe),
        }

    async def submit(self, payload: Payload) -> Report:
        """Sign the user images, ask the provider once."""
        model_input = dict(payload["input"])
        for image in payload["user_images"]:
            url = await self._files.sign(image["bucket"], image["object_path"], image["expires_in"])
            field = image["field"]
            model_input[field] = [*model_input.get(field, []), url] if image["many"] else url
        webhook = f"{self._webhook}?{_query(payload)}"
        seconds = int(payload["cancel_after_seconds"])
        try:
            created = await self._provider.create(payload["model"], model_input, webhook, seconds)
        except SubmitRefusedError as error:
            return SubmitRefused(error.http_status, error.detail, error.retry_after)
        except SubmitUnknownError as error:
            return SubmitUnknown(str(error))
        return Submitted(created)

    async def find(self, payload: Payload) -> Report:
        """Look for a prediction whose answer was lost in the provider's list."""
        # Without the address: another sidecar, that may have another one, has sent it.
        return ProviderJob(await self._provider.find(f"?{_query(payload)}", payload["since"]))

    async def poll(self, payload: Payload) -> Report:
        """Read the prediction."""
        return ProviderJob(await self._provider.get(payload["provider_job_id"]))

    async def cancel(self, payload: Payload) -> Report:
        """Stop the prediction."""
        return ProviderJob(await self._provider.cancel(payload["provider_job_id"]))

    async def store(self, payload: Payload) -> Report:
        """Copy the output into Storage before the provider deletes it, with a small preview."""
        data = await self._downloader.fetch(payload["output_url"])
        small = payload["preview"]
        thumbnail = await normalize(data, int(payload["width"]), int(payload["height"]))
        preview = await normalize(thumbnail.data, int(small["width"]), int(small["height"]))
        # The preview first: whoever sees the thumbnail finds its preview there.
        await self._files.upload(payload["bucket"], small["object_path"], preview.data)
        await self._files.upload(payload["bucket"], payload["object_path"], thumbnail.data)
        paths = {"object_path": payload["object_path"], "preview_path": small["object_path"]}
        return Stored({**paths, **thumbnail.facts})

    async def remove(self, payload: Payload) -> Report:
        """Delete what the database names: files, an object of Stripe, or a person at Auth."""
        match payload["target"]:
            case "storage":
                answer = await self._files.remove(payload["bucket"], payload["names"])
            case "auth":
                answer = await self._files.delete_user(payload["user_id"])
            case "stripe":
                answer = await self._call_stripe(payload)
            case other:
                raise RejectedError("internal_error", f"target {other}")
        return Removed(answer)

    async def ask_stripe(self, payload: Payload) -> Report:
        """Make the call that the database worded."""
        return StripeAnswered(await self._call_stripe(payload))

    async def _call_stripe(self, payload: Payload) -> dict[str, Any]:
        if self._stripe is None:
            raise TransientError("stripe_unreachable", "not configured")
        return await self._stripe.call(payload)


def _query(payload: Payload) -> str:
    """Return what a webhook's address says of its attempt: whose it is, and the proof."""
    return f"profile={payload['profile_id']}&attempt={payload['attempt_token']}"


def failure(job: Job, error: Exception) -> Report:
    """Return the report of a handler that raised."""
    if isinstance(error, (RejectedError, TransientError)):
        return JobFailed(error.slug, error.detail, isinstance(error, RejectedError))
    if isinstance(error, TimeoutError) and job.kind == "submit":
        # It may have been sent. Not knowing costs a little time, guessing could cost another one.
        return SubmitUnknown("timeout")
    if isinstance(error, TimeoutError):
        return JobFailed("timeout", "", is_permanent=False)
    log.error("job_bug", job_id=job.job_id, kind=job.kind, error=origin(error))
    return JobFailed("internal_error", origin(error), is_permanent=False)
