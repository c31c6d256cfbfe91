"""Expiry: credits are gone when their time is, whether or not a sweep has run."""

from __future__ import annotations

import psycopg
import pytest

from tests.support.database import Database
from tests.support.economy import (
    available,
    claw_back,
    entries,
    expire,
    grant,
    lot,
    newcomer,
    pass_time,
    spend,
    state,
    sweep,
    unspend,
)


def days_left(db: Database, lot_id: int) -> float:
    return float(
        db.value(
            "select extract(epoch from expires_at - now()) / 86400"
            " from public.credit_lots where id = %s",
            lot_id,
        )
    )


def test_expired_credits_cannot_be_spent_before_the_sweep(db: Database) -> None:
    person = newcomer(db)
    gone, good = grant(db, person, 10), grant(db, person, 5)
    expire(db, gone)
    assert (state(db, person), available(db, person)) == ((15, 0), 5)
    with pytest.raises(psycopg.Error, match="insufficient_credits"):
        spend(db, person, 6)
    spend(db, person, 5)
    assert (lot(db, gone)["remaining"], lot(db, good)["remaining"]) == (10, 0)


def test_a_sweep_writes_one_entry_per_expired_lot_once(db: Database) -> None:
    person = newcomer(db)
    one, two, three = (grant(db, person, amount) for amount in (10, 20, 5))
    spend(db, person, 4)
    expire(db, one, two)
    assert sweep(db)["expired_lots"] == 2
    assert sweep(db)["expired_lots"] == 0
    assert sorted(entries(db, person, "expire")) == sorted(
        [("expire", one, -6, 0), ("expire", two, -20, 0)]
    )
    assert (state(db, person), available(db, person)) == ((5, 0), 5)
    assert lot(db, three)["remaining"] == 5


def test_what_can_be_spent_does_not_depend_on_the_sweep(db: Database) -> None:
    for is_swept in (True, False):
        person = newcomer(db)
        grant(db, person, 10, expires_in="1 day")
        grant(db, person, 20, expires_in="3 days")
        grant(db, person, 30)
        seen = []
        for _ in range(4):
            seen.append(available(db, person))
            pass_time(db, person, "1 day")
            if is_swept:
                sweep(db)
        assert seen == [60, 50, 50, 30], is_swept


def test_a_lot_is_gone_at_the_very_instant_of_its_expiry(db: Database) -> None:
    person = newcomer(db)
    with db.connect() as connection, connection.transaction(force_rollback=True):
        # now() stands still in a transaction.
        for offset, spendable in (("0", 0), ("1 microsecond", 10)):
            connection.execute(
                "select private.grant_credits(%s, 10, 'operator', %s, now() + %s::interval)",
                (person, offset, offset),
            )
            left = connection.execute(
                "select private.burn_lots(%s, 10, 'revoke', null, 'a test') as missing", (person,)
            ).fetchone()
            assert left == {"missing": 10 - spendable}
        swept = connection.execute(
            "select private.expire_profile_lots(%s) as lots", (person,)
        ).fetchone()
        assert swept == {"lots": 1}


def test_a_sweep_takes_the_lots_of_everybody_and_ends(db: Database) -> None:
    people = [newcomer(db) for _ in range(5)]
    for person in people:
        expire(db, *(grant(db, person, 1) for _ in range(3)))
    assert db.value("select private.expire_lots(2)") in (3, 6)
    sweep(db)
    assert [state(db, person) for person in people] == [(0, 0)] * 5
    assert db.value("select count(*) from public.credit_entries where kind = 'expire'") == 15


def test_a_late_grant_whose_time_is_past_is_never_available(db: Database) -> None:
    person = newcomer(db)
    owing = grant(db, person, 10)
    spend(db, person, 10)
    claw_back(db, owing, 10)
    late = grant(db, person, 30, expires_in="-1 day", key="late")
    # It is worth nothing, so it does not repay a debt either.
    assert (available(db, person), state(db, person)) == (0, (30, 10))
    with pytest.raises(psycopg.Error, match="insufficient_credits"):
        spend(db, person, 1)
    sweep(db)
    assert state(db, person) == (0, 10)
    assert grant(db, person, 30, key="late") == late
    assert state(db, person) == (0, 10)
    grant(db, person, 30, expires_in="1 day")
    assert (available(db, person), state(db, person)) == (20, (20, 0))


@pytest.mark.parametrize("is_swept", [True, False])
def test_a_refund_to_an_expired_lot_lives_again_and_revives_nothing_else(
    db: Database, is_swept: bool
) -> None:
    person = newcomer(db)
    lot_id = grant(db, person, 100)
    generation = spend(db, person, 30)
    expire(db, lot_id)
    if is_swept:
        sweep(db)
    assert unspend(db, generation) == 30
    assert (state(db, person), available(db, person)) == ((30, 0), 30)
    assert entries(db, person, "expire") == [("expire", lot_id, -70, 0)]
    assert 6.9 < days_left(db, lot_id) <= 7
    assert sweep(db)["expired_lots"] == 0
    # It can be spent, and what is not is gone when the grace has passed.
    spend(db, person, 10)
    pass_time(db, person, "7 days")
    assert available(db, person) == 0
    sweep(db)
    assert state(db, person) == (0, 0)


@pytest.mark.parametrize("is_swept", [True, False])
def test_two_refunds_to_an_expired_lot_both_live(db: Database, is_swept: bool) -> None:
    person = newcomer(db)
    lot_id = grant(db, person, 100)
    first, second = spend(db, person, 30), spend(db, person, 20)
    expire(db, lot_id)
    unspend(db, first)
    if is_swept:
        sweep(db)
    pass_time(db, person, "5 days")
    unspend(db, second)
    assert (state(db, person), available(db, person)) == ((50, 0), 50)
    # The lot was alive: the second refund moved no time.
    assert 1.9 < days_left(db, lot_id) <= 2
    expire(db, lot_id)
    sweep(db)
    assert state(db, person) == (0, 0)
    assert sum(amount for _, _, amount, _ in entries(db, person, "expire")) == -100


def test_the_grace_comes_from_the_settings(db: Database) -> None:
    db.rows("update private.settings set refund_grace = interval '2 days' where id")
    person = newcomer(db)
    lot_id = grant(db, person, 10)
    generation = spend(db, person, 10)
    expire(db, lot_id)
    unspend(db, generation)
    assert 1.9 < days_left(db, lot_id) <= 2


def test_a_refund_in_time_leaves_the_expiry_alone(db: Database) -> None:
    person = newcomer(db)
    lot_id = grant(db, person, 10, expires_in="3 days")
    unspend(db, spend(db, person, 4))
    assert 2.9 < days_left(db, lot_id) <= 3
    assert available(db, person) == 10


def test_an_operator_revokes_nothing_that_has_expired(db: Database) -> None:
    person = newcomer(db)
    lot_id = grant(db, person, 10)
    grant(db, person, 5)
    expire(db, lot_id)
    revoke = "select private.operator_revoke(%s, %s, 'ops', 'a test', %s)"
    with pytest.raises(psycopg.Error, match="insufficient_credits"):
        db.rows(revoke, person, 6, "too much")
    assert db.value(revoke, person, 5, "just right") is True
    assert (state(db, person), available(db, person)) == ((10, 0), 0)


def test_a_spend_and_its_refund_across_an_expiry_add_up(db: Database) -> None:
    person = newcomer(db)
    soon, never = grant(db, person, 10, expires_in="1 day"), grant(db, person, 100)
    generation = spend(db, person, 25)
    assert [lot(db, lot_id)["remaining"] for lot_id in (soon, never)] == [0, 85]
    pass_time(db, person, "2 days")
    unspend(db, generation)
    assert [lot(db, lot_id)["remaining"] for lot_id in (soon, never)] == [10, 100]
    assert (state(db, person), available(db, person)) == ((110, 0), 110)
    assert lot(db, never)["expires_at"] is None
