"""Coupons on sessions, subscriptions and invoices."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stand_ins.stripe.errors import invalid
from stand_ins.stripe.ids import random_text

if TYPE_CHECKING:
    from stand_ins.stripe.store import Object
    from stand_ins.stripe.world import World


def reduction(coupon: Object | None, amount: int) -> int:
    """Return how much a coupon takes off."""
    if coupon is None or amount <= 0:
        return 0
    if coupon["percent_off"] is not None:
        return min(amount, round(amount * float(coupon["percent_off"]) / 100))
    return min(amount, int(coupon["amount_off"] or 0))


def coupon_of(world: World, discounts: list[dict[str, str]] | None) -> Object | None:
    """Return the coupon that a request names."""
    if not discounts:
        return None
    if len(discounts) > 1:
        raise invalid("You may only specify one discount here.", "discounts")
    coupon_id = discounts[0].get("coupon")
    if coupon_id is None:
        raise invalid("Local stand-in: only `discounts[0][coupon]` is served.", "discounts")
    coupon = world.store.get("coupon", coupon_id, "discounts[0][coupon]")
    if not coupon["valid"]:
        raise invalid(f"Coupon expired: {coupon_id}", "discounts[0][coupon]", "coupon_expired")
    return coupon


def attach(world: World, subscription: Object, coupon: Object | None) -> None:
    """Let a coupon stay on a subscription as long as it says."""
    if coupon is None:
        return
    left = {"forever": None, "once": 1}.get(coupon["duration"], coupon["duration_in_months"])
    discount = {"id": f"di_{random_text(24)}", "coupon": coupon["id"], "left": left}
    world.store.hidden(subscription["id"])["discount"] = discount
    world.change(subscription, discounts=[discount["id"]])


def take_off(world: World, invoice: Object, subscription: Object) -> None:
    """Reduce an invoice by the coupon of its subscription."""
    discount = world.store.hidden(subscription["id"]).get("discount")
    if not discount or invoice["total"] <= 0:
        return
    coupon = world.store.get("coupon", discount["coupon"])
    amount = reduction(coupon, invoice["total"])
    invoice["discounts"] = [discount["id"]]
    invoice["total_discount_amounts"] = [{"amount": amount, "discount": discount["id"]}]
    invoice["total"] -= amount
    invoice["total_excluding_tax"] -= amount
    if discount["left"] is not None:
        discount["left"] -= 1
        if not discount["left"]:
            world.store.hidden(subscription["id"]).pop("discount")
            subscription["discounts"] = []
