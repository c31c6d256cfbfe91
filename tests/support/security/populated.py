"""People who have rows in every table, and words in them that nobody else may read."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from local_stack.postgres import ADMIN
from tests.support.database import Database, request, sign_up
from tests.support.files import add_face, put_file, storage_deletes, take
from tests.support.sidecar import claim, report
from tests.support.stripe_world import Customer, apply, event, line, link_all, tell

PROMO = "LAUNCH"
# The other one has redeemed this one already.
SPENT = "WELCOME"
# What only happens to be empty: nothing that people do leaves a row in them for long.
FILLED = """
insert into private.idle_workers (worker_id) values ('canary-worker');
insert into private.reconcile_runs (since) values (now());
insert into private.stripe_alarms (object_id, slug, detail) values ('cs_canary', 'a', 'canary');
insert into private.provider_webhooks (webhook_id, profile_id, attempt_token, body)
values ('canary-webhook', gen_random_uuid(), gen_random_uuid(), '{"id": "canary"}');
insert into public.generation_types (type_key, title, cost_credits, is_enabled)
values ('not_for_sale', 'canary-hidden', 1, false);
insert into realtime.messages (topic, extension, payload, event, private)
select 'anything else', e, '{"said": "canary"}', 'e', true
from unnest(array['broadcast', 'presence']) as e
"""
# One more running, one more page, one more wrong code: that is what the owner may not. And what
# costs more than anybody has.
LIMITS = """
update private.settings
set
    max_running_generations = 3, max_generations_per_minute = null, max_generations_per_day = 3,
    max_checkouts_per_hour = 3, max_code_failures_per_hour = 2, max_user_images = 3,
    max_provider_spend_per_day_micros = null,
    checkout_success_url = 'https://shop.example.com', portal_return_url = 'https://shop.example.com'
where id;
update public.generation_types set cost_credits = 600 where type_key = 'thumbnail_character'
"""


@dataclass(frozen=True)
class Account:
    """Somebody, and what is theirs."""

    id: uuid.UUID
    mark: str
    code: str
    face: uuid.UUID
    running: uuid.UUID
    key: uuid.UUID
    checkout_key: uuid.UUID


@dataclass(frozen=True)
class PopulatedDatabase:
    """A database, the owner of the canaries, and those who look at them."""

    db: Database
    owner: Account
    other: Account
    guest: Account
    # Whose account is deleted, with the code they had.
    gone: uuid.UUID
    gone_code: str
    # Who has the owner's address, spelled another way.
    twin: uuid.UUID
    patron_code: str


def build(db: Database) -> PopulatedDatabase:
    """Let people do what leaves rows."""
    link_all(db)
    db.rows("update private.settings set max_referral_rewards_per_month = 1000000 where id")
    for code in (PROMO, SPENT):
        db.value("select private.create_promo_code(%s, 25, 'ops', 'canary-why')", code)
    owner = live(db, sign_up(db, data={"name": "canary-owner"}), "canary-owner")
    _get_rich(db, owner)
    sign_up(db, data={"referral": owner.code})
    patron = sign_up(db)
    db.call(patron, "select public.start_checkout('subscription', 'monthly_100images', %s)", patron)
    patron_code = _code_of(db, patron)
    guest_id = sign_up(db, is_anonymous=True, data={"referral": patron_code})
    guest = live(db, guest_id, "guest")
    _subscribe(db, guest)
    know_at_stripe(db, guest.id)
    db.call(guest.id, "select public.start_portal(%s)", guest.id)
    other = live(db, sign_up(db), "other")
    # The other one has brought somebody, and so may not come with the code of that one.
    sign_up(db, data={"referral": other.code})
    db.call(other.id, "select public.redeem_code(%s)", SPENT)
    _owe(db, other)
    gone = sign_up(db)
    gone_code = _code_of(db, gone)
    db.call(gone, "select public.delete_my_account('delete my account')")
    twin = _sign_up_again(db, owner)
    change(db, FILLED)
    for person in (owner, guest):
        _speak(db, person.id)
    change(db, LIMITS)
    return PopulatedDatabase(db, owner, other, guest, gone, gone_code, twin, patron_code)


def _code_of(db: Database, person: uuid.UUID) -> str:
    return str(db.value("select referral_code from public.profiles where id = %s", person))


def _sign_up_again(db: Database, person: Account) -> uuid.UUID:
    """Sign up with a tag on the same address."""
    again = uuid.uuid4()
    with db.session("supabase_auth_admin") as connection:
        connection.execute(
            "insert into auth.users (id, aud, role, email, email_confirmed_at)"
            " values (%s, 'authenticated', 'authenticated', %s, now())",
            (again, f"{person.id}+again@example.com"),
        )
    return again


def change(db: Database, statements: str) -> None:
    """Write what no rule would write."""
    with db.connect(ADMIN) as connection:
        connection.execute("set session_replication_role = 'replica'")
        for statement in statements.split(";"):
            connection.execute(statement.encode())


def live(db: Database, person: uuid.UUID, mark: str) -> Account:
    """Sign up is done; ask for a picture with a face, buy a pack, and look at a plan."""
    # Expires at the same instant for everybody: what expires next is each one's own.
    gift = "select private.grant_credits(%s, 100, 'operator', %s, '2100-01-01')"
    db.rows(gift, person, f"gift-{mark}")
    db.rows(
        "select private.apply_payment(%s, %s, 'pack', 'starter', 900, 'usd', 100, null, 1)",
        person,
        f"cs_{mark}",
    )
    face = add_face(db, person, f"{mark}.png")
    put_file(db, "thumbnails", f"{person}/{mark}.png")
    # Uploaded and not recorded; and uploaded by nobody.
    db.rows(
        "insert into storage.objects (bucket_id, name, owner_id)"
        " values ('faces', %s, %s), ('faces', %s, null)",
        f"{person}/spare.png",
        str(person),
        f"{person}/strange.png",
    )
    key, checkout_key = uuid.uuid4(), uuid.uuid4()
    running = request(
        db,
        person,
        prompt=mark,
        user_image_id=face,
        generation_type="thumbnail_premium",
        idempotency_key=key,
    )["id"]
    db.call(person, "select public.start_checkout('pack', 'starter', %s)", checkout_key)
    code = _code_of(db, person)
    return Account(person, mark, code, face, running, key, checkout_key)


def _subscribe(db: Database, person: Account) -> None:
    """Let a plan cover pictures: one is used."""
    db.rows(
        "insert into public.subscriptions (profile_id, plan_name, status, is_active,"
        " stripe_subscription_id) values (%s, 'monthly_unlimited', 'active', true, %s)",
        person.id,
        f"sub_{person.id}",
    )
    request(db, person.id, prompt=f"covered {person.id}")


def _get_rich(db: Database, owner: Account) -> None:
    """Do all that money, Stripe and Storage make rows of."""
    for job in claim(db):
        if job["kind"] == "submit":
            assert report(db, "report_submitted", job, {"id": "canary-prediction"}) == "ok"
    db.call(owner.id, "select public.redeem_code(%s)", PROMO)
    _pay_by_the_month(db, owner)
    request(db, owner.id, prompt="canary-covered")
    lot = db.value(
        "select min(id) from public.credit_lots where profile_id = %s and remaining > 0", owner.id
    )
    db.value("select private.freeze_lot(%s, %s, 'hold', 'canary-freeze')", owner.id, lot)
    # Due to expire, and not swept yet.
    db.value(
        "select private.grant_credits(%s, 8, 'operator', 'due', now() - interval '1 hour')",
        owner.id,
    )
    taken_back = add_face(db, owner.id, "taken-back.png")
    db.call(owner.id, "select public.remove_user_image(%s)", taken_back)
    job = take(db, "remove_user_image")
    report(db, "report_removed", job, storage_deletes(db, job["payload"]))
    db.call(owner.id, "select public.start_portal(gen_random_uuid())")
    db.call(owner.id, "select public.start_checkout('pack', 'creator', gen_random_uuid(), 2)")
    # A page that nothing works on any more.
    db.rows(
        "delete from private.jobs as o using public.checkouts as c"
        " where o.checkout_id = c.id and c.item_key = 'creator'"
    )
    for age in (1, 2, 90):
        db.rows(
            "insert into private.code_failures (profile_id, failed_at)"
            " values (%s, now() - make_interval(mins => %s))",
            owner.id,
            age,
        )
    # Last, since the next grant repays it.
    _owe(db, owner)


def _owe(db: Database, person: Account) -> None:
    """Spend what was bought, and have the money given back."""
    paid = db.value(
        "select private.apply_payment(%s, %s, 'pack', 'starter', 900, 'usd', 30, null, 0)",
        person.id,
        f"pi_{person.mark}",
    )
    request(db, person.id, prompt=f"{person.mark} owes", generation_type="thumbnail_premium")
    refund = f"re_{person.mark}"
    reverse = "select private.apply_reversal(%s, %s, %s, 'refund', 900, 'taken')"
    db.rows(reverse, person.id, paid, refund)
    assert db.value("select debt from public.profiles where id = %s", person.id) > 0


def _pay_by_the_month(db: Database, owner: Account) -> None:
    """Subscribe at Stripe to credits and to an unlimited plan, and pay the first month."""
    customer = know_at_stripe(db, owner.id)
    start = datetime.now(UTC)
    end = start + timedelta(days=30)
    for plan in ("monthly_25images", "monthly_unlimited"):
        subscription = customer.subscription(plan, start, end)
        tell(db, event(subscription, "customer.subscription.created"))
        apply(db, subscription)
        apply(db, customer.invoice(subscription, line(plan, start, end)))


def know_at_stripe(db: Database, person: uuid.UUID) -> Customer:
    """Let a person be a customer."""
    customer = Customer(db, person)
    db.rows(
        "insert into private.stripe_customers (profile_id, customer_id) values (%s, %s)",
        person,
        customer.id,
    )
    return customer


def _speak(db: Database, person: uuid.UUID) -> None:
    """Send a word on a person's own topic, and have somebody present there."""
    db.rows(
        "insert into realtime.messages (topic, extension, payload, event, private)"
        " select 'profile:' || %s, e, '{}', 'e', true"
        " from unnest(array['broadcast', 'presence']) as e",
        str(person),
    )
