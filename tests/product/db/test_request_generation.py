"""RPC request_generation: its price, its refusals and its idempotency."""

from __future__ import annotations

import uuid

import psycopg
import pytest

from tests.support.database import Database, credits_of, put_face, refusal, request, sign_up

CALL = "select * from public.request_generation(%s, %s, %s, %s)"


def test_it_burns_the_price_and_queues_one_job(db: Database) -> None:
    ana = sign_up(db)
    generation = request(db, ana, prompt="  a cat  ")
    assert (generation["status"], generation["prompt"]) == ("queued", "a cat")
    assert generation["credit_cost"] == 10
    assert credits_of(db, ana) == 40
    jobs = db.rows("select kind, generation_id from private.generation_jobs")
    assert jobs == [{"kind": "submit", "generation_id": generation["id"]}]
    assert db.call(ana, "select * from public.my_credits()") == {
        "available": 40,
        "held": 10,
        "frozen": 0,
        "debt": 0,
        "expiring_soon": 0,
        "expiring_at": None,
        "next_grant_credits": 0,
        "next_grant_at": None,
    }


def test_the_same_key_gives_the_same_generation_and_burns_once(db: Database) -> None:
    ana = sign_up(db)
    key = uuid.uuid4()
    first = request(db, ana, idempotency_key=key)
    assert request(db, ana, idempotency_key=key) == first
    assert request(db, ana, idempotency_key=key, prompt=" a cat on a rocket ") == first
    assert credits_of(db, ana) == 40


def test_the_same_key_with_other_arguments_is_a_conflict(db: Database) -> None:
    ana = sign_up(db)
    key = uuid.uuid4()
    request(db, ana, idempotency_key=key)
    for other in (("thumbnail", "a dog"), ("thumbnail_draft", "a cat on a rocket")):
        said = db.refused(ana, CALL, *other, key, None)
        assert (said.sqlstate, said.slug) == ("PT409", "idempotency_conflict")
    assert credits_of(db, ana) == 40


def test_two_people_may_use_the_same_key(db: Database) -> None:
    ana, ben = sign_up(db), sign_up(db)
    key = uuid.uuid4()
    assert (
        request(db, ana, idempotency_key=key)["id"] != request(db, ben, idempotency_key=key)["id"]
    )


def test_a_missing_key_is_refused(db: Database) -> None:
    ana = sign_up(db)
    said = db.refused(ana, CALL, "thumbnail", "a cat", None, None)
    assert (said.sqlstate, said.slug) == ("PT400", "idempotency_key_required")
    assert request(db, ana)["status"] == "queued"


def test_too_few_credits_are_refused_with_the_missing_amount(db: Database) -> None:
    ana = sign_up(db)
    request(db, ana, generation_type="thumbnail_premium")
    said = db.refused(ana, CALL, "thumbnail_premium", "a cat", uuid.uuid4(), None)
    assert (said.sqlstate, said.slug) == ("PT402", "insufficient_credits")
    assert said.detail == "It costs 30 credits and 10 are missing."
    assert credits_of(db, ana) == 20
    assert db.value("select count(*) from private.generation_jobs") == 1


@pytest.mark.parametrize(
    ("prompt", "slug"),
    [
        (None, "prompt_empty"),
        ("", "prompt_empty"),
        (" \t\n", "prompt_empty"),
        ("\u00a0\u200b\u3000\ufeff", "prompt_empty"),
        ("a\u0007b", "prompt_has_control_characters"),
        ("a\u001bb", "prompt_has_control_characters"),
        ("a\u0085b", "prompt_has_control_characters"),
        ("x" * 1001, "prompt_too_long"),
    ],
    ids=lambda value: repr(value)[:24],
)
def test_a_bad_prompt_is_refused_and_costs_nothing(
    db: Database, prompt: str | None, slug: str
) -> None:
    ana = sign_up(db)
    said = db.refused(ana, CALL, "thumbnail", prompt, uuid.uuid4(), None)
    assert (said.sqlstate, said.slug) == ("PT422", slug)
    assert credits_of(db, ana) == 50


@pytest.mark.parametrize(
    "prompt", ["x" * 1000, "one\r\ntwo\tthree", "猫とロケット", "🐈‍⬛", "% $1 '"]
)
def test_an_unusual_prompt_is_taken_as_it_is(db: Database, prompt: str) -> None:
    assert request(db, sign_up(db), prompt=prompt)["prompt"] == prompt


@pytest.mark.parametrize("type_key", [None, "", "nonsense", "THUMBNAIL"])
def test_an_unknown_type_is_not_found(db: Database, type_key: str | None) -> None:
    ana = sign_up(db)
    said = db.refused(ana, CALL, type_key, "a cat", uuid.uuid4(), None)
    assert (said.sqlstate, said.slug) == ("PT404", "generation_type_not_found")
    assert request(db, ana)["status"] == "queued"


def test_a_type_that_is_off_is_not_found_and_not_listed(db: Database) -> None:
    ana = sign_up(db)
    db.rows("update public.generation_types set is_enabled = false where type_key = 'thumbnail'")
    said = db.refused(ana, CALL, "thumbnail", "a cat", uuid.uuid4(), None)
    assert said.slug == "generation_type_not_found"
    listed = db.call(ana, "select array_agg(type_key order by type_key) from generation_types")
    others = ["thumbnail_character", "thumbnail_draft", "thumbnail_premium"]
    assert listed == {"array_agg": others}


def test_faces_that_cannot_be_used_all_get_the_same_answer(db: Database) -> None:
    ana, ben = sign_up(db), sign_up(db)

    def face_of(person: uuid.UUID, name: str) -> uuid.UUID:
        path = put_face(db, person, name)
        row = db.call(person, "select * from public.add_user_image(%s)", path)
        assert isinstance(row["id"], uuid.UUID)
        return row["id"]

    mine, foreign = face_of(ana, "mine.png"), face_of(ben, "his.png")
    expired, removed, gone = (face_of(ana, f"{n}.png") for n in ("expired", "removed", "gone"))
    db.rows(
        "update public.user_images set created_at = now() - interval '2 days',"
        " expires_at = now() - interval '1 day' where id = %s",
        expired,
    )
    db.call(ana, "select public.remove_user_image(%s)", removed)
    # As the Storage API deletes: with its switch, or the delete protection refuses.
    with db.connect() as connection:
        connection.execute("set storage.allow_delete_query = 'true'")
        connection.execute("delete from storage.objects where name = %s", (f"{ana}/gone.png",))

    answers = {
        db.refused(ana, CALL, "thumbnail", "a cat", uuid.uuid4(), face)
        for face in (uuid.uuid4(), foreign, expired, removed, gone)
    }
    assert {(said.sqlstate, said.slug) for said in answers} == {("PT404", "user_image_not_found")}
    assert len(answers) == 1
    assert request(db, ana, user_image_id=mine)["user_image_id"] == mine


def test_a_type_says_whether_it_takes_or_needs_a_face(db: Database) -> None:
    ana = sign_up(db)
    face = db.call(ana, "select * from public.add_user_image(%s)", put_face(db, ana))["id"]
    said = db.refused(ana, CALL, "thumbnail_draft", "a cat", uuid.uuid4(), face)
    assert (said.sqlstate, said.slug) == ("PT422", "user_image_not_supported")
    db.rows(
        "update public.generation_types set user_image = 'required' where type_key = 'thumbnail'"
    )
    said = db.refused(ana, CALL, "thumbnail", "a cat", uuid.uuid4(), None)
    assert (said.sqlstate, said.slug) == ("PT422", "user_image_required")
    assert request(db, ana, user_image_id=face)["status"] == "queued"


def test_nobody_asks_without_signing_in_or_after_leaving(db: Database) -> None:
    ana = sign_up(db)
    arguments = ("thumbnail", "a cat", uuid.uuid4(), None)
    assert db.refused(None, CALL, *arguments).sqlstate == "42501"
    with pytest.raises(psycopg.Error) as caught, db.acting_as("authenticated") as connection:
        connection.execute(CALL, arguments)
    assert refusal(caught.value).slug == "not_signed_in"
    db.rows("delete from auth.users where id = %s", ana, role="supabase_auth_admin")
    assert db.refused(ana, CALL, *arguments).slug == "not_signed_in"
    assert request(db, sign_up(db))["status"] == "queued"
