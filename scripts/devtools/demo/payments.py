"""The steps of the demo with money in them, in front of a stand-in for Stripe."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import httpx
import psycopg

from devtools.demo.expectations import expect, expect_soon
from devtools.demo.person import Person
from thumbsmith.stripe import client as stripe_client

_PACK, _PACK_CREDITS = "starter", 100
_PLAN, _PLAN_CREDITS = "monthly_25images", 250


@dataclass
class Payments:
    """Ana, Ben and Cy with their cards; `steps` gives what they do in order."""

    env: Mapping[str, str]
    people: Mapping[str, Person]

    def steps(self) -> list[tuple[str, Callable[[], str]]]:
        """Return each step's name and the function that does it and tells what it saw."""
        return [
            ("Ben buys a pack: a payment and its credits", self.ben_buys_a_pack),
            ("Ana subscribes and has 250 more", self.ana_subscribes),
            ("A month passes on Stripe's clock and her plan renews", self.a_month_passes),
            ("A refund takes Ben's unspent credits back", self.ben_is_refunded),
            ("A webhook is lost, and reconciliation finds it", self.a_webhook_is_lost),
        ]

    def ben_buys_a_pack(self) -> str:
        """Pay on Stripe's page; the webhook brings the credits."""
        ben = self.people["Ben"]
        before = ben.credits()
        page = _pay(ben, "pack", _PACK)
        expect_soon(before + _PACK_CREDITS, ben.credits, "Ben's credits")
        (payment,) = ben.rows("payments")
        expect((900, 100), (payment["amount"], payment["credits_added"]), "the payment")
        expect("completed", ben.rows("checkouts", id=page)[0]["status"], "the checkout")
        return f"{before} + {_PACK_CREDITS} for {payment['amount'] / 100:.2f} USD"

    def ana_subscribes(self) -> str:
        """Start a plan: its first invoice is paid, and that earns its credits."""
        ana = self.people["Ana"]
        before = ana.credits()
        _pay(ana, "subscription", _PLAN)
        expect_soon(before + _PLAN_CREDITS, ana.credits, "Ana's credits")
        (plan,) = ana.rows("subscriptions")
        expect((_PLAN, "active"), (plan["plan_name"], plan["status"]), "her subscription")
        return f"{before} + {_PLAN_CREDITS}, paid until {_day(plan['current_period_end'])}"

    def a_month_passes(self) -> str:
        """Move Stripe's clock, not ours: so what is left of the first month is still there."""
        ana = self.people["Ana"]
        before = ana.credits()
        (plan,) = ana.rows("subscriptions")
        self._at_stripe("/_actions/renew", subscription=plan["stripe_subscription_id"])
        expect_soon(before + _PLAN_CREDITS, ana.credits, "Ana's credits")
        ends = plan["current_period_end"]
        expect_soon(ends, lambda: ana.rows("subscriptions")[0]["current_period_start"], "her month")
        (plan,) = ana.rows("subscriptions")
        return f"{before} + {_PLAN_CREDITS}, paid until {_day(plan['current_period_end'])}"

    def ben_is_refunded(self) -> str:
        """Give all the money back, as from the Dashboard: what it bought goes, nothing else."""
        ben = self.people["Ben"]
        before = ben.credits()
        (payment,) = ben.rows("payments")
        key, base = self.env["STRIPE_SECRET_KEY"], self.env["STRIPE_API_BASE"]
        with stripe_client.opened(key, base, is_local=True) as stripe:
            paid = stripe.v1.checkout.sessions.retrieve(payment["stripe_payment_id"])
            stripe.v1.refunds.create({"payment_intent": str(paid.payment_intent)})
        left = before - _PACK_CREDITS
        expect_soon(left, ben.credits, "Ben's credits")
        (payment,) = ben.rows("payments")
        expect(payment["amount"], payment["amount_reversed"], "the money that went back")
        expect("claw_back", ben.ledger()[-1]["kind"], "the last entry of the ledger")
        return f"{before} - {_PACK_CREDITS}; what he had before stays"

    def a_webhook_is_lost(self) -> str:
        """Lose every event of a purchase, and run what an operator runs."""
        cy = self.people["Cy"]
        before = cy.credits()
        self._compare_of_the_day()
        with self._no_webhooks():
            page = _pay(cy, "pack", _PACK)
        expect(before, cy.credits(), "Cy's credits while nobody knows")
        expect("open", cy.rows("checkouts", id=page)[0]["status"], "the checkout")
        report = self._thumbsmith("stripe", "reconcile", "--yes")
        expect_soon(before + _PACK_CREDITS, cy.credits, "Cy's credits")
        # The events come first: the worker may be done before the payments are compared.
        found = [row for row in report["differences"] if row["difference"] == "event_missing"]
        expect(True, bool(found), "that lost events were found")
        return f"{len(found)} lost events found: {before} + {_PACK_CREDITS}"

    def _at_stripe(self, path: str, **wanted: Any) -> None:
        url = f"{self.env['STRIPE_API_BASE']}{path}"
        httpx.post(url, json=wanted, timeout=30, trust_env=False).raise_for_status()

    @contextmanager
    def _no_webhooks(self) -> Iterator[None]:
        self._at_stripe("/_faults", deliver_to_nobody=True)
        try:
            yield
        finally:
            self._at_stripe("/_faults", reset=True)

    def _compare_of_the_day(self) -> None:
        """Let the worker's own comparison be over: it must not be what finds the payment."""
        with psycopg.connect(self.env["DB_URL"], autocommit=True) as operator:
            operator.execute("select private.start_reconcile()")
            unfinished = "select count(*) from private.reconcile_runs where finished_at is null"
            expect_soon((0,), lambda: operator.execute(unfinished).fetchone(), "comparisons")

    def _thumbsmith(self, *arguments: str) -> dict[str, Any]:
        """Run a command as a program, on this stack, and read its JSON."""
        names = ("DB_URL", "STRIPE_SECRET_KEY", "STRIPE_API_BASE")
        done = subprocess.run(  # noqa: S603
            [sys.executable, "-m", "thumbsmith.cli", *arguments, "--json"],
            env=os.environ | {name: self.env[name] for name in names},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        expect(0, done.returncode, f"the end of {arguments[1]} ({done.stdout or done.stderr})")
        report: dict[str, Any] = json.loads(done.stdout)
        return report


def _pay(person: Person, item_kind: str, item_key: str) -> str:
    """Open the page in a browser, so to speak, and press its button; return the checkout's id."""
    page = person.checkout(item_kind, item_key)
    with httpx.Client(timeout=30, trust_env=False) as browser:
        browser.get(page["url"]).raise_for_status()
        pressed = browser.post(page["url"], data={"how": "card"})
    expect(303, pressed.status_code, "the answer of Stripe's page")
    return str(page["id"])


def _day(instant: str) -> str:
    return instant.partition("T")[0]
