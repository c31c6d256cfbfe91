"""The webhook routes: read, verify, store, answer. Everything else happens later."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, ClassVar
from uuid import UUID

from starlette.requests import ClientDisconnect
from starlette.responses import JSONResponse, Response

from functions_py.errors import (
    DatabaseUnavailableError,
    InvalidBodyError,
    InvalidSignatureError,
)
from functions_py.log import log, origin
from functions_py.payloads import event_essentials, parse_object, storable
from functions_py.signatures import verify, verify_stripe

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence

    from starlette.requests import Request

    from functions_py.metrics import Metrics
    from functions_py.store import Store

MAX_BODY_BYTES = 2 * 1024 * 1024
_READ_SECONDS = 10.0
_STORE_SECONDS = 10.0


class _RefusedError(Exception):
    """Answered with a status and a slug, and nothing else."""

    def __init__(self, status: int, slug: str) -> None:
        super().__init__(slug)
        self.status = status
        self.slug = slug


@dataclass(frozen=True)
class Webhook:
    """A verified webhook: its id, and the call that stores it."""

    id: str
    store: Callable[[], Awaitable[str]]


class Inbox(ABC):
    """A webhook's route; each provider has its own way of signing and of being stored."""

    provider: ClassVar[str]
    refusals: ClassVar[Mapping[str, str]] = {}

    def __init__(self, store: Store, secrets: Sequence[str], metrics: Metrics) -> None:
        self._store = store
        self._secrets = secrets
        self._metrics = metrics

    @abstractmethod
    def _checked(self, request: Request, body: bytes) -> Webhook:
        """Return the webhook's id and how it is stored.

        Raises InvalidSignatureError, and InvalidBodyError for a body that makes no sense.
        """

    async def receive(self, request: Request) -> Response:
        """Answer 200 once stored, 4xx for what may never be stored, 5xx to be called again."""
        try:
            result = await self._take(request)
            answer: Response = JSONResponse({"status": result})
        except _RefusedError as error:
            result = error.slug
            answer = JSONResponse({"error": error.slug}, error.status)
        except ClientDisconnect:
            result = "client_disconnected"
            answer = JSONResponse({"error": result}, 400)
        except Exception as error:  # a bug of ours: the provider shall come again
            log.error("webhook_failed", provider=self.provider, error=origin(error))
            result = "internal_error"
            answer = JSONResponse({"error": result}, 500)
        self._metrics.webhooks.labels(self.provider, result).inc()
        return answer

    async def _take(self, request: Request) -> str:
        body = await _read(request)
        try:
            webhook = self._checked(request, body)
        except InvalidSignatureError:
            raise _RefusedError(400, "invalid_signature") from None
        except InvalidBodyError:
            raise _RefusedError(400, "invalid_body") from None
        ids = {"provider": self.provider, "webhook_id": webhook.id}
        try:
            async with asyncio.timeout(_STORE_SECONDS):
                result = await webhook.store()
        except (DatabaseUnavailableError, TimeoutError) as error:
            log.error("webhook_not_stored", error=origin(error), **ids)
            raise _RefusedError(503, "not_stored") from None
        log.info("webhook", result=result, **ids)
        if result in self.refusals:
            raise _RefusedError(400, self.refusals[result])
        return result


class ReplicateInbox(Inbox):
    """POST /webhooks/replicate. The address says whose attempt it is, and proves it by a token."""

    provider = "replicate"
    refusals: ClassVar[Mapping[str, str]] = {
        "attempt_of_another_person": "attempt_of_another_person"
    }

    def _checked(self, request: Request, body: bytes) -> Webhook:
        webhook_id = verify(body, request.headers, self._secrets)
        if not 1 <= len(webhook_id) <= 255:
            raise _RefusedError(400, "invalid_webhook_id")
        profile = _uuid(request, "profile")
        attempt = _uuid(request, "attempt")
        said = storable(parse_object(body))
        store = partial(self._store.report_provider_webhook, webhook_id, profile, attempt, said)
        return Webhook(webhook_id, store)


class StripeInbox(Inbox):
    """POST /webhooks/stripe. An event only says that an object is worth fetching."""

    provider = "stripe"
    refusals: ClassVar[Mapping[str, str]] = {"invalid": "invalid_body", "wrong_mode": "wrong_mode"}

    def _checked(self, request: Request, body: bytes) -> Webhook:
        # Two headers read as one are refused: they have two timestamps.
        header = ",".join(request.headers.getlist("stripe-signature"))
        verify_stripe(body, header, self._secrets)
        event = event_essentials(parse_object(body))
        return Webhook(str(event["id"])[:255], partial(self._store.report_stripe_event, event))


def _uuid(request: Request, name: str) -> UUID:
    """Return a parameter of the address. Raises _RefusedError with invalid_ and its name."""
    text = request.query_params.get(name, "")
    try:
        value = UUID(text)
    except ValueError:
        raise _RefusedError(400, f"invalid_{name}") from None
    # UUID() also takes braces, urn: and bare hex.
    if str(value) != text.lower():
        raise _RefusedError(400, f"invalid_{name}")
    return value


async def _read(request: Request) -> bytes:
    """Return the body, giving up as soon as it is too large or too slow."""
    length = request.headers.get("content-length", "")
    if length.isdigit() and int(length) > MAX_BODY_BYTES:
        raise _RefusedError(413, "body_too_large")
    chunks: list[bytes] = []
    size = 0
    try:
        async with asyncio.timeout(_READ_SECONDS):
            async for chunk in request.stream():
                size += len(chunk)
                if size > MAX_BODY_BYTES:
                    raise _RefusedError(413, "body_too_large")
                chunks.append(chunk)
    except TimeoutError:
        raise _RefusedError(408, "body_too_slow") from None
    return b"".join(chunks)
