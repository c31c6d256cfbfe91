"""What a person may choose beside the prompt, and what becomes of the rest."""

from __future__ import annotations

import json
import uuid
from typing import Any

import psycopg
import pytest

from tests.support.database import Database, credits_of, put_face, request, sign_up
from tests.support.sidecar import claim_one, report, submit

ASK = "select public.request_generation('thumbnail_draft', 'hi', %s, options => %s)"


@pytest.fixture
def ana(db: Database) -> uuid.UUID:
    db.rows(
        "insert into public.generation_options (type_key, option_key, title, value_type)"
        " values ('thumbnail_draft', 'quick', 'Quick', 'boolean')"
    )
    return sign_up(db)


@pytest.mark.parametrize("options", [{"seed": 7}, {"seed": 7.0}, {"seed": 0}, {"quick": True}, {}])
def test_a_choice_within_its_bounds_reaches_its_key_alone(
    db: Database, ana: uuid.UUID, options: dict[str, Any]
) -> None:
    row = request(db, ana, generation_type="thumbnail_draft", options=options)
    assert row["options"] == options
    assert not any(isinstance(value, float) for value in row["options"].values())
    # What this model has no key for is left out: it says so in its option_fields.
    expected = {"prompt": "a cat on a rocket", "aspect_ratio": "16:9", "output_format": "png"}
    expected |= {key: value for key, value in options.items() if key == "seed"}
    assert claim_one(db, "submit")["payload"]["input"] == expected


@pytest.mark.parametrize(
    "options",
    [
        '{"seed": -1}',
        '{"seed": 2147483648}',
        '{"seed": 1.5}',
        '{"seed": "7"}',
        '{"seed": null}',
        '{"seed": [7]}',
        '{"seed": 1e400}',
        '{"quick": "yes"}',
        '{"quick": 1}',
        '{"style": "Auto"}',
        '{"disable_safety_checker": true}',
        '{"webhook": "https://evil.example"}',
        '{"prompt": "another"}',
        '{"": 1}',
        "[]",
        "7",
        "null",
        '"seed"',
        '{"seed": 7, "x": 1}',
        json.dumps({"seed": 7, "x": "y" * 5000}),
    ],
    ids=lambda text: text[:30],
)
def test_anything_else_is_refused_and_costs_nothing(
    db: Database, ana: uuid.UUID, options: str
) -> None:
    found = db.refused(ana, ASK, uuid.uuid4(), options)
    assert (found.sqlstate, found.slug) == ("PT422", "options_invalid")
    assert credits_of(db, ana) == 50
    db.call(ana, ASK, uuid.uuid4(), '{"seed": 7}')
    assert credits_of(db, ana) == 48


def test_a_choice_belongs_to_its_type(db: Database, ana: uuid.UUID) -> None:
    face = db.call(ana, "select * from public.add_user_image(%s)", put_face(db, ana))["id"]
    ask = "select public.request_generation('thumbnail_character', 'hi', %s, %s, options => %s)"
    for style, is_one in (("Fiction", True), ("fiction", False), ("Oil", False)):
        given = (uuid.uuid4(), face, json.dumps({"style": style}))
        if is_one:
            db.call(ana, ask, *given)
        else:
            assert db.refused(ana, ask, *given).slug == "options_invalid"
    assert claim_one(db, "submit")["payload"]["input"]["style_type"] == "Fiction"


def test_the_same_key_with_other_options_is_another_request(db: Database, ana: uuid.UUID) -> None:
    key = uuid.uuid4()
    db.call(ana, ASK, key, '{"seed": 7}')
    db.call(ana, ASK, key, '{"seed": 7.0}')
    assert db.refused(ana, ASK, key, '{"seed": 8}').slug == "idempotency_conflict"
    assert db.refused(ana, ASK, key, "{}").slug == "idempotency_conflict"
    assert credits_of(db, ana) == 48


def test_everybody_reads_what_can_be_chosen_and_nobody_changes_it(
    db: Database, ana: uuid.UUID
) -> None:
    count = "select count(*) as n from public.generation_options"
    assert db.call(None, count)["n"] == db.call(ana, count)["n"] == 4
    for person in (None, ana):
        change = "update public.generation_options set maximum = 9"
        assert db.refused(person, change).sqlstate == "42501"


def test_a_template_cannot_share_a_key_with_what_a_person_says(db: Database) -> None:
    row = (
        "insert into private.generation_models (type_key, preference, model, input_template,"
        " prompt_field, user_image_field, option_fields) values ('thumbnail_draft', 9, 'a/b', {}) "
    )
    good = "'{\"x\": 1}', 'prompt', 'face', '{\"seed\": \"seed\"}'"
    bad = (
        good.replace('"x"', '"prompt"'),
        good.replace("'face'", "'prompt'"),
        good.replace('"seed"}', '"prompt"}'),
        good.replace('"seed"}', '"face"}'),
    )
    for values in bad:
        with pytest.raises(psycopg.errors.CheckViolation) as caught:
            db.rows(row.format(values))
        assert caught.value.diag.constraint_name == "generation_models_keys_are_apart"
    db.rows(row.format(good))


def test_a_models_deadline_is_the_pictures_and_else_the_settings(
    db: Database, ana: uuid.UUID
) -> None:
    def wait() -> float:
        row = request(db, ana, generation_type="thumbnail_draft")
        return float((row["deadline_at"] - row["created_at"]).total_seconds())

    assert wait() == 600
    db.rows("update private.generation_models set deadline = '90 seconds'")
    assert wait() == 90


def test_a_type_without_an_enabled_model_is_not_for_sale(db: Database, ana: uuid.UUID) -> None:
    db.rows("update private.generation_models set is_enabled = (type_key <> 'thumbnail_draft')")
    found = db.refused(ana, ASK, uuid.uuid4(), "{}")
    assert (found.sqlstate, found.slug) == ("PT404", "generation_type_not_found")
    db.rows("update private.generation_models set is_enabled = true")
    db.call(ana, ASK, uuid.uuid4(), "{}")


def test_a_models_output_is_where_its_pointer_says(db: Database, ana: uuid.UUID) -> None:
    request(db, ana, generation_type="thumbnail_draft")
    db.rows("update private.generation_models set output_pointer = '{files,1,href}'")
    output = {"url": "https://r.example/no.png", "files": [{}, {"href": "https://r.example/1.png"}]}
    report(db, "report_provider_job", submit(db), {"status": "succeeded", "output": output})
    assert claim_one(db, "store")["payload"]["output_url"] == "https://r.example/1.png"
