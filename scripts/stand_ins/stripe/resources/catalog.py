"""Products and prices."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from stand_ins.stripe.common import emptied, merged_metadata
from stand_ins.stripe.errors import invalid, unserved
from stand_ins.stripe.listing import newest_first

if TYPE_CHECKING:
    from stand_ins.stripe.call import Call, Routes
    from stand_ins.stripe.store import Object
    from stand_ins.stripe.world import World

_PAGING = ("created", "ending_before", "limit", "starting_after")
_PRODUCT_FIELDS = (
    *("active", "description", "images", "name", "shippable", "statement_descriptor"),
    *("tax_code", "unit_label", "url"),
)
_PRICE_FIELDS = (
    *("active", "billing_scheme", "currency", "currency_options", "lookup_key", "metadata"),
    *("nickname", "product", "product_data", "recurring", "tax_behavior", "transfer_lookup_key"),
    "unit_amount",
)


def create_product(world: World, call: Call) -> Object:
    """POST /v1/products."""
    given = call.only(*_PRODUCT_FIELDS, "id", "metadata", "default_price_data")
    if "default_price_data" in given:
        raise unserved("default_price_data")
    product_id = given.pop("id", None)
    if product_id and world.store.find(product_id):
        raise invalid(f"Product already exists: {product_id}", "id", "resource_already_exists")
    values = {"active": True, **{name: emptied(value) for name, value in given.items()}}
    values["metadata"] = merged_metadata({}, given.get("metadata"))
    product = world.make("product", **values, **({"id": product_id} if product_id else {}))
    world.change(product, updated=product["created"])
    world.emit("product.created", product)
    return product


def update_product(world: World, call: Call) -> Object:
    """POST /v1/products/{id}."""
    given = call.only(*_PRODUCT_FIELDS, "metadata", "default_price")
    product = world.store.get("product", call.id)
    values = {name: emptied(value) for name, value in given.items()}
    values["metadata"] = merged_metadata(product["metadata"], given.get("metadata"))
    if default := values.get("default_price"):
        world.store.get("price", default, "default_price")
    if previous := world.change(product, **values):
        world.change(product, updated=world.now())
        world.emit("product.updated", product, previous)
    return product


def list_products(world: World, call: Call) -> Object:
    """GET /v1/products."""
    given = call.only(*_PAGING, "active", "ids", "url")
    wanted = given.get("ids")
    here = [one for one in world.store.all("product") if not wanted or one["id"] in wanted]
    return newest_first(call, here, active=given.get("active"), url=given.get("url"))


def delete_product(world: World, call: Call) -> Object:
    """DELETE /v1/products/{id}: only while it has no prices."""
    product = world.store.get("product", call.id)
    if any(world.store.matching("price", product=product["id"])):
        message = "This product cannot be deleted because it has one or more user-created prices."
        raise invalid(message)
    world.emit("product.deleted", product)
    world.store.remove("product", product["id"])
    return {"id": product["id"], "object": "product", "deleted": True}


def create_price(world: World, call: Call) -> Object:
    """POST /v1/prices."""
    given = call.only(*_PRICE_FIELDS)
    if "unit_amount" not in given:
        raise invalid("Missing required param: unit_amount.", "unit_amount", "parameter_missing")
    if ("product" in given) == ("product_data" in given):
        message = "You must provide exactly one of `product` and `product_data`."
        raise invalid(message, "product")
    product = _product_of(world, given)
    _claim_lookup_key(world, given)
    recurring = given.get("recurring")
    price = world.make(
        "price",
        active=given.get("active", True),
        billing_scheme="per_unit",
        currency=given["currency"].lower(),
        lookup_key=given.get("lookup_key"),
        metadata=merged_metadata({}, given.get("metadata")),
        nickname=given.get("nickname"),
        product=product,
        recurring=_recurring(recurring) if recurring else None,
        tax_behavior=given.get("tax_behavior", "unspecified"),
        type="recurring" if recurring else "one_time",
        unit_amount=given["unit_amount"],
        unit_amount_decimal=str(given["unit_amount"]),
    )
    world.store.hidden(price["id"])["currency_options"] = _currency_options(price, given)
    world.emit("price.created", price)
    return price


def _product_of(world: World, given: dict[str, Any]) -> str:
    if "product" in given:
        return str(world.store.get("product", given["product"], "product")["id"])
    data = given["product_data"]
    metadata = merged_metadata({}, data.get("metadata"))
    product = world.make("product", **(data | {"active": True, "metadata": metadata}))
    world.change(product, updated=product["created"])
    world.emit("product.created", product)
    return str(product["id"])


def _recurring(given: dict[str, Any]) -> Object:
    if given.get("usage_type", "licensed") != "licensed":
        raise unserved("recurring[usage_type]")
    return {
        "interval": given["interval"],
        "interval_count": given.get("interval_count", 1),
        "meter": None,
        "usage_type": "licensed",
    }


def _claim_lookup_key(world: World, given: dict[str, Any]) -> None:
    key = given.get("lookup_key")
    holder = next(world.store.matching("price", lookup_key=key), None) if key else None
    if holder is None or holder["id"] == given.get("id"):
        return
    if not given.get("transfer_lookup_key"):
        message = f"A price (`{holder['id']}`) already uses that lookup key."
        raise invalid(message, "lookup_key")
    world.emit("price.updated", holder, world.change(holder, lookup_key=None))


def _currency_options(price: Object, given: dict[str, Any]) -> Object:
    amounts = {price["currency"]: price["unit_amount"]}
    for currency, option in (given.get("currency_options") or {}).items():
        amounts[currency] = option["unit_amount"]
    return {
        currency: {
            "custom_unit_amount": None,
            "tax_behavior": price["tax_behavior"],
            "unit_amount": amount,
            "unit_amount_decimal": str(amount),
        }
        for currency, amount in amounts.items()
    }


def update_price(world: World, call: Call) -> Object:
    """POST /v1/prices/{price}: the amount of a price never changes."""
    given = call.only("active", "lookup_key", "metadata", "nickname", "transfer_lookup_key")
    price = world.store.get("price", call.id)
    _claim_lookup_key(world, given | {"id": price["id"]})
    values = {name: emptied(value) for name, value in given.items()}
    values.pop("transfer_lookup_key", None)
    values["metadata"] = merged_metadata(price["metadata"], given.get("metadata"))
    if previous := world.change(price, **values):
        world.emit("price.updated", price, previous)
    return price


def list_prices(world: World, call: Call) -> Object:
    """GET /v1/prices."""
    given = call.only(*_PAGING, "active", "currency", "lookup_keys", "product", "recurring", "type")
    keys, interval = given.get("lookup_keys"), given.get("recurring", {}).get("interval")
    here = [
        one
        for one in world.store.all("price")
        if (not keys or one["lookup_key"] in keys)
        and (not interval or (one["recurring"] or {}).get("interval") == interval)
    ]
    names = ("active", "currency", "product", "type")
    return newest_first(call, here, **{name: given.get(name) for name in names})


ROUTES: Routes = {
    ("post", "/v1/products"): create_product,
    ("get", "/v1/products"): list_products,
    ("get", "/v1/products/{id}"): lambda world, call: world.store.get("product", call.id),
    ("post", "/v1/products/{id}"): update_product,
    ("delete", "/v1/products/{id}"): delete_product,
    ("post", "/v1/prices"): create_price,
    ("get", "/v1/prices"): list_prices,
    ("get", "/v1/prices/{price}"): lambda world, call: world.store.get("price", call.id),
    ("post", "/v1/prices/{price}"): update_price,
}
