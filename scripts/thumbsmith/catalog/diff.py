"""What differs between our catalog and Stripe's, item by item, and what would make it the same.

A price is found by its lookup key and a product by the id that we choose: so a lost answer, another
machine or a database that was restored finds what is there already instead of making it twice.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from thumbsmith.operator.transaction import operator_transaction

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from thumbsmith.operator.transaction import Connection
    from thumbsmith.stripe.access import Stripe

# Stripe's own limits of its lists.
_KEYS_PER_CALL = 10
_PAGE = 100

Change = Literal[
    "create_product",
    "update_product",
    "create_price",
    "activate_price",
    "link_price",
    "deactivate_price",
]
Terms = tuple[int | None, str, str | None]


@dataclass(frozen=True)
class Item:
    """A pack or a plan as our catalog has it, and the prices at Stripe that were ever its own."""

    item_kind: str
    item_key: str
    lookup_key: str
    product_id: str
    title: str
    description: str
    amount: int
    currency: str
    billing_interval: str | None
    is_enabled: bool
    price_id: str | None
    known_prices: list[str]
    known_products: list[str]

    @property
    def terms(self) -> Terms:
        """Return what a price must say to be this item's."""
        return self.amount, self.currency, self.billing_interval


@dataclass
class StripeCatalog:
    """What Stripe has of our catalog."""

    products: dict[str, dict[str, Any]] = field(default_factory=dict)
    by_lookup_key: dict[str, dict[str, Any]] = field(default_factory=dict)
    active_prices: set[str] = field(default_factory=set)


@dataclass(frozen=True)
class CatalogDiff:
    """How one item gets the same at Stripe as here. Nothing to do is the usual case."""

    item: Item
    price_with_lookup_key: dict[str, Any] | None
    """The price with our lookup key, whether it fits or not."""
    changes: list[tuple[Change, str | None]]

    @property
    def product_params(self) -> dict[str, Any]:
        """Return what Stripe is to say about the product."""
        return {"name": self.item.title, "description": self.item.description}

    @property
    def product_key(self) -> str:
        """Return the idempotency key of the product: another one for other words."""
        words = f"{self.item.title}\n{self.item.description}".encode()
        return f"thumbsmith:{self.item.product_id}:{hashlib.sha256(words).hexdigest()[:16]}"

    @property
    def price_key(self) -> str:
        """Return the idempotency key of a new price.

        The same terms may come back within the day that Stripe remembers a key: what is replaced,
        and how many there were, tell those apart.
        """
        item = self.item
        replaced = self.price_with_lookup_key["id"] if self.price_with_lookup_key else "new"
        terms = ":".join(map(str, item.terms))
        return f"thumbsmith:{item.lookup_key}:{terms}:{replaced}:{len(item.known_prices)}"


def read_diffs(stripe: Stripe) -> list[CatalogDiff]:
    """Compare the whole catalog."""
    with operator_transaction() as connection:
        items = read_items(connection)
    # No transaction stays open while Stripe is asked.
    stripe_catalog = read_stripe_catalog(stripe, items)
    return [diff_of(item, stripe_catalog) for item in items]


def read_items(connection: Connection) -> list[Item]:
    """Read the catalog."""
    rows = connection.execute(
        """
        select c.*, k.known_prices, k.known_products
        from private.catalog as c
        cross join lateral (
            select
                coalesce(array_agg(p.price_id), '{}') as known_prices,
                coalesce(array_agg(distinct p.product_id), '{}') as known_products
            from private.stripe_prices as p
            where (p.item_kind, p.item_key) = (c.item_kind, c.item_key)
        ) as k
        order by c.item_kind, c.item_key
        """
    ).fetchall()
    return [Item(**row) for row in rows]


def read_stripe_catalog(stripe: Stripe, items: Iterable[Item]) -> StripeCatalog:
    """Read what Stripe has of these items."""
    stripe_catalog = StripeCatalog()
    for some in _batches(list(items)):
        ids = [item.product_id for item in some]
        keys = [item.lookup_key for item in some]
        # Without `active` the lists leave out what is archived.
        for is_active in (True, False):
            wanted = {"ids": ids, "active": is_active, "limit": _PAGE}
            found = stripe.call("v1.products.list", wanted)["data"]
            stripe_catalog.products |= {product["id"]: product for product in found}
            wanted = {"lookup_keys": keys, "active": is_active, "limit": _PAGE}
            found = stripe.call("v1.prices.list", wanted)["data"]
            stripe_catalog.by_lookup_key |= {price["lookup_key"]: price for price in found}
        for product_id in _with_a_past(some, stripe_catalog):
            stripe_catalog.active_prices |= _active_of(stripe, product_id)
    return stripe_catalog


def diff_of(item: Item, stripe_catalog: StripeCatalog) -> CatalogDiff:
    """Compare one item."""
    holder = stripe_catalog.by_lookup_key.get(item.lookup_key)
    own = holder if holder is not None and terms_of(holder) == item.terms else None
    changes: list[tuple[Change, str | None]] = []
    if item.is_enabled:
        changes += _product_changes(item, own, stripe_catalog)
        if own is None:
            changes.append(("create_price", None))
        elif not own["active"]:
            changes.append(("activate_price", own["id"]))
    if own is None and item.is_enabled:
        changes.append(("link_price", None))
    elif own is not None and own["id"] != item.price_id:
        # Of a disabled item too: whoever has it still pays it.
        changes.append(("link_price", own["id"]))
    kept = own["id"] if own is not None and item.is_enabled else None
    active = stripe_catalog.active_prices & set(item.known_prices)
    if holder is not None and holder["active"]:
        active.add(holder["id"])
    # Last, so that a new Checkout never uses an inactive price.
    changes += [("deactivate_price", price_id) for price_id in sorted(active - {kept})]
    return CatalogDiff(item, holder, changes)


def terms_of(price: dict[str, Any]) -> Terms:
    """Return what a price of Stripe says; what none of ours can be is spelled out."""
    recurring = price.get("recurring")
    if not recurring:
        return price["unit_amount"], price["currency"], None
    interval = recurring["interval"]
    if recurring["interval_count"] != 1:
        interval = f"{recurring['interval_count']} {interval}"
    if recurring.get("usage_type", "licensed") != "licensed":
        interval = f"metered {interval}"
    return price["unit_amount"], price["currency"], interval


def _product_changes(
    item: Item, own: dict[str, Any] | None, stripe_catalog: StripeCatalog
) -> Iterator[tuple[Change, str | None]]:
    if own is not None and own["product"] != item.product_id:
        return  # made by a person, who names it as they like
    product = stripe_catalog.products.get(item.product_id)
    if product is None:
        yield "create_product", item.product_id
    elif (product["name"], product["description"] or "", product["active"]) != (
        item.title,
        item.description,
        True,
    ):
        yield "update_product", item.product_id


def _with_a_past(items: Iterable[Item], stripe_catalog: StripeCatalog) -> set[str]:
    """Return the products that have prices of ours beside the one with the lookup key."""
    products: set[str] = set()
    for item in items:
        holder = stripe_catalog.by_lookup_key.get(item.lookup_key)
        if set(item.known_prices) - ({holder["id"]} if holder else set()):
            products |= set(item.known_products)
    return products


def _active_of(stripe: Stripe, product_id: str) -> set[str]:
    wanted: dict[str, Any] = {"product": product_id, "active": True, "limit": _PAGE}
    found: list[str] = []
    while True:
        page = stripe.call("v1.prices.list", wanted)
        found += [price["id"] for price in page["data"]]
        if not page["has_more"] or not page["data"]:
            return set(found)
        wanted["starting_after"] = found[-1]


def _batches(items: list[Item]) -> Iterator[list[Item]]:
    for start in range(0, len(items), _KEYS_PER_CALL):
        yield items[start : start + _KEYS_PER_CALL]
