"""delete_my_account: closed at once, erased step by step; what stays is money of a bare id."""

from __future__ import annotations

import json
import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import psycopg
import pytest

from tests.support.database import Database, credits_of, put_face, refusal, request, sign_up
from tests.support.files import (
    add_face,
    answer,
    auth_deletes,
    erase,
    files,
    put_file,
    storage_deletes,
    take,
)
from tests.support.sidecar import claim, claim_one, make_due, report, submit, succeeded
from tests.support.stripe_world import Customer, apply, line, link_all
from thumbsmith.checks.questions import run_checks

DELETE = "select public.delete_my_account('delete my account') as said"

# One call of every RPC, with arguments that are never refused for want of a login.
CALLS = {
    "add_user_image": "select public.add_user_image('x')",
    "apply_referral_code": "select public.apply_referral_code('x')",
    "cancel_generation": "select public.cancel_generation(gen_random_uuid())",
    "delete_my_account": "select public.delete_my_account('no')",
    "export_my_data": "select public.export_my_data()",
    "my_credits": "select public.my_credits()",
    "quote_generation": "select public.quote_generation('thumbnail')",
    "redeem_code": "select public.redeem_code('x')",
    "remove_user_image": "select public.remove_user_image(gen_random_uuid())",
    "request_generation": "select public.request_generation('thumbnail', 'x', gen_random_uuid())",
    "start_checkout": "select public.start_checkout('pack', 'starter', gen_random_uuid())",
    "start_portal": "select public.start_portal(gen_random_uuid())",
}


def findings(db: Database) -> set[str]:
    return {result.name for result in run_checks(db.url) if result.rows}


def queue(db: Database) -> list[str]:
    return [row["kind"] for row in db.rows("select kind from private.all_jobs order by id")]


def erasure(db: Database) -> dict[str, Any]:
    (row,) = db.rows("select * from private.erasures")
    return dict(row)


def outcome(db: Database, person: uuid.UUID, statement: str) -> str:
    """Call as this person and return the slug of the refusal, or ok."""
    try:
        db.call(person, statement)
    except psycopg.Error as error:
        return str(refusal(error).slug)
    return "ok"


def closed(db: Database) -> uuid.UUID:
    """Return somebody who has just deleted their account."""
    ana = sign_up(db)
    db.call(ana, DELETE)
    return ana


def rich(db: Database) -> Customer:
    """Return somebody with files, pictures, a payment, a subscription and an open page."""
    link_all(db)
    db.rows("update private.settings set checkout_success_url = 'https://shop.example' where id")
    ana = Customer.new(db)
    apply(db, ana.session())
    month = (datetime.now(UTC), datetime.now(UTC) + timedelta(days=30))
    plan = ana.subscription("monthly_100images", *month)
    apply(db, plan)
    apply(db, ana.invoice(plan, line("monthly_100images", *month)))
    db.rows("delete from private.jobs")
    request(db, ana.person, prompt="my secret wish", user_image_id=add_face(db, ana.person))
    report(db, "report_provider_job", submit(db), succeeded())
    store = claim_one(db, "store")
    paths = {
        "object_path": store["payload"]["object_path"],
        "preview_path": store["payload"]["preview"]["object_path"],
    }
    for path in paths.values():
        put_file(db, "thumbnails", path)
    report(db, "report_stored", store, paths)
    put_face(db, ana.person, "never recorded.png")
    put_file(db, "faces", f"{ana.person}/deep/er/still.png")
    db.call(ana.person, "select public.apply_referral_code('my friend Bob')")
    page = db.call(ana.person, CALLS["start_checkout"])
    assert page
    report(
        db,
        "report_stripe",
        claim_one(db, "checkout"),
        {
            "id": f"cs_{ana.id}",
            "object": "checkout.session",
            "url": "https://checkout.stripe.com/c/x",
            "expires_at": int((datetime.now(UTC) + timedelta(days=1)).timestamp()),
        },
    )
    return ana


@pytest.mark.parametrize(
    "confirmation", [None, "", "yes", "Delete my account", " delete my account", "delete my accoun"]
)
def test_without_the_exact_words_nothing_is_deleted(db: Database, confirmation: str | None) -> None:
    ana = sign_up(db)
    said = db.refused(ana, "select public.delete_my_account(%s)", confirmation)
    assert (said.sqlstate, said.slug) == ("PT422", "confirmation_required")
    assert (queue(db), db.rows("select * from private.erasures")) == ([], [])
    assert credits_of(db, ana) == 50
    assert db.call(ana, DELETE)["said"]["deleted_at"]
    assert queue(db) == ["erase"]


def test_after_that_every_rpc_refuses_though_the_token_is_valid(db: Database) -> None:
    exposed = db.rows(
        "select p.proname from pg_proc as p where p.pronamespace = 'public'::regnamespace"
        " and has_function_privilege('authenticated', p.oid, 'execute')"
        # What PostgREST embeds takes a row that the caller has, and tells the price list.
        " and not p.oid = 'public.generation_types(public.generations)'::regprocedure"
    )
    assert {row["proname"] for row in exposed} == set(CALLS)
    ana, ben = closed(db), sign_up(db)
    for name, call in CALLS.items():
        said = db.refused(ana, call)
        assert (said.sqlstate, said.slug) == ("PT401", "not_signed_in"), name
        assert outcome(db, ben, call) != "not_signed_in", name
    said = db.refused(ana, DELETE)
    assert (said.sqlstate, said.slug) == ("PT401", "not_signed_in")
    assert credits_of(db, ana) == 50


def test_nothing_is_uploaded_to_a_closed_account_though_the_token_is_valid(db: Database) -> None:
    ana, ben = closed(db), sign_up(db)
    upload = (
        "insert into storage.objects (bucket_id, name, owner_id) values ('faces', %s, %s)"
        " returning name"
    )
    assert db.refused(ana, upload, f"{ana}/x.png", str(ana)).sqlstate == "42501"
    assert db.call(ben, upload, f"{ben}/x.png", str(ben))["name"] == f"{ben}/x.png"


def test_nobody_deletes_somebody_elses_account(db: Database) -> None:
    ana, ben = sign_up(db), sign_up(db)
    assert db.refused(None, DELETE).sqlstate == "42501"
    for call in (
        "select private.close_account(%s, 'person')",
        "select private.start_erasure(%s, 'person')",
    ):
        assert db.refused(ben, call, ana).sqlstate == "42501"
    db.call(ben, DELETE)
    open_ones = db.rows("select id from public.profiles where deleted_at is null")
    assert [row["id"] for row in open_ones] == [ana]


def test_thumbnails_under_way_end_with_their_credits_back(db: Database) -> None:
    ana, ben = sign_up(db), sign_up(db)
    report(db, "report_provider_job", _submitted(db, ana, "p1"), succeeded("p1"))  # storing
    _submitted(db, ana, "p2")  # processing
    request(db, ana)
    (lost,) = (job for job in claim(db) if job["kind"] == "submit")  # submitting
    request(db, ana)  # queued
    request(db, ben)
    assert credits_of(db, ana) == 10
    db.call(ana, DELETE)
    ended = db.rows(
        "select status, error from public.generations where profile_id = %s order by id", ana
    )
    assert [(row["status"], row["error"]) for row in ended] == [
        ("failed", "account_deleted"),
        ("canceled", None),
        ("canceled", None),
        ("canceled", None),
    ]
    assert (credits_of(db, ana), credits_of(db, ben)) == (50, 40)
    # What the provider may have is stopped; the lost answer is still waited for.
    assert sorted(queue(db)) == ["cancel", "erase", "submit", "submit"]
    assert report(db, "report_submitted", lost, {"id": "p3"}) == "ok"
    assert sorted(queue(db)) == ["cancel", "cancel", "erase", "submit"]
    assert findings(db) == set()


def _submitted(db: Database, person: uuid.UUID, provider_job_id: str) -> dict[str, Any]:
    """Ask for a thumbnail and return the claimed job that polls it."""
    asked = request(db, person)["id"]
    job = next(job for job in claim(db) if job["generation_id"] == asked)
    report(db, "report_submitted", job, {"id": provider_job_id})
    make_due(db)
    return dict(next(job for job in claim(db) if job["generation_id"] == asked))


def test_an_account_is_erased_in_order_and_with_proof(db: Database) -> None:
    ana, ben = rich(db), sign_up(db)
    his = add_face(db, ben)
    before = {
        table: db.value(f"select count(*) from {table}")
        for table in ("public.credit_entries", "public.payments", "private.known_addresses")
    }
    credit = credits_of(db, ana.person)
    db.call(ana.person, DELETE)
    assert findings(db) == set()

    asked = erase(db)
    faces, pictures, page, customer, person = asked
    assert (faces["bucket"], pictures["bucket"]) == ("faces", "thumbnails")
    assert sorted(faces["names"]) == sorted(
        f"{ana.person}/{name}" for name in ("deep/er/still.png", "face.png", "never recorded.png")
    )
    assert len(pictures["names"]) == 2
    assert (page["call"], page["id"]) == ("checkout.sessions.expire", f"cs_{ana.id}")
    assert (customer["call"], customer["id"]) == ("customers.delete", ana.id)
    assert person == {"target": "auth", "user_id": str(ana.person)}

    proof = erasure(db)
    assert (proof["profile_id"], proof["asked_by"]) == (ana.person, "person")
    assert proof["finished_at"] >= proof["asked_at"]
    for one in proof["answers"]:
        assert datetime.fromisoformat(one.pop("at"))
    assert proof["answers"] == [
        {"bucket": "faces", "removed": 3, "status": 200},
        {"bucket": "thumbnails", "removed": 2, "status": 200},
        {"object": "checkout.session", "id": f"cs_{ana.id}", "status": "expired"},
        {"object": "customer", "id": ana.id, "deleted": True},
        {"user_id": str(ana.person), "status": 200},
    ]
    assert files(db, "faces", ana.person) == files(db, "thumbnails", ana.person) == []
    assert db.rows("select id from auth.users where id = %s", ana.person) == []

    # Money stays, under a bare id.
    assert credits_of(db, ana.person) == credit
    for table, count in before.items():
        assert db.value(f"select count(*) from {table}") == count, table
    # Somebody else has lost nothing.
    assert files(db, "faces", ben) == ["face.png"]
    assert db.call(ben, "select removed_at from public.user_images") == {"removed_at": None}
    assert his
    # The subscription is read again, whether its event comes or not.
    assert queue(db) == ["fetch"]
    assert findings(db) == set()


def test_nothing_that_the_person_wrote_is_left(db: Database) -> None:
    ana = rich(db)
    db.rows(
        "update private.generation_attempts set provider_error = 'no my secret wish',"
        " output_url = 'https://r.example/my-secret-wish'"
    )
    token = db.value("select attempt_token from private.generation_attempts")
    db.rows(
        "insert into private.provider_webhooks (webhook_id, profile_id, attempt_token, body)"
        ' values (\'w1\', %s, %s, \'{"id": "p1", "output": "my secret wish"}\')',
        ana.person,
        token,
    )
    canaries = ("secret", "face.png", "never recorded", "Bob", f"{ana.person}@example.com")

    def found() -> set[str]:
        tables = db.rows(
            "select c.oid::regclass::text as name from pg_class as c where c.relkind = 'r'"
            " and c.relnamespace in ('public'::regnamespace, 'private'::regnamespace,"
            " 'storage'::regnamespace, 'auth'::regnamespace)"
        )
        text = "".join(
            str(
                db.value(
                    f"select string_agg(t::text, '') from {row['name']} as t", role="supabase_admin"
                )
            )
            for row in tables
        )
        return {canary for canary in canaries if canary in text}

    assert found() == set(canaries)
    db.call(ana.person, DELETE)
    erase(db)
    assert found() == set()
    (kept,) = db.rows("select * from public.generations")
    assert (kept["status"], kept["prompt"], kept["credit_cost"]) == ("succeeded", "", 10)
    assert (kept["finished_at"], kept["created_at"]) != (None, None)
    (photo,) = db.rows("select * from public.user_images")
    assert photo["object_path"] == f"{ana.person}/{photo['id']}"
    assert photo["deletion_answer"] == {"status": 200, "removed": [photo["object_path"]]}
    assert photo["deleted_at"] is not None
    assert photo["consented_at"] is not None


def test_a_lost_report_only_repeats_its_step(db: Database) -> None:
    ana = rich(db)
    db.call(ana.person, DELETE)
    steps = []
    for _ in range(30):
        job = take(db, "erase")
        steps.append(job["payload"].get("call", job["payload"].get("bucket", "user")))
        told = answer(db, job["payload"])
        if len(steps) % 2:
            continue  # the worker died here: its lease ends, and the job comes back
        if report(db, "report_removed", job, told) == "erased":
            break
    # What was deleted is not asked for again; what leaves no trace here is.
    assert steps == [
        "faces",
        "thumbnails",
        "checkout.sessions.expire",
        "checkout.sessions.expire",
        "customers.delete",
        "customers.delete",
        "user",
        "user",
    ]
    assert erasure(db)["answers"][-1]["status"] == 404
    assert findings(db) == set()


def test_a_folder_of_any_size_goes_in_bounded_pages(db: Database) -> None:
    ana = sign_up(db)
    db.rows(
        "insert into storage.objects (bucket_id, name)"
        " select 'thumbnails', %s || '/' || n || '.png' from generate_series(1, 1101) as n",
        str(ana),
    )
    db.call(ana, DELETE)
    assert [len(payload.get("names", [])) for payload in erase(db)] == [500, 500, 101, 0]
    assert [one.get("removed") for one in erasure(db)["answers"]] == [500, 500, 101, None]


def test_a_storage_that_deletes_nothing_is_not_asked_in_a_hurry(db: Database) -> None:
    ana = sign_up(db)
    add_face(db, ana)
    db.call(ana, DELETE)
    job = claim_one(db, "erase")
    nothing = {"bucket": "faces", "status": 200, "removed": []}
    assert report(db, "report_removed", job, nothing) == "not_removed"
    assert claim(db) == []
    assert erasure(db)["finished_at"] is None
    erase(db)
    assert findings(db) == set()


def test_an_auth_that_says_yes_and_keeps_the_person_is_asked_again(db: Database) -> None:
    ana = closed(db)
    lie = {"user_id": str(ana), "status": 200}
    assert report(db, "report_removed", claim_one(db, "erase"), lie) == "not_removed"
    assert claim(db) == []
    assert erase(db) == [{"target": "auth", "user_id": str(ana)}]
    assert erasure(db)["finished_at"] is not None


def test_what_stripe_has_lost_already_does_not_keep_anybody(db: Database) -> None:
    ana = rich(db)
    db.call(ana.person, DELETE)
    for _ in range(2):
        job = take(db, "erase")
        report(db, "report_removed", job, storage_deletes(db, job["payload"]))
    for call, slug in (
        ("checkout.sessions.expire", "stripe_refused"),
        ("customers.delete", "stripe_missing"),
    ):
        job = take(db, "erase")
        assert job["payload"]["call"] == call
        report(db, "report_job_failed", job, "stripe_unreachable", "HTTP 503", False)
        job = take(db, "erase")
        assert job["payload"]["call"] == call
        report(db, "report_job_failed", job, slug, "", True)
    assert erase(db) == [{"target": "auth", "user_id": str(ana.person)}]
    assert db.value("select status from public.checkouts") == "expired"
    assert [one.get("error") for one in erasure(db)["answers"]] == [
        None,
        None,
        "stripe_refused",
        "stripe_missing",
        None,
    ]
    assert findings(db) == set()


def test_a_customer_that_stripe_will_not_delete_is_left_to_a_person(db: Database) -> None:
    customer = Customer.new(db)
    db.call(customer.person, DELETE)
    report(db, "report_job_failed", take(db, "erase"), "stripe_refused", "livemode", True)
    make_due(db)
    assert claim(db) == []
    assert findings(db) == {"job_is_not_dead", "closed_account_is_erased"}
    # Who it is can still be seen, and once it is mended it goes on.
    assert db.rows("select id from auth.users where id = %s", customer.person)
    db.rows("update private.jobs set dead_at = null")
    assert len(erase(db)) == 2
    assert findings(db) == set()


def test_later_news_of_the_subscription_still_apply(db: Database) -> None:
    link_all(db)
    ana = Customer.new(db)
    month = (datetime.now(UTC), datetime.now(UTC) + timedelta(days=30))
    plan = ana.subscription("monthly_100images", *month)
    apply(db, plan)
    db.call(ana.person, DELETE)
    erase(db)
    job = take(db, "fetch")
    assert job["payload"]["call"] == "subscriptions.retrieve"
    over = plan | {"status": "canceled", "ended_at": int(datetime.now(UTC).timestamp())}
    assert report(db, "report_stripe", job, over) == "canceled"
    assert db.value("select is_active from public.subscriptions") is False
    # And a bill that was paid in the last minute is a payment, of a bare id.
    assert apply(db, ana.invoice(plan, line("monthly_100images", *month))) is not None
    assert db.value("select profile_id from public.payments") == ana.person
    assert credits_of(db, ana.person) == 1000
    assert findings(db) == set()


def test_a_page_that_nobody_has_begun_is_closed(db: Database) -> None:
    link_all(db)
    db.rows("update private.settings set checkout_success_url = 'https://shop.example' where id")
    ana, ben = sign_up(db), sign_up(db)
    for person in (ana, ben):
        db.call(person, CALLS["start_checkout"])
    db.call(ana, DELETE)
    rows = db.rows("select profile_id, status from public.checkouts order by profile_id = %s", ben)
    assert [row["status"] for row in rows] == ["expired", "requested"]
    assert sorted(queue(db)) == ["customer", "erase"]


def test_a_customer_that_is_being_made_meanwhile_is_deleted_too(db: Database) -> None:
    link_all(db)
    db.rows("update private.settings set checkout_success_url = 'https://shop.example' where id")
    ana = sign_up(db)
    db.call(ana, CALLS["start_checkout"])
    making = claim_one(db, "customer")
    db.call(ana, DELETE)
    assert erase(db) == [{"target": "auth", "user_id": str(ana)}]
    assert report(db, "report_stripe", making, {"id": "cus_late", "object": "customer"}) == "closed"
    assert db.value("select status from public.checkouts") == "expired"
    assert findings(db) == {"erased_account_is_empty"}
    assert db.value("select private.sweep()")["erasures"] == 1
    assert [payload.get("id") for payload in erase(db)] == ["cus_late", None]
    assert findings(db) == set()


def test_an_upload_that_ends_after_the_erasure_is_erased_too(db: Database) -> None:
    ana = closed(db)
    erase(db)
    put_file(db, "thumbnails", f"{ana}/late.png")
    put_file(db, "thumbnails", f"{str(ana)[:-1]}/not-hers.png")
    assert findings(db) == {"erased_account_is_empty"}
    assert db.value("select private.sweep()")["erasures"] == 1
    assert db.value("select private.sweep()")["erasures"] == 0
    first, _ = erase(db)
    assert first["names"] == [f"{ana}/late.png"]
    assert findings(db) == set()


def test_somebody_deleted_in_the_dashboard_is_erased_as_well(db: Database) -> None:
    ana = rich(db)
    request(db, ana.person)
    notices = _delete_at_auth(db, ana.person)
    assert notices == []
    assert db.value("select status from public.generations order by id desc limit 1") == "canceled"
    assert db.value("select count(*) from public.user_images where removed_at is null") == 0
    asked = erase(db)
    assert asked[-1] == {"target": "auth", "user_id": str(ana.person)}
    proof = erasure(db)
    assert (proof["asked_by"], proof["answers"][-1]["status"]) == ("auth", 404)
    assert files(db, "faces", ana.person) == []
    assert findings(db) == set()


def _delete_at_auth(db: Database, person: uuid.UUID) -> list[str]:
    """Delete somebody as Auth does; return the warnings."""
    notices: list[str] = []
    with db.connect("supabase_auth_admin") as connection:
        connection.add_notice_handler(lambda said: notices.append(str(said.message_primary)))
        connection.execute("delete from auth.users where id = %s", (person,))
    return notices


def test_a_deletion_at_auth_succeeds_even_when_closing_the_account_does_not(db: Database) -> None:
    ana = sign_up(db)
    add_face(db, ana)
    request(db, ana)
    with db.connect() as holder, holder.transaction():
        holder.execute("select id from private.generation_jobs for update")
        (warning,) = _delete_at_auth(db, ana)
    assert "postponed" in warning
    assert db.rows("select id from auth.users") == []
    assert db.rows("select id from public.profiles where deleted_at is null") == []
    assert findings(db) == {"closed_account_is_erased"}
    assert db.value("select private.sweep()")["erasures"] == 1
    assert credits_of(db, ana) == 50
    erase(db)
    assert findings(db) == set()


def test_a_profile_that_an_operator_closed_by_hand_is_not_erased(db: Database) -> None:
    ana = sign_up(db)
    add_face(db, ana)
    db.rows("update public.profiles set deleted_at = now() where id = %s", ana)
    assert db.value("select private.sweep()")["erasures"] == 0
    assert files(db, "faces", ana) == ["face.png"]


def test_who_comes_back_under_the_same_id_keeps_what_is_left(db: Database) -> None:
    ana = sign_up(db)
    face = add_face(db, ana)
    put_face(db, ana, "unrecorded.png")
    auth_deletes(db, ana)
    assert queue(db) == ["erase"]
    leased = claim_one(db, "erase")
    db.rows(
        "insert into auth.users (id, aud, role, email, email_confirmed_at)"
        " values (%s, 'authenticated', 'authenticated', 'ana@example.com', now())",
        ana,
        role="supabase_auth_admin",
    )
    assert queue(db) == ["remove_user_image"]
    assert (
        report(db, "report_removed", leased, answer(db, {"user_id": str(uuid.uuid4())})) == "stale"
    )
    assert db.value("select private.sweep()")["erasures"] == 0
    assert erasure(db)["restored_at"] is not None
    assert (credits_of(db, ana), findings(db)) == (50, set())
    # Their files and their credits; but the consent to use this photo has ended.
    job = take(db, "remove_user_image")
    assert job["payload"]["names"] == [f"{ana}/face.png"]
    report(db, "report_removed", job, storage_deletes(db, job["payload"]))
    assert files(db, "faces", ana) == ["unrecorded.png"]
    assert db.call(ana, "select id, deleted_at is null as kept from public.user_images") == {
        "id": face,
        "kept": False,
    }
    # And may go again.
    assert db.call(ana, DELETE)["said"]["deleted_at"]
    assert len(erase(db)) == 2
    assert db.value("select count(*) from private.erasures") == 2
    assert findings(db) == set()


def test_two_deletions_and_requests_at_once_end_in_one_closed_account(db: Database) -> None:
    for _ in range(5):
        ana = sign_up(db)

        calls = [DELETE, CALLS["request_generation"], CALLS["request_generation"], DELETE]
        with ThreadPoolExecutor(len(calls)) as pool:
            said = list(pool.map(partial(outcome, db, ana), calls))
        assert sorted((said[0], said[3])) == ["not_signed_in", "ok"]
        assert {said[1], said[2]} <= {"ok", "not_signed_in"}
        assert credits_of(db, ana) == 50
        left = (
            "select count(*) from public.generations where profile_id = %s and finished_at is null"
        )
        assert db.value(left, ana) == 0
    assert findings(db) == set()


def test_the_sidecar_still_holds_few_functions_and_no_table(db: Database) -> None:
    functions = db.rows(
        "select p.oid from pg_proc as p where p.pronamespace = 'private'::regnamespace"
        " and has_function_privilege('thumbsmith_sidecar', p.oid, 'execute')"
    )
    assert 10 < len(functions) <= 20
    tables = db.rows(
        "select c.oid::regclass from pg_class as c"
        " where c.relkind in ('r', 'v') and c.relnamespace in"
        " ('public'::regnamespace, 'private'::regnamespace, 'storage'::regnamespace,"
        " 'auth'::regnamespace)"
        " and has_table_privilege('thumbsmith_sidecar', c.oid, 'select, insert, update, delete')"
    )
    assert tables == []


def test_signs_of_a_person_are_no_reason_to_find_them(db: Database) -> None:
    ana = closed(db)
    erase(db)
    ben = sign_up(db, data={"referral": db.value("select referral_code from public.profiles")})
    assert db.value("select reason from public.referrals where referred_id = %s", ben) == (
        "unknown_code"
    )
    assert credits_of(db, ana) == 50
    assert json.loads(json.dumps(erasure(db)["answers"]))
