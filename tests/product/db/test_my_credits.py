"""RPC my_credits: the balance, explained; the same before a sweep and after it."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg.rows import DictRow

from tests.support.database import Database, credits_of, refusal, request, sign_up
from tests.support.economy import freeze, release, reverse
from tests.support.sidecar import claim_one, report, submit, succeeded

CALL = "select * from public.my_credits()"
NOTHING = {
    "available": 0,
    "held": 0,
    "frozen": 0,
    "debt": 0,
    "expiring_soon": 0,
    "expiring_at": None,
    "next_grant_credits": 0,
    "next_grant_at": None,
}


@pytest.fixture
def poor(db: Database) -> uuid.UUID:
    """Return a person who starts without credits."""
    db.rows("update private.settings set sign_up_credits = 0 where id")
    return sign_up(db)


def mine(db: Database, person: uuid.UUID) -> DictRow:
    return db.call(person, CALL)


def says(db: Database, person: uuid.UUID, **changes: Any) -> None:
    """Check every number: all are zero but for these."""
    assert mine(db, person) == NOTHING | changes


def grant(db: Database, person: uuid.UUID, amount: int, expires_in: str | None = None) -> int:
    key = uuid.uuid4().hex
    db.rows(
        "select private.grant_credits(%s, %s, 'operator', %s, now() + %s::interval)",
        person,
        amount,
        key,
        expires_in,
    )
    return int(db.value("select id from public.credit_lots where grant_key = %s", key))


def expiry(db: Database, lot: int) -> datetime:
    found = db.value("select expires_at from public.credit_lots where id = %s", lot)
    assert isinstance(found, datetime)
    return found


def sweep(db: Database) -> int:
    """Sweep until there is nothing more; return how many lots expired."""
    lots = 0
    for _ in range(10):
        done = db.value("select private.sweep()")
        lots += int(done["expired_lots"])
        if not any(done.values()):
            return lots
    raise AssertionError(done)


def test_somebody_new_has_nothing_but_the_sign_up_credits(db: Database, poor: uuid.UUID) -> None:
    says(db, poor)
    db.rows("update private.settings set sign_up_credits = 50 where id")
    says(db, sign_up(db), available=50)


def test_held_is_burned_and_comes_back_when_there_is_no_picture(
    db: Database, poor: uuid.UUID
) -> None:
    grant(db, poor, 50)
    first = request(db, poor)["id"]
    request(db, poor, generation_type="thumbnail_draft")
    says(db, poor, available=38, held=12)
    db.call(poor, "select public.cancel_generation(%s)", first)
    says(db, poor, available=48, held=2)


def test_held_ends_with_the_picture(db: Database, poor: uuid.UUID) -> None:
    grant(db, poor, 50)
    request(db, poor)
    report(db, "report_provider_job", submit(db), succeeded())
    store = claim_one(db, "store")
    says(db, poor, available=40, held=10)
    report(db, "report_stored", store, {"object_path": store["payload"]["object_path"]})
    says(db, poor, available=40)


def test_frozen_is_apart_until_the_last_reason_is_gone(db: Database, poor: uuid.UUID) -> None:
    grant(db, poor, 5)
    lot = grant(db, poor, 20)
    for key in ("one", "two"):
        freeze(db, lot, key)
    says(db, poor, available=5, frozen=20)
    release(db, lot, "one")
    says(db, poor, available=5, frozen=20)
    release(db, lot, "two")
    says(db, poor, available=25)


def test_debt_shows_until_what_comes_in_has_repaid_it(db: Database, poor: uuid.UUID) -> None:
    payment = db.value(
        "select private.apply_payment(%s, 'pi_1', 'pack', 'pack', 500, 'usd', 30)", poor
    )
    request(db, poor, generation_type="thumbnail_premium")
    reverse(db, payment, "taken", 500, key="re_1")
    says(db, poor, held=30, debt=30)
    grant(db, poor, 12)
    says(db, poor, held=30, debt=18)
    grant(db, poor, 20)
    says(db, poor, held=30, available=2)


def test_the_next_expiry_is_named_with_all_that_goes_then(db: Database, poor: uuid.UUID) -> None:
    grant(db, poor, 1)
    grant(db, poor, 7, "9 days")
    first, second = grant(db, poor, 5, "1 day"), grant(db, poor, 4, "1 day")
    db.rows(
        "update public.credit_lots set expires_at = %s where id = %s", expiry(db, first), second
    )
    frozen = grant(db, poor, 3, "1 hour")
    freeze(db, frozen, "held")
    at = expiry(db, first)
    says(db, poor, available=17, frozen=3, expiring_soon=9, expiring_at=at)
    # Exactly these burn first.
    request(db, poor, generation_type="thumbnail_draft")
    says(db, poor, available=15, held=2, frozen=3, expiring_soon=7, expiring_at=at)


@dataclass(frozen=True)
class Lot:
    """A lot of somebody's: how long it lives in days (0: expired), and whether it is frozen."""

    amount: int
    days: int | None
    is_frozen: bool


lots = st.lists(
    st.builds(Lot, st.integers(1, 9), st.sampled_from([None, 0, 1, 2]), st.booleans()), max_size=6
)


def put(db: Database, person: uuid.UUID, lots: list[Lot]) -> None:
    """Give somebody these lots; then let those expire whose time has come."""
    late = []
    for lot in lots:
        lot_id = grant(db, person, lot.amount, f"{lot.days} days 1 hour" if lot.days else None)
        if lot.is_frozen:
            freeze(db, lot_id, "held")
        if lot.days == 0:
            late.append(lot_id)
    db.rows(
        "update public.credit_lots set expires_at = now() - interval '1 second' where id = any(%s)",
        late,
    )


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(lots=lots)
def test_a_sweep_changes_nothing_that_a_person_sees(db: Database, lots: list[Lot]) -> None:
    db.rows("update private.settings set sign_up_credits = 0 where id")
    person = sign_up(db)
    put(db, person, lots)
    free = [lot for lot in lots if not lot.is_frozen and lot.days != 0]
    next_days = min((lot.days for lot in free if lot.days is not None), default=None)
    before = mine(db, person)
    assert before["available"] == sum(lot.amount for lot in free)
    assert before["frozen"] == sum(lot.amount for lot in lots if lot.is_frozen)
    soon = next((lot.amount for lot in free if lot.days == next_days is not None), 0)
    assert before["expiring_soon"] == soon
    assert (before["expiring_at"] is None) == (next_days is None)
    expired = [lot for lot in lots if not lot.is_frozen and lot.days == 0]
    assert credits_of(db, person) - before["available"] - before["frozen"] == sum(
        lot.amount for lot in expired
    )

    assert sweep(db) == len(expired)
    assert mine(db, person) == before
    assert credits_of(db, person) == before["available"] + before["frozen"]


def subscribe(db: Database, person: uuid.UUID, plan: str, **columns: str) -> uuid.UUID:
    """Subscribe to a plan; the columns are SQL."""
    values = {
        "status": "'active'",
        "is_active": "true",
        "current_period_start": "now() - interval '10 days'",
        "current_period_end": "now() + interval '20 days'",
        "next_grant_at": "now() + interval '20 days'",
    } | columns
    row = db.rows(
        f"insert into public.subscriptions (profile_id, plan_name, {', '.join(values)})"
        f" values (%s, %s, {', '.join(values.values())}) returning id",
        person,
        plan,
    )
    assert isinstance(row[0]["id"], uuid.UUID)
    return row[0]["id"]


def next_grant(db: Database, person: uuid.UUID) -> tuple[int, datetime | None]:
    summary = mine(db, person)
    return summary["next_grant_credits"], summary["next_grant_at"]


GRANT_AT = "select next_grant_at from public.subscriptions where id = %s"


def test_the_next_grant_is_the_earliest_of_ones_plans(db: Database, poor: uuid.UUID) -> None:
    subscribe(db, poor, "monthly_100images")
    sooner = subscribe(db, poor, "monthly_25images", next_grant_at="now() + interval '3 days'")
    subscribe(db, poor, "monthly_unlimited", next_grant_at="now() + interval '1 day'")
    assert next_grant(db, poor) == (250, db.value(GRANT_AT, sooner))
    says(db, poor, next_grant_credits=250, next_grant_at=db.value(GRANT_AT, sooner))
    says(db, sign_up(db))


@pytest.mark.parametrize(
    ("columns", "comes"),
    [
        ({}, True),
        ({"is_active": "false"}, False),
        ({"next_grant_at": "null"}, False),
        ({"next_grant_at": "now() - interval '1 minute'"}, False),
        ({"end_date": "now() + interval '5 days'"}, False),
        ({"end_date": "now() + interval '25 days'"}, True),
        ({"cancel_at_period_end": "true"}, False),
        # Paid by the year: the months of the running year still come.
        (
            {
                "cancel_at_period_end": "true",
                "current_period_end": "now() + interval '200 days'",
            },
            True,
        ),
    ],
    ids=str,
)
def test_a_next_grant_is_promised_only_if_it_will_come(
    db: Database, poor: uuid.UUID, columns: dict[str, str], *, comes: bool
) -> None:
    subscription = subscribe(db, poor, "monthly_25images", **columns)
    promised = (250, db.value(GRANT_AT, subscription)) if comes else (0, None)
    assert next_grant(db, poor) == promised


def test_a_plan_that_is_no_longer_for_sale_still_promises_its_grant(
    db: Database, poor: uuid.UUID
) -> None:
    subscription = subscribe(db, poor, "monthly_25images")
    db.rows("update public.plans set is_enabled = false")
    assert next_grant(db, poor) == (250, db.value(GRANT_AT, subscription))


def test_nobody_sees_credits_without_signing_in(db: Database) -> None:
    ana = sign_up(db)
    with pytest.raises(psycopg.Error) as caught:
        db.call(None, CALL)
    assert refusal(caught.value).sqlstate == "42501"
    # A token without a person, or of somebody else's project, shows nobody's.
    for stranger in (None, uuid.uuid4()):
        with (
            pytest.raises(psycopg.Error) as caught,
            db.acting_as("authenticated", stranger) as connection,
        ):
            connection.execute(CALL)
        assert (caught.value.sqlstate, refusal(caught.value).slug) == ("PT401", "not_signed_in")
    says(db, ana, available=50)
