"""The portal, coupons and test clocks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stand_ins.stripe.billing import scheduled
from stand_ins.stripe.common import checked_url, merged_metadata
from stand_ins.stripe.errors import invalid
from stand_ins.stripe.ids import new_id
from stand_ins.stripe.listing import newest_first
from stand_ins.stripe.resources.customers import usable

if TYPE_CHECKING:
    from stand_ins.stripe.call import Call, Routes
    from stand_ins.stripe.store import Object
    from stand_ins.stripe.world import World

_PAGING = ("created", "ending_before", "limit", "starting_after")
_CLOCK = "test_helpers.test_clock"
_CLOCK_LIFE = 30 * 86_400


def create_portal_session(world: World, call: Call) -> Object:
    """POST /v1/billing_portal/sessions."""
    given = call.only("customer", "locale", "return_url")
    if "customer" not in given:
        raise invalid("Missing required param: customer.", "customer", "parameter_missing")
    customer = usable(world, given["customer"], "customer")
    if "return_url" in given:
        checked_url(given["return_url"], "return_url")
    made = world.build(
        "billing_portal.session",
        configuration=new_id("billing_portal.configuration"),
        customer=customer["id"],
        locale=given.get("locale"),
        return_url=given.get("return_url"),
    )
    return world.store.put(made | {"url": f"{world.config.self_url}/portal/{made['id']}"})


def create_coupon(world: World, call: Call) -> Object:
    """POST /v1/coupons."""
    given = call.only(
        *("amount_off", "currency", "duration", "duration_in_months", "id", "metadata", "name"),
        "percent_off",
    )
    if ("percent_off" in given) == ("amount_off" in given):
        raise invalid("You must give exactly one of percent_off and amount_off.", "percent_off")
    if "amount_off" in given and "currency" not in given:
        raise invalid("Missing required param: currency.", "currency", "parameter_missing")
    if not 0 < given.get("percent_off", 100) <= 100:
        raise invalid("percent_off must be above 0 and at most 100.", "percent_off")
    if "id" in given and world.store.find(given["id"]):
        raise invalid("Coupon already exists.", "id", "resource_already_exists")
    given["metadata"] = merged_metadata({}, given.get("metadata"))
    return world.make("coupon", **({"duration": "once"} | given | {"valid": True}))


def list_coupons(world: World, call: Call) -> Object:
    """GET /v1/coupons."""
    call.only(*_PAGING)
    return newest_first(call, world.store.all("coupon"))


def delete_coupon(world: World, call: Call) -> Object:
    """DELETE /v1/coupons/{coupon}: who has it keeps it."""
    coupon = world.store.get("coupon", call.id)
    world.store.remove("coupon", coupon["id"])
    return {"id": coupon["id"], "object": "coupon", "deleted": True}


def create_clock(world: World, call: Call) -> Object:
    """POST /v1/test_helpers/test_clocks."""
    given = call.only("frozen_time", "name")
    deletes_after = world.clock.now() + _CLOCK_LIFE
    return world.make(_CLOCK, deletes_after=deletes_after, status="ready", **given)


def list_clocks(world: World, call: Call) -> Object:
    """GET /v1/test_helpers/test_clocks."""
    call.only(*_PAGING)
    return newest_first(call, world.store.all(_CLOCK))


def advance_clock(world: World, call: Call) -> Object:
    """POST /v1/test_helpers/test_clocks/{test_clock}/advance.

    Everything that falls due has happened when this answers; the answer says `advancing`
    nevertheless, as Stripe's does, and the next read says `ready`.
    """
    moment = call.only("frozen_time")["frozen_time"]
    clock = world.store.get(_CLOCK, call.id)
    if moment <= clock["frozen_time"]:
        raise invalid("A test clock can only go forward.", "frozen_time")
    scheduled.advance(world, moment, clock)
    world.store.put(clock)
    return clock | {"status": "advancing"}


def delete_clock(world: World, call: Call) -> Object:
    """DELETE /v1/test_helpers/test_clocks/{test_clock}: its customers go with it."""
    clock = world.store.get(_CLOCK, call.id)
    for customer in list(world.store.matching("customer", test_clock=clock["id"])):
        world.store.remove("customer", customer["id"])
        for kind in ("checkout.session", "subscription", "invoice"):
            for one in list(world.store.matching(kind, customer=customer["id"])):
                world.store.remove(kind, one["id"])
    world.store.remove(_CLOCK, clock["id"])
    return {"id": clock["id"], "object": _CLOCK, "deleted": True}


ROUTES: Routes = {
    ("post", "/v1/billing_portal/sessions"): create_portal_session,
    ("post", "/v1/coupons"): create_coupon,
    ("get", "/v1/coupons"): list_coupons,
    ("get", "/v1/coupons/{coupon}"): lambda world, call: world.store.get("coupon", call.id),
    ("delete", "/v1/coupons/{coupon}"): delete_coupon,
    ("post", "/v1/test_helpers/test_clocks"): create_clock,
    ("get", "/v1/test_helpers/test_clocks"): list_clocks,
    ("get", "/v1/test_helpers/test_clocks/{test_clock}"): lambda world, call: world.store.get(
        _CLOCK, call.id
    ),
    ("delete", "/v1/test_helpers/test_clocks/{test_clock}"): delete_clock,
    ("post", "/v1/test_helpers/test_clocks/{test_clock}/advance"): advance_clock,
}
