"""Changes plans and quantities in the middle of a period, with proration."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

from stand_ins.stripe.billing import lines, renewing
from stand_ins.stripe.billing.invoicing import draft
from stand_ins.stripe.billing.periods import add_period, period_of, share
from stand_ins.stripe.errors import card_error, invalid

if TYPE_CHECKING:
    from stand_ins.stripe.store import Object
    from stand_ins.stripe.world import World


def change_items(
    world: World,
    subscription: Object,
    wanted: list[dict[str, Any]],
    *,
    proration: str = "create_prorations",
    behavior: str = "allow_incomplete",
    restart: bool = False,
) -> Object:
    """Apply new prices or quantities; return the old values of what is different now."""
    now = world.now(subscription["customer"])
    old_items = copy.deepcopy(subscription["items"]["data"])
    new_items = _applied(world, subscription, wanted)
    old_rhythm, new_rhythm = _rhythm(old_items), _rhythm(new_items)
    restart = restart or old_rhythm != new_rhythm
    if behavior == "error_if_incomplete" and (restart or proration == "always_invoice"):
        _refuse_bad_card(world, subscription)
    prorated: list[Object] = []
    if proration != "none" and subscription["status"] != "trialing":
        prorated = _prorated(world, subscription, old_items, now, credit=True)
        if not restart:
            prorated += _prorated(world, subscription, new_items, now, credit=False)
    if restart:
        _start_over(world, subscription, new_items, now)
    items = subscription["items"] | {"data": new_items}
    anchor = now if restart else subscription["billing_cycle_anchor"]
    previous = world.change(subscription, items=items, billing_cycle_anchor=anchor)
    _bill(world, subscription, prorated, restart=restart, at_once=proration == "always_invoice")
    return previous


def _applied(world: World, subscription: Object, wanted: list[dict[str, Any]]) -> list[Object]:
    items: list[Object] = copy.deepcopy(subscription["items"]["data"])
    for index, one in enumerate(wanted):
        item = next((item for item in items if item["id"] == one.get("id")), None)
        if item is None:
            # Without the item's id Stripe adds a second item: a trap, so it is refused loudly.
            message = "Local stand-in: name the subscription item to change with `items[][id]`."
            raise invalid(message, f"items[{index}][id]")
        if "price" in one:
            item["price"] = _usable_price(world, subscription, one["price"], index)
        if "quantity" in one:
            item["quantity"] = one["quantity"]
    return items


def _usable_price(world: World, subscription: Object, price_id: str, index: int) -> Object:
    param = f"items[{index}][price]"
    price = world.store.get("price", price_id, param)
    if price["type"] != "recurring":
        message = "The price specified is set to `type=one_time` but this field only accepts "
        raise invalid(message + "prices with `type=recurring`.", param)
    if not price["active"]:
        raise invalid("The price specified is inactive. This field only accepts active prices.")
    if subscription["currency"] not in world.store.hidden(price_id)["currency_options"]:
        raise invalid("The price specified only supports another currency.", param)
    return copy.deepcopy(price)


def _rhythm(items: list[Object]) -> tuple[str, int]:
    recurring = items[0]["price"]["recurring"]
    return recurring["interval"], recurring["interval_count"]


def _refuse_bad_card(world: World, subscription: Object) -> None:
    if renewing.card_of(world, subscription["customer"]) != "succeeded":
        raise card_error("generic_decline")


def _prorated(
    world: World, subscription: Object, items: list[Object], now: int, *, credit: bool
) -> list[Object]:
    """Return what the rest of the period is worth, given back or charged."""
    start, end = period_of(subscription)
    sign, words = (-1, "Unused time on") if credit else (1, "Remaining time on")
    return [
        lines.subscription_line(
            world,
            subscription,
            item,
            sign * share(_full(world, subscription, item), end - now, end - start),
            (now, end),
            proration=True,
            description=f"{words} {lines.product_name(world, item['price'])}",
        )
        for item in items
    ]


def _full(world: World, subscription: Object, item: Object) -> int:
    return lines.full_amount(world, item, subscription["currency"])


def _start_over(world: World, subscription: Object, items: list[Object], now: int) -> None:
    start, _ = period_of(subscription)
    world.store.hidden(subscription["id"])["last_period_start"] = start
    for item in items:
        item["current_period_start"] = now
        item["current_period_end"] = add_period(now, item["price"]["recurring"], now)


def _bill(
    world: World, subscription: Object, prorated: list[Object], *, restart: bool, at_once: bool
) -> None:
    if restart and subscription["status"] != "trialing":
        prorated += [
            lines.subscription_line(
                world,
                subscription,
                item,
                _full(world, subscription, item),
                (item["current_period_start"], item["current_period_end"]),
            )
            for item in subscription["items"]["data"]
        ]
        at_once = True
    if not prorated:
        return
    if at_once:
        invoice = draft(world, subscription, "subscription_update", prorated)
        renewing.collect(world, subscription, invoice)
    else:
        world.store.hidden(subscription["id"]).setdefault("pending_lines", []).extend(prorated)
