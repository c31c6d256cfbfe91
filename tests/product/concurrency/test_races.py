"""Many connections at once: nobody overspends, nothing is paid or refunded twice."""

from __future__ import annotations

import uuid
from collections import Counter
from functools import partial

import psycopg

from tests.support.database import Database, credits_of, lift_limits, refusal, request, sign_up
from tests.support.races import at_once, repeat
from tests.support.sidecar import claim, report, submit, succeeded, webhook

WRITERS = 16


def test_a_hot_account_buys_exactly_what_it_can_pay(db: Database) -> None:
    lift_limits(db)
    ana = sign_up(db)

    def spend() -> Counter[str]:
        seen: Counter[str] = Counter()
        for _ in range(5):
            try:
                seen[request(db, ana, generation_type="thumbnail_draft")["status"]] += 1
            except psycopg.Error as error:
                seen[str(refusal(error).slug)] += 1
        return seen

    seen: Counter[str] = sum(at_once(*repeat(spend, WRITERS)), Counter())
    assert seen == {"queued": 25, "insufficient_credits": WRITERS * 5 - 25}
    assert credits_of(db, ana) == 0


def test_many_calls_with_one_key_make_one_generation(db: Database) -> None:
    ana = sign_up(db)
    for _ in range(4):
        same = partial(request, db, ana, idempotency_key=uuid.uuid4())
        rows = at_once(*repeat(same, WRITERS))
        assert len({row["id"] for row in rows}) == 1
    assert credits_of(db, ana) == 10


def test_many_friends_at_once_bring_one_bonus_each(db: Database) -> None:
    lift_limits(db)
    ana = sign_up(db)
    code = db.value("select referral_code from public.profiles where id = %s", ana)
    friends = at_once(*repeat(lambda: sign_up(db, data={"referral": code}), WRITERS))
    assert credits_of(db, ana) == 50 + 30 * WRITERS
    assert {credits_of(db, friend) for friend in friends} == {50}


def test_workers_share_the_queue_without_double_work(db: Database) -> None:
    lift_limits(db)
    ana = sign_up(db)
    for _ in range(20):
        request(db, ana, generation_type="thumbnail_draft")
    batches = at_once(*repeat(lambda: claim(db, max_jobs=3), 8))
    jobs = [job["job_id"] for batch in batches for job in batch]
    assert len(jobs) == len(set(jobs))
    assert len(jobs) + len(claim(db, max_jobs=100)) == 20


def test_cancel_success_failure_and_deadline_race_to_one_end(db: Database) -> None:
    ends = Counter(race_to_the_end(db, turn) for turn in range(12))
    assert sum(ends.values()) == 12


def race_to_the_end(db: Database, turn: int) -> str:
    """Let everything that can end a generation happen at once; check the money, give the status."""
    ana = sign_up(db)
    generation_id = request(db, ana)["id"]
    provider_job_id = f"p{turn}"
    job = submit(db, provider_job_id)
    attempt = db.value(
        "select attempt_token from private.generation_attempts where id = %s",
        job["payload"]["attempt_id"],
    )
    db.rows("update public.generations set deadline_at = now() where id = %s", generation_id)
    failed = {"id": provider_job_id, "status": "failed", "error": "x"}
    at_once(
        lambda: db.call(ana, "select public.cancel_generation(%s)", generation_id),
        lambda: report(db, "report_provider_job", job, failed),
        lambda: report(db, "report_provider_job", job, succeeded(provider_job_id)),
        lambda: db.value("select private.sweep()"),
        lambda: webhook(db, f"w{turn}", attempt, {}),
        lambda: claim(db),
    )
    status = str(db.value("select status from public.generations where id = %s", generation_id))
    refunds = db.value(
        "select count(*) from public.credit_entries where generation_id = %s and kind = 'refund'",
        generation_id,
    )
    # Whatever came first: a final status with one refund, or a picture on its way.
    if status in {"canceled", "failed", "expired"}:
        assert (refunds, credits_of(db, ana)) == (1, 50)
    else:
        assert status in {"processing", "storing"}
        assert (refunds, credits_of(db, ana)) == (0, 40)
    db.rows("delete from private.generation_jobs")
    return status
