"""Brings events to whoever listens, signed, and again when they were not taken."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import random
import time
from collections import deque
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

import httpx

from stand_ins.stripe.config import new_webhook_secret

if TYPE_CHECKING:
    from stand_ins.stripe.config import StandInConfig
    from stand_ins.stripe.events import EventRecord
    from stand_ins.stripe.faults import Faults

# Stripe goes on for three days; a local test should not.
RETRY_PAUSES = (0.0, 0.2, 0.5, 1.0, 2.0, 4.0)
_TIMEOUT_SECONDS = 10.0
_AT_ONCE = 16
_REMEMBERED = 5_000


@dataclass
class Destination:
    """One listener: its address, its secret, and what it wants."""

    name: str
    url: str
    secret: str = field(repr=False)
    shape: str = "snapshot"
    enabled_events: tuple[str, ...] = ("*",)
    api_version: str | None = None

    def wants(self, kind: str) -> bool:
        """Return whether events of a type go here."""
        return bool({"*", kind} & set(self.enabled_events))


@dataclass
class Attempt:
    """What happened to one delivery."""

    event: str
    type: str
    url: str
    outcome: str
    status: int | None = None


class WebhookSender:
    """Delivers in the background, several at once, so that order is never certain."""

    def __init__(self, http: httpx.AsyncClient, config: StandInConfig, faults: Faults) -> None:
        self._http = http
        self._config = config
        self._faults = faults
        self._tasks: set[asyncio.Task[None]] = set()
        self._lanes = asyncio.Semaphore(_AT_ONCE)
        self._random = random.Random(20_261_124)  # noqa: S311
        self.endpoints: dict[str, Destination] = {}
        self.attempts: deque[Attempt] = deque(maxlen=_REMEMBERED)

    def destinations(self) -> list[Destination]:
        """Return everybody who listens now."""
        config = self._config
        fixed = (
            [Destination("", config.webhook_url, config.webhook_secret, config.event_shape)]
            if config.webhook_url
            else []
        )
        return [*fixed, *self.endpoints.values()]

    def announce(self, record: EventRecord) -> None:
        """Start the deliveries of an event."""
        for destination in self.destinations():
            if destination.wants(record.snapshot["type"]):
                record.waiting.add(destination.name)
                self._start(record, destination)

    def resend(self, record: EventRecord) -> int:
        """Deliver once more, as somebody can ask for in Stripe's dashboard."""
        chosen = [one for one in self.destinations() if one.wants(record.snapshot["type"])]
        for destination in chosen:
            self._start(record, destination, resent=True)
        return len(chosen)

    async def settle(self, seconds: float = 30.0) -> int:
        """Wait until nothing is under way; return how many deliveries still are."""
        if self._tasks:
            await asyncio.wait(set(self._tasks), timeout=seconds)
        return len(self._tasks)

    async def close(self) -> None:
        """Give up what is under way."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _start(
        self, record: EventRecord, destination: Destination, *, resent: bool = False
    ) -> None:
        if not resent and self._is_lost():
            self._note(record, destination, "dropped")
            return
        body = json.dumps(self._body(record, destination)).encode()
        for _ in range(1 + self._faults.duplicate_events):
            task = asyncio.create_task(self._deliver(record, destination, body))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    def _is_lost(self) -> bool:
        faults = self._faults
        if faults.deliver_to_nobody or faults.take("drop_events_next"):
            return True
        return self._random.random() * 100 < faults.drop_events_percent

    def _body(self, record: EventRecord, destination: Destination) -> dict[str, Any]:
        if destination.shape == "thin":
            return record.as_notification()
        return record.as_snapshot(destination.api_version)

    async def _deliver(self, record: EventRecord, destination: Destination, body: bytes) -> None:
        spread = self._faults.reorder_seconds if self._faults.reorder_events else 0.0
        await asyncio.sleep(self._faults.delay_seconds + spread * self._random.random())
        for pause in RETRY_PAUSES:
            await asyncio.sleep(pause)
            if await self._attempt(record, destination, body):
                record.waiting.discard(destination.name)
                return
            if self._faults.deliver_once:
                return

    async def _attempt(self, record: EventRecord, destination: Destination, body: bytes) -> bool:
        headers = {
            "content-type": "application/json; charset=utf-8",
            "stripe-signature": self._signature(destination.secret, body),
            "user-agent": "Stripe/1.0 (+https://stripe.com/docs/webhooks)",
        }
        try:
            async with self._lanes:
                # A redirect counts as a failure: nobody follows it.
                answer = await self._http.post(
                    destination.url, content=body, headers=headers, timeout=_TIMEOUT_SECONDS
                )
        except httpx.HTTPError as error:
            self._note(record, destination, type(error).__name__)
            return False
        outcome = "taken" if answer.is_success else "refused"
        self._note(record, destination, outcome, answer.status_code)
        return answer.is_success

    def _note(
        self,
        record: EventRecord,
        destination: Destination,
        outcome: str,
        status: int | None = None,
    ) -> None:
        shape = record.thin if destination.shape == "thin" else record.snapshot
        attempt = Attempt(shape["id"], shape["type"], destination.url, outcome, status)
        self.attempts.append(attempt)

    def _signature(self, secret: str, body: bytes) -> str:
        # Real time, not the test clock: the receiver compares it with its own.
        moment = int(time.time()) - self._faults.signed_seconds_ago
        previous = self._config.webhook_secret_previous
        secrets = {
            "current": [secret],
            "old": [previous],
            "both": [previous, secret],
            "wrong": [new_webhook_secret()],
        }[self._faults.signature]
        signed = f"{moment}.".encode() + body
        values = [hmac.new(key.encode(), signed, hashlib.sha256).hexdigest() for key in secrets]
        return ",".join([f"t={moment}", *(f"v1={value}" for value in values)])

    def report(self, event_id: str | None = None) -> list[dict[str, Any]]:
        """Return what was tried, oldest first."""
        return [asdict(one) for one in self.attempts if event_id in {None, one.event}]
