"""Sends signed webhooks, and sends them again when they were not taken."""

from __future__ import annotations

import asyncio
import json
import re
import secrets
import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import httpx
from standardwebhooks import Webhook

from stand_ins.replicate.config import new_webhook_secret
from stand_ins.replicate.state import new_id

if TYPE_CHECKING:
    from stand_ins.replicate.faults import Faults
    from stand_ins.replicate.state import Prediction

_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")

# The cloud goes on for longer; a local test should not.
RETRY_PAUSES = (0.0, 0.2, 0.5, 1.0, 2.0, 4.0, 8.0)


@dataclass(frozen=True)
class Message:
    """A webhook; retries carry the same."""

    url: str
    text: str
    id: str = field(default_factory=lambda: f"msg_{secrets.token_hex(12)}")


class WebhookSender:
    """Delivers the events that a prediction asked for."""

    def __init__(self, http: httpx.AsyncClient, secret: str, faults: Faults) -> None:
        self._http = http
        self._signer = Webhook(secret)
        self._wrong_signer = Webhook(new_webhook_secret())
        self._faults = faults
        self._held: dict[str, Message] = {}

    async def send(self, prediction: Prediction, event: str) -> None:
        """Send one event; the body is frozen now."""
        faults = self._faults
        wanted = not prediction.events or event in prediction.events
        if prediction.webhook is None or not wanted or faults.drop_webhooks or faults.down:
            return
        message = Message(prediction.webhook, json.dumps(prediction.body))
        if event == "start" and faults.reorder_webhooks:
            self._held[prediction.id] = message
            return
        await asyncio.sleep(faults.webhook_delay_seconds)
        if faults.forge_webhooks:
            await self._forge(message)
        # Only the last word is worth insisting on: the next event overtakes the others.
        pauses = RETRY_PAUSES if event == "completed" else RETRY_PAUSES[:1]
        for _ in range(2 if faults.duplicate_webhooks else 1):
            await self._deliver(message, pauses)
        if event == "completed" and (held := self._held.pop(prediction.id, None)):
            await self._deliver(held, RETRY_PAUSES[:1])

    async def _forge(self, real: Message) -> None:
        """Claim what is not so, as somebody else and, worse, as ourselves."""
        claim = json.loads(real.text) | {"status": "succeeded", "output": f"{real.url}/false.png"}
        text = json.dumps(claim)
        await self._post(Message(real.url, text), self._wrong_signer)
        await self._post(Message(_UUID.sub(str(uuid.uuid4()), real.url), text), self._signer)
        await self._post(Message(real.url, json.dumps(claim | {"id": new_id()})), self._signer)

    async def _deliver(self, message: Message, pauses: tuple[float, ...]) -> None:
        for pause in pauses:
            await asyncio.sleep(pause)
            if await self._post(message, self._signer):
                return

    async def _post(self, message: Message, signer: Webhook) -> bool:
        moment = datetime.now(UTC)
        headers = {
            "content-type": "application/json",
            "webhook-id": message.id,
            "webhook-timestamp": str(int(moment.timestamp())),
            "webhook-signature": signer.sign(message.id, moment, message.text),
        }
        try:
            answer = await self._http.post(
                message.url, content=message.text, headers=headers, timeout=10
            )
        except httpx.HTTPError:
            return False
        return answer.is_success
