"""A rehearsal against Stripe's real test mode: one purchase and one renewal, paid by a person.

Everything of ours is the local stack: database, sign-up, RPCs, worker. Stripe cannot reach it, so
no webhook comes, and the comparison with Stripe has to find what was paid, as after a delivery that
failed. The tests play it on the stand-in; this itself is never part of them.
"""

from __future__ import annotations

import os
import tempfile
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import psycopg
import typer
from rich.console import Console

from devtools.demo.expectations import expect
from devtools.demo.person import Person
from devtools.demo.run import StepRunner
from local_stack import stripe_service
from local_stack.stack import Stack
from thumbsmith.catalog import commands as catalog
from thumbsmith.catalog.diff import diff_of, read_items, read_stripe_catalog
from thumbsmith.console.command import show_error
from thumbsmith.console.context import Context, using
from thumbsmith.console.errors import CommandError, Exit
from thumbsmith.operator.transaction import operator_transaction
from thumbsmith.stripe.access import Stripe, open_stripe
from thumbsmith.stripe.reconcile import compared, reconcile

SERVICES = ("postgres", "node", "postgrest", "sidecar")
_PACK, _PLAN = "starter", "monthly_25images"
_SOON, _PERSON = 120.0, 900.0
_NOT_SEEN = """Not seen here, and so not proven:
- webhooks: Stripe cannot reach this machine. With `thumbsmith stack up` and
  `stripe listen --forward-to <SIDECAR_URL>/webhooks/stripe` they come; see docs/stripe.md.
- the customer portal and its settings, changes of plan, declined cards, 3-D Secure, refunds,
  disputes, taxes, live mode.
Left in the account: the products and prices thumbsmith_…, and the customer of the purchase."""

Pay = Callable[[Stripe, str, str], None]


@dataclass
class Rehearsal:
    """The steps, on a running stack."""

    stack: Stack
    stripe: Stripe
    pay: Pay
    clock_id: str | None = None
    customer_id: str | None = None
    subscriber: Person | None = field(default=None, repr=False)

    def steps(self) -> list[tuple[str, Callable[[], str]]]:
        """Return each step's name and the function that does it and tells what it saw."""
        return [
            ("The account is free for the demo catalog", self.account_is_free),
            ("The catalog is pushed, and a second push has nothing to do", self.catalog),
            ("Ana pays for a pack and has its credits", self.purchase),
            ("Ben subscribes on a test clock and has the first month's credits", self.subscription),
            ("A month later Stripe renews, and Ben has the next month's credits", self.renewal),
        ]

    def account_is_free(self) -> str:
        """Refuse an account that sells something else under our keys: a push would change it."""
        with operator_transaction() as connection:
            items = read_items(connection)
        at_stripe = read_stripe_catalog(self.stripe, items)
        strange = [
            diff.item.lookup_key
            for diff in (diff_of(one, at_stripe) for one in items)
            if diff.price_with_lookup_key and ("create_price", None) in diff.changes
        ]
        expect([], strange, "other prices have our lookup keys: use another sandbox")
        return f"{len(items)} items"

    def catalog(self) -> str:
        """Push twice."""
        catalog.push(yes=True)
        with operator_transaction() as connection:
            items = read_items(connection)
        at_stripe = read_stripe_catalog(self.stripe, items)
        expect([], [c for item in items for c in diff_of(item, at_stripe).changes], "left to do")
        return f"{len(items)} prices linked"

    def purchase(self) -> str:
        """Buy a pack as the browser does."""
        ana = self._sign_up("Ana")
        self._buy(ana, "pack", _PACK)
        return f"50 → {self._has(ana, 150)}"

    def subscription(self) -> str:
        """Subscribe. Only a customer that is made with a clock can move in time."""
        ben = self.subscriber = self._sign_up("Ben")
        clock = self._call("test_helpers.test_clocks.create", {"frozen_time": int(time.time())})
        self.clock_id = clock["id"]
        customer = self._call("customers.create", {"test_clock": self.clock_id})
        self.customer_id = customer["id"]
        with psycopg.connect(self.stack.db_url) as connection:
            connection.execute(
                "insert into private.stripe_customers (profile_id, customer_id) values (%s, %s)",
                (ben.user_id, self.customer_id),
            )
        self._buy(ben, "subscription", _PLAN)
        return f"50 → {self._subscriber_has(300)}"

    def renewal(self) -> str:
        """Move the clock past the end of the period, and past the hour an invoice is a draft."""
        (found,) = self._call("subscriptions.list", {"customer": self.customer_id})["data"]
        moment = found["items"]["data"][0]["current_period_end"] + 2 * 3600
        clocks = "test_helpers.test_clocks"
        self._call(f"{clocks}.advance", self.clock_id, {"frozen_time": moment})

        def is_there() -> bool:
            return bool(self._call(f"{clocks}.retrieve", self.clock_id)["status"] == "ready")

        _wait(is_there, _SOON * 3, "Stripe's clock")
        return f"300 → {self._subscriber_has(550)}"

    def tidy(self) -> None:
        """Take the clock away, and with it its customer and subscription."""
        if self.clock_id:
            self._call("test_helpers.test_clocks.delete", self.clock_id)

    def _sign_up(self, name: str) -> Person:
        env = self.stack.env
        return Person.sign_up(env["API_URL"], env["PUBLISHABLE_KEY"], name)

    def _call(self, name: str, *arguments: Any) -> dict[str, Any]:
        return self.stripe.call(f"v1.{name}", *arguments)

    def _buy(self, person: Person, kind: str, key: str) -> None:
        names = {"item_kind": kind, "item_key": key, "idempotency_key": str(uuid.uuid4())}
        checkout = person.call("start_checkout", **names)

        def page() -> Any:
            table = person.client.table("checkouts").select("*").eq("id", checkout["id"])
            row = dict(table.single().execute().data)  # type: ignore[arg-type]
            if row["status"] == "failed":
                raise RuntimeError(f"the page was not made: {row['error']}")
            return row if row["url"] else None

        row = _wait(page, _SOON, "the page")
        self.pay(self.stripe, row["stripe_session_id"], row["url"])

    def _has(self, person: Person, wanted: int) -> int:
        """Let the comparison find what was paid, and wait for the worker."""
        try:
            reconcile(yes=True)
        except typer.Exit as ended:
            # What else is in the account concerns nobody here.
            if ended.exit_code != Exit.FINDING:
                raise
        _wait(lambda: person.credits() == wanted, _SOON, f"{wanted} credits")
        return wanted

    def _subscriber_has(self, wanted: int) -> int:
        """As above; Stripe's lists of everything leave out what lives on a test clock."""

        def is_there() -> bool:
            names = {"customer": self.customer_id, "status": "paid", "limit": 100}
            paid = self._call("invoices.list", names)["data"]
            with operator_transaction(commit=True) as connection:
                compared(connection, paid, is_repair=True)
            return self.subscriber is not None and self.subscriber.credits() == wanted

        _wait(is_there, _SOON, f"{wanted} credits", every=1.0)
        return wanted


def pay_by_hand(stripe: Stripe, session_id: str, url: str) -> None:
    """Wait for the person who pays: no API pays a page of Checkout."""
    typer.echo(f"\nPay this with the card 4242 4242 4242 4242, any date ahead, any CVC:\n{url}\n")
    _wait(
        lambda: stripe.call("v1.checkout.sessions.retrieve", session_id)["status"] == "complete",
        _PERSON,
        "the person who pays",
        every=3.0,
    )


def pay_at_stand_in(stripe: Stripe, session_id: str, _: str) -> None:
    """Have the stand-in's own person pay."""
    answer = httpx.post(
        f"{stripe.base}/_actions/pay", json={"session": session_id}, trust_env=False
    )
    answer.raise_for_status()


def main() -> None:
    """Rehearse with the key of the environment; 1 when a step did not do what it says.

    STRIPE_API_BASE puts the local stand-in in Stripe's place, to try the rehearsal itself.
    """
    key, base = os.environ.get("STRIPE_SECRET_KEY", ""), os.environ.get("STRIPE_API_BASE", "")
    if not key.startswith(("sk_test_", "rk_test_")):
        detail = "give STRIPE_SECRET_KEY, a key of Stripe's test mode (sk_test_…)"
        show_error(CommandError("stripe_key_missing", detail), as_json=False)
        raise typer.Exit(Exit.USAGE)
    is_real = base in {"", stripe_service.REAL_API_BASE}
    if not is_real:
        stripe_service.REAL_API_BASE = base  # the stack has no other setting for it
    runner = StepRunner(Console(highlight=False, soft_wrap=True))
    with tempfile.TemporaryDirectory(prefix="live-check-") as folder:
        stack = Stack(Path(folder), services=SERVICES, database_url="", stripe_key=key)
        with stack, using(Context(db_url=stack.db_url)), open_stripe() as stripe:
            rehearsal = Rehearsal(stack, stripe, pay_by_hand if is_real else pay_at_stand_in)
            try:
                for name, act in rehearsal.steps():
                    runner.do(name, act)
            finally:
                rehearsal.tidy()
    runner.console.print(_NOT_SEEN, markup=False)
    raise typer.Exit(Exit.OK if runner.is_ok else Exit.FINDING)


def _wait(check: Callable[[], Any], seconds: float, what: str, *, every: float = 0.2) -> Any:
    ends = time.monotonic() + seconds
    while not (found := check()):
        if time.monotonic() > ends:
            raise TimeoutError(f"{what}: not within {seconds:.0f} s")
        time.sleep(every)
    return found


if __name__ == "__main__":
    typer.run(main)
