"""The whole stack: what a person sees of the sidecar's work, good days and bad ones."""

from __future__ import annotations

import uuid
from typing import Any

import httpx
import pytest

from local_stack.stack import Stack
from tests.support.end_to_end.generations import download, faults, wait
from tests.support.rest import Caller, balance


def test_a_picture_arrives_in_the_private_folder_of_its_owner(ana: Caller, ben: Caller) -> None:
    asked = ana.request(generation_type="thumbnail", prompt="Hello", user_image_id=ana.add_face())
    row = wait(ana, asked.json()["id"])
    assert (row["status"], row["error"]) == ("succeeded", None)
    assert row["output_path"] == f"{ana.user_id}/{row['id']}.png"
    picture = download(ana, row["output_path"])
    assert (picture.format, picture.size) == ("PNG", (1280, 720))
    assert balance(ana) == 40
    url = f"/storage/v1/object/authenticated/thumbnails/{row['output_path']}"
    assert ben.http.get(url).json()["statusCode"] == "404"
    assert ben.http.get("/rest/v1/generations").json() == []


@pytest.mark.parametrize(
    "switches",
    [
        {"drop_webhooks": True},
        {"duplicate_webhooks": True},
        {"rate_limit_next": 1},
        {"error_after_create_next": 1},
        {"drop_after_create_next": 1},
        {"unavailable_get_next": 2},
    ],
    ids=lambda switches: next(iter(switches)),
)
def test_a_bad_moment_of_the_provider_delays_the_picture_and_no_more(
    stack: Stack, ana: Caller, switches: dict[str, Any]
) -> None:
    with faults(stack, **switches):
        row = wait(ana, ana.request().json()["id"])
    assert (row["status"], row["error"]) == ("succeeded", None)
    assert balance(ana) == 48


@pytest.mark.parametrize(
    ("switches", "slug"),
    [
        ({"reject_next": 1}, "input_refused"),
        ({"payment_required_next": 1}, "provider_unavailable"),
        ({"fail_next": 1}, "provider_failed"),
        ({"bad_output": True}, "output_not_an_image"),
        ({"output_seconds": 0}, "output_gone"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_picture_that_cannot_be_had_costs_nothing(
    stack: Stack, ana: Caller, switches: dict[str, Any], slug: str
) -> None:
    with faults(stack, **switches):
        row = wait(ana, ana.request().json()["id"])
    assert (row["status"], row["error"]) == ("failed", slug)
    assert balance(ana) == 50


def test_a_run_that_is_canceled_gives_the_credits_back(ana: Caller) -> None:
    asked = ana.request(prompt="a cat [slow]").json()
    wait(ana, asked["id"], until={"processing"})
    assert ana.rpc("cancel_generation", generation_id=asked["id"]).json()["status"] == "canceled"
    assert balance(ana) == 50
    assert wait(ana, asked["id"])["status"] == "canceled"


def test_the_same_key_from_two_clients_at_once_makes_one_picture(ana: Caller) -> None:
    key = str(uuid.uuid4())
    ids = {ana.request(idempotency_key=key).json()["id"] for _ in range(5)}
    assert len(ids) == 1
    assert wait(ana, ids.pop())["status"] == "succeeded"
    assert balance(ana) == 48


def test_the_sidecar_serves_five_routes_and_nothing_else(stack: Stack) -> None:
    with httpx.Client(base_url=stack.sidecar_url) as http:
        assert http.get("/healthz").status_code == 200
        assert http.get("/readyz").status_code == 200
        assert "thumbsmith" in http.get("/metrics").text
        query = f"profile={uuid.uuid4()}&attempt={uuid.uuid4()}"
        forged = http.post(f"/webhooks/replicate?{query}", json={"id": "x"})
        assert forged.status_code == 400
        assert http.get("/").status_code == 404
