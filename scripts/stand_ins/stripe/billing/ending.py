"""Ends subscriptions, at once or later."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from stand_ins.stripe.billing.periods import period_of
from stand_ins.stripe.errors import invalid

if TYPE_CHECKING:
    from stand_ins.stripe.store import Object
    from stand_ins.stripe.world import World

# A subscription in one of these never comes back.
OVER = frozenset({"canceled", "incomplete_expired"})


def cancel_now(
    world: World,
    subscription: Object,
    reason: str = "cancellation_requested",
    told: dict[str, Any] | None = None,
    moment: int | None = None,
) -> None:
    """End a subscription at once, or at the moment that was planned; nothing is paid back."""
    if subscription["status"] in OVER:
        raise invalid(f"No such subscription: '{subscription['id']}'", "id", "resource_missing")
    now = moment or world.now(subscription["customer"])
    details = {"comment": None, "feedback": None} | (told or {}) | {"reason": reason}
    world.change(
        subscription,
        canceled_at=subscription["canceled_at"] or now,
        cancellation_details=details,
        ended_at=now,
        status="canceled",
    )
    _stop_collecting(world, subscription)
    world.emit("customer.subscription.deleted", subscription)


def _stop_collecting(world: World, subscription: Object) -> None:
    for invoice in world.store.all("invoice"):
        if subscription_of(invoice) == subscription["id"] and invoice["status"] == "open":
            world.change(invoice, auto_advance=False, next_payment_attempt=None)


def subscription_of(invoice: Object) -> str | None:
    """Return the subscription that an invoice belongs to."""
    details = (invoice["parent"] or {}).get("subscription_details")
    return details["subscription"] if details else None


def cancel_later(world: World, subscription: Object, *, as_date: bool = False) -> Object:
    """Plan the end with the period; `as_date` writes only the date, as newer portals do."""
    now = world.now(subscription["customer"])
    return world.change(
        subscription,
        cancel_at=period_of(subscription)[1],
        cancel_at_period_end=not as_date,
        canceled_at=now,
        cancellation_details={
            "comment": None,
            "feedback": None,
            "reason": "cancellation_requested",
        },
    )


def cancel_on(world: World, subscription: Object, moment: int) -> Object:
    """Plan the end for a date."""
    now = world.now(subscription["customer"])
    if moment <= now:
        raise invalid("`cancel_at` must be in the future.", "cancel_at")
    return world.change(subscription, cancel_at=moment, cancel_at_period_end=False, canceled_at=now)


def go_on(world: World, subscription: Object) -> Object:
    """Take a planned end back."""
    nothing = {"comment": None, "feedback": None, "reason": None}
    return world.change(
        subscription,
        cancel_at=None,
        cancel_at_period_end=False,
        canceled_at=None,
        cancellation_details=nothing,
    )
