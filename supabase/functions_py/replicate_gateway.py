"""Replicate through its SDK, with guards around what the SDK does not guard.

Version 1.0.7 ignores its timeout on create, cannot read the status `aborted`, has no Cancel-After
and hides Retry-After. So the requests go through the SDK's own HTTP client (its address, token and
transport) and the JSON is read raw. That client is a private attribute: the version is pinned, and
tests/product/sidecar/test_replicate_gateway.py fails when it changes.
"""

from __future__ import annotations

import asyncio
import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any, TypeVar, cast
from urllib.parse import urlsplit

import httpx
from replicate.client import Client, RetryTransport

from functions_py.errors import (
    InvalidBodyError,
    RejectedError,
    SubmitRefusedError,
    SubmitUnknownError,
    TransientError,
)
from functions_py.log import origin
from functions_py.payloads import parse_object, storable, without

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")

_CREATE_SECONDS = 15.0
_CALL_SECONDS = 10.0
_MAX_RETRY_AFTER = 3600
_MAX_PAGES = 5
_MODEL = re.compile(r"([a-z0-9][a-z0-9_.-]*/[a-z0-9][a-z0-9_.-]*)(?::([0-9a-f]{64}))?")
_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
# With these the provider says no before it makes anything. All else is not knowing.
_REFUSALS = frozenset({400, 401, 402, 403, 404, 405, 413, 415, 422, 429})
# Nothing was sent: there was no connection to send it on.
_NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)


class ReplicateGateway:
    """Create, read and cancel predictions."""

    def __init__(
        self,
        token: str,
        base_url: str,
        *,
        trust_env: bool = True,
        create_seconds: float = _CREATE_SECONDS,
        call_seconds: float = _CALL_SECONDS,
    ) -> None:
        timeout = httpx.Timeout(create_seconds, connect=min(5.0, create_seconds))
        sdk = Client(api_token=token, base_url=base_url, timeout=timeout, trust_env=trust_env)
        self._http: httpx.AsyncClient = sdk._async_client
        # The SDK's transport repeats reads for a minute, and a crowd of them would keep all else
        # waiting while the provider is away: the queue does it better.
        cast("RetryTransport", self._http._transport).max_attempts = 1
        self._token = token
        self._create_seconds = create_seconds
        self._call_seconds = call_seconds

    async def close(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def create(
        self, model: str, model_input: dict[str, Any], webhook: str, cancel_after_seconds: int
    ) -> dict[str, Any]:
        """Ask once and return the prediction.

        Raises SubmitRefusedError when certainly nothing was made, TransientError when nothing was
        even sent, and SubmitUnknownError for everything else.
        """
        reference = _MODEL.fullmatch(model)
        if reference is None:
            raise RejectedError("provider_unavailable", "model name")
        events = ["start", "completed"]
        body = {"input": model_input, "webhook": webhook, "webhook_events_filter": events}
        headers = {"Cancel-After": f"{cancel_after_seconds}s"}
        name, version = reference.groups()
        # Official models are called by their name, community models by a version.
        path = "/v1/predictions" if version else f"/v1/models/{name}/predictions"
        body |= {"version": version} if version else {}
        try:
            async with asyncio.timeout(self._create_seconds):
                response = await self._http.post(path, json=body, headers=headers)
        except _NOT_SENT as error:
            raise TransientError("provider_unreachable", type(error).__name__) from None
        except Exception as error:
            raise SubmitUnknownError(origin(error)) from None
        if response.status_code in _REFUSALS:
            raise self._refusal(response)
        if not response.is_success:
            raise SubmitUnknownError(f"HTTP {response.status_code}")
        try:
            return _prediction(self._object(response))
        except InvalidBodyError as error:
            raise SubmitUnknownError(origin(error)) from None

    async def get(self, prediction_id: str) -> dict[str, Any]:
        """Read a prediction."""
        return await self._call("GET", f"/v1/predictions/{_checked(prediction_id)}", _prediction)

    async def find(self, ending: str, since: str) -> dict[str, Any] | None:
        """Return the prediction whose webhook's address ends so among those made since, or None."""
        path = "/v1/predictions"
        for _ in range(_MAX_PAGES):
            rows, cursor = await self._call("GET", path, _page)
            for row in rows:
                if str(row.get("webhook")).endswith(ending):
                    return _prediction(row)
            # Newest first: what follows was made before the attempt.
            if not cursor or str(rows[-1].get("created_at")) < since:
                break
            path = f"/v1/predictions?{cursor}"
        return None

    async def cancel(self, prediction_id: str) -> dict[str, Any]:
        """Cancel a prediction and return what it is now; one that has ended stays as it is."""
        path = f"/v1/predictions/{_checked(prediction_id)}"
        try:
            return await self._call("POST", f"{path}/cancel", _prediction)
        except RejectedError as error:
            if error.slug == "prediction_missing":
                raise
        return await self._call("GET", path, _prediction)

    async def _call(self, method: str, path: str, read: Callable[[dict[str, Any]], T]) -> T:
        try:
            async with asyncio.timeout(self._call_seconds):
                response = await self._http.request(method, path)
        except (httpx.HTTPError, TimeoutError) as error:
            raise TransientError("provider_unreachable", type(error).__name__) from None
        status = response.status_code
        if status == 404:
            raise RejectedError("prediction_missing", "HTTP 404")
        if status in {400, 409, 422}:
            raise RejectedError("provider_refused", f"HTTP {status}")
        if not response.is_success:
            # 401 too: an operator can mend the token while the prediction runs on.
            raise TransientError("provider_unreachable", f"HTTP {status}")
        try:
            return read(self._object(response))
        except InvalidBodyError as error:
            raise TransientError("provider_unreachable", type(error).__name__) from None

    def _object(self, response: httpx.Response) -> dict[str, Any]:
        return parse_object(without(response.content, self._token))

    def _refusal(self, response: httpx.Response) -> SubmitRefusedError:
        try:
            detail = str(storable(self._object(response)).get("detail", ""))[:500]
        except InvalidBodyError:
            detail = ""
        return SubmitRefusedError(response.status_code, detail, _retry_after(response))


def _checked(prediction_id: str) -> str:
    if not _ID.fullmatch(prediction_id):
        raise RejectedError("prediction_missing", "id")
    return prediction_id


def _prediction(body: dict[str, Any]) -> dict[str, Any]:
    found = storable(body)
    if not isinstance(found.get("id"), str) or not isinstance(found.get("status"), str):
        raise InvalidBodyError("not a prediction")
    return found


def _page(body: dict[str, Any]) -> tuple[list[dict[str, Any]], str]:
    """Return the rows of a list, and the query of its next page."""
    rows = body.get("results")
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise InvalidBodyError("not a list")
    return rows, urlsplit(str(body.get("next") or "")).query if rows else ""


def _retry_after(response: httpx.Response) -> int | None:
    text = response.headers.get("retry-after", "").strip()
    try:
        if text.isdigit():
            seconds = float(text)
        else:
            seconds = (parsedate_to_datetime(text) - datetime.now(UTC)).total_seconds()
    except (ValueError, TypeError):
        return None
    return min(max(round(seconds), 0), _MAX_RETRY_AFTER)
