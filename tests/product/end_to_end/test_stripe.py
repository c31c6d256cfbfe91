"""Buying on the whole stack: from the browser's call to Stripe's page, its webhook, and credits."""

from __future__ import annotations

import hashlib
import hmac
import json
import time
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import httpx

from tests.support.end_to_end.checkout_driver import (
    OF_PACK,
    OF_PLAN,
    PACK,
    PLAN,
    START,
    CheckoutDriver,
    one,
    rows,
    summary,
)
from tests.support.rest import Caller
from tests.support.waiting import eventually_is


def test_a_pack_that_is_paid_becomes_credits(
    checkout_driver: CheckoutDriver, ana: Caller, ben: Caller
) -> None:
    checkout_driver.buy(ana, **PACK)
    checkout_driver.has(ana, START + OF_PACK)
    paid = one(ana, "payments")
    assert (paid["kind"], paid["item_key"], paid["credits_added"]) == ("pack", "starter", OF_PACK)
    assert (paid["amount"], paid["currency"], paid["amount_reversed"]) == (900, "usd", 0)
    checkout = one(ana, "checkouts")
    assert (checkout["status"], checkout["url"], checkout["error"]) == ("completed", None, None)
    assert paid["stripe_payment_id"] == checkout["stripe_session_id"]
    assert (rows(ben, "payments"), rows(ben, "checkouts"), summary(ben)[0]) == ([], [], START)


def test_a_person_pays_in_the_browser_and_comes_back(
    checkout_driver: CheckoutDriver, ana: Caller
) -> None:
    page = checkout_driver.page(ana, **PACK)
    with httpx.Client(trust_env=False) as browser:
        shown = browser.get(page["url"])
        assert (shown.status_code, "Pay 9.00 USD" in shown.text) == (200, True)
        declined = browser.post(page["url"], data={"how": "declined"})
        assert (declined.status_code, summary(ana)[0]) == (402, START)
        paid = browser.post(page["url"], data={"how": "card"})
    back = checkout_driver.db.value("select checkout_success_url from private.settings")
    back = back.replace("{CHECKOUT_SESSION_ID}", page["stripe_session_id"])
    assert (paid.status_code, paid.headers["location"]) == (303, back)
    checkout_driver.has(ana, START + OF_PACK)


def test_a_plan_brings_credits_each_month_and_is_managed_in_the_portal(
    checkout_driver: CheckoutDriver, ana: Caller, ben: Caller
) -> None:
    checkout_driver.buy(ana, **PLAN)
    checkout_driver.has(ana, START + OF_PLAN)
    first = one(ana, "subscriptions")
    assert (first["plan_name"], first["status"], first["is_active"]) == (
        PLAN["item_key"],
        "active",
        True,
    )
    begins, ends = (
        datetime.fromisoformat(first[name])
        for name in ("current_period_start", "current_period_end")
    )
    assert begins <= datetime.now(UTC) + timedelta(seconds=1)
    assert timedelta(days=28) <= ends - begins <= timedelta(days=31)
    assert (first["end_date"], first["cancel_at_period_end"]) == (None, False)
    again = ana.rpc("start_checkout", **PLAN, idempotency_key=str(uuid.uuid4()))
    assert (again.status_code, again.json()["message"]) == (409, "already_subscribed")

    checkout_driver.stripe.act("renew", subscription=first["stripe_subscription_id"], alone=True)
    # Nothing is carried over, but it is still the first month: its credits live until its end.
    checkout_driver.has(ana, START + 2 * OF_PLAN)
    eventually_is(
        first["current_period_end"],
        lambda: one(ana, "subscriptions")["current_period_start"],
        "the second month",
    )
    second = one(ana, "subscriptions")
    lots = [lot for lot in rows(ana, "credit_lots") if lot["source"] == "subscription"]
    assert [(lot["amount"], lot["expires_at"]) for lot in lots] == [
        (OF_PLAN, first["current_period_end"]),
        (OF_PLAN, second["current_period_end"]),
    ]
    assert [paid["credits_added"] for paid in rows(ana, "payments")] == [OF_PLAN, OF_PLAN]

    nothing = ben.rpc("start_portal", idempotency_key=str(uuid.uuid4()))
    assert (nothing.status_code, nothing.json()["message"]) == (404, "nothing_bought")
    portal = checkout_driver.page(ana, "start_portal")
    with httpx.Client(trust_env=False) as browser:
        assert "25 images a month: active" in browser.get(portal["url"]).text
        form = {"subscription": second["stripe_subscription_id"]}
        assert browser.post(f"{portal['url']}/cancel", data=form).status_code == 303
    eventually_is(
        (True, second["current_period_end"]),
        lambda: (
            one(ana, "subscriptions")["cancel_at_period_end"],
            one(ana, "subscriptions")["end_date"],
        ),
        "the end that was planned",
    )


def test_refunds_take_what_is_not_spent_and_the_rest_is_owed(
    checkout_driver: CheckoutDriver, ana: Caller
) -> None:
    intent = checkout_driver.buy(ana, **PACK).id("payment_intent")
    checkout_driver.has(ana, START + OF_PACK)
    for _ in range(2):
        assert ana.request(generation_type="thumbnail_premium").status_code == 200
    checkout_driver.has(ana, START + OF_PACK - 60)
    checkout_driver.stripe.act("refund", payment_intent=intent, amount=450)
    checkout_driver.has(ana, 40)
    checkout_driver.stripe.act("refund", payment_intent=intent)
    checkout_driver.has(ana, 0, debt=10)
    assert one(ana, "payments")["amount_reversed"] == 900
    checkout_driver.buy(ana, **PACK)
    checkout_driver.has(ana, OF_PACK - 10)


def test_a_dispute_freezes_its_credits_until_it_is_won(
    checkout_driver: CheckoutDriver, ana: Caller
) -> None:
    intent = checkout_driver.buy(ana, **PACK).id("payment_intent")
    checkout_driver.has(ana, START + OF_PACK)
    dispute = checkout_driver.stripe.act("dispute", payment_intent=intent).id("dispute")
    checkout_driver.has(ana, START, frozen=OF_PACK)
    assert one(ana, "payments")["dispute_status"] == "open"
    checkout_driver.stripe.act("dispute_outcome", dispute=dispute, outcome="won")
    checkout_driver.has(ana, START + OF_PACK)
    assert one(ana, "payments")["dispute_status"] == "won"


def test_a_purchase_whose_webhooks_are_lost_is_found(
    checkout_driver: CheckoutDriver, ana: Caller
) -> None:
    checkout_driver.idle()
    # The worker's own comparison of the day must not be what finds it.
    checkout_driver.db.rows("select private.start_reconcile()")
    unfinished = "select count(*) from private.reconcile_runs where finished_at is null"
    eventually_is(0, lambda: checkout_driver.db.value(unfinished), "comparisons under way")
    page = checkout_driver.page(ana, **PACK)
    checkout_driver.stripe.faults(deliver_to_nobody=True)
    checkout_driver.stripe.act("pay", session=page["stripe_session_id"])
    checkout_driver.stripe.faults(reset=True)
    checkout_driver.idle()
    assert (summary(ana)[0], one(ana, "checkouts")["status"]) == (START, "open")

    found = checkout_driver.reconcile()
    by_id = {row["object_id"]: row["difference"] for row in found}
    assert by_id[page["stripe_session_id"]] == "payment_missing"
    assert "event_missing" in by_id.values()
    checkout_driver.idle()
    assert summary(ana)[0] == START  # a dry run changes nothing

    checkout_driver.reconcile("--yes")
    checkout_driver.has(ana, START + OF_PACK)
    assert one(ana, "checkouts")["status"] == "completed"
    checkout_driver.idle()
    assert checkout_driver.reconcile() == []


def test_thin_events_do_as_well(checkout_driver: CheckoutDriver, ana: Caller) -> None:
    checkout_driver.stripe.configure(event_shape="thin")
    bought = checkout_driver.buy(ana, **PACK)
    checkout_driver.has(ana, START + OF_PACK)
    checkout_driver.stripe.act("refund", payment_intent=bought.id("payment_intent"))
    checkout_driver.has(ana, START)
    thin = {event["thin_id"] for event in bought.events}
    told = [one for one in checkout_driver.stripe.settled() if one["event"] in thin]
    assert "v1.checkout.session.completed" in {one["type"] for one in told}
    assert {one["status"] for one in told} == {200}


def test_many_buy_at_once_and_each_event_comes_often_and_in_any_order(
    checkout_driver: CheckoutDriver, sign_up: Callable[..., Caller]
) -> None:
    people = [sign_up() for _ in range(6)]
    checkout_driver.stripe.faults(duplicate_events=2, reorder_events=True)

    def shop(number: int) -> int:
        if number % 2:
            checkout_driver.buy(people[number], **PACK)
            return START + OF_PACK
        subscription = checkout_driver.buy(people[number], **PLAN).id("subscription")
        checkout_driver.stripe.act("renew", subscription=subscription, alone=True)
        return START + 2 * OF_PLAN

    with ThreadPoolExecutor(len(people)) as pool:
        wanted = list(pool.map(shop, range(len(people))))
    for person, available in zip(people, wanted, strict=True):
        checkout_driver.has(person, available)
    checkout_driver.idle()
    for person, available in zip(people, wanted, strict=True):
        checkout_driver.has(person, available)
        paid = rows(person, "payments")
        assert sum(row["credits_added"] for row in paid) == available - START
        assert len(paid) == len({row["stripe_payment_id"] for row in paid})
    assert checkout_driver.reconcile() == []


def test_a_forged_webhook_is_refused_and_a_signed_one_counts(
    checkout_driver: CheckoutDriver, ana: Caller
) -> None:
    checkout_driver.stripe.faults(deliver_to_nobody=True)
    bought = checkout_driver.buy(ana, **PACK)
    (told,) = (event for event in bought.events if event["type"] == "checkout.session.completed")
    event = checkout_driver.stripe.client.v1.events.retrieve(told["id"]).to_dict(for_json=True)
    body = json.dumps(event).encode()

    def post(secret: str) -> httpx.Response:
        moment = int(time.time())
        signed = hmac.new(secret.encode(), f"{moment}.".encode() + body, hashlib.sha256)
        headers = {"stripe-signature": f"t={moment},v1={signed.hexdigest()}"}
        url = f"{checkout_driver.stack.sidecar_url}/webhooks/stripe"
        return httpx.post(url, content=body, headers=headers, trust_env=False)

    forged = post("whsec_" + "f" * 32)
    assert (forged.status_code, forged.json()) == (400, {"error": "invalid_signature"})
    checkout_driver.idle()
    assert summary(ana)[0] == START
    assert post(checkout_driver.stack.stripe.webhook_secret).status_code == 200
    checkout_driver.has(ana, START + OF_PACK)
