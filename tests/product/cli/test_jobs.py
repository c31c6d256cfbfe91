"""`thumbsmith jobs`, `generations show` and `report`: what an operator sees and does."""

from __future__ import annotations

import uuid

import pytest

from tests.support.cli.operating import commanded, report, run
from tests.support.database import Database, credits_of, request, sign_up
from tests.support.local_stack.stack_process import parsed
from tests.support.sidecar import claim, claim_one, make_due, submit, succeeded, webhook
from tests.support.sidecar import report as tell

WHY = "--why=the token was wrong"


@pytest.fixture
def ana(db: Database) -> uuid.UUID:
    """Return a person who has asked for one thumbnail."""
    user_id = sign_up(db)
    request(db, user_id)
    return user_id


def bury(db: Database) -> int:
    """Make a dead letter of the only job."""
    db.rows("update private.generation_jobs set dead_at = now(), tries = 8, lease_token = null")
    return int(db.value("select id from private.generation_jobs"))


def refused(db: Database, *command: object) -> str:
    done = run(db, "jobs", *command, "--json")
    assert done.returncode == 1, done.stdout
    return str(parsed(done)["error"])


def audited(db: Database) -> list[tuple[str, str]]:
    return [(action, reason) for action, _, reason in commanded(db)]


def test_dead_letters_are_listed_and_the_others_on_request(db: Database, ana: uuid.UUID) -> None:
    assert report(db, "jobs", "list")["jobs"] == []
    (waiting,) = report(db, "jobs", "list", "--all")["jobs"]
    assert (waiting["kind"], waiting["state"], waiting["dead_at"]) == ("submit", "due", None)
    job = bury(db)
    (dead,) = report(db, "jobs", "list")["jobs"]
    assert (dead["id"], dead["state"], dead["tries"]) == (job, "dead", 8)
    assert "lease_token" not in dead
    text = run(db, "jobs", "list").stdout
    assert dead["about"] in text
    assert ana


def test_a_dead_job_is_tried_again_as_if_it_were_new(db: Database, ana: uuid.UUID) -> None:
    submit(db)
    job = bury(db)
    tried = report(db, "jobs", "retry", job, WHY)
    assert (tried["dry_run"], tried["done"]) == (True, False)
    assert claim(db) == []
    assert audited(db) == []
    report(db, "jobs", "retry", job, WHY, "--yes")
    assert claim_one(db, "poll")["try_number"] == 1
    assert audited(db) == [("retry_job", "the token was wrong")]
    assert credits_of(db, ana) == 40


def test_dropping_the_job_of_a_thumbnail_gives_the_credits_back(
    db: Database, ana: uuid.UUID
) -> None:
    submit(db)
    job = bury(db)
    report(db, "jobs", "drop", job, WHY)
    assert credits_of(db, ana) == 40
    report(db, "jobs", "drop", job, WHY, "--yes")
    assert credits_of(db, ana) == 50
    (row,) = db.rows("select status, error from public.generations")
    assert tuple(row.values()) == ("failed", "stopped_by_operator")
    # What the provider is doing is stopped.
    cancel = claim_one(db, "cancel")
    tell(db, "report_provider_job", cancel, {"status": "canceled"})
    assert report(db, "jobs", "list", "--all")["jobs"] == []
    assert audited(db) == [("drop_job", "the token was wrong")]


def test_dropping_a_cancel_leaves_the_orphan_to_its_own_deadline(
    db: Database, ana: uuid.UUID
) -> None:
    db.call(ana, "select public.cancel_generation(%s)", submit(db)["generation_id"])
    report(db, "jobs", "drop", bury(db), WHY, "--yes")
    assert report(db, "jobs", "list", "--all")["jobs"] == []
    assert db.value("select status from private.generation_attempts") == "canceled"
    assert credits_of(db, ana) == 50


def test_what_a_worker_has_or_what_is_not_there_is_left_alone(db: Database, ana: uuid.UUID) -> None:
    job = claim_one(db, "submit")["job_id"]
    for action in ("retry", "drop"):
        assert refused(db, action, job, WHY, "--yes") == "job_is_running"
        assert refused(db, action, job + 1, WHY, "--yes") == "job_not_found"
        assert refused(db, action, job, "--why= ", "--yes") == "job_is_running"
    make_due(db)
    assert refused(db, "drop", job, "--why= ", "--yes") == "reason_required"
    assert audited(db) == []
    report(db, "jobs", "retry", job, WHY, "--yes")
    assert credits_of(db, ana) == 40


def test_what_is_owed_to_a_person_is_not_dropped(db: Database, ana: uuid.UUID) -> None:
    erase = "insert into private.jobs (kind, account_id, profile_id) values ('erase', %s, %s)"
    db.rows(erase, ana, ana)
    job = db.value("select id from private.jobs where kind = 'erase'")
    assert refused(db, "drop", job, WHY, "--yes") == "job_is_owed"
    report(db, "jobs", "retry", job, WHY, "--yes")


def test_the_story_of_an_image_is_told_whole(db: Database, ana: uuid.UUID) -> None:
    job = submit(db)
    token = db.value("select attempt_token from private.generation_attempts")
    webhook(db, "w1", token, {"id": "p1", "status": "processing"})
    failed = {"status": "failed", "error": "CUDA out of memory"}
    make_due(db)
    tell(db, "report_provider_job", claim_one(db, "poll"), failed)
    generation = str(job["generation_id"])
    story = report(db, "generations", "show", generation)
    assert story["request"]["profile_id"] == str(ana)
    assert story["request"]["status"] == "processing"
    (attempt,) = story["attempts"]
    assert (attempt["status"], attempt["provider_error"]) == ("failed", "CUDA out of memory")
    assert [row["status"] for row in story["webhooks"]] == ["processing"]
    assert [row["kind"] for row in story["entries"]] == ["spend"]
    assert [row["kind"] for row in story["jobs"]] == ["submit"]
    again = submit(db, "p2")
    tell(db, "report_provider_job", again, succeeded("p2"))
    store = claim_one(db, "store")
    paths = (store["payload"]["object_path"], store["payload"]["preview"]["object_path"])
    for path in paths:
        db.rows("insert into storage.objects (bucket_id, name) values ('thumbnails', %s)", path)
    tell(db, "report_stored", store, {"object_path": paths[0], "preview_path": paths[1]})
    done = report(db, "generations", "show", generation)
    assert [row["model"] for row in done["attempts"]] == [
        "google/nano-banana-2",
        "black-forest-labs/flux-kontext-pro",
    ]
    assert sorted(row["name"] for row in done["files"]) == sorted(paths)
    assert done["jobs"] == []
    assert done["paid_by"][0]["credits_spent"] == 10
    # No token of an attempt and no address that opens a file.
    text = run(db, "generations", "show", generation).stdout
    for word in (generation, "a cat on a rocket", "CUDA out of memory", "flux-kontext-pro", "p2"):
        assert word in text
    for secret in (token, "https://"):
        assert str(secret) not in text + str(done)


def test_the_story_of_nothing_is_refused(db: Database) -> None:
    done = run(db, "generations", "show", uuid.uuid4(), "--json")
    assert (done.returncode, parsed(done)["error"]) == (1, "generation_not_found")
    assert run(db, "generations", "show", "x").returncode == 2


def test_a_report_is_chosen_by_name_and_looks_back_some_days(db: Database, ana: uuid.UUID) -> None:
    listed = parsed(run(db, "report", "--json"))
    assert "margin_by_day" in listed["reports"]
    rows = parsed(run(db, "report", "margin_by_person", "--json"))["rows"]
    assert [row["profile_id"] for row in rows] == [str(ana)]
    db.rows("update public.generations set created_at = now() - interval '10 days'")
    assert parsed(run(db, "report", "margin_by_person", "--days=9", "--json"))["rows"] == []
    assert len(parsed(run(db, "report", "margin_by_person", "--days=11", "--json"))["rows"]) == 1
    assert "US dollars" in run(db, "report", "margin_by_plan").stdout
    assert run(db, "report", "nonsense").returncode == 2
