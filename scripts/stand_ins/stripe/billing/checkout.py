"""What a person does on the page of a Checkout session."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from stand_ins.stripe.billing import charging, renewing, starting
from stand_ins.stripe.billing.customers import add_customer
from stand_ins.stripe.billing.discounts import reduction
from stand_ins.stripe.billing.invoicing import mark_paid, note_failure
from stand_ins.stripe.billing.lines import unit_amount
from stand_ins.stripe.errors import invalid

if TYPE_CHECKING:
    from stand_ins.stripe.store import Object
    from stand_ins.stripe.world import World

# What a card costs more or less in another currency; any fixed number does.
_RATES = {"eur": 0.92, "gbp": 0.79, "jpy": 151.0}


@dataclass(frozen=True)
class Payment:
    """How somebody pays: `outcome` as in charging.OUTCOMES."""

    outcome: str = "succeeded"
    quantity: int | None = None
    currency: str | None = None
    discount_percent: float = 0
    email: str = "buyer@example.com"


def price_lines(world: World, session: Object, currency: str, percent_off: float = 0) -> None:
    """Work out what a session costs, line by line."""
    hidden = world.store.hidden(session["id"])
    items = [world.store.get("item", one) for one in hidden["items"]]
    left = reduction(hidden["coupon"], sum(_subtotal(world, one, currency) for one in items))
    for item in items:
        subtotal = _subtotal(world, item, currency)
        discount = min(left, subtotal) if hidden["coupon"] else round(subtotal * percent_off / 100)
        left -= min(left, discount)
        world.change(
            item,
            amount_discount=discount,
            amount_subtotal=subtotal,
            amount_total=subtotal - discount,
            currency=currency,
        )
    taken_off = sum(one["amount_discount"] for one in items)
    total = sum(one["amount_total"] for one in items)
    session["amount_subtotal"], session["amount_total"] = total + taken_off, total
    session["currency"] = currency
    session["total_details"] = {
        "amount_discount": taken_off,
        "amount_shipping": 0,
        "amount_tax": 0,
    }
    world.store.put(session)


def _subtotal(world: World, item: Object, currency: str) -> int:
    options = world.store.hidden(item["price"]["id"])["currency_options"]
    if currency not in options:
        raise invalid(f"The price does not support the currency {currency}.", "currency")
    return unit_amount(world, item["price"], currency) * int(item["quantity"])


def pay(world: World, session: Object, payment: Payment) -> None:
    """Fill in the page and press the button."""
    if session["status"] != "open":
        raise invalid(f"This Checkout Session is {session['status']}.", "session")
    _adjust(world, session, payment)
    _know_customer(world, session, payment.email)
    if session["mode"] == "payment":
        _buy(world, session, payment.outcome)
    else:
        _subscribe(world, session, payment.outcome)


def _adjust(world: World, session: Object, payment: Payment) -> None:
    hidden = world.store.hidden(session["id"])
    items = [world.store.get("item", one) for one in hidden["items"]]
    if payment.quantity is not None:
        rule = items[0]["adjustable_quantity"] or {"enabled": False}
        if not rule["enabled"] or not rule["minimum"] <= payment.quantity <= rule["maximum"]:
            raise invalid("The quantity of this session can not be changed so.", "quantity")
        world.change(items[0], quantity=payment.quantity)
    currency = (payment.currency or session["currency"]).lower()
    options = world.store.hidden(items[0]["price"]["id"])["currency_options"]
    charged = currency if currency in options else session["currency"]
    price_lines(world, session, charged, payment.discount_percent)
    if charged != currency:
        # Adaptive pricing: the person sees and pays another currency, the amounts stay ours.
        shown = round(session["amount_total"] * _RATES.get(currency, 1.0))
        session["presentment_details"] = {
            "presentment_amount": shown,
            "presentment_currency": currency,
        }


def _know_customer(world: World, session: Object, email: str) -> None:
    if session["customer"] is None and session["customer_creation"] == "always":
        customer = add_customer(world, email=session["customer_email"] or email, name="Local Buyer")
        session["customer"] = customer["id"]
        world.emit("customer.created", customer)
    known: dict[str, Any] = world.store.find(session["customer"] or "") or {}
    session["customer_details"] = {
        "address": None,
        "business_name": None,
        "email": known.get("email") or session["customer_email"] or email,
        "individual_name": None,
        "name": known.get("name"),
        "phone": None,
        "tax_exempt": "none",
        "tax_ids": [],
    }


def _buy(world: World, session: Object, outcome: str) -> None:
    if not session["amount_total"]:
        _complete(world, session, "no_payment_required")
        return
    data = world.store.hidden(session["id"])["payment_intent_data"]
    intent = world.store.find(session["payment_intent"] or "")
    if intent is None or intent["amount"] != session["amount_total"]:
        values = {name: data[name] for name in ("description", "metadata") if name in data}
        if shown := session.get("presentment_details"):
            values["presentment_details"] = shown
        intent = charging.open_intent(
            world, session["amount_total"], session["currency"], session["customer"], **values
        )
    session["payment_intent"] = intent["id"]
    world.store.put(session)
    charging.settle(world, intent, outcome)
    if outcome in {"succeeded", "processing"}:
        _complete(world, session, "paid" if outcome == "succeeded" else "unpaid")


def _subscribe(world: World, session: Object, outcome: str) -> None:
    if outcome in {"declined", "requires_action"} and session["amount_total"]:
        # The subscription is made after the payment: a refused card leaves nothing behind.
        intent = charging.open_intent(
            world, session["amount_total"], session["currency"], session["customer"]
        )
        charging.settle(world, intent, outcome)
        world.store.put(session)
        return
    items = [world.store.get("item", one) for one in world.store.hidden(session["id"])["items"]]
    subscription, invoice = starting.start(world, session, items, outcome)
    session["subscription"], session["invoice"] = subscription["id"], invoice["id"]
    if invoice["status"] != "paid":
        _complete(world, session, "unpaid")
    else:
        _complete(world, session, "paid" if invoice["amount_paid"] else "no_payment_required")


def _complete(world: World, session: Object, payment_status: str) -> None:
    world.change(session, payment_status=payment_status, status="complete", url=None)
    world.emit("checkout.session.completed", session)


def settle(world: World, session: Object, outcome: str) -> None:
    """Let the slow bank of a completed session say yes or no."""
    if session["invoice"]:
        settle_invoice(world, world.store.get("invoice", session["invoice"]), outcome)
    else:
        charging.settle(world, _waiting(world, session["payment_intent"]), outcome)
    if outcome == "succeeded":
        world.change(session, payment_status="paid")
        world.emit("checkout.session.async_payment_succeeded", session)
    else:
        world.emit("checkout.session.async_payment_failed", session)


def _waiting(world: World, intent_id: str | None) -> Object:
    intent = world.store.find(intent_id or "")
    if intent is None or intent["status"] != "processing":
        raise invalid("No such payment is under way.", "session")
    return intent


def settle_invoice(world: World, invoice: Object, outcome: str) -> None:
    """Let the slow bank that an invoice waits for say yes or no."""
    payments = world.store.matching("invoice_payment", invoice=invoice["id"])
    intent_id = next((one["payment"]["payment_intent"] for one in payments), None)
    charging.settle(world, _waiting(world, intent_id), outcome)
    if outcome == "succeeded":
        mark_paid(world, invoice)
    else:
        note_failure(world, invoice, outcome)
    renewing.follow(world, invoice, outcome)
