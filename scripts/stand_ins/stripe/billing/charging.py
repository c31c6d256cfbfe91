"""Takes money: payment intents and charges."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from stand_ins.stripe.ids import random_text

if TYPE_CHECKING:
    from stand_ins.stripe.store import Object
    from stand_ins.stripe.world import World

OUTCOMES = ("succeeded", "declined", "processing", "requires_action")

_DECLINED = {
    "code": "card_declined",
    "decline_code": "generic_decline",
    "message": "Your card was declined.",
    "type": "card_error",
}


def open_intent(
    world: World, amount: int, currency: str, customer: str | None, **more: Any
) -> Object:
    """Begin a payment."""
    intent = world.make(
        "payment_intent",
        amount=amount,
        amount_capturable=0,
        amount_received=0,
        capture_method="automatic_async",
        client_secret=None,
        confirmation_method="automatic",
        currency=currency,
        customer=customer,
        payment_method_types=["card"],
        status="requires_payment_method",
        **({"metadata": {}} | more),
    )
    world.change(intent, client_secret=f"{intent['id']}_secret_{random_text(25)}")
    world.emit("payment_intent.created", intent)
    return intent


def settle(world: World, intent: Object, outcome: str) -> None:
    """Let a payment succeed, fail, or wait for a slow bank or for its owner."""
    if outcome == "succeeded":
        _succeed(world, intent)
    elif outcome == "declined":
        _decline(world, intent)
    elif outcome == "processing":
        method = f"pm_{random_text(24)}"
        world.change(
            intent,
            status="processing",
            payment_method=method,
            payment_method_types=["sepa_debit"],
        )
        charge = _charge(world, intent, status="pending", paid=False, captured=True)
        world.change(intent, latest_charge=charge["id"])
        world.emit("payment_intent.processing", intent)
        world.emit("charge.pending", charge)
    else:
        world.change(intent, status="requires_action", payment_method=f"pm_{random_text(24)}")
        world.emit("payment_intent.requires_action", intent)


def _succeed(world: World, intent: Object) -> None:
    charge = _pending_charge(world, intent)
    if charge is None:
        charge = _charge(world, intent, status="succeeded", paid=True, captured=True)
    fee = round(intent["amount"] * 0.029) + 30
    moved = book(world, charge, intent["amount"], fee, "charge")
    world.change(
        charge,
        amount_captured=intent["amount"],
        balance_transaction=moved["id"],
        paid=True,
        receipt_url=f"{world.config.self_url}/receipt/{charge['id']}",
        status="succeeded",
    )
    world.change(
        intent,
        amount_received=intent["amount"],
        last_payment_error=None,
        latest_charge=charge["id"],
        payment_method=charge["payment_method"],
        status="succeeded",
    )
    world.emit("charge.succeeded", charge)
    world.emit("payment_intent.succeeded", intent)


def _decline(world: World, intent: Object) -> None:
    charge = _pending_charge(world, intent) or _charge(world, intent, captured=False, paid=False)
    world.change(
        charge,
        captured=False,
        failure_code="card_declined",
        failure_message=_DECLINED["message"],
        paid=False,
        status="failed",
    )
    problem = _DECLINED | {"charge": charge["id"]}
    world.change(
        intent,
        last_payment_error=problem,
        latest_charge=charge["id"],
        payment_method=None,
        status="requires_payment_method",
    )
    world.emit("charge.failed", charge)
    world.emit("payment_intent.payment_failed", intent)


def _pending_charge(world: World, intent: Object) -> Object | None:
    latest = world.store.find(intent["latest_charge"] or "")
    return latest if latest and latest["status"] == "pending" else None


def _charge(world: World, intent: Object, **values: Any) -> Object:
    customer = world.store.find(intent["customer"] or "") or {}
    details = {"address": None, "phone": None, "tax_id": None}
    details |= {"email": customer.get("email"), "name": customer.get("name")}
    return world.make(
        "charge",
        amount=intent["amount"],
        billing_details=details,
        calculated_statement_descriptor="THUMBSMITH",
        currency=intent["currency"],
        customer=intent["customer"],
        description=intent["description"],
        metadata=intent["metadata"],
        payment_intent=intent["id"],
        payment_method=f"pm_{random_text(24)}",
        **({"status": "failed"} | values),
    )


def book(world: World, source: Object, amount: int, fee: int, kind: str, **more: Any) -> Object:
    """Move money on the account's balance."""
    details = []
    if fee:
        details.append(
            {
                "amount": fee,
                "application": None,
                "currency": source["currency"],
                "description": "Stripe processing fees",
                "type": "stripe_fee",
            }
        )
    moved = {
        "amount": amount,
        "available_on": world.now() + 2 * 86_400,
        "balance_type": "payments",
        "currency": source["currency"],
        "fee": fee,
        "fee_details": details,
        "net": amount - fee,
        "reporting_category": kind,
        "source": source["id"],
        "status": "pending",
        "type": kind,
    }
    return world.make("balance_transaction", **(moved | more))
