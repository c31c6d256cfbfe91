"""Packs that are paid at Stripe: what a Checkout session is worth, whatever it says of itself."""

from __future__ import annotations

import uuid
from typing import Any

import psycopg
import pytest

from tests.support.database import Database, credits_of, refusal, sign_up
from tests.support.economy import state
from tests.support.stripe_world import Customer, alarms, apply, link_all, new_id, price, refund


@pytest.fixture
def ana(db: Database) -> Customer:
    link_all(db)
    return Customer.new(db)


def payments(db: Database, person: uuid.UUID) -> list[tuple[Any, ...]]:
    rows = db.rows(
        "select item_key, amount, currency, credits_added from public.payments"
        " where profile_id = %s order by id",
        person,
    )
    return [tuple(row.values()) for row in rows]


def test_a_paid_session_is_a_payment_and_its_credits(db: Database, ana: Customer) -> None:
    session = ana.session()
    assert [apply(db, session) for _ in range(3)] == ["paid"] * 3
    assert state(db, ana.person) == (100, 0)
    assert payments(db, ana.person) == [("starter", 900, "usd", 100)]
    assert db.value("select stripe_payment_id from public.payments") == session["id"]


def test_another_session_is_another_payment(db: Database, ana: Customer) -> None:
    for key in ("starter", "creator", "starter"):
        apply(db, ana.session(key))
    assert state(db, ana.person) == (700, 0)


def test_credits_are_multiplied_by_the_quantity(db: Database, ana: Customer) -> None:
    apply(db, ana.session("starter", quantity=3))
    assert payments(db, ana.person) == [("starter", 2700, "usd", 300)]


def test_a_session_that_costs_nothing_is_worth_its_credits(db: Database, ana: Customer) -> None:
    free = ana.session(amount_total=0, payment_status="no_payment_required", payment_intent=None)
    assert apply(db, free) == "paid"
    assert payments(db, ana.person) == [("starter", 0, "usd", 100)]


def test_what_was_paid_in_another_currency_is_recorded_so(db: Database, ana: Customer) -> None:
    apply(db, ana.session(amount_total=1250, currency="eur"))
    assert payments(db, ana.person) == [("starter", 1250, "eur", 100)]


def test_a_price_that_is_not_ours_gives_nothing_and_raises_an_alarm(
    db: Database, ana: Customer
) -> None:
    foreign = ana.session("starter", amount_total=5)
    foreign["line_items"]["data"][0]["price"]["id"] = "price_elsewhere"
    # Metadata says nothing: whoever makes a session can write it.
    foreign["metadata"] = {"credits": "100000", "item_key": "creator"}
    assert apply(db, foreign) == "unknown_price"
    assert payments(db, ana.person) == [("unknown", 5, "usd", 0)]
    assert (state(db, ana.person), alarms(db)) == ((0, 0), ["unknown_price"])
    # A plan's price in a session of a pack is none of a pack either.
    plan = ana.session("monthly_25images")
    assert apply(db, plan) == "unknown_price"
    assert state(db, ana.person) == (0, 0)


def test_a_price_that_becomes_known_is_worth_its_credits_once(db: Database, ana: Customer) -> None:
    foreign = ana.session("starter")
    foreign["line_items"]["data"][0]["price"]["id"] = "price_elsewhere"
    apply(db, foreign)
    apply(db, refund(foreign, 450))
    link = "select private.link_stripe_price('pack', 'starter', %s, 'p', 900, 'usd', null)"
    assert db.value(link, "price_elsewhere") is True
    # Applied again, by a replay or a reconciliation.
    assert [apply(db, foreign) for _ in range(2)] == ["paid", "paid"]
    assert payments(db, ana.person) == [("starter", 900, "usd", 100)]
    assert state(db, ana.person) == (50, 0)


def test_an_old_price_still_sells_what_it_sold(db: Database, ana: Customer) -> None:
    db.rows("update public.credit_packs set price_amount = 1100 where pack_key = 'starter'")
    db.rows(
        "select private.link_stripe_price('pack', 'starter', 'price_new', 'p', 1100, 'usd', null)"
    )
    assert db.value("select price_id from private.catalog where item_key = 'starter'") == (
        "price_new"
    )
    apply(db, ana.session("starter"))
    assert state(db, ana.person) == (100, 0)


def test_a_slow_bank_says_yes(db: Database, ana: Customer) -> None:
    session = ana.session(payment_status="unpaid")
    session["payment_intent"]["status"] = "processing"
    assert apply(db, session) == "pending"
    assert (state(db, ana.person), payments(db, ana.person)) == ((0, 0), [])
    assert apply(db, session | {"payment_status": "paid"}) == "paid"
    assert state(db, ana.person) == (100, 0)
    # The older state, told late, takes nothing away.
    assert apply(db, session) == "pending"
    assert state(db, ana.person) == (100, 0)


def test_a_slow_bank_says_no(db: Database, ana: Customer) -> None:
    checkout = ask(db, ana)
    session = ana.session(client_reference_id=str(checkout["id"]), payment_status="unpaid")
    session["payment_intent"]["status"] = "processing"
    apply(db, session)
    assert status_of(db, checkout) == "pending"
    session["payment_intent"]["status"] = "requires_payment_method"
    assert apply(db, session) == "payment_failed"
    assert status_of(db, checkout) == "failed"
    assert state(db, ana.person) == (0, 0)


def ask(db: Database, customer: Customer, item: str = "starter") -> dict[str, Any]:
    db.rows(
        "insert into public.checkouts (profile_id, item_kind, item_key, credits, idempotency_key)"
        " values (%s, 'pack', %s, 100, gen_random_uuid())",
        customer.person,
        item,
    )
    return db.rows("select * from public.checkouts order by id desc limit 1")[0]


def status_of(db: Database, checkout: dict[str, Any]) -> str:
    return str(db.value("select status from public.checkouts where id = %s", checkout["id"]))


def test_a_session_closes_the_checkout_that_asked_for_it(db: Database, ana: Customer) -> None:
    checkout = ask(db, ana)
    # The answer to the call that made it was lost: only our own id in it tells.
    apply(db, ana.session(client_reference_id=str(checkout["id"])))
    assert status_of(db, checkout) == "completed"


def test_the_credits_are_those_that_were_promised(db: Database, ana: Customer) -> None:
    checkout = ask(db, ana)
    db.rows("update public.credit_packs set credits = 80 where pack_key = 'starter'")
    apply(db, ana.session(client_reference_id=str(checkout["id"])))
    assert state(db, ana.person) == (100, 0)
    apply(db, ana.session())
    assert state(db, ana.person) == (180, 0)


def test_a_session_never_takes_the_checkout_of_somebody_else(db: Database, ana: Customer) -> None:
    checkout = ask(db, ana)
    ben = Customer.new(db)
    apply(db, ben.session(client_reference_id=str(checkout["id"])))
    assert status_of(db, checkout) == "requested"
    assert (credits_of(db, ana.person), credits_of(db, ben.person)) == (0, 100)


def test_a_session_of_a_stranger_raises_an_alarm(db: Database, ana: Customer) -> None:
    sign_up(db)
    stranger = ana.session(customer=new_id("cus"))
    assert apply(db, stranger) == "unknown_customer"
    assert apply(db, stranger) == "unknown_customer"
    assert alarms(db) == ["unknown_customer"]
    assert db.value("select times from private.stripe_alarms") == 2
    assert db.value("select count(*) from public.payments") == 0


def test_an_expired_page_may_still_turn_out_to_be_paid(db: Database, ana: Customer) -> None:
    checkout = ask(db, ana)
    session = ana.session(client_reference_id=str(checkout["id"]))
    apply(db, session | {"status": "expired", "payment_status": "unpaid"})
    assert status_of(db, checkout) == "expired"
    apply(db, session)
    assert (status_of(db, checkout), state(db, ana.person)) == ("completed", (100, 0))
    apply(db, session | {"status": "expired", "payment_status": "unpaid"})
    assert status_of(db, checkout) == "completed"


def test_credits_that_last_expire(db: Database, ana: Customer) -> None:
    db.rows(
        "update public.credit_packs set credits_last = interval '30 days'"
        " where pack_key = 'starter'"
    )
    apply(db, ana.session())
    left = db.value("select expires_at - now() > interval '29 days' from public.credit_lots")
    assert left is True


def test_an_object_of_the_other_mode_is_refused(db: Database, ana: Customer) -> None:
    assert apply(db, ana.session(livemode=True)) == "wrong_mode"
    assert (alarms(db), state(db, ana.person)) == (["wrong_mode"], (0, 0))
    db.rows("update private.settings set stripe_livemode = true where id")
    assert apply(db, ana.session(livemode=True)) == "paid"
    assert state(db, ana.person) == (100, 0)


def test_a_price_sells_one_thing_for_ever(db: Database, ana: Customer) -> None:
    call = "select private.link_stripe_price('pack', 'creator', %s, 'p', %s, 'usd', null)"
    for price_id, amount, slug in (
        (price("starter"), 3900, "price_sells_something_else"),
        ("price_x", 3901, "price_differs"),
    ):
        with pytest.raises(psycopg.Error) as raised:
            db.value(call, price_id, amount)
        assert refusal(raised.value).slug == slug
    assert db.value(call, "price_x", 3900) is True
    assert db.value(call, "price_x", 3900) is False
    assert db.value(call, price("creator"), 3900) is True
    apply(db, ana.session("creator"))
    assert state(db, ana.person) == (500, 0)
