"""RPC quote_generation: what it says is what request_generation then does."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg.rows import DictRow

from tests.support.database import Database, Refusal, credits_of, lift_limits, refusal, sign_up

QUOTE = "select * from public.quote_generation(%s)"
ASK = "select * from public.request_generation(%s, 'a cat', gen_random_uuid(), null, %s)"
COST = {"thumbnail": 10, "thumbnail_premium": 30, "thumbnail_draft": 2}
COVERED = {"thumbnail", "thumbnail_draft"}


@dataclass(frozen=True)
class Plan:
    """An unlimited plan, and how many it covered yesterday, today, and without a picture."""

    day: int
    month: int
    is_active: bool
    yesterday: int
    today: int
    returned: int

    @property
    def left(self) -> int:
        today = min(self.today, self.day)
        this_month = min(self.today + self.yesterday, self.month)
        return min(self.day - today, self.month - this_month)


@dataclass(frozen=True)
class Wallet:
    """What somebody has when they ask."""

    free: int
    frozen: int
    expired: int
    plan: Plan | None


small = st.integers(0, 3)
plans = st.builds(Plan, st.integers(1, 3), st.integers(1, 4), st.booleans(), small, small, small)
people = st.builds(
    Wallet,
    st.sampled_from([0, 1, 2, 9, 10, 11, 29, 30, 31, 80]),
    st.sampled_from([0, 30]),
    st.sampled_from([0, 30]),
    st.none() | plans,
)


def make(db: Database, person: Wallet) -> uuid.UUID:
    """Make a person as described."""
    user_id = sign_up(db)
    with db.connect() as connection:
        for amount, key in (
            (person.free, "free"),
            (person.frozen, "frozen"),
            (person.expired, "expired"),
        ):
            connection.execute(
                "select private.grant_credits(%s, %s, 'operator', %s,"
                " case when %s = 'expired' then now() + interval '1 microsecond' end)",
                (user_id, amount, f"{key}:{user_id}", key),
            )
        connection.execute(
            "select private.freeze_lot(l.profile_id, l.id, 'held', 'test')"
            " from public.credit_lots as l where l.grant_key = %s",
            (f"frozen:{user_id}",),
        )
    if person.plan is not None:
        put_plan(db, user_id, person.plan)
    return user_id


def put_plan(db: Database, user_id: uuid.UUID, plan: Plan) -> None:
    name = f"p_{user_id.hex}"
    with db.connect() as connection:
        connection.execute(
            "insert into public.plans (plan_name, title, price_amount, is_unlimited,"
            " fair_use_per_day, fair_use_per_month) values (%s, 'All in', 0, true, %s, %s)",
            (name, plan.day, plan.month),
        )
        connection.execute(
            "insert into public.subscriptions (profile_id, plan_name, status, is_active)"
            " values (%s, %s, 'active', %s)",
            (user_id, name, plan.is_active),
        )
        for times, age, is_returned in (
            (plan.yesterday, "25 hours", False),
            (plan.today, "1 hour", False),
            (plan.returned, "2 hours", True),
        ):
            connection.execute(
                "with g as ("
                " insert into public.generations (profile_id, generation_type, status, prompt,"
                "  credit_cost, idempotency_key, deadline_at, finished_at)"
                " select %s, 'thumbnail', 'canceled', 'a cat', 0, gen_random_uuid(), now(), now()"
                " from generate_series(1, %s) returning id)"
                " insert into public.plan_uses"
                "  (generation_id, profile_id, subscription_id, created_at, returned_at)"
                " select g.id, s.profile_id, s.id, now() - %s::interval,"
                "  case when %s then now() end"
                " from g, public.subscriptions as s where s.profile_id = %s",
                (user_id, times, age, is_returned, user_id),
            )


def expected(person: Wallet, type_key: str) -> dict[str, object]:
    """Return what the quote must be."""
    plan = person.plan
    serves = plan is not None and plan.is_active and type_key in COVERED
    left = plan.left if plan is not None and serves else None
    if left:
        return {
            "cost_credits": 0,
            "is_covered": True,
            "is_affordable": True,
            "missing_credits": 0,
            "fair_use_left": left,
        }
    cost = COST[type_key]
    return {
        "cost_credits": cost,
        "is_covered": False,
        "is_affordable": person.free >= cost,
        "missing_credits": max(cost - person.free, 0),
        "fair_use_left": left,
    }


def ask(db: Database, user_id: uuid.UUID, type_key: str, *, pay: bool) -> DictRow | Refusal:
    try:
        return db.call(user_id, ASK, type_key, pay)
    except psycopg.Error as error:
        return refusal(error)


@pytest.fixture
def market(db: Database) -> Database:
    """Return a database where people start without credits and may ask as much as they like."""
    lift_limits(db)
    db.rows("update private.settings set sign_up_credits = 0 where id")
    return db


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(person=people, type_key=st.sampled_from(sorted(COST)), pay=st.booleans())
def test_the_quote_is_right_and_the_request_does_what_it_says(
    market: Database, person: Wallet, type_key: str, *, pay: bool
) -> None:
    user_id = make(market, person)
    quote = market.call(user_id, QUOTE, type_key)
    resets_at = quote.pop("fair_use_resets_at")
    assert quote == expected(person, type_key)
    assert (resets_at is not None) == (quote["fair_use_left"] == 0)

    balance = credits_of(market, user_id)
    done = ask(market, user_id, type_key, pay=pay)
    if quote["fair_use_left"] == 0 and not pay:
        assert isinstance(done, Refusal)
        assert (done.sqlstate, done.slug) == ("PT402", "fair_use_reached")
    elif not quote["is_affordable"]:
        assert isinstance(done, Refusal)
        assert (done.sqlstate, done.slug) == ("PT402", "insufficient_credits")
        assert done.detail is not None
        assert f" {quote['missing_credits']} are missing" in done.detail
    else:
        assert not isinstance(done, Refusal), done
        assert done["credit_cost"] == quote["cost_credits"]
        balance -= quote["cost_credits"]
        if quote["is_covered"]:
            after = market.call(user_id, QUOTE, type_key)
            assert after["fair_use_left"] == quote["fair_use_left"] - 1
    assert credits_of(market, user_id) == balance


def test_the_reset_is_the_moment_from_which_on_the_plan_covers_again(market: Database) -> None:
    # Two windows are full: the later one decides.
    ana = make(
        market, Wallet(0, 0, 0, Plan(2, 4, is_active=True, yesterday=2, today=2, returned=0))
    )
    quote = market.call(ana, QUOTE, "thumbnail")
    month = "select min(created_at) + interval '30 days' from public.plan_uses"
    assert quote["fair_use_resets_at"] == market.value(month)
    market.rows("update public.plans set fair_use_per_month = 100 where fair_use_per_month = 4")
    quote = market.call(ana, QUOTE, "thumbnail")
    day = "select max(created_at) + interval '24 hours' from public.plan_uses"
    assert quote["fair_use_resets_at"] == market.value(day)


def test_a_quote_reserves_and_writes_nothing(market: Database) -> None:
    ana = make(market, Wallet(10, 0, 0, None))
    with market.acting_as("authenticated", ana) as connection:
        connection.execute("set transaction read only")
        for _ in range(3):
            row = connection.execute(QUOTE, ("thumbnail",)).fetchone()
            assert row is not None
            assert row["is_affordable"] is True
    assert credits_of(market, ana) == 10
    assert market.value("select count(*) from public.generations") == 0


def test_somebody_elses_credits_and_plans_do_not_count(market: Database) -> None:
    rich = Plan(3, 3, is_active=True, yesterday=0, today=0, returned=0)
    make(market, Wallet(80, 0, 0, rich))
    ben = make(market, Wallet(0, 0, 0, None))
    quote = market.call(ben, QUOTE, "thumbnail")
    assert (quote["is_affordable"], quote["missing_credits"]) == (False, 10)
    assert quote["fair_use_left"] is None


@pytest.mark.parametrize("type_key", [None, "", "nonsense", "THUMBNAIL", "'; select 1 --", "猫"])
def test_an_unknown_type_is_not_found(db: Database, type_key: str | None) -> None:
    ana = sign_up(db)
    said = db.refused(ana, QUOTE, type_key)
    assert (said.sqlstate, said.slug) == ("PT404", "generation_type_not_found")
    assert db.refused(ana, ASK, type_key, False) == said
    assert db.call(ana, QUOTE, "thumbnail")["cost_credits"] == 10


@pytest.mark.parametrize(
    "change",
    [
        "update public.generation_types set is_enabled = false where type_key = 'thumbnail'",
        "delete from private.generation_models where type_key = 'thumbnail'",
    ],
)
def test_a_type_that_is_not_for_sale_is_not_found(db: Database, change: str) -> None:
    ana = sign_up(db)
    assert db.call(ana, QUOTE, "thumbnail")["is_affordable"] is True
    db.rows(change)
    said = db.refused(ana, QUOTE, "thumbnail")
    assert (said.sqlstate, said.slug) == ("PT404", "generation_type_not_found")
    assert db.refused(ana, ASK, "thumbnail", False) == said


def test_nobody_gets_a_quote_without_signing_in(db: Database) -> None:
    assert db.refused(None, QUOTE, "thumbnail").sqlstate == "42501"
    with pytest.raises(psycopg.Error) as caught, db.acting_as("authenticated") as connection:
        connection.execute(QUOTE, ("thumbnail",))
    said = refusal(caught.value)
    assert (said.sqlstate, said.slug) == ("PT401", "not_signed_in")
    assert db.call(sign_up(db), QUOTE, "thumbnail")["is_affordable"] is True
