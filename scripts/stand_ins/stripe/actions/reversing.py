"""Money that goes back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stand_ins.stripe.billing import disputing, refunding
from stand_ins.stripe.resources.payments import charge_of

if TYPE_CHECKING:
    from stand_ins.stripe.actions.params import ActionParams
    from stand_ins.stripe.store import Object
    from stand_ins.stripe.world import World


def refund(world: World, params: ActionParams) -> None:
    """Refund a payment from the dashboard, wholly or in part."""
    charge = _charge(world, params)
    amount = params.take_one_of(int, "amount", None)
    status = params.take("status", "succeeded", ("pending", "requires_action", "succeeded"))
    params.end()
    refunding.refund(world, charge, amount, status)


def refund_outcome(world: World, params: ActionParams) -> None:
    """Give a refund its next status."""
    made = world.store.get("refund", params.take("refund"), "refund")
    status = params.take("status", choices=refunding.STATUSES)
    params.end()
    refunding.move_on(world, made, status)


def dispute(world: World, params: ActionParams) -> None:
    """Dispute a payment at the bank; an `inquiry` only asks."""
    charge = _charge(world, params)
    amount = params.take_one_of(int, "amount", None)
    reason = params.take_one_of(str, "reason", "fraudulent")
    inquiry = params.take("inquiry", False, (False, True))
    params.end()
    disputing.open_dispute(world, charge, amount, reason, inquiry=inquiry)


def dispute_outcome(world: World, params: ActionParams) -> None:
    """Let the bank take its next step."""
    made = world.store.get("dispute", params.take("dispute"), "dispute")
    outcome = params.take("outcome", choices=disputing.OUTCOMES)
    params.end()
    disputing.conclude(world, made, outcome)


def _charge(world: World, params: ActionParams) -> Object:
    invoice_id = params.take("invoice", None)
    given = {name: params.take(name, None) for name in ("charge", "payment_intent")}
    if invoice_id:
        paid = world.store.matching("invoice_payment", invoice=invoice_id, status="paid")
        given["payment_intent"] = next((one["payment"]["payment_intent"] for one in paid), None)
    return charge_of(world, {name: value for name, value in given.items() if value})
