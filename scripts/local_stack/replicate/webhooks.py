"""Sends signed webhooks, and sends them again when they were not taken."""

from __future__ import annotations

import asyncio
import json
import secrets
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import httpx
from standardwebhooks import Webhook

if TYPE_CHECKING:
    from local_stack.replicate.faults import Faults
    from local_stack.replicate.state import Prediction

# The cloud goes on for longer; a local test should not.
RETRY_PAUSES = (0.0, 0.2, 0.5, 1.0, 2.0, 4.0, 8.0)


class WebhookSender:
    """Delivers the events that a prediction asked for."""

    def __init__(self, http: httpx.AsyncClient, secret: str, faults: Faults) -> None:
        self._http = http
        self._signer = Webhook(secret)
        self._faults = faults

    async def send(self, prediction: Prediction, event: str) -> None:
        """Send one event; the body is frozen now, later retries carry the same."""
        wanted = not prediction.events or event in prediction.events
        if prediction.webhook is None or not wanted or self._faults.drop_webhooks:
            return
        message_id = "msg_" + secrets.token_hex(12)
        text = json.dumps(prediction.body)
        url = prediction.webhook
        await asyncio.sleep(self._faults.webhook_delay_seconds)
        for _ in range(2 if self._faults.duplicate_webhooks else 1):
            # Only the last word is worth insisting on: the next event overtakes the others.
            pauses = RETRY_PAUSES if event == "completed" else RETRY_PAUSES[:1]
            await self._deliver(url, message_id, text, pauses)

    async def _deliver(
        self, url: str, message_id: str, text: str, pauses: tuple[float, ...]
    ) -> None:
        for pause in pauses:
            await asyncio.sleep(pause)
            try:
                answer = await self._http.post(
                    url, content=text, headers=self._headers(message_id, text), timeout=10
                )
            except httpx.HTTPError:
                continue
            if answer.is_success:
                return

    def _headers(self, message_id: str, text: str) -> dict[str, str]:
        moment = datetime.now(UTC)
        return {
            "content-type": "application/json",
            "webhook-id": message_id,
            "webhook-timestamp": str(int(moment.timestamp())),
            "webhook-signature": self._signer.sign(message_id, moment, text),
        }
