"""Talks to the cog runtime, which has no queue, no state and no secrets of its own."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import httpx

if TYPE_CHECKING:
    from collections.abc import Callable

_QUEUE_SECONDS = 600.0
_FULL_PAUSE_SECONDS = 0.05


class CogRefusedError(Exception):
    """cog did not take the prediction."""


class CogClient:
    """The few calls that the stand-in makes to cog."""

    def __init__(self, http: httpx.AsyncClient, cog_url: str, self_url: str) -> None:
        self._http = http
        self._cog_url = cog_url
        self._self_url = self_url

    async def start(
        self, prediction_id: str, model_input: dict[str, Any], is_over: Callable[[], bool]
    ) -> None:
        """Hand a prediction over, waiting in line while all slots are busy, as the cloud does.

        One that `is_over` (canceled, past its deadline) leaves the line.
        """
        body = {
            "input": model_input,
            "webhook": f"{self._self_url}/_cog/{prediction_id}",
            "webhook_events_filter": ["start", "completed"],
        }
        url, headers = f"{self._cog_url}/predictions/{prediction_id}", {"prefer": "respond-async"}
        deadline = asyncio.get_running_loop().time() + _QUEUE_SECONDS
        while asyncio.get_running_loop().time() < deadline:
            if is_over():
                return
            try:
                answer = await self._http.put(url, json=body, headers=headers)
            except httpx.HTTPError as error:
                raise CogRefusedError("the model is not reachable") from error
            if answer.is_success:
                return
            if answer.status_code != 409:
                raise CogRefusedError(f"the model refused the input ({answer.status_code})")
            await asyncio.sleep(_FULL_PAUSE_SECONDS)
        raise CogRefusedError("no capacity")

    async def cancel(self, prediction_id: str) -> None:
        """Ask cog to stop; a run it does not know is one that has just ended."""
        await self._http.post(f"{self._cog_url}/predictions/{prediction_id}/cancel")

    async def is_ready(self) -> bool:
        """Return whether the model is loaded; the HTTP status of /health-check never says so."""
        try:
            answer = await self._http.get(f"{self._cog_url}/health-check")
            return bool(answer.json().get("status") in {"READY", "BUSY"})
        except (httpx.HTTPError, ValueError):
            return False
