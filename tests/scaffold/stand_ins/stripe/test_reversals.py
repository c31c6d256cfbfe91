"""Refunds and disputes."""

from __future__ import annotations

from typing import Any

import pytest
import stripe

from tests.support.stand_ins.stripe.stand_in import StandIn


def test_a_payment_is_refunded_in_parts_and_never_beyond(stand_in: StandIn) -> None:
    bought = stand_in.paid(1000)
    v1, intent = stand_in.client.v1, bought.id("payment_intent")
    first = v1.refunds.create({"payment_intent": intent, "amount": 300, "metadata": {"why": "x"}})
    assert (first.status, first.amount, first.charge) == ("succeeded", 300, bought.id("charge"))
    with pytest.raises(stripe.InvalidRequestError, match="greater than unrefunded"):
        v1.refunds.create({"payment_intent": intent, "amount": 701})
    second = v1.refunds.create({"charge": bought.id("charge")})
    assert second.amount == 700
    with pytest.raises(stripe.InvalidRequestError) as caught:
        v1.refunds.create({"payment_intent": intent})
    assert caught.value.code == "charge_already_refunded"
    listed = v1.refunds.list({"payment_intent": intent}).data
    assert [one.id for one in listed] == [second.id, first.id]
    charge = v1.charges.retrieve(bought.id("charge"))
    assert (charge.amount_refunded, charge.refunded) == (1000, True)
    changed = v1.refunds.update(first.id, {"metadata": {"why": "y"}})
    assert changed.to_dict()["metadata"] == {"why": "y"}


def test_a_refund_tells_of_itself_and_its_charge(stand_in: StandIn) -> None:
    bought = stand_in.paid()
    acted = stand_in.act("refund", payment_intent=bought.id("payment_intent"), amount=100)
    assert acted.types == ["charge.refunded", "refund.created"]
    found = stand_in.client.v1.refunds.retrieve(acted.id("refund"), {"expand": ["customer"]})
    assert found.to_dict()["customer"]["object"] == "customer"


def test_a_refund_can_fail_after_it_succeeded(stand_in: StandIn) -> None:
    bought = stand_in.paid(1000)
    refund = stand_in.act("refund", payment_intent=bought.id("payment_intent")).id("refund")
    failed = stand_in.act("refund_outcome", refund=refund, status="failed")
    assert failed.types == ["refund.updated", "charge.refund.updated", "refund.failed"]
    assert stand_in.client.v1.refunds.retrieve(refund).failure_reason is not None
    charge = stand_in.client.v1.charges.retrieve(bought.id("charge"))
    assert (charge.amount_refunded, charge.refunded) == (0, False)
    again = stand_in.post("/_actions/refund_outcome", refund=refund, status="succeeded")
    assert again.status_code == 400


def test_a_refund_is_canceled_only_while_it_waits(stand_in: StandIn) -> None:
    refunds = stand_in.client.v1.refunds
    intent = stand_in.paid().id("payment_intent")
    waiting = stand_in.act(
        "refund", payment_intent=intent, amount=100, status="requires_action"
    ).id("refund")
    done = refunds.create({"payment_intent": intent, "amount": 100})
    assert refunds.cancel(waiting).status == "canceled"
    with pytest.raises(stripe.InvalidRequestError, match="can not be canceled"):
        refunds.cancel(done.id)


def test_a_pending_refund_succeeds_later(stand_in: StandIn) -> None:
    intent = stand_in.paid().id("payment_intent")
    refund = stand_in.act("refund", payment_intent=intent, status="pending").id("refund")
    assert stand_in.act("refund_outcome", refund=refund, status="succeeded").types == [
        "refund.updated",
        "charge.refund.updated",
    ]


@pytest.mark.parametrize(
    ("outcome", "types", "moves"),
    [
        ("won", ["charge.dispute.funds_reinstated", "charge.dispute.closed"], [-1000, 1000]),
        ("lost", ["charge.dispute.closed"], [-1000]),
    ],
)
def test_a_dispute_takes_the_money_at_once_and_brings_it_back_when_won(
    stand_in: StandIn, outcome: str, types: list[str], moves: list[int]
) -> None:
    bought = stand_in.paid(1000)
    opened = stand_in.act("dispute", payment_intent=bought.id("payment_intent"))
    assert opened.types == ["charge.dispute.funds_withdrawn", "charge.dispute.created"]
    dispute = opened.id("dispute")
    with pytest.raises(stripe.InvalidRequestError) as caught:
        stand_in.client.v1.refunds.create({"charge": bought.id("charge")})
    assert caught.value.code == "charge_disputed"
    review = stand_in.act("dispute_outcome", dispute=dispute, outcome="under_review")
    assert review.types == ["charge.dispute.updated"]
    assert stand_in.act("dispute_outcome", dispute=dispute, outcome=outcome).types == types
    found = stand_in.client.v1.disputes.retrieve(dispute)
    assert found.status == outcome
    assert [one.amount for one in found.balance_transactions] == moves
    listed = stand_in.client.v1.disputes.list({"charge": bought.id("charge")}).data
    assert [one.id for one in listed] == [dispute]


def test_an_inquiry_moves_no_money_unless_it_grows(stand_in: StandIn) -> None:
    v1 = stand_in.client.v1
    quiet = stand_in.act("dispute", charge=stand_in.paid().id("charge"), inquiry=True)
    assert quiet.types == ["charge.dispute.created"]
    stand_in.act("dispute_outcome", dispute=quiet.id("dispute"), outcome="warning_closed")
    assert v1.disputes.retrieve(quiet.id("dispute")).status == "warning_closed"
    assert v1.disputes.retrieve(quiet.id("dispute")).balance_transactions == []
    loud = stand_in.act("dispute", charge=stand_in.paid().id("charge"), inquiry=True)
    wrong = stand_in.post("/_actions/dispute_outcome", dispute=loud.id("dispute"), outcome="won")
    assert wrong.status_code == 400
    grown = stand_in.act("dispute_outcome", dispute=loud.id("dispute"), outcome="escalated")
    assert grown.types == ["charge.dispute.funds_withdrawn", "charge.dispute.updated"]


@pytest.mark.parametrize("action", ["refund", "dispute"])
def test_what_happens_to_a_renewal_leads_to_its_invoice_and_subscription(
    stand_in: StandIn, action: str
) -> None:
    v1 = stand_in.client.v1
    subscription = stand_in.subscribed().id("subscription")
    renewed = stand_in.act("renew", subscription=subscription, alone=True)
    acted = stand_in.act(action, invoice=renewed.id("invoice"))
    resources: Any = {"refund": v1.refunds, "dispute": v1.disputes}[action]
    intent = str(resources.retrieve(acted.id(action)).payment_intent)
    found = v1.invoice_payments.list(
        {"payment": {"type": "payment_intent", "payment_intent": intent}}
    ).data
    assert [one.invoice for one in found] == [renewed.id("invoice")]
    invoice = v1.invoices.retrieve(str(found[0].invoice), {"expand": ["payments"]}).to_dict()
    assert invoice["parent"]["subscription_details"]["subscription"] == subscription
    assert [one["id"] for one in invoice["payments"]["data"]] == [found[0].id]
    assert v1.invoice_payments.retrieve(found[0].id).status == "paid"
    with pytest.raises(stripe.InvalidRequestError, match="Missing required param"):
        v1.invoice_payments.list({"payment": {"type": "payment_intent"}})


def test_a_part_can_be_disputed_and_a_won_payment_refunded(stand_in: StandIn) -> None:
    bought = stand_in.paid(1000)
    opened = stand_in.act("dispute", charge=bought.id("charge"), amount=400, reason="duplicate")
    dispute = stand_in.client.v1.disputes.retrieve(opened.id("dispute"))
    assert (dispute.amount, dispute.reason) == (400, "duplicate")
    again = stand_in.post("/_actions/dispute", charge=bought.id("charge"))
    assert again.status_code == 400
    stand_in.act("dispute_outcome", dispute=dispute.id, outcome="won")
    over = stand_in.post("/_actions/dispute_outcome", dispute=dispute.id, outcome="lost")
    assert over.status_code == 400
    assert stand_in.client.v1.refunds.create({"charge": bought.id("charge")}).amount == 1000


@pytest.mark.parametrize(
    "wanted",
    [{"amount": "all"}, {"amount": True}, {"amount": 0}, {"amount": 1001}, {"status": "failed"}],
)
def test_refunds_that_make_no_sense_are_refused(stand_in: StandIn, wanted: dict[str, Any]) -> None:
    charge = stand_in.paid(1000).id("charge")
    assert stand_in.post("/_actions/refund", charge=charge, **wanted).status_code == 400
    assert stand_in.act("refund", charge=charge, amount=1000).types


def test_a_payment_that_failed_is_neither_refunded_nor_disputed(stand_in: StandIn) -> None:
    session = stand_in.session(stand_in.price(), stand_in.customer())
    charge = stand_in.act("pay", session=session.id, how="declined").id("charge")
    for action in ("refund", "dispute"):
        assert stand_in.post(f"/_actions/{action}", charge=charge).status_code == 400
