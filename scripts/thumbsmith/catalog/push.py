"""Carries out what the catalogue's plan says: Stripe first, then the link, then what is old."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from thumbsmith.operator import acting

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from thumbsmith.catalog.diff import Change, Plan
    from thumbsmith.stripe.access import Stripe

    Done = dict[str, Any]


@dataclass(frozen=True)
class Pusher:
    """Makes the changes of plans. Each is told when it is done; one that fails ends the command.

    A repeat is harmless: what was done is found again by the next comparison.
    """

    stripe: Stripe
    db_url: str | None
    data_dir: Path | None
    tell: Callable[[Done], None]

    def carry_out(self, plan: Plan) -> Iterator[Done]:
        """Make the changes of one item, in their order."""
        made: dict[str, Any] | None = None
        for change, object_id in plan.changes:
            if change == "link_price":
                yield from self._link(plan, made or plan.holder)
                continue
            answer = self._at_stripe(plan, change, object_id)
            if change == "create_price":
                made = answer
            yield self._done(plan, change, answer["id"])

    def link(self, plan: Plan) -> Iterator[Done]:
        """Only link the price that Stripe has."""
        if any(change == "link_price" for change, _ in plan.changes):
            yield from self._link(plan, plan.holder)

    def _at_stripe(self, plan: Plan, change: Change, object_id: str | None) -> dict[str, Any]:
        call, product = self.stripe.call, plan.product_params
        match change:
            case "create_product":
                names = {"kind": plan.item.item_kind, "key": plan.item.item_key}
                params = {"id": object_id, "metadata": names} | product
                if not params["description"]:  # an empty text means: take it away
                    del params["description"]
                return call("v1.products.create", params, {"idempotency_key": plan.product_key})
            case "update_product":
                return call("v1.products.update", object_id, product | {"active": True})
            case "create_price":
                options = {"idempotency_key": plan.price_key}
                return call("v1.prices.create", _price_params(plan), options)
            case "activate_price":
                return call("v1.prices.update", object_id, {"active": True})
            case _:
                return call("v1.prices.update", object_id, {"active": False})

    def _link(self, plan: Plan, price: dict[str, Any] | None) -> Iterator[Done]:
        if price is None:
            raise LookupError(plan.item.lookup_key)
        item = plan.item
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
        with acting.operating(
            self.db_url, self.data_dir, as_json=self.stripe.as_json
        ) as connection:
            is_new = acting.call(connection, "link_stripe_price", arguments)
        if is_new:
            yield self._done(plan, "link_price", price["id"])

    def _done(self, plan: Plan, change: Change, object_id: str) -> Done:
        names = {"item_kind": plan.item.item_kind, "item_key": plan.item.item_key}
        done = names | {"change": change, "id": object_id}
        self.tell(done)
        return done


def _price_params(plan: Plan) -> dict[str, Any]:
    item = plan.item
    params: dict[str, Any] = {
        "product": item.product_id,
        "unit_amount": item.amount,
        "currency": item.currency,
        "lookup_key": item.lookup_key,
    }
    if plan.holder is not None:
        params["transfer_lookup_key"] = True
    if item.billing_interval is not None:
        params["recurring"] = {"interval": item.billing_interval}
    return params
