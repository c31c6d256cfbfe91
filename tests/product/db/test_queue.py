"""The queue: the only functions that move a job, and what each of them does to its row."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.support.database import Database, request, sign_up

# The functions of supabase/migrations/…_create_generation_queue.sql and …_create_other_queue.sql
# that write. What they write is said in …_create_job_rules.sql.
QUEUE = {
    "lease_due_generation_jobs",
    "lease_due_jobs",
    "set_generation_job_attempt",
    "set_generation_job_state",
    "set_job_state",
    "finish_generation_job",
    "finish_job",
}
# Whoever else writes to a job, and why.
EXCEPTIONS = {
    "fetch_stripe_object": "makes the job or has it done again, in one statement",
}
JOBS = r"private\.(?:generation_)?jobs"
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


@dataclass(frozen=True)
class Job:
    """A job of either table; `person` is None for one that is about no picture."""

    db: Database
    id: int
    person: uuid.UUID | None

    @property
    def table(self) -> str:
        return "private.generation_jobs" if self.person else "private.jobs"

    def call(self, function: str, *values: object, named: str = "") -> None:
        """Call a function of the queue about this job."""
        key = [self.person, self.id] if self.person else [self.id]
        marks = ", ".join(["%s"] * (len(key) + len(values)))
        function = function.replace("_job", "_generation_job") if self.person else function
        self.db.rows(f"select private.{function}({marks}{named})", *key, *values)

    def row(self) -> dict[str, Any]:
        """Return its row, with the seconds that it still waits."""
        return self.db.rows(
            f"select o.*, extract(epoch from o.due_at - now())::float as seconds"
            f" from {self.table} as o where o.id = %s",
            self.id,
        )[0]


def picture(db: Database, columns: str = "due_at = now()") -> Job:
    """Make a generation, set columns of its job, and return the job."""
    person = sign_up(db)
    request(db, person)
    update = f"update private.generation_jobs set {columns} where profile_id = %s returning id"
    return Job(db, int(db.rows(update, person)[0]["id"]), person)


def fetch(db: Database, columns: str = "due_at = now()") -> Job:
    """Have an object of Stripe fetched, set columns of its job, and return the job."""
    name = f"cs_{uuid.uuid4().hex}"
    db.rows("select private.enqueue_fetch(%s)", name)
    update = f"update private.jobs set {columns} where stripe_object_id = %s returning id"
    return Job(db, int(db.rows(update, name)[0]["id"]), None)


Maker = Callable[..., Job]
EACH = pytest.mark.parametrize("job", [picture, fetch])


def test_only_the_queue_moves_a_job(db: Database) -> None:
    assert movers(db) == QUEUE | set(EXCEPTIONS)


@pytest.mark.parametrize(
    "statement",
    [
        "update private.jobs as o set due_at = now() where o.id = 1",
        "delete from private.jobs as o where o.id = 1",
        "insert into private.jobs (kind, stripe_object_id) values ('fetch', 'cs_1')"
        " on conflict (stripe_object_id) where stripe_object_id is not null"
        " do update set due_at = now()",
    ],
)
def test_a_function_that_goes_past_the_queue_is_noticed(db: Database, statement: str) -> None:
    before = movers(db)
    db.rows(f"create function private.goes_past() returns void language sql as $$ {statement} $$")
    assert movers(db) - before == {"goes_past"}


def test_a_number_names_one_job_of_both_tables(db: Database) -> None:
    numbers = {picture(db).id % 2 for _ in range(3)} | {fetch(db).id % 2 + 2 for _ in range(3)}
    assert numbers == {0, 3}


@EACH
def test_a_job_that_goes_on_has_all_its_tries_before_it(db: Database, job: Maker) -> None:
    one = job(db, "tries = 3, lease_token = gen_random_uuid(), last_error = 'provider_failed'")
    one.call("continue_job", one.row()["kind"])
    row = one.row()
    assert (row["tries"], row["lease_token"], row["last_error"]) == (0, None, "provider_failed")
    one.call("continue_job", row["kind"], named=", slug => 'output_missing'")
    assert one.row()["last_error"] == "output_missing"


def test_a_job_stays_with_its_attempt_until_the_next_submission(db: Database) -> None:
    attempt_id = uuid.uuid4()
    one = picture(db)
    one.call("continue_job", "poll", datetime.now(UTC), attempt_id)
    assert (one.row()["kind"], one.row()["attempt_id"]) == ("poll", attempt_id)
    one.call("continue_job", "store")
    assert (one.row()["kind"], one.row()["attempt_id"]) == ("store", attempt_id)
    one.call("continue_job", "submit")
    assert (one.row()["kind"], one.row()["attempt_id"]) == ("submit", None)


def test_a_job_that_failed_waits_but_not_long_while_somebody_does(db: Database) -> None:
    one = picture(db, "tries = 6, lease_token = gen_random_uuid()")
    one.call("retry_job", "provider_down")
    row = one.row()
    assert (row["tries"], row["lease_token"], row["last_error"]) == (7, None, "provider_down")
    assert 0 < row["seconds"] <= 5
    # Nobody waits for an object of Stripe: 64 seconds, at least half of them.
    other = fetch(db, "tries = 6")
    other.call("retry_job")
    assert 25 < other.row()["seconds"] <= 64


@EACH
def test_a_job_may_be_tried_again_at_a_given_time(db: Database, job: Maker) -> None:
    one = job(db, "last_error = 'before'")
    one.call("retry_job", named=", due_at => now() + interval '1 hour'")
    row = one.row()
    assert 3500 < row["seconds"] <= 3600
    assert (row["tries"], row["last_error"]) == (1, "before")


def test_a_lease_ends_early_when_there_is_news(db: Database) -> None:
    later = "due_at = now() + interval '1 hour'"
    one = picture(db, f"tries = 2, lease_token = gen_random_uuid(), {later}")
    one.call("expedite_job")
    row = one.row()
    assert (row["lease_token"], row["tries"]) == (None, 2)
    assert row["seconds"] <= 0


@EACH
def test_a_dead_letter_is_kept_and_goes_on_when_it_has_to(db: Database, job: Maker) -> None:
    one, other = job(db), job(db)
    one.call("bury_job", "stripe_refused")
    row = one.row()
    assert row["dead_at"] is not None
    assert (row["tries"], row["last_error"]) == (1, "stripe_refused")
    assert other.row()["dead_at"] is None
    one.call("continue_job", row["kind"])
    assert one.row()["dead_at"] is None


@EACH
def test_only_the_job_that_ended_is_gone(db: Database, job: Maker) -> None:
    one, other = job(db), job(db)
    one.call("finish_job")
    assert [row["id"] for row in db.rows(f"select id from {one.table}")] == [other.id]


def test_a_job_of_somebody_else_is_not_touched(db: Database) -> None:
    one, stranger = picture(db, "tries = 2"), sign_up(db)
    before = one.row() | {"seconds": 0}
    other = Job(db, one.id, stranger)
    other.call("continue_job", "submit")
    other.call("retry_job", "x")
    other.call("expedite_job")
    other.call("bury_job", "x")
    other.call("set_job_attempt", uuid.uuid4())
    other.call("finish_job")
    assert one.row() | {"seconds": 0} == before
    one.call("finish_job")
    assert db.value("select count(*) from private.generation_jobs") == 0


@pytest.mark.parametrize(
    ("job", "lease"), [(picture, "lease_due_generation_jobs"), (fetch, "lease_due_jobs")]
)
def test_the_longest_due_jobs_are_leased_and_no_others(
    db: Database, job: Maker, lease: str
) -> None:
    token = uuid.uuid4()
    hour = "interval '1 hour'"
    late, later = job(db, f"due_at = now() - {hour}"), job(db, "due_at = now()")
    job(db, f"due_at = now() + {hour}")
    job(db, f"due_at = now() - {hour}, dead_at = now()")
    leased = f"select id from private.{lease}(%s, %s, 60)"
    assert [row["id"] for row in db.rows(leased, token, 1)] == [late.id]
    row = late.row()
    assert row["lease_token"] == token
    assert 55 < row["seconds"] <= 60
    assert [row["id"] for row in db.rows(leased, token, 9)] == [later.id]
    assert db.rows(leased, token, 9) == []


def test_the_table_whose_oldest_job_waits_longest_is_claimed_first(db: Database) -> None:
    minutes = "due_at = now() - interval '%s minutes'"
    jobs = [
        picture(db, minutes % 1),
        fetch(db, minutes % 4),
        fetch(db, minutes % 3),
        picture(db, minutes % 2),
    ]
    claim = "select job_id from private.claim_jobs('w', %s, 60)"
    first = [row["job_id"] for row in db.rows(claim, 1)]
    then = {row["job_id"] for row in db.rows(claim, 9)}
    assert first == [jobs[1].id]
    assert then == {jobs[0].id, jobs[2].id, jobs[3].id}


def test_a_job_learns_its_attempt_and_stays_leased(db: Database) -> None:
    token, attempt_id = uuid.uuid4(), uuid.uuid4()
    one = picture(db, f"lease_token = '{token}', tries = 2")
    one.call("set_job_attempt", attempt_id)
    row = one.row()
    assert (row["attempt_id"], row["lease_token"], row["tries"]) == (attempt_id, token, 2)


def test_a_job_is_given_up_after_as_many_tries_as_the_settings_say(db: Database) -> None:
    db.rows("update private.settings set max_job_tries = 3 where id")
    last = [db.value("select private.is_last_try(%s)", tries) for tries in range(4)]
    assert last == [False, False, True, True]
