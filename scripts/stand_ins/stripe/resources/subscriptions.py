"""Subscriptions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from stand_ins.stripe.billing import changing, ending, renewing
from stand_ins.stripe.common import emptied, merged_metadata
from stand_ins.stripe.errors import invalid, missing, unserved
from stand_ins.stripe.listing import newest_first

if TYPE_CHECKING:
    from stand_ins.stripe.call import Call, Routes
    from stand_ins.stripe.store import Object
    from stand_ins.stripe.world import World

_PAGING = ("created", "ending_before", "limit", "starting_after")
_CHANGES = (
    *("billing_cycle_anchor", "cancel_at", "cancel_at_period_end", "cancellation_details"),
    *("description", "items", "metadata", "pause_collection", "payment_behavior"),
    *("proration_behavior", "trial_end"),
)


def listing(world: World, call: Call) -> Object:
    """GET /v1/subscriptions: without a status, those that were not canceled."""
    given = call.only(*_PAGING, "customer", "price", "status", "test_clock")
    rows = [
        one
        for one in world.store.all("subscription")
        if _has_status(one, given.get("status")) and _has_price(one, given.get("price"))
    ]
    filters = {name: given.get(name) for name in ("customer", "test_clock")}
    return newest_first(call, rows, **filters)


def _has_status(subscription: Object, wanted: str | None) -> bool:
    if wanted == "ended":
        return subscription["status"] in ending.OVER
    if wanted is None:
        return bool(subscription["status"] != "canceled")
    return wanted in {"all", subscription["status"]}


def _has_price(subscription: Object, wanted: str | None) -> bool:
    prices = {item["price"]["id"] for item in subscription["items"]["data"]}
    return wanted is None or wanted in prices


def update(world: World, call: Call) -> Object:
    """POST /v1/subscriptions/{subscription}."""
    given = call.only(*_CHANGES)
    subscription = world.store.get("subscription", call.id)
    if subscription["status"] in ending.OVER and set(given) - {"metadata", "cancellation_details"}:
        raise invalid("A canceled subscription can only update its metadata.")
    if "cancel_at" in given and "cancel_at_period_end" in given:
        message = "You may only specify one of these parameters: cancel_at, cancel_at_period_end."
        raise invalid(message, "cancel_at")
    if given.get("trial_end", "now") != "now":
        raise unserved("trial_end other than `now`")
    previous = _change_plan(world, subscription, given)
    previous |= _plan_end(world, subscription, given)
    values: dict[str, Any] = {
        name: emptied(given[name]) for name in ("description",) if name in given
    }
    if told := given.get("cancellation_details"):
        values["cancellation_details"] = subscription["cancellation_details"] | told
    if "pause_collection" in given:
        pause = emptied(given["pause_collection"])
        values["pause_collection"] = pause and {"resumes_at": None} | pause
    values["metadata"] = merged_metadata(subscription["metadata"], given.get("metadata"))
    previous |= world.change(subscription, **values)
    if previous:
        world.emit("customer.subscription.updated", subscription, previous)
    if given.get("trial_end") == "now" and subscription["status"] == "trialing":
        end_trial(world, subscription)
    return subscription


def _change_plan(world: World, subscription: Object, given: dict[str, Any]) -> Object:
    restart = given.get("billing_cycle_anchor") == "now"
    if not given.get("items") and not restart:
        return {}
    return changing.change_items(
        world,
        subscription,
        given.get("items", []),
        proration=given.get("proration_behavior", "create_prorations"),
        behavior=given.get("payment_behavior", "allow_incomplete"),
        restart=restart,
    )


def _plan_end(world: World, subscription: Object, given: dict[str, Any]) -> Object:
    if given.get("cancel_at_period_end") or given.get("cancel_at") in {
        "min_period_end",
        "max_period_end",
    }:
        return ending.cancel_later(world, subscription)
    if isinstance(given.get("cancel_at"), int):
        return ending.cancel_on(world, subscription, given["cancel_at"])
    if given.get("cancel_at_period_end") is False or given.get("cancel_at") == "":
        return ending.go_on(world, subscription)
    return {}


def end_trial(world: World, subscription: Object) -> None:
    """End a trial now: the first paid period begins."""
    now = world.now(subscription["customer"])
    items = subscription["items"]
    rows = [item | {"current_period_end": now} for item in items["data"]]
    world.change(
        subscription,
        billing_cycle_anchor=now,
        items=items | {"data": rows},
        trial_end=now,
    )
    renewing.period_over(world, subscription)


def cancel(world: World, call: Call) -> Object:
    """DELETE /v1/subscriptions/{subscription}."""
    given = call.only("cancellation_details", "invoice_now", "prorate")
    for name in ("invoice_now", "prorate"):
        if given.get(name):
            raise unserved(name)
    subscription = world.store.get("subscription", call.id)
    if subscription["status"] in ending.OVER:
        raise missing("subscription", call.id)
    ending.cancel_now(world, subscription, told=given.get("cancellation_details"))
    return subscription


def resume(world: World, call: Call) -> Object:
    """POST /v1/subscriptions/{subscription}/resume."""
    given = call.only("billing_cycle_anchor", "proration_behavior")
    if given.get("billing_cycle_anchor", "now") != "now":
        raise unserved("billing_cycle_anchor other than `now`")
    subscription = world.store.get("subscription", call.id)
    if subscription["status"] != "paused":
        message = f"You can only resume paused subscriptions, not {subscription['status']} ones."
        raise invalid(message)
    restart_paused(world, subscription)
    return subscription


def restart_paused(world: World, subscription: Object) -> None:
    """Begin a paused subscription anew, with a period that starts and is paid now."""
    previous = world.change(subscription, status="active")
    world.emit("customer.subscription.resumed", subscription)
    previous |= changing.change_items(world, subscription, [], proration="none", restart=True)
    world.emit("customer.subscription.updated", subscription, previous)


ROUTES: Routes = {
    ("get", "/v1/subscriptions"): listing,
    ("get", "/v1/subscriptions/{subscription_exposed_id}"): lambda world, call: world.store.get(
        "subscription", call.id
    ),
    ("post", "/v1/subscriptions/{subscription_exposed_id}"): update,
    ("delete", "/v1/subscriptions/{subscription_exposed_id}"): cancel,
    ("post", "/v1/subscriptions/{subscription}/resume"): resume,
}
