"""Plans: each period is granted once, and its rollover follows the plan."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.database import Database
from tests.support.economy import (
    available,
    freeze,
    grant,
    grant_period,
    lot,
    newcomer,
    pass_time,
    pay,
    release,
    reverse,
    spend,
    state,
    subscribe,
    sweep,
    unspend,
)

DAY = timedelta(days=1)


def an_hour_ago(db: Database) -> datetime:
    instant: datetime = db.value("select now() - interval '1 hour'")
    return instant


def lots_of(db: Database, subscription: uuid.UUID, part: str) -> list[int]:
    rows = db.rows(
        "select id from public.credit_lots where subscription_id = %s and grant_key like %s"
        " order by id",
        subscription,
        f"%:{part}",
    )
    return [row["id"] for row in rows]


def change_plan(db: Database, subscription: uuid.UUID, like: uuid.UUID) -> None:
    """Move a subscription to the plan of another one."""
    db.rows(
        "update public.subscriptions as s set plan_name = o.plan_name"
        " from public.subscriptions as o where s.id = %s and o.id = %s",
        subscription,
        like,
    )


def carry(rollover: str, cap: int | None, monthly: int, left: int) -> int:
    """Return what a plan carries over of what is left at the end of a month."""
    # A cap beyond a month's credits carries no more than these.
    return {"none": 0, "capped": min(left, cap or 0, monthly), "all": left}[rollover]


class Months:
    """Live through months one after the other: grant, spend a little, spend more, let it end."""

    def __init__(self, db: Database, person: uuid.UUID, subscription: uuid.UUID) -> None:
        self.db, self.person, self.subscription = db, person, subscription
        self.start = an_hour_ago(db)

    def begin(self, days: int) -> int:
        # Time passes by moving what is there back, so every month starts at about the same
        # instant; a second later than the last, since the start is what names it.
        self.start += timedelta(seconds=1)
        end = self.start + days * DAY
        return grant_period(self.db, self.subscription, self.start, end)

    def pass_days(self, days: int) -> None:
        pass_time(self.db, self.person, f"{days} days")


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    rollover=st.sampled_from(["none", "capped", "all"]),
    monthly=st.integers(1, 100),
    cap=st.integers(1, 120),
    bought=st.integers(1, 50),
    months=st.lists(
        st.tuples(st.sampled_from([28, 29, 30, 31]), st.integers(0, 130), st.integers(0, 130)),
        min_size=3,
        max_size=4,
    ),
    is_swept=st.booleans(),
)
def test_months_of_a_plan_equal_an_independent_model(
    db: Database,
    rollover: str,
    monthly: int,
    cap: int,
    bought: int,
    months: list[tuple[int, int, int]],
    is_swept: bool,
) -> None:
    person = newcomer(db)
    grant(db, person, bought)
    cap_or_none = cap if rollover == "capped" else None
    subscription = subscribe(db, person, monthly=monthly, rollover=rollover, cap=cap_or_none)
    living = Months(db, person, subscription)
    in_plan = 0
    for days, early, late in months:
        assert living.begin(days) == monthly
        in_plan += monthly
        for wanted, passing in ((early, 10), (late, days - 10)):
            price = min(wanted, in_plan + bought)
            if price:
                spend(db, person, price)
            # The plan's credits go first, what was bought for good goes last.
            from_plan = min(price, in_plan)
            in_plan, bought = in_plan - from_plan, bought - (price - from_plan)
            assert available(db, person) == in_plan + bought
            living.pass_days(passing)
        if is_swept:
            sweep(db)
        in_plan = carry(rollover, cap_or_none, monthly, in_plan)
        assert available(db, person) == in_plan + bought
    # What is carried into a month that never comes lives as long as the last one did.
    living.pass_days(months[-1][0])
    sweep(db)
    kept = in_plan if rollover == "all" else 0
    assert state(db, person) == (kept + bought, 0)


def test_a_period_is_granted_once(db: Database) -> None:
    person = newcomer(db)
    subscription = subscribe(db, person, monthly=100, rollover="capped", cap=30)
    start = an_hour_ago(db)
    payment, _ = pay(db, person, 1)
    assert grant_period(db, subscription, start, start + 30 * DAY) == 100
    for end, paid_by in ((30 * DAY, None), (31 * DAY, None), (30 * DAY, payment)):
        assert grant_period(db, subscription, start, start + end, paid_by) == 0
    assert state(db, person) == (101, 0)
    assert grant_period(db, subscription, start + 30 * DAY, start + 60 * DAY) == 100


def test_a_downgrade_and_an_upgrade_grant_nothing_twice_for_a_period(db: Database) -> None:
    person, somebody = newcomer(db), newcomer(db)
    subscription = subscribe(db, person, monthly=100, rollover="none")
    # Plans whose months come in other parts: one lot, two lots, one that never expires.
    plans = [
        subscribe(db, somebody, monthly=900, rollover="none"),
        subscribe(db, somebody, monthly=50, rollover="capped", cap=20),
        subscribe(db, somebody, monthly=500, rollover="all"),
        subscribe(db, somebody, monthly=500, rollover="capped", cap=500),
    ]
    start = an_hour_ago(db)
    assert grant_period(db, subscription, start, start + 30 * DAY) == 100
    spend(db, person, 40)
    for plan in (*plans, *reversed(plans)):
        change_plan(db, subscription, plan)
        assert grant_period(db, subscription, start, start + 30 * DAY) == 0
    # The bought period is kept: no claw-back, no top-up. The next one is the new plan's.
    assert state(db, person) == (60, 0)
    assert grant_period(db, subscription, start + 30 * DAY, start + 60 * DAY) == 900


def test_one_subscriptions_periods_are_not_anothers(db: Database) -> None:
    person = newcomer(db)
    start = an_hour_ago(db)
    for _ in range(2):
        subscription = subscribe(db, person, monthly=10)
        assert grant_period(db, subscription, start, start + 30 * DAY) == 10
    assert state(db, person) == (20, 0)


def test_a_plans_lot_is_burned_before_bought_credits(db: Database) -> None:
    person = newcomer(db)
    # Bought first, and expiring sooner than the plan's month.
    bought = grant(db, person, 50, expires_in="1 day")
    subscription = subscribe(db, person, monthly=100, rollover="capped", cap=30)
    start = an_hour_ago(db)
    grant_period(db, subscription, start, start + 30 * DAY)
    rest, carried = lots_of(db, subscription, "proration"), lots_of(db, subscription, "carried")
    left = []
    for price in (70, 20, 15):
        spend(db, person, price)
        left.append([lot(db, lot_id)["remaining"] for lot_id in (*rest, *carried, bought)])
    assert left == [[0, 30, 50], [0, 10, 50], [0, 0, 45]]


def test_a_year_in_advance_is_granted_month_by_month(db: Database) -> None:
    person = newcomer(db)
    subscription = subscribe(db, person, monthly=10)
    living = Months(db, person, subscription)
    for days in (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31):
        assert living.begin(days) == 10
        assert available(db, person) == 10
        living.pass_days(days)
        assert available(db, person) == 0
    sweep(db)
    assert state(db, person) == (0, 0)


def test_a_period_told_late_takes_nothing_from_the_next_one(db: Database) -> None:
    person = newcomer(db)
    subscription = subscribe(db, person, monthly=100, rollover="capped", cap=30)
    start = an_hour_ago(db)
    assert grant_period(db, subscription, start, start + 30 * DAY) == 100
    # Its month is over: only what that carried over is worth something.
    assert grant_period(db, subscription, start - 30 * DAY, start) == 100
    assert available(db, person) == 130
    sweep(db)
    assert state(db, person) == (130, 0)
    # A month later, the cap of the month that just ended is left, whichever came first.
    pass_time(db, person, "30 days")
    assert available(db, person) == 30


def test_a_refund_to_carried_credits_gets_its_grace_and_not_another_month(db: Database) -> None:
    for is_refund_first in (True, False):
        person = newcomer(db)
        subscription = subscribe(db, person, monthly=100, rollover="capped", cap=30)
        living = Months(db, person, subscription)
        living.begin(30)
        living.pass_days(30)
        living.begin(30)
        # The credits carried from the first month go with the rest of the second.
        generation = spend(db, person, 100)
        living.pass_days(30)
        if is_refund_first:
            unspend(db, generation)
            living.begin(30)
        else:
            living.begin(30)
            unspend(db, generation)
        assert available(db, person) == 100 + 30 + 100, is_refund_first
        living.pass_days(8)
        assert available(db, person) == 100 + 30, is_refund_first


def test_a_frozen_lot_keeps_its_time_when_the_next_month_begins(db: Database) -> None:
    person = newcomer(db)
    subscription = subscribe(db, person, monthly=100, rollover="capped", cap=30)
    living = Months(db, person, subscription)
    living.begin(31)
    (carried,) = lots_of(db, subscription, "carried")
    freeze(db, carried)
    living.pass_days(31)
    living.begin(28)
    release(db, carried)
    assert available(db, person) == 130
    # Each later month carries its own; this lot's time ends with the month it was carried into,
    # give or take the months' difference, and no later month extends it.
    living.pass_days(28)
    living.begin(31)
    living.pass_days(4)
    assert available(db, person) == 130


def test_a_debt_is_repaid_from_a_new_period(db: Database) -> None:
    person = newcomer(db)
    payment, _ = pay(db, person, 50)
    spend(db, person, 50)
    reverse(db, payment, "taken", key="re")
    subscription = subscribe(db, person, monthly=100, rollover="capped", cap=80)
    start = an_hour_ago(db)
    assert grant_period(db, subscription, start, start + 30 * DAY) == 100
    (rest,), (carried,) = (lots_of(db, subscription, part) for part in ("proration", "carried"))
    assert state(db, person) == (50, 0)
    assert [lot(db, lot_id)["remaining"] for lot_id in (rest, carried)] == [0, 50]


def test_a_subscription_that_is_not_there_grants_nothing(db: Database) -> None:
    start = an_hour_ago(db)
    person = newcomer(db)
    nothing = "select private.grant_period(%s, gen_random_uuid(), %s, %s)"
    assert db.value(nothing, person, start, start + 30 * DAY) == 0
    subscription = subscribe(db, person, monthly=1)
    db.rows(
        "update public.plans set credits_per_month = 0, is_unlimited = true, fair_use_per_day = 1,"
        " fair_use_per_month = 1 where plan_name = (select plan_name from public.subscriptions"
        " where id = %s)",
        subscription,
    )
    assert grant_period(db, subscription, start, start + 30 * DAY) == 0
    assert state(db, person) == (0, 0)
