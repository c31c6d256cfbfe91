"""Each model on offer: its own inputs, its own face, its own output."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from PIL import Image

from stand_ins.replicate.models import MODELS, Model
from stand_ins.replicate.painting import picture_size

if TYPE_CHECKING:
    from tests.support.stand_ins.replicate.stand_in import StandIn

BY_NAME = sorted(MODELS)
COMMUNITY = "tencentarc/photomaker"
ABSENT = "0" * 64


def photo(stand_in: StandIn) -> str:
    """Upload a red photo; return its URL."""
    buffer = io.BytesIO()
    Image.new("RGB", (300, 400), (250, 10, 10)).save(buffer, "PNG")
    files = {"content": ("face.png", buffer.getvalue(), "image/png")}
    url: str = stand_in.api("POST", "/v1/files", files=files).json()["urls"]["get"]
    return url


def least(model: Model, url: str) -> dict[str, Any]:
    """Return the least that a model takes, with a face where it takes one."""
    given: dict[str, Any] = {"prompt": "hi"}
    for name in model.faces[:1]:
        given[name] = [url] if model.inputs[name]["type"] == "array" else url
    return given


def create(stand_in: StandIn, name: str, given: dict[str, Any]) -> httpx.Response:
    """Ask for a prediction in the way that fits the model: by its name, or by its version."""
    model = MODELS[name]
    if model.is_official:
        return stand_in.api("POST", f"/v1/models/{name}/predictions", json={"input": given})
    body = {"version": f"{name}:{model.version}", "input": given}
    return stand_in.api("POST", "/v1/predictions", json=body)


def pictures(output: object) -> list[Image.Image]:
    """Download every picture of an output."""
    urls = output if isinstance(output, list) else [output]
    answers = [httpx.get(str(url), trust_env=False) for url in urls]
    return [Image.open(io.BytesIO(answer.content)).convert("RGB") for answer in answers]


def redness(picture: Image.Image) -> float:
    """Return how much of a picture has the red of the photo."""
    data = picture.resize((160, 90)).tobytes()
    pixels = list(zip(data[::3], data[1::3], data[2::3], strict=True))
    return sum(r > 235 and g < 40 and b < 40 for r, g, b in pixels) / len(pixels)


@pytest.mark.parametrize("name", BY_NAME)
def test_a_model_shows_its_own_inputs(stand_in: StandIn, name: str) -> None:
    shown = stand_in.api("GET", f"/v1/models/{name}").json()
    schemas = shown["latest_version"]["openapi_schema"]["components"]["schemas"]
    assert set(schemas["Input"]["properties"]) == set(MODELS[name].inputs)
    assert schemas["Input"]["required"] == list(MODELS[name].required)
    version = stand_in.api("GET", f"/v1/models/{name}/versions/{MODELS[name].version}")
    assert version.json() == shown["latest_version"]
    assert stand_in.api("GET", f"/v1/models/{name}/versions/{ABSENT}").status_code == 404


@pytest.mark.parametrize("name", BY_NAME)
def test_a_model_paints_the_face_it_is_given(stand_in: StandIn, name: str) -> None:
    given = least(MODELS[name], photo(stand_in)) | {"sent_by_us": "unknown inputs pass"}
    made = create(stand_in, name, given)
    assert made.status_code == 201, made.text
    ended = stand_in.wait(made.json()["id"], "succeeded", "failed")
    assert (ended["status"], ended["input"], ended["model"]) == ("succeeded", given, name)
    assert isinstance(ended["output"], list) == (MODELS[name].output["type"] == "array")
    (painted,) = pictures(ended["output"])
    assert (redness(painted) > 0.05) == bool(MODELS[name].faces)


def test_several_pictures_come_as_a_list(stand_in: StandIn) -> None:
    given = {"prompt": "hi", "num_outputs": 3, "output_format": "webp", "aspect_ratio": "16:9"}
    made = create(stand_in, "black-forest-labs/flux-schnell", given).json()
    output = stand_in.wait(made["id"], "succeeded")["output"]
    assert len(set(output)) == 3
    assert [picture.size for picture in pictures(output)] == [(1344, 736)] * 3


@pytest.mark.parametrize(
    ("name", "wrong", "field"),
    [
        ("google/nano-banana-2", {"resolution": "2 MP"}, "resolution"),
        ("google/nano-banana-2", {"image_input": "https://example.com/a.png"}, "image_input"),
        ("google/nano-banana-pro", {"aspect_ratio": "8:1"}, "aspect_ratio"),
        ("black-forest-labs/flux-kontext-pro", {"safety_tolerance": 7}, "safety_tolerance"),
        ("black-forest-labs/flux-kontext-pro", {"input_image": ["https://x.co/a"]}, "input_image"),
        ("black-forest-labs/flux-2-pro", {"resolution": "2K"}, "resolution"),
        ("black-forest-labs/flux-2-pro", {"safety_tolerance": 0}, "safety_tolerance"),
        ("black-forest-labs/flux-2-pro", {"input_images": ["https://x.co/a"] * 9}, "input_images"),
        ("ideogram-ai/ideogram-character", {"style_type": "auto"}, "style_type"),
        ("ideogram-ai/ideogram-character", {"seed": 2147483648}, "seed"),
        ("black-forest-labs/flux-schnell", {"num_outputs": 5}, "num_outputs"),
        ("black-forest-labs/flux-schnell", {"seed": True}, "seed"),
        (COMMUNITY, {"guidance_scale": 11}, "guidance_scale"),
    ],
)
def test_what_a_model_does_not_take_is_refused(
    stand_in: StandIn, name: str, wrong: dict[str, Any], field: str
) -> None:
    good = least(MODELS[name], "https://example.com/face.png")
    refused = create(stand_in, name, good | wrong)
    assert refused.status_code == 422
    where = [entry["field"] for entry in refused.json()["invalid_fields"]]
    assert where == [f"input.{field}"]
    assert f"- input.{field}: " in refused.json()["detail"]
    assert create(stand_in, name, good).status_code == 201


@pytest.mark.parametrize("name", ["ideogram-ai/ideogram-character", COMMUNITY])
def test_a_model_that_needs_a_face_says_so(stand_in: StandIn, name: str) -> None:
    refused = create(stand_in, name, {"prompt": "hi"})
    assert refused.status_code == 422
    assert f"{MODELS[name].faces[0]} is required" in refused.json()["detail"]


def test_a_community_model_is_run_by_its_version_alone(stand_in: StandIn) -> None:
    model = MODELS[COMMUNITY]
    given = {"input": least(model, photo(stand_in))}
    assert (
        stand_in.api("POST", f"/v1/models/{COMMUNITY}/predictions", json=given).status_code == 404
    )
    for wrong in (
        COMMUNITY,
        f"{COMMUNITY}:{ABSENT}",
        ABSENT,
        f"google/nano-banana-2:{model.version}",
    ):
        refused = stand_in.api("POST", "/v1/predictions", json=given | {"version": wrong})
        assert refused.status_code == 422, wrong
        assert refused.json()["title"] == "Invalid version or not permitted"
    for right in (model.version, f"{COMMUNITY}:{model.version}"):
        made = stand_in.api("POST", "/v1/predictions", json=given | {"version": right}).json()
        assert (made["model"], made["version"]) == (COMMUNITY, model.version)
        stand_in.wait(made["id"], "succeeded")


def test_an_official_model_is_run_by_its_name_or_version(stand_in: StandIn) -> None:
    name = "google/nano-banana-2"
    given = {"input": {"prompt": "hi"}}
    for version in (name, f"{name}:{MODELS[name].version}"):
        made = stand_in.api("POST", "/v1/predictions", json=given | {"version": version}).json()
        assert made["version"] == ("hidden" if version == name else MODELS[name].version)
        stand_in.wait(made["id"], "succeeded")


def test_a_misspelt_part_of_the_request_is_refused(stand_in: StandIn) -> None:
    path = "/v1/models/google/nano-banana-2/predictions"
    refused = stand_in.api("POST", path, json={"input": {"prompt": "hi"}, "webhok": "x"})
    assert refused.status_code == 422
    assert "Additional property webhok is not allowed" in refused.json()["detail"]


@pytest.mark.parametrize(
    ("values", "size"),
    [
        ({"aspect_ratio": "16:9", "resolution": "1K"}, (1280, 720)),
        ({"aspect_ratio": "9:16", "resolution": "2K"}, (1080, 1920)),
        ({"aspect_ratio": "16:9", "resolution": "2 MP"}, (1888, 1056)),
        ({"aspect_ratio": "16:9", "resolution": "None"}, (1344, 736)),
        ({"aspect_ratio": "16:9", "resolution": "1280x704"}, (1280, 704)),
        ({"aspect_ratio": "1:1", "megapixels": "0.25"}, (512, 512)),
        ({"aspect_ratio": "custom", "width": 300, "height": 2048}, (288, 2048)),
        ({"aspect_ratio": "match_input_image", "resolution": "4K"}, (2560, 1440)),
        ({}, (992, 992)),
    ],
)
def test_a_picture_is_as_large_as_the_model_was_told(
    values: dict[str, Any], size: tuple[int, int]
) -> None:
    assert picture_size(values) == size
