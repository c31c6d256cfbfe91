"""The comparison with Stripe: what differs is found and repaired, and nothing else."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.support.database import Database
from tests.support.economy import state
from tests.support.sidecar import claim, claim_one, report
from tests.support.stripe_world import (
    DAY,
    Customer,
    Object,
    alarms,
    apply,
    at,
    dispute,
    event,
    line,
    link_all,
    price,
    refund,
    tell,
)

BASIC = "monthly_25images"
Change = Callable[[Object], Object]


@pytest.fixture
def ana(db: Database) -> Customer:
    link_all(db)
    return Customer.new(db)


@pytest.fixture
def now() -> datetime:
    return datetime.now(UTC).replace(microsecond=0) - timedelta(hours=1)


def compare(db: Database, *objects: Object) -> list[tuple[str, str, bool]]:
    """Return the id, the difference and whether it can be repaired of each object that differs."""
    found = db.rows("select * from private.compare_stripe_objects(%s::jsonb)", json.dumps(objects))
    return [(row["object_id"], row["difference"], row["is_repairable"]) for row in found]


def differences(db: Database, *objects: Object) -> list[str]:
    return [difference for _, difference, _ in compare(db, *objects)]


def checkout(db: Database, one: Customer, session: Object, status: str = "open") -> Object:
    """Give a person the checkout that a session is the page of."""
    checkout_id = db.value(
        "insert into public.checkouts (profile_id, item_kind, item_key, credits, idempotency_key,"
        " status, url, stripe_session_id, finished_at) values (%s, 'pack', 'starter', 100,"
        " gen_random_uuid(), %s, 'https://checkout.example.com', %s,"
        " case when %s in ('open', 'pending') then null else now() end)"
        " returning id",
        one.person,
        status,
        session["id"],
        status,
    )
    return session | {"client_reference_id": str(checkout_id)}


def test_an_event_that_never_came_differs(db: Database, ana: Customer) -> None:
    told = event(ana.session(), "checkout.session.completed")
    assert compare(db, told) == [(told["id"], "event_missing", True)]
    tell(db, told)
    assert compare(db, told) == []


def test_a_payment_that_is_not_here_differs(db: Database, ana: Customer) -> None:
    session = ana.session()
    assert compare(db, session) == [(session["id"], "payment_missing", True)]
    assert differences(db, ana.session(payment_status="no_payment_required")) == ["payment_missing"]
    for unpaid in ({"payment_status": "unpaid"}, {"status": "open"}, {"mode": "setup"}):
        assert compare(db, ana.session(**unpaid)) == []
    apply(db, session)
    assert compare(db, session) == []


@pytest.mark.parametrize(
    ("ours", "theirs", "differs"),
    [
        ("open", {"status": "open", "payment_status": "unpaid"}, False),
        ("open", {"status": "expired", "payment_status": "unpaid"}, True),
        ("expired", {"status": "expired", "payment_status": "unpaid"}, False),
        ("failed", {"status": "expired", "payment_status": "unpaid"}, False),
        ("open", {"payment_status": "unpaid"}, True),
        ("pending", {"payment_status": "unpaid"}, False),
        ("failed", {"payment_status": "unpaid"}, False),
        ("open", {"mode": "subscription"}, True),
        ("completed", {"mode": "subscription"}, False),
        ("completed", {"mode": "subscription", "payment_status": "unpaid"}, False),
    ],
)
def test_a_checkout_that_is_not_as_its_page_differs(
    db: Database, ana: Customer, ours: str, theirs: dict[str, str], differs: bool
) -> None:
    session = checkout(db, ana, ana.session(**theirs), ours)
    assert differences(db, session) == ["checkout_differs"] * differs


def test_a_page_that_was_paid_completes_its_checkout(db: Database, ana: Customer) -> None:
    session = checkout(db, ana, ana.session())
    assert differences(db, session) == ["payment_missing"]
    apply(db, session)
    assert differences(db, session) == []
    db.rows("update public.checkouts set status = 'expired'")
    assert differences(db, session) == ["checkout_differs"]
    apply(db, session)
    assert differences(db, session) == []


def item(made: Object, **changes: Any) -> Object:
    (old,) = made["items"]["data"]
    return made | {"items": {"object": "list", "data": [old | changes]}}


LATER = at(datetime(2031, 1, 31, tzinfo=UTC))
CHANGES: dict[str, Change] = {
    "status": lambda made: made | {"status": "past_due"},
    "paused": lambda made: made | {"pause_collection": {"behavior": "void"}},
    "period": lambda made: item(made, current_period_end=LATER),
    "plan": lambda made: item(made, price={"id": price("monthly_100images")}),
    "quantity": lambda made: item(made, quantity=2),
    "ended": lambda made: made | {"status": "canceled", "ended_at": LATER},
    "canceled later": lambda made: made | {"cancel_at": LATER},
    "canceled at the end": lambda made: made | {"cancel_at_period_end": True},
}


@pytest.mark.parametrize("name", CHANGES)
def test_a_subscription_that_changed_differs(
    db: Database, ana: Customer, now: datetime, name: str
) -> None:
    made = ana.subscription(BASIC, now, now + 30 * DAY)
    assert compare(db, made) == [(made["id"], "subscription_differs", True)]
    apply(db, made)
    assert compare(db, made) == []
    changed = CHANGES[name](made)
    assert compare(db, changed) == [(made["id"], "subscription_differs", True)]
    apply(db, changed)
    assert compare(db, changed) == []
    assert differences(db, made) == ["subscription_differs"]


def test_a_paid_invoice_that_is_not_here_differs(
    db: Database, ana: Customer, now: datetime
) -> None:
    made = ana.subscription(BASIC, now, now + 30 * DAY)
    apply(db, made)
    invoice = ana.invoice(made, line(BASIC, now, now + 30 * DAY))
    assert compare(db, invoice) == [(invoice["id"], "payment_missing", True)]
    others: list[Object] = [{"status": "open"}, {"amount_paid": 0, "lines": {"data": []}}]
    for other in [*others, {"parent": None}]:
        assert compare(db, invoice | other) == []
    apply(db, invoice)
    assert compare(db, invoice) == []


@pytest.mark.parametrize(
    ("applied", "other"),
    [
        ("succeeded", "failed"),
        ("pending", "canceled"),
        ("failed", "succeeded"),
        ("canceled", "pending"),
    ],
)
def test_a_refund_that_changed_differs(
    db: Database, ana: Customer, applied: str, other: str
) -> None:
    session = ana.session()
    apply(db, session)
    made = refund(session, 300, applied)
    assert compare(db, made) == [(made["id"], "refund_differs", True)]
    assert compare(db, made | {"status": "requires_action"}) == []
    apply(db, made)
    assert compare(db, made) == []
    assert compare(db, made | {"status": other}) == [(made["id"], "refund_differs", True)]
    assert compare(db, made | {"amount": 301}) == [(made["id"], "refund_differs", True)]


@pytest.mark.parametrize(
    ("applied", "same", "other"),
    [
        ("needs_response", "warning_under_review", "won"),
        ("under_review", "warning_needs_response", "lost"),
        ("won", "warning_closed", "lost"),
        ("prevented", "won", "appeal_under_review"),
        ("lost", "appeal_needs_response", "won"),
    ],
)
def test_a_dispute_that_changed_differs(
    db: Database, ana: Customer, applied: str, same: str, other: str
) -> None:
    session = ana.session()
    apply(db, session)
    made = dispute(session, applied)
    assert compare(db, made) == [(made["id"], "dispute_differs", True)]
    apply(db, made)
    for status in (applied, same):
        assert compare(db, made | {"status": status}) == []
    assert compare(db, made | {"status": other}) == [(made["id"], "dispute_differs", True)]
    assert compare(db, made | {"amount": 1}) == [(made["id"], "dispute_differs", True)]


def test_what_nobody_knows_does_not_differ(db: Database, ana: Customer) -> None:
    assert compare(db, {"id": "po_1", "object": "payout"}, {"id": "x", "object": None}) == []
    assert compare(db) == []


def test_what_a_person_has_to_look_at_cannot_be_repaired_and_is_resolved_for_good(
    db: Database, ana: Customer
) -> None:
    strange = ana.session(customer="cus_elsewhere")
    assert compare(db, strange) == [(strange["id"], "payment_missing", True)]
    apply(db, strange)
    assert compare(db, strange) == [(strange["id"], "unknown_customer", False)]
    repair = "select * from private.repair_stripe_objects(%s::jsonb)"
    assert len(db.rows(repair, json.dumps([strange]))) == 1
    assert claim(db) == []
    alarm = db.value("select id from private.stripe_alarms")
    db.rows("select private.resolve_stripe_alarm(%s, 'Olga', 'refunded')", alarm)
    assert compare(db, strange) == []


def test_an_object_of_the_other_mode_is_still_to_be_repaired(db: Database, ana: Customer) -> None:
    session = ana.session()
    assert apply(db, session | {"livemode": True}) == "wrong_mode"
    assert compare(db, session) == [(session["id"], "payment_missing", True)]


def test_comparing_changes_nothing_and_repairing_asks_for_each_object_once(
    db: Database, ana: Customer, now: datetime
) -> None:
    session = ana.session()
    made = ana.subscription(BASIC, now, now + 30 * DAY)
    told = [event(session, "checkout.session.completed"), event(session, "x"), event(made, "y")]
    objects = [session, made, *told, ana.session(status="open")]
    assert len(compare(db, *objects)) == 5
    assert db.value("select count(*) from private.jobs") == 0
    assert db.value("select count(*) from private.stripe_events") == 0
    repair = "select * from private.repair_stripe_objects(%s::jsonb)"
    assert len(db.rows(repair, json.dumps(objects))) == 5
    assert Counter(job["payload"]["id"] for job in claim(db)) == {session["id"]: 1, made["id"]: 1}
    assert db.value("select count(*) from private.stripe_events") == 3


def start(db: Database) -> bool:
    return bool(db.value("select private.start_reconcile()"))


def run(db: Database) -> dict[str, Any]:
    return db.rows("select * from private.reconcile_runs order by id desc limit 1")[0]


def page(*objects: Object, has_more: bool = False) -> Object:
    return {"object": "list", "data": list(objects), "has_more": has_more}


CALLS = [
    "events.list",
    "checkout.sessions.list",
    "subscriptions.list",
    "invoices.list",
    "refunds.list",
    "disputes.list",
]


def test_a_comparison_reads_every_list_page_by_page(db: Database, ana: Customer) -> None:
    assert start(db) is True
    since = at(run(db)["since"])
    assert abs(since - at(datetime.now(UTC) - 3 * DAY)) < 60
    known, lost = ana.session(), ana.session()
    apply(db, known)
    calls = []
    for place, call in enumerate(CALLS, start=1):
        job = claim_one(db, "reconcile")
        params = job["payload"]["params"]
        calls.append(job["payload"]["call"])
        assert params["limit"] == 100
        assert params.get("created") == (None if call == "subscriptions.list" else {"gte": since})
        assert "starting_after" not in params
        assert run(db)["call_position"] == place
        if call == "checkout.sessions.list":
            assert report(db, "report_stripe", job, page(known, lost, has_more=True)) == "page"
            assert (run(db)["call_position"], run(db)["last_object_id"]) == (place, lost["id"])
            jobs = {job["kind"]: job for job in claim(db)}
            job = jobs["reconcile"]
            assert job["payload"]["params"]["starting_after"] == lost["id"]
            assert report(db, "report_stripe", jobs["fetch"], lost) == "paid"
        is_last = place == len(CALLS)
        # One that says there is more, and shows nothing, ends its list too.
        answer = page(has_more=call == "invoices.list")
        assert report(db, "report_stripe", job, answer) == ("compared" if is_last else "page")
    assert calls == CALLS
    ended = run(db)
    assert ended["finished_at"] is not None
    assert (ended["call_position"], ended["last_object_id"]) == (len(CALLS) + 1, None)
    assert (ended["seen"], ended["differing"]) == (2, 1)
    assert (state(db, ana.person), claim(db), alarms(db)) == ((200, 0), [], [])


def test_it_begins_when_it_is_due_and_looks_back_to_the_last_one(
    db: Database, ana: Customer
) -> None:
    assert start(db) is True
    # The one under way goes on, however long it takes.
    db.rows("update private.reconcile_runs set started_at = now() - interval '5 days'")
    assert start(db) is False
    db.rows("update private.reconcile_runs set finished_at = now()")
    db.rows("delete from private.jobs")
    began = run(db)["started_at"]
    assert start(db) is True
    assert run(db)["since"] == began - DAY
    db.rows("update private.reconcile_runs set finished_at = now()")
    for age, is_due in (("23 hours", False), ("25 hours", True)):
        db.rows("update private.reconcile_runs set started_at = now() - %s::interval", age)
        assert start(db) is is_due


def test_before_anybody_is_a_customer_there_is_nothing_to_compare(db: Database) -> None:
    assert start(db) is False
    Customer.new(db)
    assert start(db) is True


def test_sixteen_at_once_begin_one_comparison(db: Database, ana: Customer) -> None:
    with ThreadPoolExecutor(16) as pool:
        answers = Counter(pool.map(lambda _: start(db), range(16)))
    assert answers == {True: 1, False: 15}
    assert len(claim(db)) == 1
    assert db.value("select count(*) from private.reconcile_runs") == 1


def test_a_page_whose_lease_is_over_counts_once(db: Database, ana: Customer) -> None:
    start(db)
    early = claim_one(db, "reconcile")
    db.rows("update private.jobs set due_at = now()")
    late = claim_one(db, "reconcile")
    told = event(ana.session(), "x")
    assert report(db, "report_stripe", late, page(told)) == "page"
    assert report(db, "report_stripe", early, page(told)) == "stale"
    assert (run(db)["seen"], run(db)["differing"], run(db)["call_position"]) == (1, 1, 2)


def test_a_list_that_cannot_be_read_is_asked_for_again(db: Database, ana: Customer) -> None:
    start(db)
    for _ in range(12):
        job = claim_one(db, "reconcile")
        report(db, "report_job_failed", job, "stripe_refused", "HTTP 403", True)
        db.rows("update private.jobs set due_at = now()")
    assert (run(db)["call_position"], run(db)["finished_at"], alarms(db)) == (1, None, [])
    assert report(db, "report_stripe", claim_one(db, "reconcile"), page()) == "page"


def test_a_bank_that_takes_days_is_asked_after(db: Database, ana: Customer) -> None:
    session = checkout(db, ana, ana.session(payment_status="unpaid"), "pending")
    start(db)
    jobs = {job["kind"]: job for job in claim(db)}
    assert jobs["fetch"]["payload"]["id"] == session["id"]
    assert (
        report(db, "report_stripe", jobs["fetch"], session | {"payment_status": "paid"}) == "paid"
    )
    assert state(db, ana.person) == (100, 0)


def test_a_month_that_a_coupon_paid_differs_too(db: Database, ana: Customer, now: datetime) -> None:
    made = ana.subscription(BASIC, now, now + 30 * DAY)
    apply(db, made)
    free = ana.invoice(made, line(BASIC, now, now + 30 * DAY), total=0, amount_paid=0)
    assert differences(db, free) == ["payment_missing"]
    apply(db, free)
    assert (differences(db, free), state(db, ana.person)) == ([], (250, 0))


def test_a_subscription_to_none_does_not_differ_for_ever(
    db: Database, ana: Customer, now: datetime
) -> None:
    made = ana.subscription(BASIC, now, now + 30 * DAY, quantity=0)
    apply(db, made)
    assert differences(db, made) == []


def test_a_page_that_nobody_was_shown_does_not_differ_for_ever(db: Database, ana: Customer) -> None:
    # The answer to the call that made it was lost, three times: then another one was made.
    paid = checkout(db, ana, ana.session())
    apply(db, paid)
    unseen = {"status": "expired", "payment_status": "unpaid"}
    first = ana.session(client_reference_id=paid["client_reference_id"], **unseen)
    apply(db, first)
    assert differences(db, first) == []


def test_an_upgrade_in_a_month_whose_payment_was_lost_is_repaired(
    db: Database, ana: Customer, now: datetime
) -> None:
    start_of_month, end = now - 15 * DAY, now + 15 * DAY
    made = ana.subscription(BASIC, start_of_month, end)
    month = ana.invoice(made, line(BASIC, start_of_month, end))
    rest = line("monthly_100images", now, end, 2000, proration=True)
    upgrade = ana.invoice(made, rest, billing_reason="subscription_update")
    apply(db, made)
    tell(db, event(upgrade, "invoice.paid"))
    # Two minutes of waiting.
    for _ in range(10):
        db.rows("update private.jobs set due_at = now()")
        for job in claim(db):
            report(db, "report_stripe", job, upgrade)
    db.rows("select private.repair_stripe_objects(%s::jsonb)", json.dumps([month, upgrade]))
    for _ in range(3):
        db.rows("update private.jobs set due_at = now()")
        for job in claim(db):
            subject = month if job["payload"]["id"] == month["id"] else upgrade
            report(db, "report_stripe", job, subject)
    assert compare(db, month, upgrade) == []
    assert state(db, ana.person) == (250 + 375, 0)
