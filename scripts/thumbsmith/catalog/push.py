"""Makes the changes that a comparison found: Stripe first, then the link, then what is old."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from thumbsmith.operator.transaction import call, operator_transaction

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from thumbsmith.catalog.diff import CatalogDiff, Change
    from thumbsmith.stripe.access import Stripe

    Done = dict[str, Any]


@dataclass(frozen=True)
class Pusher:
    """Makes the changes of plans. Each is told when it is done; one that fails ends the command.

    A repeat is harmless: what was done is found again by the next comparison.
    """

    stripe: Stripe
    tell: Callable[[Done], None]

    def run(self, diff: CatalogDiff) -> Iterator[Done]:
        """Make the changes of one item, in their order."""
        made: dict[str, Any] | None = None
        for change, object_id in diff.changes:
            if change == "link_price":
                yield from self._link(diff, made or diff.price_with_lookup_key)
                continue
            answer = self._at_stripe(diff, change, object_id)
            if change == "create_price":
                made = answer
            yield self._done(diff, change, answer["id"])

    def link(self, diff: CatalogDiff) -> Iterator[Done]:
        """Only link the price that Stripe has."""
        if any(change == "link_price" for change, _ in diff.changes):
            yield from self._link(diff, diff.price_with_lookup_key)

    def _at_stripe(
        self, diff: CatalogDiff, change: Change, object_id: str | None
    ) -> dict[str, Any]:
        call, product = self.stripe.call, diff.product_params
        match change:
            case "create_product":
                names = {"kind": diff.item.item_kind, "key": diff.item.item_key}
                params = {"id": object_id, "metadata": names} | product
                if not params["description"]:  # an empty text means: take it away
                    del params["description"]
                return call("v1.products.create", params, {"idempotency_key": diff.product_key})
            case "update_product":
                return call("v1.products.update", object_id, product | {"active": True})
            case "create_price":
                options = {"idempotency_key": diff.price_key}
                return call("v1.prices.create", _price_params(diff), options)
            case "activate_price":
                return call("v1.prices.update", object_id, {"active": True})
            case _:
                return call("v1.prices.update", object_id, {"active": False})

    def _link(self, diff: CatalogDiff, price: dict[str, Any] | None) -> Iterator[Done]:
        if price is None:
            raise LookupError(diff.item.lookup_key)
        item = diff.item
        arguments = {
            "item_kind": item.item_kind,
            "item_key": item.item_key,
            "price_id": price["id"],
            "product_id": price["product"],
            "amount": item.amount,
            "currency": item.currency,
            "billing_interval": item.billing_interval,
        }
        # A transaction for each: what Stripe has made is never forgotten for what fails after it.
        with operator_transaction(commit=True) as connection:
            # The audit log has a row for each price.
            connection.execute("select set_config('thumbsmith.why', 'catalog push', true)")
            is_new = call(connection, "link_stripe_price", arguments)
        if is_new:
            yield self._done(diff, "link_price", price["id"])

    def _done(self, diff: CatalogDiff, change: Change, object_id: str) -> Done:
        names = {"item_kind": diff.item.item_kind, "item_key": diff.item.item_key}
        done = names | {"change": change, "id": object_id}
        self.tell(done)
        return done


def _price_params(diff: CatalogDiff) -> dict[str, Any]:
    item = diff.item
    params: dict[str, Any] = {
        "product": item.product_id,
        "unit_amount": item.amount,
        "currency": item.currency,
        "lookup_key": item.lookup_key,
    }
    if diff.price_with_lookup_key is not None:
        params["transfer_lookup_key"] = True
    if item.billing_interval is not None:
        params["recurring"] = {"interval": item.billing_interval}
    return params
