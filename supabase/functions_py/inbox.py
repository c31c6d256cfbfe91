"""The webhook route: read, verify, store, answer. Everything else happens later."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING
from uuid import UUID

from starlette.responses import JSONResponse, Response

from functions_py.errors import InvalidSignatureError
from functions_py.log import log, origin
from functions_py.payloads import parse_object, storable
from functions_py.signatures import verify

if TYPE_CHECKING:
    from collections.abc import Sequence

    from starlette.requests import Request

    from functions_py.db import Store
    from functions_py.metrics import Metrics

_RECORD = "record_replicate_webhook"
MAX_BODY_BYTES = 2 * 1024 * 1024
_READ_SECONDS = 10.0
_STORE_SECONDS = 10.0


class _RefusedError(Exception):
    """Answered with a status and a slug, and nothing else."""

    def __init__(self, status: int, slug: str) -> None:
        super().__init__(slug)
        self.status = status
        self.slug = slug


class ReplicateInbox:
    """POST /webhooks/replicate."""

    def __init__(self, store: Store, secrets: Sequence[str], metrics: Metrics) -> None:
        self._store = store
        self._secrets = secrets
        self._metrics = metrics

    async def receive(self, request: Request) -> Response:
        """Answer 200 once stored, 4xx for what may never be stored, 503 to be called again."""
        try:
            result = await self._take(request)
            answer: Response = JSONResponse({"status": result})
        except _RefusedError as error:
            result = error.slug
            answer = JSONResponse({"error": error.slug}, error.status)
        except Exception as error:  # no odd input may become a 500
            log.error("webhook_failed", error=origin(error))
            result = "invalid_request"
            answer = JSONResponse({"error": result}, 400)
        self._metrics.webhooks.labels("replicate", result).inc()
        return answer

    async def _take(self, request: Request) -> str:
        body = await _read(request)
        try:
            webhook_id = verify(body, request.headers, self._secrets)
        except InvalidSignatureError:
            raise _RefusedError(400, "invalid_signature") from None
        if not 1 <= len(webhook_id) <= 255:
            raise _RefusedError(400, "invalid_webhook_id")
        attempt = _attempt(request.query_params.get("attempt", ""))
        try:
            prediction = storable(parse_object(body))
        except (ValueError, TypeError, RecursionError):
            raise _RefusedError(400, "invalid_body") from None
        try:
            async with asyncio.timeout(_STORE_SECONDS):
                result = str(await self._store.value(_RECORD, webhook_id, attempt, prediction))
        except Exception as error:
            log.error("webhook_not_stored", webhook_id=webhook_id, error=origin(error))
            raise _RefusedError(503, "not_stored") from None
        log.info("webhook", webhook_id=webhook_id, result=result)
        return result


def _attempt(text: str) -> UUID:
    try:
        attempt = UUID(text)
    except ValueError:
        raise _RefusedError(400, "invalid_attempt") from None
    # UUID() also takes braces, urn: and bare hex.
    if str(attempt) != text.lower():
        raise _RefusedError(400, "invalid_attempt")
    return attempt


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
