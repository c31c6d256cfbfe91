"""What comes with time: renewals, retries, ends of trials."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from stand_ins.stripe.billing import ending, invoicing, lines
from stand_ins.stripe.billing.periods import add_period, period_of

if TYPE_CHECKING:
    from stand_ins.stripe.store import Object
    from stand_ins.stripe.world import World

CARDS = ("succeeded", "declined", "requires_action", "processing", "none")


def card_of(world: World, customer_id: str) -> str:
    """Return how the card of a customer answers when nobody is there."""
    return str(world.store.hidden(customer_id).get("card", "succeeded"))


def period_over(world: World, subscription: Object) -> None:
    """Begin the next period, unless the subscription ends or waits here."""
    previous = _roll(world, subscription)
    was_trial = subscription["status"] == "trialing"
    if was_trial and _trial_stops(world, subscription):
        return
    if was_trial:
        previous |= world.change(subscription, status="active")
    if subscription["status"] == "unpaid":
        world.emit("customer.subscription.updated", subscription, previous)
        return
    billed = [
        lines.subscription_line(
            world,
            subscription,
            item,
            lines.full_amount(world, item, subscription["currency"]),
            (item["current_period_start"], item["current_period_end"]),
        )
        for item in subscription["items"]["data"]
    ]
    world.emit("customer.subscription.updated", subscription, previous)
    invoice = invoicing.draft(world, subscription, "subscription_cycle", billed)
    collect(world, subscription, invoice)


def _roll(world: World, subscription: Object) -> Object:
    start, _ = period_of(subscription)
    world.store.hidden(subscription["id"])["last_period_start"] = start
    anchor = subscription["billing_cycle_anchor"]
    items = subscription["items"]
    rows: list[dict[str, Any]] = []
    for item in items["data"]:
        begins = item["current_period_end"]
        ends = add_period(begins, item["price"]["recurring"], anchor)
        rows.append(item | {"current_period_start": begins, "current_period_end": ends})
    return world.change(subscription, items=items | {"data": rows})


def _trial_stops(world: World, subscription: Object) -> bool:
    if card_of(world, subscription["customer"]) != "none":
        return False
    settings = subscription["trial_settings"] or {"end_behavior": {}}
    behavior: str = settings["end_behavior"].get("missing_payment_method", "create_invoice")
    if behavior == "pause":
        world.change(subscription, status="paused")
        world.emit("customer.subscription.paused", subscription)
    elif behavior == "cancel":
        ending.cancel_now(world, subscription)
    return behavior != "create_invoice"


def go_on_collecting(world: World, subscription: Object) -> None:
    """End a pause of the collection."""
    previous = world.change(subscription, pause_collection=None)
    world.emit("customer.subscription.updated", subscription, previous)


def collect(world: World, subscription: Object, invoice: Object) -> None:
    """Take a fresh invoice through to its payment or its first failure."""
    paused = subscription["pause_collection"]
    if paused:
        invoicing.put_aside(world, invoice, paused["behavior"])
        return
    invoicing.finalize(world, invoice)
    pay(world, invoice)


def pay(world: World, invoice: Object, card: str | None = None) -> str:
    """Try an open invoice and let its subscription follow."""
    card = card or card_of(world, invoice["customer"])
    outcome = invoicing.collect(world, invoice, "declined" if card == "none" else card)
    follow(world, invoice, outcome)
    return outcome


def follow(world: World, invoice: Object, outcome: str) -> None:
    """Give a subscription the status that the fate of its invoice calls for."""
    subscription = world.store.find(ending.subscription_of(invoice) or "")
    if subscription is None or subscription["status"] in ending.OVER:
        return
    if outcome == "succeeded":
        # An older invoice that is paid late does not clear the debt of the latest.
        if invoice["id"] == subscription["latest_invoice"]:
            _set_status(world, subscription, "active", {"past_due", "unpaid", "incomplete"})
    elif outcome != "processing":
        _set_status(world, subscription, "past_due", {"active"})
        if invoice["next_payment_attempt"] is None:
            _give_up(world, subscription)


def _set_status(world: World, subscription: Object, status: str, only_from: set[str]) -> None:
    if subscription["status"] in only_from:
        previous = world.change(subscription, status=status)
        world.emit("customer.subscription.updated", subscription, previous)


def _give_up(world: World, subscription: Object) -> None:
    if world.config.dunning_ends == "canceled":
        ending.cancel_now(world, subscription, "payment_failed")
    elif world.config.dunning_ends == "unpaid":
        _set_status(world, subscription, "unpaid", {"past_due"})
