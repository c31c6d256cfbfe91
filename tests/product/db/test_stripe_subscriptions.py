"""Subscriptions: credits for time that was paid, once, in whatever order Stripe tells of it."""

from __future__ import annotations

import calendar
from datetime import UTC, datetime, timedelta
from itertools import permutations
from typing import Any

import pytest

from tests.support.database import Database
from tests.support.economy import available, spend, state
from tests.support.stripe_world import (
    DAY,
    Customer,
    Object,
    alarms,
    apply,
    at,
    line,
    link_all,
    new_plan,
    price,
    refund,
)

BASIC = "monthly_25images"


@pytest.fixture
def ana(db: Database) -> Customer:
    link_all(db)
    return Customer.new(db)


@pytest.fixture
def now() -> datetime:
    return datetime.now(UTC).replace(microsecond=0) - timedelta(hours=1)


def row(db: Database, subscription: Object) -> dict[str, Any]:
    (found,) = db.rows(
        "select * from public.subscriptions where stripe_subscription_id = %s", subscription["id"]
    )
    return found


def renewed(subscription: Object, start: datetime, end: datetime, **more: Any) -> Object:
    (item,) = subscription["items"]["data"]
    moved = item | {"current_period_start": at(start), "current_period_end": at(end)}
    return subscription | {"items": {"object": "list", "data": [moved]}} | more


def test_subscribing_is_a_subscription_a_payment_and_the_plans_credits(
    db: Database, ana: Customer, now: datetime
) -> None:
    end = now + 30 * DAY
    subscription = ana.subscription(BASIC, now, end)
    invoice = ana.invoice(subscription, line(BASIC, now, end), billing_reason="subscription_create")
    assert [apply(db, one) for one in (subscription, invoice)] == ["active", "paid"]
    found = row(db, subscription)
    assert (found["plan_name"], found["status"], found["is_active"]) == (BASIC, "active", True)
    assert (found["start_date"], found["end_date"]) == (now, None)
    assert found["current_period_end"] == found["next_grant_at"] == end
    payment = db.rows("select * from public.payments")[0]
    assert (payment["kind"], payment["item_key"], payment["amount"], payment["credits_added"]) == (
        ("subscription", BASIC, 1900, 250)
    )
    assert payment["subscription_id"] == found["id"]
    assert state(db, ana.person) == (250, 0)
    assert apply(db, invoice) == "paid"
    assert state(db, ana.person) == (250, 0)


def test_an_invoice_that_comes_before_its_subscription_waits(
    db: Database, ana: Customer, now: datetime
) -> None:
    subscription = ana.subscription(BASIC, now, now + 30 * DAY)
    invoice = ana.invoice(subscription, line(BASIC, now, now + 30 * DAY))
    assert apply(db, invoice) is None
    assert db.value("select stripe_object_id from private.jobs") == subscription["id"]
    assert state(db, ana.person) == (0, 0)
    apply(db, subscription)
    assert apply(db, invoice) == "paid"
    assert state(db, ana.person) == (250, 0)


def test_a_renewal_is_granted_once_and_the_old_month_ends(
    db: Database, ana: Customer, now: datetime
) -> None:
    start = now - 30 * DAY
    subscription = ana.subscription(BASIC, start, now)
    apply(db, subscription)
    apply(db, ana.invoice(subscription, line(BASIC, start, now)))
    assert available(db, ana.person) == 0
    renewal = ana.invoice(subscription, line(BASIC, now, now + 31 * DAY))
    apply(db, renewed(subscription, now, now + 31 * DAY))
    for _ in range(2):
        apply(db, renewal)
        assert available(db, ana.person) == 250
    # The same time told by another invoice earns nothing more.
    apply(db, ana.invoice(subscription, line(BASIC, now, now + 31 * DAY)))
    assert available(db, ana.person) == 250


def test_a_renewal_whose_time_is_ahead_of_our_clock_is_there_at_once(
    db: Database, ana: Customer, now: datetime
) -> None:
    ahead = now + 30 * DAY
    subscription = ana.subscription(BASIC, ahead, ahead + 30 * DAY)
    apply(db, subscription)
    apply(db, ana.invoice(subscription, line(BASIC, ahead, ahead + 30 * DAY)))
    assert available(db, ana.person) == 250


@pytest.mark.parametrize("status", ["draft", "open", "void", "uncollectible"])
def test_an_invoice_that_is_not_paid_gives_nothing(
    db: Database, ana: Customer, now: datetime, status: str
) -> None:
    subscription = ana.subscription(BASIC, now, now + 30 * DAY)
    apply(db, subscription)
    invoice = ana.invoice(subscription, line(BASIC, now, now + 30 * DAY))
    assert apply(db, invoice | {"status": status}) == status
    assert state(db, ana.person) == (0, 0)
    assert apply(db, invoice) == "paid"
    assert state(db, ana.person) == (250, 0)


@pytest.mark.parametrize(
    "reason", ["manual", "subscription_threshold", "quote_accept", "upcoming", "new_in_2027"]
)
def test_other_invoices_earn_no_credits(
    db: Database, ana: Customer, now: datetime, reason: str
) -> None:
    subscription = ana.subscription(BASIC, now, now + 30 * DAY)
    apply(db, subscription)
    invoice = ana.invoice(subscription, line(BASIC, now, now + 30 * DAY), billing_reason=reason)
    apply(db, invoice)
    assert state(db, ana.person) == (0, 0)
    # The money came all the same.
    assert db.value("select sum(amount) from public.payments") == 1900


def test_a_trial_costs_nothing_and_gives_nothing(
    db: Database, ana: Customer, now: datetime
) -> None:
    subscription = ana.subscription(BASIC, now, now + 7 * DAY, status="trialing")
    apply(db, subscription)
    trial = ana.invoice(
        subscription,
        line(BASIC, now, now + 7 * DAY, amount=0),
        billing_reason="subscription_create",
    )
    assert apply(db, trial) == "nothing_paid"
    assert state(db, ana.person) == (0, 0)
    assert row(db, subscription)["is_active"] is True


def test_a_month_that_a_coupon_paid_is_worth_its_credits(
    db: Database, ana: Customer, now: datetime
) -> None:
    subscription = ana.subscription(BASIC, now, now + 30 * DAY)
    apply(db, subscription)
    # What a discount takes off is not in the line.
    invoice = ana.invoice(subscription, line(BASIC, now, now + 30 * DAY), total=0, amount_paid=0)
    assert apply(db, invoice) == "paid"
    assert state(db, ana.person) == (250, 0)


@pytest.mark.parametrize(
    ("status", "is_active"),
    [
        ("trialing", True),
        ("active", True),
        ("past_due", False),
        ("unpaid", False),
        ("incomplete", False),
        ("incomplete_expired", False),
        ("canceled", False),
        ("paused", False),
    ],
)
def test_each_status_serves_or_does_not(
    db: Database, ana: Customer, now: datetime, status: str, is_active: bool
) -> None:
    subscription = ana.subscription(BASIC, now, now + 30 * DAY, status=status)
    assert apply(db, subscription) == status
    found = row(db, subscription)
    assert (found["status"], found["is_active"]) == (status, is_active)


def test_a_paused_collection_does_not_serve_until_it_is_resumed(
    db: Database, ana: Customer, now: datetime
) -> None:
    subscription = ana.subscription(BASIC, now, now + 30 * DAY)
    apply(db, subscription | {"pause_collection": {"behavior": "void"}})
    assert row(db, subscription)["is_active"] is False
    apply(db, subscription)
    assert row(db, subscription)["is_active"] is True


def test_a_cancellation_at_the_end_of_the_period_and_its_undoing(
    db: Database, ana: Customer, now: datetime
) -> None:
    end = now + 30 * DAY
    subscription = ana.subscription(BASIC, now, end)
    for told in ({"cancel_at_period_end": True}, {"cancel_at": at(end)}):
        apply(db, subscription | told)
        found = row(db, subscription)
        assert (found["cancel_at_period_end"], found["end_date"]) == (True, end)
        assert found["is_active"] is True
        apply(db, subscription)
        found = row(db, subscription)
        assert (found["cancel_at_period_end"], found["end_date"]) == (False, None)


def test_a_subscription_that_has_ended_keeps_what_was_paid(
    db: Database, ana: Customer, now: datetime
) -> None:
    subscription = ana.subscription(BASIC, now, now + 30 * DAY)
    apply(db, subscription)
    apply(db, ana.invoice(subscription, line(BASIC, now, now + 30 * DAY)))
    ended = subscription | {"status": "canceled", "ended_at": at(now + timedelta(minutes=5))}
    apply(db, ended)
    assert row(db, subscription)["end_date"] == now + timedelta(minutes=5)
    assert available(db, ana.person) == 250


def months_later(instant: datetime, months: int) -> datetime:
    """Return the same day so many months later, or the last of that month."""
    years, month = divmod(instant.month - 1 + months, 12)
    year = instant.year + years
    last = calendar.monthrange(year, month + 1)[1]
    return instant.replace(year=year, month=month + 1, day=min(instant.day, last))


@pytest.mark.parametrize("zone", ["UTC", "America/Los_Angeles", "Pacific/Auckland"])
def test_months_are_counted_in_utc_from_the_first_day(db: Database, zone: str) -> None:
    with db.connect() as connection:
        connection.execute("select set_config('timezone', %s, false)", (zone,))
        for start in (
            datetime(2026, 1, 31, 23, 30, tzinfo=UTC),
            datetime(2028, 2, 29, 0, 30, tzinfo=UTC),
            datetime(2026, 10, 31, 8, tzinfo=UTC),
        ):
            for months in range(1, 14):
                row = connection.execute(
                    "select private.add_months(%s, %s) as found", (start, months)
                ).fetchone()
                assert row == {"found": months_later(start, months)}, (start, months)


def test_a_year_is_granted_month_by_month(db: Database, ana: Customer, now: datetime) -> None:
    plan = new_plan(db, "yearly", monthly=100, billing_interval="year")
    start = now - 80 * DAY
    end = months_later(start, 12)
    subscription = ana.subscription(plan, start, end)
    apply(db, subscription)
    # The invoice was lost until now: the months that have begun since are granted together.
    apply(db, ana.invoice(subscription, line(plan, start, end, amount=10_000)))
    months = db.rows(
        "select month_start, month_end, granted from private.subscription_months"
        " order by month_start"
    )
    assert [tuple(month.values()) for month in months] == [
        (months_later(start, n), months_later(start, n + 1), 100) for n in range(3)
    ]
    assert available(db, ana.person) == 100
    assert row(db, subscription)["next_grant_at"] == months_later(start, 3)


def let_a_month_pass(db: Database) -> None:
    """Move all that is paid a month back."""
    for table, columns in {
        "public.subscriptions": (
            *("start_date", "end_date"),
            *("current_period_start", "current_period_end"),
        ),
        "public.credit_lots": ("expires_at",),
        "private.paid_periods": ("period_start", "period_end", "next_month_at"),
        "private.subscription_months": ("month_start", "month_end"),
    }.items():
        moves = ", ".join(f"{name} = private.add_months({name}, -1)" for name in columns)
        db.rows(f"update {table} set {moves}")


def test_a_years_months_come_with_time_until_it_is_canceled(db: Database, ana: Customer) -> None:
    plan = new_plan(db, "yearly", monthly=100, billing_interval="year")
    # The first of a month: every month has one.
    today = datetime.now(UTC).replace(microsecond=0)
    start = today.replace(day=1, hour=0, minute=0, second=0)
    end = start.replace(year=start.year + 1)
    subscription = ana.subscription(plan, start, end)
    apply(db, subscription)
    apply(db, ana.invoice(subscription, line(plan, start, end, amount=10_000)))
    assert available(db, ana.person) == 100
    assert db.value("select private.grant_due_months(10)") == 0
    for month in range(2, 6):
        let_a_month_pass(db)
        assert db.value("select (private.sweep() ->> 'expired_lots')::int") == 1
        assert db.value("select (private.sweep() ->> 'granted_periods')::int") == 1
        assert db.value("select months_granted from private.paid_periods") == month
        assert available(db, ana.person) == 100
    ended = {"status": "canceled", "ended_at": at(today - timedelta(minutes=1))}
    apply(db, subscription | ended)
    let_a_month_pass(db)
    db.value("select private.sweep()")
    db.value("select private.sweep()")
    assert available(db, ana.person) == 0
    assert db.value("select count(*) from private.paid_periods where next_month_at is null") == 1


def test_an_upgrade_grants_the_difference_for_the_time_that_is_left(
    db: Database, ana: Customer, now: datetime
) -> None:
    small, large = (new_plan(db, f"p{n}", monthly=n) for n in (100, 400))
    start = now - 10 * DAY
    end = start + 30 * DAY
    subscription = ana.subscription(small, start, end)
    apply(db, subscription)
    apply(db, ana.invoice(subscription, line(small, start, end, amount=1000)))
    assert available(db, ana.person) == 100
    upgraded = subscription["items"]["data"][0] | {"price": {"id": price(large)}}
    apply(db, subscription | {"items": {"object": "list", "data": [upgraded]}})
    unused = line(small, now, end, amount=-666, proration=True)
    rest = line(large, now, end, amount=2666, proration=True)
    upgrade = ana.invoice(subscription, unused, rest, billing_reason="subscription_update")
    apply(db, upgrade)
    # Two thirds of the month are left, of 300 credits more.
    assert available(db, ana.person) == 100 + 200
    apply(db, upgrade)
    assert available(db, ana.person) == 300
    # Down and up again, an hour later: paid once more, earned before.
    later = now + timedelta(minutes=30)
    again = ana.invoice(
        subscription,
        line(large, later, end, amount=2660, proration=True),
        billing_reason="subscription_update",
    )
    apply(db, again)
    assert available(db, ana.person) == 300
    # The next month is the large plan's.
    month = ana.invoice(subscription, line(large, end, end + 30 * DAY, amount=4000))
    apply(db, month)
    assert state(db, ana.person) == (700, 0)


def test_more_seats_earn_more_for_the_time_that_is_left(
    db: Database, ana: Customer, now: datetime
) -> None:
    plan = new_plan(db, "seats", monthly=90)
    start = now - 15 * DAY
    end = start + 30 * DAY
    subscription = ana.subscription(plan, start, end)
    apply(db, subscription)
    apply(db, ana.invoice(subscription, line(plan, start, end, amount=900)))
    more = line(plan, now, end, amount=900, proration=True, quantity=3)
    apply(db, ana.invoice(subscription, more, billing_reason="subscription_update"))
    assert available(db, ana.person) == 90 + 90


def after(db: Database, moment: datetime, length: str) -> datetime:
    """Return the instant a calendar month or year later, as Stripe counts."""
    later: datetime = db.value("select %s::timestamptz + %s::interval", moment, length)
    return later


def test_changing_between_a_month_and_a_year_earns_nothing_twice(
    db: Database, ana: Customer, now: datetime
) -> None:
    monthly = new_plan(db, "by_month", monthly=300)
    yearly = new_plan(db, "by_year", monthly=300, billing_interval="year")
    subscription = ana.subscription(monthly, now, after(db, now, "1 month"))
    apply(db, subscription)
    first = line(monthly, now, after(db, now, "1 month"), amount=3000)
    apply(db, ana.invoice(subscription, first))
    moment = now
    for plan, length in ((yearly, "1 year"), (monthly, "1 month")) * 3:
        moment += timedelta(minutes=1)
        # A change of the interval begins a new period at once.
        fresh = line(plan, moment, after(db, moment, length), amount=3000)
        apply(db, ana.invoice(subscription, fresh, billing_reason="subscription_update"))
    assert 300 <= available(db, ana.person) <= 301


def test_an_upgrade_told_before_its_month_waits_for_it(
    db: Database, ana: Customer, now: datetime
) -> None:
    small, large = (new_plan(db, f"p{n}", monthly=n) for n in (100, 400))
    start, end = now - 10 * DAY, now + 20 * DAY
    subscription = ana.subscription(small, start, end)
    apply(db, subscription)
    upgrade = ana.invoice(
        subscription,
        line(large, now, end, amount=2666, proration=True),
        billing_reason="subscription_update",
    )
    assert apply(db, upgrade) is None
    apply(db, ana.invoice(subscription, line(small, start, end, amount=1000)))
    assert apply(db, upgrade) == "paid"
    assert state(db, ana.person) == (300, 0)


def test_every_order_of_two_upgrades_ends_the_same(
    db: Database, ana: Customer, now: datetime
) -> None:
    plans = [new_plan(db, f"p{n}", monthly=n) for n in (100, 233, 377)]
    start = now - 17 * DAY
    end = start + 31 * DAY
    ends = []
    for order in permutations(range(2)):
        one = Customer.new(db)
        subscription = one.subscription(plans[0], start, end)
        apply(db, subscription)
        apply(db, one.invoice(subscription, line(plans[0], start, end)))
        upgrades = [
            one.invoice(
                subscription,
                line(plans[place + 1], start + days * DAY, end, proration=True),
                billing_reason="subscription_update",
            )
            for place, days in enumerate((3, 11))
        ]
        for place in order:
            apply(db, upgrades[place])
        ends.append(state(db, one.person))
    assert len(set(ends)) == 1, ends
    assert ends[0][0] == int(100 + 133 * 28 / 31 + 144 * 20 / 31)


def test_a_plan_that_is_not_ours_raises_an_alarm_and_gives_nothing(
    db: Database, ana: Customer, now: datetime
) -> None:
    subscription = ana.subscription(BASIC, now, now + 30 * DAY)
    subscription["items"]["data"][0]["price"]["id"] = "price_elsewhere"
    assert apply(db, subscription) == "unknown_price"
    assert db.value("select count(*) from public.subscriptions") == 0
    # One that is ours, and is moved to a foreign price later, still ends.
    known = ana.subscription(BASIC, now, now + 30 * DAY)
    apply(db, known)
    foreign = known["items"]["data"][0] | {"price": {"id": "price_elsewhere"}}
    apply(db, known | {"status": "canceled", "items": {"data": [foreign]}})
    assert row(db, known)["status"] == "canceled"
    invoice = ana.invoice(known, line(BASIC, now, now + 30 * DAY))
    invoice["lines"]["data"][0]["pricing"]["price_details"]["price"] = "price_elsewhere"
    apply(db, invoice)
    assert state(db, ana.person) == (0, 0)
    assert alarms(db) == ["unknown_price"] * 3


def test_money_credited_to_a_balance_is_for_a_person_to_look_at(
    db: Database, ana: Customer, now: datetime
) -> None:
    subscription = ana.subscription(BASIC, now, now + 30 * DAY)
    apply(db, subscription)
    apply(db, ana.invoice(subscription, line(BASIC, now, now + 30 * DAY)))
    down = ana.invoice(
        subscription,
        line(BASIC, now, now + 30 * DAY, amount=-1500, proration=True),
        billing_reason="subscription_update",
    )
    assert apply(db, down) == "credit_to_balance"
    assert state(db, ana.person) == (250, 0)


def test_a_second_subscription_of_a_family_raises_an_alarm(
    db: Database, ana: Customer, now: datetime
) -> None:
    apply(db, ana.subscription(BASIC, now, now + 30 * DAY))
    apply(db, ana.subscription("monthly_100images", now, now + 30 * DAY))
    assert alarms(db) == ["second_subscription"]


def test_a_refunded_renewal_takes_the_unspent_part_of_its_month(
    db: Database, ana: Customer, now: datetime
) -> None:
    subscription = ana.subscription(BASIC, now, now + 30 * DAY)
    apply(db, subscription)
    invoice = ana.invoice(subscription, line(BASIC, now, now + 30 * DAY))
    apply(db, invoice)
    spend(db, ana.person, 100)
    apply(db, refund(invoice, 1900))
    assert state(db, ana.person) == (0, 100)
