"""Attempts at the provider: lost answers, duplicates, further models, and what each one cost."""

from __future__ import annotations

import uuid
from typing import Any

import pytest

from tests.support.database import Database, credits_of, lift_limits, request, sign_up
from tests.support.sidecar import (
    ROLE,
    claim,
    claim_one,
    make_due,
    report,
    submit,
    succeeded,
    webhook,
)


def status(db: Database) -> tuple[str, str | None]:
    (row,) = db.rows("select status, error from public.generations")
    return row["status"], row["error"]


def queue(db: Database) -> list[str]:
    return [row["kind"] for row in db.rows("select kind from private.generation_jobs order by id")]


def runs(db: Database) -> list[str]:
    return [
        row["status"]
        for row in db.rows("select status from private.generation_attempts order by attempt_number")
    ]


def hear(db: Database, token: str, provider_job_id: str | None, name: str = "w1") -> str:
    """Take a webhook of this attempt."""
    return webhook(db, name, token, {"id": provider_job_id})


def lose(db: Database) -> dict[str, Any]:
    """Submit once and lose the answer; return the payload of what was sent."""
    job = claim_one(db, "submit")
    assert report(db, "report_submit_unknown", job, "timeout") == "ok"
    return dict(job["payload"])


def pass_grace(db: Database) -> None:
    """Let the time pass in which a lost attempt may still turn up."""
    db.rows("update private.generation_attempts set unknown_since = now() - interval '61 s'")
    make_due(db)
    for job in claim(db):
        assert job["kind"] == "find"
        report(db, "report_provider_job", job, None)


@pytest.fixture
def ana(db: Database) -> uuid.UUID:
    """Return a person who has asked for one thumbnail of ten credits, which two models can make."""
    user_id = sign_up(db)
    request(db, user_id)
    return user_id


def test_a_lost_answer_is_adopted_by_its_webhook(db: Database, ana: uuid.UUID) -> None:
    token = lose(db)["attempt_token"]
    assert claim(db) == []
    assert hear(db, token, "p9") == "stored"
    assert hear(db, token, "p9") == "duplicate"
    assert claim_one(db, "poll")["payload"]["provider_job_id"] == "p9"
    assert status(db)[0] == "processing"
    assert credits_of(db, ana) == 40


def test_a_lost_answer_is_adopted_from_the_providers_list(db: Database, ana: uuid.UUID) -> None:
    sent = lose(db)
    assert 4_000 < db.value("select private.next_job_in_ms()", role=ROLE) <= 5_000
    make_due(db)
    find = claim_one(db, "find")
    assert find["payload"]["attempt_token"] == sent["attempt_token"]
    assert report(db, "report_provider_job", find, {"id": "p9", "status": "starting"}) == "ok"
    assert claim_one(db, "poll")["payload"]["provider_job_id"] == "p9"
    assert runs(db) == ["processing"]
    assert credits_of(db, ana) == 40


@pytest.mark.parametrize("answer", ["not there", "no answer"])
def test_a_lost_answer_is_looked_for_until_the_grace_time_is_over(
    db: Database, ana: uuid.UUID, answer: str
) -> None:
    lose(db)
    for _ in range(4):
        make_due(db)
        find = claim_one(db, "find")
        if answer == "not there":
            assert report(db, "report_provider_job", find, None) == "ok"
        else:
            report(db, "report_job_failed", find, "provider_unreachable", "HTTP 503", False)
        assert 0 < db.value("select private.next_job_in_ms()", role=ROLE) <= 60_000
    assert runs(db) == ["submit_unknown"]
    pass_grace(db)
    claim_one(db, "submit")
    assert runs(db) == ["abandoned", "submitting"]
    assert credits_of(db, ana) == 40


def test_a_lost_attempt_is_not_given_up_before_the_providers_list_has_answered(
    db: Database, ana: uuid.UUID
) -> None:
    lose(db)
    db.rows("update private.generation_attempts set unknown_since = now() - interval '9 minutes'")
    waits = []
    for _ in range(25):
        make_due(db)
        find = claim_one(db, "find")
        report(db, "report_job_failed", find, "provider_unreachable", "HTTP 503", False)
        waits.append(db.value("select private.next_job_in_ms()", role=ROLE))
    assert runs(db) == ["submit_unknown"]
    # Soon enough to be in time when the provider is back.
    assert 30_000 >= waits[-1] > 10_000 > waits[0]
    make_due(db)
    report(db, "report_provider_job", claim_one(db, "find"), None)
    claim_one(db, "submit")
    assert runs(db) == ["abandoned", "submitting"]
    assert credits_of(db, ana) == 40


def test_a_lost_attempt_that_nobody_waits_for_is_looked_for_until_the_provider_has_ended_it(
    db: Database, ana: uuid.UUID
) -> None:
    lose(db)
    db.rows("update private.generation_attempts set unknown_since = now() - interval '1 day'")
    for age, left in (("0 minutes", ["find"]), ("59 minutes", ["find"]), ("61 minutes", [])):
        db.rows(f"update public.generations set deadline_at = now() - interval '{age}'")
        db.value("select private.sweep()", role=ROLE)
        assert status(db)[0] == "expired"
        make_due(db)
        find = claim_one(db, "find")
        report(db, "report_job_failed", find, "provider_unreachable", "HTTP 503", False)
        assert queue(db) == left
    assert runs(db) == ["abandoned"]
    assert credits_of(db, ana) == 50


def test_the_daily_breaker_counts_what_the_provider_was_given_and_not_what_it_refused(
    db: Database, ana: uuid.UUID
) -> None:
    spent = "select sum(micros) from private.provider_spend"
    lose(db)
    pass_grace(db)
    first = db.value(spent)
    for number in range(6):
        job = claim_one(db, "submit")
        if number % 2:
            report(db, "report_submit_refused", job, 429, "slow down", 1)
        else:
            report(db, "report_job_failed", job, "provider_unreachable", "ConnectError", False)
        make_due(db)
    assert db.value(spent) == first == 67_000
    report(db, "report_submitted", claim_one(db, "submit"), {"id": "p2"})
    assert db.value(spent) == 2 * first


def test_a_lost_answer_is_tried_again_after_the_grace_time_and_not_for_ever(
    db: Database, ana: uuid.UUID
) -> None:
    tokens = set()
    for _ in range(3):
        sent = lose(db)
        tokens.add(sent["attempt_token"])
        assert sent["model"] == "google/nano-banana-2"
        pass_grace(db)
    assert claim(db) == []
    assert len(tokens) == 3
    assert status(db) == ("failed", "provider_unreachable")
    assert credits_of(db, ana) == 50
    assert queue(db) == []


def test_a_sidecar_that_dies_while_submitting_does_not_submit_twice(
    db: Database, ana: uuid.UUID
) -> None:
    dead = claim_one(db, "submit")
    make_due(db)
    assert claim(db) == []
    assert runs(db) == ["submit_unknown"]
    assert report(db, "report_submitted", dead, {"id": "p1"}) == "stale"
    assert queue(db) == ["find"]
    assert credits_of(db, ana) == 40


def test_a_sidecar_that_dies_after_the_webhook_came_loses_nothing(
    db: Database, ana: uuid.UUID
) -> None:
    dead = claim_one(db, "submit")
    assert hear(db, dead["payload"]["attempt_token"], "p1") == "stored"
    make_due(db)
    assert claim(db) == []
    assert claim_one(db, "poll")["payload"]["provider_job_id"] == "p1"
    assert runs(db) == ["processing"]
    assert credits_of(db, ana) == 40


def test_a_webhook_makes_the_poll_due_now(db: Database, ana: uuid.UUID) -> None:
    job = claim_one(db, "submit")
    report(db, "report_submitted", job, {"id": "p1"})
    assert claim(db) == []
    assert hear(db, job["payload"]["attempt_token"], "p1") == "stored"
    assert claim_one(db, "poll")
    assert credits_of(db, ana) == 40


def test_a_webhook_faster_than_the_answer_is_not_forgotten(db: Database, ana: uuid.UUID) -> None:
    job = claim_one(db, "submit")
    assert hear(db, job["payload"]["attempt_token"], "p1") == "stored"
    assert report(db, "report_submitted", job, {"id": "p1"}) == "ok"
    assert claim_one(db, "poll")
    assert credits_of(db, ana) == 40


@pytest.mark.parametrize("provider_job_id", ["p1", None])
def test_a_webhook_of_nobody_is_stored_and_moves_nothing(
    db: Database, ana: uuid.UUID, provider_job_id: str | None
) -> None:
    submit(db)
    assert hear(db, str(uuid.uuid4()), provider_job_id) == "stored"
    assert claim(db) == []
    assert runs(db) == ["processing"]
    assert credits_of(db, ana) == 40


def test_a_late_twin_is_stopped_its_cost_counted_and_its_picture_ignored(
    db: Database, ana: uuid.UUID
) -> None:
    lost = lose(db)
    pass_grace(db)
    submit(db, "p2")
    assert hear(db, lost["attempt_token"], "p1") == "stored"
    cancel = claim_one(db, "cancel")
    assert cancel["payload"]["provider_job_id"] == "p1"
    assert report(db, "report_provider_job", cancel, succeeded("p1")) == "ok"
    (late, going) = db.rows("select * from private.generation_attempts order by attempt_number")
    assert (late["status"], late["cost_micros"]) == ("abandoned", 67_000)
    assert (going["status"], going["cost_micros"]) == ("processing", None)
    assert status(db)[0] == "processing"
    assert queue(db) == ["poll"]
    assert credits_of(db, ana) == 40


def test_one_attempt_that_the_provider_made_twice_is_stopped_once(
    db: Database, ana: uuid.UUID
) -> None:
    job = claim_one(db, "submit")
    token = job["payload"]["attempt_token"]
    report(db, "report_submitted", job, {"id": "p1"})
    assert hear(db, token, "p2", "w1") == "stored"
    assert hear(db, token, "p2", "w2") == "stored"
    assert hear(db, token, "p1", "w3") == "stored"
    poll, cancel = sorted(claim(db), key=lambda one: one["kind"], reverse=True)
    assert (poll["payload"]["provider_job_id"], cancel["payload"]["provider_job_id"]) == (
        "p1",
        "p2",
    )
    canceled = {"status": "canceled", "metrics": {"predict_time": 0.5}}
    assert report(db, "report_provider_job", cancel, canceled) == "ok"
    assert report(db, "report_provider_job", poll, succeeded()) == "ok"
    assert runs(db) == ["succeeded", "canceled"]
    assert queue(db) == ["store"]
    assert credits_of(db, ana) == 40


def test_a_lost_attempt_that_turns_up_after_the_person_canceled_is_stopped(
    db: Database, ana: uuid.UUID
) -> None:
    sent = lose(db)
    db.call(ana, "select public.cancel_generation(id) from public.generations")
    assert credits_of(db, ana) == 50
    assert queue(db) == ["find"]
    assert hear(db, sent["attempt_token"], "p1") == "stored"
    cancel = claim_one(db, "cancel")
    assert report(db, "report_provider_job", cancel, {"status": "aborted"}) == "ok"
    assert queue(db) == []
    (run,) = db.rows("select * from private.generation_attempts")
    assert (run["status"], run["cost_micros"]) == ("canceled", 0)
    assert status(db) == ("canceled", None)


def test_a_lost_attempt_of_a_canceled_generation_is_not_sent_again(
    db: Database, ana: uuid.UUID
) -> None:
    lose(db)
    db.call(ana, "select public.cancel_generation(id) from public.generations")
    pass_grace(db)
    assert queue(db) == []
    assert runs(db) == ["abandoned"]
    assert credits_of(db, ana) == 50


@pytest.mark.parametrize(
    ("prediction", "error"),
    [
        ({"status": "failed", "error": "CUDA out of memory"}, "provider_failed"),
        ({"status": "aborted"}, "provider_stopped"),
        ({"status": "succeeded", "output": None}, "output_missing"),
    ],
    ids=["failed", "aborted", "no output"],
)
def test_a_second_model_is_tried_when_the_first_one_fails_at_no_further_charge(
    db: Database, ana: uuid.UUID, prediction: dict[str, Any], error: str
) -> None:
    before = db.value("select sum(micros) from private.provider_spend")
    report(db, "report_provider_job", submit(db), prediction)
    assert db.value("select last_error from private.generation_jobs") == error
    again = claim_one(db, "submit")
    assert again["payload"]["model"] == "black-forest-labs/flux-kontext-pro"
    report(db, "report_submitted", again, {"id": "p2"})
    make_due(db)
    report(db, "report_provider_job", claim_one(db, "poll"), succeeded("p2"))
    store = claim_one(db, "store")
    report(db, "report_stored", store, {"object_path": store["payload"]["object_path"]})
    assert status(db) == ("succeeded", None)
    assert credits_of(db, ana) == 40
    # Ours to bear, so the daily breaker counts it.
    spent = db.value("select sum(micros) from private.provider_spend")
    assert spent - before == 40_000


def test_when_every_model_fails_the_credits_come_back(db: Database, ana: uuid.UUID) -> None:
    for attempt in ("p1", "p2"):
        report(db, "report_provider_job", submit(db, attempt), {"status": "failed", "error": "x"})
    assert status(db) == ("failed", "provider_failed")
    assert runs(db) == ["failed", "failed"]
    assert credits_of(db, ana) == 50
    assert queue(db) == []


@pytest.mark.parametrize("http_status", [401, 402, 404, 422])
def test_a_model_that_refuses_is_passed_over(
    db: Database, ana: uuid.UUID, http_status: int
) -> None:
    job = claim_one(db, "submit")
    report(db, "report_submit_refused", job, http_status, "no", None)
    assert db.value("select http_status from private.generation_attempts") == http_status
    assert claim_one(db, "submit")["payload"]["model"] == "black-forest-labs/flux-kontext-pro"
    assert runs(db) == ["refused", "submitting"]
    assert credits_of(db, ana) == 40


@pytest.mark.parametrize("why", ["content", "attempts", "deadline", "disabled"])
def test_no_second_model_is_tried_when_that_would_not_help(
    db: Database, ana: uuid.UUID, why: str
) -> None:
    changes = {
        "attempts": "update private.settings set max_generation_attempts = 1",
        "deadline": "update public.generations set deadline_at = now()",
        "disabled": "update private.generation_models set is_enabled = (preference = 1)",
    }
    if why in changes:
        db.rows(changes[why])
    error = "flagged as sensitive" if why == "content" else "CUDA out of memory"
    report(db, "report_provider_job", submit(db), {"status": "failed", "error": error})
    assert status(db)[0] == "failed"
    assert queue(db) == []
    assert credits_of(db, ana) == 50


@pytest.mark.parametrize(
    ("per_second", "prediction", "cost"),
    [
        (None, {"status": "succeeded", "metrics": {"predict_time": 3}}, 67_000),
        (None, {"status": "failed", "metrics": {"predict_time": 3}}, 0),
        (None, {"status": "canceled", "metrics": {"predict_time": 3}}, 67_000),
        (None, {"status": "canceled"}, 0),
        (None, {"status": "aborted"}, 0),
        (1_400, {"status": "succeeded", "metrics": {"predict_time": 2.5}}, 3_500),
        (1_400, {"status": "failed", "metrics": {"predict_time": 2.0001}}, 2_801),
        (1_400, {"status": "succeeded"}, 0),
        (1_400, {"status": "succeeded", "metrics": {"predict_time": -9}}, 0),
        (1_400, {"status": "succeeded", "metrics": {"predict_time": 1e300}}, 120_960_000),
        (1_400, {"status": "succeeded", "metrics": {"predict_time": "2"}}, 0),
    ],
    ids=str,
)
def test_each_attempt_knows_what_it_cost(
    db: Database, per_second: int | None, prediction: dict[str, Any], cost: int
) -> None:
    db.rows("update private.generation_models set cost_per_second_micros = %s", per_second)
    request(db, sign_up(db))
    poll = submit(db)
    # A price that changes later is not the one that was paid.
    db.rows(
        "update private.generation_models"
        " set cost_per_second_micros = 9, preference = 9 - preference"
    )
    report(db, "report_provider_job", poll, {"output": "https://r.example/a.png"} | prediction)
    assert db.value("select cost_micros from private.generation_attempts") == cost


def test_what_locks_profiles_is_claimed_before_what_counts_spend(db: Database) -> None:
    # A request holds its profile and waits for the day's spend; a claim must not do the reverse.
    ana, ben = sorted((sign_up(db) for _ in range(2)), key=str)
    lift_limits(db)
    request(db, ana)
    report(db, "report_submit_refused", claim_one(db, "submit"), 404, "gone", None)
    # A second attempt whose worker dies, of whom comes first by the id of the profile.
    claim_one(db, "submit")
    request(db, ben)
    db.rows("update private.generation_models set is_enabled = false")
    db.rows(
        "create table public.order_of (n serial, what text);"
        "create function public.note() returns trigger language plpgsql as $$ begin"
        " insert into public.order_of (what) values (tg_table_name); return null; end $$;"
        "create trigger note after update of micros on private.provider_spend"
        " for each row execute function public.note();"
        "create trigger note after update of credits on public.profiles"
        " for each row execute function public.note()"
    )
    make_due(db)
    assert claim(db) == []
    locked = [row["what"] for row in db.rows("select what from public.order_of order by n")]
    assert locked == ["profiles", "provider_spend"]
    assert (credits_of(db, ana), credits_of(db, ben)) == (40, 50)
