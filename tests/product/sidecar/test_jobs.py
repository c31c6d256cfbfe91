"""Each kind of job, through the real stand-in."""

from __future__ import annotations

import io
import uuid
from typing import TYPE_CHECKING, Any

import pytest
from PIL import Image

from functions_py.config import LOOPBACK_NAMES
from functions_py.download import Downloader
from functions_py.errors import RejectedError, TransientError
from functions_py.jobs import Jobs, failure
from functions_py.replicate_gateway import ReplicateGateway
from functions_py.reports import JobFailed, ProviderJob, Report, StripeAnswered, SubmitUnknown
from functions_py.store import Job
from functions_py.stripe_gateway import StripeGateway
from tests.support.sidecar.helpers import FileStore, values_of
from tests.support.stand_ins.replicate.stand_in import MODEL, StandIn, receiver

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

PREVIEW = {"object_path": "u1/g1.preview.png", "width": 320, "height": 180}


@pytest.fixture
def shelf() -> FileStore:
    return FileStore()


@pytest.fixture
async def jobs(stand_in: StandIn, shelf: FileStore) -> AsyncIterator[Jobs]:
    provider = ReplicateGateway(stand_in.token, stand_in.url, trust_env=False, create_seconds=2)
    downloader = Downloader(LOOPBACK_NAMES, loopback=True)
    yield Jobs(provider, shelf, downloader, "https://sidecar.example.com/")
    await provider.close()
    await shelf.close()


def submission(prompt: str = "hi", *, many: bool = True, **more: Any) -> dict[str, Any]:
    face = {
        "field": "image_input",
        "many": many,
        "bucket": "faces",
        "object_path": "u1/me.png",
        "expires_in": 60,
    }
    return {
        "attempt_id": str(uuid.uuid4()),
        "profile_id": str(uuid.uuid4()),
        "attempt_token": str(uuid.uuid4()),
        "model": MODEL,
        "input": {"prompt": prompt},
        "user_images": [face],
        "cancel_after_seconds": 300,
    } | more


async def test_a_submit_sends_signed_faces_and_its_attempt_token(
    stand_in: StandIn, jobs: Jobs, shelf: FileStore
) -> None:
    face = io.BytesIO()
    Image.new("RGB", (9, 9)).save(face, "PNG")
    uploaded = stand_in.api("POST", "/v1/files", files={"content": ("me.png", face.getvalue())})
    shelf.signed_url = uploaded.json()["urls"]["get"]
    payload = submission()
    report = await jobs.submit(payload)
    assert report.name == "submitted"
    (created,) = values_of(report)
    assert isinstance(created, dict)
    query = f"profile={payload['profile_id']}&attempt={payload['attempt_token']}"
    assert created["webhook"] == f"https://sidecar.example.com/webhooks/replicate?{query}"
    assert shelf.signed == [("faces", "u1/me.png", 60)]
    ended = stand_in.wait(created["id"], "succeeded", "failed")
    assert ended["status"] == "succeeded"
    assert ended["input"] == {"prompt": "hi", "image_input": [shelf.signed_url]}
    assert payload["input"] == {"prompt": "hi"}


async def test_a_single_face_is_no_list(stand_in: StandIn, jobs: Jobs, shelf: FileStore) -> None:
    shelf.signed_url = "https://example.com/me.png"
    report = await jobs.submit(submission(many=False))
    # The stand-in's model wants a list, so its refusal shows what was sent.
    assert report.name == "submit_refused"
    assert values_of(report)[0] == 422
    assert "image_input" in str(values_of(report)[1])


@pytest.mark.parametrize(
    ("fault", "name", "first"),
    [
        ("rate_limit_next", "submit_refused", 429),
        ("payment_required_next", "submit_refused", 402),
        ("error_after_create_next", "submit_unknown", "HTTP 500"),
    ],
)
async def test_a_submit_that_fails_says_how(
    stand_in: StandIn, jobs: Jobs, fault: str, name: str, first: object
) -> None:
    stand_in.faults(**{fault: 1})
    report = await jobs.submit(submission(user_images=[]))
    assert (report.name, values_of(report)[0]) == (name, first)


async def test_poll_store_and_cancel_report_what_they_found(
    stand_in: StandIn, jobs: Jobs, shelf: FileStore
) -> None:
    created = stand_in.create("hello", input={"resolution": "2K", "output_format": "jpg"})
    ended = stand_in.wait(created["id"], "succeeded")
    polled = await jobs.poll({"attempt_id": "r", "provider_job_id": created["id"]})
    assert polled.name == "provider_job"
    (seen,) = values_of(polled)
    assert isinstance(seen, dict)
    assert (seen["status"], seen["output"]) == ("succeeded", ended["output"])

    stored = await jobs.store(
        {
            "output_url": ended["output"],
            "bucket": "thumbnails",
            "object_path": "u1/g1.png",
            "width": 1280,
            "height": 720,
            "preview": PREVIEW,
        }
    )
    (facts,) = values_of(stored)
    assert isinstance(facts, dict)
    kept = shelf.kept["thumbnails/u1/g1.png"]
    assert (facts["object_path"], facts["bytes"]) == ("u1/g1.png", len(kept))
    with Image.open(io.BytesIO(kept)) as image:
        assert (image.format, image.size) == ("PNG", (1280, 720))
    assert facts["preview_path"] == PREVIEW["object_path"]
    small = shelf.kept[f"thumbnails/{PREVIEW['object_path']}"]
    with Image.open(io.BytesIO(small)) as image:
        assert (image.format, image.size) == ("PNG", (320, 180))
    # Our token never went to whoever serves the output.
    assert all("authorization" not in head for head in stand_in.faults()["download_headers"])

    slow = stand_in.create("[slow:30]")
    stand_in.wait(slow["id"], "processing")
    await jobs.cancel({"attempt_id": "r", "provider_job_id": slow["id"]})
    stand_in.wait(slow["id"], "canceled")


async def test_a_lost_prediction_is_found_by_its_webhook_address(
    stand_in: StandIn, jobs: Jobs
) -> None:
    payload = submission(user_images=[])
    stand_in.faults(error_after_create_next=1)
    assert (await jobs.submit(payload)).name == "submit_unknown"
    for _ in range(3):
        stand_in.create("somebody else's")
    ours = {name: payload[name] for name in ("profile_id", "attempt_token")}
    wanted = ours | {"since": "2026-01-01T00:00:00.000Z"}
    report = await jobs.find(wanted)
    (found,) = values_of(report)
    assert report.name == "provider_job"
    assert isinstance(found, dict)
    assert found["webhook"].endswith(payload["attempt_token"])
    assert "input" not in found
    nobody = wanted | {"attempt_token": "00000000-0000-0000-0000-000000000000"}
    assert await jobs.find(nobody) == ProviderJob(None)
    # Another sidecar may be reached at another address, and this one sent nothing.
    jobs._webhook = "https://another.example.com/webhooks/replicate"
    (again,) = values_of(await jobs.find(wanted))
    assert isinstance(again, dict)
    # The prediction goes on meanwhile, so only its id is the same for sure.
    assert again["id"] == found["id"]


async def test_an_output_that_expired_or_is_no_picture_is_refused_for_good(
    stand_in: StandIn, jobs: Jobs, shelf: FileStore
) -> None:
    async def store_one(**faults: object) -> str:
        stand_in.faults(reset=True, **faults)
        output = stand_in.wait(stand_in.create("hi")["id"], "succeeded")["output"]
        payload = {
            "output_url": output,
            "bucket": "thumbnails",
            "object_path": "u1/g.png",
            "width": 1280,
            "height": 720,
            "preview": PREVIEW,
        }
        with pytest.raises(RejectedError) as refused:
            await jobs.store(payload)
        return refused.value.slug

    assert await store_one(output_seconds=0) == "output_gone"
    assert await store_one(bad_output=True) == "output_not_an_image"
    assert shelf.kept == {}


async def test_a_run_that_is_canceled_while_it_waits_never_starts(stand_in: StandIn) -> None:
    with receiver() as hook:
        stand_in.faults(lose_next=1)
        lost = stand_in.create("hi", webhook=hook.url, webhook_events_filter=["completed"])
        stand_in.api("POST", f"/v1/predictions/{lost['id']}/cancel")
        assert stand_in.get(lost["id"])["status"] == "canceled"
        hook.wait(1)


class Payments(StripeGateway):
    """Stripe that answers with what it was asked."""

    async def call(self, payload: Mapping[str, Any]) -> dict[str, Any]:
        return {"asked": payload}


async def test_every_kind_of_stripe_s_is_one_call(shelf: FileStore) -> None:
    provider = ReplicateGateway("r8_x", "http://127.0.0.1:1", trust_env=False)
    payments = Payments("sk_test_x", "http://127.0.0.1:1", livemode=False, trust_env=False)
    downloader = Downloader(LOOPBACK_NAMES, loopback=True)
    hook = "https://sidecar.example.com"
    handlers = Jobs(provider, shelf, downloader, hook, payments).handlers
    bare = Jobs(provider, shelf, downloader, hook).handlers
    kinds = {"customer", "checkout", "fetch", "find_invoice", "find_session", "reconcile"}
    others = {"submit", "find", "poll", "store", "cancel", "remove_user_image", "erase"}
    assert set(handlers) == set(bare) == kinds | others
    for kind in sorted(kinds):
        payload: dict[str, Any] = {"call": "events.list", "params": {}}
        assert await handlers[kind](payload) == StripeAnswered({"asked": payload})
        # Without a key the jobs wait for one.
        with pytest.raises(TransientError) as waiting:
            await bare[kind](payload)
        assert (waiting.value.slug, waiting.value.detail) == (
            "stripe_unreachable",
            "not configured",
        )
    for gateway in (provider, shelf, payments):
        await gateway.close()


@pytest.mark.parametrize(
    ("kind", "error", "expected"),
    [
        (
            "store",
            RejectedError("output_gone", "d"),
            JobFailed("output_gone", "d", is_permanent=True),
        ),
        ("poll", TransientError("busy"), JobFailed("busy", "", is_permanent=False)),
        ("poll", TimeoutError(), JobFailed("timeout", "", is_permanent=False)),
        # A submit that ran out of time may have been sent.
        ("submit", TimeoutError(), SubmitUnknown("timeout")),
        ("poll", KeyError("hush"), JobFailed("internal_error", "KeyError", is_permanent=False)),
    ],
)
def test_every_error_becomes_a_report_without_its_text(
    kind: str, error: Exception, expected: Report
) -> None:
    job = Job(uuid.uuid4(), 1, uuid.uuid4(), kind, uuid.uuid4(), 1, {})
    assert failure(job, error) == expected
