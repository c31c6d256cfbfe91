"""Freezes: a dispute or an operator holds a lot, and a release gives back exactly that."""

from __future__ import annotations

import uuid

import psycopg
import pytest

from tests.support.database import Database
from tests.support.economy import (
    available,
    claw_back,
    entries,
    expire,
    freeze,
    grant,
    lot,
    newcomer,
    pay,
    release,
    reverse,
    spend,
    state,
    sweep,
    unspend,
)

HELD = "select frozen, available, debt from public.my_credits()"


def operator(
    db: Database, action: str, person: uuid.UUID, lot_id: int | None = None, key: str = "k"
) -> int:
    """Freeze or release as an operator; return the number of lots."""
    return int(
        db.value(
            f"select private.operator_{action}(%s, %s, 'ops', 'a test', %s)", person, lot_id, key
        )
    )


def days_left(db: Database, lot_id: int) -> int | None:
    days = db.value(
        "select round(extract(epoch from expires_at - now()) / 86400)"
        " from public.credit_lots where id = %s",
        lot_id,
    )
    return None if days is None else int(days)


def test_funds_withdrawn_when_a_dispute_opens_claw_nothing_back(db: Database) -> None:
    person = newcomer(db)
    payment, lot_id = pay(db, person, 100)
    spend(db, person, 30)
    reverse(db, payment, "open")
    assert state(db, person) == (70, 0)
    assert (lot(db, lot_id)["clawed_back"], entries(db, person, "claw_back")) == (0, [])
    assert db.call(person, HELD) == {"frozen": 70, "available": 0, "debt": 0}
    with pytest.raises(psycopg.Error, match="insufficient_credits"):
        spend(db, person, 1)


def test_a_won_dispute_releases_exactly_what_was_frozen(db: Database) -> None:
    person = newcomer(db)
    payment, lot_id = pay(db, person, 100)
    spend(db, person, 30)
    before = lot(db, lot_id)
    reverse(db, payment, "open")
    reverse(db, payment, "won")
    assert (state(db, person), available(db, person)) == ((70, 0), 70)
    assert lot(db, lot_id) == before
    assert entries(db, person, "reinstate", "claw_back", "refund", "restore") == []


def test_a_dispute_does_not_freeze_what_another_payment_bought(db: Database) -> None:
    person = newcomer(db)
    payment, _ = pay(db, person, 100)
    pay(db, person, 20)
    reverse(db, payment, "open")
    assert db.call(person, HELD) == {"frozen": 100, "available": 20, "debt": 0}
    spend(db, person, 20)
    assert state(db, person) == (100, 0)


def test_two_freezes_on_one_lot_both_have_to_end(db: Database) -> None:
    person = newcomer(db)
    lot_id = grant(db, person, 10)
    assert (freeze(db, lot_id, "one"), freeze(db, lot_id, "two")) == (True, True)
    since = lot(db, lot_id)["frozen_at"]
    assert since is not None
    assert release(db, lot_id, "one") is True
    assert (lot(db, lot_id)["frozen_at"], available(db, person)) == (since, 0)
    # A repeat, and a freeze that never was, end nothing.
    assert (release(db, lot_id, "one"), release(db, lot_id, "three")) == (False, False)
    assert available(db, person) == 0
    assert release(db, lot_id, "two") is True
    assert (lot(db, lot_id)["frozen_at"], available(db, person)) == (None, 10)


def test_a_freeze_that_ended_does_not_begin_again(db: Database) -> None:
    person = newcomer(db)
    lot_id = grant(db, person, 10)
    assert [freeze(db, lot_id), freeze(db, lot_id)] == [True, False]
    assert [release(db, lot_id), release(db, lot_id)] == [True, False]
    # The event that opened the dispute, delivered late or twice.
    assert freeze(db, lot_id) is False
    assert available(db, person) == 10


def test_a_dispute_that_opens_late_stays_closed(db: Database) -> None:
    person = newcomer(db)
    payment, lot_id = pay(db, person, 100)
    reverse(db, payment, "won")
    reverse(db, payment, "open")
    assert (lot(db, lot_id)["frozen_at"], available(db, person)) == (None, 100)
    other, lost = pay(db, person, 100)
    reverse(db, other, "lost")
    reverse(db, other, "open")
    assert (lot(db, lost)["frozen_at"], state(db, person)) == (None, (100, 0))


def test_of_two_disputes_the_open_one_holds(db: Database) -> None:
    person = newcomer(db)
    payment, lot_id = pay(db, person, 100)
    for key in ("d1", "d2"):
        reverse(db, payment, "open", 500, key=key)
    status = "select dispute_status from public.payments where id = %s"
    reverse(db, payment, "won", 500, key="d1")
    assert (db.value(status, payment), available(db, person)) == ("open", 0)
    reverse(db, payment, "lost", 500, key="d2")
    assert (db.value(status, payment), available(db, person)) == ("lost", 50)
    assert lot(db, lot_id)["frozen_at"] is None


def test_an_operator_and_a_dispute_hold_a_lot_on_their_own(db: Database) -> None:
    person = newcomer(db)
    payment, lot_id = pay(db, person, 100)
    free = grant(db, person, 10)
    reverse(db, payment, "open")
    assert operator(db, "freeze", person) == 2
    assert available(db, person) == 0
    # The operator's release leaves the dispute's freeze alone...
    assert operator(db, "release", person, key="r") == 2
    assert (available(db, person), lot(db, free)["frozen_at"]) == (10, None)
    assert lot(db, lot_id)["frozen_at"] is not None
    # ...and the end of the dispute leaves the operator's.
    assert operator(db, "freeze", person, lot_id, key="again") == 1
    reverse(db, payment, "won")
    assert available(db, person) == 10
    assert operator(db, "release", person, lot_id, key="at last") == 1
    assert (available(db, person), state(db, person)) == (110, (110, 0))


def test_a_frozen_lot_does_not_expire_and_gets_time_when_it_is_released(db: Database) -> None:
    person = newcomer(db)
    lot_id = grant(db, person, 10, expires_in="1 day")
    freeze(db, lot_id)
    expire(db, lot_id)
    assert sweep(db)["expired_lots"] == 0
    assert db.call(person, HELD) == {"frozen": 10, "available": 0, "debt": 0}
    release(db, lot_id)
    assert (days_left(db, lot_id), available(db, person)) == (7, 10)
    # That time ends too.
    expire(db, lot_id)
    assert (available(db, person), sweep(db)["expired_lots"]) == (0, 1)
    assert state(db, person) == (0, 0)


def test_a_release_in_time_leaves_the_expiry_alone(db: Database) -> None:
    person = newcomer(db)
    soon, never = grant(db, person, 10, expires_in="2 days"), grant(db, person, 10)
    for lot_id in (soon, never):
        freeze(db, lot_id)
        release(db, lot_id)
    assert (days_left(db, soon), days_left(db, never)) == (2, None)


def test_the_time_after_a_release_comes_from_the_settings(db: Database) -> None:
    db.rows("update private.settings set refund_grace = interval '3 days' where id")
    person = newcomer(db)
    lot_id = grant(db, person, 10, expires_in="1 day")
    freeze(db, lot_id)
    expire(db, lot_id)
    release(db, lot_id)
    assert days_left(db, lot_id) == 3


@pytest.mark.parametrize("is_swept", [True, False])
def test_a_freeze_does_not_save_what_had_expired(db: Database, is_swept: bool) -> None:
    person = newcomer(db)
    payment, lot_id = pay(db, person, 100, expires_in="1 day")
    expire(db, lot_id)
    if is_swept:
        sweep(db)
    reverse(db, payment, "open")
    assert (state(db, person), available(db, person)) == ((0, 0), 0)
    reverse(db, payment, "won")
    assert (state(db, person), available(db, person)) == ((0, 0), 0)
    assert entries(db, person, "expire") == [("expire", lot_id, -100, 0)]


def test_a_refund_into_a_frozen_lot_stays_frozen(db: Database) -> None:
    person = newcomer(db)
    payment, lot_id = pay(db, person, 100, expires_in="1 day")
    generation = spend(db, person, 40)
    reverse(db, payment, "open")
    expire(db, lot_id)
    assert unspend(db, generation) == 40
    assert db.call(person, HELD) == {"frozen": 100, "available": 0, "debt": 0}
    assert entries(db, person, "expire") == []
    reverse(db, payment, "won")
    assert (available(db, person), days_left(db, lot_id)) == (100, 7)


def test_a_lost_dispute_takes_a_frozen_lot(db: Database) -> None:
    person = newcomer(db)
    payment, lot_id = pay(db, person, 100)
    spend(db, person, 30)
    reverse(db, payment, "open")
    reverse(db, payment, "lost")
    assert state(db, person) == (0, 30)
    row = lot(db, lot_id)
    assert (row["remaining"], row["clawed_back"], row["owed"]) == (0, 100, 30)


def test_of_a_dispute_lost_in_part_the_rest_is_free(db: Database) -> None:
    person = newcomer(db)
    payment, lot_id = pay(db, person, 100, expires_in="1 day")
    reverse(db, payment, "open", 400)
    expire(db, lot_id)
    reverse(db, payment, "lost", 400)
    assert (state(db, person), available(db, person)) == ((60, 0), 60)
    assert days_left(db, lot_id) == 7


def test_frozen_credits_repay_no_debt_and_hide_none(db: Database) -> None:
    person = newcomer(db)
    first, owing = pay(db, person, 100)
    spend(db, person, 100)
    held = grant(db, person, 50)
    freeze(db, held)
    reverse(db, first, "taken")
    assert db.call(person, HELD) == {"frozen": 50, "available": 0, "debt": 100}
    release(db, held)
    # Neither does the release: it is the grants that repay.
    assert (state(db, person), available(db, person)) == ((50, 100), 50)
    grant(db, person, 30)
    assert (state(db, person), lot(db, owing)["owed"]) == ((50, 70), 70)


def test_the_balance_does_not_move_when_a_lot_is_held_and_let_go(db: Database) -> None:
    person = newcomer(db)
    lot_id = grant(db, person, 10)
    for key in ("a", "b"):
        freeze(db, lot_id, key)
        claw_back(db, lot_id, 0)
        assert state(db, person) == (10, 0)
        release(db, lot_id, key)
    count = "select entry_count from public.profiles where id = %s"
    assert (state(db, person), db.value(count, person)) == ((10, 0), 1)
