"""Time, moved by tests: months of different length, retries, trials."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
import stripe

from stand_ins.stripe.billing.periods import add_period, share
from tests.support.stand_ins.stripe.stand_in import StandIn

if TYPE_CHECKING:
    from collections.abc import Iterator

MONTHLY = {"interval": "month", "interval_count": 1}


def _moment(year: int, month: int, day: int, hour: int = 12) -> int:
    return int(datetime(year, month, day, hour, tzinfo=UTC).timestamp())


def _day(moment: int) -> str:
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%d")


class Frozen:
    """A customer who lives on a test clock."""

    def __init__(self, stand_in: StandIn, start: int) -> None:
        self.stand_in, self.clocks = stand_in, stand_in.client.v1.test_helpers.test_clocks
        self.clock = self.clocks.create({"frozen_time": start}).id
        self.customer = stand_in.customer(test_clock=self.clock)

    def subscribe(self, **more: Any) -> str:
        session = self.stand_in.session(self.stand_in.monthly(**more), self.customer)
        return self.stand_in.act("pay", session=session.id).id("subscription")

    def advance(self, moment: int) -> None:
        assert self.clocks.advance(self.clock, {"frozen_time": moment}).status == "advancing"
        assert self.clocks.retrieve(self.clock).status == "ready"

    def periods(self, subscription: str) -> list[tuple[str, str]]:
        found = self.stand_in.client.v1.invoices.list({"subscription": subscription, "limit": 99})
        lines = [one.to_dict()["lines"]["data"][0]["period"] for one in found.data[::-1]]
        return [(_day(one["start"]), _day(one["end"])) for one in lines]


@pytest.fixture
def january(stand_in: StandIn) -> Iterator[Frozen]:
    frozen = Frozen(stand_in, _moment(2028, 1, 31))
    yield frozen
    frozen.clocks.delete(frozen.clock)


def test_months_keep_to_the_day_of_the_first(january: Frozen) -> None:
    subscription = january.subscribe()
    january.advance(_moment(2028, 5, 31, 13))
    assert january.periods(subscription) == [
        ("2028-01-31", "2028-02-29"),
        ("2028-02-29", "2028-03-31"),
        ("2028-03-31", "2028-04-30"),
        ("2028-04-30", "2028-05-31"),
        ("2028-05-31", "2028-06-30"),
    ]


def test_years_and_weeks_are_periods_too(january: Frozen) -> None:
    yearly = january.subscribe(recurring={"interval": "year"})
    fortnightly = january.subscribe(recurring={"interval": "week", "interval_count": 2})
    january.advance(_moment(2028, 2, 20))
    assert january.periods(yearly) == [("2028-01-31", "2029-01-31")]
    assert january.periods(fortnightly) == [
        ("2028-01-31", "2028-02-14"),
        ("2028-02-14", "2028-02-28"),
    ]


def test_a_failed_renewal_is_retried_after_three_five_and_seven_days(january: Frozen) -> None:
    stand_in = january.stand_in
    subscription = january.subscribe()
    stand_in.act("card", customer=january.customer.id, card="declined")
    attempts = []
    for day in (29, 29 + 3, 29 + 8, 29 + 15):
        january.advance(_moment(2028, 2, 1) + (day - 1) * 86_400 + 3600)
        invoice = stand_in.client.v1.invoices.list({"subscription": subscription}).data[0]
        attempts.append((invoice.attempt_count, invoice.next_payment_attempt is not None))
    assert attempts == [(1, True), (2, True), (3, True), (4, False)]
    ended = stand_in.client.v1.subscriptions.retrieve(subscription).to_dict()
    assert (ended["status"], _day(ended["ended_at"])) == ("canceled", "2028-03-15")
    assert ended["cancellation_details"]["reason"] == "payment_failed"
    kinds = stand_in.client.v1.events.list({"type": "invoice.payment_failed", "limit": 4}).data
    assert {one.data.object["id"] for one in kinds} == {invoice.id}


def test_a_card_mended_in_time_pays_with_the_next_attempt(january: Frozen) -> None:
    stand_in = january.stand_in
    subscription = january.subscribe()
    stand_in.act("card", customer=january.customer.id, card="declined")
    january.advance(_moment(2028, 2, 29, 13))
    assert stand_in.client.v1.subscriptions.retrieve(subscription).status == "past_due"
    stand_in.act("card", customer=january.customer.id, card="succeeded")
    january.advance(_moment(2028, 3, 4))
    assert stand_in.client.v1.subscriptions.retrieve(subscription).status == "active"


def test_a_clock_renews_its_own_customers_only(stand_in: StandIn, january: Frozen) -> None:
    inside, outside = january.subscribe(), stand_in.subscribed().id("subscription")
    common = stand_in.get("/_clock")["now"]
    january.advance(_moment(2028, 3, 1))
    assert abs(stand_in.get("/_clock")["now"] - common) < 60
    invoices = stand_in.client.v1.invoices
    assert len(invoices.list({"subscription": inside}).data) == 2
    assert len(invoices.list({"subscription": outside}).data) == 1
    stand_in.post("/_clock", advance_months=1)
    assert len(invoices.list({"subscription": inside}).data) == 2
    assert len(invoices.list({"subscription": outside}).data) == 2
    with pytest.raises(stripe.InvalidRequestError, match="only go forward"):
        january.advance(_moment(2028, 1, 1))
    assert january.clock in [one.id for one in january.clocks.list().data]


def test_a_deleted_clock_takes_its_customers_along(stand_in: StandIn) -> None:
    frozen = Frozen(stand_in, _moment(2028, 1, 1))
    subscription = frozen.subscribe()
    assert stand_in.client.v1.subscriptions.retrieve(subscription).test_clock == frozen.clock
    frozen.clocks.delete(frozen.clock)
    for gone in (
        lambda: stand_in.client.v1.customers.retrieve(frozen.customer.id),
        lambda: stand_in.client.v1.subscriptions.retrieve(subscription),
    ):
        with pytest.raises(stripe.InvalidRequestError, match="No such"):
            gone()


def test_the_common_clock_goes_by_seconds_days_months_and_to_a_moment(stand_in: StandIn) -> None:
    start = stand_in.get("/_clock")["now"]
    for wanted, least in (
        ({"advance_seconds": 90}, 90),
        ({"advance_days": 2}, 2 * 86_400),
        ({"advance_months": 1}, 28 * 86_400),
        ({"advance_to": start}, 0),
    ):
        before = stand_in.get("/_clock")["now"]
        after = stand_in.post("/_clock", **wanted).json()["now"]
        assert before + least <= after <= before + max(least * 1.2, 60)


def test_a_session_may_count_its_end_from_the_real_clock_too(stand_in: StandIn) -> None:
    stand_in.post("/_clock", advance_months=1)
    real = int(datetime.now(UTC).timestamp())
    session = stand_in.session(stand_in.price(), expires_at=real + 3600)
    assert session.expires_at == real + 3600
    with pytest.raises(stripe.InvalidRequestError, match="30 minutes"):
        stand_in.session(stand_in.price(), expires_at=real + 3 * 86_400)
    assert stand_in.act("pay", session=session.id).types


@pytest.mark.parametrize(
    ("start", "anchor", "recurring", "expected"),
    [
        ((2027, 2, 28), (2027, 1, 31), MONTHLY, "2027-03-31"),
        ((2027, 1, 30), (2027, 1, 30), MONTHLY, "2027-02-28"),
        ((2027, 12, 31), (2027, 12, 31), MONTHLY, "2028-01-31"),
        ((2028, 2, 29), (2028, 2, 29), {"interval": "year", "interval_count": 1}, "2029-02-28"),
        ((2027, 11, 30), (2027, 11, 30), {"interval": "month", "interval_count": 3}, "2028-02-29"),
        ((2027, 3, 1), (2027, 3, 1), {"interval": "day", "interval_count": 10}, "2027-03-11"),
    ],
)
def test_the_calendar_is_kept(
    start: tuple[int, int, int],
    anchor: tuple[int, int, int],
    recurring: dict[str, Any],
    expected: str,
) -> None:
    assert _day(add_period(_moment(*start), recurring, _moment(*anchor))) == expected


def test_a_share_is_rounded_half_up() -> None:
    assert [share(1001, 1, 2), share(1000, 1, 3), share(1000, 2, 3), share(7, 0, 5)] == [
        501,
        333,
        667,
        0,
    ]
