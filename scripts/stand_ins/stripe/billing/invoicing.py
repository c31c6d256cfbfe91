"""Makes invoices and collects them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from stand_ins.stripe.billing import charging
from stand_ins.stripe.billing.discounts import take_off
from stand_ins.stripe.billing.periods import DAY, period_of
from stand_ins.stripe.listing import as_list

if TYPE_CHECKING:
    from stand_ins.stripe.store import Object
    from stand_ins.stripe.world import World

SHOWN_LINES = 10
# When a failed renewal is tried again; after the last one the subscription ends.
RETRY_DAYS = (3, 5, 7)


def draft(world: World, subscription: Object, reason: str, lines: list[Object]) -> Object:
    """Make the invoice for some lines; what was left for the next invoice comes along."""
    customer = world.store.get("customer", subscription["customer"])
    waiting = world.store.hidden(subscription["id"]).pop("pending_lines", [])
    lines = [*waiting, *lines]
    start, _ = period_of(subscription)
    invoice = world.build(
        "invoice",
        account_country="US",
        account_name="Thumbsmith",
        attempted=False,
        auto_advance=True,
        billing_reason=reason,
        collection_method="charge_automatically",
        currency=subscription["currency"],
        customer=subscription["customer"],
        customer_email=customer.get("email"),
        customer_name=customer.get("name"),
        metadata={},
        parent={
            "type": "subscription_details",
            "quote_details": None,
            "subscription_details": {
                "metadata": subscription["metadata"],
                "subscription": subscription["id"],
            },
        },
        # The period that has just ended; what is paid for stands in the lines.
        period_end=start,
        period_start=world.store.hidden(subscription["id"]).get("last_period_start", start),
        status="draft",
        total_discount_amounts=[],
        total_pretax_credit_amounts=[],
        total_taxes=[],
    )
    invoice["issuer"] = {"type": "self"}
    _write_lines(world, invoice, lines)
    take_off(world, invoice, subscription)
    _apply_balance(world, invoice, customer)
    world.store.put(invoice)
    world.change(subscription, latest_invoice=invoice["id"])
    world.emit("invoice.created", invoice)
    return invoice


def _write_lines(world: World, invoice: Object, lines: list[Object]) -> None:
    for line in lines:
        line["invoice"] = invoice["id"]
    world.store.hidden(invoice["id"])["lines"] = lines
    url = f"/v1/invoices/{invoice['id']}/lines"
    more = len(lines) > SHOWN_LINES
    invoice["lines"] = as_list(url, lines[:SHOWN_LINES], has_more=more)
    total = sum(line["amount"] for line in lines)
    for name in ("subtotal", "subtotal_excluding_tax", "total", "total_excluding_tax"):
        invoice[name] = total


def _apply_balance(world: World, invoice: Object, customer: Object) -> None:
    before = int(customer["balance"])
    rest = invoice["total"] + before
    # A negative balance is money that the customer has with us.
    invoice["starting_balance"] = before
    invoice["ending_balance"] = min(rest, 0)
    invoice["amount_due"] = invoice["amount_remaining"] = max(rest, 0)
    if before != invoice["ending_balance"]:
        world.change(customer, balance=invoice["ending_balance"])


def finalize(world: World, invoice: Object) -> None:
    """Give a draft its number and make it due."""
    now = world.now(invoice["customer"])
    customer = world.store.get("customer", invoice["customer"])
    number = customer["next_invoice_sequence"]
    world.change(customer, next_invoice_sequence=number + 1)
    world.change(
        invoice,
        effective_at=now,
        hosted_invoice_url=f"{world.config.self_url}/invoice/{invoice['id']}",
        number=f"{customer['invoice_prefix']}-{number:04}",
        status="open",
        status_transitions=invoice["status_transitions"] | {"finalized_at": now},
    )
    world.emit("invoice.finalized", invoice)


def collect(world: World, invoice: Object, outcome: str) -> str:
    """Try to get an open invoice paid; return how the attempt ended."""
    if not invoice["amount_due"]:
        mark_paid(world, invoice)
        return "succeeded"
    payment = _payment_of(world, invoice)
    intent = world.store.get("payment_intent", payment["payment"]["payment_intent"])
    charging.settle(world, intent, outcome)
    world.change(invoice, attempted=True, attempt_count=invoice["attempt_count"] + 1)
    if outcome == "succeeded":
        mark_paid(world, invoice)
    elif outcome == "processing":
        # Nobody tries again while a slow bank has not answered.
        world.change(invoice, next_payment_attempt=None)
    else:
        note_failure(world, invoice, outcome)
    return outcome


def _payment_of(world: World, invoice: Object) -> Object:
    known = next(world.store.matching("invoice_payment", invoice=invoice["id"]), None)
    if known:
        return known
    intent = charging.open_intent(
        world,
        invoice["amount_due"],
        invoice["currency"],
        invoice["customer"],
        description="Subscription update"
        if invoice["billing_reason"] == "subscription_update"
        else "Subscription creation",
    )
    payment: dict[str, Any] = {"type": "payment_intent", "payment_intent": intent["id"]}
    return world.make(
        "invoice_payment",
        amount_requested=invoice["amount_due"],
        currency=invoice["currency"],
        invoice=invoice["id"],
        is_default=True,
        payment=payment,
        status="open",
    )


def mark_paid(world: World, invoice: Object) -> None:
    """Close an invoice whose money is there."""
    now = world.now(invoice["customer"])
    due = invoice["amount_due"]
    world.change(
        invoice,
        amount_paid=due,
        amount_remaining=0,
        attempted=True,
        next_payment_attempt=None,
        status="paid",
        status_transitions=invoice["status_transitions"] | {"paid_at": now},
    )
    for payment in world.store.matching("invoice_payment", invoice=invoice["id"]):
        moments = payment["status_transitions"] | {"paid_at": now}
        world.change(payment, amount_paid=due, status="paid", status_transitions=moments)
        world.emit("invoice_payment.paid", payment)
    world.emit("invoice.paid", invoice)
    world.emit("invoice.payment_succeeded", invoice)


def note_failure(world: World, invoice: Object, outcome: str) -> None:
    """Plan the next attempt, or none after the last."""
    attempts = invoice["attempt_count"]
    pause = RETRY_DAYS[attempts - 1] if attempts <= len(RETRY_DAYS) else None
    following = None if pause is None else world.now(invoice["customer"]) + pause * DAY
    world.change(invoice, next_payment_attempt=following)
    if outcome == "requires_action":
        world.emit("invoice.payment_action_required", invoice)
    world.emit("invoice.payment_failed", invoice)


def put_aside(world: World, invoice: Object, behavior: str) -> None:
    """Do with an invoice what a paused collection says."""
    now = world.now(invoice["customer"])
    if behavior == "keep_as_draft":
        world.change(invoice, auto_advance=False)
        return
    finalize(world, invoice)
    status, moment, event = {
        "void": ("void", "voided_at", "invoice.voided"),
        "mark_uncollectible": (
            "uncollectible",
            "marked_uncollectible_at",
            "invoice.marked_uncollectible",
        ),
    }[behavior]
    moments = invoice["status_transitions"] | {moment: now}
    world.change(invoice, status=status, status_transitions=moments)
    world.emit(event, invoice)
