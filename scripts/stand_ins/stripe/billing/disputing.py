"""Disputes: the bank of a customer takes the money, and sometimes brings it back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stand_ins.stripe.billing.charging import book
from stand_ins.stripe.billing.periods import DAY
from stand_ins.stripe.errors import invalid

if TYPE_CHECKING:
    from stand_ins.stripe.store import Object
    from stand_ins.stripe.world import World

OUTCOMES = ("won", "lost", "warning_closed", "under_review", "escalated", "prevented")
_CLOSED = frozenset({"won", "lost", "warning_closed", "prevented"})
_FEE = 1_500


def open_dispute(
    world: World,
    charge: Object,
    amount: int | None = None,
    reason: str = "fraudulent",
    *,
    inquiry: bool = False,
) -> Object:
    """Dispute a charge; an inquiry only asks, and moves no money yet."""
    if charge["disputed"]:
        raise invalid(f"Charge {charge['id']} is disputed already.", "charge")
    if charge["status"] != "succeeded":
        raise invalid(f"Charge {charge['id']} was not paid.", "charge")
    made = world.build(
        "dispute",
        amount=charge["amount"] if amount is None else amount,
        charge=charge["id"],
        created=world.now(charge["customer"]),
        currency=charge["currency"],
        is_charge_refundable=inquiry,
        metadata={},
        payment_intent=charge["payment_intent"],
        reason=reason,
        status="warning_needs_response" if inquiry else "needs_response",
    )
    made["evidence_details"]["due_by"] = made["created"] + 9 * DAY
    world.store.put(made)
    world.change(charge, disputed=True)
    world.emit("charge.dispute.created", made)
    if not inquiry:
        _withdraw(world, made)
    return made


def conclude(world: World, dispute: Object, outcome: str) -> None:
    """Let the bank decide, or take the next step."""
    status = dispute["status"]
    if status in _CLOSED:
        raise invalid(f"The dispute is {status} already.", "dispute")
    is_inquiry = status.startswith("warning_")
    if outcome == "escalated":
        _need(is_inquiry, "Only an inquiry can become a dispute.")
        _update(world, dispute, "needs_response")
        _withdraw(world, dispute)
    elif outcome == "under_review":
        _update(world, dispute, "warning_under_review" if is_inquiry else "under_review")
    elif outcome in {"warning_closed", "prevented"}:
        _need(is_inquiry, f"Only an inquiry can end as {outcome}.")
        _close(world, dispute, outcome)
    else:
        _need(not is_inquiry, f"An inquiry can not be {outcome}.")
        _close(world, dispute, outcome)
        if outcome == "won":
            _reinstate(world, dispute)


def _need(condition: bool, message: str) -> None:
    if not condition:
        raise invalid(message, "outcome")


def _update(world: World, dispute: Object, status: str) -> None:
    previous = world.change(dispute, status=status)
    world.emit("charge.dispute.updated", dispute, previous)


def _close(world: World, dispute: Object, status: str) -> None:
    charge = world.store.get("charge", dispute["charge"])
    world.change(dispute, is_charge_refundable=status in {"won", "warning_closed"}, status=status)
    if status != "lost":
        world.change(charge, disputed=False)
    world.emit("charge.dispute.closed", dispute)


def _withdraw(world: World, dispute: Object) -> None:
    moved = book(world, dispute, -dispute["amount"], _FEE, "adjustment")
    world.change(moved, reporting_category="dispute")
    rows = [*dispute["balance_transactions"], moved]
    world.change(dispute, balance_transactions=rows, is_charge_refundable=False)
    world.emit("charge.dispute.funds_withdrawn", dispute)


def _reinstate(world: World, dispute: Object) -> None:
    moved = book(world, dispute, dispute["amount"], 0, "adjustment")
    world.change(moved, reporting_category="dispute_reversal")
    rows = [*dispute["balance_transactions"], moved]
    world.change(dispute, balance_transactions=rows)
    world.emit("charge.dispute.funds_reinstated", dispute)
