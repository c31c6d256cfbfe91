"""Every file of sql/checks: no row when healthy, one when broken on purpose, none again."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest

from local_stack import databases
from local_stack.postgres import Postgres
from tests.support.database import TEMPLATE, Database, lift_limits, sign_up
from tests.support.database import request as ask
from tests.support.economy import reverse
from tests.support.files import add_face, erase, storage_deletes, take
from tests.support.sidecar import claim, report, submit
from tests.support.stripe_world import Customer, apply, event, line, link_all, tell
from thumbsmith.checks.questions import run_checks
from thumbsmith.project import paths

PROFILE = "where id = (select min(id::text)::uuid from public.profiles)"
STAYING = "where id not in (select profile_id from private.erasures)"
LOT = "where id = (select min(id) from public.credit_lots)"
LAST_ENTRY = """where (profile_id, entry_number) = (
    select profile_id, max(entry_number) from public.credit_entries
    group by profile_id order by max(entry_number) desc limit 1
)"""
RUNNING = "where finished_at is null and credit_cost > 0"
REFUND = "where kind = 'refund'"

# For each check: how to break it, and how to mend it.
BREAKS = {
    "balance_is_sum_of_entries": (
        f"update public.profiles set credits = credits + 1 {PROFILE}",
        f"update public.profiles set credits = credits - 1 {PROFILE}",
    ),
    "balance_is_sum_of_lots": (
        f"update public.credit_lots set remaining = remaining - 1 {LOT}",
        f"update public.credit_lots set remaining = remaining + 1 {LOT}",
    ),
    "lot_is_sum_of_entries": (
        f"update public.credit_lots set remaining = remaining - 1 {LOT}",
        f"update public.credit_lots set remaining = remaining + 1 {LOT}",
    ),
    "ledger_is_gapless": (
        f"update public.credit_entries set entry_number = entry_number + 1 {LAST_ENTRY}",
        f"update public.credit_entries set entry_number = entry_number - 1 {LAST_ENTRY}",
    ),
    "lot_has_one_grant": (
        f"update public.credit_lots set amount = amount + 1 {LOT}",
        f"update public.credit_lots set amount = amount - 1 {LOT}",
    ),
    "generation_is_paid_or_refunded": (
        f"update public.generations set credit_cost = credit_cost + 1 {RUNNING}",
        f"update public.generations set credit_cost = credit_cost - 1 {RUNNING}",
    ),
    "unfinished_generation_has_a_job": (
        "create table public.kept as table private.generation_jobs;"
        " delete from private.generation_jobs",
        "insert into private.generation_jobs overriding system value table public.kept",
    ),
    "generation_is_not_overdue": (
        f"update public.generations set deadline_at = now() - interval '6 minutes' {RUNNING}",
        f"update public.generations set deadline_at = now() {RUNNING}",
    ),
    "job_is_not_dead": (
        "update private.generation_jobs set dead_at = now() where kind = 'cancel'",
        "update private.generation_jobs set dead_at = null",
    ),
    "open_attempt_has_a_job": (
        "create table public.kept as table private.generation_jobs;"
        " delete from private.generation_jobs where kind = 'cancel'",
        "insert into private.generation_jobs overriding system value"
        " select * from public.kept where kind = 'cancel'",
    ),
    "provider_accepts_us": (
        "update private.generation_attempts set http_status = 402 where status = 'processing'",
        "update private.generation_attempts set http_status = null",
    ),
    "row_names_its_person": (
        "update private.generation_attempts set profile_id = gen_random_uuid()"
        " where status = 'processing'",
        "update private.generation_attempts as a set profile_id = g.profile_id"
        " from public.generations as g where g.id = a.generation_id",
    ),
    "attempt_has_its_cost": (
        "update private.generation_attempts set cost_micros = null where status = 'failed'",
        "update private.generation_attempts set cost_micros = 0 where status = 'failed'",
    ),
    "referral_is_rewarded_once": (
        "update public.referrals set status = 'pending', rewarded_at = null where reason is null",
        "update public.referrals set status = 'rewarded', rewarded_at = now() where reason is null",
    ),
    "referral_has_no_circle": (
        "update public.profiles as p set referred_by = q.id from public.profiles as q"
        " where q.referred_by = p.id",
        "update public.profiles set referred_by = null"
        " where id in (select referrer_id from public.referrals)",
    ),
    "debt_is_sum_of_entries": (
        f"update public.profiles set debt = debt + 1 {PROFILE}",
        f"update public.profiles set debt = debt - 1 {PROFILE}",
    ),
    "claw_back_is_sum_of_entries": (
        "update public.credit_lots set clawed_back = clawed_back - 1 where clawed_back > 0",
        "update public.credit_lots set clawed_back = clawed_back + 1 where clawed_back > 0",
    ),
    "frozen_lot_has_a_freeze": (
        f"update public.credit_lots set frozen_at = now() {LOT}",
        f"update public.credit_lots set frozen_at = null {LOT}",
    ),
    "lot_is_expired_in_time": (
        f"update public.credit_lots set expires_at = now() - interval '2 hours' {LOT}",
        f"update public.credit_lots set expires_at = null {LOT}",
    ),
    "lot_has_its_reason": (
        "update private.audit_log set action_key = 'x' || action_key where action = 'grant'",
        "update private.audit_log set action_key = substr(action_key, 2) where action = 'grant'",
    ),
    "operator_action_is_audited": (
        "update private.audit_log set action_key = 'x' || action_key where action = 'revoke'",
        "update private.audit_log set action_key = substr(action_key, 2) where action = 'revoke'",
    ),
    "refund_is_at_most_the_spend": (
        f"update public.credit_entries set amount = amount + 1 {REFUND}",
        f"update public.credit_entries set amount = amount - 1 {REFUND}",
    ),
    "payment_has_its_credits": (
        "update public.payments set credits_added = credits_added + 1",
        "update public.payments set credits_added = credits_added - 1",
    ),
    "payment_is_settled": (
        "update private.payment_reversals set status = 'undone' where kind = 'refund'",
        "update private.payment_reversals set status = 'taken' where kind = 'refund'",
    ),
    "stripe_event_is_applied": (
        "update private.stripe_events set applied_at = null, received_at = '2026-01-01'",
        "update private.stripe_events set applied_at = now()",
    ),
    "stripe_alarm_is_resolved": (
        "insert into private.stripe_alarms (object_id, slug, detail) values ('cs_x', 'x', 'x')",
        "update private.stripe_alarms set resolved_at = now()",
    ),
    "checkout_has_a_job": (
        "update public.checkouts set status = 'requested', finished_at = null",
        "update public.checkouts set status = 'expired', finished_at = now()",
    ),
    "paid_month_is_granted": (
        "update private.paid_periods set next_month_at = '2026-01-01'",
        "update private.paid_periods set next_month_at = null",
    ),
    "plan_month_has_its_lots": (
        "update private.subscription_months set granted = granted - 1",
        "update private.subscription_months set granted = granted + 1",
    ),
    "plan_month_is_earned": (
        "update private.subscription_months set earned = earned - 1",
        "update private.subscription_months set earned = earned + 1",
    ),
    "redemption_is_counted": (
        "update private.promo_codes set redemptions = redemptions + 1",
        "update private.promo_codes set redemptions = redemptions - 1",
    ),
    "covered_generation_is_free": (
        "update public.plan_uses set returned_at = now()",
        "update public.plan_uses set returned_at = null",
    ),
    "removed_user_image_is_deleted": (
        "update public.user_images set deleted_at = null, deletion_answer = null"
        " where removal_reason = 'asked'",
        "update public.user_images set deleted_at = now(), deletion_answer = '{}'"
        " where removal_reason = 'asked'",
    ),
    "user_image_is_removed_in_time": (
        "update public.user_images set created_at = '2026-01-01', expires_at = '2026-01-02'"
        " where removed_at is null",
        "update public.user_images set expires_at = now() + interval '1 day'"
        " where removed_at is null",
    ),
    "closed_account_is_erased": (
        "update private.erasures set finished_at = null",
        "update private.erasures set finished_at = now()",
    ),
    "erased_account_is_empty": (
        "insert into storage.objects (bucket_id, name)"
        " select 'faces', profile_id || '/late.png' from private.erasures",
        "delete from storage.objects where name ~ '/late.png$'",
    ),
    "person_has_a_profile": (
        f"update public.profiles set deleted_at = now() {STAYING}",
        f"update public.profiles set deleted_at = null {STAYING}",
    ),
}


@pytest.fixture(scope="module")
def lived_in_template(server: Postgres) -> Iterator[str]:
    """Make a database in which people have done what people do, to be copied; yield its name."""
    name = f"lived_in_{uuid.uuid4().hex}"
    with databases.cloned(server, TEMPLATE, name) as url:
        with closing(Database(url)) as database:
            move_in(database)
        yield name


@pytest.fixture
def lived_in(server: Postgres, lived_in_template: str) -> Iterator[Database]:
    """Give the test a copy of that database."""
    with (
        databases.cloned(server, lived_in_template, f"test_{uuid.uuid4().hex}") as url,
        closing(Database(url)) as database,
    ):
        yield database


def move_in(db: Database) -> None:
    """Let people do what people do."""
    lift_limits(db)
    db.rows("update private.generation_models set is_enabled = (preference = 1)")
    ana = sign_up(db)
    code = db.value("select referral_code from public.profiles where id = %s", ana)
    ben = sign_up(db, data={"referral": code})
    sign_up(db, data={"referral": "nonsense"})
    ask(db, ana)
    failed = submit(db)
    report(db, "report_provider_job", failed, {"id": "p1", "status": "failed"})
    canceled = ask(db, ben)["id"]
    submit(db, "p2")
    db.call(ben, "select public.cancel_generation(%s)", canceled)
    ask(db, ben, generation_type="thumbnail_draft", idempotency_key=uuid.uuid4())
    spend_money(db, ana)
    subscribe_at_stripe(db)
    remove_and_leave(db, ana)


def subscribe_at_stripe(db: Database) -> None:
    """Subscribe somebody as Stripe tells it, and let them leave a page unpaid."""
    link_all(db)
    customer = Customer.new(db)
    end = datetime.now(UTC) + timedelta(days=30)
    subscription = customer.subscription("monthly_100images", datetime.now(UTC), end)
    tell(db, event(subscription, "customer.subscription.created"))
    report(
        db, "report_stripe", next(job for job in claim(db) if job["kind"] == "fetch"), subscription
    )
    apply(
        db,
        customer.invoice(subscription, line("monthly_100images", datetime.now(UTC), end)),
    )
    left = "select (public.start_checkout('pack', 'starter', gen_random_uuid())).id"
    checkout = db.call(customer.person, left)["id"]
    db.value("select private.close_checkout(%s, %s, 'expired')", customer.person, checkout)
    db.rows("delete from private.jobs where checkout_id = %s", checkout)


def spend_money(db: Database, ana: uuid.UUID) -> None:
    """Buy, subscribe, redeem, be refunded after spending, and be corrected by an operator."""
    paid = db.value(
        "select private.apply_payment(%s, 'pi_1', 'pack', 'pack_100', 1000, 'usd', 100, null, 1)",
        ana,
    )
    ask(db, ana, generation_type="thumbnail_premium")
    reverse(db, paid, "taken", key="re_1")
    db.rows(
        "insert into public.subscriptions (profile_id, plan_name, status, is_active)"
        " values (%s, 'monthly_unlimited', 'active', true)",
        ana,
    )
    ask(db, ana)
    db.value("select private.create_promo_code('LAUNCH', 200, 'ops', 'a launch')")
    db.call(ana, "select public.redeem_code('launch')")
    db.rows("select private.operator_grant(%s, 5, 'ops', 'sorry', 'k1')", ana)
    db.rows("select private.operator_revoke(%s, 3, 'ops', 'too many', 'k2')", ana)


def remove_and_leave(db: Database, ana: uuid.UUID) -> None:
    """Let somebody remove one of two photos, and somebody else leave for good."""
    face = add_face(db, ana)
    add_face(db, ana, "kept.png")
    db.call(ana, "select public.remove_user_image(%s)", face)
    job = take(db, "remove_user_image")
    report(db, "report_removed", job, storage_deletes(db, job["payload"]))
    leaver = sign_up(db)
    add_face(db, leaver)
    db.call(leaver, "select public.delete_my_account('delete my account')")
    erase(db)


def findings(db: Database) -> set[str]:
    return {result.name for result in run_checks(db.url) if result.rows}


def change(db: Database, statements: str) -> None:
    """Change what no rule would allow."""
    with db.connect("supabase_admin") as connection:
        connection.execute("set session_replication_role = 'replica'")
        for statement in statements.split(";"):
            connection.execute(statement.encode())


def test_every_check_is_broken_once() -> None:
    assert {file.stem for file in paths.checks_dir().glob("*.sql")} == set(BREAKS)


@pytest.mark.parametrize("name", BREAKS)
def test_a_check_finds_its_fault_and_nothing_else_is_wrong(lived_in: Database, name: str) -> None:
    fault, mend = BREAKS[name]
    assert findings(lived_in) == set()
    change(lived_in, fault)
    assert name in findings(lived_in)
    change(lived_in, mend)
    assert findings(lived_in) == set()


def test_a_disputed_payment_without_credits_has_nothing_to_freeze(lived_in: Database) -> None:
    person = sign_up(lived_in)
    record = "select private.apply_payment(%s, %s, %s, 'x', 1900, 'usd', %s)"
    for key, kind, credit_count in (("in_none", "subscription", 0), ("cs_some", "pack", 10)):
        paid = lived_in.value(record, person, key, kind, credit_count)
        reverse(lived_in, paid, "open", 1900, key=f"du_{key}")
    assert findings(lived_in) == set()
    # The one that has credits is still found when they are free.
    change(lived_in, "update public.credit_lots set frozen_at = null where frozen_at is not null")
    assert "payment_is_settled" in findings(lived_in)
