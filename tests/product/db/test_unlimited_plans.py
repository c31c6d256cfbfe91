"""Unlimited plans: what they cover costs nothing, within a declared fair use."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from psycopg.rows import DictRow

from tests.support.database import Database, Refusal, credits_of, lift_limits, request, sign_up
from tests.support.sidecar import claim_one, report, submit, succeeded

ASK = "select * from public.request_generation(%s, 'a cat', gen_random_uuid(), null, %s)"
QUOTE = "select * from public.quote_generation('thumbnail')"
TABLES = ("profiles", "credit_lots", "credit_entries", "generations", "plan_uses")


def subscribe(
    db: Database, person: uuid.UUID, name: str = "all_in", *, day: int = 3, month: int = 5
) -> uuid.UUID:
    """Return this person an unlimited plan with this fair use."""
    db.rows(
        "insert into public.plans (plan_name, title, price_amount, is_unlimited,"
        " fair_use_per_day, fair_use_per_month) values (%s, 'All in', 0, true, %s, %s)"
        " on conflict do nothing",
        name,
        day,
        month,
    )
    row = db.rows(
        "insert into public.subscriptions (profile_id, plan_name, status, is_active)"
        " values (%s, %s, 'active', true) returning id",
        person,
        name,
    )
    assert isinstance(row[0]["id"], uuid.UUID)
    return row[0]["id"]


@pytest.fixture
def ana(db: Database) -> uuid.UUID:
    """Return a person with fifty credits whose plan covers three pictures a day, five a month."""
    person = sign_up(db)
    subscribe(db, person)
    db.rows(
        "update private.settings set max_running_generations = 100,"
        " max_generations_per_minute = 100 where id"
    )
    return person


def ask(
    db: Database,
    person: uuid.UUID,
    *,
    pay: bool | None = False,
    generation_type: str = "thumbnail",
) -> DictRow:
    return db.call(person, ASK, generation_type, pay)


def refused_ask(db: Database, person: uuid.UUID, *, pay: bool | None = False) -> Refusal:
    return db.refused(person, ASK, "thumbnail", pay)


def receipt(db: Database, person: uuid.UUID, generation_id: uuid.UUID) -> list[DictRow]:
    with db.acting_as("authenticated", person) as connection:
        return connection.execute(
            "select source, lot_id, subscription_id, credits_spent, credits_returned"
            " from public.generation_receipts where generation_id = %s",
            (generation_id,),
        ).fetchall()


def everything(db: Database) -> dict[str, Any]:
    return {
        table: db.rows(f"select t::text from public.{table} as t order by 1") for table in TABLES
    } | {"jobs": db.rows("select t::text from private.jobs as t order by 1")}


def age_uses(db: Database, age: str) -> None:
    """Make all uses of plans this old."""
    db.rows("update public.plan_uses set created_at = now() - %s::interval", age)


def test_a_covered_picture_costs_nothing_and_its_receipt_says_so(
    db: Database, ana: uuid.UUID
) -> None:
    generation = ask(db, ana)
    assert generation["credit_cost"] == 0
    assert credits_of(db, ana) == 50
    subscription = db.value("select id from public.subscriptions")
    assert receipt(db, ana, generation["id"]) == [
        {
            "source": "plan",
            "lot_id": None,
            "subscription_id": subscription,
            "credits_spent": 0,
            "credits_returned": 0,
        }
    ]
    kinds = db.rows("select kind from public.credit_entries where profile_id = %s", ana)
    assert kinds == [{"kind": "grant"}]
    # Somebody without a plan pays.
    ben = sign_up(db)
    assert ask(db, ben)["credit_cost"] == 10
    assert credits_of(db, ben) == 40


def test_somebody_without_credits_is_covered_too(db: Database, ana: uuid.UUID) -> None:
    db.rows("select private.operator_revoke(%s, 50, 'op', 'test', 'revoke')", ana)
    assert ask(db, ana)["credit_cost"] == 0
    assert credits_of(db, ana) == 0


def test_a_type_outside_the_plan_costs_credits(db: Database, ana: uuid.UUID) -> None:
    generation = ask(db, ana, generation_type="thumbnail_premium")
    assert generation["credit_cost"] == 30
    assert credits_of(db, ana) == 20
    (line,) = receipt(db, ana, generation["id"])
    assert (line["source"], line["credits_spent"]) == ("sign_up", 30)
    # It does not use the plan up either.
    assert db.value("select count(*) from public.plan_uses") == 0
    assert db.call(ana, QUOTE)["fair_use_left"] == 3


@pytest.mark.parametrize(
    ("change", "cost"),
    [
        ("update public.subscriptions set is_active = false", 10),
        (
            "update public.subscriptions set start_date = now() - interval '2 s', end_date = now()",
            10,
        ),
        ("update public.subscriptions set plan_name = 'monthly_25images'", 10),
        ("update public.generation_types set is_in_unlimited = false", 10),
        ("update public.subscriptions set end_date = now() + interval '1 minute'", 0),
        ("update public.subscriptions set cancel_at_period_end = true", 0),
        # No longer for sale, but paid for.
        ("update public.plans set is_enabled = false", 0),
    ],
    ids=["inactive", "ended", "limited", "type left out", "ends soon", "canceled", "not for sale"],
)
def test_only_a_plan_that_serves_now_covers(
    db: Database, ana: uuid.UUID, change: str, cost: int
) -> None:
    db.rows(change)
    assert db.call(ana, QUOTE)["cost_credits"] == cost
    assert ask(db, ana)["credit_cost"] == cost
    assert credits_of(db, ana) == 50 - cost


def test_past_the_fair_use_of_a_day_the_person_is_told_and_nothing_changes(
    db: Database, ana: uuid.UUID
) -> None:
    assert [ask(db, ana)["credit_cost"] for _ in range(3)] == [0, 0, 0]
    before = everything(db)
    for pay in (False, None):
        said = refused_ask(db, ana, pay=pay)
        assert (said.sqlstate, said.slug) == ("PT402", "fair_use_reached")
    until = db.value(
        "select to_char((min(created_at) + interval '24 hours') at time zone 'utc',"
        " 'YYYY-MM-DD HH24:MI \"UTC\"') from public.plan_uses"
    )
    assert said.detail == (
        f"The fair use of your plan is reached until {until}. This costs 10 credits now."
    )
    assert everything(db) == before


def test_past_fair_use_credits_pay_only_if_the_person_says_so(db: Database, ana: uuid.UUID) -> None:
    # Within fair use the plan pays whatever is said.
    assert [ask(db, ana, pay=True)["credit_cost"] for _ in range(3)] == [0, 0, 0]
    assert refused_ask(db, ana).slug == "fair_use_reached"
    generation = ask(db, ana, pay=True)
    assert generation["credit_cost"] == 10
    assert credits_of(db, ana) == 40
    (line,) = receipt(db, ana, generation["id"])
    assert (line["source"], line["credits_spent"]) == ("sign_up", 10)
    assert refused_ask(db, ana).slug == "fair_use_reached"


def test_past_fair_use_without_credits_the_missing_ones_are_named(
    db: Database, ana: uuid.UUID
) -> None:
    db.rows("select private.operator_revoke(%s, 43, 'op', 'test', 'revoke')", ana)
    for _ in range(3):
        ask(db, ana)
    said = refused_ask(db, ana, pay=True)
    assert (said.slug, said.detail) == (
        "insufficient_credits",
        "It costs 10 credits and 3 are missing.",
    )


def test_a_repeat_is_answered_when_fair_use_is_reached(db: Database, ana: uuid.UUID) -> None:
    key = uuid.uuid4()
    first = request(db, ana, idempotency_key=key)
    ask(db, ana)
    ask(db, ana)
    assert refused_ask(db, ana).slug == "fair_use_reached"
    assert request(db, ana, idempotency_key=key) == first
    assert db.value("select count(*) from public.plan_uses") == 3


def test_past_the_fair_use_of_a_month_too(db: Database, ana: uuid.UUID) -> None:
    for _ in range(3):
        ask(db, ana)
    age_uses(db, "25 hours")
    assert [ask(db, ana)["credit_cost"] for _ in range(2)] == [0, 0]
    said = refused_ask(db, ana)
    assert (said.sqlstate, said.slug) == ("PT402", "fair_use_reached")
    age_uses(db, "30 days")
    assert ask(db, ana)["credit_cost"] == 0


@pytest.mark.parametrize(
    ("column", "window"), [("fair_use_per_month", "24 hours"), ("fair_use_per_day", "30 days")]
)
def test_the_windows_roll_to_the_microsecond(
    db: Database, ana: uuid.UUID, column: str, window: str
) -> None:
    # One of the two windows has all the room in the world; the other is looked at.
    db.rows(f"update public.plans set {column} = 1000 where plan_name = 'all_in'")
    most = 3 if window == "24 hours" else 5
    for _ in range(most):
        ask(db, ana)
    look = (
        "select (c).uses_left, (c).next_use_at = now() + interval '1 microsecond' as is_next"
        " from (select private.plan_cover_of(%s, array(select p from public.plans as p"
        " where p.is_unlimited)) as c) as t"
    )
    for age, left, is_next in (("1 microsecond", 0, True), ("0", most, None)):
        with db.connect() as connection, connection.transaction(force_rollback=True):
            connection.execute(
                "update public.plan_uses set created_at = now() - %s::interval + %s::interval",
                (window, age),
            )
            row = connection.execute(look, (ana,)).fetchone()
        assert row == {"uses_left": left, "is_next": is_next}


def test_one_use_that_leaves_the_window_makes_room_for_one(db: Database, ana: uuid.UUID) -> None:
    first = ask(db, ana)["id"]
    ask(db, ana)
    ask(db, ana)
    db.rows(
        "update public.plan_uses set created_at = now() - interval '24 hours'"
        " where generation_id = %s",
        first,
    )
    assert ask(db, ana)["credit_cost"] == 0
    assert refused_ask(db, ana).slug == "fair_use_reached"


def cancel(db: Database, person: uuid.UUID) -> None:
    generation_id = db.value("select id from public.generations where finished_at is null")
    db.call(person, "select public.cancel_generation(%s)", generation_id)


def fail(db: Database, person: uuid.UUID) -> None:
    report(db, "report_provider_job", submit(db), {"status": "failed", "error": "NSFW content"})


def expire(db: Database, person: uuid.UUID) -> None:
    db.rows("update public.generations set deadline_at = now()")
    assert db.value("select private.sweep()")["expired"] == 1


def succeed(db: Database, person: uuid.UUID) -> None:
    report(db, "report_provider_job", submit(db), succeeded())
    store = claim_one(db, "store")
    report(db, "report_stored", store, {"object_path": store["payload"]["object_path"]})


@pytest.mark.parametrize(
    ("end", "status", "counts"),
    [
        (cancel, "canceled", False),
        (fail, "failed", False),
        (expire, "expired", False),
        (succeed, "succeeded", True),
    ],
)
def test_only_a_use_that_made_a_picture_counts(
    db: Database, ana: uuid.UUID, end: Any, status: str, *, counts: bool
) -> None:
    db.rows("update public.plans set fair_use_per_day = 1 where plan_name = 'all_in'")
    generation_id = ask(db, ana)["id"]
    assert refused_ask(db, ana).slug == "fair_use_reached"
    end(db, ana)
    assert db.value("select status from public.generations") == status
    # Nothing was paid, so nothing comes back but the use.
    assert credits_of(db, ana) == 50
    assert db.value("select count(*) from public.credit_entries") == 1
    assert (db.value("select returned_at from public.plan_uses") is None) == counts
    (line,) = receipt(db, ana, generation_id)
    assert (line["source"], line["credits_returned"]) == ("plan", 0)
    if counts:
        assert refused_ask(db, ana).slug == "fair_use_reached"
    else:
        assert ask(db, ana)["credit_cost"] == 0


def test_of_two_plans_the_more_generous_one_counts(db: Database, ana: uuid.UUID) -> None:
    larger = subscribe(db, ana, "all_in_more", day=4, month=100)
    assert db.call(ana, QUOTE)["fair_use_left"] == 4
    for left in (3, 2, 1, 0):
        assert ask(db, ana)["credit_cost"] == 0
        assert db.call(ana, QUOTE)["fair_use_left"] == left
    assert refused_ask(db, ana).slug == "fair_use_reached"
    used = db.rows("select distinct subscription_id from public.plan_uses")
    assert used == [{"subscription_id": larger}]
    # When the larger one ends, what was used counts towards the other.
    db.rows("update public.subscriptions set is_active = false where id = %s", larger)
    assert refused_ask(db, ana).slug == "fair_use_reached"


@pytest.mark.parametrize("order", [("daily", "monthly"), ("monthly", "daily")], ids="-".join)
def test_a_second_plan_takes_nothing_away(db: Database, order: tuple[str, str]) -> None:
    # One covers more a day, the other more a month.
    fair_use = {"daily": (3, 4), "monthly": (1, 100)}
    ana = sign_up(db)
    lift_limits(db)
    for name in order:
        day, month = fair_use[name]
        subscribe(db, ana, f"all_in_{name}", day=day, month=month)
    for left in (3, 2, 1):
        assert db.call(ana, QUOTE)["fair_use_left"] == left
        assert ask(db, ana)["credit_cost"] == 0
    assert refused_ask(db, ana).slug == "fair_use_reached"
    age_uses(db, "25 hours")
    # Of the month one is left here, and one a day there.
    assert ask(db, ana)["credit_cost"] == 0
    assert refused_ask(db, ana).slug == "fair_use_reached"
    age_uses(db, "50 hours")
    assert ask(db, ana)["credit_cost"] == 0
    assert refused_ask(db, ana).slug == "fair_use_reached"


@pytest.mark.parametrize("order", [(3, 4), (4, 3)], ids=["small first", "large first"])
def test_of_two_plans_the_one_that_covers_again_first_says_when(
    db: Database, order: tuple[int, int]
) -> None:
    ana = sign_up(db)
    for day in order:
        subscribe(db, ana, f"all_in_{day}", day=day, month=100)
    for hours in (20, 10, 5, 0):
        generation_id = ask(db, ana)["id"]
        db.rows(
            "update public.plan_uses set created_at = now() - make_interval(hours => %s)"
            " where generation_id = %s",
            hours,
            generation_id,
        )
    quote = db.call(ana, QUOTE)
    first = db.value("select min(created_at) + interval '24 hours' from public.plan_uses")
    assert (quote["fair_use_left"], quote["fair_use_resets_at"]) == (0, first)
    db.rows("update public.plan_uses set created_at = created_at - interval '4 hours'")
    assert ask(db, ana)["credit_cost"] == 0


def test_the_limits_hold_for_covered_pictures_too(db: Database, ana: uuid.UUID) -> None:
    db.rows("update private.settings set max_running_generations = 1 where id")
    ask(db, ana)
    assert refused_ask(db, ana).slug == "too_many_running"
    db.rows(
        "update private.settings set max_running_generations = 9,"
        " max_provider_spend_per_day_micros = 67000 where id"
    )
    assert refused_ask(db, ana).slug == "daily_capacity_reached"
    assert db.value("select count(*) from public.plan_uses") == 1
