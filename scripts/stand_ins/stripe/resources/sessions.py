"""Checkout sessions."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

from stand_ins.stripe.billing import scheduled
from stand_ins.stripe.billing.checkout import price_lines
from stand_ins.stripe.billing.discounts import coupon_of
from stand_ins.stripe.common import merged_metadata
from stand_ins.stripe.errors import invalid, unserved
from stand_ins.stripe.listing import newest_first, page
from stand_ins.stripe.resources import session_request
from stand_ins.stripe.resources.customers import usable

if TYPE_CHECKING:
    from stand_ins.stripe.call import Call, Routes
    from stand_ins.stripe.store import Object
    from stand_ins.stripe.world import World

# Looks only: taken, and of no effect on what is bought.
_LOOKS = (
    *("adaptive_pricing", "allow_promotion_codes", "automatic_tax", "billing_address_collection"),
    *("customer_update", "locale", "payment_method_types", "submit_type"),
)
_SERVED = (
    *("cancel_url", "client_reference_id", "currency", "customer", "customer_creation"),
    *("customer_email", "discounts", "expires_at", "line_items", "metadata", "mode"),
    *("payment_intent_data", "payment_method_collection", "subscription_data", "success_url"),
    "ui_mode",
)
_DAY = 86_400


def create(world: World, call: Call) -> Object:
    """POST /v1/checkout/sessions."""
    given = call.only(*_SERVED, *_LOOKS)
    now = world.now(given.get("customer"))
    session_request.check(given, (now, world.clock.unmoved()))
    if "customer" in given:
        usable(world, given["customer"], "customer")
    if given.get("automatic_tax", {}).get("enabled"):
        raise unserved("automatic_tax")
    priced = session_request.priced_items(world, given)
    coupon = coupon_of(world, given.get("discounts"))
    session = _new(world, given, now)
    hidden = world.store.hidden(session["id"])
    hidden |= {
        "coupon": coupon,
        "payment_intent_data": given.get("payment_intent_data", {}),
        "subscription_data": given.get("subscription_data", {}),
        "items": [_item(world, price, line) for price, line in priced],
    }
    currency = str(given.get("currency") or priced[0][0]["currency"]).lower()
    price_lines(world, session, currency)
    return session


def _new(world: World, given: dict[str, Any], now: int) -> Object:
    mode = given["mode"]
    values: dict[str, Any] = {
        name: given[name]
        for name in ("cancel_url", "client_reference_id", "customer", "customer_email", "locale")
        if name in given
    }
    creation = given.get("customer_creation", "if_required" if mode == "payment" else "always")
    collection = given.get("payment_method_collection", "always")
    made = world.build(
        "checkout.session",
        adaptive_pricing={"enabled": given.get("adaptive_pricing", {}).get("enabled", True)},
        allow_promotion_codes=given.get("allow_promotion_codes"),
        created=now,
        customer_creation=None if "customer" in given else creation,
        expires_at=given.get("expires_at", now + _DAY),
        metadata=merged_metadata({}, given.get("metadata")),
        mode=mode,
        payment_method_collection=collection if mode == "subscription" else "if_required",
        payment_method_types=given.get("payment_method_types", ["card"]),
        payment_status="unpaid",
        status="open",
        submit_type=given.get("submit_type"),
        success_url=given["success_url"],
        ui_mode="hosted_page",
        **values,
    )
    return made | {"url": f"{world.config.self_url}/pay/{made['id']}"}


def _item(world: World, price: Object, line: dict[str, Any]) -> str:
    adjustable = line.get("adjustable_quantity")
    if adjustable:
        adjustable = {"maximum": 99, "minimum": 0} | adjustable
    item = world.make(
        "item",
        adjustable_quantity=adjustable,
        currency=price["currency"],
        description=world.store.get("product", price["product"])["name"],
        metadata=line.get("metadata", {}),
        price=copy.deepcopy(price),
        quantity=line["quantity"],
    )
    return str(item["id"])


def update(world: World, call: Call) -> Object:
    """POST /v1/checkout/sessions/{session}."""
    given = call.only("metadata")
    session = world.store.get("checkout.session", call.id)
    world.change(session, metadata=merged_metadata(session["metadata"], given.get("metadata")))
    return session


def expire(world: World, call: Call) -> Object:
    """POST /v1/checkout/sessions/{session}/expire."""
    call.only()
    session = world.store.get("checkout.session", call.id)
    if session["status"] != "open":
        message = (
            'Only Checkout Sessions with a status in ["open"] can be expired. '
            f"This Checkout Session has a status of `{session['status']}`."
        )
        raise invalid(message)
    scheduled.expire(world, session)
    return session


def listing(world: World, call: Call) -> Object:
    """GET /v1/checkout/sessions."""
    names = ("customer", "payment_intent", "status", "subscription")
    given = call.only(*names, "created", "ending_before", "limit", "starting_after")
    rows = world.store.all("checkout.session")
    return newest_first(call, rows, **{name: given.get(name) for name in names})


def line_items(world: World, call: Call) -> Object:
    """GET /v1/checkout/sessions/{session}/line_items."""
    call.only("ending_before", "limit", "starting_after")
    session = world.store.get("checkout.session", call.id)
    ids = world.store.hidden(session["id"])["items"]
    return page(call, [world.store.get("item", one) for one in ids])


ROUTES: Routes = {
    ("post", "/v1/checkout/sessions"): create,
    ("get", "/v1/checkout/sessions"): listing,
    ("get", "/v1/checkout/sessions/{session}"): lambda world, call: world.store.get(
        "checkout.session", call.id
    ),
    ("post", "/v1/checkout/sessions/{session}"): update,
    ("post", "/v1/checkout/sessions/{session}/expire"): expire,
    ("get", "/v1/checkout/sessions/{session}/line_items"): line_items,
}
