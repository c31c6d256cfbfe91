"""Payment intents, charges, refunds and disputes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stand_ins.stripe.billing import refunding
from stand_ins.stripe.common import merged_metadata
from stand_ins.stripe.errors import invalid
from stand_ins.stripe.listing import newest_first

if TYPE_CHECKING:
    from stand_ins.stripe.call import Call, Handler, Routes
    from stand_ins.stripe.store import Object
    from stand_ins.stripe.world import World

_PAGING = ("created", "ending_before", "limit", "starting_after")


def _getter(kind: str) -> Handler:
    return lambda world, call: world.store.get(kind, call.id)


def _lister(kind: str, *filters: str) -> Handler:
    def listing(world: World, call: Call) -> Object:
        given = call.only(*_PAGING, *filters)
        wanted = {name: given.get(name) for name in filters}
        return newest_first(call, world.store.all(kind), **wanted)

    return listing


def create_refund(world: World, call: Call) -> Object:
    """POST /v1/refunds."""
    given = call.only("amount", "charge", "metadata", "payment_intent", "reason")
    charge = charge_of(world, given)
    return refunding.refund(
        world,
        charge,
        given.get("amount"),
        metadata=merged_metadata({}, given.get("metadata")),
        reason=given.get("reason"),
    )


def charge_of(world: World, given: dict[str, str]) -> Object:
    """Return the charge that is named, by itself or by its payment."""
    if "charge" in given:
        return world.store.get("charge", given["charge"], "charge")
    if "payment_intent" not in given:
        message = "One of the following params should be provided: payment_intent or charge."
        raise invalid(message, "payment_intent", "parameter_missing")
    intent = world.store.get("payment_intent", given["payment_intent"], "payment_intent")
    if intent["status"] != "succeeded":
        message = f"This PaymentIntent ({intent['id']}) does not have a successful charge."
        raise invalid(message, "payment_intent", "payment_intent_unexpected_state")
    return world.store.get("charge", intent["latest_charge"])


def update_refund(world: World, call: Call) -> Object:
    """POST /v1/refunds/{refund}."""
    given = call.only("metadata")
    made = world.store.get("refund", call.id)
    metadata = merged_metadata(made["metadata"], given.get("metadata"))
    if previous := world.change(made, metadata=metadata):
        world.emit("refund.updated", made, previous)
    return made


def cancel_refund(world: World, call: Call) -> Object:
    """POST /v1/refunds/{refund}/cancel: only while it waits for its receiver."""
    call.only()
    made = world.store.get("refund", call.id)
    if made["status"] != "requires_action":
        raise invalid(f"The refund can not be canceled: its status is {made['status']}.")
    refunding.move_on(world, made, "canceled")
    return made


ROUTES: Routes = {
    ("get", "/v1/payment_intents"): _lister("payment_intent", "customer"),
    ("get", "/v1/payment_intents/{intent}"): _getter("payment_intent"),
    ("get", "/v1/charges"): _lister("charge", "customer", "payment_intent"),
    ("get", "/v1/charges/{charge}"): _getter("charge"),
    ("post", "/v1/refunds"): create_refund,
    ("get", "/v1/refunds"): _lister("refund", "charge", "payment_intent"),
    ("get", "/v1/refunds/{refund}"): _getter("refund"),
    ("post", "/v1/refunds/{refund}"): update_refund,
    ("post", "/v1/refunds/{refund}/cancel"): cancel_refund,
    ("get", "/v1/disputes"): _lister("dispute", "charge", "payment_intent"),
    ("get", "/v1/disputes/{dispute}"): _getter("dispute"),
}
