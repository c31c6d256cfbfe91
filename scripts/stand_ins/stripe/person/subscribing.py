"""What happens to a subscription in its life."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from stand_ins.stripe.billing import agenda, changing, ending, renewing
from stand_ins.stripe.billing.periods import period_of
from stand_ins.stripe.errors import invalid
from stand_ins.stripe.resources import subscriptions

if TYPE_CHECKING:
    from stand_ins.stripe.person.wishes import Wishes
    from stand_ins.stripe.store import Object
    from stand_ins.stripe.world import World


def card(world: World, wishes: Wishes) -> None:
    """Decide how the card of a customer answers from now on."""
    customer = world.store.get("customer", wishes.take("customer"), "customer")
    world.store.hidden(customer["id"])["card"] = wishes.take("card", choices=renewing.CARDS)
    wishes.end()


def renew(world: World, wishes: Wishes) -> None:
    """Let time pass until the next period begins; `alone` leaves the clock and all others be."""
    subscription = _subscription(world, wishes)
    outcome = wishes.take("outcome", None, (None, *renewing.CARDS))
    alone = wishes.take("alone", False, (False, True))
    wishes.end()
    hidden = world.store.hidden(subscription["customer"])
    if outcome:
        hidden["card"] = outcome
    if alone:
        renewing.period_over(world, subscription)
    else:
        clock_id = subscription["test_clock"]
        clock = world.store.find(clock_id) if clock_id else None
        agenda.advance(world, period_of(subscription)[1], clock)


def pay_invoice(world: World, wishes: Wishes) -> None:
    """Pay an open invoice on its page, with a `card` or one that is `declined`."""
    invoice = world.store.get("invoice", wishes.take("invoice"), "invoice")
    how = wishes.take("how", "card", ("card", "declined"))
    wishes.end()
    if invoice["status"] != "open":
        raise invalid(f"This invoice is {invoice['status']}.", "invoice")
    renewing.pay(world, invoice, "succeeded" if how == "card" else "declined")


def recover(world: World, wishes: Wishes) -> None:
    """Mend the card and pay the invoice that is open."""
    subscription = _subscription(world, wishes)
    wishes.end()
    invoice = world.store.get("invoice", subscription["latest_invoice"])
    if invoice["status"] != "open":
        raise invalid(f"The latest invoice is {invoice['status']}.", "subscription")
    world.store.hidden(subscription["customer"])["card"] = "succeeded"
    renewing.pay(world, invoice)


def cancel(world: World, wishes: Wishes) -> None:
    """Cancel `now`, at the `period_end`, or on the `date` that it ends, as newer portals write."""
    subscription = _subscription(world, wishes)
    when = wishes.take("when", "now", ("now", "period_end", "date"))
    wishes.end()
    if when == "now":
        ending.cancel_now(world, subscription)
        return
    previous = ending.cancel_later(world, subscription, as_date=when == "date")
    world.emit("customer.subscription.updated", subscription, previous)


def keep(world: World, wishes: Wishes) -> None:
    """Take a planned end back."""
    subscription = _subscription(world, wishes)
    wishes.end()
    previous = ending.go_on(world, subscription)
    world.emit("customer.subscription.updated", subscription, previous)


def change_plan(world: World, wishes: Wishes) -> None:
    """Change price or quantity, prorated at once unless told otherwise."""
    subscription = _subscription(world, wishes)
    wanted: dict[str, Any] = {"id": subscription["items"]["data"][0]["id"]}
    for name, kind in (("price", str), ("quantity", int)):
        if (value := wishes.take_one_of(kind, name, None)) is not None:
            wanted[name] = value
    rules = ("always_invoice", "create_prorations", "none")
    proration = wishes.take("proration", "always_invoice", rules)
    wishes.end()
    previous = changing.change_items(world, subscription, [wanted], proration=proration)
    world.emit("customer.subscription.updated", subscription, previous)


def pause(world: World, wishes: Wishes) -> None:
    """Pause the `collection` (it stays active) or the subscription itself (`status`)."""
    subscription = _subscription(world, wishes)
    what = wishes.take("what", "collection", ("collection", "status"))
    behaviors = ("void", "keep_as_draft", "mark_uncollectible")
    behavior = wishes.take("behavior", "void", behaviors)
    wishes.end()
    if subscription["status"] == "paused":
        raise invalid("This subscription is paused.", "subscription")
    if what == "status":
        previous = world.change(subscription, status="paused")
        world.emit("customer.subscription.paused", subscription)
    else:
        rule = {"behavior": behavior, "resumes_at": None}
        previous = world.change(subscription, pause_collection=rule)
    world.emit("customer.subscription.updated", subscription, previous)


def resume(world: World, wishes: Wishes) -> None:
    """End a pause of either kind."""
    subscription = _subscription(world, wishes)
    wishes.end()
    if subscription["status"] == "paused":
        subscriptions.restart_paused(world, subscription)
        return
    if subscription["pause_collection"] is None:
        raise invalid("This subscription is not paused.", "subscription")
    renewing.go_on_collecting(world, subscription)


def end_trial(world: World, wishes: Wishes) -> None:
    """End a trial now."""
    subscription = _subscription(world, wishes)
    wishes.end()
    if subscription["status"] != "trialing":
        raise invalid(f"This subscription is {subscription['status']}.", "subscription")
    subscriptions.end_trial(world, subscription)


def _subscription(world: World, wishes: Wishes) -> Object:
    found = world.store.get("subscription", wishes.take("subscription"), "subscription")
    if found["status"] in ending.OVER:
        raise invalid(f"This subscription is {found['status']}.", "subscription")
    return found
