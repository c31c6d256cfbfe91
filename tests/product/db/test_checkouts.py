"""Asking for pages of Stripe: start_checkout, start_portal, and the jobs that make them."""

from __future__ import annotations

import json
import uuid
from typing import Any

import pytest

from tests.support.database import Database, sign_up
from tests.support.economy import newcomer, sweep
from tests.support.sidecar import claim, claim_one, make_due, report
from tests.support.stripe_world import Customer, apply, link_all, new_id, price

KEY = uuid.UUID(int=7)
START = "select * from public.start_checkout(%s, %s, %s, %s)"
PORTAL = "select * from public.start_portal(%s)"


@pytest.fixture
def ana(db: Database) -> uuid.UUID:
    link_all(db)
    return newcomer(db)


def start(
    db: Database,
    person: uuid.UUID,
    item: str = "starter",
    *,
    kind: str = "pack",
    key: uuid.UUID | None = None,
    quantity: int | None = None,
) -> dict[str, Any]:
    return db.call(person, START, kind, item, key or uuid.uuid4(), quantity)


def refused(
    db: Database,
    person: uuid.UUID,
    kind: Any,
    item: Any = "starter",
    key: uuid.UUID | None = KEY,
    quantity: int = 1,
) -> tuple[str | None, str | None]:
    said = db.refused(person, START, kind, item, key, quantity)
    return said.sqlstate, said.slug


def checkout(db: Database, made: dict[str, Any]) -> dict[str, Any]:
    return db.rows("select * from public.checkouts where id = %s", made["id"])[0]


def open_page(db: Database, made: dict[str, Any], **more: Any) -> dict[str, Any]:
    """Be the worker: make the customer if there is none, then the page; return the session."""
    job = claim(db)[0]
    if job["kind"] == "customer":
        assert report(db, "report_stripe", job, {"id": new_id("cus"), "object": "customer"}) == (
            "customer"
        )
        job = claim_one(db, "checkout")
    expires_at = db.value("select extract(epoch from now())::bigint + 86400")
    page = {
        "id": new_id("cs"),
        "object": "checkout.session",
        "url": "https://checkout.stripe.com/c/pay/x",
        "expires_at": expires_at,
    } | more
    assert report(db, "report_stripe", job, page) == "open"
    return page


def test_asking_writes_the_intent_and_the_worker_opens_the_page(
    db: Database, ana: uuid.UUID
) -> None:
    made = start(db, ana)
    assert (made["status"], made["url"], made["credits"]) == ("requested", None, 100)
    job = claim_one(db, "customer")
    call = job["payload"]
    assert call["call"] == "customers.create"
    assert call["params"] == {
        "email": f"{ana}@example.com",
        "metadata": {"profile_id": str(ana)},
    }
    assert call["idempotency_key"].startswith(f"customer:{ana}:")
    report(db, "report_stripe", job, {"id": "cus_ana", "object": "customer"})
    job = claim_one(db, "checkout")
    names = {"checkout_id": str(made["id"]), "profile_id": str(ana)}
    success = db.value("select checkout_success_url from private.settings")
    assert job["payload"] == {
        "id": None,
        "call": "checkout.sessions.create",
        "idempotency_key": f"checkout:{made['id']}:0",
        "params": {
            "mode": "payment",
            "customer": "cus_ana",
            "client_reference_id": str(made["id"]),
            "metadata": names,
            "payment_intent_data": {"metadata": names},
            "line_items": [{"price": price("starter"), "quantity": 1}],
            "success_url": success,
            "cancel_url": success,
        },
    }
    page = {"id": "cs_1", "object": "checkout.session", "url": "https://x/", "expires_at": None}
    assert report(db, "report_stripe", job, page) == "open"
    found = checkout(db, made)
    assert (found["status"], found["url"], found["stripe_session_id"]) == (
        ("open", "https://x/", "cs_1")
    )
    assert report(db, "report_stripe", job, page) == "stale"
    assert claim(db) == []


def test_a_person_has_one_customer_for_ever(db: Database, ana: uuid.UUID) -> None:
    start(db, ana)
    start(db, ana, "creator")
    jobs = claim(db)
    assert [job["kind"] for job in jobs] == ["customer", "customer"]
    for place, job in enumerate(jobs):
        report(db, "report_stripe", job, {"id": f"cus_{place}", "object": "customer"})
    jobs = claim(db)
    assert [job["payload"]["params"]["customer"] for job in jobs] == ["cus_0", "cus_0"]


def test_the_same_key_is_the_same_checkout(db: Database, ana: uuid.UUID) -> None:
    key = uuid.uuid4()
    made = start(db, ana, key=key)
    assert start(db, ana, key=key) == made
    assert refused(db, ana, "pack", "creator", key) == ("PT409", "idempotency_conflict")
    assert refused(db, ana, "pack", "starter", key, 2) == ("PT409", "idempotency_conflict")
    assert refused(db, ana, "pack", "starter", None) == ("PT400", "idempotency_key_required")
    assert db.value("select count(*) from public.checkouts") == 1
    # A key is one person's own.
    ben = newcomer(db)
    assert start(db, ben, key=key)["id"] != made["id"]


def test_a_page_that_is_open_is_found_again(db: Database, ana: uuid.UUID) -> None:
    made = start(db, ana)
    assert start(db, ana)["id"] == made["id"]
    open_page(db, made)
    assert start(db, ana)["id"] == made["id"]
    assert start(db, ana, quantity=2)["id"] != made["id"]
    db.rows("update public.checkouts set expires_at = now() where id = %s", made["id"])
    assert start(db, ana)["id"] != made["id"]


@pytest.mark.parametrize(
    ("arguments", "slug"),
    [
        (("pack", "nothing"), "item_not_found"),
        (("pack", "monthly_25images"), "item_not_found"),
        (("subscription", "starter"), "item_not_found"),
        (("portal", "starter"), "item_kind_unknown"),
        (("pack", None), "item_not_found"),
        ((None, "starter"), "item_kind_unknown"),
        (("pack", "x" * 100_000), "item_not_found"),
        (("pack", "starter", KEY, 11), "quantity_out_of_range"),
        (("pack", "starter", KEY, 0), "quantity_out_of_range"),
        (("pack", "starter", KEY, -1), "quantity_out_of_range"),
        (("subscription", "monthly_25images", KEY, 2), "quantity_out_of_range"),
    ],
    ids=lambda value: str(value)[:30],
)
def test_what_is_not_for_sale_is_refused(
    db: Database, ana: uuid.UUID, arguments: Any, slug: str
) -> None:
    assert refused(db, ana, *arguments)[1] == slug
    assert start(db, ana, quantity=10)["quantity"] == 10


def test_what_is_disabled_or_has_no_price_cannot_be_bought(db: Database, ana: uuid.UUID) -> None:
    db.rows("update public.credit_packs set is_enabled = false where pack_key = 'starter'")
    assert refused(db, ana, "pack") == ("PT404", "item_not_found")
    db.rows("update public.credit_packs set price_amount = 1 where pack_key = 'creator'")
    assert refused(db, ana, "pack", "creator") == ("PT503", "checkout_not_ready")
    link = "select private.link_stripe_price('pack', 'creator', 'price_x', 'p', 1, 'usd', null)"
    db.rows(link)
    assert start(db, ana, "creator")["status"] == "requested"
    db.rows("update private.settings set checkout_success_url = null where id")
    assert refused(db, ana, "pack", "creator") == ("PT503", "checkout_not_ready")


def test_a_second_subscription_of_a_family_is_refused(db: Database, ana: uuid.UUID) -> None:
    made = start(db, ana, "monthly_25images", kind="subscription")
    again = start(db, ana, "monthly_25images", kind="subscription")
    assert again["id"] == made["id"]
    other = ("subscription", "monthly_100images")
    assert refused(db, ana, *other) == ("PT409", "checkout_open")
    db.rows("update public.plans set plan_family = 'extra' where plan_name = 'monthly_unlimited'")
    assert start(db, ana, "monthly_unlimited", kind="subscription")["status"] == "requested"
    db.value("select private.close_checkout(%s, %s, 'completed')", ana, made["id"])
    db.rows(
        "insert into public.subscriptions (profile_id, plan_name, status, is_active)"
        " values (%s, 'monthly_25images', 'past_due', false)",
        ana,
    )
    assert refused(db, ana, *other) == ("PT409", "already_subscribed")
    db.rows("update public.subscriptions set status = 'canceled'")
    assert start(db, ana, "monthly_100images", kind="subscription")["status"] == "requested"


def test_pages_are_limited_per_hour(db: Database, ana: uuid.UUID) -> None:
    db.rows("update private.settings set max_checkouts_per_hour = 2 where id")
    made = [start(db, ana, quantity=number) for number in (1, 2)]
    said = db.refused(ana, START, "pack", "starter", uuid.uuid4(), 3)
    assert (said.sqlstate, said.slug) == ("PT429", "too_many_checkouts")
    # One that is there already is given all the same, and others are not held up.
    assert start(db, ana, quantity=2)["id"] == made[1]["id"]
    assert start(db, newcomer(db), quantity=3)["status"] == "requested"


def test_the_portal_is_for_those_who_have_a_customer(db: Database, ana: uuid.UUID) -> None:
    said = db.refused(ana, PORTAL, uuid.uuid4())
    assert (said.sqlstate, said.slug) == ("PT404", "nothing_bought")
    customer = Customer.new(db)
    key = uuid.uuid4()
    made = db.call(customer.person, PORTAL, key)
    assert db.call(customer.person, PORTAL, key)["id"] == made["id"]
    job = claim_one(db, "checkout")
    assert job["payload"]["call"] == "billing_portal.sessions.create"
    assert job["payload"]["params"]["customer"] == customer.id
    page = {"id": "bps_1", "object": "billing_portal.session", "url": "https://billing/"}
    report(db, "report_stripe", job, page)
    found = checkout(db, made)
    assert (found["status"], found["url"]) == ("open", "https://billing/")
    db.rows("update public.checkouts set expires_at = now()")
    sweep(db)
    assert checkout(db, made)["status"] == "expired"


def test_a_page_that_cannot_be_made_fails_its_checkout(db: Database, ana: uuid.UUID) -> None:
    made = start(db, ana)
    job = claim_one(db, "customer")
    assert report(db, "report_job_failed", job, "stripe_unreachable", "", False) == "ok"
    assert checkout(db, made)["status"] == "requested"
    make_due(db)
    job = claim_one(db, "customer")
    assert report(db, "report_job_failed", job, "stripe_refused", "email", True) == "ok"
    found = checkout(db, made)
    assert (found["status"], found["error"]) == ("failed", "stripe_refused")
    assert claim(db) == []


def test_a_customer_that_was_deleted_at_stripe_is_replaced_once(
    db: Database, ana: uuid.UUID
) -> None:
    made = start(db, ana)
    first = claim_one(db, "customer")
    report(db, "report_stripe", first, {"id": "cus_gone", "object": "customer"})
    job = claim_one(db, "checkout")
    # As young as the page, it cannot have been deleted: something else is wrong.
    missing = ("stripe_missing", "resource_missing customer", True)
    db.rows("update private.stripe_customers set created_at = now() + interval '1 hour'")
    report(db, "report_job_failed", job, *missing)
    assert checkout(db, made)["error"] == "stripe_missing"
    db.rows("update private.stripe_customers set created_at = now() - interval '1 day'")
    again = start(db, ana)
    report(db, "report_job_failed", claim_one(db, "checkout"), *missing)
    job = claim_one(db, "customer")
    keys = [one["payload"]["idempotency_key"] for one in (first, job)]
    assert keys[0] != keys[1]
    report(db, "report_stripe", job, {"id": "cus_new", "object": "customer"})
    job = claim_one(db, "checkout")
    assert job["payload"]["params"]["customer"] == "cus_new"
    page = {"id": "cs_1", "object": "checkout.session", "url": "https://x/", "expires_at": None}
    report(db, "report_stripe", job, page)
    assert checkout(db, again)["status"] == "open"
    # What comes late still names the old one.
    apply(db, Customer(db, ana, "cus_gone").session())
    assert db.value("select credits from public.profiles where id = %s", ana) == 100


def test_a_page_whose_time_is_over_is_looked_at(db: Database, ana: uuid.UUID) -> None:
    made = start(db, ana)
    page = open_page(db, made)
    db.rows("update public.checkouts set expires_at = now()")
    sweep_once = db.value("select private.sweep()")
    assert sweep_once["stale_checkouts"] == 1
    # The same sweep has begun to compare everything.
    jobs = {job["kind"]: job for job in claim(db)}
    assert set(jobs) == {"fetch", "reconcile"}
    job = jobs["fetch"]
    assert (job["payload"]["call"], job["payload"]["id"]) == (
        ("checkout.sessions.retrieve", page["id"])
    )
    assert job["payload"]["params"] == {"expand": ["line_items", "payment_intent"]}
    expired = {
        "id": page["id"],
        "object": "checkout.session",
        "mode": "payment",
        "status": "expired",
        "payment_status": "unpaid",
    }
    assert report(db, "report_stripe", job, expired) == "expired"
    assert checkout(db, made)["status"] == "expired"


def test_nobody_sees_or_writes_the_checkouts_of_others(db: Database, ana: uuid.UUID) -> None:
    made = start(db, ana)
    ben = sign_up(db)
    count = "select count(*) from public.checkouts where id = %s"
    assert db.call(ben, count, made["id"]) == {"count": 0}
    assert db.call(ana, count, made["id"]) == {"count": 1}
    for statement in (
        "update public.checkouts set status = 'completed'",
        "insert into public.checkouts (profile_id, item_kind) values (gen_random_uuid(), 'portal')",
        "delete from public.checkouts",
        "select * from private.catalog",
        "select * from private.stripe_customers",
    ):
        assert db.refused(ana, statement).sqlstate == "42501", statement


def test_the_address_of_a_page_is_not_the_clients_to_choose(db: Database, ana: uuid.UUID) -> None:
    arguments = db.value(
        "select array_to_json(proargnames) from pg_proc where proname = 'start_checkout'"
        " and pronamespace = 'public'::regnamespace"
    )
    assert arguments == ["item_kind", "item_key", "idempotency_key", "quantity"]
    for url in ("javascript:alert(1)", "//evil.example", "ftp://x/y"):
        with pytest.raises(Exception, match="settings_checkout_success_url_is_web"):
            db.rows("update private.settings set checkout_success_url = %s where id", url)
    db.rows("update private.settings set checkout_success_url = 'https://shop/' where id")
    start(db, ana)
    claim_one(db, "customer")


def test_a_paid_page_ends_its_checkout(db: Database, ana: uuid.UUID) -> None:
    made = start(db, ana)
    page = open_page(db, made)
    customer = Customer(
        db, ana, db.value("select customer_id from private.stripe_customers where true")
    )
    apply(db, customer.session(id=page["id"], client_reference_id=str(made["id"])))
    found = checkout(db, made)
    assert (found["status"], found["url"]) == ("completed", None)
    assert json.loads(json.dumps(found["error"])) is None
