"""Faces: consent, use from the own folder alone, expiry, and deletion with its proof."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest

from tests.support.database import Database, credits_of, put_face, refusal, request, sign_up
from tests.support.economy import sweep
from tests.support.files import add_face, files, storage_deletes, take
from tests.support.sidecar import ROLE, claim, claim_one, make_due, report
from thumbsmith.checks.questions import run_checks

ADD = "select * from public.add_user_image(%s)"
REMOVE = "select * from public.remove_user_image(%s)"


def image(db: Database, image_id: uuid.UUID) -> dict[str, Any]:
    return dict(db.rows("select * from public.user_images where id = %s", image_id)[0])


def findings(db: Database) -> set[str]:
    return {result.name for result in run_checks(db.url) if result.rows}


def let_expire(db: Database, image_id: uuid.UUID) -> None:
    db.rows(
        "update public.user_images set created_at = now() - interval '200 days',"
        " expires_at = now() - interval '1 minute' where id = %s",
        image_id,
    )


def test_recording_a_photo_is_the_consent_and_bounds_its_life(db: Database) -> None:
    db.rows("update private.settings set user_image_retention = interval '30 days' where id")
    before = datetime.now(UTC)
    row = db.call(ana := sign_up(db), ADD, put_face(db, ana))
    assert before - timedelta(seconds=1) <= row["consented_at"] <= datetime.now(UTC)
    assert row["expires_at"] - row["consented_at"] == timedelta(days=30)
    assert (row["removed_at"], row["deleted_at"], row["deletion_answer"]) == (None, None, None)


def test_a_photo_is_taken_from_the_persons_own_folder_alone(db: Database) -> None:
    ana, ben = sign_up(db), sign_up(db)
    put_face(db, ben, "his.png")
    # Under her folder by somebody else, and under his folder by her: neither is hers.
    for path, owner in ((f"{ana}/his.png", ben), (f"{ben}/hers.png", ana), ("loose.png", ana)):
        db.rows(
            "insert into storage.objects (bucket_id, name, owner_id) values ('faces', %s, %s)",
            path,
            str(owner),
        )
    db.rows(
        "insert into storage.objects (bucket_id, name, owner_id) values ('thumbnails', %s, %s)",
        f"{ana}/pic.png",
        str(ana),
    )
    wrong = (f"{ana}/his.png", f"{ben}/hers.png", f"{ben}/his.png", "loose.png", f"{ana}/pic.png")
    for name in (*wrong, f"{ana}/../{ben}/his.png", f"{ana}/absent.png", "", None):
        said = db.refused(ana, ADD, name)
        assert (said.sqlstate, said.slug) == ("PT404", "object_not_found"), name
    assert db.call(ana, ADD, put_face(db, ana, "mine.png"))["profile_id"] == ana


def test_the_provider_is_given_an_address_of_at_most_an_hour(db: Database) -> None:
    ana = sign_up(db)
    with pytest.raises(psycopg.Error, match="settings_signed_url_seconds_in_range"):
        db.rows("update private.settings set signed_url_seconds = 3601 where id")
    db.rows("update private.settings set signed_url_seconds = 90 where id")
    request(db, ana, user_image_id=add_face(db, ana))
    (face,) = claim_one(db, "submit")["payload"]["user_images"]
    assert (face["bucket"], face["object_path"]) == ("faces", f"{ana}/face.png")
    assert face["expires_in"] == 90


def test_only_the_person_removes_their_photo_and_nobody_learns_of_it(db: Database) -> None:
    ana, ben = sign_up(db), sign_up(db)
    face = add_face(db, ana)
    refusals = {db.refused(ben, REMOVE, one) for one in (face, uuid.uuid4(), None)}
    assert {(said.sqlstate, said.slug) for said in refusals} == {("PT404", "user_image_not_found")}
    assert len(refusals) == 1
    assert db.refused(None, REMOVE, face).sqlstate == "42501"
    assert image(db, face)["removed_at"] is None
    assert claim(db) == []
    first = db.call(ana, REMOVE, face)
    assert (first["removal_reason"], first["deleted_at"]) == ("asked", None)
    assert first["removed_at"] is not None
    assert db.call(ana, REMOVE, face) == first
    claim_one(db, "remove_user_image")


def test_a_removed_photo_is_used_for_nothing_any_more(db: Database) -> None:
    ana = sign_up(db)
    face, kept = add_face(db, ana), add_face(db, ana, "kept.png")
    db.call(ana, REMOVE, face)
    ask = (
        "select public.request_generation('thumbnail', 'a cat', gen_random_uuid(),"
        " user_image_id => %s)"
    )
    said = db.refused(ana, ask, face)
    assert (said.sqlstate, said.slug) == ("PT404", "user_image_not_found")
    assert credits_of(db, ana) == 50
    db.call(ana, ask, kept)
    assert credits_of(db, ana) == 40


@pytest.mark.parametrize("how", ["removed", "expired"])
def test_a_thumbnail_that_waits_for_a_photo_that_went_fails_and_is_refunded(
    db: Database, how: str
) -> None:
    ana, ben = sign_up(db), sign_up(db)
    face, other = add_face(db, ana), add_face(db, ben)
    request(db, ana, user_image_id=face)
    request(db, ben, user_image_id=other)
    if how == "removed":
        db.call(ana, REMOVE, face)
    else:
        let_expire(db, face)
    claimed = [job for job in claim(db) if job["kind"] == "submit"]
    assert [job["payload"]["user_images"][0]["object_path"] for job in claimed] == [
        f"{ben}/face.png"
    ]
    rows = {row["profile_id"]: row for row in db.rows("select * from public.generations")}
    assert (rows[ana]["status"], rows[ana]["error"]) == ("failed", "face_missing")
    assert rows[ben]["status"] == "submitting"
    assert (credits_of(db, ana), credits_of(db, ben)) == (50, 40)
    assert db.value("select count(*) from private.generation_attempts") == 1


def test_a_removed_photo_makes_room_at_once(db: Database) -> None:
    db.rows("update private.settings set max_user_images = 2 where id")
    ana = sign_up(db)
    first, _ = add_face(db, ana, "1.png"), add_face(db, ana, "2.png")
    third = put_face(db, ana, "3.png")
    assert db.refused(ana, ADD, third).slug == "user_image_limit_reached"
    db.call(ana, REMOVE, first)
    assert db.call(ana, ADD, third)["object_path"] == third


def test_a_name_can_be_used_again_once_its_file_is_gone(db: Database) -> None:
    ana = sign_up(db)
    old = add_face(db, ana)
    db.call(ana, REMOVE, old)
    # The deletion under way would take a new photo of this name with it.
    said = db.refused(ana, ADD, f"{ana}/face.png")
    assert (said.sqlstate, said.slug) == ("PT409", "user_image_being_removed")
    job = claim_one(db, "remove_user_image")
    assert report(db, "report_removed", job, storage_deletes(db, job["payload"])) == "removed"
    assert db.refused(ana, ADD, f"{ana}/face.png").slug == "object_not_found"
    new = add_face(db, ana)
    assert new != old
    assert image(db, new)["removed_at"] is None
    assert db.call(ana, REMOVE, old)["deleted_at"] is not None
    assert files(db, "faces", ana) == ["face.png"]


def test_the_proof_of_a_deletion_is_the_answer_and_that_the_file_is_gone(db: Database) -> None:
    ana = sign_up(db)
    face, kept = add_face(db, ana), add_face(db, ana, "face.png.jpg")
    db.call(ana, REMOVE, face)
    assert findings(db) == set()
    job = claim_one(db, "remove_user_image")
    assert job["payload"] == {"target": "storage", "bucket": "faces", "names": [f"{ana}/face.png"]}
    # Storage said yes, and the file is there all the same.
    lie = {"bucket": "faces", "status": 200, "removed": [f"{ana}/face.png"]}
    assert report(db, "report_removed", job, lie) == "not_removed"
    assert image(db, face)["deleted_at"] is None
    assert claim(db) == []  # not at once again
    make_due(db)
    job = claim_one(db, "remove_user_image")
    assert job["try_number"] == 2
    told = storage_deletes(db, job["payload"])
    assert report(db, "report_removed", job, told) == "removed"
    gone = image(db, face)
    assert gone["deletion_answer"] == {
        "bucket": "faces",
        "status": 200,
        "removed": [f"{ana}/face.png"],
    }
    assert gone["deleted_at"] >= gone["removed_at"]
    assert report(db, "report_removed", job, told) == "stale"
    assert image(db, kept)["removed_at"] is None
    assert files(db, "faces", ana) == ["face.png.jpg"]
    assert (claim(db), findings(db)) == ([], set())
    # The person sees the proof themselves.
    own = "select deletion_answer from public.user_images where deleted_at is not null"
    assert db.call(ana, own)["deletion_answer"]["status"] == 200


def test_a_file_that_was_gone_before_is_no_failure(db: Database) -> None:
    ana = sign_up(db)
    face = add_face(db, ana)
    storage_deletes(db, {"target": "storage", "bucket": "faces", "names": [f"{ana}/face.png"]})
    db.call(ana, REMOVE, face)
    job = claim_one(db, "remove_user_image")
    assert report(db, "report_removed", job, storage_deletes(db, job["payload"])) == "removed"
    assert image(db, face)["deletion_answer"] == {
        "bucket": "faces",
        "status": 200,
        "removed": [],
    }


def test_a_deletion_is_never_given_up_for_a_storage_that_is_down(db: Database) -> None:
    ana = sign_up(db)
    db.call(ana, REMOVE, add_face(db, ana))
    tries = 3 * db.value("select max_job_tries from private.settings")
    for _ in range(tries):
        job = take(db, "remove_user_image")
        report(db, "report_job_failed", job, "storage_unavailable", "HTTP 503", False)
    (row,) = db.rows("select tries, dead_at, last_error, due_at > now() as later from private.jobs")
    assert row == {
        "tries": tries,
        "dead_at": None,
        "last_error": "storage_unavailable",
        "later": True,
    }
    job = take(db, "remove_user_image")
    assert report(db, "report_removed", job, storage_deletes(db, job["payload"])) == "removed"


def test_a_deletion_that_would_be_refused_for_ever_is_left_to_a_person(db: Database) -> None:
    ana = sign_up(db)
    db.call(ana, REMOVE, add_face(db, ana))
    report(
        db, "report_job_failed", take(db, "remove_user_image"), "storage_refused", "HTTP 404", True
    )
    make_due(db)
    assert claim(db) == []
    assert findings(db) == {"job_is_not_dead", "removed_user_image_is_deleted"}


def test_photos_past_their_time_are_removed_by_the_sweep(db: Database) -> None:
    ana = sign_up(db)
    old, young = add_face(db, ana, "old.png"), add_face(db, ana, "young.png")
    assert db.value("select private.sweep()", role=ROLE)["expired_user_images"] == 0
    let_expire(db, old)
    assert db.value("select private.sweep()", role=ROLE)["expired_user_images"] == 1
    assert db.value("select private.sweep()", role=ROLE)["expired_user_images"] == 0
    assert (image(db, old)["removal_reason"], image(db, young)["removed_at"]) == ("expired", None)
    assert db.call(ana, REMOVE, old)["removal_reason"] == "expired"
    job = claim_one(db, "remove_user_image")
    assert job["payload"]["names"] == [f"{ana}/old.png"]
    assert report(db, "report_removed", job, storage_deletes(db, job["payload"])) == "removed"
    assert files(db, "faces", ana) == ["young.png"]
    assert findings(db) == set()


def test_many_expired_photos_and_two_sweeps_at_once_remove_each_once(db: Database) -> None:
    ana = sign_up(db)
    db.rows("update private.settings set max_user_images = 1000 where id")
    faces = [add_face(db, ana, f"{number}.png") for number in range(5)]
    for face in faces:
        let_expire(db, face)
    with db.connect() as holder, holder.transaction():
        holder.execute("select id from public.user_images where id = %s for update", (faces[0],))
        assert db.value("select private.sweep()")["expired_user_images"] == 4
    assert sweep(db) == {"expired": 0, "expired_lots": 0, "rewarded": 0}
    assert db.value("select count(*) from private.jobs where kind = 'remove_user_image'") == 5


def test_nobody_but_the_sidecar_reports_a_deletion(db: Database) -> None:
    ana = sign_up(db)
    db.call(ana, REMOVE, add_face(db, ana))
    job = claim_one(db, "remove_user_image")
    call = "select private.report_removed(%s, %s, %s, '{}')"
    for role in ("authenticated", "anon", "service_role"):
        with pytest.raises(psycopg.Error) as caught, db.acting_as(role, ana) as connection:
            connection.execute(call, (ana, job["job_id"], job["lease_token"]))
        assert refusal(caught.value).sqlstate == "42501", role
    with pytest.raises(psycopg.Error) as caught:
        db.rows("delete from public.user_images", role=ROLE)
    assert refusal(caught.value).sqlstate == "42501"
    assert report(db, "report_removed", job, storage_deletes(db, job["payload"])) == "removed"
