"""The rules for new Checkout sessions that no schema can say."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from stand_ins.stripe.common import checked_url
from stand_ins.stripe.errors import invalid, unserved

if TYPE_CHECKING:
    from stand_ins.stripe.store import Object
    from stand_ins.stripe.world import World

_HALF_HOUR, _DAY = 1_800, 86_400
_FOREIGN = {
    "payment": ("subscription_data", "payment_method_collection"),
    "subscription": ("payment_intent_data", "customer_creation", "submit_type"),
}
_SERVED_PARTS = {
    "payment_intent_data": frozenset({"description", "metadata"}),
    "subscription_data": frozenset(
        {"description", "metadata", "trial_end", "trial_period_days", "trial_settings"}
    ),
}


def check(given: dict[str, Any], times: tuple[int, int]) -> None:
    """Raise what Stripe answers to a combination that makes no sense.

    `times` are the stand-in's and the real one: a caller who does not know that the clock was
    moved may count from either.
    """
    mode = given.get("mode")
    if mode is None:
        raise invalid("Missing required param: mode.", "mode", "parameter_missing")
    if mode == "setup":
        raise unserved("mode=setup")
    for name in _FOREIGN[mode]:
        if name in given:
            raise invalid(f"You can not pass `{name}` in `{mode}` mode.", name)
    for name, served in _SERVED_PARTS.items():
        for part in set(given.get(name, ())) - served:
            raise unserved(f"{name}[{part}]")
    if "customer" in given and "customer_email" in given:
        message = "You may only specify one of these parameters: customer, customer_email."
        raise invalid(message, "customer")
    if not given.get("line_items"):
        message = "You must provide `line_items` in `payment` and `subscription` mode."
        raise invalid(message, "line_items", "parameter_missing")
    _check_urls(given)
    expires_at = given.get("expires_at")
    if expires_at is not None and not any(
        now + _HALF_HOUR - 5 <= expires_at <= now + _DAY + 5 for now in times
    ):
        message = "The `expires_at` timestamp must be 30 minutes to 24 hours from now."
        raise invalid(message, "expires_at")


def _check_urls(given: dict[str, Any]) -> None:
    if given.get("ui_mode", "hosted_page") != "hosted_page":
        raise unserved(f"ui_mode={given['ui_mode']}")
    if "success_url" not in given:
        message = "Missing required param: success_url."
        raise invalid(message, "success_url", "parameter_missing")
    for name in ("success_url", "cancel_url"):
        if name in given:
            checked_url(given[name], name)


def priced_items(world: World, given: dict[str, Any]) -> list[tuple[Object, dict[str, Any]]]:
    """Return the price of each line, checked against the mode and the other lines."""
    found = [(_price(world, line, index), line) for index, line in enumerate(given["line_items"])]
    kinds = {price["type"] for price, _ in found}
    if given["mode"] == "payment" and "recurring" in kinds:
        message = (
            "You specified `payment` mode but passed a recurring price. Either switch to "
            "`subscription` mode or use only one-time prices."
        )
        raise invalid(message, "mode")
    if given["mode"] == "subscription":
        if "recurring" not in kinds:
            message = "You must provide at least one recurring price in `subscription` mode."
            raise invalid(message, "line_items")
        if "one_time" in kinds:
            raise unserved("one-time prices in subscription mode")
        if len({(price["recurring"]["interval"],) for price, _ in found}) > 1:
            raise invalid("Checkout does not support multiple billing intervals.", "line_items")
    if len({price["currency"] for price, _ in found}) > 1:
        raise invalid("You can not combine currencies on a single session.", "line_items")
    return found


def _price(world: World, line: dict[str, Any], index: int) -> Object:
    where = f"line_items[{index}]"
    if "price_data" in line:
        raise unserved(f"{where}[price_data]")
    if "price" not in line:
        raise invalid(f"Missing required param: {where}[price].", where, "parameter_missing")
    price = world.store.get("price", line["price"], f"{where}[price]")
    if not price["active"]:
        message = "The price specified is inactive. This field only accepts active prices."
        raise invalid(message, f"{where}[price]")
    if "quantity" not in line:
        message = f"Missing required param: {where}[quantity]."
        raise invalid(message, f"{where}[quantity]", "parameter_missing")
    if not 1 <= line["quantity"] <= 999_999:
        message = "This value must be greater than or equal to 1."
        raise invalid(message, f"{where}[quantity]", "parameter_invalid_integer")
    return price
