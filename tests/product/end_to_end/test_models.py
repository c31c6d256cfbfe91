"""Every model of the seed paints for a real person, and hears exactly what its template names."""

from __future__ import annotations

import base64
import json
import math
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from PIL import Image

from local_stack.stack import Stack
from stand_ins.replicate.models import MODELS
from tests.support.catalog import SEED_MODELS
from tests.support.database import Database
from tests.support.end_to_end.generations import download, faults, wait
from tests.support.rest import Caller, balance, picture

OPTIONS: dict[str, dict[str, Any]] = {
    "thumbnail_character": {"style": "Fiction", "seed": 7},
    "thumbnail_draft": {"seed": 2147483647},
}
# Whoever pastes strings together would read more than a prompt here.
PROMPT = 'A cat", "disable_safety_checker": true, "num_outputs": 4, "x": {"prompt": "{{face}}"}'
COMMUNITY = "tencentarc/photomaker"


@dataclass(frozen=True)
class Studio:
    """A stack, its database, and somebody with a face and credits."""

    stack: Stack
    db: Database
    person: Caller
    face_id: str

    def row(self, type_key: str, preference: int) -> dict[str, Any]:
        """Return a model of the catalog, with the price and face of its type."""
        found = self.db.rows(
            "select m.*, t.cost_credits, t.user_image from private.generation_models as m"
            " join public.generation_types as t using (type_key)"
            " where m.type_key = %s and m.preference = %s",
            type_key,
            preference,
        )
        return dict(found[0])

    @contextmanager
    def only(self, type_key: str, preference: int) -> Iterator[None]:
        """Leave one model of a type enabled for a while."""
        enable = "update private.generation_models set is_enabled = true where type_key = %s"
        self.db.rows(enable.replace("true", "preference = %s"), preference, type_key)
        try:
            yield
        finally:
            self.db.rows(enable, type_key)

    def order(self, type_key: str, *, with_face: bool, **more: Any) -> dict[str, Any]:
        """Ask for a picture, and wait for it."""
        face = self.face_id if with_face else None
        asked = self.person.request(
            generation_type=type_key,
            prompt=PROMPT,
            user_image_id=face,
            options=OPTIONS.get(type_key),
            **more,
        )
        assert asked.status_code == 200, asked.text
        return wait(self.person, asked.json()["id"])

    def runs(self, generation_id: str) -> list[dict[str, Any]]:
        """Return the attempts at a picture, first to last."""
        return self.db.rows(
            "select * from private.generation_attempts where generation_id = %s order by"
            " attempt_number",
            generation_id,
        )

    def heard(self, run: dict[str, Any]) -> dict[str, Any]:
        """Return the prediction as the provider shows it, with the input that came."""
        token = self.stack.keys.tokens.replicate_api_token
        url = f"{self.stack.replicate_url}/v1/predictions/{run['provider_job_id']}"
        answer = httpx.get(url, headers={"authorization": f"Bearer {token}"}, trust_env=False)
        prediction: dict[str, Any] = answer.json()
        return prediction


@pytest.fixture(scope="module")
def studio(stack: Stack) -> Iterator[Studio]:
    person = Caller.sign_up(stack.api_url, stack.keys.publishable_key)
    grant = "select private.operator_grant(%s, 200, 'tests', 'to try every model', 'models')"
    with closing(person.http), closing(Database(stack.db_url)) as db:
        db.rows(grant, person.user_id)
        yield Studio(stack, db, person, person.add_face())


def expected_input(row: dict[str, Any]) -> dict[str, Any]:
    """Return what the model must hear, less the face."""
    chosen = OPTIONS.get(row["type_key"], {})
    options = {field: chosen[name] for name, field in row["option_fields"].items()}
    template: dict[str, Any] = row["input_template"]
    return template | options | {row["prompt_field"]: PROMPT}


def check_user_image_url(url: str, seconds: int) -> None:
    """Look at a signed URL: it shows the photo, only with its token, and not for long."""
    (token,) = parse_qs(urlsplit(url).query)["token"]
    claims = token.split(".")[1]
    said = json.loads(base64.urlsafe_b64decode(claims + "=" * (-len(claims) % 4)))
    assert 0 < said["exp"] - time.time() <= seconds
    assert httpx.get(url, trust_env=False).content == picture()
    assert httpx.get(url.partition("?")[0], trust_env=False).status_code != 200
    assert httpx.get(url[:-4], trust_env=False).status_code != 200


def shows_face(image: Image.Image) -> bool:
    """Whether the orange of the photo is in the picture."""
    data = image.convert("RGB").resize((160, 90)).tobytes()
    pixels = list(zip(data[::3], data[1::3], data[2::3], strict=True))
    oranges = sum(abs(r - 255) + abs(g - 165) + b < 30 for r, g, b in pixels)
    return oranges > 0.05 * len(pixels)


def check_picture(studio: Studio, done: dict[str, Any], *, with_face: bool) -> None:
    """Look at both files in the person's own folder."""
    assert (done["status"], done["error"]) == ("succeeded", None)
    own = f"{studio.person.user_id}/{done['id']}"
    assert (done["output_path"], done["preview_path"]) == (f"{own}.png", f"{own}.preview.png")
    for path, size in ((done["output_path"], (1280, 720)), (done["preview_path"], (320, 180))):
        image = download(studio.person, path)
        assert (image.format, image.size) == ("PNG", size)
        assert shows_face(image) == with_face


@pytest.mark.parametrize(("type_key", "preference", "model"), SEED_MODELS)
def test_a_model_paints_and_hears_exactly_what_its_template_names(
    studio: Studio, type_key: str, preference: int, model: str
) -> None:
    row = studio.row(type_key, preference)
    with_face = row["user_image_field"] is not None
    before = balance(studio.person)
    with studio.only(type_key, preference):
        done = studio.order(type_key, with_face=with_face)
    check_picture(studio, done, with_face=with_face)
    assert before - balance(studio.person) == row["cost_credits"]

    (run,) = studio.runs(done["id"])
    prediction = studio.heard(run)
    assert (run["model"], prediction["model"], prediction["version"]) == (model, model, "hidden")
    given = prediction["input"]
    if with_face:
        face = given.pop(row["user_image_field"])
        assert isinstance(face, list) == row["user_image_is_list"]
        (url,) = face if row["user_image_is_list"] else [face]
        seconds = studio.db.value("select signed_url_seconds from private.settings")
        check_user_image_url(url, seconds)
    assert given == expected_input(row)
    assert run["cost_micros"] == row["expected_cost_micros"]


def test_a_type_that_can_go_without_a_face_hears_of_none(studio: Studio) -> None:
    row = studio.row("thumbnail", 2)
    with studio.only("thumbnail", 2):
        done = studio.order("thumbnail", with_face=False)
    check_picture(studio, done, with_face=False)
    (run,) = studio.runs(done["id"])
    assert studio.heard(run)["input"] == expected_input(row)


def test_when_the_first_model_fails_the_second_one_paints_for_the_same_charge(
    studio: Studio,
) -> None:
    rows = [studio.row("thumbnail", preference) for preference in (1, 2)]
    before = balance(studio.person)
    with faults(studio.stack, fail_next=1):
        done = studio.order("thumbnail", with_face=True)
    check_picture(studio, done, with_face=True)
    runs = studio.runs(done["id"])
    assert [(run["model"], run["status"]) for run in runs] == [
        (rows[0]["model"], "failed"),
        (rows[1]["model"], "succeeded"),
    ]
    for run, row in zip(runs, rows, strict=True):
        assert studio.heard(run)["input"].keys() == {*expected_input(row), row["user_image_field"]}
    # What failed made no picture, and costs us nothing either.
    assert [run["cost_micros"] for run in runs] == [0, rows[1]["expected_cost_micros"]]
    assert before - balance(studio.person) == rows[0]["cost_credits"]
    entries = studio.db.rows(
        "select kind, amount from public.credit_entries where generation_id = %s", done["id"]
    )
    assert [(one["kind"], one["amount"]) for one in entries] == [
        ("spend", -rows[0]["cost_credits"])
    ]


def test_a_community_model_is_asked_by_its_version(studio: Studio) -> None:
    version = MODELS[COMMUNITY].version
    template = {"style_name": "(No style)", "num_steps": 30}
    insert = """
        insert into private.generation_models
        (type_key, preference, model, input_template, user_image_field, cost_per_second_micros)
        values ('thumbnail_character', 9, %s, %s, 'input_image', 1000)
    """
    studio.db.rows(insert, f"{COMMUNITY}:{version}", json.dumps(template))
    try:
        with studio.only("thumbnail_character", 9):
            done = studio.order("thumbnail_character", with_face=True)
    finally:
        studio.db.rows("delete from private.generation_models where preference = 9")
    check_picture(studio, done, with_face=True)
    (run,) = studio.runs(done["id"])
    prediction = studio.heard(run)
    assert (prediction["model"], prediction["version"]) == (COMMUNITY, version)
    # The options are the first model's: this one names none of them.
    assert prediction["input"].keys() == {"style_name", "num_steps", "prompt", "input_image"}
    assert run["cost_micros"] == math.ceil(run["predict_seconds"] * 1000)


def test_an_option_that_the_type_does_not_declare_is_refused(ana: Caller) -> None:
    for options in (
        {"disable_safety_checker": True},
        {"num_outputs": 4},
        {"prompt": "another"},
        {"seed": -1},
        {"seed": 2147483648},
        {"seed": "7"},
        {"seed": None},
    ):
        refused = ana.request(options=options)
        assert (refused.status_code, refused.json()["message"]) == (422, "options_invalid"), options
    assert balance(ana) == 50
    assert ana.http.get("/rest/v1/generations").json() == []
    # Positive control: the same request with an option of the type.
    assert ana.request(options={"seed": 7}).status_code == 200
