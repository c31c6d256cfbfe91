"""Begins subscriptions, after their first payment in Checkout."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from stand_ins.stripe.billing import discounts, invoicing, lines
from stand_ins.stripe.billing.periods import DAY, add_period
from stand_ins.stripe.listing import as_list

if TYPE_CHECKING:
    from stand_ins.stripe.store import Object
    from stand_ins.stripe.world import World


def start(
    world: World, session: Object, wanted: list[dict[str, Any]], outcome: str
) -> tuple[Object, Object]:
    """Make the subscription that a session bought, and its first invoice.

    `wanted` has a price and a quantity for each recurring item.
    """
    hidden = world.store.hidden(session["id"])
    data: dict[str, Any] = hidden["subscription_data"]
    now = world.now(session["customer"])
    trial_end = _trial_end(data, now)
    subscription = world.build(
        "subscription",
        billing_cycle_anchor=trial_end or now,
        billing_mode={"type": "flexible", "flexible": {"proration_discounts": "included"}},
        collection_method="charge_automatically",
        currency=session["currency"],
        customer=session["customer"],
        default_payment_method=None,
        description=data.get("description"),
        metadata=data.get("metadata", {}),
        start_date=now,
        status="trialing" if trial_end else "active",
        trial_end=trial_end,
        trial_settings=data.get("trial_settings"),
        trial_start=now if trial_end else None,
    )
    subscription["invoice_settings"] = {"account_tax_ids": None, "issuer": {"type": "self"}}
    items = [_item(world, subscription, one, now, trial_end) for one in wanted]
    url = f"/v1/subscription_items?subscription={subscription['id']}"
    subscription["items"] = as_list(url, items)
    clock = world.store.get("customer", session["customer"]).get("test_clock")
    subscription["test_clock"] = clock
    world.store.put(subscription)
    discounts.attach(world, subscription, hidden["coupon"])
    invoice = first_invoice(world, subscription, outcome)
    world.emit("customer.subscription.created", subscription)
    return subscription, invoice


def _trial_end(data: dict[str, Any], now: int) -> int | None:
    if days := data.get("trial_period_days"):
        return now + int(days) * DAY
    return data.get("trial_end")


def _item(
    world: World, subscription: Object, one: dict[str, Any], now: int, trial_end: int | None
) -> Object:
    recurring = one["price"]["recurring"]
    return world.build(
        "subscription_item",
        created=now,
        current_period_end=trial_end or add_period(now, recurring, now),
        current_period_start=now,
        price=one["price"],
        quantity=one["quantity"],
        subscription=subscription["id"],
        tax_rates=[],
    )


def first_invoice(world: World, subscription: Object, outcome: str) -> Object:
    """Bill the first period; a trial is billed too, with nothing to pay."""
    free = subscription["status"] == "trialing"
    billed = [
        lines.subscription_line(
            world,
            subscription,
            item,
            0 if free else lines.full_amount(world, item, subscription["currency"]),
            (item["current_period_start"], item["current_period_end"]),
            description=f"Trial period for {lines.product_name(world, item['price'])}"
            if free
            else None,
        )
        for item in subscription["items"]["data"]
    ]
    invoice = invoicing.draft(world, subscription, "subscription_create", billed)
    invoicing.finalize(world, invoice)
    invoicing.collect(world, invoice, outcome)
    return invoice
