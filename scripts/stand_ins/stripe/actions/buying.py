"""On the page of a Checkout session, and after it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stand_ins.stripe.billing import checkout, scheduled
from stand_ins.stripe.errors import invalid

if TYPE_CHECKING:
    from stand_ins.stripe.actions.params import ActionParams
    from stand_ins.stripe.world import World

_HOW = {
    "card": "succeeded",
    "declined": "declined",
    "delayed": "processing",
    "action_required": "requires_action",
}


def pay(world: World, params: ActionParams) -> None:
    """Pay a session: `how`, and for a delayed method perhaps its `settle` at once."""
    session = world.store.get("checkout.session", params.take("session"), "session")
    how = params.take("how", "card", tuple(_HOW))
    settle = params.take("settle", None, (None, "succeeded", "declined"))
    payment = checkout.Payment(
        outcome=_HOW[how],
        quantity=params.take_one_of(int, "quantity", None),
        currency=params.take_one_of(str, "currency", None),
        discount_percent=params.take_one_of(int, "discount_percent", 0),
        email=params.take_one_of(str, "email", "buyer@example.com"),
    )
    params.end()
    checkout.pay(world, session, payment)
    if settle:
        checkout.settle(world, session, settle)


def settle(world: World, params: ActionParams) -> None:
    """Let the bank of a delayed payment answer: of a `session`, or of a renewal's `invoice`."""
    invoice_id = params.take_one_of(str, "invoice", "")
    session_id = "" if invoice_id else params.take("session")
    outcome = params.take("outcome", "succeeded", ("succeeded", "declined"))
    params.end()
    if invoice_id:
        invoice = world.store.get("invoice", invoice_id, "invoice")
        checkout.settle_invoice(world, invoice, outcome)
    else:
        session = world.store.get("checkout.session", session_id, "session")
        checkout.settle(world, session, outcome)


def abandon(world: World, params: ActionParams) -> None:
    """Leave a session until its time is up."""
    session = world.store.get("checkout.session", params.take("session"), "session")
    params.end()
    if session["status"] != "open":
        raise invalid(f"This Checkout Session is {session['status']}.", "session")
    scheduled.expire(world, session)
