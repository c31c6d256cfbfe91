"""What is burned, repaid and expired first follows from time, not from numbers that were given."""

from __future__ import annotations

import uuid

from tests.support.database import Database, request
from tests.support.economy import claw_back, grant, newcomer, spend, state

# As a restored sequence or a second node may number it: later, with a smaller id.
LATER_AND_SMALLER = """
    insert into public.credit_lots (
        id, profile_id, source, grant_key, amount, remaining, created_at
    )
    overriding system value
    values (%s, %s, 'operator', %s, %s, %s, now() + interval '1 second')
"""


def put_later(db: Database, person: uuid.UUID, first: int, amount: int) -> int:
    """Grant a lot that was made after another one, and has a smaller id."""
    smaller = -first
    key = f"later:{person}"
    db.rows(LATER_AND_SMALLER, smaller, person, key, amount, amount)
    return smaller


def test_a_lot_made_later_with_a_smaller_id_is_burned_later(db: Database) -> None:
    person = newcomer(db)
    first = grant(db, person, 10)
    later = put_later(db, person, first, 10)
    generation = request(db, person)["id"]
    burned = "select lot_id from public.credit_entries where generation_id = %s"
    assert [row["lot_id"] for row in db.rows(burned, generation)] == [first]
    # Positive control: it is burned when its turn comes.
    generation = request(db, person)["id"]
    assert [row["lot_id"] for row in db.rows(burned, generation)] == [later]


def test_a_debt_of_a_lot_made_later_with_a_smaller_id_is_repaid_later(db: Database) -> None:
    person = newcomer(db)
    first = grant(db, person, 10)
    later = put_later(db, person, first, 10)
    spend(db, person, 20)
    claw_back(db, later, 10)
    claw_back(db, first, 10)
    assert state(db, person) == (0, 20)
    grant(db, person, 10)
    owed = "select owed from public.credit_lots where id = %s"
    assert (db.value(owed, first), db.value(owed, later)) == (0, 10)
    grant(db, person, 10)
    assert db.value(owed, later) == 0
