"""The life of a subscription, told by calls and by people."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import stripe

from tests.stripe.stand_in import StandIn

if TYPE_CHECKING:
    from tests.stripe.stand_in import Acted


def _sub(stand_in: StandIn, acted: Acted | str) -> dict[str, Any]:
    subscription = acted if isinstance(acted, str) else acted.id("subscription")
    return stand_in.client.v1.subscriptions.retrieve(subscription).to_dict()


def _item(stand_in: StandIn, acted: Acted | str) -> dict[str, Any]:
    items: list[dict[str, Any]] = _sub(stand_in, acted)["items"]["data"]
    return items[0]


def _invoices(stand_in: StandIn, subscription: str) -> list[dict[str, Any]]:
    found = stand_in.client.v1.invoices.list({"subscription": subscription, "limit": 100}).data
    return [one.to_dict() for one in found]


def _line(invoice: dict[str, Any], index: int = 0) -> dict[str, Any]:
    line: dict[str, Any] = invoice["lines"]["data"][index]
    return line


def test_the_first_payment_makes_the_subscription_and_a_paid_invoice(stand_in: StandIn) -> None:
    price = stand_in.monthly(3000)
    waiting = stand_in.session(price, stand_in.customer())
    assert waiting.subscription is None
    bought = stand_in.subscribed(
        price, client_reference_id="u1", subscription_data={"metadata": {"user": "u1"}}
    )
    session = stand_in.client.v1.checkout.sessions.retrieve(bought.id("checkout.session"))
    subscription, (invoice,) = (
        _sub(stand_in, bought),
        _invoices(stand_in, bought.id("subscription")),
    )
    assert (session.subscription, session.invoice) == (subscription["id"], invoice["id"])
    assert (subscription["status"], subscription["metadata"]) == ("active", {"user": "u1"})
    assert "current_period_end" not in subscription
    assert (invoice["billing_reason"], invoice["status"]) == ("subscription_create", "paid")
    assert (invoice["amount_paid"], invoice["currency"]) == (3000, "usd")
    details = invoice["parent"]["subscription_details"]
    assert details == {"metadata": {"user": "u1"}, "subscription": subscription["id"]}
    line, item = _line(invoice), _item(stand_in, bought)
    assert line["pricing"]["price_details"]["price"] == price.id
    assert line["period"] == {
        "start": item["current_period_start"],
        "end": item["current_period_end"],
    }
    # The order of the telling is nobody's promise: the money comes before the subscription.
    assert bought.types.index("invoice.paid") < bought.types.index("customer.subscription.created")


def test_a_declined_card_starts_nothing(stand_in: StandIn) -> None:
    session = stand_in.session(stand_in.monthly(), stand_in.customer())
    declined = stand_in.act("pay", session=session.id, how="declined")
    assert "subscription" not in declined.touched
    assert stand_in.act("pay", session=session.id).id("subscription").startswith("sub_")


def test_a_renewal_bills_the_next_period(stand_in: StandIn) -> None:
    bought = stand_in.subscribed()
    before = _item(stand_in, bought)
    renewed = stand_in.act("renew", subscription=bought.id("subscription"), alone=True)
    after = _item(stand_in, bought)
    assert after["current_period_start"] == before["current_period_end"]
    invoice = stand_in.client.v1.invoices.retrieve(renewed.id("invoice")).to_dict()
    assert (invoice["billing_reason"], invoice["status"]) == ("subscription_cycle", "paid")
    assert _line(invoice)["period"]["start"] == after["current_period_start"]
    # The invoice's own period is the one that has just ended.
    assert invoice["period_end"] == after["current_period_start"]
    assert {"invoice.paid", "invoice_payment.paid", "customer.subscription.updated"} <= set(
        renewed.types
    )


@pytest.mark.parametrize(
    ("ends", "status"), [("canceled", "canceled"), ("unpaid", "unpaid"), ("past_due", "past_due")]
)
def test_a_failed_renewal_is_tried_again_and_then_given_up(
    stand_in: StandIn, ends: str, status: str
) -> None:
    stand_in.configure(dunning_ends=ends)
    subscription = stand_in.subscribed().id("subscription")
    failed = stand_in.act("renew", subscription=subscription, outcome="declined", alone=True)
    assert "invoice.payment_failed" in failed.types
    assert "invoice.paid" not in failed.types
    assert _sub(stand_in, subscription)["status"] == "past_due"
    assert _invoices(stand_in, subscription)[0]["next_payment_attempt"] is not None
    stand_in.post("/_clock", advance_days=16)
    invoice = _invoices(stand_in, subscription)[0]
    assert (invoice["status"], invoice["attempt_count"]) == ("open", 4)
    assert invoice["next_payment_attempt"] is None
    assert _sub(stand_in, subscription)["status"] == status


def test_a_mended_card_ends_the_debt(stand_in: StandIn) -> None:
    subscription = stand_in.subscribed().id("subscription")
    stand_in.act("renew", subscription=subscription, outcome="declined", alone=True)
    with pytest.raises(stripe.CardError):
        stand_in.client.v1.invoices.pay(_invoices(stand_in, subscription)[0]["id"])
    recovered = stand_in.act("recover", subscription=subscription)
    assert "invoice.paid" in recovered.types
    assert _sub(stand_in, subscription)["status"] == "active"
    assert stand_in.post("/_person/recover", subscription=subscription).status_code == 400


def test_an_invoice_is_paid_out_of_band(stand_in: StandIn) -> None:
    subscription = stand_in.subscribed().id("subscription")
    stand_in.act("renew", subscription=subscription, outcome="requires_action", alone=True)
    invoice = _invoices(stand_in, subscription)[0]["id"]
    paid = stand_in.client.v1.invoices.pay(invoice, {"paid_out_of_band": True})
    assert (paid.status, _sub(stand_in, subscription)["status"]) == ("paid", "active")
    with pytest.raises(stripe.InvalidRequestError, match="already paid"):
        stand_in.client.v1.invoices.pay(invoice)


@pytest.mark.parametrize("outcome", ["succeeded", "declined"])
def test_a_slow_bank_pays_the_first_invoice_later(stand_in: StandIn, outcome: str) -> None:
    session = stand_in.session(stand_in.monthly(), stand_in.customer())
    begun = stand_in.act("pay", session=session.id, how="delayed")
    assert "invoice.paid" not in begun.types
    then = stand_in.act("settle", session=session.id, outcome=outcome)
    assert ("invoice.paid" in then.types) == (outcome == "succeeded")
    status = "active" if outcome == "succeeded" else "past_due"
    assert _sub(stand_in, begun)["status"] == status


@pytest.mark.parametrize(
    ("when", "at_period_end"), [("period_end", True), ("date", False), ("call", True)]
)
def test_a_subscription_ends_with_its_period_unless_kept(
    stand_in: StandIn, when: str, at_period_end: bool
) -> None:
    bought = [stand_in.subscribed().id("subscription") for _ in range(2)]
    for subscription in bought:
        if when == "call":
            params: stripe.params.SubscriptionUpdateParams = {"cancel_at_period_end": True}
            stand_in.client.v1.subscriptions.update(subscription, params)
        else:
            stand_in.act("cancel", subscription=subscription, when=when)
    planned = _sub(stand_in, bought[0])
    assert (planned["status"], planned["cancel_at_period_end"]) == ("active", at_period_end)
    assert planned["cancel_at"] == _item(stand_in, bought[0])["current_period_end"]
    assert stand_in.act("keep", subscription=bought[1]).types == ["customer.subscription.updated"]
    stand_in.post("/_clock", advance_to=planned["cancel_at"])
    ended = _sub(stand_in, bought[0])
    assert (ended["status"], ended["ended_at"]) == ("canceled", planned["cancel_at"])
    assert len(_invoices(stand_in, bought[0])) == 1
    assert _sub(stand_in, bought[1])["status"] == "active"
    assert len(_invoices(stand_in, bought[1])) == 2


def test_a_subscription_is_canceled_at_once(stand_in: StandIn) -> None:
    by_person = stand_in.subscribed().id("subscription")
    assert stand_in.act("cancel", subscription=by_person).types == ["customer.subscription.deleted"]
    by_call, subscriptions = (
        stand_in.subscribed().id("subscription"),
        stand_in.client.v1.subscriptions,
    )
    told = subscriptions.cancel(by_call, {"cancellation_details": {"comment": "dear"}}).to_dict()
    assert (told["status"], told["cancellation_details"]["comment"]) == ("canceled", "dear")
    with pytest.raises(stripe.InvalidRequestError, match="No such subscription"):
        subscriptions.cancel(by_call)
    with pytest.raises(stripe.InvalidRequestError, match="only update its metadata"):
        subscriptions.update(by_call, {"description": "x"})
    assert stand_in.post("/_person/renew", subscription=by_call).status_code == 400
    customer = str(_sub(stand_in, by_call)["customer"])
    assert subscriptions.list({"customer": customer}).data == []
    assert len(subscriptions.list({"customer": customer, "status": "all"}).data) == 1


def _halfway(stand_in: StandIn, subscription: str) -> None:
    item = _item(stand_in, subscription)
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
    details = _line(invoice)["parent"]["subscription_item_details"]
    assert details["proration"] is True
    assert _item(stand_in, subscription)["price"]["id"] == price.id
    # What is left over from a smaller plan pays for the next period.
    renewed = stand_in.act("renew", subscription=subscription, alone=True)
    following = stand_in.client.v1.invoices.retrieve(renewed.id("invoice"))
    assert following.amount_paid == new + min(invoice["total"], 0)


def test_a_quantity_is_changed_by_call_and_billed_with_the_next_invoice(stand_in: StandIn) -> None:
    bought = stand_in.subscribed(stand_in.monthly(3000))
    subscription = bought.id("subscription")
    _halfway(stand_in, subscription)
    item = _item(stand_in, subscription)["id"]
    with pytest.raises(stripe.InvalidRequestError, match="name the subscription item"):
        stand_in.client.v1.subscriptions.update(subscription, {"items": [{"quantity": 3}]})
    stand_in.client.v1.subscriptions.update(subscription, {"items": [{"id": item, "quantity": 3}]})
    assert _item(stand_in, subscription)["quantity"] == 3
    renewed = stand_in.act("renew", subscription=subscription, alone=True)
    invoice = stand_in.client.v1.invoices.retrieve(renewed.id("invoice")).to_dict()
    assert [_line(invoice, n)["amount"] for n in range(3)] == [
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
    item = _item(stand_in, subscription)
    assert item["current_period_end"] - item["current_period_start"] >= 365 * 86_400
    invoice = _invoices(stand_in, subscription)[0]
    assert _line(invoice, 1)["amount"] == 30_000


def test_a_trial_is_free_and_then_paid(stand_in: StandIn) -> None:
    data = {"trial_period_days": 7}
    bought = stand_in.subscribed(subscription_data=data)
    assert _sub(stand_in, bought)["status"] == "trialing"
    (invoice,) = _invoices(stand_in, bought.id("subscription"))
    assert (invoice["status"], invoice["amount_paid"]) == ("paid", 0)
    session = stand_in.client.v1.checkout.sessions.retrieve(bought.id("checkout.session"))
    assert session.payment_status == "no_payment_required"
    stand_in.post("/_clock", advance_days=7)
    assert _sub(stand_in, bought)["status"] == "active"
    assert _invoices(stand_in, bought.id("subscription"))[0]["amount_paid"] == 3000
    short = stand_in.subscribed(subscription_data=data)
    ended = stand_in.act("end_trial", subscription=short.id("subscription"))
    assert "invoice.paid" in ended.types
    assert _sub(stand_in, short)["status"] == "active"


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
    stand_in.act("card", customer=_sub(stand_in, bought)["customer"], card="none")
    stand_in.post("/_clock", advance_days=3)
    assert _sub(stand_in, bought)["status"] == status


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
    assert _sub(stand_in, subscription)["status"] == "active"
    assert _invoices(stand_in, subscription)[0]["status"] == invoice_status
    stand_in.act("resume", subscription=subscription)
    stand_in.act("renew", subscription=subscription, alone=True)
    assert _invoices(stand_in, subscription)[0]["status"] == "paid"


def test_a_pause_ends_by_itself(stand_in: StandIn) -> None:
    subscription = stand_in.subscribed().id("subscription")
    ends = stand_in.get("/_clock")["now"] + 5 * 86_400
    pause: Any = {"behavior": "void", "resumes_at": ends}
    stand_in.client.v1.subscriptions.update(subscription, {"pause_collection": pause})
    assert _sub(stand_in, subscription)["pause_collection"] == pause
    stand_in.post("/_clock", advance_days=6)
    assert _sub(stand_in, subscription)["pause_collection"] is None


def test_a_paused_subscription_resumes_with_a_new_period(stand_in: StandIn) -> None:
    subscription = stand_in.subscribed().id("subscription")
    paused = stand_in.act("pause", subscription=subscription, what="status")
    assert "customer.subscription.paused" in paused.types
    stand_in.post("/_clock", advance_months=2)
    assert len(_invoices(stand_in, subscription)) == 1
    resumed = stand_in.client.v1.subscriptions.resume(subscription)
    assert resumed.status == "active"
    assert len(_invoices(stand_in, subscription)) == 2
    with pytest.raises(stripe.InvalidRequestError, match="only resume paused"):
        stand_in.client.v1.subscriptions.resume(subscription)


def test_a_coupon_lasts_as_long_as_it_says(stand_in: StandIn) -> None:
    coupon = stand_in.client.v1.coupons.create(
        {"percent_off": 50, "duration": "repeating", "duration_in_months": 2}
    )
    subscription = stand_in.subscribed(discounts=[{"coupon": coupon.id}]).id("subscription")
    for _ in range(2):
        stand_in.act("renew", subscription=subscription, alone=True)
    assert [one["amount_paid"] for one in _invoices(stand_in, subscription)] == [3000, 1500, 1500]
