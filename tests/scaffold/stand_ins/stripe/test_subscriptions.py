"""The life of a subscription, told by calls and by people."""

from __future__ import annotations

import pytest
import stripe

from tests.support.stand_ins.stripe.reading import invoices_of, item_of, line_of, subscription_of
from tests.support.stand_ins.stripe.stand_in import StandIn


def test_the_first_payment_makes_the_subscription_and_a_paid_invoice(stand_in: StandIn) -> None:
    price = stand_in.monthly(3000)
    waiting = stand_in.session(price, stand_in.customer())
    assert waiting.subscription is None
    bought = stand_in.subscribed(
        price, client_reference_id="u1", subscription_data={"metadata": {"user": "u1"}}
    )
    session = stand_in.client.v1.checkout.sessions.retrieve(bought.id("checkout.session"))
    subscription, (invoice,) = (
        subscription_of(stand_in, bought),
        invoices_of(stand_in, bought.id("subscription")),
    )
    assert (session.subscription, session.invoice) == (subscription["id"], invoice["id"])
    assert (subscription["status"], subscription["metadata"]) == ("active", {"user": "u1"})
    assert "current_period_end" not in subscription
    assert (invoice["billing_reason"], invoice["status"]) == ("subscription_create", "paid")
    assert (invoice["amount_paid"], invoice["currency"]) == (3000, "usd")
    details = invoice["parent"]["subscription_details"]
    assert details == {"metadata": {"user": "u1"}, "subscription": subscription["id"]}
    line, item = line_of(invoice), item_of(stand_in, bought)
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
    before = item_of(stand_in, bought)
    renewed = stand_in.act("renew", subscription=bought.id("subscription"), alone=True)
    after = item_of(stand_in, bought)
    assert after["current_period_start"] == before["current_period_end"]
    invoice = stand_in.client.v1.invoices.retrieve(renewed.id("invoice")).to_dict()
    assert (invoice["billing_reason"], invoice["status"]) == ("subscription_cycle", "paid")
    assert line_of(invoice)["period"]["start"] == after["current_period_start"]
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
    assert subscription_of(stand_in, subscription)["status"] == "past_due"
    assert invoices_of(stand_in, subscription)[0]["next_payment_attempt"] is not None
    stand_in.post("/_clock", advance_days=16)
    invoice = invoices_of(stand_in, subscription)[0]
    assert (invoice["status"], invoice["attempt_count"]) == ("open", 4)
    assert invoice["next_payment_attempt"] is None
    assert subscription_of(stand_in, subscription)["status"] == status


def test_a_mended_card_ends_the_debt(stand_in: StandIn) -> None:
    subscription = stand_in.subscribed().id("subscription")
    stand_in.act("renew", subscription=subscription, outcome="declined", alone=True)
    with pytest.raises(stripe.CardError):
        stand_in.client.v1.invoices.pay(invoices_of(stand_in, subscription)[0]["id"])
    recovered = stand_in.act("recover", subscription=subscription)
    assert "invoice.paid" in recovered.types
    assert subscription_of(stand_in, subscription)["status"] == "active"
    assert stand_in.post("/_actions/recover", subscription=subscription).status_code == 400


def test_an_invoice_is_paid_out_of_band(stand_in: StandIn) -> None:
    subscription = stand_in.subscribed().id("subscription")
    stand_in.act("renew", subscription=subscription, outcome="requires_action", alone=True)
    invoice = invoices_of(stand_in, subscription)[0]["id"]
    paid = stand_in.client.v1.invoices.pay(invoice, {"paid_out_of_band": True})
    assert (paid.status, subscription_of(stand_in, subscription)["status"]) == ("paid", "active")
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
    assert subscription_of(stand_in, begun)["status"] == status


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
    planned = subscription_of(stand_in, bought[0])
    assert (planned["status"], planned["cancel_at_period_end"]) == ("active", at_period_end)
    assert planned["cancel_at"] == item_of(stand_in, bought[0])["current_period_end"]
    assert stand_in.act("keep", subscription=bought[1]).types == ["customer.subscription.updated"]
    # The two may have begun in different seconds.
    stand_in.post("/_clock", advance_to=planned["cancel_at"] + 60)
    ended = subscription_of(stand_in, bought[0])
    assert (ended["status"], ended["ended_at"]) == ("canceled", planned["cancel_at"])
    assert len(invoices_of(stand_in, bought[0])) == 1
    assert subscription_of(stand_in, bought[1])["status"] == "active"
    assert len(invoices_of(stand_in, bought[1])) == 2


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
    assert stand_in.post("/_actions/renew", subscription=by_call).status_code == 400
    customer = str(subscription_of(stand_in, by_call)["customer"])
    assert subscriptions.list({"customer": customer}).data == []
    assert len(subscriptions.list({"customer": customer, "status": "all"}).data) == 1


@pytest.mark.parametrize(("outcome", "status"), [("succeeded", "active"), ("declined", "past_due")])
def test_a_renewal_waits_for_a_slow_bank(stand_in: StandIn, outcome: str, status: str) -> None:
    subscription = stand_in.subscribed().id("subscription")
    stand_in.act("renew", subscription=subscription, outcome="declined", alone=True)
    stand_in.act(
        "card", customer=subscription_of(stand_in, subscription)["customer"], card="processing"
    )
    stand_in.post("/_clock", advance_days=20)
    invoice = invoices_of(stand_in, subscription)[0]
    assert (invoice["attempt_count"], invoice["next_payment_attempt"]) == (2, None)
    settled = stand_in.act("settle", invoice=invoice["id"], outcome=outcome)
    assert ("invoice.paid" in settled.types) == (outcome == "succeeded")
    assert subscription_of(stand_in, subscription)["status"] == status
    assert stand_in.post("/_actions/settle", invoice=invoice["id"]).status_code == 400
