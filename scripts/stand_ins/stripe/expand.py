"""Puts whole objects where ids were, for callers who ask with `expand`."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

from stand_ins.stripe.errors import invalid
from stand_ins.stripe.listing import as_list
from stand_ins.stripe.spec import document

if TYPE_CHECKING:
    from collections.abc import Callable

    from stand_ins.stripe.store import Object
    from stand_ins.stripe.world import World

_MAX_DEPTH = 4
_FIRST = 10


def render(world: World, answer: Object, wanted: list[str]) -> Object:
    """Return a copy of an answer with everything that was asked for."""
    shown = copy.deepcopy(answer)
    for path in wanted:
        steps = path.split(".")
        if len(steps) > _MAX_DEPTH + (shown.get("object") == "list"):
            message = f"You cannot expand more than {_MAX_DEPTH} levels of a property."
            raise invalid(message, "expand")
        _expand(world, shown, steps, path)
    return shown


def _expand(world: World, node: Any, steps: list[str], path: str) -> None:
    if not steps or node is None:
        return
    if isinstance(node, list):
        for part in node:
            _expand(world, part, steps, path)
        return
    name, rest = steps[0], steps[1:]
    if not isinstance(node, dict) or not _may_expand(node, name):
        raise invalid(f"This property cannot be expanded ({path}).", "expand")
    if node.get(name) is None and (provider := _PROVIDERS.get((node.get("object", ""), name))):
        node[name] = copy.deepcopy(provider(world, node))
    value = node.get(name)
    if isinstance(value, list):
        node[name] = [_whole(world, part) for part in value]
    elif isinstance(value, str):
        node[name] = _whole(world, value)
    _expand(world, node.get(name), rest, path)


def _whole(world: World, value: Any) -> Any:
    found = world.store.find(value) if isinstance(value, str) else None
    return copy.deepcopy(found) if found else value


def _may_expand(node: Object, name: str) -> bool:
    kind = node.get("object")
    if kind is None or kind == "list":
        # A part of an object: the specification marks the object, not its parts.
        return name in node
    fields = document.schema(kind).get("x-expandableFields", ())
    newer = {"refund": {"customer"}}.get(kind, ())
    return name in fields or name in newer


def session_lines(world: World, session: Object) -> Object:
    """Return the line items of a Checkout session."""
    items = [world.store.get("item", one) for one in world.store.hidden(session["id"])["items"]]
    url = f"/v1/checkout/sessions/{session['id']}/line_items"
    return as_list(url, items[:_FIRST], has_more=len(items) > _FIRST)


def _invoice_payments(world: World, invoice: Object) -> Object:
    found = list(world.store.matching("invoice_payment", invoice=invoice["id"]))[::-1]
    return as_list("/v1/invoice_payments", found[:_FIRST], has_more=len(found) > _FIRST)


def _charge_refunds(world: World, charge: Object) -> Object:
    found = list(world.store.matching("refund", charge=charge["id"]))[::-1]
    url = f"/v1/charges/{charge['id']}/refunds"
    return as_list(url, found[:_FIRST], has_more=len(found) > _FIRST)


def _customer_subscriptions(world: World, customer: Object) -> Object:
    found = [
        one
        for one in world.store.matching("subscription", customer=customer["id"])
        if one["status"] != "canceled"
    ][::-1]
    url = f"/v1/customers/{customer['id']}/subscriptions"
    return as_list(url, found[:_FIRST], has_more=len(found) > _FIRST)


def _currency_options(world: World, price: Object) -> Object:
    options: Object = world.store.hidden(price["id"])["currency_options"]
    return options


# Fields that only come when they are asked for.
_PROVIDERS: dict[tuple[str, str], Callable[[World, Object], Object]] = {
    ("charge", "refunds"): _charge_refunds,
    ("checkout.session", "line_items"): session_lines,
    ("customer", "subscriptions"): _customer_subscriptions,
    ("invoice", "payments"): _invoice_payments,
    ("price", "currency_options"): _currency_options,
}
