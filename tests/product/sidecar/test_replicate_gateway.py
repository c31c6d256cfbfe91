"""The traps of the SDK and of the cloud, sprung on the real stand-in."""

from __future__ import annotations

import asyncio
import time
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from replicate.client import Client, RetryTransport

from functions_py.errors import (
    RejectedError,
    SubmitRefusedError,
    SubmitUnknownError,
    TransientError,
)
from functions_py.replicate_gateway import ReplicateGateway
from tests.support.sidecar.helpers import raw_server
from tests.support.stand_ins.replicate.stand_in import MODEL, StandIn, receiver

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

HOOK = "https://sidecar.example.com/webhooks/replicate?attempt=7"


@asynccontextmanager
async def gateway_to(url: str, token: str, **limits: float) -> AsyncIterator[ReplicateGateway]:
    gateway = ReplicateGateway(token, url, trust_env=False, **limits)
    try:
        yield gateway
    finally:
        await gateway.close()


async def create(stand_in: StandIn, prompt: str = "hi", **limits: Any) -> dict[str, Any]:
    model = limits.pop("model", MODEL)
    seconds = limits.pop("cancel_after", 300)
    token = limits.pop("token", stand_in.token)
    async with gateway_to(stand_in.url, token, **limits) as gateway:
        return await gateway.create(model, {"prompt": prompt}, HOOK, seconds)


def made(stand_in: StandIn) -> int:
    return int(stand_in.faults()["predictions"])


async def test_a_prediction_is_created_read_and_canceled(stand_in: StandIn) -> None:
    with receiver() as hook:
        async with gateway_to(stand_in.url, stand_in.token) as gateway:
            created = await gateway.create(MODEL, {"prompt": "[slow:30]"}, hook.url, 300)
            assert created["webhook"] == hook.url
            assert "input" not in created
            assert "logs" not in created
            assert (await gateway.get(created["id"]))["id"] == created["id"]
            stand_in.wait(created["id"], "processing")
            await gateway.cancel(created["id"])
            assert stand_in.wait(created["id"], "canceled")
            assert (await gateway.cancel(created["id"]))["status"] == "canceled"
        hook.wait(2)


async def test_the_sdk_still_has_the_client_we_borrow() -> None:
    sdk = Client(api_token="r8_x", base_url="http://127.0.0.1:1")
    assert isinstance(sdk._async_client, httpx.AsyncClient)
    assert sdk._async_client.headers["authorization"] == "Bearer r8_x"
    assert isinstance(sdk._async_client._transport, RetryTransport)
    await sdk._async_client.aclose()


async def test_a_read_is_asked_once_and_the_queue_asks_again(stand_in: StandIn) -> None:
    prediction_id = (await create(stand_in))["id"]
    stand_in.faults(unavailable_get_next=2)
    async with gateway_to(stand_in.url, stand_in.token) as gateway:
        started = time.monotonic()
        for _ in range(2):
            with pytest.raises(TransientError, match="provider_unreachable"):
                await gateway.get(prediction_id)
        assert (await gateway.get(prediction_id))["id"] == prediction_id
        assert time.monotonic() - started < 2


@pytest.mark.parametrize(
    ("fault", "status", "retry_after"),
    [
        ("rate_limit_next", 429, 7),
        ("payment_required_next", 402, None),
        ("reject_next", 422, None),
    ],
)
async def test_a_refusal_is_told_from_not_knowing(
    stand_in: StandIn, fault: str, status: int, retry_after: int | None
) -> None:
    before = made(stand_in)
    stand_in.faults(**{fault: 1}, retry_after_seconds=7)
    with pytest.raises(SubmitRefusedError) as refused:
        await create(stand_in)
    assert (refused.value.http_status, refused.value.retry_after) == (status, retry_after)
    assert refused.value.detail
    assert made(stand_in) == before
    await create(stand_in)
    assert made(stand_in) == before + 1


async def test_a_wrong_token_and_an_unknown_model_are_refusals(stand_in: StandIn) -> None:
    for wrong, status in (({"token": "r8_wrong"}, 401), ({"model": "nobody/nothing"}, 404)):
        with pytest.raises(SubmitRefusedError) as refused:
            await create(stand_in, **wrong)
        assert refused.value.http_status == status
    with pytest.raises(RejectedError):
        await create(stand_in, model="google/nano-banana-2/../../account")


@pytest.mark.parametrize(
    ("fault", "is_made"),
    [
        ("error_after_create_next", 1),
        ("drop_after_create_next", 1),
        ("hang_after_create_next", 1),
        ("error_before_create_next", 0),
    ],
)
async def test_a_lost_answer_is_not_known_and_never_asked_again(
    stand_in: StandIn, fault: str, is_made: int
) -> None:
    before = made(stand_in)
    stand_in.faults(**{fault: 1}, hang_seconds=5.0)
    started = time.monotonic()
    with pytest.raises(SubmitUnknownError):
        await create(stand_in, create_seconds=1.0)
    assert time.monotonic() - started < 3
    assert made(stand_in) == before + is_made


async def test_a_server_that_drips_its_answer_is_bounded_too() -> None:
    async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        for byte in b"HTTP/1.1 201 Created\r\nx-slow: " + b"y" * 100:
            writer.write(bytes([byte]))
            await writer.drain()
            await asyncio.sleep(0.1)

    async with raw_server(drip) as port:
        started = time.monotonic()
        async with gateway_to(f"http://127.0.0.1:{port}", "r8_x", create_seconds=0.5) as gateway:
            with pytest.raises(SubmitUnknownError):
                await gateway.create(MODEL, {"prompt": "hi"}, HOOK, 300)
        assert time.monotonic() - started < 2


async def test_when_nothing_was_sent_it_is_simply_tried_again() -> None:
    async with gateway_to("http://127.0.0.1:1", "r8_x") as gateway:
        with pytest.raises(TransientError, match="provider_unreachable"):
            await gateway.create(MODEL, {"prompt": "hi"}, HOOK, 300)
        with pytest.raises(TransientError, match="provider_unreachable"):
            await gateway.get("p1")


@pytest.mark.parametrize(
    "answer",
    [b"", b"[]", b"{", b'{"id": 3}', b'{"id": "p1"}', b"[" * 100_000, b"\xff"],
    ids=lambda answer: repr(answer[:12]),
)
async def test_an_answer_that_is_no_prediction_is_not_known(answer: bytes) -> None:
    async def reply(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n" + answer)

    async with (
        raw_server(reply) as port,
        gateway_to(f"http://127.0.0.1:{port}", "r8_x") as gateway,
    ):
        with pytest.raises(SubmitUnknownError):
            await gateway.create(MODEL, {"prompt": "hi"}, HOOK, 300)
        with pytest.raises(TransientError):
            await gateway.get("p1")


async def test_the_deadline_goes_along_and_an_aborted_prediction_is_read(stand_in: StandIn) -> None:
    stand_in.faults(lose_next=1)
    created = await create(stand_in, cancel_after=1)
    assert created["deadline"]
    stand_in.wait(created["id"], "aborted")
    async with gateway_to(stand_in.url, stand_in.token) as gateway:
        assert (await gateway.get(created["id"]))["status"] == "aborted"
        assert (await gateway.cancel(created["id"]))["status"] == "aborted"


async def test_a_prediction_that_is_not_there_is_missing_for_good(stand_in: StandIn) -> None:
    async with gateway_to(stand_in.url, stand_in.token) as gateway:
        for call in (gateway.get, gateway.cancel):
            for prediction_id in ("nothing", "../models", ""):
                with pytest.raises(RejectedError, match="prediction_missing"):
                    await call(prediction_id)
    async with gateway_to(stand_in.url, "r8_wrong") as gateway:
        with pytest.raises(TransientError):
            await gateway.get("nothing")


async def test_a_read_without_an_answer_ends_in_time() -> None:
    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        await asyncio.sleep(5)

    async with raw_server(silent) as port:
        started = time.monotonic()
        async with gateway_to(f"http://127.0.0.1:{port}", "r8_x", call_seconds=0.5) as gateway:
            with pytest.raises(TransientError, match="provider_unreachable"):
                await gateway.get("p1")
        assert time.monotonic() - started < 2


@asynccontextmanager
async def answered(
    answer: Callable[[httpx.Request], httpx.Response],
) -> AsyncIterator[ReplicateGateway]:
    """Yield a gateway whose requests this function answers."""
    async with gateway_to("https://api.example.com", "r8_x") as gateway:
        await gateway._http.aclose()
        gateway._http = httpx.AsyncClient(
            base_url="https://api.example.com", transport=httpx.MockTransport(answer)
        )
        yield gateway


async def test_a_lost_prediction_is_looked_for_page_by_page_and_not_for_ever() -> None:
    asked: list[str] = []

    def page(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.query.decode())
        rows = [
            {"id": f"p{len(asked)}", "status": "starting", "webhook": f"https://s/?attempt={n}"}
            | {"created_at": f"2026-11-25T10:0{9 - len(asked)}:00.000Z"}
            for n in (len(asked), 90 + len(asked))
        ]
        # Whatever host it names: only its query is used.
        following = f"https://elsewhere.example/v1/predictions?cursor={len(asked)}"
        return httpx.Response(200, json={"results": rows, "next": following})

    async with answered(page) as gateway:
        long_ago, just_now = "2026-11-25T09:00:00.000Z", "2026-11-25T10:07:30.000Z"
        found = await gateway.find("https://s/?attempt=3", long_ago)
        assert found is not None
        assert (found["id"], asked) == ("p3", ["", "cursor=1", "cursor=2"])
        asked.clear()
        # What is older than the attempt cannot be it.
        assert await gateway.find("https://s/?attempt=3", just_now) is None
        assert len(asked) == 2
        asked.clear()
        assert await gateway.find("https://s/?attempt=nobody", long_ago) is None
        assert len(asked) == 5


@pytest.mark.parametrize(
    "body", [b"[]", b"{}", b'{"results": 1}', b'{"results": [1]}', b"<html>", b"\xff"]
)
async def test_a_list_that_makes_no_sense_is_asked_for_again_later(body: bytes) -> None:
    async with answered(lambda _: httpx.Response(200, content=body)) as gateway:
        with pytest.raises(TransientError):
            await gateway.find("https://s/?attempt=1", "2026-11-25T10:00:00.000Z")
