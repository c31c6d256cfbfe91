"""Buying on the whole stack, through Stripe's pages."""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass
from typing import Any

from typer.testing import CliRunner

from local_stack.stack import Stack
from tests.support.database import Database, credits_of
from tests.support.rest import Caller
from tests.support.stand_ins.stripe.stand_in import Acted, StandIn
from tests.support.waiting import eventually_is
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
    """Return what is available, frozen and owed."""
    said = caller.rpc("my_credits").json()
    return said["available"], said["frozen"], said["debt"]


@dataclass(frozen=True)
class CheckoutDriver:
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

        eventually_is("open", status, "the checkout")
        return found

    def buy(self, caller: Caller, **item: str) -> Acted:
        """Have the person pay on a page of their own."""
        return self.stripe.act("pay", session=self.page(caller, **item)["stripe_session_id"])

    def has(self, caller: Caller, available: int, frozen: int = 0, debt: int = 0) -> None:
        """Wait until the person has this, and look at the whole ledger then."""
        eventually_is((available, frozen, debt), lambda: summary(caller), "available, frozen, debt")
        assert credits_of(self.db, uuid.UUID(caller.user_id)) == available + frozen

    def idle(self) -> None:
        """Wait until every event is told and every object is fetched."""
        self.stripe.settled()
        waiting = "select count(*) from private.jobs where stripe_object_id is not null"
        eventually_is(0, lambda: self.db.value(waiting), "objects to fetch")

    def reconcile(self, *more: str) -> list[dict[str, Any]]:
        """Run the operator's command and return what differs."""
        env = {name: self.stack.env[name] for name in ("DB_URL", "STRIPE_SECRET_KEY")}
        env |= {"STRIPE_API_BASE": self.stripe.url}
        done = CliRunner().invoke(app, ["stripe", "reconcile", "--json", *more], env=env)
        assert done.exit_code == 0, done.output
        return list(json.loads(done.stdout)["differences"])
