"""The log of events: each one as a snapshot and as a thin notification."""

from __future__ import annotations

import copy
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from stand_ins.stripe.clock import iso
from stand_ins.stripe.config import API_VERSION
from stand_ins.stripe.ids import new_id
from stand_ins.stripe.object_check import check_object

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from stand_ins.stripe.store import Object

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

# Stripe promises no order, and its usual one surprises: the paid invoice before its subscription,
# the success of a payment before its beginning. What happens at one moment is told in this order.
_USUAL_ORDER = (
    "charge.succeeded",
    "charge.refunded",
    "charge.dispute.funds_withdrawn",
    "charge.dispute.funds_reinstated",
    "invoice.paid",
    "invoice_payment.paid",
    "checkout.session.completed",
    "payment_intent.succeeded",
)
_LATE = ("customer.subscription.created", "payment_intent.created", "invoice.created")


@dataclass
class EventRecord:
    """One event in both shapes, and how its deliveries went."""

    snapshot: Object
    thin: Object
    waiting: set[str] = field(default_factory=set)
    """Destinations that have not taken it yet."""

    @property
    def delivered(self) -> bool:
        """Return whether everybody who should have it has it."""
        return not self.waiting

    def as_snapshot(self, api_version: str | None = None) -> Object:
        """Return the event as the API shows it now."""
        shown = self.snapshot | {"pending_webhooks": len(self.waiting)}
        return shown | ({"api_version": api_version} if api_version else {})

    def as_notification(self) -> Object:
        """Return what a thin delivery carries."""
        fetched_only = {"changes", "snapshot_event"}
        return {name: value for name, value in self.thin.items() if name not in fetched_only}


@dataclass
class Cause:
    """The API call that made something happen; empty when nobody asked."""

    request_id: str | None = None
    idempotency_key: str | None = None


@dataclass
class EventLog:
    """Writes down what happens and tells whoever delivers it."""

    records: dict[str, EventRecord] = field(default_factory=dict)
    """By both ids."""
    listeners: list[Callable[[EventRecord], None]] = field(default_factory=list)
    cause: Cause = field(default_factory=Cause)
    watched: list[EventRecord] = field(default_factory=list)
    _held: list[EventRecord] | None = None

    @contextmanager
    def at_one_moment(self) -> Iterator[None]:
        """Tell what happens inside together, in Stripe's usual order."""
        outer = self._held is not None
        self._release()
        self._held = []
        try:
            yield
        finally:
            self._release()
            self._held = [] if outer else None

    def _release(self) -> None:
        held, self._held = self._held or [], None
        for record in sorted(held, key=_rank):
            self._publish(record)

    def record(
        self, kind: str, subject: Object, moment: int, previous: Object | None = None
    ) -> None:
        """Add an event about an object as it is now."""
        thin_id = new_id("v2.core.event")
        snapshot = self._snapshot(kind, subject, moment, previous)
        thin = self._thin(thin_id, snapshot, previous)
        check_object(snapshot)
        check_object(thin)
        record = EventRecord(snapshot, thin)
        if self._held is None:
            self._publish(record)
        else:
            self._held.append(record)

    def _publish(self, record: EventRecord) -> None:
        for shape in (record.snapshot, record.thin):
            self.records[shape["id"]] = record
        self.watched.append(record)
        for listener in self.listeners:
            listener(record)

    def recent(self, now: int) -> list[EventRecord]:
        """Return what Stripe still remembers: thirty days, oldest first."""
        return [
            record
            for event_id, record in self.records.items()
            if event_id == record.snapshot["id"]
            and record.snapshot["created"] > now - _MONTH_SECONDS
        ]

    def _snapshot(self, kind: str, subject: Object, moment: int, previous: Object | None) -> Object:
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
        thin: Object = {
            "id": thin_id,
            "object": "v2.core.event",
            "type": f"v1.{snapshot['type']}",
            "created": iso(snapshot["created"]),
            "livemode": False,
            "related_object": {"id": subject["id"], "type": subject["object"], "url": path},
            "snapshot_event": snapshot["id"],
        }
        if previous:
            after = {name: subject.get(name) for name in previous}
            thin["changes"] = copy.deepcopy({"before": previous, "after": after})
        if self.cause.request_id is not None:
            thin["reason"] = self._reason(self.cause.request_id)
        return thin

    def _reason(self, request_id: str) -> Object:
        request = {"id": request_id, "idempotency_key": self.cause.idempotency_key or ""}
        return {"type": "request", "request": request}


def _rank(record: EventRecord) -> int:
    kind = record.snapshot["type"]
    if kind in _USUAL_ORDER:
        return _USUAL_ORDER.index(kind)
    return len(_USUAL_ORDER) + (1 + _LATE.index(kind) if kind in _LATE else 0)
