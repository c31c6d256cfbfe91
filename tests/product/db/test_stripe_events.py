"""The inbox of Stripe's events: stored once, and their objects fetched by one worker at a time."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.support.database import Database
from tests.support.economy import state
from tests.support.sidecar import claim, claim_one, make_due, report
from tests.support.stripe_world import (
    Customer,
    alarms,
    dispute,
    event,
    intent_of,
    link_all,
    new_id,
    refund,
    tell,
)

PAID = "checkout.session.completed"


@pytest.fixture
def ana(db: Database) -> Customer:
    link_all(db)
    return Customer.new(db)


def waiting(db: Database) -> int:
    return int(db.value("select count(*) from private.stripe_events where applied_at is null"))


def test_an_event_is_stored_once_and_its_object_is_fetched(db: Database, ana: Customer) -> None:
    session = ana.session()
    told = event(session, PAID)
    assert [tell(db, told) for _ in range(3)] == ["stored", "duplicate", "duplicate"]
    job = claim_one(db, "fetch")
    assert job["payload"]["id"] == session["id"]
    assert waiting(db) == 1
    assert report(db, "report_stripe", job, session) == "paid"
    assert (waiting(db), claim(db), state(db, ana.person)) == (0, [], (100, 0))
    assert tell(db, told) == "duplicate"
    assert claim(db) == []


def test_both_shapes_of_one_event_count_as_one(db: Database, ana: Customer) -> None:
    session = ana.session()
    snapshot = event(session, PAID)
    thin = {
        "id": new_id("evt_thin"),
        "object": "v2.core.event",
        "type": f"v1.{PAID}",
        "created": "2026-11-25T00:00:00Z",
        "livemode": False,
        "related_object": {"id": session["id"], "type": "checkout.session"},
        "snapshot_event": snapshot["id"],
    }
    assert [tell(db, thin), tell(db, snapshot)] == ["stored", "duplicate"]
    found = db.rows("select event_id, event_type, object_type from private.stripe_events")
    assert [tuple(row.values()) for row in found] == [(snapshot["id"], PAID, "checkout.session")]


def test_many_events_of_one_object_are_one_fetch(db: Database, ana: Customer) -> None:
    session = ana.session()
    for number in range(5):
        assert tell(db, event(session, f"checkout.session.{number}")) == "stored"
    job = claim_one(db, "fetch")
    assert report(db, "report_stripe", job, session) == "paid"
    assert waiting(db) == 0


def test_an_event_during_a_fetch_has_the_object_fetched_again(db: Database, ana: Customer) -> None:
    session = ana.session()
    tell(db, event(session, "checkout.session.completed"))
    early = claim_one(db, "fetch")
    tell(db, event(session, "checkout.session.async_payment_succeeded"))
    late = claim_one(db, "fetch")
    # The first looked too early: what it saw must not come after what the second saw.
    assert report(db, "report_stripe", late, session) == "paid"
    assert report(db, "report_stripe", early, session | {"payment_status": "unpaid"}) == "stale"
    assert waiting(db) == 0


def test_sixty_four_deliveries_of_one_event_are_one(db: Database, ana: Customer) -> None:
    session = ana.session()
    told = event(session, PAID)
    with ThreadPoolExecutor(64) as pool:
        answers = Counter(pool.map(lambda _: tell(db, told), range(64)))
    assert answers == {"stored": 1, "duplicate": 63}
    job = claim_one(db, "fetch")
    with ThreadPoolExecutor(16) as pool:
        words = Counter(pool.map(lambda _: report(db, "report_stripe", job, session), range(16)))
    assert words == {"paid": 1, "stale": 15}
    assert state(db, ana.person) == (100, 0)


@pytest.mark.parametrize(
    "told",
    [
        {},
        {"id": "evt_1"},
        {"type": "x"},
        {"id": None, "type": None},
        {"id": "e" * 256, "type": "x"},
    ],
    ids=str,
)
def test_what_is_no_event_is_not_stored(db: Database, told: dict[str, Any]) -> None:
    assert tell(db, told | {"livemode": False}) == "invalid"
    assert db.value("select count(*) from private.stripe_events") == 0


@pytest.mark.parametrize("livemode", [True, None, "false", 0])
def test_an_event_of_the_other_mode_is_not_stored(
    db: Database, ana: Customer, livemode: Any
) -> None:
    session = ana.session()
    assert tell(db, event(session, PAID, livemode=livemode)) == "wrong_mode"
    assert db.value("select count(*) from private.stripe_events") == 0
    assert tell(db, event(session, PAID)) == "stored"


@pytest.mark.parametrize(
    ("object_id", "kind", "is_fetched"),
    [
        ("cs_1", PAID, True),
        ("in_1", "invoice.paid", True),
        ("sub_1", "customer.subscription.updated", True),
        ("re_1", "refund.created", True),
        ("du_1", "charge.dispute.created", True),
        ("ch_1", "charge.refunded", True),
        ("ch_1", "charge.succeeded", False),
        ("cus_1", "customer.updated", False),
        ("pm_1", "payment_method.attached", False),
        ("pi_1", "payment_intent.succeeded", False),
        ("new_1", "something.of.2027", False),
        ("", "balance.available", False),
        ("in_" + "x" * 300, "invoice.paid", False),
        ("in_1'; drop table x", "invoice.paid", False),
    ],
)
def test_what_concerns_us_is_fetched_and_all_is_stored(
    db: Database, object_id: str, kind: str, is_fetched: bool
) -> None:
    assert tell(db, event({"id": object_id, "object": "x"}, kind)) == "stored"
    assert len(claim(db)) == is_fetched
    assert waiting(db) == is_fetched


def test_the_refunds_of_a_charge_are_applied_together(db: Database, ana: Customer) -> None:
    session = ana.session()
    tell(db, event(session, PAID))
    report(db, "report_stripe", claim_one(db, "fetch"), session)
    tell(db, event({"id": "ch_1", "object": "charge"}, "charge.refunded"))
    job = claim_one(db, "fetch")
    assert job["payload"]["call"] == "refunds.list"
    page = {"object": "list", "data": [refund(session, 90), refund(session, 180)]}
    assert report(db, "report_stripe", job, page) == "taken"
    assert state(db, ana.person) == (70, 0)


def test_a_refund_that_comes_first_finds_its_purchase(db: Database, ana: Customer) -> None:
    session = ana.session()
    back = refund(session, 450)
    tell(db, event(back, "refund.created"))
    assert report(db, "report_stripe", claim_one(db, "fetch"), back) == "waiting"
    job = claim_one(db, "find_invoice")
    assert job["payload"]["call"] == "invoice_payments.list"
    assert job["payload"]["params"] == {
        "payment": {"type": "payment_intent", "payment_intent": intent_of(session)}
    }
    nothing: dict[str, Any] = {"object": "list", "data": []}
    assert report(db, "report_stripe", job, nothing) == "not_an_invoice"
    job = claim_one(db, "find_session")
    assert job["payload"]["call"] == "checkout.sessions.list"
    found = {"object": "list", "data": [{"id": session["id"], "object": "checkout.session"}]}
    assert report(db, "report_stripe", job, found) == session["id"]
    assert report(db, "report_stripe", claim_one(db, "fetch"), session) == "paid"
    make_due(db)
    assert report(db, "report_stripe", claim_one(db, "fetch"), back) == "taken"
    assert (state(db, ana.person), waiting(db), claim(db)) == ((50, 0), 0, [])


def test_a_dispute_of_a_renewal_finds_its_invoice(db: Database, ana: Customer) -> None:
    told = dispute(
        {
            "object": "invoice",
            "amount_paid": 1,
            "payments": {"data": [{"payment": {"payment_intent": "pi_9"}}]},
        }
    )
    tell(db, event(told, "charge.dispute.created"))
    report(db, "report_stripe", claim_one(db, "fetch"), told)
    job = claim_one(db, "find_invoice")
    found = {"object": "list", "data": [{"id": "inpay_1", "invoice": "in_9"}]}
    assert report(db, "report_stripe", job, found) == "in_9"
    assert claim_one(db, "fetch")["payload"]["call"] == "invoices.retrieve"


def test_what_is_never_found_ends_in_an_alarm(db: Database, ana: Customer) -> None:
    back = refund(ana.session(), 450)
    tell(db, event(back, "refund.created"))
    nothing: dict[str, Any] = {"object": "list", "data": []}
    for _ in range(40):
        make_due(db)
        jobs = claim(db)
        if not jobs:
            break
        for job in jobs:
            report(db, "report_stripe", job, back if job["kind"] == "fetch" else nothing)
    assert (alarms(db), waiting(db)) == (["unknown_payment"], 0)
    alarm = db.rows("select * from private.stripe_alarms")[0]
    resolve = "select private.resolve_stripe_alarm(%s, 'Olga', 'paid by hand')"
    assert db.value(resolve, alarm["id"]) is True
    assert db.value(resolve, alarm["id"]) is False


def test_an_object_that_cannot_be_read_is_tried_for_ever_or_is_an_alarm(
    db: Database, ana: Customer
) -> None:
    session = ana.session()
    tell(db, event(session, PAID))
    for _ in range(12):
        make_due(db)
        job = claim_one(db, "fetch")
        assert report(db, "report_job_failed", job, "stripe_unreachable", "HTTP 503", False) == "ok"
    make_due(db)
    job = claim_one(db, "fetch")
    assert report(db, "report_job_failed", job, "stripe_missing", "HTTP 404", True) == "ok"
    assert (alarms(db), claim(db)) == (["stripe_missing"], [])


def test_a_replay_fetches_again_what_is_known(db: Database, ana: Customer) -> None:
    import json

    session = ana.session()
    told = event(session, PAID)
    tell(db, told)
    report(db, "report_stripe", claim_one(db, "fetch"), session)
    replay = "select private.replay_stripe_event(%s::jsonb)"
    assert db.value(replay, json.dumps(told)) == "replayed"
    assert report(db, "report_stripe", claim_one(db, "fetch"), session) == "paid"
    assert state(db, ana.person) == (100, 0)
