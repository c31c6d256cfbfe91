"""Subscriptions and their invoices as plain dictionaries."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.support.stand_ins.stripe.stand_in import Acted, StandIn


def subscription_of(stand_in: StandIn, acted: Acted | str) -> dict[str, Any]:
    subscription = acted if isinstance(acted, str) else acted.id("subscription")
    return stand_in.client.v1.subscriptions.retrieve(subscription).to_dict()


def item_of(stand_in: StandIn, acted: Acted | str) -> dict[str, Any]:
    items: list[dict[str, Any]] = subscription_of(stand_in, acted)["items"]["data"]
    return items[0]


def invoices_of(stand_in: StandIn, subscription: str) -> list[dict[str, Any]]:
    found = stand_in.client.v1.invoices.list({"subscription": subscription, "limit": 100}).data
    return [one.to_dict() for one in found]


def line_of(invoice: dict[str, Any], index: int = 0) -> dict[str, Any]:
    line: dict[str, Any] = invoice["lines"]["data"][index]
    return line
