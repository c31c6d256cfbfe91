"""Payments: what refunds and disputes leave of the credits, in whatever order they are told."""

from __future__ import annotations

import uuid
from itertools import permutations

import psycopg
import pytest
from psycopg.rows import DictRow

from tests.support.database import Database
from tests.support.economy import (
    available,
    entries,
    expire,
    grant,
    grant_period,
    lot,
    newcomer,
    pay,
    reverse,
    spend,
    state,
    subscribe,
    sweep,
)
from tests.support.economy import unspend as refund_spend


def payment_row(db: Database, payment_id: uuid.UUID) -> DictRow:
    return db.rows("select * from public.payments where id = %s", payment_id)[0]


def record(
    db: Database, person: uuid.UUID, stripe_id: str, credits_bought: int, amount: int = 1000
) -> uuid.UUID:
    payment_id: uuid.UUID = db.value(
        "select private.apply_payment(%s, %s, 'pack', 'test', %s, 'usd', %s)",
        person,
        stripe_id,
        amount,
        credits_bought,
    )
    return payment_id


def test_a_payment_told_twice_is_one_payment_and_one_grant(db: Database) -> None:
    ana, ben = newcomer(db), newcomer(db)
    first = record(db, ana, "pi_1", 100)
    # By another event, with other numbers: it is the same payment, and nobody else's.
    assert record(db, ana, "pi_1", 100) == first
    assert record(db, ana, "pi_1", 900, amount=5) == first
    assert record(db, ben, "pi_1", 100) is None
    assert (state(db, ana), state(db, ben)) == ((100, 0), (0, 0))
    assert record(db, ana, "pi_2", 100) != first
    assert state(db, ana) == (200, 0)


def test_a_payment_without_credits_makes_no_lot(db: Database) -> None:
    person = newcomer(db)
    payment = record(db, person, "pi_none", 0)
    assert db.rows("select 1 from public.credit_lots where payment_id = %s", payment) == []
    reverse(db, payment, "taken")
    assert (state(db, person), payment_row(db, payment)["amount_reversed"]) == ((0, 0), 1000)


def test_a_payment_of_nothing_can_be_refunded_and_disputed_without_harm(db: Database) -> None:
    person = newcomer(db)
    payment, lot_id = pay(db, person, 100, amount=0)
    reverse(db, payment, "taken", 0)
    reverse(db, payment, "taken", 500, key="more than nothing")
    reverse(db, payment, "open", 0)
    assert (state(db, person), available(db, person)) == ((100, 0), 0)
    reverse(db, payment, "won", 0)
    assert (state(db, person), available(db, person)) == ((100, 0), 100)
    assert (lot(db, lot_id)["clawed_back"], payment_row(db, payment)["amount_reversed"]) == (0, 0)


def test_a_refund_recorded_twice_claws_back_once(db: Database) -> None:
    person = newcomer(db)
    payment, _ = pay(db, person, 100)
    for _ in range(3):
        reverse(db, payment, "taken", 300)
    assert (state(db, person), payment_row(db, payment)["amount_reversed"]) == ((70, 0), 300)
    assert len(entries(db, person, "claw_back")) == 1


def test_partial_refunds_add_up_to_the_whole(db: Database) -> None:
    person = newcomer(db)
    payment, lot_id = pay(db, person, 100)
    seen = []
    for number, amount in enumerate((333, 333, 333, 1)):
        reverse(db, payment, "taken", amount, key=f"part {number}")
        seen.append(lot(db, lot_id)["clawed_back"])
    # Floored on the sum, so that no credit is lost or kept by rounding each part.
    assert (seen, state(db, person)) == ([33, 66, 99, 100], (0, 0))


def test_a_refund_larger_than_the_payment_takes_no_more_than_it_bought(db: Database) -> None:
    person = newcomer(db)
    payment, lot_id = pay(db, person, 100)
    other = grant(db, person, 50)
    reverse(db, payment, "taken", 5000)
    reverse(db, payment, "taken", 2**62, key="another")
    assert (state(db, person), lot(db, other)["remaining"]) == ((50, 0), 50)
    assert lot(db, lot_id)["clawed_back"] == 100
    assert payment_row(db, payment)["amount_reversed"] == 1000


def test_a_refund_after_a_lost_dispute_takes_nothing_twice(db: Database) -> None:
    person = newcomer(db)
    payment, _ = pay(db, person, 100)
    spend(db, person, 30)
    reverse(db, payment, "open")
    reverse(db, payment, "lost")
    assert state(db, person) == (0, 30)
    reverse(db, payment, "taken")
    reverse(db, payment, "lost")
    assert state(db, person) == (0, 30)
    # Each alone is enough; only without both are the credits back.
    reverse(db, payment, "undone")
    assert state(db, person) == (0, 30)
    reverse(db, payment, "won")
    assert (state(db, person), available(db, person)) == ((70, 0), 70)


def test_a_reinstatement_is_netted_so_that_a_later_refund_does_not_under_claw(
    db: Database,
) -> None:
    person = newcomer(db)
    payment, lot_id = pay(db, person, 100)
    reverse(db, payment, "lost")
    reverse(db, payment, "won")
    assert state(db, person) == (100, 0)
    reverse(db, payment, "taken", 400)
    assert (state(db, person), lot(db, lot_id)["clawed_back"]) == ((60, 0), 40)
    reverse(db, payment, "taken", 600, key="the rest")
    assert (state(db, person), lot(db, lot_id)["clawed_back"]) == ((0, 0), 100)


def test_a_reinstatement_gives_back_credits_and_not_dollars(db: Database) -> None:
    person = newcomer(db)
    payment, _ = pay(db, person, 500, amount=1000)
    reverse(db, payment, "lost")
    assert state(db, person) == (0, 0)
    reverse(db, payment, "won")
    assert state(db, person) == (500, 0)
    assert entries(db, person, "reinstate")[0][2:] == (500, 0)


def test_a_reinstatement_gives_other_lots_back_what_they_repaid(db: Database) -> None:
    person = newcomer(db)
    payment, _ = pay(db, person, 100)
    spend(db, person, 100)
    reverse(db, payment, "lost")
    later, later_lot = pay(db, person, 60)
    assert state(db, person) == (0, 40)
    reverse(db, payment, "won")
    assert (state(db, person), lot(db, later_lot)["remaining"]) == ((60, 0), 60)
    reverse(db, later, "taken")
    assert state(db, person) == (0, 0)


def test_a_refund_that_failed_and_is_told_again_stays_undone(db: Database) -> None:
    person = newcomer(db)
    payment, _ = pay(db, person, 100)
    for status in ("taken", "undone"):
        reverse(db, payment, status)
    assert state(db, person) == (100, 0)
    # The first event, delivered once more; and events that come in the wrong order.
    reverse(db, payment, "taken")
    assert state(db, person) == (100, 0)
    other, _ = pay(db, person, 10)
    for status in ("undone", "taken"):
        reverse(db, other, status)
    assert state(db, person) == (110, 0)
    # Another refund is another key.
    reverse(db, payment, "taken", key="a new one")
    assert state(db, person) == (10, 0)


@pytest.mark.parametrize(("closing", "target"), [("won", 30), ("lost", 80)])
def test_all_orders_of_refunds_and_disputes_end_the_same(
    db: Database, closing: str, target: int
) -> None:
    events = [
        ("refund", "refund", 300, "taken"),
        ("dispute", "dispute", 500, "open"),
        ("dispute", "dispute", 500, closing),
        ("failed", "refund", 700, "taken"),
        ("failed", "refund", 700, "undone"),
    ]
    call = "select private.apply_reversal(%s, %s, %s || %s::text, %s, %s, %s)"
    outcomes = {}
    with db.connect() as connection:
        for order in permutations(events):
            person = newcomer(db)
            payment, lot_id = pay(db, person, 100)
            spend(db, person, 60)
            # The last one is told twice; it was the same news.
            for key, kind, amount, status in (*order, order[-1]):
                connection.execute(call, (person, payment, key, payment, kind, amount, status))
            row = lot(db, lot_id)
            outcomes[order] = (*state(db, person), row["clawed_back"], row["frozen_at"])
    expected = (max(40 - target, 0), max(target - 40, 0), target, None)
    assert {order: found for order, found in outcomes.items() if found != expected} == {}


def test_a_refund_of_a_spend_amid_refunds_of_the_payment_ends_the_same(db: Database) -> None:
    outcomes = set()
    for order in permutations(("refund", "dispute", "generation")):
        person = newcomer(db)
        payment, _ = pay(db, person, 100)
        generation = spend(db, person, 80)
        for what in order:
            if what == "generation":
                assert refund_spend(db, generation) == 80
            elif what == "refund":
                reverse(db, payment, "taken", 400)
            else:
                reverse(db, payment, "lost", 300)
        outcomes.add(state(db, person))
    assert outcomes == {(30, 0)}


def test_a_refund_of_a_subscription_takes_the_plans_credits_and_no_pack(db: Database) -> None:
    person = newcomer(db)
    _, pack = pay(db, person, 70)
    subscription = subscribe(db, person, monthly=100, rollover="capped", cap=30)
    payment = db.value(
        "select private.apply_payment(%s, 'in_1', 'subscription', 'plan', 1000, 'usd', 0,"
        " subscription_id => %s)",
        person,
        subscription,
    )
    start = db.value("select now() - interval '1 hour'")
    end = db.value("select now() + interval '30 days'")
    assert grant_period(db, subscription, start, end, payment) == 100
    assert payment_row(db, payment)["credits_added"] == 100
    spend(db, person, 20)
    reverse(db, payment, "taken", 500)
    assert (state(db, person), lot(db, pack)["remaining"]) == ((100, 0), 70)
    reverse(db, payment, "taken", 500, key="the rest")
    assert (state(db, person), lot(db, pack)["remaining"]) == ((70, 20), 70)


def test_credits_granted_after_their_payment_was_reversed_are_taken_at_once(
    db: Database,
) -> None:
    for status, expected, spendable in (("taken", (0, 0), 0), ("open", (100, 0), 0)):
        person = newcomer(db)
        subscription = subscribe(db, person, monthly=100, rollover="capped", cap=30)
        payment = record(db, person, f"in_{status}", 0)
        reverse(db, payment, status)
        start = db.value("select now() - interval '1 hour'")
        end = db.value("select now() + interval '30 days'")
        grant_period(db, subscription, start, end, payment)
        assert (state(db, person), available(db, person)) == (expected, spendable)


def test_a_refunded_purchase_that_had_expired_is_not_owed(db: Database) -> None:
    for is_swept in (True, False):
        person = newcomer(db)
        payment, lot_id = pay(db, person, 100)
        spend(db, person, 40)
        expire(db, lot_id)
        if is_swept:
            sweep(db)
        reverse(db, payment, "taken")
        assert state(db, person) == (0, 40), is_swept
        reverse(db, payment, "undone")
        sweep(db)
        assert state(db, person) == (0, 0), is_swept


def test_a_reversal_belongs_to_one_payment(db: Database) -> None:
    ana, ben = newcomer(db), newcomer(db)
    anas, _ = pay(db, ana, 100)
    bens, _ = pay(db, ben, 100)
    reverse(db, anas, "taken", key="re_1")
    reverse(db, bens, "taken", key="re_1")
    assert (state(db, ana), state(db, ben)) == ((0, 0), (100, 0))
    with pytest.raises(psycopg.errors.ForeignKeyViolation):
        reverse(db, uuid.uuid4(), "taken")
    reverse(db, bens, "taken", key="re_2")
    assert state(db, ben) == (0, 0)


def test_a_reversal_that_makes_no_sense_is_refused(db: Database) -> None:
    person = newcomer(db)
    payment, _ = pay(db, person, 100)
    call = "select private.apply_reversal(%s, %s, 're_x', %s, %s, %s)"
    for kind, amount, status in (
        ("refund", -1, "taken"),
        ("refund", 10, "won"),
        ("dispute", 10, "taken"),
        ("gift", 10, "taken"),
    ):
        with pytest.raises(psycopg.errors.CheckViolation):
            db.rows(call, person, payment, kind, amount, status)
    assert state(db, person) == (100, 0)
    db.rows(call, person, payment, "refund", 100, "taken")
    assert state(db, person) == (90, 0)


def test_the_amount_of_a_refund_may_be_corrected(db: Database) -> None:
    person = newcomer(db)
    payment, lot_id = pay(db, person, 100)
    for amount, taken in ((200, 20), (900, 90), (500, 50)):
        reverse(db, payment, "taken", amount)
        assert (state(db, person), lot(db, lot_id)["clawed_back"]) == ((100 - taken, 0), taken)
