"""Invoices, their lines, and the payments that belong to them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stand_ins.stripe.billing import ending, renewing
from stand_ins.stripe.billing.invoicing import mark_paid
from stand_ins.stripe.errors import card_error, invalid
from stand_ins.stripe.listing import newest_first, page

if TYPE_CHECKING:
    from stand_ins.stripe.call import Call, Routes
    from stand_ins.stripe.store import Object
    from stand_ins.stripe.world import World

_PAGING = ("created", "ending_before", "limit", "starting_after")


def listing(world: World, call: Call) -> Object:
    """GET /v1/invoices."""
    given = call.only(*_PAGING, "customer", "status", "subscription")
    wanted = given.get("subscription")
    rows = [
        one
        for one in world.store.all("invoice")
        if wanted is None or ending.subscription_of(one) == wanted
    ]
    filters = {name: given.get(name) for name in ("customer", "status")}
    return newest_first(call, rows, **filters)


def lines(world: World, call: Call) -> Object:
    """GET /v1/invoices/{invoice}/lines."""
    call.only("ending_before", "limit", "starting_after")
    invoice = world.store.get("invoice", call.id)
    return page(call, world.store.hidden(invoice["id"])["lines"])


def pay(world: World, call: Call) -> Object:
    """POST /v1/invoices/{invoice}/pay."""
    given = call.only("off_session", "paid_out_of_band")
    invoice = world.store.get("invoice", call.id)
    if invoice["status"] not in {"open", "uncollectible"}:
        raise invalid(f"Invoice is already {invoice['status']}", code="invoice_not_payable")
    if given.get("paid_out_of_band"):
        mark_paid(world, invoice)
        renewing.follow(world, invoice, "succeeded")
    elif renewing.pay(world, invoice) != "succeeded":
        raise card_error("generic_decline")
    return invoice


def list_payments(world: World, call: Call) -> Object:
    """GET /v1/invoice_payments: the way from a payment to its invoice."""
    given = call.only(*_PAGING, "invoice", "payment", "status")
    wanted = given.get("payment")
    if wanted and wanted["type"] not in wanted:
        param = f"payment[{wanted['type']}]"
        raise invalid(f"Missing required param: {param}.", param, "parameter_missing")
    rows = [
        one
        for one in world.store.all("invoice_payment")
        if wanted is None or one["payment"].get(wanted["type"]) == wanted[wanted["type"]]
    ]
    filters = {name: given.get(name) for name in ("invoice", "status")}
    return newest_first(call, rows, **filters)


ROUTES: Routes = {
    ("get", "/v1/invoices"): listing,
    ("get", "/v1/invoices/{invoice}"): lambda world, call: world.store.get("invoice", call.id),
    ("get", "/v1/invoices/{invoice}/lines"): lines,
    ("post", "/v1/invoices/{invoice}/pay"): pay,
    ("get", "/v1/invoice_payments"): list_payments,
    ("get", "/v1/invoice_payments/{invoice_payment}"): lambda world, call: world.store.get(
        "invoice_payment", call.id
    ),
}
