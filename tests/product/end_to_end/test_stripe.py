"""Buying on the whole stack: from the browser's call to Stripe's page, its webhook, and credits."""

from __future__ import annotations

import hashlib
import hmac
import json
import time
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from typer.testing import CliRunner

from devtools.demo.seeing import expect_soon
from local_stack.stack import Stack
from tests.scaffold.stand_ins.stripe.stand_in import Acted, StandIn
from tests.support.database import Database, credits_of
from tests.support.rest import Caller
from thumbsmith.cli import app

PACK = {"item_kind": "pack", "item_key": "starter"}
PLAN = {"item_kind": "subscription", "item_key": "monthly_25images"}
# What a new account owns, what the pack holds, and what a month of the plan brings.
START, OF_PACK, OF_PLAN = 50, 100, 250


def rows(caller: Caller, table: str) -> list[dict[str, Any]]:
    """Read what the person sees of a table."""
    found = caller.http.get(f"/rest/v1/{table}?order=id")
    assert found.status_code == 200, found.text
    return list(found.json())


def one(caller: Caller, table: str) -> dict[str, Any]:
    (row,) = rows(caller, table)
    return row


def summary(caller: Caller) -> tuple[int, int, int]:
    """Give what is available, frozen and owed."""
    said = caller.rpc("my_credits").json()
    return said["available"], said["frozen"], said["debt"]


@dataclass(frozen=True)
class Till:
    """The stack's Stripe, and what happens in front of it."""

    stack: Stack
    stripe: StandIn
    db: Database

    def page(self, caller: Caller, function: str = "start_checkout", **item: str) -> dict[str, Any]:
        """Ask for a page and wait for its address."""
        asked = caller.rpc(function, **item, idempotency_key=str(uuid.uuid4()))
        assert asked.status_code == 200, asked.text
        found: dict[str, Any] = asked.json()
        assert (found["status"], found["url"]) == ("requested", None)

        def status() -> str:
            found.update(next(row for row in rows(caller, "checkouts") if row["id"] == found["id"]))
            return str(found["status"])

        expect_soon("open", status, "the checkout")
        return found

    def buy(self, caller: Caller, **item: str) -> Acted:
        """Have the person pay on a page of their own."""
        return self.stripe.act("pay", session=self.page(caller, **item)["stripe_session_id"])

    def has(self, caller: Caller, available: int, frozen: int = 0, debt: int = 0) -> None:
        """Wait until the person has this, and look at the whole ledger then."""
        expect_soon((available, frozen, debt), lambda: summary(caller), "available, frozen, debt")
        assert credits_of(self.db, uuid.UUID(caller.user_id)) == available + frozen

    def idle(self) -> None:
        """Wait until every event is told and every object is fetched."""
        self.stripe.settled()
        waiting = "select count(*) from private.outbox where stripe_object_id is not null"
        expect_soon(0, lambda: self.db.value(waiting), "objects to fetch")

    def reconcile(self, *more: str) -> list[dict[str, Any]]:
        """Run the operator's command and give what differs."""
        env = {name: self.stack.env[name] for name in ("DB_URL", "STRIPE_SECRET_KEY")}
        env |= {"STRIPE_API_BASE": self.stripe.url}
        done = CliRunner().invoke(app, ["stripe", "reconcile", "--json", *more], env=env)
        assert done.exit_code == 0, done.output
        return list(json.loads(done.stdout)["differences"])


@pytest.fixture
def till(stack: Stack) -> Iterator[Till]:
    stand_in = StandIn(stack.env["STRIPE_API_BASE"], stack.env["STRIPE_SECRET_KEY"])
    with stand_in.http, closing(Database(stack.db_url)) as database:
        try:
            yield Till(stack, stand_in, database)
        finally:
            stand_in.faults(reset=True)
            stand_in.configure(event_shape="snapshot")
            stand_in.settled()


def test_a_pack_that_is_paid_becomes_credits(till: Till, ana: Caller, ben: Caller) -> None:
    till.buy(ana, **PACK)
    till.has(ana, START + OF_PACK)
    paid = one(ana, "payments")
    assert (paid["kind"], paid["item_key"], paid["credits_added"]) == ("pack", "starter", OF_PACK)
    assert (paid["amount"], paid["currency"], paid["amount_reversed"]) == (900, "usd", 0)
    checkout = one(ana, "checkouts")
    assert (checkout["status"], checkout["url"], checkout["error"]) == ("completed", None, None)
    assert paid["stripe_payment_id"] == checkout["stripe_session_id"]
    assert (rows(ben, "payments"), rows(ben, "checkouts"), summary(ben)[0]) == ([], [], START)


def test_a_person_pays_in_the_browser_and_comes_back(till: Till, ana: Caller) -> None:
    page = till.page(ana, **PACK)
    with httpx.Client(trust_env=False) as browser:
        shown = browser.get(page["url"])
        assert (shown.status_code, "Pay 9.00 USD" in shown.text) == (200, True)
        declined = browser.post(page["url"], data={"how": "declined"})
        assert (declined.status_code, summary(ana)[0]) == (402, START)
        paid = browser.post(page["url"], data={"how": "card"})
    back = till.db.value("select checkout_success_url from private.settings")
    back = back.replace("{CHECKOUT_SESSION_ID}", page["stripe_session_id"])
    assert (paid.status_code, paid.headers["location"]) == (303, back)
    till.has(ana, START + OF_PACK)


def test_a_plan_brings_credits_each_month_and_is_managed_in_the_portal(
    till: Till, ana: Caller, ben: Caller
) -> None:
    till.buy(ana, **PLAN)
    till.has(ana, START + OF_PLAN)
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

    till.stripe.act("renew", subscription=first["stripe_subscription_id"], alone=True)
    # Nothing is carried over, but it is still the first month: its credits live until its end.
    till.has(ana, START + 2 * OF_PLAN)
    expect_soon(
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
    portal = till.page(ana, "start_portal")
    with httpx.Client(trust_env=False) as browser:
        assert "25 images a month: active" in browser.get(portal["url"]).text
        form = {"subscription": second["stripe_subscription_id"]}
        assert browser.post(f"{portal['url']}/cancel", data=form).status_code == 303
    expect_soon(
        (True, second["current_period_end"]),
        lambda: (
            one(ana, "subscriptions")["cancel_at_period_end"],
            one(ana, "subscriptions")["end_date"],
        ),
        "the end that was planned",
    )


def test_refunds_take_what_is_not_spent_and_the_rest_is_owed(till: Till, ana: Caller) -> None:
    intent = till.buy(ana, **PACK).id("payment_intent")
    till.has(ana, START + OF_PACK)
    for _ in range(2):
        assert ana.request(generation_type="thumbnail_premium").status_code == 200
    till.has(ana, START + OF_PACK - 60)
    till.stripe.act("refund", payment_intent=intent, amount=450)
    till.has(ana, 40)
    till.stripe.act("refund", payment_intent=intent)
    till.has(ana, 0, debt=10)
    assert one(ana, "payments")["amount_reversed"] == 900
    till.buy(ana, **PACK)
    till.has(ana, OF_PACK - 10)


def test_a_dispute_freezes_its_credits_until_it_is_won(till: Till, ana: Caller) -> None:
    intent = till.buy(ana, **PACK).id("payment_intent")
    till.has(ana, START + OF_PACK)
    dispute = till.stripe.act("dispute", payment_intent=intent).id("dispute")
    till.has(ana, START, frozen=OF_PACK)
    assert one(ana, "payments")["dispute_status"] == "open"
    till.stripe.act("dispute_outcome", dispute=dispute, outcome="won")
    till.has(ana, START + OF_PACK)
    assert one(ana, "payments")["dispute_status"] == "won"


def test_a_purchase_whose_webhooks_are_lost_is_found(till: Till, ana: Caller) -> None:
    till.idle()
    # The worker's own comparison of the day must not be what finds it.
    till.db.rows("select private.start_reconcile()")
    unfinished = "select count(*) from private.reconcile_runs where finished_at is null"
    expect_soon(0, lambda: till.db.value(unfinished), "comparisons under way")
    page = till.page(ana, **PACK)
    till.stripe.faults(deliver_to_nobody=True)
    till.stripe.act("pay", session=page["stripe_session_id"])
    till.stripe.faults(reset=True)
    till.idle()
    assert (summary(ana)[0], one(ana, "checkouts")["status"]) == (START, "open")

    found = till.reconcile()
    by_id = {row["object_id"]: row["difference"] for row in found}
    assert by_id[page["stripe_session_id"]] == "payment_missing"
    assert "event_missing" in by_id.values()
    till.idle()
    assert summary(ana)[0] == START  # a dry run changes nothing

    till.reconcile("--yes")
    till.has(ana, START + OF_PACK)
    assert one(ana, "checkouts")["status"] == "completed"
    till.idle()
    assert till.reconcile() == []


def test_thin_events_do_as_well(till: Till, ana: Caller) -> None:
    till.stripe.configure(event_shape="thin")
    bought = till.buy(ana, **PACK)
    till.has(ana, START + OF_PACK)
    till.stripe.act("refund", payment_intent=bought.id("payment_intent"))
    till.has(ana, START)
    thin = {event["thin_id"] for event in bought.events}
    told = [one for one in till.stripe.settled() if one["event"] in thin]
    assert "v1.checkout.session.completed" in {one["type"] for one in told}
    assert {one["status"] for one in told} == {200}


def test_many_buy_at_once_and_each_event_comes_often_and_in_any_order(
    till: Till, sign_up: Callable[..., Caller]
) -> None:
    people = [sign_up() for _ in range(6)]
    till.stripe.faults(duplicate_events=2, reorder_events=True)

    def shop(number: int) -> int:
        if number % 2:
            till.buy(people[number], **PACK)
            return START + OF_PACK
        subscription = till.buy(people[number], **PLAN).id("subscription")
        till.stripe.act("renew", subscription=subscription, alone=True)
        return START + 2 * OF_PLAN

    with ThreadPoolExecutor(len(people)) as pool:
        wanted = list(pool.map(shop, range(len(people))))
    for person, available in zip(people, wanted, strict=True):
        till.has(person, available)
    till.idle()
    for person, available in zip(people, wanted, strict=True):
        till.has(person, available)
        paid = rows(person, "payments")
        assert sum(row["credits_added"] for row in paid) == available - START
        assert len(paid) == len({row["stripe_payment_id"] for row in paid})
    assert till.reconcile() == []


def test_a_forged_webhook_is_refused_and_a_signed_one_counts(till: Till, ana: Caller) -> None:
    till.stripe.faults(deliver_to_nobody=True)
    bought = till.buy(ana, **PACK)
    (told,) = (event for event in bought.events if event["type"] == "checkout.session.completed")
    event = till.stripe.client.v1.events.retrieve(told["id"]).to_dict(for_json=True)
    body = json.dumps(event).encode()

    def post(secret: str) -> httpx.Response:
        moment = int(time.time())
        signed = hmac.new(secret.encode(), f"{moment}.".encode() + body, hashlib.sha256)
        headers = {"stripe-signature": f"t={moment},v1={signed.hexdigest()}"}
        url = f"{till.stack.sidecar_url}/webhooks/stripe"
        return httpx.post(url, content=body, headers=headers, trust_env=False)

    forged = post("whsec_" + "f" * 32)
    assert (forged.status_code, forged.json()) == (400, {"error": "invalid_signature"})
    till.idle()
    assert summary(ana)[0] == START
    assert post(till.stack.stripe.webhook_secret).status_code == 200
    till.has(ana, START + OF_PACK)
