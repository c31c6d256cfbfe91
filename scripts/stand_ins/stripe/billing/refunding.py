"""Gives money back, and takes that back when a bank refuses it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from stand_ins.stripe.billing.charging import book
from stand_ins.stripe.errors import invalid

if TYPE_CHECKING:
    from stand_ins.stripe.store import Object
    from stand_ins.stripe.world import World

STATUSES = ("pending", "requires_action", "succeeded", "failed", "canceled")
_FINAL = frozenset({"failed", "canceled"})


def refund(
    world: World,
    charge: Object,
    amount: int | None = None,
    status: str = "succeeded",
    **more: Any,
) -> Object:
    """Refund a charge, wholly when no amount is given."""
    left = charge["amount"] - charge["amount_refunded"]
    amount = left if amount is None else amount
    _check(charge, amount, left)
    intent = world.store.get("payment_intent", charge["payment_intent"])
    made = world.make(
        "refund",
        amount=amount,
        charge=charge["id"],
        currency=charge["currency"],
        customer=charge["customer"],
        destination_details={"card": {"type": "refund"}, "type": "card"},
        payment_intent=intent["id"],
        payment_method=charge["payment_method"],
        status=status,
        **({"metadata": {}} | more),
    )
    world.change(made, created=world.now(charge["customer"]))
    moved = book(world, made, -amount, 0, "refund")
    world.change(made, balance_transaction=moved["id"])
    _count(world, charge, amount)
    world.emit("refund.created", made)
    world.emit("charge.refunded", charge)
    return made


def _check(charge: Object, amount: int, left: int) -> None:
    if charge["status"] != "succeeded":
        raise invalid(f"Charge {charge['id']} was not paid.", "charge")
    if charge["disputed"]:
        message = f"Charge {charge['id']} has been charged back; cannot issue a refund."
        raise invalid(message, "charge", "charge_disputed")
    if left <= 0:
        message = f"Charge {charge['id']} has already been refunded."
        raise invalid(message, "charge", "charge_already_refunded")
    if amount < 1:
        message = "Invalid positive integer"
        raise invalid(message, "amount", "parameter_invalid_integer")
    if amount > left:
        message = f"Refund amount ({amount}) is greater than unrefunded amount on charge ({left})"
        raise invalid(message, "amount")


def _count(world: World, charge: Object, amount: int) -> None:
    total = charge["amount_refunded"] + amount
    world.change(charge, amount_refunded=total, refunded=total >= charge["amount"])


def move_on(world: World, made: Object, status: str) -> None:
    """Give a refund its next status; even a succeeded one can still fail."""
    if made["status"] in _FINAL or status == made["status"]:
        raise invalid(f"The refund is {made['status']} already.", "refund")
    values: dict[str, Any] = {"status": status}
    if status in _FINAL:
        charge = world.store.get("charge", made["charge"])
        _count(world, charge, -made["amount"])
        moved = book(world, made, made["amount"], 0, "refund_failure")
        values["failure_balance_transaction"] = moved["id"]
    if status == "failed":
        values["failure_reason"] = "expired_or_canceled_card"
    previous = world.change(made, **values)
    world.emit("refund.updated", made, previous)
    world.emit("charge.refund.updated", made, previous)
    if status == "failed":
        world.emit("refund.failed", made)
