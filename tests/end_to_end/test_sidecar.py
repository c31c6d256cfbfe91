"""The whole stack: what a person sees of the sidecar's work, good days and bad ones."""

from __future__ import annotations

import io
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest
from PIL import Image

from local_stack.stack import Stack
from tests.support.rest import Caller


def wait(caller: Caller, generation_id: str, *, until: set[str] | None = None) -> dict[str, Any]:
    """Poll a generation until its status is one of these, by default a final one."""
    wanted = until or {"succeeded", "failed", "canceled", "expired"}
    for _ in range(600):
        (row,) = caller.http.get(f"/rest/v1/generations?id=eq.{generation_id}").json()
        if row["status"] in wanted:
            return dict(row)
        time.sleep(0.05)
    raise AssertionError(f"still {row['status']}")


def balance(caller: Caller) -> int:
    return int(caller.rpc("my_credits").json()["available"])


@contextmanager
def faults(stack: Stack, **switches: Any) -> Iterator[None]:
    """Make the provider misbehave for a while."""
    url = f"{stack.replicate_url}/_faults"
    assert httpx.post(url, json=switches).is_success
    try:
        yield
    finally:
        assert httpx.post(url, json={"reset": True}).is_success


def download(caller: Caller, path: str) -> Image.Image:
    answer = caller.http.get(f"/storage/v1/object/authenticated/thumbnails/{path}")
    assert answer.status_code == 200, answer.text
    return Image.open(io.BytesIO(answer.content))


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


def test_a_run_that_is_cancelled_gives_the_credits_back(ana: Caller) -> None:
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
        forged = http.post(f"/webhooks/replicate?attempt={uuid.uuid4()}", json={"id": "x"})
        assert forged.status_code == 400
        assert http.get("/").status_code == 404
