"""Objects of Stripe as its API gives them, small, for tests of what SQL makes of them.

The shapes are those of API version 2026-10-28.endive; the stand-in's tests hold them against the
specification, and tests/product/end_to_end go through the real thing.
"""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from tests.support.database import Database, sign_up

Object = dict[str, Any]
_NUMBERS = count(1)
DAY = timedelta(days=1)


def new_id(prefix: str) -> str:
    """Return an id that was never given before."""
    return f"{prefix}_{next(_NUMBERS):06d}{uuid.uuid4().hex[:8]}"


def at(instant: datetime) -> int:
    """Write an instant as Stripe does."""
    return int(instant.timestamp())


def link_all(db: Database) -> None:
    """Give every pack and plan of the catalog a price at Stripe."""
    db.rows(
        "select private.link_stripe_price(item_kind, item_key, 'price_' || item_key, product_id,"
        " amount, currency, billing_interval) from private.catalog"
    )


def price(item_key: str) -> str:
    """Return the id of an item's price, as link_all() makes it."""
    return f"price_{item_key}"


def new_plan(db: Database, name: str, *, monthly: int, **more: Any) -> str:
    """Make a plan with a price."""
    values = {"billing_interval": "month", "rollover": "none", "rollover_cap": None} | more
    db.rows(
        "insert into public.plans (plan_name, title, credits_per_month, price_amount,"
        " billing_interval, rollover, rollover_cap) values (%s, 'A plan', %s, %s, %s, %s, %s)",
        name,
        monthly,
        monthly * 10,
        values["billing_interval"],
        values["rollover"],
        values["rollover_cap"],
    )
    link_all(db)
    return name


@dataclass
class Customer:
    """Somebody with an account here and a customer at Stripe."""

    db: Database
    person: uuid.UUID
    id: str = field(default_factory=lambda: new_id("cus"))

    @classmethod
    def new(cls, db: Database) -> Customer:
        """Sign somebody up who starts without credits."""
        db.rows("update private.settings set sign_up_credits = 0 where id and sign_up_credits <> 0")
        made = cls(db, sign_up(db))
        db.rows(
            "insert into private.stripe_customers (profile_id, customer_id) values (%s, %s)",
            made.person,
            made.id,
        )
        return made

    def session(self, item_key: str = "starter", **more: Any) -> Object:
        """Return a Checkout session of a pack, paid unless told otherwise."""
        quantity = more.pop("quantity", 1)
        made = {
            "id": new_id("cs"),
            "object": "checkout.session",
            "livemode": False,
            "mode": "payment",
            "status": "complete",
            "payment_status": "paid",
            "customer": self.id,
            "client_reference_id": None,
            "amount_total": 900 * quantity,
            "currency": "usd",
            "payment_intent": {
                "id": new_id("pi"),
                "object": "payment_intent",
                "status": "succeeded",
            },
            "subscription": None,
            "invoice": None,
            "line_items": {
                "object": "list",
                "data": [{"price": {"id": price(item_key)}, "quantity": quantity}],
                "has_more": False,
            },
        }
        return made | more

    def subscription(self, plan: str, start: datetime, end: datetime, **more: Any) -> Object:
        """Return a subscription, active unless told otherwise."""
        quantity = more.pop("quantity", 1)
        made = {
            "id": new_id("sub"),
            "object": "subscription",
            "livemode": False,
            "customer": self.id,
            "status": "active",
            "start_date": at(start),
            "ended_at": None,
            "cancel_at": None,
            "cancel_at_period_end": False,
            "pause_collection": None,
            "items": {
                "object": "list",
                "data": [
                    {
                        "id": new_id("si"),
                        "price": {"id": price(plan)},
                        "quantity": quantity,
                        "current_period_start": at(start),
                        "current_period_end": at(end),
                    }
                ],
            },
        }
        return made | more

    def invoice(self, subscription: Object, *lines: Object, **more: Any) -> Object:
        """Return a paid invoice of a subscription."""
        total = sum(line["amount"] for line in lines)
        made = {
            "id": new_id("in"),
            "object": "invoice",
            "livemode": False,
            "customer": self.id,
            "status": "paid",
            "billing_reason": "subscription_cycle",
            "total": total,
            "amount_paid": max(total, 0),
            "currency": "usd",
            "parent": {
                "type": "subscription_details",
                "subscription_details": {"subscription": subscription["id"]},
            },
            "lines": {"object": "list", "data": list(lines), "has_more": False},
            "payments": {
                "object": "list",
                "data": [{"payment": {"type": "payment_intent", "payment_intent": new_id("pi")}}],
            },
        }
        return made | more


def line(plan: str, start: datetime, end: datetime, amount: int = 1900, **more: Any) -> Object:
    """Return a line of an invoice: a plan for some time; with `proration` the rest of a period."""
    proration = more.pop("proration", False)
    made = {
        "id": new_id("il"),
        "object": "line_item",
        "amount": amount,
        "quantity": 1,
        "period": {"start": at(start), "end": at(end)},
        "pricing": {"price_details": {"price": price(plan)}},
        "parent": {
            "type": "subscription_item_details",
            "subscription_item_details": {"proration": proration},
        },
    }
    return made | more


def intent_of(paid: Object) -> str:
    """Return the PaymentIntent that paid a session or an invoice."""
    if paid["object"] == "invoice":
        return str(paid["payments"]["data"][0]["payment"]["payment_intent"])
    return str(paid["payment_intent"]["id"])


def refund(paid: Object, amount: int, status: str = "succeeded", **more: Any) -> Object:
    """Return a refund of a session or an invoice."""
    made = {
        "id": new_id("re"),
        "object": "refund",
        "amount": amount,
        "currency": "usd",
        "status": status,
        "payment_intent": intent_of(paid),
    }
    return made | more


def dispute(paid: Object, status: str = "needs_response", **more: Any) -> Object:
    """Return a dispute of a session or an invoice, over all of it."""
    amount = paid.get("amount_total", paid.get("amount_paid"))
    made = {
        "id": new_id("du"),
        "object": "dispute",
        "livemode": False,
        "amount": amount,
        "currency": "usd",
        "status": status,
        "payment_intent": intent_of(paid),
    }
    return made | more


def event(subject: Object, kind: str, **more: Any) -> Object:
    """Return what the sidecar passes on of a snapshot event."""
    made = {
        "id": new_id("evt"),
        "object": "event",
        "type": kind,
        "created": at(datetime.now(UTC)),
        "livemode": False,
        "data": {"object": {"id": subject["id"], "object": subject["object"]}},
    }
    return made | more


def apply(db: Database, subject: Object) -> str | None:
    """Apply an object as the worker does once it has fetched it; null: it has to wait."""
    word: str | None = db.value(
        "select private.apply_stripe_object(%s::jsonb)", json.dumps(subject)
    )
    return word


def tell(db: Database, told: Object) -> str:
    """Give an event to the inbox, as the sidecar's role does."""
    statement = "select private.report_stripe_event(%s::jsonb)"
    return str(db.value(statement, json.dumps(told), role="thumbsmith_sidecar"))


def alarms(db: Database) -> list[str]:
    """Return the slugs of all alarms."""
    return [row["slug"] for row in db.rows("select slug from private.stripe_alarms order by id")]
