"""Lots and entries: burn order, refunds, and that nobody rewrites the past."""

from __future__ import annotations

import uuid

import psycopg
import pytest

from tests.support.database import Database, credits_of, refusal, request, sign_up


def grant(db: Database, person: uuid.UUID, amount: int, key: str, **columns: object) -> int:
    db.rows("select private.grant_credits(%s, %s, 'operator', %s)", person, amount, key)
    for column, value in columns.items():
        db.rows(
            f"update public.credit_lots set {column} = {value} where grant_key = %s",
            key,
        )
    return int(db.value("select id from public.credit_lots where grant_key = %s", key))


def taken(db: Database, generation_id: uuid.UUID, kind: str = "spend") -> list[tuple[int, int]]:
    rows = db.rows(
        "select lot_id, amount from public.credit_entries"
        " where generation_id = %s and kind = %s order by entry_number",
        generation_id,
        kind,
    )
    return [(row["lot_id"], row["amount"]) for row in rows]


@pytest.fixture
def poor(db: Database) -> uuid.UUID:
    """Return a person who starts without credits."""
    db.rows("update private.settings set sign_up_credits = 0 where id")
    return sign_up(db)


def test_a_grant_with_a_used_key_grants_nothing(db: Database, poor: uuid.UUID) -> None:
    call = "select private.grant_credits(%s, 10, 'operator', 'once')"
    assert db.value(call, poor) is True
    assert db.value(call, poor) is False
    assert credits_of(db, poor) == 10


def test_lots_burn_by_priority_then_expiry_then_age(db: Database, poor: uuid.UUID) -> None:
    later = "now() + interval '2 days'"
    sooner = "now() + interval '1 day'"
    fourth = grant(db, poor, 4, "never expires, older")
    fifth = grant(db, poor, 5, "never expires, younger")
    third = grant(db, poor, 3, "expires later", expires_at=later)
    second = grant(db, poor, 2, "expires sooner", expires_at=sooner)
    first = grant(db, poor, 1, "goes first", priority=1)
    generation = request(db, poor)
    assert taken(db, generation["id"]) == [
        (first, -1),
        (second, -2),
        (third, -3),
        (fourth, -4),
    ]
    assert credits_of(db, poor) == 5
    assert db.value("select remaining from public.credit_lots where id = %s", fifth) == 5


def test_frozen_and_expired_lots_are_not_burned(db: Database, poor: uuid.UUID) -> None:
    grant(db, poor, 20, "frozen", frozen_at="now()")
    grant(db, poor, 20, "expired", expires_at="now() - interval '1 second'")
    good = grant(db, poor, 10, "good")
    assert db.call(poor, "select available from public.my_credits()") == {"available": 10}
    assert taken(db, request(db, poor)["id"]) == [(good, -10)]
    said = db.refused(
        poor,
        "select public.request_generation('thumbnail_draft', 'a cat', gen_random_uuid())",
    )
    assert (said.slug, said.detail) == (
        "insufficient_credits",
        "It costs 2 credits and 2 are missing.",
    )
    assert credits_of(db, poor) == 40


def test_my_credits_names_the_next_expiry(db: Database, poor: uuid.UUID) -> None:
    grant(db, poor, 5, "soon", expires_at="now() + interval '1 day'")
    grant(db, poor, 7, "late", expires_at="now() + interval '9 days'")
    summary = db.call(poor, "select *, expiring_at > now() as ahead from public.my_credits()")
    assert (summary["available"], summary["expiring_soon"], summary["ahead"]) == (12, 5, True)


def test_a_refund_goes_back_to_the_same_lots_once(db: Database, poor: uuid.UUID) -> None:
    one, two = grant(db, poor, 4, "one"), grant(db, poor, 20, "two")
    generation = request(db, poor)
    assert taken(db, generation["id"]) == [(one, -4), (two, -6)]
    db.call(poor, "select public.cancel_generation(%s)", generation["id"])
    assert taken(db, generation["id"], "refund") == [(one, 4), (two, 6)]
    assert credits_of(db, poor) == 24
    # With room in the lots again, it is the unique constraint that stands in the way.
    request(db, poor)
    with pytest.raises(psycopg.errors.UniqueViolation):
        db.rows("select private.refund_generation(%s, %s)", poor, generation["id"])
    assert credits_of(db, poor) == 14


@pytest.mark.parametrize(
    "statement",
    [
        "update public.credit_entries set amount = 1000000",
        "update public.credit_entries set amount = 1 where false",
        "delete from public.credit_entries",
        "truncate public.credit_entries cascade",
    ],
)
def test_the_ledger_is_append_only_for_its_owner_too(db: Database, statement: str) -> None:
    ana = sign_up(db)
    for role in ("postgres", "supabase_admin"):
        with pytest.raises(psycopg.Error) as caught:
            db.rows(statement, role=role)
        assert refusal(caught.value).slug == "append_only"
    request(db, ana)
    assert credits_of(db, ana) == 40


def test_a_v7_key_carries_the_time_and_sorts_by_it(db: Database) -> None:
    ms = "floor(extract(epoch from clock_timestamp()) * 1000)"
    rows = db.rows(
        f"select {ms} as before, private.uuid_v7() as key, {ms} as after"
        " from generate_series(1, 2000)"
    )
    keys = [row["key"] for row in rows]
    assert {(key.version, key.variant) for key in keys} == {(7, uuid.RFC_4122)}
    assert all(row["before"] <= int(row["key"].hex[:12], 16) <= row["after"] for row in rows)
    assert len(set(keys)) == 2000
    # In order to a quarter of a microsecond; two draws within one microsecond may swap.
    assert [key.hex[:16] for key in keys] == sorted(key.hex[:16] for key in keys)
