"""What people do on a Checkout page."""

from __future__ import annotations

import pytest
import stripe

from tests.support.stand_ins.stripe.stand_in import Acted, StandIn


def _session(stand_in: StandIn, acted: Acted) -> stripe.checkout.Session:
    return stand_in.client.v1.checkout.sessions.retrieve(
        acted.id("checkout.session"), {"expand": ["line_items"]}
    )


def test_a_card_pays_a_session(stand_in: StandIn) -> None:
    bought = stand_in.paid(
        1500,
        client_reference_id="u1",
        metadata={"order": "o1"},
        payment_intent_data={"metadata": {"user": "u1"}},
    )
    session = _session(stand_in, bought)
    intent = stand_in.client.v1.payment_intents.retrieve(bought.id("payment_intent"))
    charge = stand_in.client.v1.charges.retrieve(bought.id("charge"))
    assert (session.status, session.payment_status, session.url) == ("complete", "paid", None)
    assert (session.amount_total, session.currency) == (1500, "usd")
    assert (session.client_reference_id, intent.metadata["user"]) == ("u1", "u1")
    assert (intent.status, intent.latest_charge) == ("succeeded", charge.id)
    # The metadata of a session is not copied to its payment.
    assert "order" not in intent.metadata
    assert sorted(bought.types) == [
        "charge.succeeded",
        "checkout.session.completed",
        "payment_intent.created",
        "payment_intent.succeeded",
    ]
    # The end is told before the beginning.
    assert bought.types[-1] == "payment_intent.created"


def test_payments_are_found_by_customer_and_by_intent(stand_in: StandIn) -> None:
    bought = stand_in.paid()
    v1 = stand_in.client.v1
    intent = v1.payment_intents.retrieve(bought.id("payment_intent"))
    customer = str(intent.customer)
    assert [one.id for one in v1.payment_intents.list({"customer": customer}).data] == [intent.id]
    charges = v1.charges.list({"payment_intent": intent.id}).data
    assert [one.id for one in charges] == [bought.id("charge")]
    sessions = v1.checkout.sessions.list({"payment_intent": intent.id}).data
    assert [one.id for one in sessions] == [bought.id("checkout.session")]


def test_a_declined_card_leaves_the_session_open(stand_in: StandIn) -> None:
    session = stand_in.session(stand_in.price(), stand_in.customer())
    declined = stand_in.act("pay", session=session.id, how="declined")
    assert sorted(declined.types) == [
        "charge.failed",
        "payment_intent.created",
        "payment_intent.payment_failed",
    ]
    paid = stand_in.act("pay", session=session.id)
    assert paid.id("payment_intent") == declined.id("payment_intent")
    assert _session(stand_in, paid).payment_status == "paid"


@pytest.mark.parametrize(
    ("outcome", "status", "last"),
    [
        ("succeeded", "paid", "checkout.session.async_payment_succeeded"),
        ("declined", "unpaid", "checkout.session.async_payment_failed"),
    ],
)
def test_a_slow_bank_answers_later(stand_in: StandIn, outcome: str, status: str, last: str) -> None:
    session = stand_in.session(stand_in.price(), stand_in.customer())
    first = stand_in.act("pay", session=session.id, how="delayed")
    assert _session(stand_in, first).payment_status == "unpaid"
    assert _session(stand_in, first).status == "complete"
    assert "checkout.session.completed" in first.types
    then = stand_in.act("settle", session=session.id, outcome=outcome)
    assert then.types[-1] == last
    assert _session(stand_in, first).payment_status == status
    again = stand_in.post("/_actions/settle", session=session.id)
    assert again.status_code == 400


def test_nothing_to_pay_makes_no_payment(stand_in: StandIn) -> None:
    coupon = stand_in.client.v1.coupons.create({"percent_off": 100, "duration": "once"})
    by_coupon = stand_in.paid(discounts=[{"coupon": coupon.id}])
    session = stand_in.session(stand_in.price(), stand_in.customer())
    by_code = stand_in.act("pay", session=session.id, discount_percent=100)
    for bought in (by_coupon, by_code):
        found = _session(stand_in, bought)
        assert (found.payment_status, found.amount_total) == ("no_payment_required", 0)
        assert (found.payment_intent, found.amount_subtotal) == (None, 1000)
        assert bought.types == ["checkout.session.completed"]


def test_a_part_of_the_price_can_be_taken_off(stand_in: StandIn) -> None:
    coupon = stand_in.client.v1.coupons.create(
        {"amount_off": 300, "currency": "usd", "duration": "once"}
    )
    found = _session(stand_in, stand_in.paid(discounts=[{"coupon": coupon.id}]))
    assert found.amount_total == 700
    assert found.total_details is not None
    assert found.total_details.amount_discount == 300


def test_the_quantity_changes_only_where_it_may(stand_in: StandIn) -> None:
    line = {"price": stand_in.price().id, "quantity": 2}
    fixed = stand_in.session(stand_in.price(), line_items=[line])
    refused = stand_in.post("/_actions/pay", session=fixed.id, quantity=5)
    assert refused.status_code == 400
    free = line | {"adjustable_quantity": {"enabled": True, "maximum": 9}}
    session = stand_in.session(stand_in.price(), line_items=[free])
    bought = stand_in.act("pay", session=session.id, quantity=5)
    found = _session(stand_in, bought)
    assert found.line_items is not None
    assert (found.amount_total, found.line_items.data[0].quantity) == (5000, 5)


def test_another_currency_is_charged_when_the_price_has_it(stand_in: StandIn) -> None:
    price = stand_in.price(1000, currency_options={"eur": {"unit_amount": 900}})
    session = stand_in.session(price, stand_in.customer())
    found = _session(stand_in, stand_in.act("pay", session=session.id, currency="eur"))
    assert (found.amount_total, found.currency) == (900, "eur")


def test_another_currency_is_only_shown_when_the_price_lacks_it(stand_in: StandIn) -> None:
    session = stand_in.session(stand_in.price(), stand_in.customer())
    found = _session(stand_in, stand_in.act("pay", session=session.id, currency="gbp"))
    assert (found.amount_total, found.currency) == (1000, "usd")
    assert found.presentment_details is not None
    assert found.presentment_details.presentment_currency == "gbp"


def test_more_than_ten_lines_are_read_in_pages(stand_in: StandIn) -> None:
    price = stand_in.price(100)
    lines = [{"price": price.id, "quantity": n} for n in range(1, 13)]
    session = stand_in.session(price, line_items=lines)
    items = stand_in.client.v1.checkout.sessions.line_items
    first = items.list(session.id, {"limit": 10})
    rest = items.list(session.id, {"starting_after": first.data[-1].id})
    assert (first.has_more, rest.has_more) == (True, False)
    assert [one.quantity for one in first.data + rest.data] == list(range(1, 13))
    assert session.amount_total == 7800


def test_a_session_is_expired_by_call_by_time_and_by_person(stand_in: StandIn) -> None:
    price, sessions = stand_in.price(), stand_in.client.v1.checkout.sessions
    by_call = stand_in.session(price)
    assert sessions.expire(by_call.id).status == "expired"
    with pytest.raises(stripe.InvalidRequestError, match="status of `expired`"):
        sessions.expire(by_call.id)
    by_person = stand_in.session(price)
    assert stand_in.act("abandon", session=by_person.id).types == ["checkout.session.expired"]
    now = stand_in.get("/_clock")["now"]
    soon, late = stand_in.session(price, expires_at=now + 1810), stand_in.session(price)
    assert stand_in.post("/_clock", advance_seconds=3600).json()["happened"] >= 1
    assert sessions.retrieve(soon.id).status == "expired"
    assert sessions.retrieve(late.id).status == "open"
    assert stand_in.post("/_actions/pay", session=soon.id).status_code == 400


def test_a_guest_becomes_a_customer_only_when_asked_for(stand_in: StandIn) -> None:
    guest = stand_in.session(stand_in.price())
    known = stand_in.session(stand_in.price(), customer_creation="always")
    first = _session(stand_in, stand_in.act("pay", session=guest.id, email="g@example.com"))
    second = _session(stand_in, stand_in.act("pay", session=known.id))
    assert first.customer is None
    assert first.customer_details is not None
    assert first.customer_details.email == "g@example.com"
    assert str(second.customer).startswith("cus_")


def test_unknown_params_and_actions_are_refused(stand_in: StandIn) -> None:
    session = stand_in.session(stand_in.price())
    assert stand_in.post("/_actions/pay", session=session.id, hwo="card").status_code == 400
    assert stand_in.post("/_actions/pay", session=session.id, how="cash").status_code == 400
    assert stand_in.post("/_actions/dance").status_code == 404
    assert stand_in.act("pay", session=session.id).types


def test_sessions_are_listed_by_customer_and_status(stand_in: StandIn) -> None:
    customer, price = stand_in.customer(), stand_in.price()
    made = [stand_in.session(price, customer).id for _ in range(3)]
    stand_in.act("pay", session=made[0])
    stand_in.client.v1.checkout.sessions.expire(made[1])
    sessions = stand_in.client.v1.checkout.sessions
    by_status = {
        status: [one.id for one in sessions.list({"customer": customer.id, "status": status}).data]
        for status in ("complete", "expired", "open")
    }
    assert by_status == {"complete": [made[0]], "expired": [made[1]], "open": [made[2]]}
    assert [one.id for one in sessions.list({"customer": customer.id}).data] == made[::-1]
