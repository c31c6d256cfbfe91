"""Refunds and disputes as Stripe tells of them: every order ends the same."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from itertools import permutations
from typing import Any

import pytest

from tests.support.database import Database
from tests.support.economy import available, spend, state
from tests.support.stripe_world import (
    DAY,
    Customer,
    Object,
    alarms,
    apply,
    dispute,
    intent_of,
    line,
    link_all,
    refund,
)

BASIC = "monthly_25images"


@pytest.fixture
def ana(db: Database) -> Customer:
    link_all(db)
    return Customer.new(db)


def settled(db: Database, objects: list[Object]) -> None:
    """Apply objects in this order, and again those that had to wait, until all are through."""
    waiting = list(objects)
    for _ in range(len(objects) + 1):
        waiting = [one for one in waiting if apply(db, one) is None]
        if not waiting:
            return
    raise AssertionError(f"never through: {[one['id'] for one in waiting]}")


def test_refunds_take_their_part_and_give_it_back_when_they_fail(
    db: Database, ana: Customer
) -> None:
    session = ana.session()
    apply(db, session)
    first, second = refund(session, 225), refund(session, 225)
    for one, left in ((first, 75), (first, 75), (second, 50)):
        apply(db, one)
        assert state(db, ana.person) == (left, 0)
    apply(db, second | {"status": "failed"})
    assert state(db, ana.person) == (75, 0)
    apply(db, second)
    assert state(db, ana.person) == (75, 0)
    apply(db, refund(session, 675))
    assert state(db, ana.person) == (0, 0)


@pytest.mark.parametrize(
    ("status", "left"),
    [
        ("succeeded", 0),
        ("pending", 0),
        ("requires_action", 100),
        ("failed", 100),
        ("canceled", 100),
    ],
)
def test_each_status_of_a_refund_takes_or_does_not(
    db: Database, ana: Customer, status: str, left: int
) -> None:
    session = ana.session()
    apply(db, session)
    apply(db, refund(session, 900, status))
    assert state(db, ana.person) == (left, 0)


def test_statuses_nobody_knows_yet_raise_an_alarm(db: Database, ana: Customer) -> None:
    session = ana.session()
    apply(db, session)
    assert apply(db, refund(session, 900, "evaporated")) == "unknown_status"
    assert apply(db, dispute(session, "in_space")) == "unknown_status"
    assert (state(db, ana.person), alarms(db)) == ((100, 0), ["unknown_status"] * 2)


@pytest.mark.parametrize(
    ("statuses", "balance", "spendable"),
    [
        (["needs_response"], 100, 0),
        (["needs_response", "under_review"], 100, 0),
        (["needs_response", "under_review", "won"], 100, 100),
        (["needs_response", "lost"], 0, 0),
        (["needs_response", "lost", "appeal_under_review"], 0, 0),
        (["needs_response", "lost", "won"], 100, 100),
        (["warning_needs_response"], 100, 0),
        (["warning_needs_response", "warning_closed"], 100, 100),
        (["prevented"], 100, 100),
        (["won", "needs_response"], 100, 100),
    ],
    ids=lambda value: ",".join(value) if isinstance(value, list) else "",
)
def test_a_dispute_freezes_takes_or_releases(
    db: Database, ana: Customer, statuses: list[str], balance: int, spendable: int
) -> None:
    session = ana.session()
    apply(db, session)
    told = dispute(session)
    for status in statuses:
        apply(db, told | {"status": status})
    assert (state(db, ana.person), available(db, ana.person)) == ((balance, 0), spendable)


def test_what_a_refund_belongs_to_is_looked_for(db: Database, ana: Customer) -> None:
    session = ana.session()
    assert apply(db, refund(session, 900)) is None
    job = db.rows("select kind, stripe_object_id from private.jobs")[0]
    assert tuple(job.values()) == ("find_invoice", intent_of(session))


def purchase(db: Database) -> tuple[Customer, list[Object]]:
    one = Customer.new(db)
    session = one.session()
    told = dispute(session)
    return one, [
        session,
        refund(session, 300),
        told,
        told | {"status": "won"},
    ]


def lost_purchase(db: Database) -> tuple[Customer, list[Object]]:
    one = Customer.new(db)
    session = one.session("creator", amount_total=3900)
    told = dispute(session, amount=1500)
    failed = refund(session, 1000)
    return one, [session, failed, failed | {"status": "failed"}, told | {"status": "lost"}]


def renewal(db: Database) -> tuple[Customer, list[Object]]:
    one = Customer.new(db)
    now = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=1)
    subscription = one.subscription(BASIC, now, now + 30 * DAY)
    first = one.invoice(subscription, line(BASIC, now - 30 * DAY, now))
    second = one.invoice(subscription, line(BASIC, now, now + 30 * DAY))
    return one, [subscription, first, second, refund(second, 950)]


@pytest.mark.parametrize(
    ("story", "end"),
    [(purchase, (67, 0)), (lost_purchase, (308, 0)), (renewal, (125, 0))],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_every_order_of_a_story_ends_the_same(db: Database, story: Any, end: Any) -> None:
    link_all(db)
    ends = []
    for order in permutations(range(4)):
        one, objects = story(db)
        settled(db, [objects[place] for place in order])
        db.value("select private.sweep()")
        ends.append((state(db, one.person), available(db, one.person)))
    assert set(ends) == {(end, end[0])}
    assert alarms(db) == []


def test_orders_with_spends_in_between_owe_the_same_in_all(db: Database, ana: Customer) -> None:
    chance = random.Random(20261125)
    ends = []
    for _ in range(12):
        one, objects = purchase(db)
        order = [*objects[1:], None]
        chance.shuffle(order)
        apply(db, objects[0])
        for step in order:
            if step is not None:
                apply(db, step)
            elif available(db, one.person) >= 10:
                spend(db, one.person, 10)
            else:
                # Frozen just now: spent once it is free again.
                order.append(None)
        balance, debt = state(db, one.person)
        ends.append(balance - debt)
    assert set(ends) == {57}
