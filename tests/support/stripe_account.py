"""A Stripe account in memory: what it holds now, what it told, and what each person must have.

The credits that a person must end with are worked out here from the purchases and reversals that
were made, in plain Python: nothing of it is read from the database.
"""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from threading import Lock
from typing import Any

from tests.support.database import Database, sign_up
from tests.support.stripe_world import DAY, Customer, Object, at, dispute, intent_of, line, refund

SMALL, LARGE, KEPT = "storm_small", "storm_large", "storm_kept"
MONTHLY = {SMALL: 100, LARGE: 300, KEPT: 70}
PACKS = {"starter": (100, 900), "creator": (500, 3900)}
MONTH = 30 * DAY

LISTS = {
    "events.list": "event",
    "checkout.sessions.list": "checkout.session",
    "subscriptions.list": "subscription",
    "invoices.list": "invoice",
    "refunds.list": "refund",
    "disputes.list": "dispute",
}


@dataclass
class Purchase:
    """Money that came, the credits of it, and the money that went back."""

    amount: int
    credits: int
    # The month it paid is over: its credits are gone, whatever happens to the money.
    is_over: bool = False
    spent: int = 0
    reversals: dict[str, int] = field(default_factory=dict)

    def end(self) -> tuple[int, int]:
        """Return the credits that are left of it, and those that are owed for it."""
        if self.is_over:
            return 0, 0
        back = min(self.amount, sum(self.reversals.values()))
        target = self.credits * back // self.amount
        taken = min(target, self.credits - self.spent)
        return self.credits - self.spent - taken, target - taken


class Account:
    """What Stripe holds, as of now, and how often it was asked."""

    def __init__(self, page_max: int = 100) -> None:
        self.objects: dict[str, Object] = {}
        self.events: list[Object] = []
        self.charges: dict[str, str] = {}
        self.undelivered: set[str] = set()
        self.reads: Counter[str] = Counter()
        self.pages: Counter[str] = Counter()
        self._page_max = page_max
        self._lock = Lock()

    def put(self, subject: Object) -> Object:
        """Make this the present state of an object."""
        with self._lock:
            created = self.objects.get(subject["id"], {}).get("created", int(time.time()))
            made = subject | {"created": created}
            self.objects[subject["id"]] = made
        return made

    def tell(self, told: Object) -> None:
        """Write an event into the log."""
        with self._lock:
            self.events.append(told)

    def answer(self, payload: Object) -> Object:
        """Answer a call of a claimed job from the present state."""
        call, params = payload["call"], payload.get("params") or {}
        with self._lock:
            if call.endswith(".retrieve"):
                self.reads[payload["id"]] += 1
                return self._shown(payload["id"], params.get("expand", []))
            self.pages[call] += 1
            return self._page(call, params)

    def everything(self) -> list[Object]:
        """Return every event and object as lists show them."""
        with self._lock:
            return [*self.events, *(self._shown(one, []) for one in self.objects)]

    def _shown(self, object_id: str, expand: list[str]) -> Object:
        # What is not asked for is only named, or left out.
        shown = dict(self.objects[object_id])
        if shown["object"] == "checkout.session":
            if "payment_intent" not in expand and shown["payment_intent"]:
                shown["payment_intent"] = shown["payment_intent"]["id"]
            if "line_items" not in expand:
                del shown["line_items"]
        if shown["object"] == "invoice" and "payments" not in expand:
            del shown["payments"]
        return shown

    def _page(self, call: str, params: Object) -> Object:
        if call == "invoice_payments.list":
            intent = params["payment"]["payment_intent"]
            paid = [one for one in self._of_kind("invoice") if intent_of(one) == intent]
            data = [
                {"id": f"inpay_{one['id']}", "object": "invoice_payment", "invoice": one["id"]}
                for one in paid
            ]
            return {"object": "list", "data": data, "has_more": False}
        kind = LISTS[call]
        if kind == "event":
            found = [one for one in reversed(self.events) if self._is_wanted_event(one, params)]
        else:
            found = [one for one in self._of_kind(kind) if self._is_wanted(one, params)]
        found = [one for one in found if one["created"] >= params.get("created", {}).get("gte", 0)]
        first = 0
        if "starting_after" in params:
            first = 1 + [one["id"] for one in found].index(params["starting_after"])
        last = first + min(params.get("limit", 10), self._page_max)
        data = [one if kind == "event" else self._shown(one["id"], []) for one in found[first:last]]
        return {"object": "list", "data": data, "has_more": last < len(found)}

    def _of_kind(self, kind: str) -> list[Object]:
        # The newest first, as Stripe does.
        return [one for one in reversed(self.objects.values()) if one["object"] == kind]

    def _is_wanted_event(self, one: Object, params: Object) -> bool:
        return "delivery_success" not in params or (
            params["delivery_success"] is not (one["id"] in self.undelivered)
        )

    def _is_wanted(self, one: Object, params: Object) -> bool:
        return (
            params.get("status", "all") in {"all", one.get("status")}
            and ("payment_intent" not in params or _intent(one) == params["payment_intent"])
            and ("charge" not in params or _intent(one) == self.charges[params["charge"]])
        )


def _intent(one: Object) -> str | None:
    intent: str | Object | None = one["payment_intent"]
    return intent["id"] if isinstance(intent, dict) else intent


Step = Callable[[], list[Object]]


class Author:
    """Makes up what people do at Stripe, as steps that change the account and tell of it."""

    def __init__(self, db: Database, account: Account, seed: int) -> None:
        self.db = db
        self.account = account
        self.random = random.Random(seed)
        self.customers: list[Customer] = []
        self.purchases: dict[str, list[Purchase]] = {}
        self.now = datetime.now(UTC).replace(microsecond=0)
        self._number = 0

    def new_customer(self, referral: str | None = None) -> Customer:
        """Sign somebody up, brought by whoever has this code."""
        person = sign_up(self.db, data={"referral": referral} if referral else None)
        one = Customer(self.db, person)
        self.db.rows(
            "insert into private.stripe_customers (profile_id, customer_id) values (%s, %s)",
            one.person,
            one.id,
        )
        self.customers.append(one)
        self.purchases[one.id] = []
        return one

    def expected(self) -> dict[str, tuple[int, int]]:
        """Return what each customer must end with: balance and debt."""
        return {
            customer: (
                sum(one.end()[0] for one in bought),
                sum(one.end()[1] for one in bought),
            )
            for customer, bought in self.purchases.items()
        }

    def event(self, subject: Object, kind: str) -> Object:
        """Write an event into the account's log."""
        self._number += 1
        told = {
            "id": f"evt_{self._number:06d}",
            "object": "event",
            "type": kind,
            "created": int(time.time()),
            "livemode": False,
            "data": {"object": {"id": subject["id"], "object": subject["object"]}},
        }
        self.account.tell(told)
        return told

    def say(self, subject: Object, *kinds: str) -> Step:
        """Make the step that this becomes the state of an object, which these events tell of."""

        def step() -> list[Object]:
            made = self.account.put(subject)
            return [self.event(made, kind) for kind in kinds]

        return step

    def pack(self, one: Customer) -> tuple[list[Step], Object, Purchase]:
        """Buy a pack, by card or by a bank that takes its time."""
        key = self.random.choice(list(PACKS))
        quantity = self.random.choice([1, 1, 1, 2, 3])
        number, amount = PACKS[key]
        session = one.session(key, quantity=quantity, amount_total=amount * quantity)
        bought = Purchase(amount * quantity, number * quantity)
        self.purchases[one.id].append(bought)
        charge = {"id": f"ch_{intent_of(session)}", "object": "charge"}
        self.account.charges[charge["id"]] = intent_of(session)
        done = "checkout.session.completed"
        if self.random.random() < 0.7:
            steps = [self.say(session, done)]
        else:
            waiting = session["payment_intent"] | {"status": "processing"}
            early = session | {"payment_status": "unpaid", "payment_intent": waiting}
            steps = [
                self.say(early, done),
                self.say(session, "checkout.session.async_payment_succeeded"),
            ]

        def charged() -> list[Object]:
            return [self.event(charge, "charge.succeeded")]

        return ([*steps, charged], session, bought)

    def refund(self, paid: Object, bought: Purchase) -> list[Step]:
        """Give money back, which may fail."""
        amount = self.random.choice([bought.amount, bought.amount // 3, bought.amount // 2, 100])
        made = refund(paid, min(amount, bought.amount), livemode=False)
        charge = {"id": f"ch_{intent_of(paid)}", "object": "charge"}
        self.account.charges[charge["id"]] = intent_of(paid)
        first = self.say(made | {"status": "pending"}, "refund.created")
        end = self.random.choice(["succeeded", "succeeded", "failed", "canceled", "pending"])
        if end in {"succeeded", "pending"}:
            bought.reversals[made["id"]] = made["amount"]

        def charged() -> list[Object]:
            return [self.event(charge, "charge.refunded")]

        kind = "refund.failed" if end == "failed" else "refund.updated"
        last = self.say(made | {"status": end}, kind)
        return [first, charged, last] if self.random.random() < 0.5 else [first, last]

    def dispute(self, paid: Object, bought: Purchase) -> list[Step]:
        """Dispute a purchase; it may stay open, and be lost and won after all."""
        amount = self.random.choice([bought.amount, bought.amount, bought.amount // 2])
        made = dispute(paid, amount=amount)
        ways = [
            ["needs_response"],
            ["needs_response", "under_review"],
            ["warning_needs_response", "warning_closed"],
            ["needs_response", "won"],
            ["needs_response", "under_review", "lost"],
            ["needs_response", "lost", "won"],
        ]
        way = self.random.choice(ways)
        if way[-1] == "lost":
            bought.reversals[made["id"]] = made["amount"]
        kinds = ["created", *["updated"] * (len(way) - 2), "closed"][: len(way)]
        return [
            self.say(made | {"status": status}, f"charge.dispute.{kind}")
            for status, kind in zip(way, kinds, strict=True)
        ]

    def subscription(
        self, one: Customer, *, upgrades: bool = True
    ) -> tuple[list[Step], list[tuple[Object, Purchase]]]:
        """Subscribe, pay months that are over and the present one, and perhaps change plans."""
        plan = self.random.choice([SMALL, SMALL, KEPT])
        months = self.random.randint(1, 4)
        start = self.now - timedelta(days=15) - (months - 1) * MONTH
        made = one.subscription(plan, start, start + MONTH)
        steps: list[Step] = []
        paid: list[tuple[Object, Purchase]] = []

        def pay(reason: str, worth: int, is_over: bool, *lines: Object) -> Step:
            invoice = one.invoice(made, *lines, billing_reason=reason)
            bought = Purchase(invoice["amount_paid"], worth, is_over)
            self.purchases[one.id].append(bought)
            paid.append((invoice, bought))
            return self.say(invoice, "invoice.paid")

        for month in range(months):
            begin = start + month * MONTH
            end = begin + MONTH
            made = _moved(made, plan, begin, end)
            kind = "customer.subscription." + ("updated" if month else "created")
            reason = "subscription_cycle" if month else "subscription_create"
            is_over = end < self.now and plan != KEPT
            steps.append(self.say(made, kind))
            steps.append(pay(reason, MONTHLY[plan], is_over, line(plan, begin, end, 1000)))
        if upgrades and plan == SMALL and self.random.random() < 0.6:
            days = self.random.randint(16, 29)
            moment = end - days * DAY
            made = _moved(made, LARGE, begin, end)
            more = (MONTHLY[LARGE] - MONTHLY[SMALL]) * days // MONTH.days
            rest = line(LARGE, moment, end, 3000, proration=True)
            unused = line(SMALL, moment, end, -700, proration=True)
            steps.append(self.say(made, "customer.subscription.updated"))
            steps.append(pay("subscription_update", more, False, unused, rest))
        if self.random.random() < 0.3:
            ended = made | {"status": "canceled", "ended_at": at(self.now)}
            steps.append(self.say(ended, "customer.subscription.deleted"))
        return steps, paid

    def life(self, one: Customer, events: int, *, upgrades: bool = True) -> list[Step]:
        """Make up about so many events of a person, in the order in which they happen."""
        steps, paid = self.subscription(one, upgrades=upgrades)
        while len(steps) < events:
            if self.random.random() < 0.4:
                more, session, bought = self.pack(one)
                paid.append((session, bought))
                steps += more
                continue
            subject, bought = self.random.choice(paid)
            # A lot that is frozen does not run out: what is left of a month that is over would
            # depend on what came first.
            if self.random.random() < 0.5 or bought.is_over:
                steps += self.refund(subject, bought)
            else:
                steps += self.dispute(subject, bought)
        return steps


def _moved(made: Object, plan: str, begin: datetime, end: datetime) -> Object:
    (item,) = made["items"]["data"]
    moved = item | {
        "price": {"id": f"price_{plan}"},
        "current_period_start": at(begin),
        "current_period_end": at(end),
    }
    return made | {"items": {"object": "list", "data": [moved]}}


def merged(chance: random.Random, lives: list[list[Step]]) -> list[Step]:
    """Let several lives happen at the same time, each in its own order."""
    turns = [place for place, life in enumerate(lives) for _ in life]
    chance.shuffle(turns)
    left: list[Any] = [iter(life) for life in lives]
    return [next(left[place]) for place in turns]


def thin(told: Object) -> Object:
    """Return the thin event that tells the same as a snapshot event."""
    subject = told["data"]["object"]
    return {
        "id": told["id"].replace("evt_", "evt_thin_"),
        "object": "v2.core.event",
        "type": f"v1.{told['type']}",
        "livemode": False,
        "related_object": {"id": subject["id"], "type": subject["object"]},
        "snapshot_event": told["id"],
    }
