"""Customers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stand_ins.stripe.billing import ending
from stand_ins.stripe.billing.customers import add_customer
from stand_ins.stripe.common import emptied, merged_metadata
from stand_ins.stripe.errors import missing
from stand_ins.stripe.listing import newest_first

if TYPE_CHECKING:
    from stand_ins.stripe.call import Call, Routes
    from stand_ins.stripe.store import Object
    from stand_ins.stripe.world import World

_TEXTS = ("description", "email", "name", "phone", "address", "shipping")


def create(world: World, call: Call) -> Object:
    """POST /v1/customers."""
    given = call.only(*_TEXTS, "metadata", "preferred_locales", "test_clock")
    if clock_id := given.get("test_clock"):
        world.store.get("test_helpers.test_clock", clock_id, "test_clock")
    customer = add_customer(
        world, **{name: emptied(given[name]) for name in _TEXTS if name in given}
    )
    values = {
        "metadata": merged_metadata({}, given.get("metadata")),
        "preferred_locales": given.get("preferred_locales", []),
    }
    if clock_id:
        values["test_clock"] = clock_id
    world.change(customer, **values)
    world.change(customer, created=world.now(customer["id"]))
    world.emit("customer.created", customer)
    return customer


def retrieve(world: World, call: Call) -> Object:
    """GET /v1/customers/{customer}: of a deleted one only the id is left."""
    return world.store.get("customer", call.id)


def update(world: World, call: Call) -> Object:
    """POST /v1/customers/{customer}."""
    given = call.only(*_TEXTS, "metadata", "preferred_locales")
    customer = usable(world, call.id)
    values = {
        name: emptied(given[name]) for name in (*_TEXTS, "preferred_locales") if name in given
    }
    values["metadata"] = merged_metadata(customer["metadata"], given.get("metadata"))
    previous = world.change(customer, **values)
    if previous:
        world.emit("customer.updated", customer, previous)
    return customer


def listing(world: World, call: Call) -> Object:
    """GET /v1/customers."""
    given = call.only("created", "email", "ending_before", "limit", "starting_after", "test_clock")
    here = (one for one in world.store.all("customer") if not one.get("deleted"))
    clock = given.get("test_clock")
    return newest_first(call, here, email=given.get("email"), test_clock=clock)


def delete(world: World, call: Call) -> Object:
    """DELETE /v1/customers/{customer}: ends the subscriptions too."""
    customer = usable(world, call.id)
    for subscription in list(world.store.matching("subscription", customer=customer["id"])):
        if subscription["status"] not in ending.OVER:
            ending.cancel_now(world, subscription)
    world.emit("customer.deleted", customer)
    gone = {"id": customer["id"], "object": "customer", "deleted": True}
    return world.store.put(gone)


def usable(world: World, customer_id: str, param: str = "id") -> Object:
    """Return a customer who was not deleted."""
    customer = world.store.get("customer", customer_id, param)
    if customer.get("deleted"):
        raise missing("customer", customer_id, param)
    return customer


ROUTES: Routes = {
    ("post", "/v1/customers"): create,
    ("get", "/v1/customers"): listing,
    ("get", "/v1/customers/{customer}"): retrieve,
    ("post", "/v1/customers/{customer}"): update,
    ("delete", "/v1/customers/{customer}"): delete,
}
