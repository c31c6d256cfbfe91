"""Money that goes back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stand_ins.stripe.billing import disputing, refunding
from stand_ins.stripe.resources.payments import charge_of

if TYPE_CHECKING:
    from stand_ins.stripe.person.wishes import Wishes
    from stand_ins.stripe.store import Object
    from stand_ins.stripe.world import World


def refund(world: World, wishes: Wishes) -> None:
    """Refund a payment from the dashboard, wholly or in part."""
    charge = _charge(world, wishes)
    amount = wishes.take_one_of(int, "amount", None)
    status = wishes.take("status", "succeeded", ("pending", "requires_action", "succeeded"))
    wishes.end()
    refunding.refund(world, charge, amount, status)


def refund_outcome(world: World, wishes: Wishes) -> None:
    """Give a refund its next status."""
    made = world.store.get("refund", wishes.take("refund"), "refund")
    status = wishes.take("status", choices=refunding.STATUSES)
    wishes.end()
    refunding.move_on(world, made, status)


def dispute(world: World, wishes: Wishes) -> None:
    """Dispute a payment at the bank; an `inquiry` only asks."""
    charge = _charge(world, wishes)
    amount = wishes.take_one_of(int, "amount", None)
    reason = wishes.take_one_of(str, "reason", "fraudulent")
    inquiry = wishes.take("inquiry", False, (False, True))
    wishes.end()
    disputing.open_dispute(world, charge, amount, reason, inquiry=inquiry)


def dispute_outcome(world: World, wishes: Wishes) -> None:
    """Let the bank take its next step."""
    made = world.store.get("dispute", wishes.take("dispute"), "dispute")
    outcome = wishes.take("outcome", choices=disputing.OUTCOMES)
    wishes.end()
    disputing.conclude(world, made, outcome)


def _charge(world: World, wishes: Wishes) -> Object:
    invoice_id = wishes.take("invoice", None)
    given = {name: wishes.take(name, None) for name in ("charge", "payment_intent")}
    if invoice_id:
        paid = world.store.matching("invoice_payment", invoice=invoice_id, status="paid")
        given["payment_intent"] = next((one["payment"]["payment_intent"] for one in paid), None)
    return charge_of(world, {name: value for name, value in given.items() if value})
