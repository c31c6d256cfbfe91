"""What happens to a subscription in its life."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from stand_ins.stripe.billing import changing, ending, renewing, scheduled
from stand_ins.stripe.billing.periods import period_of
from stand_ins.stripe.errors import invalid
from stand_ins.stripe.resources import subscriptions

if TYPE_CHECKING:
    from stand_ins.stripe.actions.params import ActionParams
    from stand_ins.stripe.store import Object
    from stand_ins.stripe.world import World


def card(world: World, params: ActionParams) -> None:
    """Decide how the card of a customer answers from now on."""
    customer = world.store.get("customer", params.take("customer"), "customer")
    world.store.hidden(customer["id"])["card"] = params.take("card", choices=renewing.CARDS)
    params.end()


def renew(world: World, params: ActionParams) -> None:
    """Let time pass until the next period begins; `alone` leaves the clock and all others be."""
    subscription = _subscription(world, params)
    outcome = params.take("outcome", None, (None, *renewing.CARDS))
    alone = params.take("alone", False, (False, True))
    params.end()
    hidden = world.store.hidden(subscription["customer"])
    if outcome:
        hidden["card"] = outcome
    if alone:
        renewing.period_over(world, subscription)
    else:
        clock_id = subscription["test_clock"]
        clock = world.store.find(clock_id) if clock_id else None
        scheduled.advance(world, period_of(subscription)[1], clock)


def pay_invoice(world: World, params: ActionParams) -> None:
    """Pay an open invoice on its page, with a `card` or one that is `declined`."""
    invoice = world.store.get("invoice", params.take("invoice"), "invoice")
    how = params.take("how", "card", ("card", "declined"))
    params.end()
    if invoice["status"] != "open":
        raise invalid(f"This invoice is {invoice['status']}.", "invoice")
    renewing.pay(world, invoice, "succeeded" if how == "card" else "declined")


def recover(world: World, params: ActionParams) -> None:
    """Replace the card and pay the invoice that is open."""
    subscription = _subscription(world, params)
    params.end()
    invoice = world.store.get("invoice", subscription["latest_invoice"])
    if invoice["status"] != "open":
        raise invalid(f"The latest invoice is {invoice['status']}.", "subscription")
    world.store.hidden(subscription["customer"])["card"] = "succeeded"
    renewing.pay(world, invoice)


def cancel(world: World, params: ActionParams) -> None:
    """Cancel `now`, at the `period_end`, or on the `date` that it ends, as newer portals write."""
    subscription = _subscription(world, params)
    when = params.take("when", "now", ("now", "period_end", "date"))
    params.end()
    if when == "now":
        ending.cancel_now(world, subscription)
        return
    previous = ending.cancel_later(world, subscription, as_date=when == "date")
    world.emit("customer.subscription.updated", subscription, previous)


def keep(world: World, params: ActionParams) -> None:
    """Take a planned end back."""
    subscription = _subscription(world, params)
    params.end()
    previous = ending.go_on(world, subscription)
    world.emit("customer.subscription.updated", subscription, previous)


def change_plan(world: World, params: ActionParams) -> None:
    """Change price or quantity, prorated at once unless told otherwise."""
    subscription = _subscription(world, params)
    wanted: dict[str, Any] = {"id": subscription["items"]["data"][0]["id"]}
    for name, kind in (("price", str), ("quantity", int)):
        if (value := params.take_one_of(kind, name, None)) is not None:
            wanted[name] = value
    rules = ("always_invoice", "create_prorations", "none")
    proration = params.take("proration", "always_invoice", rules)
    params.end()
    previous = changing.change_items(world, subscription, [wanted], proration=proration)
    world.emit("customer.subscription.updated", subscription, previous)


def pause(world: World, params: ActionParams) -> None:
    """Pause the `collection` (it stays active) or the subscription itself (`status`)."""
    subscription = _subscription(world, params)
    what = params.take("what", "collection", ("collection", "status"))
    behaviors = ("void", "keep_as_draft", "mark_uncollectible")
    behavior = params.take("behavior", "void", behaviors)
    params.end()
    if subscription["status"] == "paused":
        raise invalid("This subscription is paused.", "subscription")
    if what == "status":
        previous = world.change(subscription, status="paused")
        world.emit("customer.subscription.paused", subscription)
    else:
        rule = {"behavior": behavior, "resumes_at": None}
        previous = world.change(subscription, pause_collection=rule)
    world.emit("customer.subscription.updated", subscription, previous)


def resume(world: World, params: ActionParams) -> None:
    """End a pause of either kind."""
    subscription = _subscription(world, params)
    params.end()
    if subscription["status"] == "paused":
        subscriptions.restart_paused(world, subscription)
        return
    if subscription["pause_collection"] is None:
        raise invalid("This subscription is not paused.", "subscription")
    renewing.go_on_collecting(world, subscription)


def end_trial(world: World, params: ActionParams) -> None:
    """End a trial now."""
    subscription = _subscription(world, params)
    params.end()
    if subscription["status"] != "trialing":
        raise invalid(f"This subscription is {subscription['status']}.", "subscription")
    subscriptions.end_trial(world, subscription)


def _subscription(world: World, params: ActionParams) -> Object:
    found = world.store.get("subscription", params.take("subscription"), "subscription")
    if found["status"] in ending.OVER:
        raise invalid(f"This subscription is {found['status']}.", "subscription")
    return found
