"""Other plans and quantities, trials, pauses and coupons."""

from __future__ import annotations

from typing import Any

import pytest
import stripe

from tests.support.stand_ins.stripe.reading import invoices_of, item_of, line_of, subscription_of
from tests.support.stand_ins.stripe.stand_in import StandIn


def _halfway(stand_in: StandIn, subscription: str) -> None:
    item = item_of(stand_in, subscription)
    middle = (item["current_period_start"] + item["current_period_end"]) // 2
    stand_in.post("/_clock", advance_to=middle)


@pytest.mark.parametrize(("new", "total"), [(6000, 1500), (1000, -1000)])
def test_a_change_of_plan_is_prorated(stand_in: StandIn, new: int, total: int) -> None:
    subscription = stand_in.subscribed(stand_in.monthly(3000)).id("subscription")
    _halfway(stand_in, subscription)
    price = stand_in.monthly(new)
    changed = stand_in.act("change_plan", subscription=subscription, price=price.id)
    invoice = stand_in.client.v1.invoices.retrieve(changed.id("invoice")).to_dict()
    assert (invoice["billing_reason"], invoice["status"]) == ("subscription_update", "paid")
    assert invoice["total"] == pytest.approx(total, abs=2)
    assert invoice["amount_due"] == max(invoice["total"], 0)
    details = line_of(invoice)["parent"]["subscription_item_details"]
    assert details["proration"] is True
    assert item_of(stand_in, subscription)["price"]["id"] == price.id
    # What is left over from a smaller plan pays for the next period.
    renewed = stand_in.act("renew", subscription=subscription, alone=True)
    following = stand_in.client.v1.invoices.retrieve(renewed.id("invoice"))
    assert following.amount_paid == new + min(invoice["total"], 0)


def test_a_quantity_is_changed_by_call_and_billed_with_the_next_invoice(stand_in: StandIn) -> None:
    bought = stand_in.subscribed(stand_in.monthly(3000))
    subscription = bought.id("subscription")
    _halfway(stand_in, subscription)
    item = item_of(stand_in, subscription)["id"]
    with pytest.raises(stripe.InvalidRequestError, match="name the subscription item"):
        stand_in.client.v1.subscriptions.update(subscription, {"items": [{"quantity": 3}]})
    stand_in.client.v1.subscriptions.update(subscription, {"items": [{"id": item, "quantity": 3}]})
    assert item_of(stand_in, subscription)["quantity"] == 3
    renewed = stand_in.act("renew", subscription=subscription, alone=True)
    invoice = stand_in.client.v1.invoices.retrieve(renewed.id("invoice")).to_dict()
    assert [line_of(invoice, n)["amount"] for n in range(3)] == [
        pytest.approx(-1500, abs=2),
        pytest.approx(4500, abs=2),
        9000,
    ]
    every = stand_in.client.v1.invoices.line_items.list(invoice["id"], {"limit": 2})
    assert every.has_more is True


def test_another_rhythm_starts_a_new_period_and_bills_it(stand_in: StandIn) -> None:
    subscription = stand_in.subscribed(stand_in.monthly(3000)).id("subscription")
    yearly = stand_in.monthly(30_000, recurring={"interval": "year"})
    stand_in.act("change_plan", subscription=subscription, price=yearly.id)
    item = item_of(stand_in, subscription)
    assert item["current_period_end"] - item["current_period_start"] >= 365 * 86_400
    invoice = invoices_of(stand_in, subscription)[0]
    assert line_of(invoice, 1)["amount"] == 30_000


def test_a_trial_is_free_and_then_paid(stand_in: StandIn) -> None:
    data = {"trial_period_days": 7}
    bought = stand_in.subscribed(subscription_data=data)
    assert subscription_of(stand_in, bought)["status"] == "trialing"
    (invoice,) = invoices_of(stand_in, bought.id("subscription"))
    assert (invoice["status"], invoice["amount_paid"]) == ("paid", 0)
    session = stand_in.client.v1.checkout.sessions.retrieve(bought.id("checkout.session"))
    assert session.payment_status == "no_payment_required"
    stand_in.post("/_clock", advance_days=7)
    assert subscription_of(stand_in, bought)["status"] == "active"
    assert invoices_of(stand_in, bought.id("subscription"))[0]["amount_paid"] == 3000
    short = stand_in.subscribed(subscription_data=data)
    ended = stand_in.act("end_trial", subscription=short.id("subscription"))
    assert "invoice.paid" in ended.types
    assert subscription_of(stand_in, short)["status"] == "active"


@pytest.mark.parametrize(
    ("behavior", "status"), [("pause", "paused"), ("cancel", "canceled"), (None, "past_due")]
)
def test_a_trial_without_a_card_ends_as_its_settings_say(
    stand_in: StandIn, behavior: str | None, status: str
) -> None:
    data: dict[str, Any] = {"trial_period_days": 3}
    if behavior:
        data["trial_settings"] = {"end_behavior": {"missing_payment_method": behavior}}
    bought = stand_in.subscribed(subscription_data=data)
    stand_in.act("card", customer=subscription_of(stand_in, bought)["customer"], card="none")
    stand_in.post("/_clock", advance_days=3)
    assert subscription_of(stand_in, bought)["status"] == status


@pytest.mark.parametrize(
    ("behavior", "invoice_status"),
    [("void", "void"), ("keep_as_draft", "draft"), ("mark_uncollectible", "uncollectible")],
)
def test_a_paused_collection_takes_no_money(
    stand_in: StandIn, behavior: str, invoice_status: str
) -> None:
    subscription = stand_in.subscribed().id("subscription")
    stand_in.act("pause", subscription=subscription, behavior=behavior)
    stand_in.act("renew", subscription=subscription, alone=True)
    assert subscription_of(stand_in, subscription)["status"] == "active"
    assert invoices_of(stand_in, subscription)[0]["status"] == invoice_status
    stand_in.act("resume", subscription=subscription)
    stand_in.act("renew", subscription=subscription, alone=True)
    assert invoices_of(stand_in, subscription)[0]["status"] == "paid"


def test_a_pause_ends_by_itself(stand_in: StandIn) -> None:
    subscription = stand_in.subscribed().id("subscription")
    ends = stand_in.get("/_clock")["now"] + 5 * 86_400
    pause: Any = {"behavior": "void", "resumes_at": ends}
    stand_in.client.v1.subscriptions.update(subscription, {"pause_collection": pause})
    assert subscription_of(stand_in, subscription)["pause_collection"] == pause
    stand_in.post("/_clock", advance_days=6)
    assert subscription_of(stand_in, subscription)["pause_collection"] is None


def test_a_paused_subscription_resumes_with_a_new_period(stand_in: StandIn) -> None:
    subscription = stand_in.subscribed().id("subscription")
    paused = stand_in.act("pause", subscription=subscription, what="status")
    assert "customer.subscription.paused" in paused.types
    stand_in.post("/_clock", advance_months=2)
    assert len(invoices_of(stand_in, subscription)) == 1
    resumed = stand_in.client.v1.subscriptions.resume(subscription)
    assert resumed.status == "active"
    assert len(invoices_of(stand_in, subscription)) == 2
    with pytest.raises(stripe.InvalidRequestError, match="only resume paused"):
        stand_in.client.v1.subscriptions.resume(subscription)


def test_a_coupon_lasts_as_long_as_it_says(stand_in: StandIn) -> None:
    coupon = stand_in.client.v1.coupons.create(
        {"percent_off": 50, "duration": "repeating", "duration_in_months": 2}
    )
    subscription = stand_in.subscribed(discounts=[{"coupon": coupon.id}]).id("subscription")
    for _ in range(2):
        stand_in.act("renew", subscription=subscription, alone=True)
    assert [one["amount_paid"] for one in invoices_of(stand_in, subscription)] == [3000, 1500, 1500]
