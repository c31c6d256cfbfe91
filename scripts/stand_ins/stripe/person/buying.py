"""On the page of a Checkout session, and after it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stand_ins.stripe.billing import agenda, checkout
from stand_ins.stripe.errors import invalid

if TYPE_CHECKING:
    from stand_ins.stripe.person.wishes import Wishes
    from stand_ins.stripe.world import World

_HOW = {
    "card": "succeeded",
    "declined": "declined",
    "delayed": "processing",
    "action_required": "requires_action",
}


def pay(world: World, wishes: Wishes) -> None:
    """Pay a session: `how`, and for a delayed method perhaps its `settle` at once."""
    session = world.store.get("checkout.session", wishes.take("session"), "session")
    how = wishes.take("how", "card", tuple(_HOW))
    settle = wishes.take("settle", None, (None, "succeeded", "declined"))
    payment = checkout.Payment(
        outcome=_HOW[how],
        quantity=wishes.take_one_of(int, "quantity", None),
        currency=wishes.take_one_of(str, "currency", None),
        discount_percent=wishes.take_one_of(int, "discount_percent", 0),
        email=wishes.take_one_of(str, "email", "buyer@example.com"),
    )
    wishes.end()
    checkout.pay(world, session, payment)
    if settle:
        checkout.settle(world, session, settle)


def settle(world: World, wishes: Wishes) -> None:
    """Let the bank of a delayed payment answer: of a `session`, or of a renewal's `invoice`."""
    invoice_id = wishes.take_one_of(str, "invoice", "")
    session_id = "" if invoice_id else wishes.take("session")
    outcome = wishes.take("outcome", "succeeded", ("succeeded", "declined"))
    wishes.end()
    if invoice_id:
        invoice = world.store.get("invoice", invoice_id, "invoice")
        checkout.settle_invoice(world, invoice, outcome)
    else:
        session = world.store.get("checkout.session", session_id, "session")
        checkout.settle(world, session, outcome)


def abandon(world: World, wishes: Wishes) -> None:
    """Leave a session until its time is up."""
    session = world.store.get("checkout.session", wishes.take("session"), "session")
    wishes.end()
    if session["status"] != "open":
        raise invalid(f"This Checkout Session is {session['status']}.", "session")
    agenda.expire(world, session)
