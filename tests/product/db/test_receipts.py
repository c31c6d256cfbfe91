"""Receipts: which credits paid for a picture, and what a lot bought."""

from __future__ import annotations

import uuid

from tests.support.database import Database, request, sign_up

RECEIPT = "select * from public.generation_receipts where {} = %s order by lot_id, generation_id"


def receipts(
    db: Database, person: uuid.UUID, column: str, value: object
) -> list[tuple[object, ...]]:
    with db.acting_as("authenticated", person) as connection:
        rows = connection.execute(RECEIPT.format(column).encode(), (value,)).fetchall()
    return [(row["source"], row["credits_spent"], row["credits_returned"]) for row in rows]


def test_a_picture_shows_which_lots_paid_and_a_lot_what_it_bought(db: Database) -> None:
    ana = sign_up(db)
    code = db.value("select referral_code from public.profiles where id = %s", ana)
    ben = sign_up(db, data={"referral": code})
    first, second = (request(db, ana, generation_type="thumbnail_premium")["id"] for _ in range(2))
    assert receipts(db, ana, "generation_id", first) == [("sign_up", 30, 0)]
    assert receipts(db, ana, "generation_id", second) == [("sign_up", 20, 0), ("referral", 10, 0)]

    db.call(ana, "select public.cancel_generation(%s)", second)
    assert receipts(db, ana, "generation_id", second) == [
        ("sign_up", 20, 20),
        ("referral", 10, 10),
    ]

    lot = db.value("select id from public.credit_lots where grant_key = %s", f"sign_up:{ana}")
    assert receipts(db, ana, "lot_id", lot) == [("sign_up", 30, 0), ("sign_up", 20, 20)]
    # Ben sees his own receipts and none of Ana's.
    assert receipts(db, ben, "lot_id", lot) == []
    own = request(db, ben)["id"]
    assert receipts(db, ben, "generation_id", own) == [("sign_up", 10, 0)]
