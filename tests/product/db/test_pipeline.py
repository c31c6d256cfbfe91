"""From a queued job to a picture or a refund, as the sidecar's functions decide it."""

from __future__ import annotations

import uuid

import psycopg
import pytest

from tests.support.database import Database, credits_of, put_face, refusal, request, sign_up
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

STATE = "select status, error, output_path from public.generations"


def state(db: Database) -> tuple[str, str | None, str | None]:
    (row,) = db.rows(STATE)
    return row["status"], row["error"], row["output_path"]


def queue(db: Database) -> list[str]:
    return [row["kind"] for row in db.rows("select kind from private.generation_jobs")]


@pytest.fixture
def ana(db: Database) -> uuid.UUID:
    """Return a person who has asked for one thumbnail of ten credits, which one model makes."""
    user_id = sign_up(db)
    db.rows("update private.generation_models set is_enabled = (preference = 1)")
    request(db, user_id)
    return user_id


def test_a_good_day_ends_with_a_picture(db: Database, ana: uuid.UUID) -> None:
    job = submit(db)
    assert state(db)[0] == "processing"
    assert report(db, "report_provider_job", job, succeeded()) == "ok"
    assert state(db)[0] == "storing"
    store = claim_one(db, "store")
    path = f"{ana}/{store['generation_id']}.png"
    preview = {"object_path": path.replace(".png", ".preview.png"), "width": 320, "height": 180}
    assert store["payload"]["object_path"] == path
    assert store["payload"]["preview"] == preview
    assert store["payload"]["output_url"] == "https://replicate.delivery/x/out.png"
    stored = {"object_path": path, "preview_path": preview["object_path"]}
    assert report(db, "report_stored", store, stored) == "ok"
    assert state(db) == ("succeeded", None, path)
    assert db.value("select preview_path from public.generations") == preview["object_path"]
    assert credits_of(db, ana) == 40
    assert queue(db) == []
    seconds = db.value("select predict_seconds from private.generation_attempts")
    assert float(seconds) == 1.25


def test_the_prompt_and_the_face_reach_only_their_keys(db: Database) -> None:
    ben = sign_up(db)
    path = put_face(db, ben)
    face = db.call(ben, "select * from public.add_user_image(%s)", path)["id"]
    prompt = '{"resolution": "4K"}'
    request(db, ben, prompt=prompt, user_image_id=face)
    payload = claim_one(db, "submit")["payload"]
    assert payload["model"] == "google/nano-banana-2"
    assert payload["input"] == {
        "prompt": prompt,
        "aspect_ratio": "16:9",
        "resolution": "1K",
        "output_format": "png",
    }
    assert payload["user_images"] == [
        {
            "field": "image_input",
            "many": True,
            "bucket": "faces",
            "object_path": path,
            "expires_in": 1800,
        }
    ]
    assert 590 < payload["cancel_after_seconds"] <= 600


@pytest.mark.parametrize(
    ("prediction", "slug"),
    [
        ({"status": "failed", "error": "CUDA out of memory"}, "provider_failed"),
        ({"status": "failed", "error": "NSFW content detected"}, "content_rejected"),
        ({"status": "canceled"}, "provider_stopped"),
        ({"status": "aborted"}, "provider_stopped"),
        ({"status": "succeeded", "output": None}, "output_missing"),
        ({"status": "succeeded", "output": []}, "output_missing"),
        ({"status": "succeeded"}, "output_missing"),
        ({"status": "succeeded", "output": None, "data_removed": True}, "output_gone"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_a_prediction_without_a_picture_gives_the_credits_back(
    db: Database, ana: uuid.UUID, prediction: dict[str, object], slug: str
) -> None:
    job = submit(db)
    assert credits_of(db, ana) == 40
    assert report(db, "report_provider_job", job, prediction) == "ok"
    assert state(db) == ("failed", slug, None)
    assert credits_of(db, ana) == 50
    assert queue(db) == []


@pytest.mark.parametrize(
    "output",
    [
        "https://r.example/a.png",
        ["https://r.example/a.png", "https://r.example/b.png"],
        {"url": "https://r.example/a.png"},
        [{"url": "https://r.example/a.png"}],
    ],
    ids=lambda value: type(value).__name__,
)
def test_every_shape_of_output_gives_its_first_file(
    db: Database, ana: uuid.UUID, output: object
) -> None:
    report(db, "report_provider_job", submit(db), {"status": "succeeded", "output": output})
    assert claim_one(db, "store")["payload"]["output_url"] == "https://r.example/a.png"
    assert credits_of(db, ana) == 40


@pytest.mark.parametrize("status", ["starting", "processing", "a status of tomorrow"])
def test_an_unfinished_prediction_is_looked_at_again(
    db: Database, ana: uuid.UUID, status: str
) -> None:
    report(db, "report_provider_job", submit(db), {"status": status})
    assert claim(db) == []
    wait = db.value("select private.next_job_in_ms()", role=ROLE)
    assert 0 < wait <= 2000
    make_due(db)
    assert claim_one(db, "poll")["payload"]["provider_job_id"] == "p1"
    assert credits_of(db, ana) == 40


def test_an_empty_queue_has_no_next_job(db: Database) -> None:
    assert db.value("select private.next_job_in_ms()", role=ROLE) is None


@pytest.mark.parametrize(
    ("status", "slug"),
    [
        (401, "provider_unavailable"),
        (402, "provider_unavailable"),
        (404, "provider_unavailable"),
        (422, "input_refused"),
    ],
)
def test_a_clear_refusal_gives_the_credits_back(
    db: Database, ana: uuid.UUID, status: int, slug: str
) -> None:
    job = claim_one(db, "submit")
    assert report(db, "report_submit_refused", job, status, "no", None) == "ok"
    assert state(db) == ("failed", slug, None)
    assert credits_of(db, ana) == 50


def test_a_type_that_lost_its_model_gives_the_credits_back(db: Database, ana: uuid.UUID) -> None:
    db.rows("delete from private.generation_models where type_key = 'thumbnail'")
    assert claim(db) == []
    assert state(db) == ("failed", "provider_unavailable", None)
    assert credits_of(db, ana) == 50
    assert queue(db) == []


def test_throttling_waits_and_tries_again_without_counting_an_attempt(
    db: Database, ana: uuid.UUID
) -> None:
    for _ in range(5):
        job = claim_one(db, "submit")
        assert report(db, "report_submit_refused", job, 429, "slow down", 30) == "ok"
        assert db.value("select private.next_job_in_ms()", role=ROLE) > 29_000
        make_due(db)
    submit(db)
    assert state(db)[0] == "processing"
    assert credits_of(db, ana) == 40


def test_a_stale_report_changes_nothing(db: Database, ana: uuid.UUID) -> None:
    stale = submit(db)
    make_due(db)
    job = claim_one(db, "poll")
    failed = {"status": "failed"}
    assert report(db, "report_provider_job", stale, failed) == "stale"
    assert report(db, "report_stored", stale, {"object_path": "x"}) == "stale"
    assert report(db, "report_job_failed", stale, "storage_error", "", True) == "stale"
    assert report(db, "report_submit_refused", stale, 422, "", None) == "stale"
    assert report(db, "report_submit_unknown", stale, "") == "stale"
    assert state(db)[0] == "processing"
    assert report(db, "report_provider_job", job, failed) == "ok"
    assert credits_of(db, ana) == 50


def test_the_inbox_keeps_no_face_urls(db: Database, ana: uuid.UUID) -> None:
    said = {"input": {"image_input": ["https://signed"]}, "logs": "x"}
    webhook(db, "w", uuid.uuid4(), {"id": "p1", "status": "s"} | said)
    kept = db.value("select body from private.provider_webhooks")
    assert kept == {"id": "p1", "status": "s"}
    assert ana


def test_a_picture_that_cannot_be_stored_yet_is_tried_again_until_the_deadline(
    db: Database, ana: uuid.UUID
) -> None:
    report(db, "report_provider_job", submit(db), succeeded())
    waits = []
    for _ in range(12):
        store = claim_one(db, "store")
        assert report(db, "report_job_failed", store, "storage_unavailable", "503", False) == "ok"
        waits.append(db.value("select private.next_job_in_ms()", role=ROLE))
        make_due(db)
    assert 10_000 >= waits[-1] > waits[0]
    assert state(db)[0] == "storing"
    assert credits_of(db, ana) == 40
    db.rows("update public.generations set deadline_at = now()")
    assert db.value("select private.sweep()", role=ROLE)["expired"] == 1
    assert state(db) == ("expired", None, None)
    assert credits_of(db, ana) == 50
    assert queue(db) == []


def test_a_submission_that_never_gets_out_is_tried_until_the_deadline(
    db: Database, ana: uuid.UUID
) -> None:
    waits = []
    for _ in range(25):
        job = claim_one(db, "submit")
        report(db, "report_job_failed", job, "provider_unreachable", "ConnectError", False)
        waits.append(db.value("select private.next_job_in_ms()", role=ROLE))
        make_due(db)
    assert 30_000 >= waits[-1] > 10_000 > waits[0]
    assert db.value("select count(*) from private.generation_attempts") == 0
    assert credits_of(db, ana) == 40
    db.rows("update public.generations set deadline_at = now()")
    assert db.value("select private.sweep()", role=ROLE)["expired"] == 1
    assert state(db) == ("expired", None, None)
    assert queue(db) == []
    assert credits_of(db, ana) == 50


@pytest.mark.parametrize("answer", ["throttled", "unreachable"])
def test_what_was_canceled_while_it_was_refused_is_not_sent_again(
    db: Database, ana: uuid.UUID, answer: str
) -> None:
    job = claim_one(db, "submit")
    db.call(ana, "select public.cancel_generation(id) from public.generations")
    assert queue(db) == ["submit"]
    if answer == "throttled":
        report(db, "report_submit_refused", job, 429, "slow down", 1)
    else:
        report(db, "report_job_failed", job, "provider_unreachable", "ConnectError", False)
    make_due(db)
    assert claim(db) == []
    assert queue(db) == []
    assert db.value("select count(*) from private.generation_attempts") == 0
    assert credits_of(db, ana) == 50


def test_a_permanent_failure_is_refunded_at_once(db: Database, ana: uuid.UUID) -> None:
    report(db, "report_provider_job", submit(db), succeeded())
    store = claim_one(db, "store")
    report(db, "report_job_failed", store, "output_rejected", "not an image", True)
    assert state(db) == ("failed", "output_rejected", None)
    assert credits_of(db, ana) == 50


def test_a_submit_that_failed_before_the_call_is_tried_again(db: Database, ana: uuid.UUID) -> None:
    job = claim_one(db, "submit")
    report(db, "report_job_failed", job, "storage_error", "cannot sign", False)
    make_due(db)
    again = claim_one(db, "submit")
    assert again["try_number"] == 2
    assert report(db, "report_submitted", again, {"id": "p1"}) == "ok"
    assert credits_of(db, ana) == 40


@pytest.mark.parametrize("by", ["poll", "sweep"])
def test_the_deadline_expires_it_refunds_and_cancels_the_run(
    db: Database, ana: uuid.UUID, by: str
) -> None:
    job = submit(db)
    assert db.value("select private.sweep()", role=ROLE)["expired"] == 0
    db.rows("update public.generations set deadline_at = now()")
    if by == "poll":
        report(db, "report_provider_job", job, {"status": "processing"})
    else:
        assert db.value("select private.sweep()", role=ROLE)["expired"] == 1
    assert state(db) == ("expired", None, None)
    assert credits_of(db, ana) == 50
    cancel = claim_one(db, "cancel")
    assert report(db, "report_provider_job", cancel, {"id": "p1", "status": "canceled"}) == "ok"
    assert queue(db) == []
    assert db.value("select status from private.generation_attempts") == "canceled"


def test_canceling_what_is_queued_leaves_no_work(db: Database, ana: uuid.UUID) -> None:
    generation_id = db.value("select id from public.generations")
    call = "select status from public.cancel_generation(%s)"
    assert db.call(ana, call, generation_id) == {"status": "canceled"}
    assert db.call(ana, call, generation_id) == {"status": "canceled"}
    assert credits_of(db, ana) == 50
    assert queue(db) == []


def test_canceling_what_is_processing_cancels_the_run(db: Database, ana: uuid.UUID) -> None:
    stale = submit(db)
    db.call(ana, "select public.cancel_generation(%s)", stale["generation_id"])
    assert credits_of(db, ana) == 50
    assert report(db, "report_provider_job", stale, succeeded()) == "stale"
    cancel = claim_one(db, "cancel")
    # Canceled too late: the picture is ignored, its cost is known, the credits stay back.
    report(db, "report_provider_job", cancel, succeeded())
    assert state(db)[0] == "canceled"
    assert credits_of(db, ana) == 50
    assert queue(db) == []


def test_canceling_what_is_being_submitted_cancels_it_once_it_is_known(
    db: Database, ana: uuid.UUID
) -> None:
    job = claim_one(db, "submit")
    db.call(ana, "select public.cancel_generation(%s)", job["generation_id"])
    assert credits_of(db, ana) == 50
    assert report(db, "report_submitted", job, {"id": "p1"}) == "ok"
    assert claim_one(db, "cancel")["payload"]["provider_job_id"] == "p1"
    assert state(db)[0] == "canceled"


def test_canceling_too_late_or_what_is_not_yours_is_refused(db: Database, ana: uuid.UUID) -> None:
    ben = sign_up(db)
    call = "select status from public.cancel_generation(%s)"
    generation_id = db.value("select id from public.generations")
    foreign = db.refused(ben, call, generation_id)
    assert foreign == db.refused(ben, call, uuid.uuid4())
    assert (foreign.sqlstate, foreign.slug) == ("PT404", "generation_not_found")
    report(db, "report_provider_job", submit(db), succeeded())
    said = db.refused(ana, call, generation_id)
    assert (said.sqlstate, said.slug) == ("PT409", "wrong_state")
    assert credits_of(db, ana) == 40


def test_a_dead_cancel_stays_visible_and_costs_nobody(db: Database, ana: uuid.UUID) -> None:
    db.call(ana, "select public.cancel_generation(%s)", submit(db)["generation_id"])
    refused = ("provider_refused", "HTTP 422", True)
    report(db, "report_job_failed", claim_one(db, "cancel"), *refused)
    # The provider's own deadline still bounds it.
    assert db.value("select private.queue_metrics()", role=ROLE)["jobs_dead"] == 0
    make_due(db)
    db.rows(
        "alter table public.generations disable trigger user;"
        "update public.generations set deadline_at = now() - interval '61 minutes'"
    )
    report(db, "report_job_failed", claim_one(db, "cancel"), *refused)
    metrics = db.value("select private.queue_metrics()", role=ROLE)
    assert (metrics["jobs_dead"], metrics["jobs_due"]) == (1, 0)
    assert claim(db) == []
    assert credits_of(db, ana) == 50


@pytest.mark.parametrize(
    ("old", "new", "is_allowed"),
    [
        ("queued", "submitting", True),
        ("submitting", "queued", False),
        ("processing", "submitting", False),
        ("queued", "succeeded", False),
        ("succeeded", "failed", False),
        ("failed", "succeeded", False),
        ("canceled", "expired", False),
        ("storing", "succeeded", True),
    ],
)
def test_no_update_moves_a_generation_backwards(
    db: Database, ana: uuid.UUID, old: str, new: str, *, is_allowed: bool
) -> None:
    columns = {
        "succeeded": ", finished_at = now(), output_path = 'x', error = null",
        "failed": ", finished_at = now(), output_path = null, error = 'x'",
        "canceled": ", finished_at = now()",
        "expired": ", finished_at = now()",
    }

    def move(status: str) -> None:
        extra = columns.get(status, "")
        db.rows(f"update public.generations set status = '{status}'{extra}")

    order = ["queued", "submitting", "processing", "storing", "succeeded"]
    for step in order[1 : order.index(old) + 1] if old in order else [old]:
        move(step)
    if is_allowed:
        move(new)
        assert state(db)[0] == new
    else:
        with pytest.raises(psycopg.Error) as caught:
            move(new)
        assert refusal(caught.value).slug == "wrong_state"
        assert state(db)[0] == old
    assert ana


def test_a_request_wakes_a_worker_only_if_it_sleeps(db: Database) -> None:
    ben = sign_up(db)
    with db.connect(ROLE) as worker:
        worker.execute("listen thumbsmith_jobs")
        request(db, ben, generation_type="thumbnail_draft")
        assert list(worker.notifies(timeout=0.2)) == []
        claim(db)
        worker.execute("select private.declare_idle('test')")
        request(db, ben, generation_type="thumbnail_draft")
        assert len(list(worker.notifies(timeout=5, stop_after=1))) == 1
        assert len(claim(db)) == 1
        request(db, ben, generation_type="thumbnail_draft")
        assert list(worker.notifies(timeout=0.2)) == []
