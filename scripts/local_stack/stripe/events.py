"""The log of events: each one as a snapshot and as a thin notification."""

from __future__ import annotations

import copy
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from local_stack.stripe.clock import iso
from local_stack.stripe.config import API_VERSION
from local_stack.stripe.ids import new_id
from local_stack.stripe.object_check import check_object

if TYPE_CHECKING:
    from collections.abc import Callable

    from local_stack.stripe.store import Object

_RESOURCES = {
    "charge": "charges",
    "checkout.session": "checkout/sessions",
    "customer": "customers",
    "dispute": "disputes",
    "invoice": "invoices",
    "invoice_payment": "invoice_payments",
    "payment_intent": "payment_intents",
    "price": "prices",
    "product": "products",
    "refund": "refunds",
    "subscription": "subscriptions",
    "test_helpers.test_clock": "test_helpers/test_clocks",
}
_MONTH_SECONDS = 30 * 86_400


@dataclass
class Happening:
    """One event in both shapes, and how its deliveries went."""

    snapshot: Object
    thin: Object
    open_deliveries: int = 0
    """Destinations that have not taken it yet."""

    def as_snapshot(self, api_version: str | None = None) -> Object:
        """Return the event as the API shows it now."""
        shown = self.snapshot | {"pending_webhooks": self.open_deliveries}
        return shown | ({"api_version": api_version} if api_version else {})

    def as_notification(self) -> Object:
        """Return what a thin delivery carries."""
        kept = ("id", "object", "type", "created", "livemode", "context", "reason")
        return {name: self.thin[name] for name in (*kept, "related_object")}


@dataclass
class Cause:
    """The API call that made something happen; empty when nobody asked."""

    request_id: str | None = None
    idempotency_key: str | None = None


@dataclass
class EventLog:
    """Writes down what happens and tells whoever delivers it."""

    happenings: dict[str, Happening] = field(default_factory=dict)
    """By both ids."""
    listeners: list[Callable[[Happening], None]] = field(default_factory=list)
    cause: Cause = field(default_factory=Cause)
    watched: list[Happening] = field(default_factory=list)

    def record(
        self, kind: str, subject: Object, moment: int, previous: Object | None = None
    ) -> Happening:
        """Add an event about an object as it is now."""
        thin_id = new_id("v2.core.event")
        snapshot = self._snapshot(kind, subject, moment, previous)
        thin = self._thin(thin_id, snapshot, previous)
        check_object(snapshot)
        check_object(thin)
        happening = Happening(snapshot, thin)
        self.happenings[snapshot["id"]] = self.happenings[thin_id] = happening
        self.watched.append(happening)
        for listener in self.listeners:
            listener(happening)
        return happening

    def recent(self, now: int) -> list[Happening]:
        """Return what Stripe still remembers: thirty days, oldest first."""
        return [
            happening
            for event_id, happening in self.happenings.items()
            if event_id == happening.snapshot["id"]
            and happening.snapshot["created"] > now - _MONTH_SECONDS
        ]

    def _snapshot(
        self, kind: str, subject: Object, moment: int, previous: Object | None
    ) -> Object:
        data: Object = {"object": copy.deepcopy(subject)}
        if previous:
            data["previous_attributes"] = copy.deepcopy(previous)
        return {
            "id": new_id("event"),
            "object": "event",
            "api_version": API_VERSION,
            "created": moment,
            "data": data,
            "livemode": False,
            "pending_webhooks": 0,
            "request": {
                "id": self.cause.request_id,
                "idempotency_key": self.cause.idempotency_key,
            },
            "type": kind,
        }

    def _thin(self, thin_id: str, snapshot: Object, previous: Object | None) -> Object:
        subject = snapshot["data"]["object"]
        path = f"/v1/{_RESOURCES[subject['object']]}/{subject['id']}"
        after = {name: subject.get(name) for name in previous or ()}
        return {
            "id": thin_id,
            "object": "v2.core.event",
            "type": f"v1.{snapshot['type']}",
            "created": iso(snapshot["created"]),
            "livemode": False,
            "context": None,
            "reason": self._reason(),
            "changes": {"before": copy.deepcopy(previous), "after": copy.deepcopy(after)}
            if previous
            else None,
            "related_object": {"id": subject["id"], "type": subject["object"], "url": path},
            "snapshot_event": snapshot["id"],
        }

    def _reason(self) -> Object | None:
        if self.cause.request_id is None:
            return None
        key = self.cause.idempotency_key or ""
        request = {"id": self.cause.request_id, "idempotency_key": key}
        return {"type": "request", "request": request}
