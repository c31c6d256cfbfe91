"""The stand-in as Replicate's own client library sees it."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import httpx
import pytest
from PIL import Image
from replicate.client import Client
from replicate.exceptions import ReplicateError
from replicate.webhook import Webhooks

from tests.support.stand_ins.replicate.stand_in import MODEL, StandIn, receiver

if TYPE_CHECKING:
    from collections.abc import Iterator


def client_of(stand_in: StandIn, token: str | None = None) -> Client:
    return Client(api_token=token or stand_in.token, base_url=stand_in.url, trust_env=False)


@pytest.fixture
def client(stand_in: StandIn) -> Iterator[Client]:
    sdk = client_of(stand_in)
    yield sdk
    sdk._client.close()


def download(url: str | None) -> io.BytesIO:
    assert url
    answer = httpx.get(url, trust_env=False)
    assert answer.status_code == 200
    return io.BytesIO(answer.content)


def photo() -> io.BytesIO:
    buffer = io.BytesIO()
    Image.new("RGB", (300, 400), (250, 10, 10)).save(buffer, "JPEG")
    buffer.seek(0)
    return buffer


def test_a_prediction_is_created_waited_for_and_downloaded(client: Client) -> None:
    wanted = {"prompt": "hello", "aspect_ratio": "16:9", "output_format": "png"}
    prediction = client.predictions.create(model=MODEL, input=wanted)
    assert prediction.status == "starting"
    assert len(prediction.id) == 26
    prediction.wait()
    prediction = client.predictions.get(prediction.id)
    assert prediction.status == "succeeded"
    assert prediction.metrics
    assert prediction.metrics["predict_time"] > 0
    with Image.open(download(prediction.output)) as image:
        assert (image.format, image.size) == ("PNG", (1280, 720))


def test_the_face_that_is_given_is_in_the_picture(client: Client) -> None:
    face = client.files.create(photo(), filename="face.jpg")

    def middle_of_the_portrait(**given: object) -> tuple[int, ...]:
        made = client.predictions.create(model=MODEL, input={"prompt": "hello", **given})
        made.wait()
        with Image.open(download(made.output)) as image:
            pixel = image.convert("RGB").getpixel((1280 - 338, 250))
        assert isinstance(pixel, tuple)
        return pixel

    red, green, blue = middle_of_the_portrait(image_input=[face.urls["get"]])
    assert red > 240
    assert green < 30
    assert blue < 30
    assert middle_of_the_portrait() != (red, green, blue)


def test_a_version_id_works_too(client: Client) -> None:
    model = client.models.get(MODEL)
    assert model.latest_version
    schema = model.latest_version.openapi_schema["components"]["schemas"]["Input"]
    assert schema["required"] == ["prompt"]
    made = client.predictions.create(version=model.latest_version.id, input={"prompt": "hello"})
    made.wait()
    assert made.status == "succeeded"
    assert made.model == MODEL


def test_waiting_in_the_request_gives_the_finished_prediction(client: Client) -> None:
    model = client.models.get(MODEL)
    assert model.latest_version
    made = client.predictions.create(
        version=model.latest_version.id, input={"prompt": "hello"}, wait=10
    )
    assert made.status == "succeeded"


def test_the_list_is_newest_first(client: Client) -> None:
    made = [client.predictions.create(model=MODEL, input={"prompt": "hi"}).id for _ in range(3)]
    listed = [entry.id for entry in client.predictions.list()]
    assert listed[:3] == made[::-1]


def test_a_running_prediction_is_canceled(client: Client, stand_in: StandIn) -> None:
    made = client.predictions.create(model=MODEL, input={"prompt": "hi [slow:30]"})
    stand_in.wait(made.id, "processing")
    client.predictions.cancel(made.id)
    ended = stand_in.wait(made.id, "canceled", "succeeded")
    assert ended["status"] == "canceled"
    assert ended["output"] is None
    assert client.predictions.cancel(made.id).status == "canceled"


def test_a_prompt_the_filter_refuses_fails(client: Client) -> None:
    made = client.predictions.create(model=MODEL, input={"prompt": "hello [fail]"})
    made.wait()
    assert made.status == "failed"
    assert made.error
    assert "NSFW content detected" in made.error
    assert made.output is None


def test_a_face_that_cannot_be_downloaded_fails(client: Client, stand_in: StandIn) -> None:
    gone = f"{stand_in.url}/delivery/none/face.png"
    made = client.predictions.create(model=MODEL, input={"prompt": "hi", "image_input": [gone]})
    made.wait()
    assert made.status == "failed"
    assert made.error
    assert "404" in made.error


def test_a_wrong_token_is_refused(client: Client, stand_in: StandIn) -> None:
    assert client.predictions.list().results is not None
    stranger = client_of(stand_in, "r8_somebody_else")
    with pytest.raises(ReplicateError) as refusal:
        stranger.predictions.create(model=MODEL, input={"prompt": "hello"})
    assert (refusal.value.status, refusal.value.title) == (401, "Unauthenticated")
    stranger._client.close()


def test_a_model_and_a_prediction_that_do_not_exist_are_not_found(client: Client) -> None:
    with pytest.raises(ReplicateError) as refusal:
        client.predictions.create(model="nobody/nothing", input={"prompt": "hello"})
    assert refusal.value.status == 404
    with pytest.raises(ReplicateError) as refusal:
        client.predictions.get("nothing")
    assert refusal.value.status == 404


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({}, "input.prompt"),
        ({"prompt": 3}, "input.prompt"),
        ({"prompt": "hi", "aspect_ratio": "7:1"}, "input.aspect_ratio"),
        ({"prompt": "hi", "google_search": "yes"}, "input.google_search"),
        ({"prompt": "hi", "image_input": "https://example.com/a.png"}, "input.image_input"),
        ({"prompt": "hi", "image_input": ["/etc/passwd"]}, "input.image_input.0"),
        ({"prompt": "hi", "image_input": ["https://example.com/a.png"] * 15}, "input.image_input"),
    ],
)
def test_bad_input_is_refused_and_nothing_is_made(
    stand_in: StandIn, given: dict[str, object], field: str
) -> None:
    before = stand_in.faults()["predictions"]
    path = f"/v1/models/{MODEL}/predictions"
    refused = stand_in.api("POST", path, json={"input": given})
    assert refused.status_code == 422
    assert [entry["field"] for entry in refused.json()["invalid_fields"]] == [field]
    assert stand_in.faults()["predictions"] == before
    stand_in.create("hi")
    assert stand_in.faults()["predictions"] == before + 1


def test_the_sdk_validates_our_webhooks_with_the_secret_it_fetched(
    client: Client, stand_in: StandIn
) -> None:
    secret = client.webhooks.default.secret()
    assert secret.key == stand_in.secret
    with receiver() as hook:
        stand_in.create("hi", webhook=hook.url, webhook_events_filter=["completed"])
        (got,) = hook.wait(1)
    Webhooks.validate(headers=got.headers, body=got.body.decode(), secret=secret, tolerance=60)


def test_an_uploaded_file_is_listed_and_deleted(client: Client) -> None:
    made = client.files.create(photo(), filename="face.jpg")
    assert (made.name, made.content_type) == ("face.jpg", "image/jpeg")
    assert made.id in [entry.id for entry in client.files.list()]
    client.files.delete(made.id)
    assert made.id not in [entry.id for entry in client.files.list()]
