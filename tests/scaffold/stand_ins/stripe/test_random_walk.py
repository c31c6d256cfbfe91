"""Many things in any order: the books stay right, and every object is one of Stripe's."""

from __future__ import annotations

import random
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.stand_ins.stripe.stand_in import StandIn

if TYPE_CHECKING:
    from collections.abc import Iterable

_CHOICES: dict[str, dict[str, tuple[Any, ...]]] = {
    "pay": {
        "how": ("card", "card", "declined", "delayed", "action_required"),
        "discount_percent": (0, 50),
    },
    "settle": {"outcome": ("succeeded", "declined")},
    "renew": {"outcome": ("succeeded", "declined", "processing", "requires_action")},
    "recover": {},
    "cancel": {"when": ("now", "period_end", "date")},
    "keep": {},
    "change_plan": {"quantity": (1, 2, 3), "proration": ("always_invoice", "create_prorations")},
    "pause": {"what": ("collection", "status"), "behavior": ("void", "keep_as_draft")},
    "resume": {},
    "end_trial": {},
    "refund": {"amount": (100, 500, None), "status": ("succeeded", "pending", "requires_action")},
    "refund_outcome": {"status": ("failed", "succeeded", "canceled")},
    "dispute": {"inquiry": (True, False)},
    "dispute_outcome": {"outcome": ("won", "lost", "warning_closed", "under_review", "escalated")},
}
_SUBJECTS = {
    "pay": ("session", "checkout.session"),
    "settle": ("session", "checkout.session"),
    "refund": ("charge", "charge"),
    "dispute": ("charge", "charge"),
    "refund_outcome": ("refund", "refund"),
    "dispute_outcome": ("dispute", "dispute"),
}


class Walk:
    """A row of random actions that a seed decides."""

    def __init__(self, stand_in: StandIn, seed: int) -> None:
        self.stand_in, self.random = stand_in, random.Random(seed)
        self.known: dict[str, dict[str, None]] = {}
        self.done: Counter[str] = Counter()
        self.customer = stand_in.customer()
        single = stand_in.price(1000)
        self.prices = [single, single, stand_in.monthly(3000), stand_in.monthly(900)]

    def open_session(self) -> None:
        price = self.random.choice(self.prices)
        trial = price.type == "recurring" and self.random.random() < 0.3
        more = {"subscription_data": {"trial_period_days": 5}} if trial else {}
        made = self.stand_in.session(price, self.customer, **more)
        self.known.setdefault("checkout.session", {})[made.id] = None

    def step(self) -> None:
        action = self.random.choice([*_CHOICES, "pay", "pay", "settle"])
        param, kind = _SUBJECTS.get(action, ("subscription", "subscription"))
        if not (subjects := list(self.known.get(kind, ()))[-6:]):
            return
        wanted = {name: self.random.choice(values) for name, values in _CHOICES[action].items()}
        wanted |= {param: self.random.choice(subjects)} | (
            {"alone": True} if action == "renew" else {}
        )
        if action == "change_plan" and self.random.random() < 0.5:
            wanted["price"] = self.random.choice(self.prices[2:]).id
        answer = self.stand_in.post(f"/_actions/{action}", **wanted)
        # Refused is fine; a 500 is an object that Stripe could not have made, or a mistake.
        assert answer.status_code in {200, 400, 404}, (action, wanted, answer.text)
        if answer.status_code == 200:
            self.done[action] += 1
            for touched, ids in answer.json()["touched"].items():
                self.known.setdefault(touched, {}).update(dict.fromkeys(ids))

    def each(self, kind: str) -> Iterable[dict[str, Any]]:
        services: Any = self.stand_in.client.v1
        names = {"charge": "charges", "invoice": "invoices", "subscription": "subscriptions"}
        for one in self.known.get(kind, ()):
            found: dict[str, Any] = getattr(services, names[kind]).retrieve(one).to_dict()
            yield found


@pytest.mark.parametrize("seed", [11, 23])
def test_whatever_people_do_the_books_stay_right(stand_in: StandIn, seed: int) -> None:
    walk = Walk(stand_in, seed)
    for number in range(120):
        if number % 4 == 0:
            walk.open_session()
        walk.step()
        if number % 30 == 29:
            assert stand_in.post("/_clock", advance_days=9).status_code == 200
    assert len(walk.done) >= 6, walk.done
    for charge in walk.each("charge"):
        refunds = stand_in.client.v1.refunds.list({"charge": charge["id"], "limit": 100}).data
        given = sum(one.amount for one in refunds if one.status not in {"failed", "canceled"})
        assert charge["amount_refunded"] == given <= charge["amount"]
    for invoice in walk.each("invoice"):
        discount = sum(one["amount"] for one in invoice["total_discount_amounts"])
        assert invoice["subtotal"] - discount == invoice["total"]
        assert invoice["amount_due"] >= 0
        if invoice["status"] == "paid":
            assert (invoice["amount_paid"], invoice["amount_remaining"]) == (
                invoice["amount_due"],
                0,
            )
    for subscription in walk.each("subscription"):
        item = subscription["items"]["data"][0]
        assert item["current_period_start"] < item["current_period_end"]
        assert (subscription["ended_at"] is not None) == (subscription["status"] == "canceled")
