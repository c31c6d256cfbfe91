"""The queue: the only functions that move a job, and what each of them does to its row."""

from __future__ import annotations

import re
import uuid
from typing import Any

import pytest

from tests.support.database import Database, request, sign_up

# The functions of supabase/migrations/…_create_queue.sql.
QUEUE = {
    "lease_due_jobs",
    "set_job_attempt",
    "continue_job",
    "retry_job",
    "expedite_job",
    "bury_job",
    "finish_job",
}
# Whoever else writes to a job, and why.
EXCEPTIONS = {
    "fetch_stripe_object": "makes the job or has it done again, in one statement",
}
JOBS = re.escape("private.outbox")
CHANGES = re.compile(
    rf"\b(?:update|delete\s+from|merge\s+into)\s+(?:only\s+)?{JOBS}\b"
    rf"|\binsert\s+into\s+{JOBS}\b[^;]*?\bdo\s+update\b",
    re.IGNORECASE,
)


def movers(db: Database) -> set[str]:
    """Return the functions whose body changes or deletes a job."""
    functions = db.rows(
        """
        select p.proname as name, p.prosrc as body
        from pg_proc as p
        where p.pronamespace in ('private'::regnamespace, 'public'::regnamespace)
        """
    )
    return {row["name"] for row in functions if CHANGES.search(row["body"])}


def job(db: Database, columns: str = "due_at = now()") -> int:
    """Make a generation, set columns of its job, and return the job's id."""
    request(db, sign_up(db))
    row = db.rows(
        f"update private.outbox set {columns}"
        " where id = (select max(id) from private.outbox) returning id"
    )[0]
    return int(row["id"])


def waiting(db: Database, job_id: int) -> dict[str, Any]:
    """Return a job, with the seconds that it still waits."""
    return db.rows(
        "select o.*, o.attempts as failed_tries,"
        " extract(epoch from o.due_at - now())::float as seconds"
        " from private.outbox as o where id = %s",
        job_id,
    )[0]


def test_only_the_queue_moves_a_job(db: Database) -> None:
    assert movers(db) == QUEUE | set(EXCEPTIONS)


@pytest.mark.parametrize(
    "statement",
    [
        "update private.outbox as o set due_at = now() where o.id = 1",
        "delete from private.outbox as o where o.id = 1",
        "insert into private.outbox (kind, stripe_object_id) values ('fetch', 'cs_1')"
        " on conflict (stripe_object_id) where stripe_object_id is not null"
        " do update set due_at = now()",
    ],
)
def test_a_function_that_goes_past_the_queue_is_noticed(db: Database, statement: str) -> None:
    before = movers(db)
    db.rows(f"create function private.goes_past() returns void language sql as $$ {statement} $$")
    assert movers(db) - before == {"goes_past"}


def test_a_job_that_goes_on_has_all_its_tries_before_it(db: Database) -> None:
    attempt_id = uuid.uuid4()
    one = job(db, "attempts = 3, lease_token = gen_random_uuid(), last_error = 'provider_failed'")
    db.rows("select private.continue_job(%s, 'poll', now(), %s)", one, attempt_id)
    row = waiting(db, one)
    assert (row["kind"], row["run_id"], row["failed_tries"]) == ("poll", attempt_id, 0)
    assert (row["lease_token"], row["last_error"]) == (None, "provider_failed")

    db.rows("select private.continue_job(%s, 'store')", one)
    assert waiting(db, one)["run_id"] == attempt_id
    db.rows("select private.continue_job(%s, 'submit', slug => 'output_missing')", one)
    row = waiting(db, one)
    assert (row["kind"], row["run_id"], row["last_error"]) == ("submit", None, "output_missing")


def test_a_job_that_failed_waits_but_not_long_while_somebody_does(db: Database) -> None:
    one = job(db, "attempts = 6, lease_token = gen_random_uuid()")
    db.rows("select private.retry_job(%s, 'provider_down')", one)
    row = waiting(db, one)
    assert (row["failed_tries"], row["lease_token"], row["last_error"]) == (
        7,
        None,
        "provider_down",
    )
    assert 0 < row["seconds"] <= 5
    # Nobody waits for an object of Stripe: 64 seconds, at least half of them.
    db.rows("select private.want_stripe_object('cs_1')")
    other = db.rows("update private.outbox set attempts = 6 where kind = 'fetch' returning id")[0]
    db.rows("select private.retry_job(%s)", other["id"])
    assert 25 < waiting(db, other["id"])["seconds"] <= 64


def test_a_job_may_be_tried_again_at_a_given_time(db: Database) -> None:
    one = job(db, "last_error = 'before'")
    db.rows("select private.retry_job(%s, due_at => now() + interval '1 hour')", one)
    row = waiting(db, one)
    assert 3500 < row["seconds"] <= 3600
    assert (row["failed_tries"], row["last_error"]) == (1, "before")


def test_a_lease_ends_early_when_there_is_news(db: Database) -> None:
    later = "due_at = now() + interval '1 hour'"
    one = job(db, f"attempts = 2, lease_token = gen_random_uuid(), {later}")
    db.rows("select private.expedite_job(%s)", one)
    row = waiting(db, one)
    assert (row["lease_token"], row["failed_tries"]) == (None, 2)
    assert row["seconds"] <= 0


def test_a_dead_letter_is_kept_and_goes_on_when_it_has_to(db: Database) -> None:
    one, other = job(db), job(db)
    db.rows("select private.bury_job(%s, 'stripe_refused')", one)
    row = waiting(db, one)
    assert row["dead_at"] is not None
    assert (row["failed_tries"], row["last_error"]) == (1, "stripe_refused")
    assert waiting(db, other)["dead_at"] is None
    db.rows("select private.continue_job(%s, 'submit')", one)
    assert waiting(db, one)["dead_at"] is None


def test_only_the_job_that_ended_is_gone(db: Database) -> None:
    one, other = job(db), job(db)
    db.rows("select private.finish_job(%s)", one)
    assert [row["id"] for row in db.rows("select id from private.outbox")] == [other]


def test_the_longest_due_jobs_are_leased_and_no_others(db: Database) -> None:
    token = uuid.uuid4()
    hour = "interval '1 hour'"
    late, later = job(db, f"due_at = now() - {hour}"), job(db, "due_at = now()")
    job(db, f"due_at = now() + {hour}")
    job(db, f"due_at = now() - {hour}, dead_at = now()")
    leased = "select id from private.lease_due_jobs(%s, %s, 60)"
    assert [row["id"] for row in db.rows(leased, token, 1)] == [late]
    row = waiting(db, late)
    assert row["lease_token"] == token
    assert 55 < row["seconds"] <= 60
    assert [row["id"] for row in db.rows(leased, token, 9)] == [later]
    assert db.rows(leased, token, 9) == []


def test_a_job_learns_its_attempt_and_stays_leased(db: Database) -> None:
    token, attempt_id = uuid.uuid4(), uuid.uuid4()
    one = job(db, f"lease_token = '{token}', attempts = 2")
    db.rows("select private.set_job_attempt(%s, %s)", one, attempt_id)
    row = waiting(db, one)
    assert (row["run_id"], row["lease_token"], row["failed_tries"]) == (attempt_id, token, 2)


def test_a_job_is_given_up_after_as_many_tries_as_the_settings_say(db: Database) -> None:
    db.rows("update private.settings set job_attempts_max = 3 where id")
    last = [db.value("select private.is_last_try(%s)", tries) for tries in range(4)]
    assert last == [False, False, True, True]
