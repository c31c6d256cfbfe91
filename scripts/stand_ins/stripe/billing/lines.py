"""Lines of invoices."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from stand_ins.stripe.store import Object
    from stand_ins.stripe.world import World


def subscription_line(
    world: World,
    subscription: Object,
    item: Object,
    amount: int,
    period: tuple[int, int],
    *,
    proration: bool = False,
    description: str | None = None,
) -> Object:
    """Return one line for an item of a subscription."""
    price, quantity = item["price"], item["quantity"]
    details = {
        "invoice_item": None,
        "proration": proration,
        "proration_details": {"credited_items": None} if proration else None,
        "subscription": subscription["id"],
        "subscription_item": item["id"],
    }
    return world.build(
        "line_item",
        amount=amount,
        currency=subscription["currency"],
        description=description or f"{quantity} × {product_name(world, price)}",
        discount_amounts=[],
        discountable=not proration,
        metadata=subscription["metadata"],
        parent={
            "type": "subscription_item_details",
            "invoice_item_details": None,
            "subscription_item_details": details,
        },
        period={"start": period[0], "end": period[1]},
        pricing=_pricing(price),
        quantity=quantity,
        quantity_decimal=str(quantity),
        subscription=subscription["id"],
        subtotal=amount,
        taxes=[],
    )


def _pricing(price: Object) -> Object:
    return {
        "type": "price_details",
        "price_details": {"price": price["id"], "product": price["product"]},
        "unit_amount_decimal": price["unit_amount_decimal"],
    }


def product_name(world: World, price: Object) -> str:
    """Return what a price buys, in words."""
    product = world.store.find(price["product"])
    return str(product["name"]) if product else str(price["id"])


def unit_amount(world: World, price: Object, currency: str) -> int:
    """Return the price in a currency that it has."""
    return int(world.store.hidden(price["id"])["currency_options"][currency]["unit_amount"])


def full_amount(world: World, item: Object, currency: str) -> int:
    """Return what a whole period of an item costs."""
    return unit_amount(world, item["price"], currency) * int(item["quantity"])
